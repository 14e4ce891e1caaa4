"""The ledger: statements of a month, and the balances of accounts."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.kernel import InvalidInput
from domain.ledger.postings import FEES, Account, EntryKind
from domain.money import Money
from projections.reading.conditions import Conditions
from projections.reading.cursors import KEY_TYPES, decode_cursor, encode_cursor
from projections.reading.paging import Edge, Reader, Slice, Window
from projections.reading.scope import MerchantScope, Scope, ShopperScope, SystemScope
from projections.sales.scoped import of_store, within


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One entry of a book."""

    at: datetime
    book: UUID
    """The store, or the merchant for a payout."""
    kind: EntryKind
    order_number: str | None
    reference: str
    """The provider's id of the payment, refund, dispute or payout."""
    amount: Money
    """What the entry adds to the balance at the provider before fees; negative if it takes away."""
    fee: Money
    """Fees of the entry; negative if they came back."""
    stream_id: UUID
    version: int
    """Of the event that led to it."""

    @property
    def net(self) -> Money:
        """What the entry adds to the balance, less a fee that is owed."""
        return self.amount - self.fee

    @property
    def cursor(self) -> str:
        """The place of the entry in its statement."""
        return encode_cursor(STATEMENT, self.at.isoformat(), str(self.stream_id), self.version, self.amount.currency)


