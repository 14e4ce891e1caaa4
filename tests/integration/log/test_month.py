"""A random month of many stores in the real log, folded by the real runner, and checked by the command."""

import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from commands.ports import Commit, Staged
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.embedded.kafka import ApacheKafka
from projections.engine.checkpoints import positions_of
from projections.sales.model import MODEL
from schemas.topics import PARTITION_OF_TENANT
from tests.integration.cli.commands import zyenta
from tests.integration.log.halves import publishing
from tests.integration.projections.live_catalog import live
from tests.support.builders.commands import context
from tests.support.builders.month import ApplicationFee, Month
from tests.support.strategies.months import CURRENCY, MINOR, MonthMachine

pytestmark = [pytest.mark.kafka, pytest.mark.long, pytest.mark.timeout(300)]

ORDERS = 10_000
GROUP = 200
"""Commands in one transaction of the log."""


def random_months() -> list[Month]:
    """Return the months of as many stores as have ten thousand orders together."""
    months: list[Month] = []

    class BusyMonth(MonthMachine):
        @rule(orders=st.lists(st.tuples(MINOR, CURRENCY), min_size=1, max_size=60))
        def busy_hour(self, orders: list[tuple[int, str]]) -> None:
            for minor, currency in orders:
                self.month.order(minor, minor // 20, currency, tax=minor // 6)

        def teardown(self) -> None:
            months.append(self.month)

    while sum(len(month.orders) for month in months) < ORDERS:
        run_state_machine_as_test(
            seed(len(months))(BusyMonth),
            settings=settings(
                max_examples=10, stateful_step_count=80, deadline=None, database=None, phases=[Phase.generate]
            ),
        )
    return months


def interleaved(months: Sequence[Month]) -> Iterator[Staged]:
    """Yield the decisions of all months, those of one store in order, those of different stores at random."""
    waiting = [iter([*month.decided, *month.reported_fees()]) for month in months]
    while waiting:
        place = random.randrange(len(waiting))
        staged = next(waiting[place], None)
        if staged is None:
            waiting[place] = waiting[-1]
            waiting.pop()
        else:
            yield staged


async def append(log: PostgresEventLog, decisions: Iterator[Staged]) -> int:
    """Append the decisions to the log, each as the commit of a command; return their number."""
    every = [Commit(context=context(), digest=b"", result=None, staged=[each]) for each in decisions]
    for start in range(0, len(every), GROUP):
        await log.commit_group(every[start : start + GROUP])
    return len(every)


async def applied(pool: asyncpg.Pool) -> None:
    """Wait until the read model has the last event of each partition."""
    last = f"select {PARTITION_OF_TENANT} as partition, max(position) from events group by 1"
    async with asyncio.timeout(150), pool.acquire() as connection:
        ends = {row["partition"]: row["max"] for row in await connection.fetch(last)}
        while {
            n: each.position for n, each in (await positions_of(connection, MODEL.name)).items() if n in ends
        } != ends:
            await asyncio.sleep(0.1)


async def test_the_check_is_clean_after_a_month_of_ten_thousand_orders_and_names_each_break(
    tmp_path: Path, database: str, pool: asyncpg.Pool, log: PostgresEventLog, kafka: ApacheKafka
) -> None:
    months = await asyncio.to_thread(random_months)
    decisions = await append(log, interleaved(months))
    async with publishing(pool, log, kafka), live(pool, kafka, model=MODEL):
        await applied(pool)

    async def check() -> tuple[int, dict[str, Any]]:
        addresses = {"DATABASE_URL": database, "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
        result = await asyncio.to_thread(zyenta, tmp_path, "ledger", "check", "--json", **addresses)
        assert result.stdout, result.stderr
        return result.status, json.loads(result.stdout)

    status, answer = await check()
    assert (status, answer["differences"]) == (0, [])
    assert answer["entries"] == sum(month.books.entries for month in months)
    assert answer["fees"] == sum(len(month.fees) for month in months)
    figures = {
        "orders": sum(len(month.orders) for month in months),
        "stores": len(months),
        "decisions": decisions,
        "disputes": sum(len(month.disputes) for month in months),
        "payouts": sum(len(month.payouts) for month in months),
        "entries": answer["entries"],
        "fees at Stripe": answer["fees"],
    }
    print(figures)  # noqa: T201

    # A posting of the read model, a kept balance, and a fee that Stripe reports and no payment has.
    first, other, *_ = sorted(months, key=lambda month: len(month.orders), reverse=True)
    book = first.store_id
    await pool.execute(
        "update sales.ledger_postings set minor = minor + 1 where (stream_id, version, line) = "
        "(select stream_id, version, line from sales.ledger_postings where book = $1 and account = 'SALES' limit 1)",
        book,
    )
    await pool.execute(
        "update sales.ledger_balances set minor = minor - 1 where ctid = "
        "(select ctid from sales.ledger_balances where book = $1 and account = 'BALANCE' limit 1)",
        other.store_id,
    )
    other.fees = {"pi_of_nobody": ApplicationFee(1234, "USD")}
    await append(log, iter(other.reported_fees()))
    status, answer = await check()
    assert status == 1
    posting, balance, in_log, in_table, quarter, block, fee = answer["differences"]
    assert posting.startswith(f"Book {book}, SALES in ")
    assert balance.startswith(f"Book {other.store_id}, BALANCE in ")
    assert in_log.startswith(f"Book {book}: only the log has posting ")
    assert in_table.startswith(f"Book {book}: only ledger_postings has posting ")
    assert {each.partition(" the ")[0] for each in (quarter, block)} == {f"Book {book}, sales_periods:"}
    assert fee.startswith("Fee fee_pi_of_nobody at Stripe: $12.34 ")
