"""Sending an order in parcels, and cancelling it before anything is sent."""

from uuid import UUID, uuid4

import pytest

from domain.editing import ChangedMeanwhile, revision_of
from domain.kernel import InvalidInput
from domain.order.after_sale.events import (
    PaidOrderCancelled,
    ParcelCorrected,
    ParcelShipped,
    Pieces,
    RefundedPieces,
    RefundRequested,
)
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import Order
from domain.order.cancellation import cancel_by_merchant
from domain.order.errors import OrderNotOpen
from domain.order.events import OrderStatus
from domain.order.fulfillment import correct_parcel, deliver, fulfil, parcel_parts, pieces_to_send, ship_parcel
from domain.order.refunds import record_refund
from tests.support.builders.samples import NOON, dollars
from tests.unit.domain.test_order import LINES, cancelled, fold, head, paid, pending
from tests.unit.domain.test_refunds import refund, said

LAMPS, MUG = LINES[0].variant_id, LINES[1].variant_id


def ship(order: Order, *lines: tuple[UUID, int], carrier: str | None = "DHL", number: str | None = "1Z") -> Order:
    pieces = [Pieces(variant_id=variant, quantity=quantity) for variant, quantity in lines]
    return fold(ship_parcel(order, pieces, carrier=carrier, tracking_number=number, at=NOON), order)


