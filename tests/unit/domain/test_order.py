"""Decisions and refusals of an order, and the inbox."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.inbox.aggregate import INBOX
from domain.inbox.events import SubjectKind, WebhookReceived, WebhookSubject
from domain.kernel import CorruptStream, InvalidInput
from domain.money import Money
from domain.order.aggregate import ORDER, Order, OrderPrice, ShopperDetails, evolve, order_number, place
from domain.order.errors import OrderNotOpen
from domain.order.events import (
    OrderCancelled,
    OrderEvent,
    OrderFulfilled,
    OrderLine,
    OrderPaid,
    OrderPlaced,
    OrderStatus,
    PaymentFailed,
    PaymentSessionOpened,
    PaymentUnmatched,
    ShipmentCorrected,
    UnmatchedReason,
)
from domain.order.fulfillment import fulfil
from tests.support.builders.samples import NOON, dollars, sealed

ID, STORE_ID, SHOPPER_ID = uuid4(), uuid4(), uuid4()
NAME, EMAIL, ADDRESS = (sealed(SHOPPER_ID) for _ in range(3))
LINES = [
    OrderLine(
        product_id=uuid4(),
        variant_id=uuid4(),
        title="Lamp",
        variant_title="Default",
        quantity=quantity,
        unit_price=dollars(price),
    )
    for quantity, price in ((2, "19.99"), (1, "5.00"))
]


def fold(events: Sequence[OrderEvent], order: Order | None = None) -> Order:
    folded = ORDER.fold(events, order)
    assert folded is not None
    return folded


def place_lines(lines: Sequence[OrderLine]) -> Sequence[OrderEvent]:
    return place(
        ID,
        shopper=ShopperDetails(id=SHOPPER_ID, name=NAME, email=EMAIL, address=ADDRESS),
        store_id=STORE_ID,
        lines=lines,
        price=OrderPrice(shipping=dollars("4.00"), tax=dollars("1.00")),
        at=NOON,
    )


def pending() -> Order:
    return fold(place_lines(LINES))


def paid() -> Order:
    order = pending()
    return fold(order.record_payment(order.total, fee=dollars("2.50"), intent_id="pi_1", at=NOON), order)


def cancelled() -> Order:
    order = pending()
    return fold(order.cancel(reason="Not paid", at=NOON), order)


def head(order: Order) -> dict[str, object]:
    return {"originator_id": ID, "originator_version": order.version + 1, "occurred_at": NOON}


def test_an_order_adds_up() -> None:
    assert place_lines(LINES) == (
        OrderPlaced(
            originator_id=ID,
            originator_version=1,
            occurred_at=NOON,
            store_id=STORE_ID,
            number=order_number(ID),
            lines=LINES,
            subtotal=dollars("44.98"),
            shipping=dollars("4.00"),
            tax=dollars("1.00"),
            total=dollars("49.98"),
            shopper_id=SHOPPER_ID,
            shopper_name=NAME,
            shopper_email=EMAIL,
            shipping_address=ADDRESS,
        ),
    )


def test_an_empty_cart_is_no_order() -> None:
    with pytest.raises(InvalidInput) as refusal:
        place_lines([])
    assert refusal.value.field == "lines"


def test_a_payment_page_is_recorded_once() -> None:
    order = pending()
    events = order.open_session(provider="sandbox", session_id="s1", at=NOON)
    assert events == (PaymentSessionOpened(**head(order), provider="sandbox", session_id="s1"),)
    assert fold(events, order).open_session(provider="sandbox", session_id="s1", at=NOON) == ()


def test_a_confirmed_payment_pays_the_order_once() -> None:
    order = pending()
    events = order.record_payment(dollars("49.98"), fee=dollars("2.50"), intent_id="pi_1", at=NOON)
    assert events == (
        OrderPaid(**head(order), intent_id="pi_1", amount=dollars("49.98"), platform_fee=dollars("2.50")),
    )
    assert fold(events, order).record_payment(dollars("49.98"), fee=dollars("2.50"), intent_id="pi_1", at=NOON) == ()


@pytest.mark.parametrize(
    ("order", "amount", "reason"),
    [
        (pending(), dollars("49.97"), UnmatchedReason.MISMATCH),
        (pending(), dollars("0.00"), UnmatchedReason.MISMATCH),
        (pending(), Money(minor=4998, currency="EUR"), UnmatchedReason.MISMATCH),
        (cancelled(), dollars("49.98"), UnmatchedReason.LATE),
        (cancelled(), dollars("1.00"), UnmatchedReason.LATE),
        (paid(), dollars("49.98"), UnmatchedReason.DUPLICATE),
    ],
)
def test_an_unmatched_payment_is_recorded_once_and_changes_no_status(
    order: Order, amount: Money, reason: UnmatchedReason
) -> None:
    fee = dollars("2.50")
    events = order.record_payment(amount, fee=fee, intent_id="pi_2", at=NOON)
    assert events == (
        PaymentUnmatched(**head(order), intent_id="pi_2", amount=amount, platform_fee=fee, reason=reason),
    )
    after = fold(events, order)
    assert (after.status, after.intent_id) == (order.status, order.intent_id)
    assert after.record_payment(amount, fee=fee, intent_id="pi_2", at=NOON) == ()


def test_a_declined_payment_is_recorded_once_and_leaves_the_order_open() -> None:
    order = pending()
    events = order.record_failure(intent_id="pi_1", reason="Card declined", at=NOON)
    assert events == (PaymentFailed(**head(order), intent_id="pi_1", reason="Card declined"),)
    order = fold(events, order)
    assert order.status is OrderStatus.PENDING
    assert order.record_failure(intent_id="pi_1", reason="Card declined", at=NOON) == ()
    assert paid().record_failure(intent_id="pi_9", reason="late", at=NOON) == ()


def test_an_unpaid_order_can_be_cancelled_once() -> None:
    order = pending()
    assert order.cancel(reason="Not paid", at=NOON) == (OrderCancelled(**head(order), reason="Not paid"),)
    assert cancelled().cancel(reason="again", at=NOON) == ()
    with pytest.raises(OrderNotOpen):
        paid().cancel(reason="too late", at=NOON)


def test_the_recorded_shipment_of_a_fulfilled_order_can_be_corrected() -> None:
    order = paid()
    order = fold(fulfil(order, carrier="DHL", tracking_number="1Z", at=NOON), order)
    assert fulfil(order, carrier="DHL", tracking_number="1Z", at=NOON) == ()
    events = fulfil(order, carrier=None, tracking_number="1Z99", at=NOON)
    assert events == (ShipmentCorrected(**head(order), carrier="DHL", tracking_number="1Z99"),)
    order = fold(events, order)
    assert order.status is OrderStatus.FULFILLED
    assert fulfil(order, carrier=None, tracking_number="1Z99", at=NOON) == ()
    events = fulfil(order, carrier="UPS", tracking_number=None, at=NOON)
    assert events == (ShipmentCorrected(**head(order), carrier="UPS", tracking_number="1Z99"),)


def test_a_paid_order_is_fulfilled_once() -> None:
    order = paid()
    events = fulfil(order, carrier="DHL", tracking_number="1Z", at=NOON)
    assert events == (OrderFulfilled(**head(order), carrier="DHL", tracking_number="1Z"),)
    assert fulfil(fold(events, order), carrier=None, tracking_number=None, at=NOON) == ()


@pytest.mark.parametrize("order", [pending(), cancelled()])
def test_an_unpaid_order_cannot_be_fulfilled(order: Order) -> None:
    with pytest.raises(OrderNotOpen):
        fulfil(order, carrier=None, tracking_number=None, at=NOON)


@pytest.mark.parametrize("order", [paid(), cancelled()])
def test_only_a_pending_order_gets_a_payment_page(order: Order) -> None:
    with pytest.raises(OrderNotOpen):
        order.open_session(provider="sandbox", session_id="s2", at=NOON)


@for_all(st.uuids())
def test_an_order_number_is_easy_to_read_aloud(id: object) -> None:
    number = order_number(id)  # type: ignore[arg-type]
    assert len(number) == 9
    assert number.startswith("ZY-")
    assert not set(number[3:]) & set("01IO")


@for_all(st.lists(st.tuples(st.integers(1, 99), st.integers(0, 10**6)), min_size=1, max_size=8))
def test_the_total_is_the_sum_of_its_parts(parts: list[tuple[int, int]]) -> None:
    lines = [
        LINES[0].model_copy(update={"quantity": quantity, "unit_price": Money(minor=minor)})
        for quantity, minor in parts
    ]
    (event,) = place_lines(lines)
    assert isinstance(event, OrderPlaced)
    assert event.total.minor == sum(quantity * minor for quantity, minor in parts) + 500


def test_an_inbox_stream_has_one_event() -> None:
    received = WebhookReceived(
        originator_id=ID,
        originator_version=1,
        occurred_at=NOON,
        source="stripe",
        external_id="evt_1",
        type="x",
        subject=WebhookSubject(kind=SubjectKind.STORE, id=STORE_ID),
        body="{}",
    )
    entry = INBOX.fold([received])
    assert entry is not None
    assert (entry.source, entry.external_id) == ("stripe", "evt_1")
    with pytest.raises(CorruptStream):
        INBOX.fold([received], entry)


def test_events_without_a_beginning_are_corrupt() -> None:
    with pytest.raises(CorruptStream):
        evolve(None, OrderCancelled(originator_id=ID, originator_version=1, occurred_at=NOON, reason="x"))


def test_a_fee_that_the_provider_does_not_take_is_owed_whatever_the_payment_says_of_it() -> None:
    order = pending()
    opened = order.open_session(
        provider="stripe", session_id="cs_1", account_id="acct_own", owed_fee=dollars("2.50"), at=NOON
    )
    order = fold(opened, order)
    (event,) = order.record_payment(order.total, fee=dollars("0.00"), intent_id="pi_1", account_id="acct_own", at=NOON)
    assert isinstance(event, OrderPaid)
    assert (event.platform_fee, event.fee_is_owed) == (dollars("2.50"), True)
    assert fold([event], order).after.payments["pi_1"].fee_is_owed
    (plain,) = pending().record_payment(order.total, fee=dollars("2.50"), intent_id="pi_1", at=NOON)
    assert isinstance(plain, OrderPaid)
    assert not plain.fee_is_owed


def test_the_fee_of_a_payment_is_that_of_its_page_and_not_what_the_merchants_account_says() -> None:
    order = pending()
    opened = order.open_session(
        provider="stripe", session_id="cs_1", account_id="acct_1", taken_fee=dollars("2.50"), at=NOON
    )
    order = fold(opened, order)
    (event,) = order.record_payment(order.total, fee=dollars("0.00"), intent_id="pi_1", account_id="acct_1", at=NOON)
    assert isinstance(event, OrderPaid)
    assert (event.platform_fee, event.fee_is_owed) == (dollars("2.50"), False)
