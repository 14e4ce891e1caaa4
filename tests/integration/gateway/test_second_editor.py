"""Two people with one form open: the second one gets a message, and nothing is overwritten."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

from tests.integration.gateway.test_dashboard_manage import a_shop, products_of
from tests.support.platforms.dashboard import Fields, a_dashboard, form_of
from tests.support.platforms.gateway import Merchant, Platform

ZONE = {"zones.0.name": "Home", "zones.0.countries": "NZ", "zones.0.basis": "FLAT", "unknownWeight": "500"}
BUSINESS = {"legalForm": "GmbH", "addressLines": "1 Pier", "postalCode": "1010", "city": "Auckland", "country": "NZ"}
REACHED = {"phone": "+64 9 1234567", "email": "shop@example.com"}


async def test_the_second_editor_gets_a_message_and_overwrites_nothing(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner)
    product, *_ = await products_of(platform, owner, store_id)
    base = f"/dashboard/stores/{store_id}"
    one, variant = f"{base}/products/{product['id']}", product["variants"][0]["id"]
    stock, price = f"stock.{variant}", f"price.{variant}"
    editors: list[tuple[str, str, Fields, Fields, str, str]] = [
        # page, action, what the first and the second editor save, and what of either the page shows
        (one, one, {"title": "First"}, {"title": "Second"}, "First", "Second"),
        (one, one, {"sellingPrice": "31"}, {"sellingPrice": "32"}, "31.00", "32"),
        (one, f"{one}/stock", {stock: "71"}, {stock: "72"}, "71", "72"),
        (one, f"{one}/stock", {price: "31.50"}, {price: "32.50"}, "31.50", "32.50"),
        (f"{base}/brand", f"{base}/brand", {"tagline": "First line"}, {"tagline": "Line two"}, "First line", "Line two"),
        (f"{base}/shipping", f"{base}/shipping", {**ZONE, "zones.0.bands.0.price": "3.31"},
         {**ZONE, "zones.0.bands.0.price": "4.41"}, "3.31", "4.41"),
        (f"{base}/taxes", f"{base}/taxes", {"mode": "INCLUSIVE", "rates.0.country": "NZ", "rates.0.percent": "15"},
         {"mode": "INCLUSIVE", "rates.0.country": "NZ", "rates.0.percent": "17"}, "15", "17"),
        (f"{base}/settings", f"{base}/settings/promise", {"promiseDays": "21"}, {"promiseDays": "22"}, "21", "22"),
        (f"{base}/settings", f"{base}/settings/returns", {"returnDays": "41", "reasons": "Broken"},
         {"returnDays": "42", "reasons": "Broken"}, "41", "42"),
    ]  # fmt: skip
    async with a_dashboard(platform, owner) as dashboard:
        legal = f"{base}/legal"
        stated = {**BUSINESS, **REACHED}
        # No business is stated yet.
        editors.append((legal, legal, {**stated, "name": "Ivy"}, {**stated, "name": "Lily"}, "Ivy", "Lily"))
        editors.append((legal, legal, {"name": "Fern"}, {"name": "Moss"}, "Fern", "Moss"))
        for page, action, first, second, live, typed in editors:
            begun = await dashboard.get(page)
            form = {**inputs_of(begun, action), **form_of(begun, action)}
            saved = await dashboard.client.post(action, data={**form, **first})
            assert saved.status_code == 303, (action, saved.text)
            # The second editor's tab began before that.
            late = await dashboard.client.post(action, data={**form, "commandId": "", **second})
            assert late.status_code == 422, action
            assert "Somebody else changed the" in late.text, action
            assert f'value="{typed}"' in late.text or typed == "Second", action
            now = await dashboard.get(page)
            assert f'value="{live}"' in now, action
            # Told, the editor decides: the form that was shown again saves.
            again = {**inputs_of(late.text, action), **form_of(late.text, action), **second}
            decided = await dashboard.client.post(action, data=again)
            assert decided.status_code == 303, (action, decided.text)
            assert f'value="{typed}' in await dashboard.get(page), action


async def test_two_editors_do_not_both_raise_the_price_of_one_product(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner)
    first, second, third = await products_of(platform, owner, store_id)
    path = f"/dashboard/stores/{store_id}/products"
    async with a_dashboard(platform, owner) as dashboard:
        form = form_of(await dashboard.get(path), path)
        raised = {**form, "action": "PRICE", "percent": "10", "ids": [first["id"]]}
        assert (await dashboard.client.post(path, data=raised)).status_code == 303
        # The second editor's tab began before that, with the old prices.
        late = {**raised, "commandId": "", "ids": [first["id"], second["id"]]}
        assert (await dashboard.client.post(path, data=late)).status_code == 303
        told = await dashboard.get(path)
        assert (
            f"1 product changed. 1 stays as before, because somebody else changed the price. Look at it again: “{first['title']}”"
            in unescape(told)
        )
        assert told.count("$31.90") == 2

    fields = "kept { productId error { code field message } } products { sellingPrice } userErrors { code field }"
    mutation = f"mutation ($input: ChangeProductsInput!) {{ changeProducts(input: $input) {{ {fields} }} }}"
    input = {
        "storeId": str(store_id),
        "productIds": [first["id"], third["id"]],
        "pricePercent": "100",
        "expectedPrices": ["29.00", "29.00"],
        "commandId": str(uuid4()),
    }
    answers = [await platform.ask(mutation, {"input": input}, by=owner) for _ in range(2)]
    assert answers[0] == answers[1]
    (kept,) = answers[0]["kept"]
    assert (kept["productId"], kept["error"]["code"]) == (first["id"], "CHANGED_MEANWHILE")
    assert kept["error"]["field"] == "expectedPrices.0"
    assert first["title"] in kept["error"]["message"]
    assert [each["sellingPrice"] for each in answers[0]["products"]] == ["31.90", "58.00"]
    short = {**input, "expectedPrices": ["29.00"], "commandId": str(uuid4())}
    refused = await platform.ask(mutation, {"input": short}, by=owner)
    assert refused["userErrors"] == [{"code": "INVALID_INPUT", "field": "expectedPrices"}]


async def test_two_editors_of_different_fields_disturb_each_other_in_nothing(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await a_shop(platform, owner)
    product, *_ = await products_of(platform, owner, store_id)
    one = f"/dashboard/stores/{store_id}/products/{product['id']}"
    async with a_dashboard(platform, owner) as dashboard:
        begun = await dashboard.get(one)
        form = {**inputs_of(begun, one), **form_of(begun, one)}
        for fields in ({"title": "A new title"}, {"sellingPrice": "33", "commandId": ""}):
            assert (await dashboard.client.post(one, data={**form, **fields})).status_code == 303
        page = await dashboard.get(one)
        assert 'value="A new title"' in page
        assert 'value="33.00"' in page


async def test_two_editors_do_not_both_write_the_first_text_of_a_category(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner, products=1)
    fields = "userErrors { code field } store { categoryPagesConnection { nodes { title revision } } }"
    mutation = f"mutation ($input: DescribeCategoryInput!) {{ describeCategory(input: $input) {{ {fields} }} }}"

    async def describe(title: str, expected: str) -> dict[str, Any]:
        input = {
            "storeId": str(store_id),
            "category": "moss",
            "title": title,
            "text": "Soft.",
            "expectedRevision": expected,
        }
        return dict(await platform.ask(mutation, {"input": input}, by=owner))

    first, second = await describe("Fern", "NOTHING"), await describe("Ivy", "NOTHING")
    (page,) = first["store"]["categoryPagesConnection"]["nodes"]
    assert page["title"] == "Fern"
    assert second["userErrors"] == [{"code": "CHANGED_MEANWHILE", "field": "expectedRevision"}]
    assert (await describe("Lily", page["revision"]))["userErrors"] == []


async def test_a_text_that_is_no_revision_is_an_error_of_its_field(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner, products=1)
    (product,) = await products_of(platform, owner, store_id)
    mutation = "mutation ($input: EditProductInput!) { editProduct(input: $input) { userErrors { code field } } }"
    for revision in ("", "x", "TITLE-0", "TITLE-" + "0" * 12 + "\n"):
        input = {"productId": product["id"], "title": "New", "expectedRevision": revision}
        answer = await platform.ask(mutation, {"input": input}, by=owner)
        assert answer["userErrors"] == [{"code": "INVALID_INPUT", "field": "expectedRevision"}]


def inputs_of(page: str, action: str) -> dict[str, str]:
    """Return what the visible fields of a form hold."""
    form = next(
        each
        for each in re.findall(r"<form\b.*?</form>", page, re.DOTALL)
        if f'action="{action}"' in each and "revision" in each
    )
    fields = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="hidden"' not in tag and ("checked" in tag or not re.search(r'type="(checkbox|radio)"', tag)):
            fields[unescape(name[1])] = unescape(value[1]) if value else ""
    for name, value in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        fields[unescape(name)] = unescape(value)
    return fields
