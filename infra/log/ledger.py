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
    """Post every event of the log, and compare the balances with the read model and the fees with Stripe's reports.

    After every event each book sums to zero in each currency. The read model gets some seconds to reach the log's end.
    """
    books, fees, ends = Books(), FeeComparison(), dict[int, int]()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + catch_up_seconds
    while True:
        try:
            ends |= await _post(log, books, fees, max(ends.values(), default=0))
        except Unbalanced as unbalanced:
            return _result(books, fees, [str(unbalanced)])
        applied = await _applied(reader)
        differences = [
            difference
            for table in ("ledger_postings", "ledger_balances")
            for difference in _differences(books.balances, table, await _read_model(reader, table))
        ]
        # The read model has what was posted and may have more, unless the log has no more.
        has_all = all(applied.get(partition, 0) >= end for partition, end in ends.items())
        is_final = has_all and await log.last_position() == max(ends.values(), default=0)
        if not differences or is_final or loop.time() >= deadline:
            at_stripe = fees.differences(now or datetime.now(UTC))
            return _result(books, fees, [*differences, *_unbalanced(books), *at_stripe])
        await asyncio.sleep(0.5)


async def _post(log: SettledLog, books: Books, fees: FeeComparison, after: int) -> dict[int, int]:
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
