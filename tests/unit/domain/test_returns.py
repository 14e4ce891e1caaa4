"""Returns: who may ask for what and until when, the merchant's decision, and money or goods for it once."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.editing import ChangedMeanwhile, revision_of
from domain.kernel import DomainError, InvalidInput, NotFound
from domain.money import Money
from domain.order.after_sale.events import Pieces, RefundedPieces, RefundRequested
from domain.order.after_sale.return_events import ReceivedPieces, ReturnedPieces, ReturnRequested
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import Order
from domain.order.errors import OrderNotOpen
from domain.order.events import OrderEvent, OrderStatus, WithdrawnLine
from domain.order.fulfillment import deliver, fulfil, pieces_to_send, ship_parcel
from domain.order.refund_ports import RefundAnswer
from domain.order.refunds import RefundWish, record_refund, request_refund
from domain.order.return_errors import NothingToReturn, ReturnNotOpen, ReturnWindowOver, WithdrawalStands
from domain.order.returns import (
    ReturnWish,
    approve_return,
    decline_return,
    receive_return,
    refund_return,
    request_return,
    return_parts,
    returnable_pieces,
    send_replacement,
)
from domain.order.withdrawal import withdraw
from domain.store.return_policy import REASONS, ReturnPolicy, checked_policy
from tests.support.builders.samples import NOON, sealed
from tests.unit.domain.test_order import LINES, fold, head, paid
from tests.unit.domain.test_refunds import refund, said

LAMPS, MUG = LINES[0].variant_id, LINES[1].variant_id
TODAY = NOON.date()
POLICY = ReturnPolicy()


def sent() -> Order:
    return fold(fulfil(paid(), carrier="DHL", tracking_number="1Z", at=NOON), paid())


def ask(order: Order, *lines: tuple[UUID, int], policy: ReturnPolicy = POLICY, today: date = TODAY) -> Order:
    pieces = [ReturnedPieces(variant_id=id, quantity=quantity) for id, quantity in lines or [(LAMPS, 1)]]
    wish = ReturnWish(lines=pieces, reason=REASONS[0])
    return fold(request_return(order, wish, policy=policy, today=today, at=NOON), order)


def approve(order: Order, number: int = 1) -> Order:
    return fold(approve_return(order, number, instructions="", address=None, at=NOON), order)


def receive(order: Order, number: int = 1, *, restock: bool = False) -> Order:
    return fold(receive_return(order, number, lines=(), restock=restock, at=NOON), order)


def pay_back(order: Order, number: int = 1) -> tuple[Order, RefundRequested]:
    (event,) = refund_return(order, number, refund_id=uuid4(), shipping=None, reason="", at=NOON)
    assert isinstance(event, RefundRequested)
    return fold([event], order), event


def paid_apart(order: Order, amount: Money) -> Order:
    """Return the order after a refund of an amount, such as for a late parcel."""
    wish = RefundWish(refund_id=uuid4(), amount=amount, reason="Late")
    return fold(request_refund(order, wish, at=NOON), order)


def took_back(order: Order, *lines: tuple[UUID, int], today: date = TODAY) -> Order:
    asked = [WithdrawnLine(variant_id=id, quantity=quantity) for id, quantity in lines]
    return fold(withdraw(order, asked, name=sealed(), email=sealed(), today=today, at=NOON), order)


def test_a_second_editor_does_not_overwrite_where_the_goods_of_a_return_go() -> None:
    asked = ask(sent())
    seen = revision_of(return_parts("", None))
    first = fold(approve_return(asked, 1, instructions="Use the box.", address=None, at=NOON, seen=seen), asked)
    with pytest.raises(ChangedMeanwhile, match="return instructions"):
        approve_return(first, 1, instructions="Use a bag.", address=None, at=NOON, seen=seen)


def test_a_return_names_pieces_reason_and_the_last_day() -> None:
    order = fold(deliver(sent(), on=TODAY, today=TODAY, at=NOON), sent())
    wish = ReturnWish(lines=[ReturnedPieces(variant_id=LAMPS, quantity=2)], reason=REASONS[1], note=sealed())
    events = request_return(order, wish, policy=POLICY, today=TODAY, at=NOON)
    assert events == (
        ReturnRequested(
            **head(order),
            number=1,
            lines=list(wish.lines),
            reason=REASONS[1],
            note=wish.note,
            deadline=date(2026, 12, 7),
        ),
    )
    assert returnable_pieces(fold(events, order)) == {MUG: 1}


@pytest.mark.parametrize(
    ("lines", "reason", "field"),
    [
        ([], REASONS[0], "lines"),
        ([(LAMPS, 0)], REASONS[0], "lines.0.quantity"),
        ([(LAMPS, -1)], REASONS[0], "lines.0.quantity"),
        ([(LAMPS, 3)], REASONS[0], "lines.0.quantity"),
        ([(LAMPS, 2), (LAMPS, 1)], REASONS[0], "lines.1.quantity"),
        ([(uuid4(), 1)], REASONS[0], "lines.0.variant_id"),
        ([(LAMPS, 1)], "Because", "reason"),
    ],
)
def test_bad_input_is_refused_by_field(lines: list[tuple[UUID, int]], reason: str, field: str) -> None:
    wish = ReturnWish(lines=[ReturnedPieces(variant_id=id, quantity=n) for id, n in lines], reason=reason)
    with pytest.raises(InvalidInput) as refusal:
        request_return(sent(), wish, policy=POLICY, today=TODAY, at=NOON)
    assert refusal.value.field == field


def test_only_what_was_sent_is_returned_once() -> None:
    with pytest.raises(NothingToReturn):
        ask(paid())
    one_parcel = ship_parcel(
        paid(), [Pieces(variant_id=LAMPS, quantity=1)], carrier=None, tracking_number=None, at=NOON
    )
    order = ask(fold(one_parcel, paid()), (LAMPS, 1))
    with pytest.raises(NothingToReturn):
        ask(order, (LAMPS, 1))
    assert pieces_to_send(order) == {LAMPS: 1, MUG: 1}


def test_what_was_refunded_is_not_returned() -> None:
    order, _ = refund(sent(), lines=[RefundedPieces(variant_id=LAMPS, quantity=2, restock=False)])
    with pytest.raises(InvalidInput):
        ask(order, (LAMPS, 1))
    assert returnable_pieces(order) == {MUG: 1}


@pytest.mark.parametrize(
    ("ordered", "now", "day", "is_open"),
    [(14, 14, 14, True), (14, 14, 15, False), (30, 14, 30, True), (14, 30, 30, True), (30, 14, 31, False)],
)
def test_the_better_of_two_policies_counts_until_its_last_day(ordered: int, now: int, day: int, is_open: bool) -> None:
    # A Monday, so that no period ends on a weekend.
    order = replace(sent(), delivered_on=date(2026, 11, 23), return_days=ordered)
    last = date(2026, 11, 23) + timedelta(days=day)
    policy = ReturnPolicy(days=now)
    if is_open:
        assert ask(order, policy=policy, today=last).after.returns[1].status is ReturnStatus.REQUESTED
    else:
        with pytest.raises(ReturnWindowOver):
            ask(order, policy=policy, today=last)


def test_a_return_pays_what_an_earlier_refund_of_an_amount_has_left() -> None:
    whole = paid_apart(
        took_back(sent(), *((line.variant_id, line.quantity) for line in LINES)),
        Money(minor=300, currency=LINES[0].total.currency),
    )
    assert whole.intent_id is not None
    left = whole.after.left(whole.intent_id)
    _, event = pay_back(whole)
    assert event.amount == left
    price = LINES[0].total
    part = paid_apart(sent(), Money(minor=left.minor + 300 - price.minor + 1, currency=price.currency))
    order, event = pay_back(receive(approve(ask(part, (LAMPS, 2)))))
    assert event.amount.minor == price.minor - 1
    assert order.intent_id is not None
    assert order.after.left(order.intent_id).minor == 0


def test_a_return_is_approved_received_and_paid_back_once() -> None:
    order = receive(approve(ask(sent(), (LAMPS, 2))), restock=True)
    order, event = pay_back(order)
    assert event.amount == LINES[0].total
    assert (event.return_number, event.shipping.minor) == (1, 0)
    assert [(line.quantity, line.unsent, line.restock) for line in event.lines] == [(2, 0, True)]
    with pytest.raises(ReturnNotOpen):
        pay_back(order)
    with pytest.raises(ReturnNotOpen):
        send_replacement(order, 1, carrier=None, tracking_number=None, at=NOON)
    assert refund_return(order, 1, refund_id=event.refund_id, shipping=None, reason="", at=NOON) == ()
    failed = fold(record_refund(order, said(event, RefundStatus.FAILED), at=NOON), order)
    again, second = pay_back(failed)
    done = fold(record_refund(again, said(second, RefundStatus.SUCCEEDED, "re_2"), at=NOON), again)
    with pytest.raises(ReturnNotOpen):
        pay_back(done)
    assert done.status is OrderStatus.FULFILLED


def test_pieces_that_are_still_here_stay_to_be_sent_when_a_sent_one_is_paid_back() -> None:
    first = ship_parcel(paid(), [Pieces(variant_id=LAMPS, quantity=1)], carrier=None, tracking_number=None, at=NOON)
    order, event = pay_back(receive(approve(ask(fold(first, paid())))))
    order = fold(record_refund(order, said(event, RefundStatus.SUCCEEDED), at=NOON), order)
    assert pieces_to_send(order) == {LAMPS: 1, MUG: 1}
    assert order.status is OrderStatus.PARTLY_FULFILLED


def test_a_declined_return_ends_and_its_pieces_can_be_asked_for_again() -> None:
    order = ask(sent())
    with pytest.raises(InvalidInput):
        decline_return(order, 1, reason="", at=NOON)
    order = fold(decline_return(order, 1, reason="Used", at=NOON), order)
    assert decline_return(order, 1, reason="Used", at=NOON) == ()
    for refused in (lambda: approve(order), lambda: receive(order), lambda: pay_back(order)):
        with pytest.raises(ReturnNotOpen):
            refused()
    assert ask(order).after.returns[2].status is ReturnStatus.REQUESTED
    with pytest.raises(NotFound):
        approve(order, 2)


def test_what_came_back_can_be_less_than_what_was_asked_and_only_that_is_paid_back() -> None:
    order = approve(ask(sent(), (LAMPS, 2)))
    one = [ReceivedPieces(variant_id=LAMPS, quantity=1, restock=False)]
    with pytest.raises(InvalidInput):
        receive_return(order, 1, lines=[one[0].model_copy(update={"quantity": 3})], restock=False, at=NOON)
    with pytest.raises(InvalidInput):
        receive_return(order, 1, lines=[one[0].model_copy(update={"variant_id": MUG})], restock=False, at=NOON)
    order = fold(receive_return(order, 1, lines=one, restock=False, at=NOON), order)
    assert receive_return(order, 1, lines=(), restock=False, at=NOON) == ()
    assert pay_back(order)[1].amount == LINES[0].unit_price


def test_a_replacement_costs_nothing_and_can_come_back_once_more() -> None:
    order = receive(approve(ask(sent(), (LAMPS, 2))), restock=True)
    (event,) = send_replacement(order, 1, carrier="UPS", tracking_number="1Z9", at=NOON)
    order = fold([event], order)
    assert send_replacement(order, 1, carrier="UPS", tracking_number="1Z9", at=NOON) == ()
    with pytest.raises(ReturnNotOpen):
        pay_back(order)
    assert (order.status, order.after.refunds) == (OrderStatus.FULFILLED, {})
    assert returnable_pieces(order) == {LAMPS: 2, MUG: 1}
    # The second time, the pieces go into stock once more.
    wanted = [RefundedPieces(variant_id=LAMPS, quantity=2, restock=True)]
    assert order.after.to_restock(wanted) == {LAMPS: 2}


def test_a_withdrawal_is_a_return_that_the_law_has_approved() -> None:
    order = took_back(sent(), (LAMPS, 1))
    known = order.after.returns[1]
    assert (known.kind, known.status) == (ReturnKind.WITHDRAWAL, ReturnStatus.APPROVED)
    with pytest.raises(WithdrawalStands):
        decline_return(order, 1, reason="No", at=NOON)
    assert returnable_pieces(order) == {LAMPS: 1, MUG: 1}
    order, event = pay_back(receive(approve(order)))
    assert event.amount == LINES[0].unit_price
    # Pieces that come back as a return are not withdrawn a second time.
    assert took_back(ask(sent(), (LAMPS, 2)), (LAMPS, 2), (MUG, 1)).withdrawn == {MUG: 1}


def test_a_withdrawal_from_the_whole_order_returns_the_delivery_too() -> None:
    order = took_back(sent())
    _, event = pay_back(order)
    assert event.amount == order.total
    assert event.shipping == order.shipping


def test_a_late_withdrawal_waits_for_the_merchants_decision() -> None:
    order = replace(sent(), delivered_on=TODAY - timedelta(days=40))
    order = took_back(order, (LAMPS, 1))
    assert order.after.returns[1].status is ReturnStatus.REQUESTED
    with pytest.raises(ReturnNotOpen):
        pay_back(order)
    declined = fold(decline_return(order, 1, reason="Too late", at=NOON), order)
    assert declined.after.returns[1].status is ReturnStatus.DECLINED
    assert approve(order).after.returns[1].status is ReturnStatus.APPROVED


def test_an_unsent_withdrawal_leaves_nothing_to_send() -> None:
    order, event = pay_back(took_back(paid()))
    assert sum(line.unsent for line in event.lines) == order.items
    assert pieces_to_send(order) == {}
    done = fold(record_refund(order, said(event, RefundStatus.SUCCEEDED), at=NOON), order)
    assert done.status is OrderStatus.REFUNDED


def test_two_lost_refunds_that_both_succeed_count_unsent_pieces_once() -> None:
    mug = [RefundedPieces(variant_id=MUG, quantity=1, restock=False)]
    order, first = refund(paid(), lines=mug)
    order = fold(record_refund(order, said(first, RefundStatus.FAILED, None), at=NOON), order)
    order, second = refund(order, lines=mug)
    for event, id in ((first, "re_1"), (second, "re_2")):
        order = fold(record_refund(order, said(event, RefundStatus.SUCCEEDED, id), at=NOON), order)
    assert order.after.unsent_items(order.quantities) == 1
    assert pieces_to_send(order) == {LAMPS: 2}
    sent = fold(fulfil(order, carrier=None, tracking_number=None, at=NOON), order)
    assert (order.status, sent.status) == (OrderStatus.PAID, OrderStatus.FULFILLED)


Step = tuple[str, int, int]


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(
                ("ship", "ask", "withdraw", "approve", "decline", "receive", "refund", "answer", "replace", "plain")
            ),
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        max_size=25,
    )
)
def test_no_piece_is_paid_back_twice_whatever_is_done_in_whatever_order(steps: list[Step]) -> None:
    order = paid()
    for step, one, other in steps:
        try:
            order = fold(MOVES[step](order, one, other), order)
        except DomainError:
            continue
        assert set(returnable_pieces(order).values()) <= {1, 2}
        gone = Counter(order.after.refunded_pieces())
        assert all(gone[line.variant_id] <= line.quantity for line in order.lines)
        assert order.after.refunded_minor(order.intent_id) <= order.total.minor
        for each in order.after.returns.values():
            assert each.status is not ReturnStatus.REPLACED or _is_unpaid(order, each.refund_id)


def _is_unpaid(order: Order, refund_id: UUID | None) -> bool:
    return refund_id is None or order.after.refunds[refund_id].status is RefundStatus.FAILED


def _answer(order: Order, one: int, other: int) -> list[OrderEvent]:
    waiting = [id for id, each in order.after.refunds.items() if each.status is RefundStatus.REQUESTED]
    if not waiting:
        raise OrderNotOpen(order.id, order.status, "answered")
    id = waiting[one % len(waiting)]
    known = order.after.refunds[id]
    status = RefundStatus.FAILED if other == 0 else RefundStatus.SUCCEEDED
    answer = RefundAnswer(
        refund_id=id, external_id=f"re_{id.hex}", intent_id=known.intent_id, amount=known.amount, status=status
    )
    return list(record_refund(order, answer, at=NOON))


MOVES: dict[str, Callable[[Order, int, int], list[OrderEvent]]] = {
    "ship": lambda order, one, other: list(
        ship_parcel(
            order,
            [Pieces(variant_id=(LAMPS, MUG)[one % 2], quantity=1 + other % 2)],
            carrier=None,
            tracking_number=None,
            at=NOON,
        )
    ),
    "ask": lambda order, one, other: list(
        request_return(
            order,
            ReturnWish(
                lines=[ReturnedPieces(variant_id=(LAMPS, MUG)[one % 2], quantity=1 + other % 2)], reason=REASONS[0]
            ),
            policy=POLICY,
            today=TODAY,
            at=NOON,
        )
    ),
    "withdraw": lambda order, one, other: list(
        withdraw(
            order,
            [WithdrawnLine(variant_id=(LAMPS, MUG)[one % 2], quantity=1 + other % 2)],
            name=sealed(),
            email=sealed(),
            today=TODAY,
            at=NOON,
        )
    ),
    "approve": lambda order, one, _: list(approve_return(order, 1 + one, instructions="", address=None, at=NOON)),
    "decline": lambda order, one, _: list(decline_return(order, 1 + one, reason="No", at=NOON)),
    "receive": lambda order, one, other: list(
        receive_return(order, 1 + one, lines=(), restock=other % 2 == 0, at=NOON)
    ),
    "refund": lambda order, one, _: list(
        refund_return(order, 1 + one, refund_id=uuid4(), shipping=None, reason="", at=NOON)
    ),
    "answer": _answer,
    "replace": lambda order, one, _: list(
        send_replacement(order, 1 + one, carrier=None, tracking_number=None, at=NOON)
    ),
    "plain": lambda order, one, other: [
        refund(
            order,
            lines=[RefundedPieces(variant_id=(LAMPS, MUG)[one % 2], quantity=1 + other % 2, restock=False)],
        )[1]
    ],
}


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        (ReturnPolicy(days=13), "days"),
        (ReturnPolicy(days=366), "days"),
        (ReturnPolicy(reasons=[]), "reasons"),
        (ReturnPolicy(reasons=["x"] * 21), "reasons"),
        (ReturnPolicy(reasons=["Too big", " too  BIG "]), "reasons"),
        (ReturnPolicy(reasons=["ok", " "]), "reasons.1"),
        (ReturnPolicy(reasons=["x" * 81]), "reasons.0"),
        (ReturnPolicy(reasons=["a\u202eb"]), "reasons.0"),
    ],
)
def test_rules_for_returns_are_checked_by_field(policy: ReturnPolicy, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        checked_policy(policy)
    assert refusal.value.field == field


def test_rules_for_returns_are_kept_in_one_form() -> None:
    assert checked_policy(ReturnPolicy(days=30, reasons=["  Too   big "])) == ReturnPolicy(days=30, reasons=["Too big"])
