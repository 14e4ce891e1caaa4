"""Queries of the sales read model. Each takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.mail.events import MailKind
from domain.order.events import OrderStatus
from projections.engine.tally import read_tally, total
from projections.reading.columns import Only, whole_rows
from projections.reading.conditions import Conditions, parts_of
from projections.reading.counting import Count, count_rows
from projections.reading.cursors import Order
from projections.reading.paging import Edge, Reader, Slice, Window, paginate
from projections.reading.scope import Scope
from projections.sales.orders import ORDERS, orders_of_rows
from projections.sales.scoped import of_store, within
from projections.sales.tables.orders import KEPT, KEPT_TO_SHIP, TOTAL_KEY, WITHDRAWN, WITHDRAWN_TO_SHIP
from projections.sales.views import (
    OrderMailView,
    OrderSort,
    OrderView,
    RejectedWebhookSort,
    RejectedWebhookView,
)

NEEDS_ATTENTION = "o.attention"
"""Orders that wait for a decision of the merchant; an index has them, and they are few."""
REFUND_OWED = "o.refund_owed_since is not null"
"""Orders that owe the shopper money; an index has them, and they are few."""
NEWEST = Order(name="placed", key="o.placed_at", type="timestamptz", descending=True)
_CHEAPEST = Order(name="total-low", key=TOTAL_KEY, type="text")
ORDER_ORDERS = {
    OrderSort.NEWEST: NEWEST,
    OrderSort.OLDEST: NEWEST.reverse("placed-first"),
    OrderSort.TOTAL_LOW: _CHEAPEST,
    OrderSort.TOTAL_HIGH: _CHEAPEST.reverse("total-high"),
}
LABELS = {
    KEPT: (False, False),
    KEPT_TO_SHIP: (False, True),
    WITHDRAWN: (True, False),
    WITHDRAWN_TO_SHIP: (True, True),
}
"""What a label of the counts says: whether the orders have a withdrawal, and whether the shop sends them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders of a store a list has."""

    statuses: frozenset[OrderStatus] = frozenset()
    """Only orders in one of these; empty means any."""
    withdrawn: bool | None = None
    """Only orders with a withdrawal, or only those without; None means any."""
    needs_attention: bool = False
    """Only orders that wait for a decision of the merchant."""
    to_ship: bool = False
    """Only orders that the shop sends, or the rest of which it sends."""
    refund_owed: bool = False
    """Only orders that owe the shopper money that no refund names."""
    refunds_before: datetime | None = None
    """Only orders with a refund that began before this time and has no outcome; None means any."""
    number: str | None = None
    """Only orders with this number, as people write it; None means any."""


ALL = OrderFilter()


async def orders_of_store(
    db: Reader,
    store_id: UUID,
    window: Window,
    *,
    scope: Scope,
    where: OrderFilter = ALL,
    sort: OrderSort = OrderSort.NEWEST,
    only: Only = None,
) -> Slice[OrderView]:
    """Return a page of a store's orders.

    Args:
        db: the database.
        store_id: the store.
        window: the page.
        scope: whose rows may be returned.
        where: which orders.
        sort: the order of the list.
        only: the attributes that the caller reads; see :mod:`projections.reading.columns`.

    Raises:
        InvalidInput: the window or a cursor is invalid.
    """
    selection = ORDERS.selection(only)
    page = await paginate(
        db,
        selection=selection,
        table="orders o",
        where=_listed(store_id, where, scope),
        order=ORDER_ORDERS[sort],
        window=window,
        id="o.id",
    )
    views = await orders_of_rows(db, page.rows or (), selection)
    return Slice(
        edges=tuple(Edge(edge.make_cursor, view) for edge, view in zip(page.edges, views, strict=True)),
        has_next=page.has_next,
        has_previous=page.has_previous,
        is_whole=page.is_whole,
    )


def _listed(store_id: UUID, wanted: OrderFilter, scope: Scope) -> Conditions:
    """Return the conditions of a list of orders, in parts if it is about some statuses."""
    where = of_store(scope, "o.store_id", store_id)
    if wanted.number is not None:
        where = where.add("o.number = {}", order_number(wanted.number))
    if wanted.withdrawn is not None:
        where = where.add("o.withdrawn_at is not null" if wanted.withdrawn else "o.withdrawn_at is null")
    if wanted.needs_attention:
        where = where.add(NEEDS_ATTENTION)
    if wanted.refund_owed:
        where = where.add(REFUND_OWED)
    if wanted.to_ship:
        where = where.add("o.to_ship")
    if wanted.refunds_before is not None:
        where = where.add(
            "o.id in (select r.order_id from refunds r where r.store_id = {} and r.status = 'REQUESTED' "
            "and r.requested_at < {})",
            store_id,
            wanted.refunds_before,
        )
    if not wanted.statuses:
        return where
    if wanted.withdrawn or wanted.to_ship or _are_few(wanted):
        return where.add("o.status = any({})", sorted(wanted.statuses))
    return where.add("o.status = part.name").split(parts_of(wanted.statuses))


def _are_few(wanted: OrderFilter) -> bool:
    return (
        wanted.needs_attention or wanted.refund_owed or wanted.refunds_before is not None or wanted.number is not None
    )


def order_number(text: str) -> str:
    """Return an order number as orders have it: people write it in any case, with spaces, and without its prefix."""
    characters = "".join(text.split()).upper().lstrip("#")
    return characters if characters.startswith("ZY-") else f"ZY-{characters.removeprefix('ZY')}"


async def count_orders(db: Reader, store_id: UUID, *, scope: Scope, where: OrderFilter = ALL) -> Count:
    """Return how many orders :func:`orders_of_store` lists."""
    if _are_few(where):
        few = _listed(store_id, where, scope)
        return await count_rows(db, f"from orders o where {few.sql}", *few.arguments)
    own = of_store(scope, "k.store_id", store_id)
    counts = await db.fetchval(f"select k.counts from order_counts k where {own.sql}", *own.arguments)
    labels = [
        label
        for label, (withdrawn, to_ship) in LABELS.items()
        if where.withdrawn in {None, withdrawn} and (to_ship or not where.to_ship)
    ]
    return Count(0 if counts is None else total(read_tally(counts), where.statuses, labels))


async def order_by_id(db: Reader, order_id: UUID, *, scope: Scope, only: Only = None) -> OrderView | None:
    """Return an order."""
    selection = ORDERS.selection(only)
    where = within(scope, Conditions().add("o.id = {}", order_id), "o.store_id")
    records = await db.fetch(f"select {selection.sql} from orders o where {where.sql}", *where.arguments)
    views = await orders_of_rows(db, records, selection)
    return views[0] if views else None


async def orders_by_ids(db: Reader, ids: Collection[UUID], *, scope: Scope, only: Only = None) -> dict[UUID, OrderView]:
    """Return the orders with these ids; unknown ids are left out."""
    selection = ORDERS.selection(only)
    where = within(scope, Conditions().add("o.id = any({})", list(ids)), "o.store_id")
    records = await db.fetch(f"select {selection.sql} from orders o where {where.sql}", *where.arguments)
    return {order.id: order for order in await orders_of_rows(db, records, selection)}


async def orders_by_number(
    db: Reader, store_id: UUID, number: str, *, scope: Scope, limit: int = 10
) -> list[OrderView]:
    """Return a store's orders with a number, the newest first; numbers are short and may recur, but rarely do."""
    where = of_store(scope, "o.store_id", store_id).add("o.number = {}", number)
    selection = ORDERS.selection(None)
    records = await db.fetch(
        f"select {selection.sql} from orders o where {where.sql} order by o.placed_at desc, o.id desc limit {int(limit)}",
        *where.arguments,
    )
    return await orders_of_rows(db, records, selection)


