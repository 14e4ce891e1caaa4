"""The dashboard's pages with which a merchant runs a store, over real HTTP."""

import re
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from typing import Any
from uuid import UUID, uuid4

from commands.checkout import CartLine, PlaceOrder
from commands.draft import ProposeDraft
from commands.order import RecordPayment
from commands.sourcing import ImportProducts
from commands.step import RunStepAgain
from commands.store import ApproveStore, PublishStore, SetDeliveryPromise
from domain.draft.events import FieldChange
from domain.editing import EditField
from domain.generation.aggregate import generation_of
from domain.generation.events import Step
from domain.money import Money
from domain.store.aggregate import STORE
from domain.store.texts import brand_values
from tests.support.platforms.dashboard import Dashboard, a_dashboard, form_of
from tests.support.platforms.gateway import Merchant, Platform, a_pick

_FIGURE = re.compile(r'<p class="figure-label">(.*?)</p><p class="figure-value[^"]*">(.*?)</p>')


async def a_shop(platform: Platform, owner: Merchant, products: int = 3) -> UUID:
    """Return an open store in Auckland, which is half a day ahead of UTC."""
    store_id = await platform.stocked_store(owner, products=products)
    await platform.finish(store_id)
    await platform.send(ApproveStore(store_id=store_id, merchant_id=owner.id))
    await platform.send(PublishStore(store_id=store_id, merchant_id=owner.id))
    promise = SetDeliveryPromise(store_id=store_id, merchant_id=owner.id, days=30, time_zone="Pacific/Auckland")
    await platform.send(promise)
    return store_id


async def products_of(platform: Platform, owner: Merchant, store_id: UUID) -> list[dict[str, Any]]:
    query = "query ($id: ID!) { store(id: $id) { products { nodes { id title variants { id } images { id } } } } }"
    store = await platform.ask(query, {"id": str(store_id)}, by=owner)
    nodes: list[dict[str, Any]] = store["products"]["nodes"]
    return nodes


async def an_order(platform: Platform, store_id: UUID, product: dict[str, Any], *, paid: bool) -> None:
    order_id, shopper = uuid4(), uuid4()
    sealed = await platform.deps.personal.seal(shopper, '{"line1": "1 Pier", "country": "NZ"}')
    line = CartLine(product_id=UUID(product["id"]), variant_id=UUID(product["variants"][0]["id"]), quantity=1)
    order = PlaceOrder(
        order_id=order_id,
        store_id=store_id,
        lines=[line],
        shopper_id=shopper,
        shopper_name=sealed,
        shopper_email=sealed,
        shipping_address=sealed,
    )
    await platform.send(order)
    if paid:
        intent = f"pi_{order_id}"
        payment = RecordPayment(order_id=order_id, paid=Money(minor=2900), fee=Money(minor=145), intent_id=intent)
        await platform.send(payment)


def figures(page: str) -> dict[str, str]:
    return {label: unescape(value) for label, value in _FIGURE.findall(page)}


