"""Collections, category pages with texts of their own, redirects, and what search engines and messengers read."""

import io
import json
import re
from typing import Any
from uuid import uuid4

import httpx
from PIL import Image

from commands.ports import Context
from commands.presentation import DescribeCategory, MoveAddress, RemoveCollection, WriteCollection
from domain.store.aggregate import STORE
from domain.store.collection_events import AddressKind, CollectionRule
from domain.store.events import PageType
from infra.adapters.media.logo_picture import logo_card, logo_png
from infra.adapters.media.social_picture import social_jpeg
from storefront.ports import LogoPictures
from tests.integration.storefront.shopping import sitemap
from tests.support.builders.samples import dollars
from tests.support.platforms.storefront import BRAND, StorefrontPlatform, Variant


async def send(floor: StorefrontPlatform, command: object) -> None:
    await floor.dispatch(command, Context(command_id=uuid4(), correlation_id=uuid4()))


def structured(page: httpx.Response) -> dict[str, Any]:
    """Return the page's schema.org data by type."""
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.text)
    return {data["@type"]: data for data in map(json.loads, found)}


async def shop(floor: StorefrontPlatform) -> dict[str, Any]:
    """Open a store with three products in two categories; return the ids that name the merchant and the store."""
    store = await floor.open_store("fern", BRAND)
    loaded = await floor.log.load(STORE, store)
    assert loaded is not None
    return {"store_id": store, "merchant_id": loaded.state.merchant_id}


