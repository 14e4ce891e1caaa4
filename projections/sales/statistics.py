"""Numbers of a store's sales: sums of each day, and orders that wait for the merchant."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.order.events import OrderStatus
from projections.engine.tally import read_tally, total
from projections.reading.paging import Conditions, Reader
from projections.reading.scope import Scope
from projections.sales.scoped import of_store, within

TO_SHIP = frozenset({OrderStatus.PAID, OrderStatus.PARTLY_FULFILLED})


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesTasks:
    """How much of a store's sales waits for the merchant."""

    to_decide: int = 0
    """Orders that wait for a decision."""
    to_ship: int = 0
    to_answer: int = 0
    """Open disputes without evidence."""


_SUMS = ("placed", "placed_and_paid", "paid", "revenue", "refunds", "platform_fees")
_OF_ORDERS = (
    "select ({at} at time zone {zone})::date as day, count(*) as placed, count(o.paid_at) as placed_and_paid, "
    "0::bigint as paid, 0::bigint as revenue, 0::bigint as refunds, 0::bigint as platform_fees "
    "from orders o where {where} group by 1"
)
_OF_LEDGER = (
    "select ({at} at time zone {zone})::date as day, 0::bigint, 0::bigint, "
    "count(distinct p.stream_id) filter (where p.kind = 'CHARGE'), "
    "coalesce(-sum(p.minor) filter (where p.kind = 'CHARGE' and p.account in ('SALES', 'TAXES')), 0)::bigint, "
    "coalesce(sum(p.minor) filter (where p.kind in ('REFUND', 'REFUND_RETURNED') "
    "and p.account in ('REFUNDS', 'TAXES')), 0)::bigint, "
    "coalesce(sum(p.minor) filter (where p.account = 'PLATFORM_FEES'), 0)::bigint "
    "from ledger_postings p where {where} group by 1"
)


async def sales_by_day(
    db: Reader, store_id: UUID, first: date, last: date, *, time_zone: str, currency: str, scope: Scope
) -> Sequence[SalesDay]:
    """Return a store's sales on each day, the first day first. Days without sales are in it.

    Args:
        db: the database.
        store_id: the store.
        first: the first day.
        last: the last day.
        time_zone: IANA name of the zone that the days are of.
        currency: only payments in it.
        scope: whose rows may be read.
    """
    zone = ZoneInfo(time_zone)
    since = datetime.combine(first, time(), zone)
    until = datetime.combine(last + timedelta(days=1), time(), zone)
    where = of_store(scope, "o.store_id", store_id, shoppers=False)
    where = where.add("o.placed_at >= {}", since).add("o.placed_at < {}", until)
    named = f"{where.value(time_zone)}::text"
    of_orders = _OF_ORDERS.format(at="o.placed_at", zone=named, where=where.sql)
    ledger = Conditions()
    ledger.arguments = where.arguments
    ledger = ledger.add("p.book = {}", store_id).add("p.currency = {}", currency)
    ledger = within(scope, ledger.add("p.at >= {}", since).add("p.at < {}", until), "p.book", shoppers=False)
    of_ledger = _OF_LEDGER.format(at="p.at", zone=named, where=ledger.sql)
    sums = ", ".join(f"sum({name})::bigint as {name}" for name in _SUMS)
    records = await db.fetch(
        f"select day, {sums} from ({of_orders} union all {of_ledger}) sales group by day", *ledger.arguments
    )
    found = {record["day"]: SalesDay(**dict(record)) for record in records}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [found.get(day) or SalesDay(day=day) for day in days]


async def sales_tasks(db: Reader, store_ids: Collection[UUID], *, scope: Scope) -> dict[UUID, SalesTasks]:
    """Return what waits for the merchant in each store's sales. Stores without an order are left out."""
    where = within(scope, Conditions().add("k.store_id = any({})", list(store_ids)), "k.store_id", shoppers=False)
    records = await db.fetch(
        "select k.store_id, k.counts, "
        "(select count(*) from orders o where o.store_id = k.store_id and o.attention) as to_decide, "
        "(select count(*) from disputes d where d.store_id = k.store_id and d.status in ('INQUIRY', 'NEEDS_RESPONSE') "
        "and d.evidence_status in ('NOT_SUBMITTED', 'REFUSED')) as to_answer "
        f"from order_counts k where {where.sql}",
        *where.arguments,
    )
    return {
        record["store_id"]: SalesTasks(
            to_decide=record["to_decide"],
            to_ship=total(read_tally(record["counts"]), TO_SHIP),
            to_answer=record["to_answer"],
        )
        for record in records
    }


def summed(days: Sequence[SalesDay]) -> SalesDay:
    """Return the sums of some days, under the first day."""
    return SalesDay(day=days[0].day, **{name: sum(getattr(day, name) for day in days) for name in _SUMS})
