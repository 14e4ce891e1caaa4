"""Withdrawal from an order: the period, parts, repeats and lateness."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel import InvalidInput
from domain.money import Money
from domain.order.after_sale.events import Pieces
from domain.order.after_sale.state import Parcel, Payment
from domain.order.aggregate import Order, evolve
from domain.order.errors import OrderNotOpen
from domain.order.events import OrderLine, OrderStatus, WithdrawalReceived, WithdrawnLine
from domain.order.fulfillment import deliver
from domain.order.withdrawal import withdraw as take_back
from domain.order.withdrawal import withdrawal_deadline
from tests.support.builders.samples import sealed

NOW = datetime(2026, 12, 10, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
WHO = sealed()
VARIANTS = [uuid4() for _ in range(3)]


def order(status: OrderStatus = OrderStatus.FULFILLED, *quantities: int, delivered_on: date | None = None) -> Order:
    lines = tuple(
        OrderLine(
            product_id=uuid4(),
            variant_id=variant,
            title="Lamp",
            variant_title="Violet",
            quantity=quantity,
            unit_price=Money(minor=1000),
        )
        for variant, quantity in zip(VARIANTS, quantities or (2,), strict=False)
    )
    is_paid = status not in {OrderStatus.PENDING, OrderStatus.CANCELLED}
    order = Order(
        id=uuid4(),
        version=3,
        store_id=uuid4(),
        number="ZY-7Q2M4K",
        lines=lines,
        shipping=Money(minor=0),
        total=Money(minor=1000),
        placed_at=NOW,
        status=status,
        cancelled=status is OrderStatus.CANCELLED,
        delivered_on=delivered_on,
    )
    after = order.after.with_payment("pi_1", Payment(amount=order.total, fee=Money(minor=0)))
    if status is OrderStatus.FULFILLED:
        sent = tuple(Pieces(variant_id=line.variant_id, quantity=line.quantity) for line in lines)
        after = replace(after, parcels=(Parcel(lines=sent, carrier=None, tracking_number=None),))
    return replace(order, intent_id="pi_1", after=after) if is_paid else order


def withdraw(order: Order, *asked: tuple[UUID, int], today: date = TODAY) -> tuple[Order, list[WithdrawalReceived]]:
    lines = [WithdrawnLine(variant_id=variant, quantity=quantity) for variant, quantity in asked]
    events = take_back(order, lines, name=WHO, email=WHO, today=today, at=NOW)
    for event in events:
        order = evolve(order, event)
    return order, [event for event in events if isinstance(event, WithdrawalReceived)]


def test_a_withdrawal_without_lines_names_everything() -> None:
    after, (event,) = withdraw(order(OrderStatus.PAID, 2, 1))
    assert [(line.variant_id, line.quantity) for line in event.lines] == [(VARIANTS[0], 2), (VARIANTS[1], 1)]
    assert (event.number, event.deadline, event.is_late) == (1, None, False)
    assert withdraw(after) == (after, [])


@given(
    quantities=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    asks=st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), max_size=4), max_size=6),
)
def test_no_piece_is_withdrawn_twice_and_a_repeat_has_one_outcome(
    quantities: list[int], asks: list[list[tuple[int, int]]]
) -> None:
    state = order(OrderStatus.FULFILLED, *quantities)
    numbers = []
    for ask in asks:
        lines = [(VARIANTS[index], quantity) for index, quantity in ask if index < len(quantities)]
        after, events = withdraw(state, *lines)
        assert len(events) <= 1
        assert bool(events) == (after != state)
        numbers += [event.number for event in events]
        state = after
        for line in state.lines:
            assert state.withdrawn.get(line.variant_id, 0) <= line.quantity
    state, _ = withdraw(state)
    assert dict(state.withdrawn) == {line.variant_id: line.quantity for line in state.lines}
    assert withdraw(state)[1] == []
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_late_withdrawal_is_received_and_marked() -> None:
    delivered = order(delivered_on=date(2026, 11, 26))
    assert withdraw(delivered, today=date(2026, 12, 10))[1][0].is_late is False
    (event,) = withdraw(delivered, today=date(2026, 12, 11))[1]
    assert (event.is_late, event.deadline) == (True, date(2026, 12, 10))


@given(st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 1, 1)))
def test_the_period_has_fourteen_days_and_ends_on_a_working_day(delivered_on: date) -> None:
    last = withdrawal_deadline(delivered_on)
    assert last is not None
    assert last.weekday() < 5
    assert timedelta(14) <= last - delivered_on <= timedelta(16)
    assert withdrawal_deadline(None) is None


@pytest.mark.parametrize("status", [OrderStatus.PENDING, OrderStatus.CANCELLED])
def test_an_unpaid_order_has_nothing_to_withdraw_from(status: OrderStatus) -> None:
    with pytest.raises(OrderNotOpen, match="cannot be withdrawn from"):
        withdraw(order(status))


def test_a_wrong_line_or_quantity_is_refused_by_field() -> None:
    with pytest.raises(InvalidInput, match="is not in order") as unknown:
        withdraw(order(), (uuid4(), 1))
    assert unknown.value.field == "lines.0.variant_id"
    with pytest.raises(InvalidInput, match="1 is the least") as none:
        withdraw(order(), (VARIANTS[0], 0))
    assert none.value.field == "lines.0.quantity"


def test_a_delivery_needs_a_sent_order_and_a_day_that_has_come() -> None:
    sent = order()
    (event,) = deliver(sent, on=TODAY, today=TODAY, at=NOW)
    assert evolve(sent, event).delivered_on == TODAY
    assert deliver(evolve(sent, event), on=TODAY, today=TODAY, at=NOW) == ()
    with pytest.raises(InvalidInput, match="in the future"):
        deliver(sent, on=TODAY + timedelta(1), today=TODAY, at=NOW)
    with pytest.raises(OrderNotOpen):
        deliver(order(OrderStatus.PAID), on=TODAY, today=TODAY, at=NOW)
