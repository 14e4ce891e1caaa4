"""Queries of the sales read model. Each takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from domain.mail.events import MailKind
from domain.money import Money
from domain.order.after_sale.sourcing_events import OrderHeld, SourcingChecked
from domain.order.delivery import ArrivalWindow
from domain.order.events import OrderDiscount, OrderStatus, PageVersionRef, UnmatchedReason, WithdrawnLine
from domain.privacy import Sealed
from domain.store.return_policy import LEGAL_DAYS
from projections.engine.tally import read_tally, total
from projections.reading.columns import Selection
from projections.reading.paging import Conditions, Edge, Order, Reader, Slice, Window, paginate, parts_of
from projections.reading.scope import Scope
from projections.sales.after_sale_queries import parcels_of_orders, refunds_of_orders, whole_parcels
from projections.sales.return_queries import returns_of_orders, returns_with_refunds
from projections.sales.scoped import of_store, within
from projections.sales.sourcing_queries import substitutes_of_orders, supplier_orders_of_orders
from projections.sales.tables import KEPT, WITHDRAWN
from projections.sales.views import (
    OrderLineView,
    OrderMailView,
    OrderView,
    RejectedWebhookView,
    UnmatchedPaymentView,
    WithdrawalView,
)

NEEDS_ATTENTION = "o.attention"
"""Orders that wait for a decision of the merchant; an index has them, and they are few."""
NEWEST = Order(name="placed", key="o.placed_at", type="timestamptz", descending=True)

_WITHDRAWN = TypeAdapter(list[WithdrawnLine])
_PAGES = TypeAdapter(list[PageVersionRef])

_COLUMNS = (
    "id", "store_id", "number", "status", "currency", "subtotal_minor", "shipping_minor", "tax_minor", "total_minor", "items",
    "shopper_id", "shopper_name", "shopper_email", "shipping_address", "provider", "session_id", "intent_id", "paid_minor",
    "platform_fee_minor", "refunded_minor", "refund_count", "payment_failure", "cancel_reason", "carrier", "tracking_number", "parcel_count",
    "arrival", "pages", "shipping_zone", "discount", "placed_at", "paid_at", "fulfilled_at", "cancelled_at", "delivered_on", "withdrawn_at",
    "updated_at", "return_count", "return_days", "hold", "sourcing",
    "substitute_count", "supplier_order_count", "attention",
)  # fmt: skip
_ORDERS: Selection[Any] = Selection(
    frozenset(_COLUMNS), {f"o.{name}": name for name in _COLUMNS}, lambda record: record
)
"""The columns of an order ``o``."""


async def orders_of_store(
    db: Reader,
    store_id: UUID,
    window: Window,
    *,
    scope: Scope,
    statuses: Collection[OrderStatus] = (),
    withdrawn: bool | None = None,
    needs_attention: bool = False,
) -> Slice[OrderView]:
    """Return a store's orders, the newest first.

    Args:
        db: the database.
        store_id: the store.
        window: the page.
        scope: whose rows may be returned.
        statuses: only orders in one of these; empty means any.
        withdrawn: only orders with a withdrawal, or only those without; None means any.
        needs_attention: only orders that wait for a decision of the merchant.

    Raises:
        InvalidInput: the window or a cursor is invalid.
    """
    page = await paginate(
        db,
        selection=_ORDERS,
        table="orders o",
        where=_listed(store_id, statuses, scope, withdrawn, needs_attention),
        order=NEWEST,
        window=window,
        id="o.id",
    )
    views = await _with_lines(db, page.nodes)
    return Slice(
        edges=tuple(Edge(edge.make_cursor, view) for edge, view in zip(page.edges, views, strict=True)),
        has_next=page.has_next,
        has_previous=page.has_previous,
    )


def _listed(
    store_id: UUID, statuses: Collection[OrderStatus], scope: Scope, withdrawn: bool | None, needs_attention: bool
) -> Conditions:
    """Return the conditions of a list of orders, in parts if it is about some statuses."""
    where = of_store(scope, "o.store_id", store_id)
    if withdrawn is not None:
        where = where.add("o.withdrawn_at is not null" if withdrawn else "o.withdrawn_at is null")
    if needs_attention:
        where = where.add(NEEDS_ATTENTION)
    if not statuses or withdrawn or needs_attention:
        return where.add("o.status = any({})", sorted(statuses)) if statuses else where
    return where.add("o.status = part.name").split(parts_of(statuses))


async def count_orders(
    db: Reader,
    store_id: UUID,
    *,
    scope: Scope,
    statuses: Collection[OrderStatus] = (),
    withdrawn: bool | None = None,
    needs_attention: bool = False,
) -> int:
    """Return how many orders :func:`orders_of_store` lists."""
    if needs_attention:
        attention = of_store(scope, "o.store_id", store_id).add(NEEDS_ATTENTION)
        if statuses:
            attention = attention.add("o.status = any({})", sorted(statuses))
        return int(await db.fetchval(f"select count(*) from orders o where {attention.sql}", *attention.arguments))
    where = of_store(scope, "k.store_id", store_id)
    counts = await db.fetchval(f"select k.counts from order_counts k where {where.sql}", *where.arguments)
    labels = () if withdrawn is None else (WITHDRAWN if withdrawn else KEPT,)
    return 0 if counts is None else total(read_tally(counts), statuses, labels)


async def order_by_id(db: Reader, order_id: UUID, *, scope: Scope) -> OrderView | None:
    """Return an order."""
    return await _first(db, within(scope, Conditions().add("o.id = {}", order_id), "o.store_id"))


async def orders_by_number(
    db: Reader, store_id: UUID, number: str, *, scope: Scope, limit: int = 10
) -> list[OrderView]:
    """Return a store's orders with a number, the newest first; numbers are short and may recur, but rarely do."""
    where = of_store(scope, "o.store_id", store_id).add("o.number = {}", number)
    records = await db.fetch(
        f"select {_ORDERS.sql} from orders o where {where.sql} order by o.placed_at desc, o.id desc limit {int(limit)}",
        *where.arguments,
    )
    return await _with_lines(db, records)


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


