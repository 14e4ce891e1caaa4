"""Refunds: what may be paid back, the fee that goes back with it, and what the provider says, in any order."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.kernel import DomainError, InvalidInput
from domain.money import Money
from domain.order.after_sale.events import (
    RefundedPieces,
    RefundFailed,
    RefundReported,
    RefundRequested,
    RefundSucceeded,
)
from domain.order.after_sale.state import Payment, RefundStatus
from domain.order.aggregate import Order
from domain.order.errors import NothingToRefund, RefundTooLarge
from domain.order.events import OrderEvent, OrderStatus
from domain.order.ports import PaymentConfirmed
from domain.order.refund_ports import RefundAnswer
from domain.order.refunds import RefundWish, record_refund, request_refund
from tests.support.builders.samples import NOON, dollars
from tests.support.examples import drawn
from tests.unit.domain.test_order import LINES, STORE_ID, fold, head, paid, pending

LAMPS, MUG = LINES[0].variant_id, LINES[1].variant_id


def refund(order: Order, **wish: object) -> tuple[Order, RefundRequested]:
    wished = {"refund_id": uuid4()} | wish
    (event,) = request_refund(order, RefundWish(**wished), at=NOON)  # type: ignore[arg-type]
    assert isinstance(event, RefundRequested)
    return fold([event], order), event


def said(event: RefundRequested, status: RefundStatus, external_id: str | None = "re_1") -> RefundAnswer:
    return RefundAnswer(
        refund_id=event.refund_id,
        external_id=external_id,
        intent_id=event.intent_id,
        amount=event.amount,
        status=status,
        reason="expired card" if status is RefundStatus.FAILED else "",
    )


def elsewhere(amount: str, status: RefundStatus, external_id: str = "re_dash", intent_id: str = "pi_1") -> RefundAnswer:
    return RefundAnswer(
        refund_id=None, external_id=external_id, intent_id=intent_id, amount=dollars(amount), status=status
    )


def pieces(variant_id: UUID, quantity: int = 1) -> RefundedPieces:
    return RefundedPieces(variant_id=variant_id, quantity=quantity, restock=False)


def test_pieces_of_a_discounted_order_are_refunded_at_what_was_paid_for_them_however_they_are_split() -> None:
    order = replace(paid(), discounts={LAMPS: 101, MUG: 50})
    first, one = refund(order, lines=[pieces(LAMPS)])
    second, other = refund(first, lines=[pieces(LAMPS)])
    lamps = next(line for line in order.lines if line.variant_id == LAMPS)
    assert one.amount + other.amount == lamps.total - Money(minor=101)
    assert abs(one.amount.minor - other.amount.minor) == 1
    _, mug = refund(second, lines=[pieces(MUG)])
    assert mug.amount == order.lines[1].total - Money(minor=50)


def dinars(minor: int) -> Money:
    return Money(minor=minor, currency="KWD")


def in_dinars() -> Order:
    """Return a paid order of two lamps and a mug of 5.000 dinars each, less 2.000, which 6.667 and 3.333 would be of 10."""
    lines = [line.model_copy(update={"unit_price": dinars(5000)}) for line in LINES]
    order = replace(paid(), lines=tuple(lines), shipping=dinars(0), total=dinars(13_000))
    order = replace(order, discounts={LAMPS: 1333, MUG: 667})
    payment = Payment(amount=dinars(13_000), fee=dinars(0))
    return replace(order, after=order.after.with_payment("pi_1", payment))


@pytest.mark.parametrize("pieces_in_turn", list(permutations([LAMPS, LAMPS, MUG])))
def test_refunds_of_pieces_are_amounts_that_cards_know_and_add_up_to_the_payment(pieces_in_turn: list[UUID]) -> None:
    order, amounts = in_dinars(), list[int]()
    for variant_id in pieces_in_turn:
        order, event = refund(order, lines=[pieces(variant_id)])
        amounts.append(event.amount.minor)
    assert [minor % 10 for minor in amounts] == [0, 0, 0]
    assert sum(amounts) == 13_000


def test_an_amount_that_cards_do_not_know_is_refused_at_the_request() -> None:
    with pytest.raises(InvalidInput, match=r"Use a multiple of .*0\.010") as refusal:
        refund(in_dinars(), amount=dinars(1234))
    assert refusal.value.field == "amount"


def test_a_refund_of_everything_names_all_pieces_delivery_and_the_whole_fee() -> None:
    order, id = paid(), uuid4()
    events = request_refund(order, RefundWish(refund_id=id, restock=True, reason="Broken"), at=NOON)
    assert events == (
        RefundRequested(
            **head(order),
            refund_id=id,
            intent_id="pi_1",
            amount=dollars("49.98"),
            fee_refund=dollars("2.50"),
            lines=[
                RefundedPieces(variant_id=LAMPS, quantity=2, restock=True, unsent=2),
                RefundedPieces(variant_id=MUG, quantity=1, restock=True, unsent=1),
            ],
            shipping=dollars("4.00"),
            reason="Broken",
            idempotency_key=f"refund:{id}",
        ),
    )
    assert request_refund(fold(events, order), RefundWish(refund_id=id), at=NOON) == ()


def test_a_refund_of_lines_costs_their_price_and_the_fee_in_proportion() -> None:
    order, first = refund(paid(), lines=[pieces(LAMPS)], shipping=dollars("4.00"))
    # 23.99 of 49.98 is 48 % of the fee of 2.50.
    assert (first.amount, first.fee_refund) == (dollars("23.99"), dollars("1.20"))
    _, rest = refund(order)
    assert (rest.amount, rest.fee_refund) == (dollars("25.99"), dollars("1.30"))
    assert [(line.variant_id, line.quantity) for line in rest.lines] == [(LAMPS, 1), (MUG, 1)]
    assert rest.shipping == dollars("0.00"), "delivery went back with the first one"


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"lines": [pieces(LAMPS, 3)]}, "lines.0.quantity"),
        ({"lines": [pieces(LAMPS, 1), pieces(LAMPS, 2)]}, "lines.1.quantity"),
        ({"lines": [pieces(LAMPS, 0)]}, "lines.0.quantity"),
        ({"lines": [pieces(uuid4())]}, "lines.0.variant_id"),
        ({"shipping": dollars("4.01")}, "shipping"),
        ({"shipping": dollars("4.00"), "amount": dollars("3.99")}, "shipping"),
        ({"amount": dollars("0.00")}, "amount"),
        ({"amount": dollars("-1.00")}, "amount"),
        ({"amount": Money(minor=1, currency="EUR")}, "amount"),
        ({"amount": dollars("49.99")}, "amount"),
    ],
)
def test_a_refund_that_makes_no_sense_names_its_field(wish: dict[str, object], field: str) -> None:
    with pytest.raises(DomainError) as refusal:
        refund(paid(), **wish)
    assert refusal.value.field == field


def test_a_requested_refund_counts_so_that_two_cannot_take_the_same_money() -> None:
    order, _ = refund(paid(), amount=dollars("30.00"))
    with pytest.raises(RefundTooLarge) as refusal:
        refund(order, amount=dollars("20.00"))
    assert refusal.value.left == dollars("19.98")
    order, _ = refund(order, amount=dollars("19.98"))
    with pytest.raises(NothingToRefund):
        refund(order)


def test_an_order_without_a_payment_has_nothing_to_refund() -> None:
    with pytest.raises(NothingToRefund):
        refund(pending())


def test_a_payment_that_matched_no_order_is_refunded_by_amount() -> None:
    order = paid()
    order = fold(order.record_payment(dollars("49.98"), fee=dollars("2.50"), intent_id="pi_2", at=NOON), order)
    with pytest.raises(InvalidInput):
        refund(order, intent_id="pi_2", lines=[pieces(LAMPS)])
    order, event = refund(order, intent_id="pi_2")
    assert (event.amount, event.fee_refund, event.lines) == (dollars("49.98"), dollars("2.50"), [])
    order = fold(record_refund(order, said(event, RefundStatus.SUCCEEDED), at=NOON), order)
    assert order.status is OrderStatus.PAID, "the order's own payment stays"


def test_a_refund_that_succeeds_is_recorded_once_and_refunds_the_order() -> None:
    order, event = refund(paid())
    events = record_refund(order, said(event, RefundStatus.SUCCEEDED), at=NOON)
    assert events == [
        RefundSucceeded(
            **head(order),
            refund_id=event.refund_id,
            external_id="re_1",
            intent_id="pi_1",
            amount=event.amount,
            fee_refund=event.fee_refund,
            unsent=order.items,
        )
    ]
    assert order.status is OrderStatus.PAID
    order = fold(events, order)
    assert order.status is OrderStatus.REFUNDED
    for status in (RefundStatus.SUCCEEDED, RefundStatus.REQUESTED):
        assert record_refund(order, said(event, status), at=NOON) == []


def test_the_fee_that_the_provider_says_went_back_counts_and_not_our_own_rounding() -> None:
    order, first = refund(paid(), amount=dollars("10.00"))
    order, second = refund(order, amount=dollars("10.00"))
    assert (first.fee_refund, second.fee_refund) == (dollars("0.50"), dollars("0.50"))
    first_said = replace(said(first, RefundStatus.SUCCEEDED), fee_refunded=dollars("0.49"))
    events = record_refund(order, first_said, at=NOON)
    order = fold(events, order)
    # The provider reports the sum of both.
    second_said = replace(said(second, RefundStatus.SUCCEEDED, "re_2"), fee_refunded=dollars("1.01"))
    recorded = [*events, *record_refund(order, second_said, at=NOON)]
    assert [event.fee_refund for event in recorded if isinstance(event, RefundSucceeded)] == [
        dollars("0.49"),
        dollars("0.52"),
    ]
    order = fold(recorded[1:], order)
    _, rest = refund(order)
    assert rest.fee_refund == dollars("1.49"), "a refund of everything returns what is left of the fee"


def test_a_failed_refund_gives_its_amount_free_even_after_a_success() -> None:
    order, event = refund(paid())
    order = fold(record_refund(order, said(event, RefundStatus.SUCCEEDED), at=NOON), order)
    (failed,) = record_refund(order, said(event, RefundStatus.FAILED), at=NOON)
    assert isinstance(failed, RefundFailed)
    assert (failed.after_success, failed.reason) == (True, "expired card")
    order = fold([failed], order)
    assert (order.status, order.after.left("pi_1")) == (OrderStatus.PAID, dollars("49.98"))
    assert record_refund(order, said(event, RefundStatus.SUCCEEDED), at=NOON) == [], "a late success changes nothing"
    _, again = refund(order)
    assert again.fee_refund == dollars("2.50")


def test_a_refund_made_at_the_provider_is_recorded_and_keeps_the_fee() -> None:
    order = paid()
    first, second = record_refund(order, elsewhere("10.00", RefundStatus.SUCCEEDED), at=NOON)
    assert isinstance(first, RefundReported)
    assert isinstance(second, RefundSucceeded)
    assert second.fee_refund == dollars("0.00")
    order = fold([first, second], order)
    assert order.after.left("pi_1") == dollars("39.98")
    assert record_refund(order, elsewhere("10.00", RefundStatus.SUCCEEDED), at=NOON) == []


def test_an_edited_id_at_the_provider_does_not_settle_another_refund() -> None:
    order, event = refund(paid(), amount=dollars("10.00"))
    forged = replace(elsewhere("1.00", RefundStatus.SUCCEEDED), refund_id=event.refund_id)
    order = fold(record_refund(order, forged, at=NOON), order)
    assert order.after.refunds[event.refund_id].status is RefundStatus.REQUESTED
    assert order.after.left("pi_1") == dollars("38.98")


@settings(max_examples=drawn(200), deadline=None)
@for_all(
    st.lists(st.tuples(st.integers(1, 4998), st.booleans()), max_size=12),
    st.integers(0, 4998),
)
def test_refunds_never_exceed_payment_or_fee_and_a_full_one_returns_the_whole_fee(
    wishes: list[tuple[int, bool]], fee: int
) -> None:
    order = pending()
    order = fold(order.record_payment(order.total, fee=Money(minor=fee), intent_id="pi_1", at=NOON), order)
    for minor, fails in wishes:
        try:
            order, event = refund(order, amount=Money(minor=minor))
        except (RefundTooLarge, NothingToRefund):
            continue
        status = RefundStatus.FAILED if fails else RefundStatus.SUCCEEDED
        order = fold(record_refund(order, said(event, status, str(event.refund_id)), at=NOON), order)
    kept = [each for each in order.after.refunds.values() if each.status is RefundStatus.SUCCEEDED]
    assert sum(each.amount.minor for each in kept) <= order.total.minor
    assert 0 <= sum(each.fee_refund.minor for each in kept) <= fee
    if order.after.left("pi_1").minor:
        order, _ = refund(order)
    returned = sum(e.fee_refund.minor for e in order.after.refunds.values() if e.status is not RefundStatus.FAILED)
    assert returned == fee


@settings(max_examples=drawn(200), deadline=None)
@for_all(st.lists(st.tuples(st.integers(1, 2), st.booleans(), st.booleans()), max_size=8))
def test_stock_never_gets_more_pieces_back_than_were_sold(wishes: list[tuple[int, bool, bool]]) -> None:
    order = paid()
    for quantity, restocks, fails in wishes:
        lines = [RefundedPieces(variant_id=LAMPS, quantity=quantity, restock=restocks)]
        try:
            order, event = refund(order, lines=lines)
        except DomainError:
            continue
        status = RefundStatus.FAILED if fails else RefundStatus.SUCCEEDED
        order = fold(record_refund(order, said(event, status, str(event.refund_id)), at=NOON), order)
    standing = [each for each in order.after.refunds.values() if each.status is not RefundStatus.FAILED]
    kept = sum(line.quantity for each in standing for line in each.lines if line.restock)
    assert kept <= order.after.restocked.get(LAMPS, 0) <= 2


def what_may_arrive() -> tuple[Order, list[RefundAnswer | PaymentConfirmed]]:
    """Return a paid order with two requested refunds, and seven answers about four refunds."""
    order, first = refund(paid(), amount=dollars("10.00"))
    order, second = refund(order, amount=dollars("5.00"))
    return order, [
        said(first, RefundStatus.REQUESTED, "re_1"),
        said(first, RefundStatus.SUCCEEDED, "re_1"),
        said(second, RefundStatus.SUCCEEDED, "re_2"),
        said(second, RefundStatus.FAILED, "re_2"),
        elsewhere("7.00", RefundStatus.REQUESTED, "re_3"),
        elsewhere("7.00", RefundStatus.SUCCEEDED, "re_3"),
        elsewhere("3.00", RefundStatus.FAILED, "re_4"),
    ]


End = tuple[frozenset[tuple[str | None, int, RefundStatus]], Money | None, OrderStatus]


def after(order: Order, notice: RefundAnswer | PaymentConfirmed) -> Order:
    events: Sequence[OrderEvent]
    if isinstance(notice, PaymentConfirmed):
        events = order.record_payment(notice.amount, fee=notice.platform_fee, intent_id=notice.intent_id, at=NOON)
    else:
        events = record_refund(order, notice, at=NOON)
    return fold(events, order)


def end(order: Order, arrival: Sequence[RefundAnswer | PaymentConfirmed]) -> End:
    for notice in arrival:
        order = after(order, notice)
    known = {(each.external_id, each.amount.minor, each.status) for each in order.after.refunds.values()}
    left = order.after.left("pi_1") if "pi_1" in order.after.payments else None
    return frozenset(known), left, order.status


def test_every_permutation_of_answers_about_refunds_ends_in_the_same_state() -> None:
    """All 5,040 of seven, and every one again with each answer twice. What arrivals begin with alike is folded once."""
    order, answers = what_may_arrive()
    arrived: dict[tuple[int, ...], Order] = {(): order}
    ends: set[End] = set()
    for arrival in permutations(range(len(answers))):
        for count, number in enumerate(arrival, 1):
            if arrival[:count] not in arrived:
                arrived[arrival[:count]] = after(arrived[arrival[: count - 1]], answers[number])
        ends.add(end(arrived[arrival], [answers[number] for number in arrival[::2]]))
    assert len(ends) == 1
    ((known, left, status),) = ends
    assert (left, status) == (dollars("32.98"), OrderStatus.PAID)
    assert len(known) == 4


def test_a_refund_whose_first_answer_was_lost_counts_when_the_provider_names_it() -> None:
    order, event = refund(paid())
    order = fold(record_refund(order, said(event, RefundStatus.FAILED, None), at=NOON), order)
    assert order.after.left("pi_1") == dollars("49.98")
    (succeeded,) = record_refund(order, said(event, RefundStatus.SUCCEEDED, "re_1"), at=NOON)
    assert isinstance(succeeded, RefundSucceeded)
    order = fold([succeeded], order)
    assert (order.status, order.after.left("pi_1")) == (OrderStatus.REFUNDED, dollars("0.00"))
    assert record_refund(order, said(event, RefundStatus.FAILED, None), at=NOON) == []


def test_every_permutation_with_refusals_after_lost_answers_ends_in_the_same_state() -> None:
    """All 720 of six, and every one again with each answer twice."""
    order, first = refund(paid(), amount=dollars("10.00"))
    order, second = refund(order, amount=dollars("5.00"))
    answers = [
        said(first, RefundStatus.FAILED, None),
        said(first, RefundStatus.REQUESTED, "re_1"),
        said(first, RefundStatus.SUCCEEDED, "re_1"),
        said(second, RefundStatus.FAILED, None),
        said(second, RefundStatus.SUCCEEDED, "re_2"),
        said(second, RefundStatus.FAILED, "re_2"),
    ]
    ends = {end(order, [*arrival, *arrival[::2]]) for arrival in permutations(answers)}
    assert len(ends) == 1
    ((known, left, _),) = ends
    assert known == {("re_1", 1000, RefundStatus.SUCCEEDED), ("re_2", 500, RefundStatus.FAILED)}
    assert left == dollars("39.98")


def test_refunds_may_be_known_before_their_payment() -> None:
    """All 720 orders of a payment and five answers about refunds that were made at the provider.

    The provider is asked again after the payment. A refund of a payment that is unknown stays without an outcome.
    """
    order = pending()
    payment = PaymentConfirmed(
        external_id="evt",
        type="paid",
        store_id=STORE_ID,
        order_id=order.id,
        intent_id="pi_1",
        amount=order.total,
        platform_fee=dollars("2.50"),
    )
    answers: list[RefundAnswer | PaymentConfirmed] = [
        payment,
        elsewhere("40.00", RefundStatus.REQUESTED, "re_1"),
        elsewhere("40.00", RefundStatus.SUCCEEDED, "re_1"),
        elsewhere("9.98", RefundStatus.SUCCEEDED, "re_2"),
        elsewhere("2.00", RefundStatus.FAILED, "re_3"),
        elsewhere("1.00", RefundStatus.SUCCEEDED, "re_4", intent_id="pi_other"),
    ]
    ends = {end(order, [*arrival, *answers]) for arrival in permutations(answers)}
    assert len(ends) == 1
    ((known, left, status),) = ends
    assert ("re_4", 100, RefundStatus.REQUESTED) in known
    assert (left, status) == (dollars("0.00"), OrderStatus.REFUNDED)
