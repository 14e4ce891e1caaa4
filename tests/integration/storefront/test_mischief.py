"""Arbitrary addresses, forms and cookies never make a page fail."""

from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.store.events import PageType
from tests.integration.storefront.shopping import checkout_form, put_in_cart
from tests.support.examples import drawn
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform, Variant

MANY = settings(
    max_examples=drawn(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
mischief = st.sampled_from([*"\0\x1b\u202e%/.~&=;#?'\"\\", "%00", "../", "9" * 30, "\U0010ffff"])
texts = st.lists(mischief | st.text(st.characters(codec="utf-8"), max_size=5), max_size=5).map("".join)
paths = st.sampled_from(
    ["/{}", "/products/{}", "/pages/{}", "/media/{}", "/static/{}", "/checkout/success/{}", "/checkout/unpaid/{}"]
)
pages = st.sampled_from(["/", "/products", "/products/pot", "/cart", "/checkout", "/theme.css", "/sitemap.xml"])
queries = st.dictionaries(
    st.sampled_from(["q", "category", "min", "max", "stock", "sort", "after", "variant", "try", "v"]), texts, max_size=4
)
cookies = st.dictionaries(st.sampled_from(["cart", "visitor", "notice", "ordered"]), texts.map(quote), max_size=4)
fields = st.dictionaries(
    st.sampled_from(["product", "variant", "quantity", "remove", "ticket", "csrf", "name", "line1", "country"]), texts
)


@pytest.fixture
async def pot(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> Product:
    """A shop with a page, and a pot that is in the browser's cart."""
    store = await floor.open_store("fern", BRAND)
    await floor.write_page(store, PageType.ABOUT, "About", "about", "Hello.")
    pot = await floor.stock(store, "Pot", slug="pot", variants=[Variant("Default", 4900, 10_000)])
    await put_in_cart(browser, pot)
    return pot


@pytest.mark.usefixtures("pot")
@pytest.mark.parametrize(
    "path", ["/products/%00", "/pages/%00", "/pages/about%00", "/%00", "/media/%00", "/static/%00"]
)
async def test_an_address_with_a_nul_is_not_found(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


@pytest.mark.usefixtures("pot")
@pytest.mark.parametrize("query", ["category=%00", "category=Things%00", "q=%00", "category=%%0000", "min=%00"])
async def test_a_search_with_a_nul_finds_nothing(browser: httpx.AsyncClient, query: str) -> None:
    assert (await browser.get(f"http://fern.shops.test/products?{query}")).status_code == 200


@pytest.mark.usefixtures("pot")
@MANY
@given(path=paths, text=texts, query=queries)
async def test_no_address_makes_the_shop_fail(
    browser: httpx.AsyncClient, path: str, text: str, query: dict[str, str]
) -> None:
    address = path.format(quote(text, safe=""))
    answer = await browser.get(f"{address}?{urlencode(query)}")
    assert answer.status_code in {200, 303, 307, 404}


@pytest.mark.usefixtures("pot")
@MANY
@given(page=pages, query=queries, cookies=cookies)
async def test_no_query_and_no_cookie_makes_the_shop_fail(
    browser: httpx.AsyncClient, page: str, query: dict[str, str], cookies: dict[str, str]
) -> None:
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    answer = await browser.get(f"{page}?{urlencode(query)}", headers={"cookie": header} if header else {})
    assert answer.status_code in {200, 303}


@MANY
@given(path=st.sampled_from(["/cart/add", "/cart/change", "/cart/tidy", "/checkout"]), typed=fields)
async def test_no_form_makes_the_shop_fail(
    pot: Product, browser: httpx.AsyncClient, path: str, typed: dict[str, str]
) -> None:
    form = (await checkout_form(browser)) | {"product": str(pot.id), "variant": str(pot.variants[0])}
    answer = await browser.post(path, data=form | typed)
    assert answer.status_code in {303, 403, 404, 422}
