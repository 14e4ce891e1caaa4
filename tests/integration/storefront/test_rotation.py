"""Carts, order links and open forms survive a rotation of ``ZYENTA_MASTER_KEYS``."""

from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from infra.adapters.master_keys import MasterKeys
from storefront.visit.order_links import OrderLinks
from storefront.visit.signing import ORDER_LINK_AGE, Signers
from tests.integration.storefront.shopping import (
    checkout_form,
    notice_of,
    put_in_cart,
    session_at,
    to_payment,
)
from tests.support.platforms.storefront import BRAND, StorefrontPlatform

OLD, NEW = bytes([1]) * 32, bytes([2]) * 32


def browser_at(floor: StorefrontPlatform, *keys: bytes, cookies: httpx.Cookies | None = None) -> httpx.AsyncClient:
    """Return a browser in front of a storefront whose secrets come from these master keys, the current one first."""
    app = floor.app(secrets=MasterKeys(keys).derive_each("storefront"))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test", cookies=cookies)


async def test_a_cart_and_an_order_link_outlive_a_rotation(floor: StorefrontPlatform) -> None:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase")
    pot = await floor.stock(store, "Clay Pot", slug="pot")
    async with browser_at(floor, OLD) as before:
        await put_in_cart(before, vase)
        session = session_at(floor, await to_payment(before, await checkout_form(before)))
        await floor.apply_notice(notice_of(floor, session))
        await before.get(urlsplit(session.success_url).path)
        await put_in_cart(before, pot)
    async with browser_at(floor, NEW, OLD, cookies=before.cookies) as after:
        assert "Clay Pot" in (await after.get("/cart")).text
        assert session.order_number in (await after.get(urlsplit(session.success_url).path)).text
    async with browser_at(floor, NEW, cookies=before.cookies) as much_later:
        assert "There is nothing in it yet" in (await much_later.get("/cart")).text
        assert (await much_later.get(urlsplit(session.success_url).path)).status_code == 404


async def test_a_checkout_form_that_was_open_during_a_rotation_places_one_order(floor: StorefrontPlatform) -> None:
    store = await floor.open_store("fern", BRAND)
    await floor.stock(store, "Blue Vase", slug="blue-vase")
    vase = await floor.stock(store, "Clay Pot", slug="pot")
    async with browser_at(floor, OLD) as before:
        await put_in_cart(before, vase)
        form = await checkout_form(before)
        first = session_at(floor, await to_payment(before, form))
    async with browser_at(floor, NEW, OLD, cookies=before.cookies) as after:
        again = session_at(floor, await to_payment(after, form))
    assert again.order_id == first.order_id
    assert (await floor.events_of(store)).count("order.order_placed.v1") == 1


async def test_an_order_link_that_is_too_old_leads_to_the_form_that_finds_the_order(floor: StorefrontPlatform) -> None:
    store = await floor.open_store("fern", BRAND)
    secrets = MasterKeys([OLD]).derive_each("storefront")
    links = OrderLinks(Signers(secrets, store, floor.clock).order_link)
    link = links.to(store, at=floor.clock.now() - ORDER_LINK_AGE - timedelta(minutes=1))
    async with browser_at(floor, OLD) as browser:
        answer = await browser.get(f"/checkout/success/{link}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/orders/find")
        assert "This link is too old" in (await browser.get("/orders/find")).text