async def rejected_webhooks_of_store(
    db: Reader, store_id: UUID, *, scope: Scope, limit: int = 50
) -> tuple[RejectedWebhookView, ...]:
    """Return the rejected webhooks of a store, the newest first; shoppers see none."""
    where = of_store(scope, "r.store_id", store_id, shoppers=False)
    records = await db.fetch(
        "select r.source, r.external_id, r.type, r.order_id, r.reason, r.at from rejected_webhooks r "
        f"where {where.sql} order by r.at desc, r.id desc limit {int(limit)}",
        *where.arguments,
    )
    return tuple(RejectedWebhookView(**dict(record)) for record in records)


async def _first(db: Reader, where: Conditions) -> OrderView | None:
    records = await db.fetch(
        f"select {_ORDERS.sql} from orders o where {where.sql} order by o.placed_at desc, o.id desc limit 1",
        *where.arguments,
    )
    views = await _with_lines(db, records)
    return views[0] if views else None


async def _with_lines(db: Reader, records: Collection[Any]) -> list[OrderView]:
    """Return orders with their lines and unmatched payments."""
    lines: dict[UUID, list[OrderLineView]] = {record["id"]: [] for record in records}
    unmatched: dict[UUID, list[UnmatchedPaymentView]] = {id: [] for id in lines}
    if lines:
        for line in await db.fetch(
            "select l.order_id, l.product_id, l.variant_id, l.title, l.variant_title, l.quantity, l.unit_price_minor, "
            "l.currency, coalesce(f.missing, 0) as short from order_lines l left join shortfalls f "
            "using (order_id, variant_id) where l.order_id = any($1) order by l.order_id, l.position",
            list(lines),
        ):
            lines[line["order_id"]].append(
                OrderLineView(
                    product_id=line["product_id"],
                    variant_id=line["variant_id"],
                    title=line["title"],
                    variant_title=line["variant_title"],
                    quantity=line["quantity"],
                    unit_price=Money(minor=line["unit_price_minor"], currency=line["currency"]),
                    short=line["short"],
                )
            )
        for payment in await db.fetch(
            "select u.order_id, u.intent_id, u.amount_minor, u.currency, u.reason, u.at from unmatched_payments u "
            "where u.order_id = any($1) order by u.order_id, u.at, u.intent_id",
            list(lines),
        ):
            unmatched[payment["order_id"]].append(
                UnmatchedPaymentView(
                    intent_id=payment["intent_id"],
                    amount=Money(minor=payment["amount_minor"], currency=payment["currency"]),
                    reason=UnmatchedReason(payment["reason"]),
                    at=payment["at"],
                )
            )
    withdrawals = await _withdrawals(db, [record["id"] for record in records if record["withdrawn_at"] is not None])
    refunds = await refunds_of_orders(db, [record["id"] for record in records if record["refund_count"]])
    returns = await returns_of_orders(db, [record["id"] for record in records if record["return_count"]])
    substitutes = await substitutes_of_orders(db, [each["id"] for each in records if each["substitute_count"]])
    supplier_orders = await supplier_orders_of_orders(
        db, [each["id"] for each in records if each["supplier_order_count"]]
    )
    parcels = await parcels_of_orders(db, [record["id"] for record in records if record["parcel_count"]])
    return [
        replace(
            _order(record, tuple(lines[record["id"]]), tuple(unmatched[record["id"]])),
            withdrawals=tuple(withdrawals.get(record["id"], ())),
            refunds=refunds.get(record["id"], ()),
            substitutes=substitutes.get(record["id"], ()),
            supplier_orders=supplier_orders.get(record["id"], ()),
            returns=returns_with_refunds(returns.get(record["id"], ()), refunds.get(record["id"], ())),
            parcels=whole_parcels(parcels.get(record["id"], ()), lines[record["id"]]),
        )
        for record in records
    ]


