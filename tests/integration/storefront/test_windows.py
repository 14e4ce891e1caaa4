"""Two windows or an outdated form: a cart has at most one open order, and a paid order is not repeated."""

from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from commands.ports import ConcurrencyConflict, Context, Receipt
from domain.product.aggregate import PRODUCT
from tests.integration.storefront.shopping import (
    checkout_form,
    hidden,
    notice_of,
    put_in_cart,
    session_at,
    to_payment,
)
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform, Variant


@pytest.fixture
async def vase(floor: StorefrontPlatform) -> Product:
    store = await floor.open_store("fern", BRAND)
    return await floor.stock(store, "Blue Vase", slug="blue-vase", variants=[Variant("Default", 4900, 9)])


async def orders_and_available(floor: StorefrontPlatform, vase: Product) -> tuple[int, int]:
    loaded = await floor.log.load(PRODUCT, vase.id)
    assert loaded is not None
    placed = (await floor.events_of(loaded.state.store_id)).count("order.order_placed.v1")
    return placed, loaded.state.variants[vase.variants[0]].available


async def test_a_cart_that_was_paid_while_no_page_was_open_is_empty_everywhere(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, vase: Product
) -> None:
    await put_in_cart(browser, vase, quantity=2)
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    await floor.apply_notice(notice_of(floor, session))
    home = await browser.get("/")
    assert 'class="cart-count cart-count-none">0<' in home.text
    assert (await browser.get("/checkout")).headers["location"] == "/cart"
    assert await orders_and_available(floor, vase) == (1, 7)


async def test_the_cart_names_the_order_that_emptied_it(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, vase: Product
) -> None:
    await put_in_cart(browser, vase)
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    await floor.apply_notice(notice_of(floor, session))
    cart = (await browser.get("/cart")).text
    assert f"Order {session.order_number} is paid" in cart
    assert f'href="{urlsplit(session.success_url).path}"' in cart
    assert "There is nothing in it yet" in (await browser.get("/cart")).text


@pytest.mark.parametrize("seen", [True, False], ids=["seen", "read models behind"])
async def test_a_form_in_a_second_window_does_not_repeat_a_paid_order(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, vase: Product, seen: bool
) -> None:
    await put_in_cart(browser, vase, quantity=2)
    second_window = await checkout_form(browser, city="Salem")
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    floor.behind = not seen
    await floor.apply_notice(notice_of(floor, session))
    success = urlsplit(session.success_url).path
    assert await to_payment(browser, second_window) == success
    floor.behind = False
    await floor.catch_up()
    page = (await browser.get(success)).text
    assert f"order {session.order_number}. Nothing was ordered again." in page
    assert await orders_and_available(floor, vase) == (1, 7)
    assert "items" in (await browser.get("/cart")).text
    assert (await browser.get("/checkout")).headers["location"] == "/cart"


async def test_an_empty_cart_in_a_second_window_is_explained(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, vase: Product
) -> None:
    await put_in_cart(browser, vase)
    form = await checkout_form(browser)
    cart = await browser.get("/cart")
    await browser.post("/cart/change", data={"csrf": hidden(cart, "csrf"), "remove": str(vase.variants[0])})
    assert await to_payment(browser, form) == "/cart"
    assert "Your cart is empty" in (await browser.get("/cart")).text
    assert await orders_and_available(floor, vase) == (0, 9)


async def test_a_changed_cart_replaces_its_unpaid_order_and_gives_the_stock_back(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, vase: Product
) -> None:
    await put_in_cart(browser, vase, quantity=2)
    first = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    cart = await browser.get("/cart")
    quantity = f"quantity.{vase.variants[0]}"
    await browser.post("/cart/change", data={"csrf": hidden(cart, "csrf"), quantity: "9"})
    second = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    assert second.order_id != first.order_id
    assert second.total.minor == 9 * 4900
    assert await orders_and_available(floor, vase) == (2, 0)
    assert "cancelled" in (await browser.get(urlsplit(first.cancel_url).path)).text
    await browser.post("/cart/change", data={"csrf": hidden(cart, "csrf"), quantity: "2"})
    third = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    assert third.order_id not in {first.order_id, second.order_id}
    assert await orders_and_available(floor, vase) == (3, 7)


async def test_the_same_cart_sent_again_is_the_same_order(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, vase: Product
) -> None:
    await put_in_cart(browser, vase, quantity=2)
    address = await to_payment(browser, await checkout_form(browser))
    assert await to_payment(browser, await checkout_form(browser)) == address
    assert await orders_and_available(floor, vase) == (1, 7)


async def test_the_paid_one_of_two_orders_empties_their_cart(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, vase: Product
) -> None:
    await put_in_cart(browser, vase, quantity=2)
    await to_payment(browser, await checkout_form(browser))
    second = session_at(floor, await to_payment(browser, await checkout_form(browser, city="Salem")))
    await floor.apply_notice(notice_of(floor, second))
    assert 'class="cart-count cart-count-none">0<' in (await browser.get("/products")).text


async def test_a_form_whose_cart_changed_in_another_window_is_shown_again_with_its_fields(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, vase: Product
) -> None:
    await put_in_cart(browser, vase)
    form = await checkout_form(browser, city="Salem")
    await put_in_cart(browser, vase)
    answer = await browser.post("/checkout", data=form)
    assert answer.status_code == 409
    assert "Your cart was changed in another window" in answer.text
    assert 'value="Salem"' in answer.text
    assert await orders_and_available(floor, vase) == (0, 9)
    session = session_at(floor, await to_payment(browser, form | {"ticket": hidden(answer, "ticket")}))
    assert session.total.minor == 2 * 4900


async def test_the_cart_of_an_expired_order_can_be_ordered_again(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, vase: Product
) -> None:
    await put_in_cart(browser, vase)
    form = await checkout_form(browser)
    first = session_at(floor, await to_payment(browser, form))
    await browser.post(f"{urlsplit(first.cancel_url).path}/call-off", data={"csrf": form["csrf"]})
    assert await to_payment(browser, form) == "/cart"
    assert f"Order {first.order_number} was cancelled" in (await browser.get("/cart")).text
    second = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    assert second.order_id != first.order_id


class Crowded:
    """A command bus on which another writer always wins while it is crowded."""

    crowd = False

    def __init__(self, floor: StorefrontPlatform) -> None:
        self._floor = floor

    async def dispatch(self, command: object, context: Context) -> Receipt:
        if self.crowd:
            raise ConcurrencyConflict("somebody else was first")
        return await self._floor.dispatch(command, context)

    async def outcome(self, command_id: UUID) -> Receipt | None:
        return await self._floor.outcome(command_id)


async def test_a_shopper_who_loses_to_concurrent_buyers_may_try_again(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, vase: Product
) -> None:
    crowded = Crowded(floor)
    transport = httpx.ASGITransport(app=floor.app(commands=crowded), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=browser.base_url) as shopper:
        await put_in_cart(shopper, vase)
        form = await checkout_form(shopper, city="Salem")
        crowded.crowd = True
        answer = await shopper.post("/checkout", data=form)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert "Many people are buying this" in answer.text
        assert 'value="Salem"' in answer.text
        crowded.crowd = False
        session = session_at(floor, await to_payment(shopper, form))
        unpaid = urlsplit(session.cancel_url).path
        crowded.crowd = True
        for way in ("pay", "call-off"):
            sent = await shopper.post(f"{unpaid}/{way}", data={"csrf": form["csrf"]})
            assert (sent.status_code, sent.headers["location"]) == (303, unpaid)
            assert "Many people are buying this" in (await shopper.get(unpaid)).text