async def test_the_overview_counts_days_of_the_stores_time_zone(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner)
    product, *_ = await products_of(platform, owner, store_id)
    # In Auckland it is five minutes to midnight, then five minutes past.
    day = platform.clock.now().date() + timedelta(days=1)
    platform.clock.at = datetime(day.year, day.month, day.day, 10, 55, tzinfo=UTC)
    await an_order(platform, store_id, product, paid=True)
    position = await platform.log.last_position()
    platform.clock.advance(timedelta(minutes=10))
    await an_order(platform, store_id, product, paid=True)
    await an_order(platform, store_id, product, paid=False)
    async with a_dashboard(platform, owner) as dashboard:
        page = await dashboard.get(f"/dashboard/stores/{store_id}?days=7")
        assert figures(page)["Orders paid"] == "2"
        assert figures(page)["Revenue"] == "$58.00"
        assert figures(page)["Checkouts finished"] == "66.7%"
        assert "No visit was counted" in page
        days = re.findall(r'data-day="(.*?)" data-revenue="(.*?)".*?data-orders="(.*?)"', page)
        assert len(days) == 7
        assert days[:2] == [((day + timedelta(days=1)).isoformat(), "29.00", "1"), (day.isoformat(), "29.00", "1")]
        assert re.findall(r'data-label="Placed">(\d+)<', page)[:2] == ["2", "1"]
        assert "2 paid orders wait to be shipped." in page
        past = await dashboard.get(f"/dashboard/stores/{store_id}?as-of={position}")
        assert figures(past)["Orders paid"] == "1"
        assert "Nothing can be changed here." in past
        paid = r"Order paid: <a href=\"[^\"]*/orders/([0-9a-f-]{36})\?as-of=\d+\">([^<]+)</a>"
        ((order, number),) = re.findall(paid, await dashboard.get(
            f"/dashboard/stores/{store_id}/timeline?kind=order"
        ))[:1]  # fmt: skip
        assert f"<h1>Order {number}</h1>" in await dashboard.get(f"/dashboard/stores/{store_id}/orders/{order}")
        then = await dashboard.get(
            f"/dashboard/stores/{store_id}/orders/{order}?as-of={await platform.log.last_position()}"
        )
        assert "You see the store as it was" in then
        assert 'method="post" action="/dashboard/stores' not in then
        early = (platform.clock.now() - timedelta(days=3)).isoformat()
        assert "did not exist yet" in await dashboard.get(
            f"/dashboard/stores/{store_id}?as-of={early[:16]}", status=404
        )
        assert "is no time" in await dashboard.get(f"/dashboard/stores/{store_id}?as-of=Tuesday", status=422)
        home = await dashboard.get("/dashboard")
        assert figures(home)["Revenue in USD"] == "$58.00"
        assert "2 paid orders wait to be shipped." in home
        stores = await dashboard.get("/dashboard/stores")
        assert "2 paid orders wait to be shipped." in stores
        closed = await dashboard.change("/dashboard/stores", f"/dashboard/stores/{store_id}/pause")
        assert "The shop is closed" in closed
        assert "No store has this status." in await dashboard.get("/dashboard/stores?status=ACTIVE")
        assert str(store_id) in await dashboard.get("/dashboard/stores?status=PAUSED")


