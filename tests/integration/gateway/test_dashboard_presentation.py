"""The dashboard's pages for what shoppers see beside products: the layout, collections and category pages."""

import re
from html import unescape
from uuid import UUID

from tests.integration.gateway.test_dashboard_manage import a_shop, products_of
from tests.support.platforms.dashboard import a_dashboard, form_of
from tests.support.platforms.gateway import Merchant, Platform


async def look_of(platform: Platform, owner: Merchant, store_id: UUID) -> dict[str, object]:
    query = "query ($id: ID!) { store(id: $id) { brandIdentity { look { mood hero sections } } } }"
    store = await platform.ask(query, {"id": str(store_id)}, by=owner)
    look: dict[str, object] = store["brandIdentity"]["look"]
    return look


async def test_a_merchant_lays_out_the_home_page(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner, products=1)
    brand = f"/dashboard/stores/{store_id}/brand"
    places = {"section.STORY": "1", "section.FEATURED": "2", "section.CATEGORIES": "0", "section.PROMISES": "3"}
    async with a_dashboard(platform, owner) as dashboard:
        page = await dashboard.change(brand, brand, {"do": "save", "mood": "GALLERY", "hero": "ROOM", **places})
        assert "Gallery" in page
        look = {"mood": "GALLERY", "hero": "ROOM", "sections": ["STORY", "FEATURED", "PROMISES"]}
        assert await look_of(platform, owner, store_id) == look
        await dashboard.change(brand, brand, {"do": "save", "hero": "PRODUCT"})
        assert await look_of(platform, owner, store_id) == {**look, "hero": "PRODUCT"}
        none = await dashboard.submit(brand, brand, {"do": "save", **dict.fromkeys(places, "0")})
        assert "Keep at least one part of the home page." in none.text


async def test_a_merchant_makes_changes_and_removes_a_collection(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner)
    one, other, _ = await products_of(platform, owner, store_id)
    base = f"/dashboard/stores/{store_id}/collections"
    async with a_dashboard(platform, owner) as dashboard:
        assert "No collection yet." in await dashboard.get(base)
        listed = {"title": "Gifts", "text": "For friends.", "by": "LIST", "productIds": [one["id"]]}
        page = await dashboard.change(f"{base}/new", f"{base}/new", listed)
        assert "1 product<" in page
        path = page.split(f'href="{base}/')[2].partition('"')[0]
        edit = f"{base}/{path}"
        assert f'value="{one["id"]}" checked' in await dashboard.get(edit)
        begun = form_of(await dashboard.get(edit), edit)
        await dashboard.change(edit, edit, {**listed, "productIds": [one["id"], other["id"]]})
        late = await dashboard.client.post(edit, data={**begun, **listed, "title": "Presents"})
        assert late.status_code == 422
        assert "Somebody else changed the collection" in late.text
        page = await dashboard.change(edit, edit, {"title": "Cheap", "by": "RULE", "priceTo": "20"})
        assert "All that fit its rule" in page
        empty = await dashboard.submit(edit, edit, {"title": "Cheap", "by": "RULE", "priceTo": ""})
        assert "The rule is empty." in empty.text
        page = await dashboard.change(edit, f"{edit}/remove")
        assert "No collection yet." in page
        await dashboard.get(edit, status=404)