async def test_merchants_show_their_own_lists_and_texts(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> None:
    ids = await shop(floor)
    vases = [
        await floor.stock(ids["store_id"], f"{color} Vase", slug=f"{color.lower()}-vase", category="Vases", score=score)
        for color, score in (("Blue", 0.9), ("Red", 0.5))
    ]
    pots = [
        await floor.stock(
            ids["store_id"],
            f"Pot {n}",
            slug=f"pot-{n}",
            category="Pots",
            tags=("Garden", "Clay") if n == 1 else ("garden shed",),
            variants=(Variant("S", 900 + n, 3, {"Size": "S"}), Variant("L", 1900, 0, {"Size": "L"})),
        )
        for n in (1, 2)
    ]
    await floor.write_page(
        ids["store_id"], PageType.FAQ, "FAQ", "faq", "Hi.\n\n## How?\n\nBy **post**.\n\n## When?\n\nSoon."
    )

    by_hand, by_rule = uuid4(), uuid4()
    picture = (await floor.queries.images(ids["store_id"], [vases[0].id]))[vases[0].id][0].id
    await send(
        floor,
        WriteCollection(
            **ids,
            collection_id=by_hand,
            title="Gifts <3",
            text="For **friends**.",
            image_id=picture,
            product_ids=[pots[1].id, vases[1].id],
        ),
    )
    await send(
        floor,
        WriteCollection(**ids, collection_id=by_rule, title="Under 15", rule=CollectionRule(price_to=dollars("15.00"))),
    )
    rule = CollectionRule(tags=["garden"], categories=["Pots"], price_from=dollars("5"))
    await send(floor, WriteCollection(**ids, collection_id=uuid4(), title="Garden", rule=rule))
    garden = (await browser.get("/collections/garden")).text
    assert "Pot 1</bdi>" in garden
    assert "Pot 2</bdi>" not in garden
    page = await browser.get("/collections/gifts-3")
    assert page.status_code == 200
    assert "For <strong>friends</strong>." in page.text
    assert "Gifts &lt;3</bdi></h1>" in page.text
    assert page.text.index("Pot 2</bdi>") < page.text.index("Red Vase</bdi>"), "the merchant's order"
    assert "Blue Vase</bdi>" not in page.text
    assert '<link rel="canonical" href="http://fern.shops.test/collections/gifts-3">' in page.text
    assert structured(page)["CollectionPage"]["mainEntity"]["itemListElement"][0]["name"] == "Pot 2"
    assert [step["name"] for step in structured(page)["BreadcrumbList"]["itemListElement"]][-1] == "Gifts <3"
    cheap = (await browser.get("/collections/under-15")).text
    assert "Pot 1</bdi>" in cheap
    assert "Vase</bdi>" not in cheap
    home = await browser.get("/")
    assert '<a href="/collections/gifts-3">' in home.text
    assert structured(home)["OnlineStore"]["name"] == BRAND.name
    policy = structured(home)["OnlineStore"]["hasMerchantReturnPolicy"]
    assert (policy["merchantReturnDays"], policy["applicableCountry"][0]) == (14, "US")
    assert {"DE", "FR", "GB"} < set(policy["applicableCountry"])
    assert len(policy["applicableCountry"]) == 50
    assert structured(home)["WebSite"]["potentialAction"]["target"].startswith("http://fern.shops.test/products?q=")
    faq = structured(await browser.get("/pages/faq"))["FAQPage"]["mainEntity"]
    assert [question["name"] for question in faq] == ["How?", "When?"]
    assert "<strong>post</strong>" in faq[0]["acceptedAnswer"]["text"]
    group = structured(await browser.get("/products/pot-1"))["ProductGroup"]
    assert [variant["offers"]["availability"].rpartition("/")[2] for variant in group["hasVariant"]] == [
        "InStock",
        "OutOfStock",
    ]
    assert (group["variesBy"], group["hasVariant"][1]["size"]) == (["https://schema.org/size"], "L")
    assert group["hasVariant"][0]["offers"]["hasMerchantReturnPolicy"]["returnFees"].endswith("CustomerResponsibility")
    assert structured(await browser.get("/products/blue-vase"))["Product"]["offers"]["price"] == "49.00"

    await send(floor, DescribeCategory(**ids, category="vases", title="Hand-thrown vases", text="One of *each*."))
    shelf = await browser.get("/c/vases")
    assert "Hand-thrown vases</bdi></h1>" in shelf.text
    assert "One of <em>each</em>." in shelf.text
    assert '<meta name="description" content="One of each.">' in shelf.text
    assert "Hand-thrown vases" in (await browser.get("/")).text

    found = await sitemap(browser)
    for path in ("/collections/gifts-3", "/c/vases", "/pages/faq", "/products/pot-1"):
        assert re.search(rf"{path}</loc><lastmod>\d{{4}}-\d\d-\d\dT", found), path
    assert "<image:loc>http://fern.shops.test/media/sha256/" in found

    faq_id = (await floor.queries.pages(ids["store_id"]))[0].id
    moves = [
        (AddressKind.PRODUCT, str(vases[0].id), "/products/blue-vase", "/products/deep-blue-vase"),
        (AddressKind.PAGE, str(faq_id), "/pages/faq", "/pages/answers"),
        (AddressKind.COLLECTION, str(by_hand), "/collections/gifts-3", "/collections/gifts"),
        (AddressKind.CATEGORY, "vases", "/c/vases", "/c/hand-thrown"),
    ]
    for kind, target, former, present in moves:
        assert (await browser.get(former)).status_code == 200
        await send(floor, MoveAddress(**ids, kind=kind, target=target, slug=present.rpartition("/")[2]))
        moved = await browser.get(f"{former}?sort=newest")
        assert (moved.status_code, moved.headers["location"]) == (301, f"{present}?sort=newest"), kind
        assert (await browser.get(present)).status_code == 200
        further = f"{present}-2".rpartition("/")[2]
        await send(floor, MoveAddress(**ids, kind=kind, target=target, slug=further))
        assert (await browser.get(former)).headers["location"] == f"{present}-2", "without a stop in between"
        assert (await browser.get(present)).headers["location"] == f"{present}-2"
        assert f"{present}-2</loc>" in await sitemap(browser)
    await send(floor, RemoveCollection(**ids, collection_id=by_hand))
    assert (await browser.get("/collections/gifts-2")).status_code == 404
    assert (await browser.get("/collections/gifts-3")).status_code == 404


async def test_a_preview_of_a_link_has_a_jpeg_and_phones_a_manifest(floor: StorefrontPlatform) -> None:
    ids = await shop(floor)
    await floor.stock(ids["store_id"], "Blue Vase", slug="blue-vase")
    transport = httpx.ASGITransport(
        app=floor.app(social_jpeg=social_jpeg, logo_pictures=LogoPictures(png=logo_png, card=logo_card)),
        raise_app_exceptions=False,
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as browser:
        for path in ("/", "/products", "/products/blue-vase"):
            page = (await browser.get(path)).text
            address = re.search(
                r'<meta property="og:image" content="http://fern.shops.test(/social/[^"]+\.jpg)">', page
            )
            assert address is not None, path
            picture = address[1]
        for _ in range(2):
            answer = await browser.get(picture)
            assert answer.headers["content-type"] == "image/jpeg"
            assert Image.open(io.BytesIO(answer.content)).format == "JPEG"
        for wrong in ("/social/sha256/aa/bb.jpg", "/social/../../etc/passwd.jpg", f"/social/sha256/aa/{'a' * 64}.jpg"):
            assert (await browser.get(wrong)).status_code == 404
        manifest = (await browser.get("/site.webmanifest")).json()
        assert manifest["name"] == BRAND.name
        for icon in (*manifest["icons"], {"src": "/apple-touch-icon.png", "sizes": "180x180", "type": "image/png"}):
            answer = await browser.get(icon["src"])
            assert answer.headers["content-type"] == icon["type"]
            if icon["type"] == "image/png":
                drawn = Image.open(io.BytesIO(answer.content))
                assert icon["sizes"] == f"{drawn.width}x{drawn.height}"
                assert len(drawn.convert("RGB").getcolors(2**20) or ()) > 1, "the logo is on its ground"
        assert (await browser.get("/icons/9999.png")).status_code == 404
        legal = (await browser.get("/pages/terms-of-service")).text
        assert 'og:image" content="http://fern.shops.test/social/logo.jpg"' in legal
        assert Image.open(io.BytesIO((await browser.get("/social/logo.jpg")).content)).size == (1200, 630)
        assert 'rel="manifest" href="/site.webmanifest"' in (await browser.get("/")).text
        robots = (await browser.get("/robots.txt")).text
        assert {"Disallow: /cart", "Disallow: /checkout", "Disallow: /orders", "Disallow: /withdraw"} <= set(
            robots.splitlines()
        )


def problems_of(data: dict[str, Any]) -> list[str]:
    """Return which properties that search engines require for rich results a piece of data lacks.

    By Google's documents on merchant listings, breadcrumbs, questions and organizations.
    """
    kind = data["@type"]
    required = {
        "Product": ("name", "image", "offers"),
        "ProductGroup": ("name", "productGroupID", "variesBy", "hasVariant", "url"),
        "Offer": ("price", "priceCurrency", "availability", "url", "shippingDetails", "hasMerchantReturnPolicy"),
        "OfferShippingDetails": ("shippingRate", "shippingDestination"),
        "MonetaryAmount": ("value", "currency"),
        "DefinedRegion": ("addressCountry",),
        "ShippingDeliveryTime": ("transitTime",),
        "QuantitativeValue": ("minValue", "maxValue", "unitCode"),
        "MerchantReturnPolicy": ("applicableCountry", "returnPolicyCategory", "merchantReturnDays", "returnFees"),
        "BreadcrumbList": ("itemListElement",),
        "ListItem": ("position", "name"),
        "ItemList": ("itemListElement",),
        "CollectionPage": ("name", "url", "mainEntity"),
        "FAQPage": ("mainEntity",),
        "Question": ("name", "acceptedAnswer"),
        "Answer": ("text",),
        "OnlineStore": ("name", "url", "logo"),
        "WebSite": ("name", "url"),
        "SearchAction": ("target", "query-input"),
        "ContactPoint": ("contactType",),
        "Brand": ("name",),
    }[kind]
    lacking = [f"{kind}.{name}" for name in required if data.get(name) in (None, "", [], {})]
    for value in data.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict) and "@type" in part:
                lacking += problems_of(part)
    return lacking


async def test_every_page_of_the_sitemap_may_be_indexed_and_has_what_rich_results_need(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    ids = await shop(floor)
    store = ids["store_id"]
    sizes = (Variant("S", 900, 3, {"Size": "S"}), Variant("L", 1900, 0, {"Size": "L"}))
    pots = [
        await floor.stock(
            store, f"Pot {n}", slug=f"pot-{n}", category="Pots", variants=sizes if n else (Variant("Default", 900, 3),)
        )
        for n in range(4)
    ]
    await floor.write_page(store, PageType.FAQ, "FAQ", "faq", "## How?\n\nBy post.")
    gifts = WriteCollection(**ids, collection_id=uuid4(), title="Gifts", product_ids=[each.id for each in pots])
    await send(floor, gifts)
    addresses = re.findall(r"<url><loc>http://fern.shops.test(.+?)</loc>", await sitemap(browser))
    assert {"/", "/products", "/c/pots", "/collections/gifts", "/pages/faq", "/products/pot-0"} <= set(addresses)
    linked = set[str]()
    for path in addresses:
        page = await browser.get(path)
        assert (page.status_code, 'name="robots"' in page.text) == (200, False), path
        assert f'<link rel="canonical" href="http://fern.shops.test{path}">' in page.text, path
        assert [problem for data in structured(page).values() for problem in problems_of(data)] == [], path
        linked |= set(re.findall(r'href="(/[^"#]*)"', page.text.partition("<body")[2]))
    linked |= {"/products?sort=newest", "/products?q=pot", "/products?category=Pots&sort=newest", "/nothing", "/cart"}
    for path in linked - set(addresses):
        page = await browser.get(path.replace("&amp;", "&"))
        if "noindex" in page.text or page.status_code != 200:
            # An address that may not be indexed names no other one in its place: the two contradict each other.
            assert 'rel="canonical"' not in page.text, path