async def test_products_are_found_changed_together_and_edited(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner)
    path = f"/dashboard/stores/{store_id}/products"
    first, second, third = await products_of(platform, owner, store_id)
    async with a_dashboard(platform, owner) as dashboard:
        page = await dashboard.get(path)
        assert page.count('name="ids"') == 3
        assert "No product fits." in await dashboard.get(f"{path}?search=zebra")
        refused = await dashboard.submit(path, path, {"action": "DEACTIVATE"})
        assert (refused.status_code, "Choose at least one product." in refused.text) == (422, True)
        refused = await dashboard.submit(path, path, {"action": "PRICE", "percent": "-99", "ids": [first["id"]]})
        assert (refused.status_code, "cannot change by -99 percent" in refused.text) == (422, True)
        assert f'value="{first["id"]}" aria-label="Choose {first["title"]}" checked' in refused.text
        changed = await dashboard.change(
            path, path, {"action": "PRICE", "percent": "-10", "ids": [first["id"], second["id"]]}
        )
        assert "2 products changed." in changed
        assert changed.count("$26.10") == 2
        await dashboard.change(path, path, {"action": "DEACTIVATE", "ids": [third["id"]]})
        assert third["id"] in await dashboard.get(f"{path}?status=DRAFT")

        assert "1 product changed." in await dashboard.change(path, path, {"toggle": f"{third['id']} ACTIVATE"})
        assert third["id"] not in await dashboard.get(f"{path}?status=DRAFT")
        assert (await dashboard.submit(path, path, {"toggle": f"{third['id']} DESTROY"})).status_code != 303

        one = f"{path}/{first['id']}"
        texts = {"title": "<script>alert(1)</script>", "description": "A **bold** lamp.", "sellingPrice": "26.10"}
        lists = {
            "features": "Dim\nWarm",
            "benefits": "",
            "callToAction": "",
            "metaTitle": "Lamp",
            "metaDescription": "It glows.",
        }
        preview = await dashboard.submit(one, one, {**texts, **lists, "do": "preview"})
        assert "<strong>bold</strong>" in preview.text
        assert "<script>alert" not in preview.text
        saved = await dashboard.change(one, one, {**texts, **lists, "compareAtPrice": "", "do": "save"})
        assert "Product saved." in saved
        assert "&lt;script&gt;alert(1)" in saved
        assert "<script>alert" not in saved
        assert "You, " in saved, "The title's origin is the merchant."
        again = await dashboard.change(one, one, {**texts, **lists, "compareAtPrice": "", "do": "save"})
        assert "Nothing was changed." in again
        for price, is_loss in (("0.51", True), ("26.10", False)):
            priced = await dashboard.change(one, one, {**texts, **lists, "sellingPrice": price, "do": "save"})
            assert ("Product saved. Its price is below its cost of" in priced) is is_loss
        wrong = await dashboard.submit(one, one, {**texts, **lists, "sellingPrice": "0", "do": "save"})
        assert wrong.status_code == 422
        assert 'aria-invalid="true"' in wrong.text

        variant = first["variants"][0]["id"]
        counted = await dashboard.change(one, f"{one}/stock", {f"stock.{variant}": "0"})
        assert "Prices and stock saved." in counted
        bad = await dashboard.submit(one, f"{one}/stock", {f"stock.{variant}": "many"})
        assert (bad.status_code, "Give a whole number" in bad.text) == (422, True)
        await dashboard.change(one, f"{one}/status/deactivate")
        assert "Draft" in await dashboard.change(one, f"{one}/photos", {"do": "add", "url": "https://a.example/1.jpg"})
        refused = await dashboard.submit(one, f"{one}/photos", {"do": "add", "url": "ftp://a.example/1.jpg"})
        assert (refused.status_code, "is not a web address" in refused.text) == (422, True)
        images = (await products_of(platform, owner, store_id))[
            [first["id"], second["id"], third["id"]].index(first["id"])
        ]["images"]
        assert len(images) == 2
        ids = [each["id"] for each in images]
        await dashboard.change(one, f"{one}/photos", {"do": "order", "move": f"{ids[1]} up"})
        after = {each["id"]: each for each in await products_of(platform, owner, store_id)}[first["id"]]["images"]
        assert [each["id"] for each in after] == ids[::-1]
        removed = await dashboard.change(one, f"{one}/photos", {"do": "remove", "image": ids[1]})
        assert ("The photo is removed" in removed, "no photo now" in removed) == (True, False)
        assert "no photo now" in await dashboard.change(one, f"{one}/photos", {"do": "remove", "image": ids[0]})
        after = {each["id"]: each for each in await products_of(platform, owner, store_id)}[first["id"]]["images"]
        assert after == []
        assert ids[0] in await dashboard.get(f"/dashboard/stores/{store_id}/media")

        own = f"{path}/new"
        made = await dashboard.change(
            own, own, {"title": "Own lamp", "description": "Mine.", "sellingPrice": "12", "stockQuantity": "4"}
        )
        assert "Product added as a draft." in made
        refused = await dashboard.submit(
            own, own, {"title": "", "description": "x", "sellingPrice": "1", "stockQuantity": "1"}
        )
        assert refused.status_code == 422
        await dashboard.get(f"{path}/{uuid4()}", status=404)


async def test_no_page_shows_another_merchants_store(platform: Platform, owner: Merchant, stranger: Merchant) -> None:
    store_id = await a_shop(platform, owner)
    (product, *_) = await products_of(platform, owner, store_id)
    theirs = await a_shop(platform, stranger)
    async with a_dashboard(platform, stranger) as dashboard:
        for path in ("", "/products", f"/products/{product['id']}"):
            await dashboard.get(f"/dashboard/stores/{store_id}{path}", status=404)
        await dashboard.get(f"/dashboard/stores/{theirs}/products/{product['id']}", status=404)


