"""A store's categories have pages of their own, which search engines may list."""

import json
import re

import httpx

from domain.store.brand import BrandIdentity, HeroKind, Look, Mood, Section
from tests.integration.storefront.shopping import sitemap
from tests.support.platforms.storefront import BRAND, StorefrontPlatform


async def stocked(floor: StorefrontPlatform, slug: str = "fern", brand: BrandIdentity = BRAND) -> None:
    store = await floor.open_store(slug, brand)
    for n, category in enumerate(["Mugs"] * 4 + ["Home > Kitchen > Teapots"] * 2 + ["Kettles", "Coasters"]):
        await floor.stock(store, f"Thing {n}", slug=f"thing-{n}", category=category, score=1 - n / 10)


def robots(page: str) -> str | None:
    found = re.search(r'<meta name="robots" content="([^"]+)">', page)
    return found[1] if found else None


def canonical(page: str) -> str:
    found = re.search(r'<link rel="canonical" href="([^"]+)">', page)
    assert found
    return found[1]


async def test_a_shelf_has_a_page_with_its_own_title_address_and_data(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    await stocked(floor)
    page = (await browser.get("/c/mugs")).text
    assert "<title>Mugs — Fern &amp; Clay</title>" in page
    assert 'content="Mugs at Fern &amp; Clay: 4 products, among them Thing 0. Delivery included."' in page
    assert robots(page) is None
    assert canonical(page).endswith("/c/mugs")
    assert re.findall(r'href="/products/(thing-\d)"', page) == ["thing-0", "thing-1", "thing-2", "thing-3"]
    data = [json.loads(one) for one in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)]
    assert [one["@type"] for one in data] == ["CollectionPage", "BreadcrumbList"]
    assert [step["name"] for step in data[1]["itemListElement"]] == ["Home", "Shop", "Mugs"]
    assert data[0]["mainEntity"]["numberOfItems"] == 4


async def test_home_links_to_shelves_and_the_sitemap_lists_them(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    await stocked(floor)
    home, found = (await browser.get("/")).text, await sitemap(browser)
    for slug in ("mugs", "teapots", "more-for-the-kitchen"):
        assert f'href="/c/{slug}"' in home
        assert f"/c/{slug}</loc>" in found
    assert "/c/kettles" not in home + found


async def test_a_home_page_counts_products_and_categories(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    look = Look(mood=Mood.SIGNAL, hero=HeroKind.PRODUCT, sections=list(Section))
    await stocked(floor, brand=BRAND.model_copy(update={"look": look}))
    home = (await browser.get("/")).text
    assert "<dt>In the shop</dt><dd>8</dd>" in home
    assert "<dt>Categories</dt><dd>3</dd>" in home


async def test_filters_and_sort_orders_may_not_be_indexed_and_name_no_other_address(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    await stocked(floor)
    for query in ("?sort=price-low", "?min=10", "?stock=in", "?q=thing"):
        page = (await browser.get(f"/c/mugs{query}")).text
        assert robots(page) == "noindex, follow", query
        assert 'rel="canonical"' not in page, query
    by_query = (await browser.get("/products?category=mugs")).text
    assert robots(by_query) is None
    assert canonical(by_query).endswith("/c/mugs")
    assert 'rel="canonical"' not in (await browser.get("/products?sort=title")).text


async def test_the_address_of_a_merged_category_leads_to_its_shelf(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    await stocked(floor)
    moved = await browser.get("/c/kettles")
    assert (moved.status_code, moved.headers["location"]) == (303, "/c/more-for-the-kitchen")
    assert (await browser.get("/c/sofas")).status_code == 404


async def test_a_shelf_shows_nothing_of_another_store(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> None:
    await stocked(floor)
    other = await floor.open_store("other", BRAND)
    for n in range(3):
        await floor.stock(other, f"Foreign {n}", slug=f"foreign-{n}", category="Mugs")
    assert "Foreign" not in (await browser.get("/c/mugs")).text
    assert (await browser.get("http://other.shops.test/c/teapots")).status_code == 404


async def test_a_product_says_which_shelf_it_is_on(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> None:
    await stocked(floor)
    page = (await browser.get("/products/thing-4")).text
    assert '<a href="/c/teapots"><bdi>Teapots</bdi></a>' in page
    assert "Home &gt; Kitchen" not in page
