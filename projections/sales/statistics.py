"""Numbers of a store's sales: sums of each day, and orders that wait for the merchant."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from projections.engine.tally import read_tally, total
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope
from projections.sales.scoped import within
from projections.sales.tables.orders import BLOCK, QUARTER, TO_SHIP


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesDay:
    """A store's sales on one day, in minor units of one currency."""

    day: date
    """In the store's time zone."""
    placed: int = 0
    """Orders placed."""
    placed_and_paid: int = 0
    """Of them, those that were paid, on this day or later."""
    paid: int = 0
    """Payments of orders."""
    revenue: int = 0
    """What the payments brought, tax and delivery included."""
    refunds: int = 0
    platform_fees: int = 0
    visits: int = 0
    """Pages of the shop that a browser opened from outside it (ADR 0080)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesTasks:
    """How much of a store's sales waits for the merchant."""

    to_decide: int = 0
    """Orders that wait for a decision."""
    to_ship: int = 0
    to_answer: int = 0
    """Open disputes without evidence."""
    to_pay_back: int = 0
    """Orders that owe the shopper money that no refund names."""
    to_clear: int = 0
    """Orders with a refund of which the provider has not said in time how it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesSpan:
    """Days of one store."""

    store_id: UUID
    first: date
    last: date
    time_zone: str
    """IANA name of the zone that the days are of."""
    currency: str
    """Only payments in it count."""

    @property
    def midnights(self) -> list[datetime]:
        """The moment at which each day begins, and the one after the last day."""
        zone = ZoneInfo(self.time_zone)
        return [datetime.combine(self.first + timedelta(days=n), time(), zone) for n in range(_length(self) + 1)]


_SUMS = {
    "placed": "sum(q.placed)",
    "placed_and_paid": "sum(q.placed_and_paid)",
    "paid": "sum(q.paid) filter (where q.currency = s.currency)",
    "revenue": "sum(q.revenue_minor) filter (where q.currency = s.currency)",
    "refunds": "sum(q.refunds_minor) filter (where q.currency = s.currency)",
    "platform_fees": "sum(q.platform_fees_minor) filter (where q.currency = s.currency)",
}


_BLOCK, _ORIGIN = f"interval '{BLOCK} minutes'", "timestamptz '2000-01-01Z'"


async def sales_by_day(db: Reader, spans: Sequence[SalesSpan], *, scope: Scope) -> list[list[SalesDay]]:
    """Return the sales of each span's days, the first day first. Days without sales are in it.

    Args:
        db: the database.
        spans: days of stores.
        scope: whose rows may be read; a store outside it has no sales.
    """
    where = Conditions()
    columns = {
        "store_id": ("uuid", [span.store_id for span in spans]),
        "days": ("bigint", [_length(span) for span in spans]),
        "currency": ("text", [span.currency for span in spans]),
    }
    values = ", ".join(f"{where.value(column)}::{kind}[]" for kind, column in columns.values())
    midnights = where.value([midnight for span in spans for midnight in span.midnights])
    source = f"unnest({values}) with ordinality as t ({', '.join(columns)}, n)"
    # The place of a span's first midnight in the list of all.
    source = f"(select t.*, sum(t.days + 1) over (order by t.n) - t.days as begins from {source}) t"
    where = within(scope, where, "t.store_id", shoppers=False)
    sums = ", ".join(f"coalesce({number}, 0)::bigint as {name}" for name, number in _SUMS.items())
    # Each day is three looks into the index, which has all sums: the periods of three hours within the day, and the quarters of
    # an hour before and after them.
    periods = " union all ".join(
        f"select * from sales_periods where store_id = s.store_id and minutes = {minutes} "
        f"and begins_at >= s.{since} and begins_at < s.{until}"
        for minutes, since, until in (
            (QUARTER, "since", "first_block"),
            (BLOCK, "first_block", "last_block"),
            (QUARTER, "last_block", "until"),
        )
    )
    records = await db.fetch(
        f"with spans as materialized (select * from {source} where {where.sql}), "
        "days as (select s.n, s.store_id, s.currency, d.day, m.midnights[s.begins + d.day] as since, "
        "m.midnights[s.begins + d.day + 1] as until from spans s "
        f"cross join (select {midnights}::timestamptz[] as midnights) m "
        "cross join lateral generate_series(0, s.days - 1) d (day)), "
        f"parts as materialized (select days.*, date_bin({_BLOCK}, until, {_ORIGIN}) as last_block, "
        f"date_bin({_BLOCK}, since + {_BLOCK} - interval '1 microsecond', {_ORIGIN}) as first_block from days) "
        f"select s.n, s.day, sums.* from parts s cross join lateral (select {sums} from ({periods}) q) sums",
        *where.arguments,
    )
    found = {(record["n"], spans[record["n"] - 1].first + timedelta(days=record["day"])): record for record in records}
    visits = await _visits(db, spans, scope=scope)
    return [
        [_day(span.first + timedelta(days=n), number, found, visits) for n in range(_length(span))]
        for number, span in enumerate(spans, 1)
    ]


def _length(span: SalesSpan) -> int:
    return max(0, (span.last - span.first).days + 1)


async def _visits(db: Reader, spans: Sequence[SalesSpan], *, scope: Scope) -> dict[tuple[int, date], int]:
    """Return the visits by the number of the span, 1 first, and the day."""
    where = Conditions()
    stores = where.value([span.store_id for span in spans])
    first, last = where.value([span.first for span in spans]), where.value([span.last for span in spans])
    source = (
        f"unnest({stores}::uuid[], {first}::date[], {last}::date[]) with ordinality as t (store_id, first, last, n)"
    )
    where = within(scope, where, "t.store_id", shoppers=False)
    records = await db.fetch(
        f"select t.n, v.day, v.visits from {source} join public.visits v on v.store_id = t.store_id "
        f"and v.day between t.first and t.last where {where.sql}",
        *where.arguments,
    )
    return {(record["n"], record["day"]): record["visits"] for record in records}


def _day(
    day: date, number: int, found: Mapping[tuple[int, date], Any], visits: Mapping[tuple[int, date], int]
) -> SalesDay:
    record = found.get((number, day))
    sums = {} if record is None else {name: record[name] for name in _SUMS}
    return SalesDay(day=day, **sums, visits=visits.get((number, day), 0))


async def sales_tasks(
    db: Reader, store_ids: Collection[UUID], *, refunds_before: datetime, scope: Scope
) -> dict[UUID, SalesTasks]:
    """Return what waits for the merchant in each store's sales. Stores without an order are left out.

    Args:
        db: the database.
        store_ids: the stores.
        refunds_before: when the latest refund began whose outcome is overdue.
        scope: whose rows may be read.
    """
    where = within(scope, Conditions().add("k.store_id = any({})", list(store_ids)), "k.store_id", shoppers=False)
    overdue = where.value(refunds_before)
    records = await db.fetch(
        "select k.store_id, k.counts, "
        "(select count(*) from orders o where o.store_id = k.store_id and o.attention) as to_decide, "
        "(select count(*) from orders o where o.store_id = k.store_id and o.refund_owed_since is not null) as to_pay_back, "
        "(select count(*) from disputes d where d.store_id = k.store_id and d.status in ('INQUIRY', 'NEEDS_RESPONSE') "
        "and d.evidence_status in ('NOT_SUBMITTED', 'REFUSED')) as to_answer, "
        "(select count(distinct r.order_id) from refunds r where r.store_id = k.store_id and r.status = 'REQUESTED' "
        f"and r.requested_at < {overdue}) as to_clear "
        f"from order_counts k where {where.sql}",
        *where.arguments,
    )
    return {
        record["store_id"]: SalesTasks(
            to_decide=record["to_decide"],
            to_ship=total(read_tally(record["counts"]), (), TO_SHIP),
            to_answer=record["to_answer"],
            to_pay_back=record["to_pay_back"],
            to_clear=record["to_clear"],
        )
        for record in records
    }


def summed(days: Sequence[SalesDay]) -> SalesDay:
    """Return the sums of some days, under the first day."""
    return SalesDay(day=days[0].day, **{name: sum(getattr(day, name) for day in days) for name in (*_SUMS, "visits")})