async def test_the_second_editor_of_a_page_is_warned_and_keeps_the_text(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner)
    query = "query ($id: ID!) { store(id: $id) { pages { nodes { id title } } } }"
    page = (await platform.ask(query, {"id": str(store_id)}, by=owner))["pages"]["nodes"][0]
    path = f"/dashboard/stores/{store_id}/pages/{page['id']}"
    async with a_dashboard(platform, owner) as first, a_dashboard(platform, owner) as second:
        assert page["title"] in await first.get(f"/dashboard/stores/{store_id}/pages")
        opened = form_of(await second.get(path), path)
        assert (
            "<em>new</em>"
            in (await first.submit(path, path, {"title": "About", "content": "*new*", "do": "preview"})).text
        )
        await first.change(path, path, {"title": "About", "content": "First & best.", "do": "save"})
        late = {**opened, "title": "About", "content": "Second <b>text</b>.", "do": "save"}
        refused = await second.client.post(path, data=late)
        assert refused.status_code == 409
        assert "Somebody changed this page" in refused.text
        assert "First &amp; best." in refused.text
        assert "Second &lt;b&gt;text&lt;/b&gt;." in refused.text, "The second editor's text stays in the form."
        again = {**form_of(refused.text, path), "title": "About", "content": "Both.", "do": "save"}
        assert (await second.client.post(path, data=again)).status_code == 303
        shown = await first.get(path)
        assert "Both." in shown
        older = re.search(r"\?version=(\d+)", shown)
        assert older is not None
        assert "First &amp; best." in await first.get(f"{path}?version={older[1]}")
        own = f"/dashboard/stores/{store_id}/pages/new"
        assert "Page added." in await first.change(own, own, {"title": "Care", "content": "Wipe it.", "do": "save"})
        assert (await first.submit(own, own, {"title": "", "content": "x", "do": "save"})).status_code == 422


async def test_media_seo_brand_and_timeline_show_the_store_and_its_past(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner)
    product, *_ = await products_of(platform, owner, store_id)
    base = f"/dashboard/stores/{store_id}"
    async with a_dashboard(platform, owner) as dashboard:
        image = f"{base}/media/{product['images'][0]['id']}"
        await dashboard.change(
            f"{base}/products/{product['id']}",
            f"{base}/products/{product['id']}/photos",
            {"do": "add", "url": "https://a.example/1.jpg"},
        )
        assert "/media/" in await dashboard.get(f"{base}/media?status=REQUESTED")
        assert "No photo has this state." in await dashboard.get(f"{base}/media?status=REJECTED")
        again = {"do": "again", "altText": "A lamp", "operations": ["SHARPEN"], "ground": "#ffffff"}
        assert "The studio works on the photo again." in await dashboard.change(image, image, again)
        assert (await dashboard.submit(image, image, {**again, "ground": "red"})).status_code == 422

        assert "lamp" in (await dashboard.get(f"{base}/seo")).lower()
        texts = {"do": "texts", "target": product["id"], "metaTitle": "Best lamp", "metaDescription": "It glows."}
        assert "Best lamp" in await dashboard.change(f"{base}/seo", f"{base}/seo", texts)
        move = {"do": "move", "kind": "PRODUCT", "target": product["id"], "slug": "new-lamp"}
        assert "/products/new-lamp" in await dashboard.change(f"{base}/seo", f"{base}/seo", move)
        refused = await dashboard.submit(f"{base}/seo", f"{base}/seo", {**move, "slug": "!!!"})
        assert (refused.status_code, "Invalid address" in refused.text) == (422, True)
        assert "Names that were compared" in await dashboard.get(f"{base}/brand")

        events = await dashboard.get(f"{base}/timeline")
        assert "Address changed" in events
        assert "Search text changed" in events
        assert "Links to the former one still work. · You" in events
        assert "Photo in the studio" not in events, "it is bookkeeping"
        assert "Address changed" not in await dashboard.get(f"{base}/timeline?kind=product")
        whole = await _whole(dashboard, base, "store")
        pages = (await platform.ask("query ($id: ID!) { store(id: $id) { pages { nodes { title } } } }", {"id": str(store_id)}, by=owner))["pages"]["nodes"]  # fmt: skip
        assert pages
        assert [each["title"] for each in pages if f"Page written: {escape(each['title'])}" not in whole] == []
        position = re.search(
            rf"Product imported: <a href=\"{base}/products/{product['id']}\?as-of=(\d+)\">{re.escape(product['title'])}</a>",
            await _whole(dashboard, base, "product"),
        )
        assert position is not None
        of_photos = 'query ($id: ID!) { store(id: $id) { events(filter: {subjectKinds: ["media"]}) { nodes { subjectName } } } }'
        photos = (await platform.ask(of_photos, {"id": str(store_id)}, by=owner))["events"]["nodes"]
        titles = {each["title"] for each in await products_of(platform, owner, store_id)}
        assert {each["subjectName"] for each in photos} == titles
        named = rf": <a href=\"{base}/products/{product['id']}\">{re.escape(product['title'])}</a>"
        assert re.search(named, await dashboard.get(f"{base}/team/activity"))
        past = await dashboard.get(f"{base}/products/{product['id']}?as-of={position[1]}")
        assert f"You see the store as it was after “Product imported: {escape(product['title'])}”, " in past
        assert "Nothing can be changed here." in past
        assert 'name="title"' not in past
        for page in ("products", "media", "pages", "brand"):
            assert "Nothing can be changed here." in await dashboard.get(f"{base}/{page}?as-of={position[1]}")


