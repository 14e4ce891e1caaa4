"""Commands for orders, carts and webhooks."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.bus import payload_digest
from commands.checkout import LINES_MAX, CartLine, PlaceOrder
from commands.inbox import ReceiveWebhook, RejectWebhook, inbox_stream
from commands.order import CancelOrder, FulfilOrder, OpenPaymentSession, RecordPayment, RecordPaymentFailure
from commands.page import EditPage
from commands.product import EditProduct
from commands.store import PauseStore, SetDeliveryPromise
from domain.cart.aggregate import CART, order_cart
from domain.cart.errors import CartAlreadyOrdered
from domain.cart.events import CartOrdered
from domain.kernel import DomainError, InvalidInput, NotFound
from domain.money import Money
from domain.order.aggregate import ORDER
from domain.order.delivery import ArrivalWindow
from domain.order.errors import OrderNotOpen
from domain.order.events import OrderPlaced, OrderStatus, PageVersionRef
from domain.product.errors import InsufficientStock, NotForSale
from domain.product.events import StockReserved
from domain.store.errors import StoreNotReady
from domain.store.events import PageType
from tests.support.builders.samples import dollars, listing, page, sealed
from tests.support.platforms.write_side import Platform, kinds

SHOPPER = uuid4()
DUE = dollars("40.00")


async def line(platform: Platform, product_id: UUID, quantity: int = 1) -> CartLine:
    (variant_id,) = (await platform.product(product_id)).variants
    return CartLine(product_id=product_id, variant_id=variant_id, quantity=quantity)


def cart(platform: Platform, *lines: CartLine, order_id: UUID | None = None, cart_id: UUID | None = None) -> PlaceOrder:
    return PlaceOrder(
        order_id=order_id or uuid4(),
        store_id=platform.store_id,
        lines=list(lines),
        shopper_id=SHOPPER,
        shopper_name=sealed(SHOPPER),
        shopper_email=sealed(SHOPPER),
        shipping_address=sealed(SHOPPER),
        cart_id=cart_id,
    )


async def placed(platform: Platform, quantity: int = 2) -> tuple[UUID, UUID]:
    """Publish a store, order a lamp there, and return the ids of order and lamp."""
    (lamp,) = await platform.publish()
    command = cart(platform, await line(platform, lamp, quantity))
    await platform.send(command)
    return command.order_id, lamp


def pay(order_id: UUID, amount: Money = DUE, intent_id: str = "pi_1") -> RecordPayment:
    return RecordPayment(order_id=order_id, paid=amount, fee=dollars("2.00"), intent_id=intent_id)


async def stock(platform: Platform, product_id: UUID) -> tuple[int, int]:
    (variant,) = (await platform.product(product_id)).variants.values()
    return variant.on_hand, variant.available


async def test_an_order_keeps_its_stock_in_the_same_transaction(platform: Platform) -> None:
    lamp, mug = await platform.publish(listing("L-1"), listing("L-2", title="Mug"))
    command = cart(platform, await line(platform, lamp, 2), await line(platform, mug, 1))
    before = len(platform.log.raw)
    receipt = await platform.send(command)
    events = platform.log.events[before:]
    assert kinds(events) == ["StockReserved", "StockReserved", "OrderPlaced"]
    order = events[-1]
    assert isinstance(order, OrderPlaced)
    assert [(each.title, each.quantity, each.unit_price) for each in order.lines] == [
        ("Neon Desk Lamp", 2, dollars("20.00")),
        ("Mug", 1, dollars("20.00")),
    ]
    assert receipt.result == {
        "order_id": str(command.order_id),
        "number": order.number,
        "total": {"minor": 6000, "currency": "USD"},
    }
    assert await stock(platform, lamp) == (10, 8)


async def test_an_order_keeps_the_promised_days_and_the_versions_of_its_legal_pages(platform: Platform) -> None:
    platform.pages = (page(), page(PageType.PRIVACY_POLICY, "privacy-policy"), page(PageType.TERMS_OF_SERVICE, "terms"))
    (lamp,) = await platform.publish()
    store = await platform.store()
    ids = {ref.type: id for id, ref in store.pages.items()}
    terms = ids[PageType.TERMS_OF_SERVICE]
    await platform.send(
        EditPage(store_id=store.id, merchant_id=store.merchant_id, page_id=terms, title=None, content="Other terms.")
    )
    await platform.send(
        SetDeliveryPromise(store_id=store.id, merchant_id=store.merchant_id, days=30, time_zone="Pacific/Auckland")
    )
    (placed,) = [
        event
        for event in await platform.do(cart(platform, await line(platform, lamp)))
        if isinstance(event, OrderPlaced)
    ]
    # Noon of 23 November in UTC is 24 November in Auckland; the lamp takes 5 to 9 days.
    assert placed.arrival == ArrivalWindow(earliest=date(2026, 11, 29), latest=date(2026, 12, 3))
    assert placed.pages == [
        PageVersionRef(page_id=terms, type=PageType.TERMS_OF_SERVICE, number=2),
        PageVersionRef(page_id=ids[PageType.PRIVACY_POLICY], type=PageType.PRIVACY_POLICY, number=1),
    ]


async def test_the_price_is_the_products_and_not_the_carts(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    ordered_line = await line(platform, lamp)
    await platform.send(EditProduct(product_id=lamp, merchant_id=platform.merchant_id, price=dollars("25.00")))
    assert (await platform.send(cart(platform, ordered_line))).result["total"]["minor"] == 2500


async def test_lines_of_the_same_variant_are_added_up(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    ordered_line = await line(platform, lamp, 4)
    events = await platform.do(cart(platform, ordered_line, ordered_line))
    assert [event.quantity for event in events if isinstance(event, StockReserved)] == [8]
    with pytest.raises(InsufficientStock):
        await platform.send(cart(platform, ordered_line, ordered_line, ordered_line))


async def test_a_refused_line_refuses_the_whole_order(platform: Platform) -> None:
    lamp, mug = await platform.publish(listing("L-1"), listing("L-2", title="Mug"))
    before = len(platform.log.raw)
    with pytest.raises(InsufficientStock):
        await platform.send(cart(platform, await line(platform, lamp, 2), await line(platform, mug, 99)))
    assert len(platform.log.raw) == before


async def test_a_cart_ordered_again_replaces_its_unpaid_order_and_its_stock_goes_back(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    cart_id = uuid4()
    first = cart(platform, await line(platform, lamp, 8), cart_id=cart_id)
    await platform.send(first)
    second = cart(platform, await line(platform, lamp, 9), cart_id=cart_id)
    events = await platform.do(second)
    assert kinds(events) == ["OrderCancelled", "StockReleased", "StockReserved", "CartOrdered", "OrderPlaced"]
    assert (await platform.get(ORDER, first.order_id)).status is OrderStatus.CANCELLED
    assert (await platform.get(ORDER, second.order_id)).status is OrderStatus.PENDING
    assert await stock(platform, lamp) == (10, 1)
    (ordered,) = [event for event in events if isinstance(event, CartOrdered)]
    assert (ordered.order_id, ordered.replaced_order_id) == (second.order_id, first.order_id)


async def test_a_cart_that_was_paid_is_not_ordered_again(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    cart_id = uuid4()
    first = cart(platform, await line(platform, lamp, 2), cart_id=cart_id)
    await platform.send(first)
    await platform.send(pay(first.order_id))
    before = len(platform.log.raw)
    with pytest.raises(CartAlreadyOrdered) as refused:
        await platform.send(cart(platform, await line(platform, lamp, 3), cart_id=cart_id))
    assert refused.value.order_id == first.order_id
    assert len(platform.log.raw) == before


async def test_a_cart_whose_order_was_cancelled_may_be_ordered_again(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    cart_id = uuid4()
    first = cart(platform, await line(platform, lamp, 2), cart_id=cart_id)
    await platform.send(first)
    await platform.send(CancelOrder(order_id=first.order_id, reason="Left."))
    assert kinds(await platform.do(cart(platform, await line(platform, lamp, 2), cart_id=cart_id))) == [
        "CartOrdered",
        "StockReserved",
        "OrderPlaced",
    ]


async def test_of_a_cart_sent_from_many_windows_at_once_one_order_is_open(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    cart_id, ordered_line = uuid4(), await line(platform, lamp, 3)
    await asyncio.gather(*(platform.send(cart(platform, ordered_line, cart_id=cart_id)) for _ in range(12)))
    placed = [event.originator_id for event in platform.log.events if isinstance(event, OrderPlaced)]
    statuses = [(await platform.get(ORDER, id)).status for id in placed]
    assert statuses.count(OrderStatus.PENDING) == 1
    assert await stock(platform, lamp) == (10, 7)


async def test_a_cart_of_another_store_is_not_found(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    cart_id, elsewhere = uuid4(), uuid4()
    await platform.log.given(
        CART,
        order_cart(None, cart_id, store_id=elsewhere, order_id=uuid4(), replaced=None, at=platform.clock.now()),
        tenant=elsewhere,
    )
    with pytest.raises(NotFound):
        await platform.send(cart(platform, await line(platform, lamp, 1), cart_id=cart_id))


async def test_the_last_piece_is_sold_once_however_many_want_it(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    ordered_line = await line(platform, lamp, 1)
    carts = [cart(platform, ordered_line) for _ in range(25)]
    outcomes = await asyncio.gather(*(platform.send(each) for each in carts), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(refused) == 15
    assert all(isinstance(refusal, InsufficientStock) for refusal in refused)
    assert await stock(platform, lamp) == (10, 0)


@pytest.mark.parametrize("quantity", [0, -3])
async def test_a_quantity_below_one_names_its_line(platform: Platform, quantity: int) -> None:
    (lamp,) = await platform.publish()
    with pytest.raises(InvalidInput) as refusal:
        await platform.send(cart(platform, await line(platform, lamp), await line(platform, lamp, quantity)))
    assert refusal.value.field == "lines.1.quantity"


async def test_empty_and_endless_carts_are_refused(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    for lines in ([], [await line(platform, lamp)] * (LINES_MAX + 1)):
        with pytest.raises(InvalidInput) as refusal:
            await platform.send(cart(platform, *lines))
        assert refusal.value.field == "lines"


async def test_a_closed_storefront_takes_no_orders(platform: Platform) -> None:
    (lamp,) = await platform.publish()
    ordered_line = await line(platform, lamp)
    await platform.send(PauseStore(store_id=platform.store_id, merchant_id=platform.merchant_id))
    with pytest.raises(StoreNotReady):
        await platform.send(cart(platform, ordered_line))


async def test_drafts_and_other_stores_products_cannot_be_ordered(platform: Platform) -> None:
    (foreign,) = await platform.publish()
    foreign_line = await line(platform, foreign)
    platform.store_id, platform.merchant_id = uuid4(), uuid4()
    sold_out = listing()
    sold_out = sold_out.model_copy(update={"variants": [sold_out.variants[0].model_copy(update={"stock": 0})]})
    (draft,) = await platform.publish(sold_out)
    refusals: list[tuple[CartLine, type[DomainError]]] = [
        (foreign_line, NotFound),
        (await line(platform, draft), NotForSale),
        (CartLine(product_id=uuid4(), variant_id=uuid4(), quantity=1), NotFound),
    ]
    for ordered_line, kind in refusals:
        with pytest.raises(kind):
            await platform.send(cart(platform, ordered_line))


async def test_a_payment_sells_the_stock_once(platform: Platform) -> None:
    order_id, lamp = await placed(platform)
    assert kinds(await platform.do(pay(order_id))) == ["OrderPaid", "StockSold"]
    assert await stock(platform, lamp) == (8, 8)
    assert await platform.do(pay(order_id)) == []


async def test_a_wrong_payment_is_kept_for_a_person_and_sells_nothing(platform: Platform) -> None:
    order_id, lamp = await placed(platform)
    assert kinds(await platform.do(pay(order_id, dollars("39.99")))) == ["PaymentUnmatched"]
    assert await stock(platform, lamp) == (10, 8)


async def test_a_declined_payment_leaves_the_order_open_for_another(platform: Platform) -> None:
    order_id, _ = await placed(platform)
    failure = RecordPaymentFailure(order_id=order_id, intent_id="pi_0", reason="Card declined")
    assert kinds(await platform.do(failure)) == ["PaymentFailed"]
    assert await platform.do(failure) == []
    assert kinds(await platform.do(pay(order_id))) == ["OrderPaid", "StockSold"]


async def test_a_cancelled_order_gives_its_stock_back_once(platform: Platform) -> None:
    order_id, lamp = await placed(platform)
    cancel = CancelOrder(order_id=order_id, reason="Not paid in time")
    assert kinds(await platform.do(cancel)) == ["OrderCancelled", "StockReleased"]
    assert await stock(platform, lamp) == (10, 10)
    assert await platform.do(cancel) == []


async def test_a_payment_after_the_cancellation_is_kept_for_a_person_and_sells_nothing(platform: Platform) -> None:
    order_id, lamp = await placed(platform)
    await platform.send(CancelOrder(order_id=order_id, reason="Not paid in time"))
    assert kinds(await platform.do(pay(order_id))) == ["PaymentUnmatched"]
    assert await platform.do(pay(order_id)) == []
    assert await stock(platform, lamp) == (10, 10)


async def test_a_paid_order_cannot_be_cancelled(platform: Platform) -> None:
    order_id, _ = await placed(platform)
    await platform.send(pay(order_id))
    with pytest.raises(OrderNotOpen):
        await platform.send(CancelOrder(order_id=order_id, reason="Not paid in time"))


async def test_a_payment_page_is_recorded(platform: Platform) -> None:
    order_id, _ = await placed(platform)
    session = OpenPaymentSession(order_id=order_id, provider="sandbox", session_id="s1")
    assert kinds(await platform.do(session)) == ["PaymentSessionOpened"]
    assert await platform.do(session) == []


async def test_only_its_merchant_fulfils_an_order(platform: Platform) -> None:
    order_id, _ = await placed(platform)
    await platform.send(pay(order_id))
    fulfil: dict[str, Any] = {"order_id": order_id, "carrier": "DHL", "tracking_number": None}
    with pytest.raises(NotFound):
        await platform.send(FulfilOrder(**fulfil, merchant_id=uuid4()))
    assert kinds(await platform.do(FulfilOrder(**fulfil, merchant_id=platform.merchant_id))) == ["OrderFulfilled"]


async def test_a_webhook_is_recorded_once_however_often_it_is_delivered(platform: Platform) -> None:
    await platform.request()
    webhook = ReceiveWebhook(source="stripe", external_id="evt_1", type="x", store_id=platform.store_id, body="{}")
    (event,) = await platform.do(webhook)
    assert event.originator_id == inbox_stream("stripe", "evt_1")
    assert await platform.do(webhook) == []
    other = ReceiveWebhook(
        source="sandbox-payments", external_id="evt_1", type="x", store_id=platform.store_id, body="{}"
    )
    assert kinds(await platform.do(other)) == ["WebhookReceived"]


async def test_a_webhook_about_an_unknown_store_is_not_recorded(platform: Platform) -> None:
    webhook = ReceiveWebhook(source="stripe", external_id="evt_1", type="x", store_id=uuid4(), body="{}")
    with pytest.raises(NotFound):
        await platform.do(webhook)
    assert platform.log.raw == []


async def test_a_webhook_is_rejected_once_whether_it_was_received_or_not(platform: Platform) -> None:
    await platform.request()
    known: dict[str, Any] = {"source": "stripe", "type": "x", "store_id": platform.store_id}
    await platform.send(ReceiveWebhook(**known, external_id="evt_1", body="{}"))
    for id in ("evt_1", "evt_2"):
        reject = RejectWebhook(**known, external_id=id, order_id=None, reason="no currency")
        assert kinds(await platform.do(reject)) == ["WebhookRejected"]
        assert await platform.do(reject) == []
    assert await platform.do(ReceiveWebhook(**known, external_id="evt_2", body="{}")) == []


async def test_commands_for_an_unknown_order_are_refused_as_not_found(platform: Platform) -> None:
    await platform.publish()
    id = uuid4()
    for command in (
        pay(id),
        CancelOrder(order_id=id, reason="x"),
        RecordPaymentFailure(order_id=id, intent_id="pi", reason="x"),
        OpenPaymentSession(order_id=id, provider="sandbox", session_id="s"),
        FulfilOrder(order_id=id, merchant_id=platform.merchant_id, carrier=None, tracking_number=None),
    ):
        with pytest.raises(NotFound):
            await platform.send(command)
    assert await platform.log.load(ORDER, id) is None


def test_the_account_of_a_page_or_payment_leaves_the_digest_of_older_commands() -> None:
    # A shopper whose page was opened before accounts were recorded sends the same command again.
    page = OpenPaymentSession(order_id=UUID(int=1), provider="stripe", session_id="cs_1")
    assert payload_digest(replace(page, account_id="acct_1")) == payload_digest(page)
    payment = RecordPayment(order_id=UUID(int=1), paid=dollars("1.00"), fee=dollars("0.05"), intent_id="pi_1")
    assert payload_digest(replace(payment, account_id="acct_1")) == payload_digest(payment)
