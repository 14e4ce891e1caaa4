"""Platform fees that the payment provider does not take: what merchants owe, and a statement to bill them."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from domain.ledger.postings import EntryKind
from domain.money import Money
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope, restrict
from projections.sales.ledger_queries import harmless


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedFees:
    """Platform fees that a merchant owes, because the payment provider does not take them."""

    merchant_id: UUID
    amount: Money
    """Below zero if the merchant paid more than they owed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedFee:
    """An entry that changes what a merchant owes."""

    at: datetime
    book: UUID
    """The store, or the merchant for a payment of fees."""
    kind: EntryKind
    order_number: str | None
    reference: str
    fee: Money
    """Below zero if it makes the debt smaller."""


_OWNER = "coalesce(w.merchant_id, p.book)"
"""The merchant of a book: a store's owner, or the merchant whose own book it is."""
_BOOKS = "p.book in (select w.store_id from store_owners w where w.merchant_id = {0} union all select {0}::uuid)"
"""The books of a merchant. From them, an index leads to the rows."""


async def owed_fees(db: Reader, *, scope: Scope) -> tuple[OwedFees, ...]:
    """Return the platform fees that merchants owe, by merchant and currency; none of zero."""
    where = restrict(Conditions().add("p.account = 'FEES_OWED'"), scope, merchant=_BOOKS, store=None)
    records = await db.fetch(
        f"select {_OWNER} as merchant_id, p.currency, -sum(p.minor)::bigint as minor from ledger_balances p "
        f"left join store_owners w on w.store_id = p.book where {where.sql} "
        "group by 1, 2 having sum(p.minor) <> 0 order by 1, 2",
        *where.arguments,
    )
    return tuple(
        OwedFees(merchant_id=record["merchant_id"], amount=Money(minor=record["minor"], currency=record["currency"]))
        for record in records
    )


async def owed_fees_of(
    db: Reader, merchant_id: UUID, since: datetime, until: datetime, *, scope: Scope
) -> tuple[OwedFee, ...]:
    """Return what changed a merchant's owed fees from one moment until before another, the earliest first."""
    where = Conditions().add("p.at >= {}", since).add("p.at < {}", until).add("p.account = 'FEES_OWED'")
    where = restrict(where.add(_BOOKS, merchant_id), scope, merchant=f"{_OWNER} = {{}}", store=None)
    records = await db.fetch(
        "select p.at, p.book, p.kind, p.reference, p.currency, -p.minor as minor, o.number from ledger_postings p "
        "left join store_owners w on w.store_id = p.book left join orders o on o.id = p.stream_id "
        f"where {where.sql} order by p.at, p.stream_id, p.version, p.line",
        *where.arguments,
    )
    return tuple(
        OwedFee(
            at=record["at"],
            book=record["book"],
            kind=EntryKind(record["kind"]),
            order_number=record["number"],
            reference=record["reference"],
            fee=Money(minor=record["minor"], currency=record["currency"]),
        )
        for record in records
    )


def bill_as_csv(fees: Sequence[OwedFee]) -> str:
    """Return owed fees as CSV (RFC 4180), in UTC, with a total for each currency."""
    text, totals = io.StringIO(), defaultdict[str, int](int)
    writer = csv.writer(text)
    writer.writerow(["time", "book", "kind", "order", "reference", "fee", "currency"])
    for each in fees:
        totals[each.fee.currency] += each.fee.minor
        at = each.at.astimezone(UTC).isoformat(timespec="seconds")
        what = [each.kind, each.order_number or "", harmless(each.reference)]
        writer.writerow([at, each.book, *what, each.fee.decimal, each.fee.currency])
    for currency, minor in sorted(totals.items()):
        writer.writerow(["", "", "TOTAL", "", "", Money(minor=minor, currency=currency).decimal, currency])
    return text.getvalue()