async def _store(platform: Platform, store_id: UUID) -> Any:
    loaded = await platform.log.load(STORE, store_id)
    assert loaded is not None
    return loaded.state


async def _whole(dashboard: Dashboard, base: str, kind: str) -> str:
    """Return all pages of the timeline of one kind of subject."""
    path, pages = f"{base}/timeline?kind={kind}", ""
    while True:
        page = await dashboard.get(path)
        pages += page
        following = re.search(r'rel="next" href="([^"]*)"', page)
        if following is None:
            return pages
        path = unescape(following[1])


async def test_a_brand_is_edited_renamed_and_drafted_beside_the_live_shop(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner)
    base = f"/dashboard/stores/{store_id}"
    path, drafts = f"{base}/brand", f"{base}/drafts"
    async with a_dashboard(platform, owner) as dashboard:
        page = await dashboard.get(path)
        assert "Change it" in page
        assert "Nothing was changed." in await dashboard.change(path, path, {"name": "Neon Haven", "do": "save"})
        saved = await dashboard.change(path, path, {"tagline": "Light <b>it</b>.", "primary": "#14532d", "do": "save"})
        assert "Light &lt;b&gt;it&lt;/b&gt;." in saved
        refused = await dashboard.submit(path, path, {"headingFont": "playfair", "do": "save"})
        assert (refused.status_code, "Invalid heading font" in refused.text) == (422, True)
        assert "The nearest is Playfair Display." in refused.text
        assert '<h2 id="name">Glow Den</h2>' in await dashboard.change(path, path, {"do": "option", "name": "Glow Den"})
        assert "No draft waits for you." in await dashboard.get(drafts)
        made = await dashboard.change(path, drafts, {"kind": "BRAND", "hint": "warmer"})
        assert "The draft is being made." in made
        assert "“warmer”" in made
        (draft,) = re.findall(r'aria-labelledby="draft-([0-9a-f-]{36})"', made)
        query = "query ($id: ID!) { draft(id: $id) { changes { field } } }"
        assert (await platform.ask(query, {"id": draft}, by=owner))["changes"] == []
        values = brand_values((await _store(platform, store_id)).brand)
        proposed = [
            FieldChange(field=EditField.TAGLINE, base=values[EditField.TAGLINE], proposed="Warm light."),
            FieldChange(field=EditField.NAME, base=values[EditField.NAME], proposed="Night Shelf"),
        ]
        await platform.send(ProposeDraft(draft_id=UUID(draft), changes=proposed, written_by="house"))
        shown = await dashboard.get(drafts)
        assert "Warm light." in shown
        proposed_at = await platform.log.last_position()
        one = f"{drafts}/{draft}"
        assert "Accepted." in await dashboard.change(drafts, one, {"do": "some", "fields": ["TAGLINE"]})
        assert "Warm light." in await dashboard.get(path)
        assert '<h2 id="name">Glow Den</h2>' in await dashboard.get(path)
        assert "The draft is dropped." in await dashboard.change(drafts, one, {"do": "drop"})
        assert draft in await dashboard.get(f"{drafts}?all=1")
        then = await dashboard.get(f"{drafts}?as-of={proposed_at}")
        assert "You see the store as it was" in then
        assert then.count("Warm light.") == 1, "it was proposed, and not live"
        assert "Out of date" not in then, "what was accepted since does not count"
        assert "Accepted" not in then


