"""An order's page shows its status, and the shopper finds it by number and e-mail address."""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from commands.after_sale import CancelOrderByMerchant, ShipParcel
from commands.order import FulfilOrder
from commands.page import EditPage
from commands.ports import Context
from commands.refunds import RecordRefund, RefundOrder
from domain.money import Money
from domain.order.after_sale.events import Pieces
from domain.order.after_sale.state import RefundStatus
from domain.order.delivery import arrival_window, day_in
from domain.order.refund_ports import RefundAnswer
from domain.store.events import PageType
from infra.adapters.payments.sandbox import SandboxSession
from storefront.pages.find_order import PER_CALLER, PER_NUMBER, UNKNOWN
from storefront.rendering.formatting import arrival_words, money, whole_numbers
from tests.integration.storefront.shopping import (
    ANNA,
    checkout_form,
    hidden,
    notice_of,
    put_in_cart,
    session_at,
    to_payment,
)
from tests.support.platforms.storefront import BRAND, StorefrontPlatform


@pytest.fixture
async def session(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> SandboxSession:
    store = await floor.open_store("fern", BRAND)
    await floor.write_page(store, PageType.TERMS_OF_SERVICE, "Terms of Service", "terms", "The first terms.")
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase", shipping_days=(4, 8))
    await put_in_cart(browser, vase)
    return session_at(floor, await to_payment(browser, await checkout_form(browser)))


async def fulfil(floor: StorefrontPlatform, session: SandboxSession, carrier: str, number: str) -> None:
    store = await floor.queries.store_by_slug("fern")
    assert store is not None
    await floor.dispatch(
        FulfilOrder(order_id=session.order_id, merchant_id=store.merchant_id, carrier=carrier, tracking_number=number),
        Context(command_id=uuid4(), correlation_id=session.order_id),
    )


async def test_a_paid_order_shows_dates_arrival_and_a_masked_address(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    await floor.apply_notice(notice_of(floor, session))
    page = (await browser.get(urlsplit(session.success_url).path)).text
    assert "Thank you. Your order is in." in page
    for told in ("Ordered", "Expected arrival", "A••• P•••", "a•••@example.com", "Portland", "97•••", "United States"):
        assert told in page
    for secret in (ANNA["name"], ANNA["email"], ANNA["line1"], ANNA["postcode"]):
        assert secret not in page


async def test_dates_are_the_same_on_product_cart_checkout_and_order(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    window = arrival_window([(4, 8)], ordered_on=day_in("UTC", floor.clock.now()))
    assert window is not None
    words = arrival_words(window)
    for path in ("/products/blue-vase", "/cart", "/checkout"):
        assert words in (await browser.get(path)).text, path
    await floor.apply_notice(notice_of(floor, session))
    assert words in (await browser.get(urlsplit(session.success_url).path)).text


async def test_an_order_links_to_the_terms_as_they_were_when_it_was_placed(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    store = await floor.queries.store_by_slug("fern")
    assert store is not None
    (terms,) = await floor.queries.pages(store.id)
    await floor.dispatch(
        EditPage(
            store_id=store.id, merchant_id=store.merchant_id, page_id=terms.id, title=None, content="Later terms."
        ),
        Context(command_id=uuid4(), correlation_id=uuid4()),
    )
    await floor.apply_notice(notice_of(floor, session))
    path = urlsplit(session.success_url).path
    assert f'href="{path}/pages/{terms.id}"' in (await browser.get(path)).text
    kept = (await browser.get(f"{path}/pages/{terms.id}")).text
    assert "The first terms." in kept
    assert "Later terms." not in kept
    assert "Later terms." in (await browser.get("/pages/terms")).text
    assert (await browser.get(f"{path}/pages/{uuid4()}")).status_code == 404


async def test_an_order_on_its_way_says_so_and_links_to_its_parcel(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    await floor.apply_notice(notice_of(floor, session))
    await fulfil(floor, session, "DHL", "0034/04&34")
    page = (await browser.get(urlsplit(session.success_url).path)).text
    assert '<h1 class="page-title">Your order is on its way</h1>' in page
    assert "Your order is in" not in page
    assert 'href="https://www.dhl.com/global-en/home/tracking.html?tracking-id=0034%2F04%2634"' in page


async def test_a_page_shows_parcels_refunds_and_a_cancellation(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    store = await floor.queries.store_by_slug("fern")
    assert store is not None
    mug = await floor.stock(store.id, "Mug", slug="mug")
    await floor.apply_notice(notice_of(floor, session))
    path = urlsplit(session.success_url).path
    owned: dict[str, Any] = {"merchant_id": store.merchant_id}

    async def do(command: object) -> str:
        await floor.dispatch(command, Context(command_id=uuid4(), correlation_id=session.order_id))
        return (await browser.get(path)).text

    order = await floor.queries.order(store.id, session.order_id)
    assert order is not None
    (vase,) = order.lines
    await put_in_cart(browser, mug)
    await put_in_cart(browser, mug)
    both = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    await floor.apply_notice(notice_of(floor, both))
    path = urlsplit(both.success_url).path
    owned["order_id"] = both.order_id
    one = [Pieces(variant_id=mug.variants[0], quantity=1)]
    page = await do(ShipParcel(**owned, lines=one, carrier="DHL", tracking_number="1<2"))
    assert "A part of your order is on its way" in page
    assert "<dt>Parcel 1</dt>" in page
    assert "1 × <bdi>Mug</bdi>" in page
    page = await do(RefundOrder(**owned, refund_id=uuid4(), amount=Money(minor=300), reason="Late <3"))
    assert (
        "A refund of $3.00 was requested. You get a mail once the payment provider has sent it. Reason: <bdi>Late &lt;3</bdi>"
        in page
    )

    path, owned["order_id"] = urlsplit(session.success_url).path, session.order_id
    page = await do(CancelOrderByMerchant(**owned, refund_id=uuid4(), reason="Sold out"))
    assert "This order was cancelled" in page
    assert "your payment goes back to you" in page
    assert f"A refund of {money(vase.total)} was requested." in page
    assert "Withdraw from contract here" not in page
    cancelled = await floor.queries.order(store.id, session.order_id)
    assert cancelled is not None
    (refund,) = cancelled.refunds
    answer = RefundAnswer(
        refund_id=refund.id,
        external_id="re_1",
        intent_id=refund.intent_id,
        amount=refund.amount,
        status=RefundStatus.SUCCEEDED,
    )
    assert "your payment was refunded" in await do(RecordRefund(order_id=session.order_id, answer=answer))


async def test_the_page_asks_again_until_the_payment_is_declined_and_says_so(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    back = urlsplit(session.cancel_url)
    assert back.query == "from=payment"
    asking = (await browser.get(f"{back.path}?{back.query}")).text
    assert "data-again" in asking
    assert "data-again" not in (await browser.get(f"{back.path}?{back.query}&try=9")).text
    assert "data-again" not in (await browser.get(back.path)).text
    declined = floor.payments.read_body(floor.payments.declined_webhook(session, "1"))
    assert declined is not None
    await floor.apply_notice(declined)
    page = (await browser.get(f"{back.path}?{back.query}")).text
    assert '<h1 class="page-title">Your payment was declined</h1>' in page
    assert "reached us so far" not in page
    assert "data-again" not in page


async def test_a_forgotten_shoppers_order_shows_no_address(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    await floor.apply_notice(notice_of(floor, session))
    store = await floor.queries.store_by_slug("fern")
    assert store is not None
    [order] = await floor.queries.orders_by_number(store.id, session.order_number)
    await floor.personal.forget(order.shopper_id)
    page = (await browser.get(urlsplit(session.success_url).path)).text
    assert "The address was erased on request." in page


async def find(browser: httpx.AsyncClient, number: str, email: str) -> httpx.Response:
    page = await browser.get("/orders/find")
    return await browser.post("/orders/find", data={"csrf": hidden(page, "csrf"), "number": number, "email": email})


async def test_an_order_is_found_by_number_and_address_in_any_spelling(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    unpaid = await find(browser, session.order_number, ANNA["email"])
    assert unpaid.status_code == 303
    assert "Not paid yet" in (await browser.get(unpaid.headers["location"])).text
    await floor.apply_notice(notice_of(floor, session))
    async with httpx.AsyncClient(transport=browser._transport, base_url=browser.base_url) as other:
        typed = session.order_number.removeprefix("ZY-").lower()
        answer = await find(other, f" {typed} ", " ANNA@Example.com ")
        assert "Thank you. Your order is in." in (await other.get(answer.headers["location"])).text
    assert 'href="/orders/find"' in (await browser.get("/")).text


async def test_a_wrong_number_and_a_wrong_email_get_the_same_answer(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    answers = {
        (answer.status_code, answer.text.replace(typed, "").count(whole_numbers(UNKNOWN)))
        for typed, email in (
            (session.order_number, "other@example.com"),
            ("ZY-222222", ANNA["email"]),
            ("ZY-222222", "other@example.com"),
            ("nonsense", ANNA["email"]),
            (session.order_number, ""),
        )
        for answer in [await find(browser, typed, email)]
    }
    assert answers == {(422, 1)}


async def test_tries_for_one_number_are_limited_even_if_the_last_is_right(
    browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    assert PER_NUMBER.burst < PER_CALLER.burst
    for _ in range(PER_NUMBER.burst):
        assert (await find(browser, session.order_number, "guess@example.com")).status_code == 422
    late = await find(browser, session.order_number, ANNA["email"])
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 0
    assert "too many tries" in late.text


async def test_another_stores_order_is_not_found(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    await floor.open_store("moss", BRAND)
    async with httpx.AsyncClient(transport=browser._transport, base_url="http://moss.shops.test") as other:
        assert (await find(other, session.order_number, ANNA["email"])).status_code == 422