STATEMENT = "statement"
"""The order of a statement, in its cursors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """The balance of an account of a book."""

    account: Account
    balance: Money
    """Debits less credits."""


_FEES = "('" + "', '".join(sorted(FEES)) + "')"


def month_of(text: str, time_zone: str = "UTC") -> tuple[datetime, datetime]:
    """Return the first moment of a month and of the next one.

    Args:
        text: ``2026-11``.
        time_zone: IANA name.

    Raises:
        InvalidInput: the text names no month.
    """
    year, _, month = text.partition("-")
    if not (len(year) == 4 and len(month) == 2 and text.isascii() and (year + month).isdigit()):
        raise InvalidInput("month", f"Invalid month {text[:20]!r}. Use a month such as 2026-11.")
    number = int(month)
    if not 1 <= number <= 12 or not 1970 <= int(year) < 9999:
        raise InvalidInput("month", f"Invalid month {text[:20]!r}. Use a month such as 2026-11.")
    zone = ZoneInfo(time_zone)
    following = (int(year) + number // 12, number % 12 + 1)
    return datetime(int(year), number, 1, tzinfo=zone), datetime(*following, 1, tzinfo=zone)


async def statement(
    db: Reader,
    since: datetime,
    until: datetime,
    *,
    scope: Scope,
    store_id: UUID | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> tuple[StatementLine, ...]:
    """Return the entries from one moment until before another, the earliest first.

    Args:
        db: the database.
        since: the first moment.
        until: the moment after the last.
        scope: whose books may be read.
        store_id: one store's book; None for all books of the scope, payouts included.
        after: only entries after this cursor.
        limit: the most entries; None for all.

    Raises:
        InvalidInput: the cursor is invalid.
    """
    where = Conditions()
    books = _books(where, scope, store_id)
    where.add("p.book = b.book").add("p.at >= {}", since).add("p.at < {}", until)
    place = "p.at, p.stream_id, p.version, p.currency"
    if after is not None:
        where.add(f"({place}) > ({{}}, {{}}, {{}}, {{}})", *_place_of(after))
    most = "" if limit is None else f" limit {int(limit)}"
    # Each book is read in the order of its index, so that a page of a long month is no longer than that of a short one.
    records = await db.fetch(
        f"select {place}, p.book, p.kind, p.reference, p.fee, p.net, o.number from ("
        f"select p.* from ({books}) b cross join lateral ("
        f"select {place}, b.book, min(p.kind) as kind, min(p.reference) as reference, "
        f"coalesce(sum(p.minor) filter (where p.account in {_FEES}), 0)::bigint as fee, "
        "coalesce(sum(p.minor) filter (where p.account in ('BALANCE', 'FEES_OWED')), 0)::bigint as net "
        f"from ledger_postings p where {where.sql} group by {place} order by {place}{most}) p "
        f"order by {place}{most}) p left join orders o on o.id = p.stream_id order by {place}",
        *where.arguments,
    )
    return tuple(
        StatementLine(
            at=record["at"],
            book=record["book"],
            kind=EntryKind(record["kind"]),
            order_number=record["number"],
            reference=record["reference"],
            amount=Money(minor=record["net"] + record["fee"], currency=record["currency"]),
            fee=Money(minor=record["fee"], currency=record["currency"]),
            stream_id=record["stream_id"],
            version=record["version"],
        )
        for record in records
    )


async def statement_page(
    db: Reader, since: datetime, until: datetime, window: Window, *, scope: Scope, store_id: UUID
) -> Slice[StatementLine]:
    """Return a page of a store's entries from one moment until before another, the earliest first.

    Args:
        db: the database.
        since: the first moment.
        until: the moment after the last.
        window: the page, from the beginning or after a cursor.
        scope: whose books may be read.
        store_id: the store.

    Raises:
        InvalidInput: the window or the cursor is invalid.
    """
    window.check()
    lines = await statement(db, since, until, scope=scope, store_id=store_id, after=window.after, limit=window.size + 1)
    return Slice(
        edges=tuple(Edge(lambda line=line: line.cursor, line) for line in lines[: window.size]),  # type: ignore[misc]
        has_next=len(lines) > window.size,
        has_previous=window.after is not None,
    )


def _books(where: Conditions, scope: Scope, store_id: UUID | None) -> str:
    """Return the query of the books of a statement. Its arguments are added to those of the statement."""
    if store_id is not None:
        book = f"{where.value(store_id)}::uuid"
        rows = Conditions()
        rows.arguments = where.arguments
        return f"select {book} as book where {within(scope, rows, book, shoppers=False).sql}"
    match scope:
        case MerchantScope(merchant_id):
            merchant = where.value(merchant_id)
            return f"select w.store_id as book from store_owners w where w.merchant_id = {merchant} union all select {merchant}::uuid"
        case ShopperScope():
            return "select null::uuid as book where false"
        case SystemScope():
            return "select distinct l.book from ledger_balances l"


def _place_of(cursor: str) -> tuple[datetime, UUID, int, str]:
    try:
        name, at, stream_id, version, currency = decode_cursor(cursor)
        place = KEY_TYPES["timestamptz"](at), UUID(stream_id), KEY_TYPES["bigint"](version), KEY_TYPES["text"](currency)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        name = None
    if name != STATEMENT:
        raise InvalidInput("after", f"Invalid cursor {cursor[:80]!r}. Use a `cursor` of an entry of this statement.")
    return place


async def balances_of_store(db: Reader, store_id: UUID, *, scope: Scope) -> tuple[AccountBalance, ...]:
    """Return the balances of a store's book; in each currency they sum to zero."""
    where = of_store(scope, "p.book", store_id, shoppers=False)
    records = await db.fetch(
        "select p.account, p.currency, p.minor from ledger_balances p "
        f"where {where.sql} order by p.currency, p.account",
        *where.arguments,
    )
    return tuple(
        AccountBalance(
            account=Account(record["account"]), balance=Money(minor=record["minor"], currency=record["currency"])
        )
        for record in records
    )


def as_csv(lines: Sequence[StatementLine], time_zone: str = "UTC") -> str:
    """Return a statement as CSV (RFC 4180) with a total for each currency.

    Texts that a spreadsheet would run as a formula are quoted with an apostrophe.
    """
    zone, text = ZoneInfo(time_zone), io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["time", "book", "kind", "order", "reference", "amount", "fee", "net", "currency"])
    totals: defaultdict[str, list[Money]] = defaultdict(list)
    for line in lines:
        money = [line.amount, line.fee, line.net]
        sums = totals[line.amount.currency]
        totals[line.amount.currency] = [a + b for a, b in zip(sums, money, strict=True)] if sums else money
        writer.writerow(
            [
                line.at.astimezone(zone).isoformat(timespec="seconds"),
                line.book,
                line.kind,
                line.order_number or "",
                harmless(line.reference),
                *(each.decimal for each in money),
                line.amount.currency,
            ]
        )
    for currency, sums in sorted(totals.items()):
        writer.writerow(["", "", "TOTAL", "", "", *(each.decimal for each in sums), currency])
    return text.getvalue()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")) else text
