"""What changed between the checkout form and its answer is shown, and nothing is charged for it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from commands.ports import Context
from commands.product import ArchiveProduct, CountStock
from domain.kernel import Transient
from domain.money import Money
from domain.order.errors import PaymentsNotReady
from domain.order.ports import PaymentGateway
from infra.adapters.payments.sandbox import SandboxPayments, SandboxSession
from infra.adapters.payments.shared import SharedGateway
from tests.integration.storefront.shopping import checkout_form, hidden, put_in_cart, session_at, to_payment
from tests.support.platforms.storefront import BRAND, PAYMENT_PAGE, SECRET, Product, StorefrontPlatform


class Ahead:
    """A clock that is ahead."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self._by


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
    transport = httpx.ASGITransport(app=floor.app(clock=Ahead(timedelta(days=2))))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://fern.shops.test", cookies=browser.cookies
    ) as later:
        page = await later.post("/checkout", data=form)
        assert page.status_code == 409
        assert "This form is too old." in page.text
        assert 'value="Anna Prüfer"' in page.text
        assert "order.order_placed.v1" not in await floor.events_of(shop)
        assert await to_payment(later, form | {"ticket": hidden(page, "ticket")})


class ClosablePages(SandboxPayments):
    """The sandbox's pages, which can be closed."""

    def __init__(self) -> None:
        super().__init__(SECRET, page_url=PAYMENT_PAGE)
        self.closed: list[str] = []
        self.is_paid = self.is_away = False

    async def close_session(self, session_id: str) -> bool:
        if self.is_away:
            raise Transient("the payment provider", "did not answer")
        self.closed.append(session_id)
        return not self.is_paid


@pytest.fixture
def pages() -> ClosablePages:
    return ClosablePages()


@pytest.fixture
async def shopper(floor: StorefrontPlatform, pages: ClosablePages) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in a shop whose payment pages can be closed."""
    transport = httpx.ASGITransport(app=floor.app(payments=SharedGateway(pages)))
    async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as client:
        yield client


async def ordered(floor: StorefrontPlatform, shop: UUID, shopper: httpx.AsyncClient) -> SandboxSession:
    await put_in_cart(shopper, await floor.stock(shop, "Clay Pot", slug="clay-pot"))
    return session_at(floor, await to_payment(shopper, await checkout_form(shopper)))


async def call_off(shopper: httpx.AsyncClient, session: SandboxSession) -> str:
    link = urlsplit(session.cancel_url).path
    page = await shopper.get(link)
    answer = await shopper.post(f"{link}/call-off", data={"csrf": hidden(page, "csrf")})
    return answer.headers["location"]


async def test_cancelling_an_order_closes_its_payment_page_first(
    floor: StorefrontPlatform, shop: UUID, shopper: httpx.AsyncClient, pages: ClosablePages
) -> None:
    session = await ordered(floor, shop, shopper)
    assert await call_off(shopper, session) == "/cart"
    assert pages.closed == [session.session_id]
    assert "order.order_cancelled.v1" in await floor.events_of(shop)


async def test_an_order_that_was_paid_a_moment_ago_is_not_cancelled(
    floor: StorefrontPlatform, shop: UUID, shopper: httpx.AsyncClient, pages: ClosablePages
) -> None:
    session = await ordered(floor, shop, shopper)
    pages.is_paid = True
    assert await call_off(shopper, session) == urlsplit(session.success_url).path
    assert "order.order_cancelled.v1" not in await floor.events_of(shop)


async def test_an_order_is_kept_while_its_payment_page_cannot_be_closed(
    floor: StorefrontPlatform, shop: UUID, shopper: httpx.AsyncClient, pages: ClosablePages
) -> None:
    session = await ordered(floor, shop, shopper)
    pages.is_away = True
    kept = await call_off(shopper, session)
    assert "so the order is not cancelled" in (await shopper.get(kept)).text
    assert "order.order_cancelled.v1" not in await floor.events_of(shop)


@pytest.mark.parametrize("is_away", [False, True])
async def test_a_changed_cart_closes_the_payment_page_of_the_order_that_it_replaces(
    floor: StorefrontPlatform, shop: UUID, shopper: httpx.AsyncClient, pages: ClosablePages, is_away: bool
) -> None:
    first = await ordered(floor, shop, shopper)
    await put_in_cart(shopper, await floor.stock(shop, "Blue Vase", slug="blue-vase"))
    pages.is_away = is_away
    second = session_at(floor, await to_payment(shopper, await checkout_form(shopper)))
    assert second.order_id != first.order_id
    assert pages.closed == ([] if is_away else [first.session_id])


class NoPages:
    """Gateways of a merchant who cannot be paid."""

    def __init__(self, refusal: Exception) -> None:
        self._refusal = refusal

    async def of(self, merchant_id: UUID) -> PaymentGateway:
        raise self._refusal


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (PaymentsNotReady(), "This store cannot take payments yet"),
        (Transient("Stripe", "is away"), "The payment page did not answer. Your order is kept."),
    ],
)
async def test_a_page_that_cannot_be_opened_is_explained_and_later_it_is_too_late(
    floor: StorefrontPlatform, shop: UUID, refusal: Exception, said: str
) -> None:
    transport = httpx.ASGITransport(app=floor.app(payments=NoPages(refusal)))
    async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as shopper:
        await put_in_cart(shopper, await floor.stock(shop, "Clay Pot", slug="clay-pot"))
        unpaid = await to_payment(shopper, await checkout_form(shopper))
        page = await shopper.get(unpaid)
    assert unpaid.startswith("/checkout/unpaid/")
    assert said in page.text
    transport = httpx.ASGITransport(app=floor.app(clock=Ahead(timedelta(minutes=31))))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://fern.shops.test", cookies=shopper.cookies
    ) as later:
        answer = await later.post(f"{unpaid}/pay", data={"csrf": hidden(page, "csrf")})
        assert answer.headers["location"] == unpaid
        assert "The time to pay order" in (await later.get(unpaid)).text


async def test_a_quantity_that_cannot_be_ordered_never_reaches_an_order(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    # Zero empties the cart. Every other text leaves three pieces in it.
    for quantity in ("-1", "21", "1e9", "99999999999999999999", "1.5", "NaN", "٣", "", "0"):
        page = await browser.get("/cart")
        change = {"csrf": hidden(page, "csrf"), f"quantity.{vase.variants[0]}": quantity}
        assert (await browser.post("/cart/change", data=change)).status_code == 303
        checkout = await browser.get("/checkout")
        assert (checkout.status_code, "$147.00" in checkout.text) == ((303, False) if quantity == "0" else (200, True))
