"""A shopper who comes back from the payment page without paying finds their order again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx

from domain.order.events import OrderStatus
from tests.integration.storefront.shopping import (
    checkout_form,
    hidden,
    notice_of,
    put_in_cart,
    session_at,
    to_payment,
)
from tests.support.platforms.storefront import BRAND, StorefrontPlatform, Variant
from tests.support.servers.web_server import served


async def test_a_shopper_is_not_locked_out_by_their_own_unpaid_order(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase", variants=[Variant("Default", 4900, 1)])
    await put_in_cart(browser, vase)
    form = await checkout_form(browser)
    session = session_at(floor, await to_payment(browser, form))
    unpaid = urlsplit(session.cancel_url).path
    cart = await browser.get("/cart")
    assert f"Order {session.order_number} is waiting" in cart.text
    assert "nothing is left" not in cart.text
    assert "This is sold out now" not in cart.text
    assert "Update my cart" not in cart.text
    assert f'action="{unpaid}/pay"' in cart.text
    second = session_at(floor, await to_payment(browser, form | {"city": "Salem"}))
    assert second.order_id != session.order_id
    assert f"Order {second.order_number} is waiting" in (await browser.get("/cart")).text
    assert "cancelled" in (await browser.get(unpaid)).text
    await browser.post(
        f"{urlsplit(second.cancel_url).path}/call-off", data={"csrf": hidden(await browser.get("/cart"), "csrf")}
    )
    assert (await floor.events_of(store))[-2:] == ["order.order_cancelled.v1", "product.stock_released.v1"]
    assert "is waiting" not in (await browser.get("/cart")).text
    third = session_at(floor, await to_payment(browser, await checkout_form(browser, city="Salem")))
    assert third.order_id not in {session.order_id, second.order_id}


async def test_an_open_order_is_shown_at_checkout_before_another_is_placed(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase")
    await put_in_cart(browser, vase)
    address = await to_payment(browser, await checkout_form(browser))
    session = session_at(floor, address)
    checkout = await browser.get("/checkout")
    assert f"Order {session.order_number} is waiting" in checkout.text
    unpaid = urlsplit(session.cancel_url).path
    paying = await browser.post(f"{unpaid}/pay", data={"csrf": hidden(checkout, "csrf")})
    assert paying.headers["location"] == address
    await floor.apply_notice(notice_of(floor, session))
    assert "is waiting" not in (await browser.get("/checkout")).text
    assert "is waiting" not in (await browser.get("/cart")).text


async def test_stock_that_others_bought_is_sold_out_for_an_open_order_too(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase")
    pot = await floor.stock(store, "Last Pot", slug="last-pot", variants=[Variant("Default", 4900, 1)])
    await put_in_cart(browser, vase)
    await to_payment(browser, await checkout_form(browser))
    await put_in_cart(browser, pot)
    async with httpx.AsyncClient(transport=browser._transport, base_url=browser.base_url) as other:
        await put_in_cart(other, pot)
        await to_payment(other, await checkout_form(other))
    cart = (await browser.get("/cart")).text
    assert "This is sold out now" in cart
    assert "Update my cart" in cart
    assert "is waiting" in cart
    async with httpx.AsyncClient(transport=browser._transport, base_url=browser.base_url) as stranger:
        assert "is waiting" not in (await stranger.get("/cart")).text


async def test_products_added_after_the_order_stay_in_the_cart_when_it_is_paid(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase")
    bowl = await floor.stock(store, "Red Bowl", slug="red-bowl")
    await put_in_cart(browser, vase, quantity=2)
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    await put_in_cart(browser, vase)
    await put_in_cart(browser, bowl)
    await floor.apply_notice(notice_of(floor, session))
    assert "Your order is in" in (await browser.get(urlsplit(session.success_url).path)).text
    cart = await browser.get("/cart")
    assert "Red Bowl" in cart.text
    assert "2 items" in cart.text
    await browser.get(urlsplit(session.success_url).path)
    assert "2 items" in (await browser.get("/cart")).text


async def test_a_declined_payment_is_shown_as_declined(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> None:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase")
    await put_in_cart(browser, vase)
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    unpaid = urlsplit(session.cancel_url).path
    assert "declined" not in (await browser.get(unpaid)).text
    declined = floor.payments.read_body(floor.payments.declined_webhook(session, "one"))
    assert declined is not None
    await floor.apply_notice(declined)
    page = await browser.get(unpaid)
    assert "Your payment was declined" in page.text
    assert "Nothing was charged. You can try again" in page.text
    assert "No payment for it has reached us" not in page.text


async def test_a_stranger_changes_no_unpaid_order(floor: StorefrontPlatform) -> None:
    """Editing a draft order without log-in: an order before its payment answers only to its own signed link and browser."""
    shop = await floor.open_store("fern", BRAND)
    vase = await floor.stock(shop, "Blue Vase", slug="blue-vase")
    pot = await floor.stock(shop, "Clay Pot", slug="pot")
    async with served(floor.app()) as port, real_browser(port) as shopper, real_browser(port) as stranger:
        await put_in_cart(shopper, vase)
        form = await checkout_form(shopper)
        session = session_at(floor, await to_payment(shopper, form))
        link = urlsplit(session.cancel_url).path.rpartition("/")[2]
        await put_in_cart(stranger, pot)
        csrf = (await checkout_form(stranger))["csrf"]
        guesses = [
            str(session.order_id),
            session.order_id.hex,
            session.order_number,
            link[:-1],
            f"{link}A",
            link.swapcase(),
        ]
        for guess in guesses:
            for page in (f"/checkout/unpaid/{guess}", f"/checkout/success/{guess}", f"/returns/{guess}"):
                answer = await stranger.get(page)
                assert answer.status_code in {303, 404}, page
                assert "Anna" not in answer.text
            for action in ("pay", "call-off"):
                answer = await stranger.post(f"/checkout/unpaid/{guess}/{action}", data={"csrf": csrf})
                assert answer.status_code in {303, 404}, action
                assert "payments.test" not in answer.headers.get("location", "")
        # The ticket of the shopper's own form, with the stranger's browser and address.
        stolen = {**form, "csrf": csrf, "name": "Mallory", "email": "mallory@example.com"}
        answer = await stranger.post("/checkout", data=stolen)
        assert str(session.order_id) not in answer.headers.get("location", "") + answer.text
        assert "Anna" not in answer.text
        # The link itself, without the token of a page that its own browser loaded.
        for action in ("pay", "call-off"):
            await stranger.post(f"/checkout/unpaid/{link}/{action}", data={"csrf": "x"})
        order = await floor.queries.order(shop, session.order_id)
        assert order is not None
        assert order.status is OrderStatus.PENDING
        assert [line.title for line in order.lines] == ["Blue Vase"]
        assert "order.order_cancelled.v1" not in await floor.events_of(shop)


@asynccontextmanager
async def real_browser(port: int) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a browser of its own in front of a server on a port."""
    headers = {"host": "fern.shops.test"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, headers=headers) as client:
        yield client
