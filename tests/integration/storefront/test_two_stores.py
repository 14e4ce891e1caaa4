"""A walk over every route of two stores: neither shows the other's data. A new route joins by itself."""

import re
from uuid import UUID, uuid4

import httpx
from starlette.routing import Route

from domain.store.events import PageType
from tests.integration.storefront.shopping import checkout_form, hidden, notice_of, put_in_cart, session_at, to_payment
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform

SECRET = re.compile(r"quagga", re.IGNORECASE)
"""A word in every text of the second store, and in none of the first."""
PUBLIC_FILES = {"/media/{key:path}", "/static/{name:path}"}
"""Files are found by the digest of what is in them, at any host: pages name them through a CDN too."""


async def sell(floor: StorefrontPlatform, host: httpx.AsyncClient, slug: str, word: str) -> tuple[Product, str, UUID]:
    """Open a store and let a shopper pay an order; return its product, the path of the order's link, and the store."""
    store = await floor.open_store(slug, BRAND.model_copy(update={"name": f"{word} House"}))
    for type in PageType:
        await floor.write_page(store, type, f"{word} {type}", f"{word.lower()}-{type.lower()}", f"All about {word}.")
    product = await floor.stock(store, f"{word} Vase", slug=f"{word.lower()}-vase", category=f"{word} Things")
    await put_in_cart(host, product)
    session = session_at(floor, await to_payment(host, await checkout_form(host, name=f"{word} Person")))
    await floor.apply_notice(notice_of(floor, session))
    path = httpx.URL(session.success_url).path
    assert session.order_number in (await host.get(path)).text
    await put_in_cart(host, product)
    return product, path, store


async def test_no_route_of_a_store_shows_what_is_anothers(floor: StorefrontPlatform) -> None:
    app = floor.app()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    own = httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test")
    foreign = httpx.AsyncClient(transport=transport, base_url="http://quagga.shops.test")
    _, own_order, _ = await sell(floor, own, "fern", "Fern")
    product, order, store = await sell(floor, foreign, "quagga", "Quagga")

    link = order.rpartition("/")[2]
    parameters = {
        link,
        own_order.rpartition("/")[2],
        product.slug,
        str(product.id),
        str(product.variants[0]),
        str(store),
        "quagga-things",
        *(f"quagga-{type.lower()}" for type in PageType),
        str(uuid4()),
        "1",
    }
    token = hidden(await own.get("/products/fern-vase"), "csrf")
    cookies = [dict(own.cookies), dict(foreign.cookies), {**dict(own.cookies), **dict(foreign.cookies)}]
    assert all(cookies)
    routes = [route for route in app.router.routes if isinstance(route, Route) and route.path not in PUBLIC_FILES]
    assert len(routes) > 20
    for route in routes:
        names = set(re.findall(r"\{(\w+)", route.path))
        for value in sorted(parameters) if names else [""]:
            path = re.sub(r"\{\w+(?::\w+)?\}", value, route.path)
            for jar in cookies if not names else cookies[:1]:
                browser = httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test", cookies=jar)
                query = {"order": link, "product": str(product.id), "variant": str(product.variants[0]), "q": "vase"}
                form = query | {
                    "quantity": "1",
                    "number": "1",
                    "email": "anna@example.com",
                    "csrf": token,
                    "ticket": "x",
                }
                answers = [await browser.get(path, params=query)]
                if "POST" in (route.methods or ()):
                    answers.append(await browser.post(path, data=form))
                for answer in answers:
                    shown = answer.text.replace(value, "") if value else answer.text
                    assert not SECRET.search(shown), (route.path, value, SECRET.search(shown))
                    assert str(store) not in answer.text, route.path
                    if value == link:
                        assert answer.status_code != 200, route.path
    # The walk can find what it looks for.
    assert SECRET.search((await foreign.get("/cart")).text)
    assert SECRET.search((await foreign.get(order)).text)
    assert "Fern Vase" in (await own.get("/cart")).text