async def test_goods_that_a_new_search_found_are_decided_on_the_page_of_drafts(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await a_shop(platform, owner, products=1)
    (on_sale,) = await products_of(platform, owner, store_id)
    generation_id = generation_of(store_id)
    await platform.send(RunStepAgain(generation_id=generation_id, merchant_id=owner.id, step=Step.SCOUT))
    await platform.send(
        ImportProducts(
            generation_id=generation_id,
            attempt=2,
            keywords=["lamp"],
            suppliers=[],
            duplicates=0,
            picks=[a_pick(number) for number in (7, 8, 9)],
        )
    )
    drafts = f"/dashboard/stores/{store_id}/drafts"
    query = "query ($id: ID!) { store(id: $id) { foundGoods { id } } }"
    found = [each["id"] for each in (await platform.ask(query, {"id": str(store_id)}, by=owner))["foundGoods"]]
    assert len(found) == 3
    async with a_dashboard(platform, owner) as dashboard:
        page = await dashboard.get(drafts)
        assert re.findall(r'name="chosen" value="([^"]*)"', page) == found
        foreign = await dashboard.submit(drafts, f"{drafts}/goods", {"shown": [str(uuid4())], "chosen": []})
        assert (foreign.status_code, "No product" in foreign.text) == (422, True)
        decided = await dashboard.change(drafts, f"{drafts}/goods", {"shown": found, "chosen": found[:1]})
        assert "1 on sale, 2 archived." in decided
        assert 'name="chosen"' not in decided
    query = "query ($id: ID!) { store(id: $id) { products(filter: { statuses: [ACTIVE] }) { nodes { id } } } }"
    shop = await platform.ask(query, {"id": str(store_id)}, by=owner)
    assert {each["id"] for each in shop["products"]["nodes"]} == {on_sale["id"], found[0]}


async def test_a_variant_has_a_price_of_its_own(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner, products=1)
    (product,) = await products_of(platform, owner, store_id)
    red, blue = [each["id"] for each in product["variants"]]
    one = f"/dashboard/stores/{store_id}/products/{product['id']}"
    async with a_dashboard(platform, owner) as dashboard:
        page = await dashboard.change(
            one,
            f"{one}/stock",
            {f"price.{blue}": "34.5", f"stock.{blue}": "7", f"price.{red}": "29.00", f"stock.{red}": "5"},
        )
        assert "Prices and stock saved." in page
        assert re.findall(r'name="price\.[^"]*" value="([^"]*)"', page) == ["29.00", "34.50"]
        # The price of the product moves both.
        page = await dashboard.change(one, one, {"sellingPrice": "30", **texts_of(page)})
        assert re.findall(r'name="price\.[^"]*" value="([^"]*)"', page) == ["30.00", "35.50"]
        none = await dashboard.submit(one, f"{one}/stock", {f"price.{blue}": "0", f"price.{red}": "30.00"})
        assert "above zero" in none.text


def texts_of(page: str) -> dict[str, str]:
    """Return the hidden former values of a product's texts, as its visible fields hold them."""
    hidden = re.findall(r'name="was\.([a-zA-Z]+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in hidden if name != "sellingPrice"}