async def pending_orders_before(
    db: Reader, placed_before: datetime, *, scope: Scope, limit: int = 100
) -> tuple[UUID, ...]:
    """Return the unpaid orders that were placed before a time, the oldest first."""
    where = Conditions().add("o.status = 'PENDING'").add("o.placed_at < {}", placed_before)
    records = await db.fetch(
        f"select o.id from orders o where {within(scope, where, 'o.store_id').sql} "
        f"order by o.placed_at, o.id limit {int(limit)}",
        *where.arguments,
    )
    return tuple(record["id"] for record in records)


async def pending_orders_of_archived_stores(db: Reader, *, scope: Scope, limit: int = 100) -> tuple[UUID, ...]:
    """Return the unpaid orders of stores that the catalog has as archived, the oldest first."""
    where = within(scope, Conditions().add("o.status = 'PENDING'").add("s.status = 'ARCHIVED'"), "o.store_id")
    records = await db.fetch(
        "select o.id from orders o join stores s on s.id = o.store_id "
        f"where {where.sql} order by o.placed_at, o.id limit {int(limit)}",
        *where.arguments,
    )
    return tuple(record["id"] for record in records)


_REJECTED_WEBHOOKS = whole_rows(
    "r",
    RejectedWebhookView.__dataclass_fields__,
    lambda record: RejectedWebhookView(**{name: record[name] for name in RejectedWebhookView.__dataclass_fields__}),
)
_NEWEST_WEBHOOKS = Order(name="webhooks", key="r.at", type="timestamptz", descending=True)
WEBHOOK_ORDERS = {
    RejectedWebhookSort.NEWEST: _NEWEST_WEBHOOKS,
    RejectedWebhookSort.OLDEST: _NEWEST_WEBHOOKS.reverse("webhooks-oldest"),
}


async def rejected_webhooks_of_store(
    db: Reader,
    store_id: UUID,
    window: Window,
    *,
    scope: Scope,
    sort: RejectedWebhookSort = RejectedWebhookSort.NEWEST,
) -> Slice[RejectedWebhookView]:
    """Return a page of a store's rejected webhooks; shoppers see none.

    Raises:
        InvalidInput: the window or a cursor is invalid.
    """
    return await paginate(
        db,
        selection=_REJECTED_WEBHOOKS,
        table="rejected_webhooks r",
        where=of_store(scope, "r.store_id", store_id, shoppers=False),
        order=WEBHOOK_ORDERS[sort],
        window=window,
        id="r.id",
    )


async def mails_of_order(db: Reader, order_id: UUID, *, scope: Scope) -> tuple[OrderMailView, ...]:
    """Return the mails about an order, the earliest first; shoppers see none."""
    return (await mails_of_orders(db, [order_id], scope=scope))[order_id]


async def mails_of_orders(
    db: Reader, order_ids: Collection[UUID], *, scope: Scope
) -> dict[UUID, tuple[OrderMailView, ...]]:
    """Return the mails about each order, the earliest first; shoppers see none. Each id is a key."""
    where = within(scope, Conditions().add("m.order_id = any({})", list(order_ids)), "o.store_id", shoppers=False)
    found: dict[UUID, tuple[OrderMailView, ...]] = dict.fromkeys(order_ids, ())
    for record in await db.fetch(
        "select m.order_id, m.kind, m.refusal, m.at from order_mails m join orders o on o.id = m.order_id "
        f"where {where.sql} order by m.at, m.id",
        *where.arguments,
    ):
        mail = OrderMailView(kind=MailKind(record["kind"]), refusal=record["refusal"], at=record["at"])
        found[record["order_id"]] += (mail,)
    return found
