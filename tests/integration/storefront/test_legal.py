"""Shoppers see who sells, on every page that the law asks for."""

from uuid import UUID

import httpx
import pytest

from domain.store.events import PageType
from infra.writers.rules.copy.pages import RulePageWriter
from tests.support.builders.samples import identity
from tests.support.fakes.copywriting import facts
from tests.support.platforms.storefront import BRAND, StorefrontPlatform


@pytest.fixture
async def store(floor: StorefrontPlatform) -> UUID:
    store_id = await floor.open_store("fern", BRAND)
    for type in (PageType.PRIVACY_POLICY, PageType.TERMS_OF_SERVICE, PageType.REFUND_POLICY, PageType.CONTACT):
        page = RulePageWriter().compose(type, facts(contact_email=None), "s")
        await floor.write_page(store_id, type, page.title, page.slug, page.content)
    return store_id


PAGES = ("privacy-policy", "terms-of-service", "refund-policy", "contact")


@pytest.mark.usefixtures("store")
async def test_a_new_address_is_right_on_all_pages_at_once(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    await floor.state_business("fern", identity())
    for slug in PAGES:
        page = (await browser.get(f"/pages/{slug}")).text
        assert "Lampenweg 3" in page, slug
        assert "{business" not in page, slug
        assert "Template, not legal advice" not in page, slug
    await floor.state_business("fern", identity(address_lines=["Birkenweg 9"]))
    for slug in PAGES:
        page = (await browser.get(f"/pages/{slug}")).text
        assert "Birkenweg 9" in page, slug
        assert "Lampenweg" not in page, slug


@pytest.mark.usefixtures("store")
async def test_before_a_business_is_stated_no_page_shows_a_placeholder(browser: httpx.AsyncClient) -> None:
    for slug in PAGES:
        page = (await browser.get(f"/pages/{slug}")).text
        assert "has not published its details yet" in page or slug == "refund-policy"
        for placeholder in ("{business", "{shop", "{delivery", "To be completed", "[your"):
            assert placeholder not in page, slug
    assert (await browser.get("/imprint")).status_code == 404


@pytest.mark.usefixtures("store")
async def test_the_imprint_is_linked_where_the_country_asks_for_it(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    await floor.state_business("fern", identity(note="Supervised by A & B"))
    assert '<a href="/imprint">Imprint</a>' in (await browser.get("/")).text
    imprint = (await browser.get("/imprint")).text
    for words in (
        "Neon Haven GmbH",
        "Lampenweg 3",
        "80331 München, Germany",
        "DE136695976",
        "Ada Licht",
        "by A &amp; B",
    ):
        assert words in imprint
    await floor.state_business("fern", identity(country="US", vat_id=None))
    assert "/imprint" not in (await browser.get("/")).text
    assert (await browser.get("/imprint")).status_code == 404


async def test_every_page_links_to_withdrawal_and_accessibility(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, store: UUID
) -> None:
    await floor.state_business("fern", identity())
    await floor.pause_store(store)
    for path in ("/withdraw", "/accessibility", "/pages/contact"):
        page = await browser.get(path)
        assert page.status_code == 200, path
        assert '<a href="/withdraw">Withdraw from contract</a>' in page.text
        assert '<a href="/accessibility">Accessibility</a>' in page.text
    assert "mailto:post@neonhaven.example?subject=I%20withdraw" in (await browser.get("/withdraw")).text


async def test_a_product_names_its_safety_contacts(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, store: UUID
) -> None:
    await floor.stock(store, "Blue Vase", slug="blue-vase")
    assert "Product safety" not in (await browser.get("/products/blue-vase")).text
    await floor.state_business(
        "fern", identity(country="US", vat_id=None, eu_contact="Acme EU, Kade 1, Amsterdam, eu@acme.example")
    )
    page = (await browser.get("/products/blue-vase")).text
    assert "Responsible in the European Union: <bdi>Acme EU, Kade 1, Amsterdam, eu@acme.example</bdi>" in page


async def test_an_erased_merchants_details_are_gone_from_all_pages(
    floor: StorefrontPlatform,
    browser: httpx.AsyncClient,
    store: UUID,  # its pages
) -> None:
    merchant_id = await floor.state_business("fern", identity())
    assert "Lampenweg" in (await browser.get("/pages/terms-of-service")).text
    await floor.personal.forget(merchant_id)
    assert "Lampenweg" not in (await browser.get("/pages/terms-of-service")).text
