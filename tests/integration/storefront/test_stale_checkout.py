"""What changed between the checkout form and its answer is shown, and nothing is charged for it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from commands.ports import Context
from commands.product import ArchiveProduct, CountStock
from domain.money import Money
from tests.integration.storefront.shopping import checkout_form, hidden, put_in_cart, session_at, to_payment
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform


class TwoDaysLater:
    """A clock that is two days ahead."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=2)


@pytest.fixture
async def shop(floor: StorefrontPlatform) -> UUID:
    return await floor.open_store("fern", BRAND)


@pytest.fixture
async def vase(floor: StorefrontPlatform, shop: UUID, browser: httpx.AsyncClient) -> Product:
    """A vase on sale, three of which are in the browser's cart."""
    vase = await floor.stock(shop, "Blue Vase", slug="blue-vase")
    await put_in_cart(browser, vase, quantity=3)
    return vase


async def do(floor: StorefrontPlatform, command: object) -> None:
    await floor.dispatch(command, Context(command_id=uuid4(), correlation_id=uuid4()))


async def merchant(floor: StorefrontPlatform) -> UUID:
    store = await floor.queries.store_by_slug("fern")
    assert store is not None
    return store.merchant_id


async def test_a_product_that_is_archived_before_the_order_is_shown_as_no_longer_sold(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    form = await checkout_form(browser)
    await do(floor, ArchiveProduct(product_id=vase.id, merchant_id=await merchant(floor)))
    answer = await browser.post("/checkout", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cart")
    assert "no longer sold here" in (await browser.get("/cart")).text
    assert "order.order_placed.v1" not in await floor.events_of(shop)


async def test_stock_that_shrinks_before_the_order_is_shown_and_the_rest_can_be_ordered(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    form = await checkout_form(browser)
    await do(floor, CountStock(product_id=vase.id, merchant_id=await merchant(floor), variant_id=None, on_hand=2))
    assert (await browser.post("/checkout", data=form)).headers["location"] == "/cart"
    cart = await browser.get("/cart")
    assert "Only 2 left." in cart.text
    await browser.post("/cart/tidy", data={"csrf": hidden(cart, "csrf")})
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    assert session.total == Money(minor=9800)
    assert (await floor.events_of(shop)).count("order.order_placed.v1") == 1


async def test_a_form_that_placed_its_order_leads_to_that_order_whatever_the_price_is_now(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    form = await checkout_form(browser)
    first = await to_payment(browser, form)
    await floor.reprice(vase.id, 9900)
    assert await to_payment(browser, form) == first
    assert session_at(floor, first).total == Money(minor=14_700)
    assert (await floor.events_of(shop)).count("order.order_placed.v1") == 1


async def test_a_form_of_the_day_before_is_shown_again_with_its_fields_and_orders_nothing(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    form = await checkout_form(browser)
    transport = httpx.ASGITransport(app=floor.app(clock=TwoDaysLater()))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://fern.shops.test", cookies=browser.cookies
    ) as later:
        page = await later.post("/checkout", data=form)
        assert page.status_code == 409
        assert "This form is too old." in page.text
        assert 'value="Anna Prüfer"' in page.text
        assert "order.order_placed.v1" not in await floor.events_of(shop)
        assert await to_payment(later, form | {"ticket": hidden(page, "ticket")})


@pytest.mark.parametrize("quantity", ["-1", "0", "21", "1e9", "99999999999999999999", "1.5", "NaN", "٣", ""])
async def test_a_quantity_that_cannot_be_ordered_never_reaches_an_order(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient, quantity: str
) -> None:
    page = await browser.get("/cart")
    change = {"csrf": hidden(page, "csrf"), f"quantity.{vase.variants[0]}": quantity}
    assert (await browser.post("/cart/change", data=change)).status_code == 303
    checkout = await browser.get("/checkout")
    # Zero empties the cart. Every other text leaves three pieces in it.
    assert (checkout.status_code, "$147.00" in checkout.text) == ((303, False) if quantity == "0" else (200, True))