async def _withdrawals(db: Reader, order_ids: Collection[UUID]) -> dict[UUID, list[WithdrawalView]]:
    found: dict[UUID, list[WithdrawalView]] = {}
    if not order_ids:
        return found
    for record in await db.fetch(
        "select w.order_id, w.number, w.lines, w.name, w.email, w.deadline, w.is_late, w.at from withdrawals w "
        "where w.order_id = any($1) order by w.order_id, w.number",
        list(order_ids),
    ):
        found.setdefault(record["order_id"], []).append(
            WithdrawalView(
                number=record["number"],
                lines=tuple(_WITHDRAWN.validate_json(record["lines"])),
                name=Sealed.model_validate_json(record["name"]),
                email=Sealed.model_validate_json(record["email"]),
                deadline=record["deadline"],
                is_late=record["is_late"],
                at=record["at"],
            )
        )
    return found


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


def _order(
    record: Any, lines: tuple[OrderLineView, ...], unmatched_payments: tuple[UnmatchedPaymentView, ...]
) -> OrderView:
    currency = record["currency"]

    def money(column: str) -> Money:
        return Money(minor=record[column], currency=currency)

    return OrderView(
        id=record["id"],
        store_id=record["store_id"],
        number=record["number"],
        status=OrderStatus(record["status"]),
        lines=lines,
        subtotal=money("subtotal_minor"),
        shipping=money("shipping_minor"),
        tax=money("tax_minor"),
        total=money("total_minor"),
        items=record["items"],
        shopper_id=record["shopper_id"],
        shopper_name=Sealed.model_validate_json(record["shopper_name"]),
        shopper_email=Sealed.model_validate_json(record["shopper_email"]),
        shipping_address=Sealed.model_validate_json(record["shipping_address"]),
        payment_provider=record["provider"],
        session_id=record["session_id"],
        intent_id=record["intent_id"],
        paid=None if record["paid_minor"] is None else money("paid_minor"),
        platform_fee=None if record["platform_fee_minor"] is None else money("platform_fee_minor"),
        payment_failure=record["payment_failure"],
        unmatched_payments=unmatched_payments,
        cancel_reason=record["cancel_reason"],
        carrier=record["carrier"],
        tracking_number=record["tracking_number"],
        arrival=None if record["arrival"] is None else ArrivalWindow.model_validate_json(record["arrival"]),
        pages=tuple(_PAGES.validate_json(record["pages"])),
        shipping_zone=record["shipping_zone"],
        discount=None if record["discount"] is None else OrderDiscount.model_validate_json(record["discount"]),
        placed_at=record["placed_at"],
        paid_at=record["paid_at"],
        fulfilled_at=record["fulfilled_at"],
        cancelled_at=record["cancelled_at"],
        updated_at=record["updated_at"],
        delivered_on=record["delivered_on"],
        hold=None if record["hold"] is None else OrderHeld.model_validate_json(record["hold"]),
        sourcing=None if record["sourcing"] is None else SourcingChecked.model_validate_json(record["sourcing"]),
        needs_attention=record["attention"],
        return_days=record["return_days"] or LEGAL_DAYS,
        refunded=None if record["paid_minor"] is None else money("refunded_minor"),
    )