def test_an_order_is_sent_in_parcels_until_nothing_is_left() -> None:
    order = ship(paid(), (LAMPS, 1))
    assert order.status is OrderStatus.PARTLY_FULFILLED
    assert pieces_to_send(order) == {LAMPS: 1, MUG: 1}
    (rest,) = fulfil(order, carrier="UPS", tracking_number=None, at=NOON)
    assert rest == ParcelShipped(
        **head(order),
        number=2,
        lines=[Pieces(variant_id=LAMPS, quantity=1), Pieces(variant_id=MUG, quantity=1)],
        carrier="UPS",
        tracking_number=None,
    )
    order = fold([rest], order)
    assert (order.status, pieces_to_send(order)) == (OrderStatus.FULFILLED, {})


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([], "lines"),
        ([(LAMPS, 3)], "lines.0.quantity"),
        ([(LAMPS, 0)], "lines.0.quantity"),
        ([(LAMPS, 2), (LAMPS, 1)], "lines.1.quantity"),
        ([(uuid4(), 1)], "lines.0.variant_id"),
    ],
)
def test_a_parcel_holds_what_is_left_to_send(lines: list[tuple[UUID, int]], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        ship(paid(), *lines)
    assert refusal.value.field == field


def test_a_parcel_is_corrected_by_its_number() -> None:
    order = ship(ship(paid(), (LAMPS, 2)), (MUG, 1))
    events = correct_parcel(order, 1, carrier=None, tracking_number="1Z99", at=NOON)
    assert events == (ParcelCorrected(**head(order), number=1, carrier="DHL", tracking_number="1Z99"),)
    order = fold(events, order)
    assert [parcel.tracking_number for parcel in order.after.parcels] == ["1Z99", "1Z"]
    # The second tab saw the former number.
    seen = revision_of(parcel_parts("DHL", "1Z"))
    with pytest.raises(ChangedMeanwhile, match="parcel"):
        correct_parcel(order, 1, carrier="UPS", tracking_number=None, at=NOON, seen=seen)
    assert fulfil(order, carrier="UPS", tracking_number=None, at=NOON, seen=seen), "the last parcel is as it was"
    assert correct_parcel(order, 1, carrier="DHL", tracking_number=None, at=NOON) == ()
    # Nothing is left, so fulfilling again corrects the last parcel.
    (event,) = fulfil(order, carrier="UPS", tracking_number=None, at=NOON)
    assert isinstance(event, ParcelCorrected)
    assert (event.number, event.carrier) == (2, "UPS")
    with pytest.raises(InvalidInput):
        correct_parcel(order, 3, carrier="UPS", tracking_number=None, at=NOON)


def test_pieces_that_are_refunded_are_not_sent_and_the_rest_completes_the_order() -> None:
    order, event = refund(paid(), lines=[RefundedPieces(variant_id=LAMPS, quantity=1, restock=True)])
    assert [line.unsent for line in event.lines] == [1]
    assert pieces_to_send(order) == {LAMPS: 1, MUG: 1}
    order = ship(order, (LAMPS, 1), (MUG, 1))
    assert order.status is OrderStatus.PARTLY_FULFILLED, "the refund may still fail"
    order = fold(record_refund(order, said(event, RefundStatus.SUCCEEDED), at=NOON), order)
    assert order.status is OrderStatus.FULFILLED
    order = fold(record_refund(order, said(event, RefundStatus.FAILED), at=NOON), order)
    assert (order.status, pieces_to_send(order)) == (OrderStatus.PARTLY_FULFILLED, {LAMPS: 1})


def test_a_refund_of_sent_pieces_leaves_nothing_more_to_send() -> None:
    order = fold(fulfil(paid(), carrier=None, tracking_number=None, at=NOON), paid())
    order, event = refund(order, lines=[RefundedPieces(variant_id=LAMPS, quantity=1, restock=False)])
    assert [line.unsent for line in event.lines] == [0]
    order = fold(record_refund(order, said(event, RefundStatus.SUCCEEDED), at=NOON), order)
    assert order.status is OrderStatus.FULFILLED


@pytest.mark.parametrize("order", [pending(), cancelled()])
def test_an_unpaid_order_is_not_sent(order: Order) -> None:
    with pytest.raises(OrderNotOpen):
        ship(order, (LAMPS, 1))


def test_an_order_that_is_partly_sent_is_not_delivered() -> None:
    order = ship(paid(), (LAMPS, 1))
    with pytest.raises(OrderNotOpen):
        deliver(order, on=NOON.date(), today=NOON.date(), at=NOON)
    order = ship(order, (LAMPS, 1), (MUG, 1))
    assert len(deliver(order, on=NOON.date(), today=NOON.date(), at=NOON)) == 1


def test_a_cancelled_order_is_refunded_whole_and_its_stock_goes_back() -> None:
    order, id = paid(), uuid4()
    first, second = cancel_by_merchant(order, refund_id=id, reason="Sold out", at=NOON)
    assert first == PaidOrderCancelled(**head(order), reason="Sold out")
    assert isinstance(second, RefundRequested)
    assert (second.originator_version, second.amount) == (order.version + 2, dollars("49.98"))
    assert all(line.restock and line.unsent == line.quantity for line in second.lines)
    order = fold([first, second], order)
    assert order.status is OrderStatus.CANCELLED
    assert cancel_by_merchant(order, refund_id=uuid4(), reason="", at=NOON) == ()
    with pytest.raises(OrderNotOpen):
        ship(order, (LAMPS, 1))
    order = fold(record_refund(order, said(second, RefundStatus.SUCCEEDED), at=NOON), order)
    assert order.status is OrderStatus.CANCELLED


def test_a_cancellation_refunds_what_is_left_and_restocks_only_what_was_not_refunded() -> None:
    order, _ = refund(paid(), lines=[RefundedPieces(variant_id=LAMPS, quantity=2, restock=False)])
    _, second = cancel_by_merchant(order, refund_id=uuid4(), reason="", at=NOON)
    assert isinstance(second, RefundRequested)
    assert second.amount == dollars("10.00")
    assert [(line.variant_id, line.quantity) for line in second.lines] == [(MUG, 1)]


def test_an_order_of_which_something_was_sent_is_not_cancelled() -> None:
    with pytest.raises(OrderNotOpen, match="Refund it instead"):
        cancel_by_merchant(ship(paid(), (LAMPS, 1)), refund_id=uuid4(), reason="", at=NOON)


def test_a_failed_refund_of_a_cancelled_order_can_be_asked_again() -> None:
    order = paid()
    events = cancel_by_merchant(order, refund_id=uuid4(), reason="", at=NOON)
    order = fold(events, order)
    asked = events[1]
    assert isinstance(asked, RefundRequested)
    order = fold(record_refund(order, said(asked, RefundStatus.FAILED), at=NOON), order)
    order, again = refund(order)
    assert again.amount == dollars("49.98")