async def test_products_are_chosen_from_a_list_of_any_length_and_nothing_typed_is_lost(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await a_shop(platform, owner, products=52)
    new = f"/dashboard/stores/{store_id}/collections/new"
    async with a_dashboard(platform, owner) as dashboard:
        page = await dashboard.get(new)
        ids = checks_of(page)
        assert (len(ids), "Find products" in page) == (50, True)
        onward = button_of(page, "after:")
        typed = {"title": "Gifts", "by": "LIST", "productIds": ids[:1], "productIds.search": ""}
        second = await dashboard.submit(new, new, {**typed, "productIds.page": onward})
        assert second.status_code == 200
        assert len(checks_of(second.text)) == 2
        assert 'value="Gifts"' in second.text
        assert "1 more is chosen on other pages of this list." in second.text
        last = checks_of(second.text)[-1]
        chosen = {**typed, "productIds": [ids[0], last]}
        back = await dashboard.submit(new, new, {**chosen, "productIds.page": button_of(second.text, "before:")})
        assert checks_of(back.text) == ids

        # Enter in the search field sends the whole form: it finds, and saves nothing.
        title = (await products_of(platform, owner, store_id))[3]["title"]
        found = await dashboard.submit(new, new, {**chosen, "productIds.search": title, "productIds.searched": ""})
        assert found.status_code == 200
        assert title in found.text
        page = await dashboard.change(new, new, {**chosen, "do": "save", "productIds.search": title})
        assert "2 products<" in page

        # The collection as it was, after an edit and after its end.
        made = re.search(rf'href="({new.removesuffix("new")}[0-9a-f-]{{36}})"', page)
        assert made is not None
        before, one = await platform.log.last_position(), made[1]
        await dashboard.change(one, one, {**chosen, "title": "Presents", "do": "save"})
        assert 'value="Presents"' in await dashboard.get(one)
        await dashboard.change(one, f"{one}/remove", {})
        await dashboard.get(one, status=404)
        then = await dashboard.get(f"{one}?as-of={before}")
        assert "You see the store as it was" in then
        assert 'value="Gifts"' in then
        assert "Presents" not in then
        assert f'action="{one}/remove"' not in then


def checks_of(page: str) -> list[str]:
    """Return the products that the page's list offers."""
    return re.findall(r'type="checkbox" name="productIds" value="([^"]*)"', page)


def button_of(page: str, way: str) -> str:
    """Return what the button to another page of the products sends."""
    found = re.search(rf'name="productIds.page" value="({way}[^"]*)"', page)
    assert found is not None
    return unescape(found[1])


async def test_a_merchant_writes_what_a_category_page_says(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner, products=1)
    base = f"/dashboard/stores/{store_id}/collections"
    mutation = (
        "mutation ($input: DescribeCategoryInput!) { describeCategory(input: $input) { userErrors { message } } }"
    )
    texts = {"storeId": str(store_id), "category": "Desk mats", "title": "Desk mats", "text": "For desks."}
    await platform.ask(mutation, {"input": texts}, by=owner)
    async with a_dashboard(platform, owner) as dashboard:
        action = f"{base}/categories"
        begun = form_of(await dashboard.get(base), action)
        page = await dashboard.change(base, action, {"title": "Mats", "text": "Soft ones."})
        assert "Soft ones." in page
        late = await dashboard.client.post(action, data={**begun, "title": "Rugs", "text": ""})
        assert "Somebody else changed the category text" in late.text
        assert "Soft ones." in await dashboard.get(base)


async def test_a_category_page_and_a_collection_are_written_again_as_drafts(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await a_shop(platform, owner, products=1)
    store = f"/dashboard/stores/{store_id}"
    described = {"storeId": str(store_id), "category": "Desk mats", "title": "Desk mats", "text": "For desks."}
    mutation = (
        "mutation ($input: DescribeCategoryInput!) { describeCategory(input: $input) { userErrors { message } } }"
    )
    await platform.ask(mutation, {"input": described}, by=owner)
    async with a_dashboard(platform, owner) as dashboard:
        collections, drafts = f"{store}/collections", f"{store}/drafts"
        (product,) = await products_of(platform, owner, store_id)
        listed = {"title": "Gifts", "by": "LIST", "productIds": [product["id"]]}
        page = await dashboard.change(f"{collections}/new", f"{collections}/new", listed)
        collection = f"{collections}/" + page.split(f'href="{collections}/')[2].partition('"')[0]
        assert "“warmer”" in await dashboard.change(collections, drafts, {"hint": "warmer"})
        page = await dashboard.change(collection, drafts, {"hint": "shorter"})
        assert "“shorter”" in page
        assert f'href="{collection}"' in page
