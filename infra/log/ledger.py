"""Checks the ledger: the event log's postings balance, the read model has the same, and so do Stripe's reports of fees."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from domain.ledger.books import Books, Unbalanced
from domain.ledger.postings import ENTRIES, Account, entry_of
from infra.adapters.postgres.settled_log import SettledLog
from infra.log.application_fees import EVENTS, FeeComparison
from infra.log.posting_digests import PostingDigests, differing, digests_of_read_model, name_differences
from projections.reading.paging import Reader
from projections.sales.model import MODEL
from schemas.registry import decode
from schemas.topics import partition_of

CATCH_UP_SECONDS = 15
"""How long the read model may take to reach the log's end."""

Balances = Mapping[tuple[UUID, str, Account], int]
_TYPES = frozenset(event.wire_name for event in (*ENTRIES, *EVENTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCheck:
    """The result of a check."""

    entries: int
    books: int
    fees: int
    """Fees that Stripe reported. They are compared if there is one."""
    differences: tuple[str, ...] = field(default=())
    """In words; empty if the ledger is clean."""


async def check_ledger(
    log: SettledLog, reader: Reader, *, catch_up_seconds: float = CATCH_UP_SECONDS, now: datetime | None = None
) -> LedgerCheck:
    """Post every event of the log, and compare postings and balances with the read model and fees with Stripe's reports.

    After every event each book sums to zero in each currency. The read model gets some seconds to reach the log's end. Its
    sums of periods, which statistics read, are compared with its postings.
    """
    books, digests, fees, ends = Books(), PostingDigests(), FeeComparison(), dict[int, int]()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + catch_up_seconds
    while True:
        try:
            ends |= await _post(log, books, digests, fees, max(ends.values(), default=0))
        except Unbalanced as unbalanced:
            return _result(books, fees, [str(unbalanced)])
        applied = await _applied(reader)
        differences = [
            difference
            for table in ("ledger_postings", "ledger_balances")
            for difference in _differences(books.balances, table, await _read_model(reader, table))
        ]
        others = differing(digests.books, await digests_of_read_model(reader))
        # The read model has what was posted and may have more, unless the log has no more.
        has_all = all(applied.get(partition, 0) >= end for partition, end in ends.items())
        is_final = has_all and await log.last_position() == max(ends.values(), default=0)
        if not (differences or others) or is_final or loop.time() >= deadline:
            differences += [
                *(await name_differences(log, reader, others) if others else ()),
                *await _periods(reader),
                *_unbalanced(books),
                *fees.differences(now or datetime.now(UTC)),
            ]
            return _result(books, fees, differences)
        await asyncio.sleep(0.5)


async def _post(
    log: SettledLog, books: Books, digests: PostingDigests, fees: FeeComparison, after: int
) -> dict[int, int]:
    """Post the events after a position, and return the position of the last event of each partition that has one."""
    ends: dict[int, int] = {}
    async with aclosing(log.scan(after)) as batches:
        async for batch in batches:
            for stored in batch:
                ends[partition_of(stored.tenant)] = stored.position
                if stored.type not in _TYPES:
                    continue
                event = decode(stored.type, stored.data)
                fees.add(event, stored.tenant)
                if (entry := entry_of(event)) is not None:
                    books.post(stored.tenant, entry)
                    digests.add(stored, event.occurred_at, entry)
    return ends


async def _applied(reader: Reader) -> Mapping[int, int]:
    """Return the position up to which the read model has each partition of the log."""
    records = await reader.fetch("select partition, position from checkpoints where schema_name = $1", MODEL.name)
    return {record["partition"]: record["position"] for record in records}


async def _read_model(reader: Reader, table: str) -> Balances:
    """Return the sums of a table that has amounts by book, currency and account."""
    records = await reader.fetch(
        f"select book, currency, account, sum(minor)::bigint as minor from {table} group by 1, 2, 3"  # noqa: S608
    )
    return {(row["book"], row["currency"], Account(row["account"])): row["minor"] for row in records}


_PERIODS = """
with posted as (
    select book as store_id, minutes, date_bin(make_interval(mins => minutes), at, 'epoch') as begins_at, currency,
        count(distinct (stream_id, version)) filter (where kind = 'CHARGE') as paid,
        -coalesce(sum(minor) filter (where kind = 'CHARGE' and account in ('SALES', 'TAXES')), 0) as revenue,
        coalesce(sum(minor) filter (
            where kind in ('REFUND', 'REFUND_RETURNED') and account in ('REFUNDS', 'TAXES')
        ), 0) as refunds,
        coalesce(sum(minor) filter (where account = 'PLATFORM_FEES'), 0) as fees
    from ledger_postings cross join (values (15), (180)) as length (minutes)
    group by 1, 2, 3, 4
)
select store_id, minutes, begins_at, currency
from posted full join sales_periods using (store_id, minutes, begins_at, currency)
where (coalesce(sales_periods.paid, 0), coalesce(revenue_minor, 0), coalesce(refunds_minor, 0), coalesce(platform_fees_minor, 0))
    <> (coalesce(posted.paid, 0), coalesce(revenue, 0), coalesce(refunds, 0), coalesce(fees, 0))
order by 1, 2, 3, 4 limit 20
"""
"""Periods whose sums are not those of their postings."""


async def _periods(reader: Reader) -> list[str]:
    return [
        f"Book {row['store_id']}, sales_periods: the {row['minutes']} minutes from {row['begins_at'].isoformat()} in "
        f"{row['currency']} are not the sum of their postings."
        for row in await reader.fetch(_PERIODS)
    ]


def _differences(log: Balances, table: str, model: Balances) -> list[str]:
    keys = sorted({*log, *model}, key=str)
    return [
        f"Book {book}, {account} in {currency}: the log has {log.get(key, 0)} minor units, {table} {model.get(key, 0)}."
        for key in keys
        if log.get(key, 0) != model.get(key, 0)
        for book, currency, account in [key]
    ]


def _unbalanced(books: Books) -> list[str]:
    return [
        f"Book {book} sums to {minor} minor units of {currency} instead of zero."
        for (book, currency), minor in books.sums().items()
        if minor
    ]


def _result(books: Books, fees: FeeComparison, differences: list[str]) -> LedgerCheck:
    return LedgerCheck(
        entries=books.entries,
        books=len({book for book, _, _ in books.balances}),
        fees=len(fees.stripe),
        differences=tuple(differences),
    )
