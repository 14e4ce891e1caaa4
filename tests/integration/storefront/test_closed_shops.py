"""What shoppers see of their orders after the store was paused or archived."""

from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from domain.order.events import OrderStatus
from domain.store.events import PageType
from infra.adapters.payments.sandbox import SandboxSession
from tests.integration.storefront.shopping import (
    checkout_form,
    hidden,
    notice_of,
    put_in_cart,
    session_at,
    to_payment,
)
from tests.support.platforms.storefront import BRAND, StorefrontPlatform


async def ordered(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> tuple[UUID, SandboxSession]:
    """Place an order in a fresh store; return the store and the order's payment page."""
    store = await floor.open_store("fern", BRAND)
    await floor.write_page(store, PageType.CONTACT, "Contact", "contact", "Write to hello@fern.test.")
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase")
    await put_in_cart(browser, vase)
    return store, session_at(floor, await to_payment(browser, await checkout_form(browser)))


async def test_a_shopper_sees_a_paid_order_after_the_shop_is_archived(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store, session = await ordered(floor, browser)
    await floor.archive_store(store)
    await floor.apply_notice(notice_of(floor, session))
    page = await browser.get(urlsplit(session.success_url).path)
    assert page.status_code == 200
    assert session.order_number in page.text
    assert "Your order is in" in page.text
    assert "Fern &amp; Clay</bdi> has closed for good" in page.text
    assert (await browser.get(urlsplit(session.cancel_url).path)).headers["location"] in session.success_url


async def test_a_shopper_sees_a_paid_order_after_the_shop_is_paused(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store, session = await ordered(floor, browser)
    await floor.pause_store(store)
    path = urlsplit(session.success_url).path
    assert "Payment is being confirmed" in (await browser.get(path)).text
    await floor.apply_notice(notice_of(floor, session))
    page = await browser.get(path)
    assert page.status_code == 200
    assert "Your order is in" in page.text
    assert "is closed for now" in page.text


@pytest.mark.parametrize("shut", ["pause_store", "archive_store"])
async def test_an_order_page_of_a_closed_shop_has_no_links_into_the_shop(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, shut: str
) -> None:
    store, session = await ordered(floor, browser)
    await getattr(floor, shut)(store)
    page = (await browser.get(urlsplit(session.cancel_url).path)).text
    for file in ("/theme.css", "/logo.svg"):
        assert f'"{file}' in page
        assert (await browser.get(file)).status_code == 200
    for address in ("/", "/cart", "/products"):
        assert f'href="{address}"' not in page
        assert (await browser.get(address)).status_code == (503 if shut == "pause_store" else 410)


@pytest.mark.parametrize("shut", ["pause_store", "archive_store"])
async def test_a_closed_shop_still_shows_its_contact_and_policies(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, shut: str
) -> None:
    store, session = await ordered(floor, browser)
    await getattr(floor, shut)(store)
    assert 'href="/pages/contact"' in (await browser.get(urlsplit(session.cancel_url).path)).text
    contact = await browser.get("/pages/contact")
    assert contact.status_code == 200
    assert "hello@fern.test" in contact.text
    assert "takes no new orders" in contact.text
    assert 'name="robots" content="noindex"' in contact.text
    assert 'href="/products"' not in contact.text
    assert (await browser.get("/pages/nothing")).status_code == (503 if shut == "pause_store" else 410)


async def test_an_order_of_a_paused_shop_can_still_be_paid_or_cancelled(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store, session = await ordered(floor, browser)
    await floor.pause_store(store)
    unpaid = urlsplit(session.cancel_url).path
    token = hidden(await browser.get(unpaid), "csrf")
    paying = await browser.post(f"{unpaid}/pay", data={"csrf": token})
    assert session_at(floor, paying.headers["location"]).order_id == session.order_id
    gone = await browser.post(f"{unpaid}/call-off", data={"csrf": token})
    assert gone.headers["location"] == unpaid
    assert "This order was cancelled" in (await browser.get(unpaid)).text
    assert (await floor.events_of(store))[-2:] == ["order.order_cancelled.v1", "product.stock_released.v1"]


async def test_an_order_of_an_archived_shop_cannot_be_paid_and_is_soon_cancelled(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store, session = await ordered(floor, browser)
    token = hidden(await browser.get(urlsplit(session.cancel_url).path), "csrf")
    await floor.archive_store(store)
    unpaid = urlsplit(session.cancel_url).path
    page = await browser.get(unpaid)
    assert "can no longer be paid" in page.text
    assert "<form" not in page.text
    assert (await browser.post(f"{unpaid}/pay", data={"csrf": token})).headers["location"] == unpaid
    await floor.enforce_deadlines()
    order = await floor.queries.order(store, session.order_id)
    assert order is not None
    assert (order.status, order.cancel_reason) == (OrderStatus.CANCELLED, "The shop closed for good.")
    assert (await floor.events_of(store))[-2:] == ["order.order_cancelled.v1", "product.stock_released.v1"]
    await floor.enforce_deadlines()
    assert (await floor.events_of(store)).count("order.order_cancelled.v1") == 1


async def test_a_late_payment_to_an_archived_shop_is_shown(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store, session = await ordered(floor, browser)
    await floor.archive_store(store)
    await floor.enforce_deadlines()
    unpaid = urlsplit(session.cancel_url).path
    before = (await browser.get(unpaid)).text
    assert "shop has closed for good" in before
    await floor.apply_notice(notice_of(floor, session))
    assert (await browser.get(urlsplit(session.success_url).path)).headers["location"] == unpaid
    after = (await browser.get(unpaid)).text
    assert "Your payment of <strong>$49.00</strong> arrived after order" in after
    assert 'href="/pages/contact"' in after


async def test_orders_of_open_and_paused_shops_keep_their_deadline(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store, session = await ordered(floor, browser)
    await floor.enforce_deadlines()
    await floor.pause_store(store)
    await floor.enforce_deadlines()
    order = await floor.queries.order(store, session.order_id)
    assert order is not None
    assert order.status is OrderStatus.PENDING


@pytest.mark.parametrize("published", [True, False])
async def test_an_archived_shop_shows_orders_and_content_pages_only(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, published: bool
) -> None:
    forged = f"/checkout/success/{UUID(int=5).hex}.AAAA"
    unknown = await browser.get(forged)
    store = await floor.open_store("fern", BRAND, published=published)
    await floor.archive_store(store)
    for path in (forged, "/", "/nowhere"):
        answer = await browser.get(path)
        if published:
            assert answer.status_code == 410
            assert "Closed for good" in answer.text
            assert '<meta name="robots" content="noindex">' in answer.text
        else:
            assert (answer.status_code, answer.content) == (404, unknown.content)
    await floor.write_page(store, PageType.CONTACT, "Contact", "contact", "Write to hello@fern.test.")
    for path in ("/theme.css", "/logo.svg", "/pages/contact"):
        assert (await browser.get(path)).status_code == (200 if published else 404)
