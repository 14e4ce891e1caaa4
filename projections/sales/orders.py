"""The columns of orders, and the parts that other statements find: lines, payments, withdrawals, refunds and parcels."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter

from domain.money import Money
from domain.order.after_sale.sourcing_events import OrderHeld, SourcingChecked
from domain.order.delivery import ArrivalWindow
from domain.order.events import OrderDiscount, OrderStatus, PageVersionRef, UnmatchedReason, WithdrawnLine
from domain.privacy import Sealed
from domain.store.return_policy import LEGAL_DAYS
from domain.store.taxes import OrderTax
from projections.reading.columns import Attribute, Selection, ViewColumns, column, with_parts
from projections.reading.paging import Reader
from projections.sales.after_sale_queries import parcels_of_orders, refunds_of_orders, whole_parcels
from projections.sales.return_queries import returns_of_orders, returns_with_refunds
from projections.sales.sourcing_queries import substitutes_of_orders, supplier_orders_of_orders
from projections.sales.views import OrderLineView, OrderView, UnmatchedPaymentView, WithdrawalView

_WITHDRAWN = TypeAdapter(list[WithdrawnLine])
_PAGES = TypeAdapter(list[PageVersionRef])


async def _lines_of_orders(db: Reader, order_ids: Collection[UUID]) -> Mapping[UUID, Sequence[OrderLineView]]:
    found: dict[UUID, list[OrderLineView]] = {}
    for line in await db.fetch(
        "select l.order_id, l.product_id, l.variant_id, l.title, l.variant_title, l.quantity, l.unit_price_minor, "
        "l.currency, coalesce(f.missing, 0) as short from order_lines l left join shortfalls f "
        "using (order_id, variant_id) where l.order_id = any($1) order by l.order_id, l.position",
        list(order_ids),
    ):
        view = OrderLineView(
            product_id=line["product_id"],
            variant_id=line["variant_id"],
            title=line["title"],
            variant_title=line["variant_title"],
            quantity=line["quantity"],
            unit_price=Money(minor=line["unit_price_minor"], currency=line["currency"]),
            short=line["short"],
        )
        found.setdefault(line["order_id"], []).append(view)
    return found


async def _unmatched_of_orders(
    db: Reader, order_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[UnmatchedPaymentView]]:
    found: dict[UUID, list[UnmatchedPaymentView]] = {}
    for payment in await db.fetch(
        "select u.order_id, u.intent_id, u.amount_minor, u.currency, u.reason, u.at from unmatched_payments u "
        "where u.order_id = any($1) order by u.order_id, u.at, u.intent_id",
        list(order_ids),
    ):
        view = UnmatchedPaymentView(
            intent_id=payment["intent_id"],
            amount=Money(minor=payment["amount_minor"], currency=payment["currency"]),
            reason=UnmatchedReason(payment["reason"]),
            at=payment["at"],
        )
        found.setdefault(payment["order_id"], []).append(view)
    return found


async def _withdrawals_of_orders(db: Reader, order_ids: Collection[UUID]) -> Mapping[UUID, Sequence[WithdrawalView]]:
    found: dict[UUID, list[WithdrawalView]] = {}
    for record in await db.fetch(
        "select w.order_id, w.number, w.lines, w.name, w.email, w.deadline, w.is_late, w.at from withdrawals w "
        "where w.order_id = any($1) order by w.order_id, w.number",
        list(order_ids),
    ):
        view = WithdrawalView(
            number=record["number"],
            lines=tuple(_WITHDRAWN.validate_json(record["lines"])),
            name=Sealed.model_validate_json(record["name"]),
            email=Sealed.model_validate_json(record["email"]),
            deadline=record["deadline"],
            is_late=record["is_late"],
            at=record["at"],
        )
        found.setdefault(record["order_id"], []).append(view)
    return found


class _Part(NamedTuple):
    """Views of other tables that belong to an order."""

    find: Callable[[Reader, Collection[UUID]], Awaitable[Mapping[UUID, Sequence[Any]]]]
    """Returns them by order."""
    counter: str | None = None
    """The column that tells whether an order has some. None if every order may."""

    def attribute(self, name: str) -> Attribute:
        """Return the attribute that is the part as it is."""
        return Attribute(self.columns(name), lambda record: record[name])

    def columns(self, name: str) -> tuple[str, ...]:
        return (name,) if self.counter is None else (name, self.counter)


_PARTS = {
    "lines": _Part(_lines_of_orders),
    "unmatched_payments": _Part(_unmatched_of_orders),
    "withdrawals": _Part(_withdrawals_of_orders, "withdrawn_at"),
    "refunds": _Part(refunds_of_orders, "refund_count"),
    "returns": _Part(returns_of_orders, "return_count"),
    "substitutes": _Part(substitutes_of_orders, "substitute_count"),
    "supplier_orders": _Part(supplier_orders_of_orders, "supplier_order_count"),
    "parcels": _Part(parcels_of_orders, "parcel_count"),
}


def _money(name: str, *, unless_null: str | None = None) -> Attribute:
    """Return an amount. None if the column ``unless_null``, or else its own, is null."""
    given = unless_null or name

    def read(record: Any) -> Money | None:
        return None if record[given] is None else Money(minor=record[name], currency=record["currency"])

    return Attribute((name, given, "currency"), read)


_COLUMNS = (
    "id", "store_id", "number", "status", "currency", "subtotal_minor", "shipping_minor", "tax_minor", "taxes", "total_minor", "items",
    "shopper_id", "shopper_name", "shopper_email", "shipping_address", "provider", "session_id", "page_account_id", "intent_id", "paid_minor",
    "platform_fee_minor", "refunded_minor", "refund_count", "payment_failure", "cancel_reason", "carrier", "tracking_number", "parcel_count",
    "arrival", "pages", "shipping_zone", "discount", "placed_at", "paid_at", "fulfilled_at", "cancelled_at", "delivered_on", "withdrawn_at",
    "updated_at", "return_count", "return_days", "store_name", "hold", "sourcing",
    "substitute_count", "supplier_order_count", "attention", "refund_owed_since",
)  # fmt: skip

ORDERS: ViewColumns[OrderView] = ViewColumns(
    OrderView,
    {name: f"o.{name}" for name in _COLUMNS},
    {
        **{name: part.attribute(name) for name, part in _PARTS.items()},
        **{name: _money(f"{name}_minor") for name in ("subtotal", "shipping", "tax", "total", "paid", "platform_fee")},
        **{
            name: column(name, Sealed.model_validate_json)
            for name in ("shopper_name", "shopper_email", "shipping_address")
        },
        "status": column("status", OrderStatus),
        "payment_provider": column("provider"),
        "arrival": column("arrival", ArrivalWindow.model_validate_json),
        "pages": column("pages", lambda pages: tuple(_PAGES.validate_json(pages))),
        "discount": column("discount", OrderDiscount.model_validate_json),
        "taxes": column("taxes", OrderTax.model_validate_json),
        "hold": column("hold", OrderHeld.model_validate_json),
        "sourcing": column("sourcing", SourcingChecked.model_validate_json),
        "needs_attention": column("attention"),
        "return_days": Attribute(("return_days",), lambda record: record["return_days"] or LEGAL_DAYS),
        "refunded": _money("refunded_minor", unless_null="paid_minor"),
        "returns": Attribute(
            (*_PARTS["returns"].columns("returns"), *_PARTS["refunds"].columns("refunds")),
            lambda record: returns_with_refunds(record["returns"], record["refunds"]),
        ),
        "parcels": Attribute(
            (*_PARTS["parcels"].columns("parcels"), "lines"),
            lambda record: whole_parcels(record["parcels"], record["lines"]),
        ),
    },
    always=frozenset({"id", "store_id"}),
    parts=frozenset(_PARTS),
)
"""The columns of an order ``o``."""


async def orders_of_rows(db: Reader, records: Sequence[Any], selection: Selection[OrderView]) -> list[OrderView]:
    """Return orders with the parts that a selection has.

    Args:
        db: the database.
        records: rows with the selection's columns.
        selection: of :data:`ORDERS`.
    """
    found: dict[str, Mapping[UUID, Sequence[Any]]] = {}
    for name, part in _PARTS.items():
        if name in selection.columns:
            ids = [each["id"] for each in records if part.counter is None or each[part.counter]]
            found[name] = await part.find(db, ids) if ids else {}
    if not found:
        return list(map(selection.read, records))
    return [
        selection.read(with_parts(each, **{name: tuple(views.get(each["id"], ())) for name, views in found.items()}))
        for each in records
    ]
