"""The cart is kept on the server: for every window and device that has it, and for no other."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx

from domain.cart.contents import ShopperCart
from domain.cart.link import LINK_AGE, CartLinkRequested
from domain.cart.ports import CART_AGE
from domain.shopper.aggregate import shopper_of
from infra.adapters.postgres.carts import PostgresCarts
from storefront.visit.cart import CartCookie
from storefront.visit.signing import Signers
from tests.integration.storefront.shopping import (
    checkout_form,
    former_cart,
    hidden,
    notice_of,
    put_in_cart,
    session_at,
    to_payment,
)
from tests.integration.storefront.test_back_in_stock import Post
from tests.support.platforms.storefront import BRAND, SECRET, StorefrontPlatform


@asynccontextmanager
async def device(floor: StorefrontPlatform, cookies: httpx.Cookies | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a browser with cookies of its own, in front of a storefront process of its own."""
    transport = httpx.ASGITransport(app=floor.app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test", cookies=cookies) as client:
        yield client


async def test_a_cart_of_an_earlier_release_is_carried_over_once_and_only_in_its_store(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    fern, other = await floor.open_store("fern", BRAND), await floor.open_store("other", BRAND)
    pot = await floor.stock(fern, "Pot", slug="pot")
    signer = Signers([SECRET], fern, floor.clock).cart
    old = former_cart(pot, 2, signer, UUID(int=7))
    foreign = former_cart(pot, 2, Signers([SECRET], other, floor.clock).cart, UUID(int=8))
    for bad in (foreign, f"{old}x", old.replace("2.", "9.", 1)):
        assert "nothing in it yet" in (await browser.get("/cart", headers={"cookie": f"cart={bad}"})).text
    assert await pool.fetchval("select count(*) from carts") == 0
    # A listing shows the count of an old cookie without asking for the cart.
    assert ">2<span" in (await browser.get("/products", headers={"cookie": f"cart={old}"})).text
    assert await pool.fetchval("select count(*) from carts") == 0
    first = await browser.get("/cart", headers={"cookie": f"cart={old}"})
    assert f'name="quantity.{pot.variants[0]}"' in first.text
    assert CartCookie.read(first.cookies["cart"], signer) == CartCookie(UUID(int=7), 2)
    # Another window still has the old cookie; what was changed since then stays.
    await put_in_cart(browser, pot, quantity=3)
    second = await browser.get("/cart", headers={"cookie": f"cart={old}"})
    assert CartCookie.read(second.cookies["cart"], signer).count == 5
    assert await pool.fetchval("select count(*) from carts") == 1
    # A key names nothing in another store.
    assert await PostgresCarts(pool).read(other, UUID(int=7), at=floor.clock.now()) is None


async def test_the_back_button_after_payment_and_an_expired_session_order_nothing(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    pot = await floor.stock(store, "Pot", slug="pot")
    await put_in_cart(browser, pot)
    form = await checkout_form(browser)
    session = session_at(floor, await to_payment(browser, form))
    unpaid = await browser.get(urlsplit(session.cancel_url).path)
    pay = urlsplit(session.cancel_url).path + "/pay"
    await floor.apply_notice(notice_of(floor, session))
    for path, sent in (("/checkout", form), (pay, {"csrf": hidden(unpaid, "csrf")})):
        answer = await browser.post(path, data=sent)
        assert "/checkout/success/" in answer.headers["location"], path
    assert (await floor.events_of(store)).count("order.order_placed.v1") == 1
    # A month later the browser has no visitor cookie any more: the form is refused with a page that says what to do.
    await put_in_cart(browser, pot)
    late = await checkout_form(browser)
    browser.cookies.delete("visitor")
    refused = await browser.post("/checkout", data=late)
    assert refused.status_code == 403
    assert "Nothing was changed" in refused.text
    assert "Pot" in (await browser.get("/cart")).text
    assert (await floor.events_of(store)).count("order.order_placed.v1") == 1


async def test_windows_that_add_at_once_lose_nothing(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> None:
    store = await floor.open_store("fern", BRAND)
    pots = [await floor.stock(store, f"Pot {n}", slug=f"pot-{n}") for n in range(5)]
    await put_in_cart(browser, pots[0])
    await asyncio.gather(*(put_in_cart(browser, pot, quantity=2) for pot in pots))
    cart = await browser.get("/cart")
    quantities = [cart.text.split(f'name="quantity.{pot.variants[0]}"')[1].split('value="')[1][:1] for pot in pots]
    assert quantities == ["3", "2", "2", "2", "2"]


async def test_the_cart_names_a_changed_price_until_the_shopper_updates_the_cart(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store = await floor.open_store("fern", BRAND)
    pot = await floor.stock(store, "Pot", slug="pot")
    await put_in_cart(browser, pot)
    await floor.reprice(pot.id, 5900)
    page = await browser.get("/cart")
    assert "Price went up: it was $49.00 when you added it." in page.text
    assert "$59.00 each" in page.text
    # The checkout shows the new price before anything is ordered.
    assert "$59.00" in (await browser.get("/checkout")).text
    await browser.post("/cart/change", data={"csrf": hidden(page, "csrf")})
    assert "Price went" not in (await browser.get("/cart")).text


async def test_the_cart_page_names_a_vanished_cart_once_and_nothing_is_ordered(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    store = await floor.open_store("fern", BRAND)
    pot = await floor.stock(store, "Pot", slug="pot")
    await put_in_cart(browser, pot)
    form = await checkout_form(browser)
    await pool.execute("update carts set changed_at = changed_at - $1::interval", CART_AGE + timedelta(minutes=1))
    answer = await browser.post("/checkout", data=form)
    assert answer.headers["location"] == "/cart"
    assert "order.order_placed.v1" not in await floor.events_of(store)
    async with device(floor) as late:
        late.cookies = browser.cookies
        assert "nothing in it yet" in (await late.get("/cart")).text
    assert await PostgresCarts(pool).delete_old(floor.clock.now() - CART_AGE, limit=10) == 1
    await put_in_cart(browser, pot)
    assert await PostgresCarts(pool).delete_old(floor.clock.now() - CART_AGE, limit=10) == 0
    await pool.execute("update carts set changed_at = changed_at - $1::interval", CART_AGE + timedelta(minutes=1))
    assert "emptied on another device, or nothing was changed in it for 30 days" in (await browser.get("/cart")).text
    assert "30 days" not in (await browser.get("/cart")).text
    assert await PostgresCarts(pool).delete_old(floor.clock.now() - CART_AGE, limit=10) == 1


async def test_the_link_of_an_order_makes_the_carts_of_two_devices_one(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="vase")
    pot = await floor.stock(store, "Clay Pot", slug="pot")
    bowl = await floor.stock(store, "Bowl", slug="bowl")
    await put_in_cart(browser, vase)
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    await floor.apply_notice(notice_of(floor, session))
    # Everything was ordered. The link leads to the cart all the same, and to what is put into it later.
    assert "Your cart is empty." in (await browser.get("/cart")).text
    await put_in_cart(browser, pot, quantity=2)
    link = urlsplit(session.success_url).path
    page = await browser.get(link)
    assert "Bring it here" not in page.text
    async with device(floor) as phone:
        await put_in_cart(phone, pot, quantity=5)
        await put_in_cart(phone, bowl)
        # Opening the link alone changes nothing: anybody can send somebody a link.
        page = await phone.get(link)
        assert "has 2 items from the device you ordered on" in page.text
        assert "Clay Pot" in (await phone.get("/cart")).text
        refused = await phone.post(f"{link}/cart", data={"csrf": "x"})
        assert refused.status_code == 403
        joined = await phone.post(f"{link}/cart", data={"csrf": hidden(page, "csrf")})
        assert joined.headers["location"] == "/cart"
        cart = await phone.get("/cart")
        assert "The carts of your two devices are one now" in cart.text
        assert cart.text.count('class="line"') == 2
        assert "Bring it here" not in (await phone.get(link)).text
        # From now on, each device sees what the other one does.
        await put_in_cart(browser, vase)
        assert "Blue Vase" in (await phone.get("/cart")).text
        assert (await browser.get("/cart")).text.count('class="line"') == 3
        # Ordered on one device, it is ordered on both, and only once.
        on_browser, on_phone = await checkout_form(browser), await checkout_form(phone, city="Salem")
        paid = session_at(floor, await to_payment(browser, on_browser))
        await floor.apply_notice(notice_of(floor, paid))
        again = await phone.post("/checkout", data=on_phone)
        assert again.headers["location"].startswith("/checkout/success/")
        assert "nothing in it" in (await phone.get("/cart")).text or "empty" in (await phone.get("/cart")).text
    assert (await floor.events_of(store)).count("order.order_placed.v1") == 2
    # Erasure takes the cart of the shopper along, and what was joined into it.
    await put_in_cart(browser, bowl)
    await PostgresCarts(pool).forget(shopper_of(paid.order_id))
    assert await pool.fetchval("select count(*) from carts") == 0


async def test_a_link_by_mail_brings_the_cart_to_another_device_and_its_address_is_deleted_the_next_day(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    store = await floor.open_store("fern", BRAND)
    pot, bowl = await floor.stock(store, "Pot", slug="pot"), await floor.stock(store, "Bowl", slug="bowl")
    post = Post(floor)
    await put_in_cart(browser, pot, quantity=2)
    token = hidden(await browser.get("/cart"), "csrf")
    await browser.post("/cart/link", data={"csrf": token, "email": "anna@@example"})
    assert "is not an e-mail address" in (await browser.get("/cart")).text
    assert await post.deliver() == []
    for _ in range(2):
        await browser.post("/cart/link", data={"csrf": token, "email": "anna@example.com"})
    assert "Check your mail on the other device" in (await browser.get("/cart")).text
    [mail] = await post.deliver()
    assert mail.recipient == "anna@example.com"
    path = re.findall(r"http://fern\.shops\.test(/cart/link/\S+)", mail.text)[0]
    assert "There is nothing to bring." in (await browser.get(path)).text
    async with device(floor) as phone:
        await put_in_cart(phone, bowl)
        page = await phone.get(path)
        assert "It has 2 items." in page.text
        assert (await phone.post(path, data={"csrf": "x"})).status_code == 403
        assert "Pot" not in (await phone.get("/cart")).text
        await phone.post(path, data={"csrf": hidden(page, "csrf")})
        assert (await phone.get("/cart")).text.count('class="line"') == 2
        assert (await phone.get(f"{path}x")).status_code == 404
        await floor.open_store("other", BRAND)
        assert (await phone.get(path, headers={"host": "other.shops.test"})).status_code == 404
    assert (await browser.get("/cart")).text.count('class="line"') == 2
    event = (await floor.log.read_tenant(store, 2**62))[-1].decode().event
    assert isinstance(event, CartLinkRequested)
    await floor.enforce_deadlines()
    assert await floor.personal.open(event.email) == "anna@example.com"
    await pool.execute("update carts set link_at = link_at - $1::interval", LINK_AGE + timedelta(minutes=1))
    await floor.enforce_deadlines()
    assert await floor.personal.open(event.email) is None
    assert (await browser.get("/cart")).text.count('class="line"') == 2


async def test_pages_without_a_cart_and_listings_with_one_ask_for_no_cart(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    class NoCarts:
        """Fails every question for a cart."""

        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"asked for a cart: {name}")

    store = await floor.open_store("fern", BRAND)
    pot = await floor.stock(store, "Pot", slug="pot")
    await put_in_cart(browser, pot)
    await browser.get("/cart")
    paths = ("/", "/products", "/products?sort=title", "/products/pot", "/orders/find", "/accessibility", "/nowhere")
    transport = httpx.ASGITransport(app=floor.app(carts=NoCarts()))
    async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as reader:
        for path in (*paths, "/cart", "/checkout"):
            assert (await reader.get(path)).status_code < 500, path
        reader.cookies = browser.cookies
        for path in paths[:4]:
            for _ in range(2):
                assert ">1<span" in (await reader.get(path)).text, path


async def test_an_expired_cart_that_was_not_deleted_yet_takes_new_goods_and_none_of_the_old(
    floor: StorefrontPlatform, pool: asyncpg.Pool
) -> None:
    carts, store, key, at = PostgresCarts(pool), UUID(int=1), UUID(int=11), floor.clock.now()
    old = await carts.change(store, key, lambda cart: cart.add(UUID(int=3), UUID(int=4), 1), at=at - CART_AGE)
    assert await carts.read(store, key, at=at) is None
    new = await carts.change(store, key, lambda cart: cart.add(UUID(int=3), UUID(int=5), 2), at=at)
    assert [entry.variant_id for entry in new.cart] == [UUID(int=5)]
    assert new.cart.id != old.cart.id
    assert await carts.read(store, key, at=at) == new
    # The same key in another store is another cart, and it does not touch this one.
    await carts.change(UUID(int=2), key, lambda cart: cart.add(UUID(int=3), UUID(int=4), 9), at=at)
    assert await carts.read(store, key, at=at) == new


async def test_joining_in_both_directions_at_once_ends_in_one_cart(
    floor: StorefrontPlatform, pool: asyncpg.Pool
) -> None:
    carts, store, at = PostgresCarts(pool), UUID(int=1), floor.clock.now()
    one, two = UUID(int=11), UUID(int=12)
    await carts.change(store, one, lambda cart: cart.add(UUID(int=3), UUID(int=4), 1), at=at)
    await carts.change(store, two, lambda cart: cart.add(UUID(int=3), UUID(int=5), 2), at=at)

    def merge(target: ShopperCart, source: ShopperCart) -> ShopperCart:
        return target.merged(source, {UUID(int=4): 9, UUID(int=5): 9})

    await asyncio.gather(carts.join(store, one, two, merge, at=at), carts.join(store, two, one, merge, at=at))
    first, second = await carts.read(store, one, at=at), await carts.read(store, two, at=at)
    assert first == second
    assert first is not None
    assert first.cart.count == 3
