"""Moves of orders until they are delivered, and their mails."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from domain.discount.aggregate import DISCOUNT
from domain.discount.terms import discount_id
from domain.ids import derived
from domain.kernel import DomainEvent
from domain.mail.aggregate import MAIL, record_outcome
from domain.mail.events import MailKind
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order import aggregate as orders
from domain.order.after_sale.events import Pieces
from domain.order.after_sale.sourcing_events import SourcedLine
from domain.order.cancellation import cancel_by_merchant
from domain.order.events import OrderDiscount, OrderLine, OrderPaid
from domain.order.fulfillment import correct_parcel, fulfil, ship_parcel
from domain.order.sourcing import (
    Offer,
    buy_anyway,
    record_answer,
    record_silence,
    request_check,
    substitute,
)
from domain.order.supplier_orders import record_supplier_order, request_supplier_orders
from domain.product import aggregate as products
from domain.store.taxes import tax_of
from tests.support.builders.moves.after_sales import take_back
from tests.support.builders.moves.log import NAMESPACE, HistoryLog
from tests.support.builders.samples import sealed


def place_order(log: HistoryLog, number: int) -> None:
    product = log.state(log.pick(log.products, number))
    variant = list(product.variants)[number % len(product.variants)]
    id, shopper = log.new_id(), log.new_id()
    kept = product.reserve(variant, 1 + number % 2, order_id=id, at=log.at)
    line = OrderLine(
        product_id=product.id,
        variant_id=variant,
        title=product.title,
        variant_title="Default",
        quantity=1 + number % 2,
        unit_price=product.variants[variant].price,
    )
    price = orders.OrderPrice(
        shipping=Money(minor=500),
        tax=Money(minor=0),
        discount=discount_of(log, id, line, number),
        taxes=tax_of(log.state(product.store_id).taxes, line.total, "DE"),
    )
    placed = orders.place(
        id,
        shopper=orders.ShopperDetails(id=shopper, name=sealed(shopper), email=sealed(shopper), address=sealed(shopper)),
        store_id=product.store_id,
        lines=[line],
        price=price,
        at=log.at,
    )
    log.append(orders.ORDER, product.store_id, placed)
    log.append(products.PRODUCT, product.store_id, kept)
    log.orders.append(id)


def discount_of(log: HistoryLog, order_id: UUID, line: OrderLine, number: int) -> OrderDiscount | None:
    """Reserve a use of the store's code for every other order, if there is one."""
    code = log.find(discount_id(log.state(line.product_id).store_id, "SUMMER"))
    if code is None or number % 2:
        return None
    log.append(DISCOUNT, code.store_id, code.reserve(order_id=order_id, shoppers=[str(number % 3)], at=log.at))
    off = Money.of(min(100, line.total.minor), line.unit_price.currency)
    return OrderDiscount(discount_id=code.id, code=code.code, kind=code.terms.kind, amount=off, shares=[off])


def end_discount(log: HistoryLog, order: Any, *, is_paid: bool) -> None:
    if order.discount_id is not None:
        code = log.state(order.discount_id)
        events = code.use(order_id=order.id, at=log.at) if is_paid else code.release(order_id=order.id, at=log.at)
        log.append(DISCOUNT, order.store_id, events)


def change_payment(log: HistoryLog, number: int) -> None:
    order, at = log.state(log.pick(log.orders, number)), log.at
    line = order.lines[0]
    product = log.state(line.product_id)
    kind = number // 3 % 6
    if kind == 0:
        events = order.open_session(provider="sandbox", session_id=f"s-{number}", at=at)
    elif kind == 1:
        events = order.record_failure(intent_id=f"f-{number}", reason="Refused.", at=at)
    elif kind == 2:
        is_added = order.taxes is not None and order.taxes.is_added
        tax = Money(minor=order.total.minor // 10)
        events = order.record_payment(
            order.total + tax if is_added else order.total,
            fee=Money(minor=order.total.minor // 20),
            intent_id="p",
            tax=tax,
            at=at,
        )
        if any(isinstance(event, OrderPaid) for event in events):
            end_discount(log, order, is_paid=True)
            log.append(products.PRODUCT, order.store_id, product.sell(line.variant_id, order_id=order.id, at=at))
    elif kind == 3:
        events = order.cancel(reason="Not paid in time.", at=at)
        end_discount(log, order, is_paid=False)
        log.append(products.PRODUCT, order.store_id, product.release(line.variant_id, order_id=order.id, at=at))
    elif kind == 4:
        odd = order.total + Money(minor=1)
        events = order.record_payment(odd, fee=Money(minor=0), intent_id=f"o-{number}", at=at)
    else:
        events = fulfil(order, carrier="Post", tracking_number=f"T{number}", at=at)
    log.append(orders.ORDER, order.store_id, events)


def buy_from_supplier(log: HistoryLog, number: int) -> None:
    order, at = log.state(log.pick(log.orders, number)), log.at
    kind, provider = number // 3 % 9, SupplierProvider.SAMPLE
    line = order.lines[0]
    decisions: list[Callable[[], Sequence[DomainEvent]]] = [
        lambda: record_answer(order, [_sourced(line, 1)], at=at),
        lambda: record_answer(order, [_sourced(line, 1_000_000)], at=at),
        lambda: record_silence(order, reason="It is away.", at=at),
        lambda: request_check(order, at=at),
        lambda: buy_anyway(order, at=at),
        lambda: substitute(order, {line.variant_id: _other(number, line)}, at=at),
        lambda: request_supplier_orders(order, {provider: []}, by_hand=number % 2 == 0, at=at),
        lambda: record_supplier_order(order, provider, external_id=f"SO-{number}", reason="", at=at),
        lambda: record_supplier_order(order, provider, external_id=None, reason="Sold out.", at=at),
    ]
    log.append(orders.ORDER, order.store_id, decisions[kind]())


def change_parcel(log: HistoryLog, number: int) -> None:
    order, at = log.state(log.pick(log.orders, number)), log.at
    if number % 11 == 0:
        events = cancel_by_merchant(order, refund_id=log.new_id(), reason="Sold out", at=at)
        for event in events:
            take_back(log, order, event)
    elif number % 3 == 0:
        count = len(order.after.parcels)
        events = correct_parcel(order, 1 + number % 2 if count else 0, carrier="UPS", tracking_number=None, at=at)
    else:
        lines = [Pieces(variant_id=order.lines[0].variant_id, quantity=1)]
        events = ship_parcel(order, lines, carrier="Post", tracking_number=f"P{number}", at=at)
    log.append(orders.ORDER, order.store_id, events)


def record_mail(log: HistoryLog, number: int) -> None:
    order = log.state(log.pick(log.orders, number))
    outcome = record_outcome(
        log.new_id(),
        store_id=order.store_id,
        order_id=order.id if number % 4 else None,
        kind=list(MailKind)[number % len(MailKind)],
        message_id=f"{number}@shops.example",
        refusal="550 5.1.1" if number % 3 == 0 else None,
        at=log.at,
    )
    log.append(MAIL, order.store_id, outcome)


def _sourced(line: OrderLine, cost: int) -> SourcedLine:
    zero = Money(minor=0)
    return SourcedLine(
        variant_id=line.variant_id, quantity=line.quantity, cost=Money(minor=cost), freight=zero, duty=zero, stock=9
    )


def _other(number: int, line: OrderLine) -> Offer:
    return Offer(
        product_id=derived(NAMESPACE, "other"),
        variant_id=derived(NAMESPACE, "other", str(number)),
        title=f"Other {number}",
        variant_title="Default",
        price=line.unit_price,
    )
