"""A paid order is bought only if its goods can be had and it loses no money; otherwise the merchant decides."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel import DomainError, InvalidInput
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order.after_sale.events import PaidOrderCancelled, Pieces, RefundRequested
from domain.order.after_sale.sourcing_events import (
    HoldDecision,
    HoldReason,
    LineSubstituted,
    OrderHeld,
    OrderReleased,
    SourcedLine,
    SourcingChecked,
    SourcingCheckRequested,
    SupplierOrderFailed,
    SupplierOrderLine,
    SupplierOrderPlaced,
    SupplierOrderRequested,
)
from domain.order.after_sale.sourcing_state import SupplierOrderStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import Order
from domain.order.cancellation import cancel_by_merchant
from domain.order.events import OrderEvent, OrderStatus
from domain.order.fulfillment import fulfil, ship_parcel
from domain.order.refunds import record_refund
from domain.order.sourcing import (
    Offer,
    buy_anyway,
    cost_of,
    income_of,
    record_answer,
    record_silence,
    refund_held,
    request_check,
    substitute,
)
from domain.order.sourcing_errors import NotToBeBought, OrderNotHeld
from domain.order.supplier_orders import record_supplier_order, request_supplier_orders
from tests.support.builders.samples import NOON
from tests.unit.domain.test_order import LINES, fold, head, paid, pending
from tests.unit.domain.test_refunds import refund, said

LAMPS, MUG = LINES[0].variant_id, LINES[1].variant_id
BOUGHT = [SupplierOrderLine(source_id="SS-1", sku="SS-1-01", variant_title="Violet", quantity=2)]
SAMPLE = SupplierProvider.SAMPLE


def usd(minor: int) -> Money:
    return Money(minor=minor)


def sourced(lamp: int, mug: int, *, freight: int = 0, duty: int = 0, stock: int | None = 9) -> list[SourcedLine]:
    return [
        SourcedLine(variant_id=id, quantity=quantity, cost=usd(cost), freight=usd(freight), duty=usd(duty), stock=stock)
        for id, quantity, cost in ((LAMPS, 2, lamp), (MUG, 1, mug))
    ]


def held(order: Order | None = None) -> Order:
    order = paid() if order is None else order
    return fold(record_answer(order, sourced(100_000, 1), at=NOON), order)


def checked() -> Order:
    return fold(record_answer(paid(), sourced(1, 1), at=NOON), paid())


@given(
    costs=st.tuples(*[st.integers(0, 4000)] * 2),
    freight=st.integers(0, 700),
    duty=st.integers(0, 300),
    fee=st.integers(0, 1000),
    off=st.integers(0, 800),
    stock=st.integers(0, 4),
)
def test_an_order_is_bought_exactly_if_it_can_be_had_and_loses_no_money(
    costs: tuple[int, int], freight: int, duty: int, fee: int, off: int, stock: int
) -> None:
    order = replace(paid(), discounts={LAMPS: off})
    assert order.intent_id is not None
    payment = replace(order.after.payments[order.intent_id], fee=usd(fee))
    order = replace(order, after=order.after.with_payment(order.intent_id, payment))
    lines = sourced(*costs, freight=freight, duty=duty, stock=stock)
    goods = sum(line.total.minor for line in order.lines) - off
    income = goods + order.shipping.minor - fee
    cost = 2 * costs[0] + costs[1] + 3 * (freight + duty)
    (event,) = record_answer(order, lines, at=NOON)
    if stock < 2:
        assert isinstance(event, OrderHeld)
        assert event.reason is HoldReason.UNAVAILABLE
    elif cost > income:
        assert isinstance(event, OrderHeld)
        assert (event.reason, event.loss) == (HoldReason.LOSS, usd(cost - max(0, income)))
    else:
        assert event == SourcingChecked(**head(order), lines=lines, cost=usd(cost), income=usd(income))


def test_what_is_gone_is_named_and_another_currency_is_unclear() -> None:
    lines = sourced(1, 1)
    gone = [lines[0].model_copy(update={"cost": None, "freight": None, "duty": None, "stock": 0}), lines[1]]
    (event,) = record_answer(paid(), gone, at=NOON)
    assert isinstance(event, OrderHeld)
    assert "2 × “" in event.message
    assert "(gone)" in event.message
    euros = [lines[0].model_copy(update={"cost": Money(minor=1, currency="EUR")}), lines[1]]
    (unclear,) = record_answer(paid(), euros, at=NOON)
    assert isinstance(unclear, OrderHeld)
    assert unclear.reason is HoldReason.UNCLEAR
    assert cost_of(euros, "USD") is None


def test_goods_of_the_merchants_own_need_no_supplier() -> None:
    (event,) = record_answer(paid(), sourced(1, 1, stock=None), at=NOON)
    assert isinstance(event, SourcingChecked)


def test_a_supplier_that_does_not_answer_is_not_a_loss() -> None:
    (event,) = record_silence(paid(), reason="It did not answer.", at=NOON)
    assert event == OrderHeld(
        **head(paid()), reason=HoldReason.UNREACHABLE, message="It did not answer.", lines=[], loss=None
    )
    order = fold([event], paid())
    again = fold(request_check(order, at=NOON), order)
    assert again.after.sourcing.held is HoldReason.UNREACHABLE
    better = fold(record_answer(again, sourced(1, 1), at=NOON), again)
    assert (better.after.sourcing.held, better.after.sourcing.may_buy) == (None, True)


@pytest.mark.parametrize(
    "order",
    [
        pending(),
        fold(cancel_by_merchant(paid(), refund_id=uuid4(), reason="", at=NOON), paid()),
        fold(fulfil(paid(), carrier=None, tracking_number=None, at=NOON), paid()),
        checked(),
    ],
    ids=["unpaid", "cancelled", "sent", "checked"],
)
def test_an_answer_about_a_decided_order_changes_nothing(order: Order) -> None:
    assert record_answer(order, sourced(100_000, 1), at=NOON) == ()
    assert record_silence(order, reason="away", at=NOON) == ()
    for decide in (buy_anyway, request_check):
        with pytest.raises(OrderNotHeld):
            decide(order, at=NOON)
    with pytest.raises(OrderNotHeld):
        refund_held(order, refund_id=uuid4(), reason="", at=NOON)


def test_what_was_refunded_is_not_income() -> None:
    order, event = refund(paid(), amount=usd(1000))
    assert income_of(paid()) - income_of(order) == usd(1000) - event.fee_refund
    failed = fold(record_refund(order, said(event, RefundStatus.FAILED), at=NOON), order)
    assert income_of(failed) == income_of(paid())


def test_a_held_order_is_bought_anyway_once() -> None:
    order = held()
    (event,) = buy_anyway(order, at=NOON)
    assert event == OrderReleased(**head(order), decision=HoldDecision.BUY_ANYWAY)
    released = fold([event], order)
    assert released.after.sourcing.may_buy
    with pytest.raises(OrderNotHeld):
        buy_anyway(released, at=NOON)
    assert record_answer(released, sourced(100_000, 1), at=NOON) == ()


def offer(**changes: object) -> Offer:
    whole: dict[str, object] = {
        "product_id": uuid4(),
        "variant_id": uuid4(),
        "title": "Floor lamp",
        "variant_title": "Violet",
        "price": usd(LINES[0].unit_price.minor + 300),
    }
    return Offer(**whole | changes)  # type: ignore[arg-type]


def test_a_substitute_is_sent_at_the_merchants_cost() -> None:
    order, other = held(), offer()
    line, released, check = substitute(order, {LAMPS: other}, at=NOON)
    assert isinstance(line, LineSubstituted)
    assert (line.quantity, line.extra_cost, line.substitute_id) == (2, usd(600), other.variant_id)
    assert isinstance(released, OrderReleased)
    assert isinstance(check, SourcingCheckRequested)
    order = fold([line, released, check], order)
    assert order.after.sourcing.substitutes[LAMPS].title == "Floor lamp"
    assert order.total == paid().total
    # Nothing is bought before the supplier was asked about these goods.
    assert (order.after.sourcing.held, order.after.sourcing.may_buy) == (None, False)


def test_an_order_with_substitutes_may_lose_what_they_cost_more_than_their_lines_and_no_cent_beyond() -> None:
    before = held()
    order = fold(substitute(before, {LAMPS: offer()}, at=NOON), before)
    # The two lamps are 3.00 dearer each. The mug is free here.
    most = income_of(order).minor // 2 + 300
    (good,) = record_answer(order, sourced(most, 0), at=NOON)
    assert isinstance(good, SourcingChecked)
    (bad,) = record_answer(order, sourced(most + 1, 0), at=NOON)
    assert isinstance(bad, OrderHeld)
    assert (bad.reason, bad.loss) == (HoldReason.LOSS, usd(2 * most + 2) - income_of(order))
    assert f"You agreed to {usd(600)}" in bad.message
    (short,) = record_answer(order, sourced(1, 0, stock=1), at=NOON)
    assert isinstance(short, OrderHeld)
    assert "2 × “Floor lamp” (1 left)" in short.message


@pytest.mark.parametrize(
    ("offers", "field"),
    [
        ({}, "lines"),
        ({uuid4(): offer()}, "lines.0.variant_id"),
        ({LAMPS: offer(variant_id=LAMPS)}, "lines.0.substitute_id"),
        ({LAMPS: offer(price=Money(minor=1, currency="EUR"))}, "lines.0.substitute_id"),
    ],
)
def test_bad_substitutes_are_refused_by_field(offers: dict[UUID, Offer], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        substitute(held(), offers, at=NOON)
    assert refusal.value.field == field


def test_a_held_order_is_refunded_and_only_pieces_that_can_be_had_go_into_stock() -> None:
    for order, restock in ((held(), True), (fold(record_silence(paid(), reason="away", at=NOON), paid()), False)):
        released, cancelled, asked = refund_held(order, refund_id=uuid4(), reason="Sold out", at=NOON)
        assert isinstance(released, OrderReleased)
        assert isinstance(cancelled, PaidOrderCancelled)
        assert isinstance(asked, RefundRequested)
        assert asked.amount == order.total
        assert {line.restock for line in asked.lines} == {restock}
        assert fold([released, cancelled, asked], order).status is OrderStatus.CANCELLED


def test_what_was_sent_stays_with_the_shopper_when_the_rest_is_refunded() -> None:
    parcel = ship_parcel(paid(), [Pieces(variant_id=MUG, quantity=1)], carrier=None, tracking_number=None, at=NOON)
    order = held(fold(parcel, paid()))
    _, asked = refund_held(order, refund_id=uuid4(), reason="", at=NOON)
    assert isinstance(asked, RefundRequested)
    assert [(line.variant_id, line.quantity, line.unsent) for line in asked.lines] == [(LAMPS, 2, 2)]


def test_an_order_is_requested_once_at_each_supplier_and_again_only_by_hand_after_a_failure() -> None:
    order = checked()
    (event,) = request_supplier_orders(order, {SAMPLE: BOUGHT}, by_hand=False, at=NOON)
    assert isinstance(event, SupplierOrderRequested)
    order = fold([event], order)
    assert request_supplier_orders(order, {SAMPLE: BOUGHT}, by_hand=False, at=NOON) == []
    with pytest.raises(NotToBeBought, match="at the supplier already"):
        request_supplier_orders(order, {SAMPLE: BOUGHT}, by_hand=True, at=NOON)
    (failed,) = record_supplier_order(order, SAMPLE, external_id=None, reason="Sold out", at=NOON)
    assert failed == SupplierOrderFailed(**head(order), provider=SAMPLE, reason="Sold out", attempt=1)
    order = fold([failed], order)
    assert record_supplier_order(order, SAMPLE, external_id="SO-1", reason="", at=NOON) == ()
    assert request_supplier_orders(order, {SAMPLE: BOUGHT}, by_hand=False, at=NOON) == []
    (again,) = request_supplier_orders(order, {SAMPLE: BOUGHT}, by_hand=True, at=NOON)
    assert isinstance(again, SupplierOrderRequested)
    assert (again.attempt, again.idempotency_key) == (2, event.idempotency_key)
    order = fold([again], order)
    (refused,) = record_supplier_order(order, SAMPLE, external_id=None, reason="Sold out", at=NOON, refused=True)
    order = fold([refused], order)
    keys = {event.idempotency_key}
    for attempt in (3, 4):
        # A supplier may repeat its refusal for a key that it knows.
        (again,) = request_supplier_orders(order, {SAMPLE: BOUGHT}, by_hand=True, at=NOON)
        assert isinstance(again, SupplierOrderRequested)
        assert (again.attempt, again.idempotency_key in keys) == (attempt, attempt == 4)
        keys.add(again.idempotency_key)
        (failed,) = record_supplier_order(fold([again], order), SAMPLE, external_id=None, reason="?", at=NOON)
        order = fold([again, failed], order)
    (again,) = request_supplier_orders(order, {SAMPLE: BOUGHT}, by_hand=True, at=NOON)
    order = fold([again], order)
    (placed,) = record_supplier_order(order, SAMPLE, external_id="SO-1", reason="", at=NOON)
    assert placed == SupplierOrderPlaced(**head(order), provider=SAMPLE, external_id="SO-1")
    order = fold([placed], order)
    assert record_supplier_order(order, SAMPLE, external_id=None, reason="late", at=NOON) == ()
    assert order.after.sourcing.orders[SAMPLE].status is SupplierOrderStatus.PLACED


@pytest.mark.parametrize("order", [paid(), held(), pending()], ids=["unchecked", "held", "unpaid"])
def test_what_may_not_be_bought_is_not_requested(order: Order) -> None:
    for by_hand in (True, False):
        with pytest.raises(NotToBeBought):
            request_supplier_orders(order, {SAMPLE: BOUGHT}, by_hand=by_hand, at=NOON)


MOVES: dict[str, Callable[[Order], Sequence[OrderEvent]]] = {
    "good": lambda order: record_answer(order, sourced(1, 1), at=NOON),
    "bad": lambda order: record_answer(order, sourced(100_000, 1), at=NOON),
    "silent": lambda order: record_silence(order, reason="away", at=NOON),
    "again": lambda order: request_check(order, at=NOON),
    "anyway": lambda order: buy_anyway(order, at=NOON),
    "other": lambda order: substitute(order, {LAMPS: offer()}, at=NOON),
    "back": lambda order: refund_held(order, refund_id=uuid4(), reason="", at=NOON),
    "cancel": lambda order: cancel_by_merchant(order, refund_id=uuid4(), reason="", at=NOON),
    "ship": lambda order: fulfil(order, carrier=None, tracking_number=None, at=NOON),
    "policy": lambda order: request_supplier_orders(order, {SAMPLE: BOUGHT}, by_hand=False, at=NOON),
    "hand": lambda order: request_supplier_orders(order, {SAMPLE: BOUGHT}, by_hand=True, at=NOON),
    "placed": lambda order: record_supplier_order(order, SAMPLE, external_id="SO-1", reason="", at=NOON),
    "failed": lambda order: record_supplier_order(order, SAMPLE, external_id=None, reason="no", at=NOON),
}


@given(moves=st.lists(st.sampled_from(sorted(MOVES)), max_size=20))
def test_nothing_is_requested_while_an_order_is_held_and_nothing_is_placed_twice(moves: list[str]) -> None:
    order, placed, keys = paid(), 0, set[str]()
    for move in moves:
        try:
            events = MOVES[move](order)
        except DomainError:
            continue
        for event in events:
            if isinstance(event, SupplierOrderRequested):
                assert order.after.sourcing.held is None
                assert order.status is OrderStatus.PAID
                keys.add(event.idempotency_key)
            placed += isinstance(event, SupplierOrderPlaced)
        order = fold(events, order)
    assert placed <= 1
    assert len(keys) <= 1
