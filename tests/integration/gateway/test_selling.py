"""A merchant sets delivery rates and manages discount codes over GraphQL."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from commands.sourcing import ImportProducts
from domain.generation.aggregate import generation_of
from tests.support.platforms.gateway import Merchant, Platform, a_pick

SHIPPING = "shipping { isDefault currency unknownWeight zones { name countries basis freeFrom bands { upToGrams upToSubtotal price } } }"
SET = f"mutation ($input: SetShippingInput!) {{ setShipping(input: $input) {{ store {{ {SHIPPING} }} userErrors {{ code field }} }} }}"
DISCOUNT = "id code kind percentage amount currency minimum mostUses mostUsesPerShopper paused reserved used productIds"
CREATE = f"mutation ($input: CreateDiscountInput!) {{ createDiscount(input: $input) {{ discount {{ {DISCOUNT} }} userErrors {{ code field message }} }} }}"


async def shipping(platform: Platform, store_id: UUID, owner: Merchant) -> Any:
    store = await platform.ask(
        f"query ($id: ID!) {{ store(id: $id) {{ {SHIPPING} }} }}", {"id": str(store_id)}, by=owner
    )
    return store["shipping"]


async def set_shipping(platform: Platform, store_id: UUID, owner: Merchant, *zones: dict[str, Any]) -> Any:
    return await platform.ask(SET, {"input": {"storeId": str(store_id), "zones": list(zones)}}, by=owner)


async def create(platform: Platform, store_id: UUID, owner: Merchant, **terms: Any) -> Any:
    fields = {"storeId": str(store_id), "code": "spring 10", "kind": "PERCENTAGE", "percentage": "12.5"} | terms
    return await platform.ask(CREATE, {"input": fields}, by=owner)


async def test_rates_are_free_everywhere_until_the_merchant_sets_them(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    before = await shipping(platform, store_id, owner)
    assert (before["isDefault"], [band["price"] for zone in before["zones"] for band in zone["bands"]]) == (
        True,
        ["0.00"],
    )
    answer = await set_shipping(
        platform,
        store_id,
        owner,
        {"name": "Germany", "countries": ["DE"], "bands": [{"price": "4.90"}], "freeFrom": "50"},
        {
            "name": "Neighbors",
            "countries": ["AT", "CH"],
            "basis": "WEIGHT",
            "bands": [{"price": "6", "upToGrams": 1000}, {"price": "12.50"}],
        },
    )
    assert answer["userErrors"] == []
    after = answer["store"]["shipping"]
    assert (after["isDefault"], after["currency"], after["unknownWeight"]) == (False, "USD", 500)
    assert after["zones"][0]["freeFrom"] == "50.00"
    assert after["zones"][1]["bands"] == [
        {"upToGrams": 1000, "upToSubtotal": None, "price": "6.00"},
        {"upToGrams": None, "upToSubtotal": None, "price": "12.50"},
    ]


async def test_a_merchant_sees_the_weights_that_the_rates_count_with(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.store(owner)
    heavy, unknown = a_pick(1), a_pick(2)
    stated = heavy.listing.model_copy(update={"attributes": {"Weight": "1.6 kg"}})
    await platform.send(
        ImportProducts(
            generation_id=generation_of(store_id),
            attempt=1,
            keywords=["lamp"],
            suppliers=[],
            duplicates=0,
            picks=[replace(heavy, listing=stated), unknown],
        )
    )
    store = await platform.ask(
        "query ($id: ID!) { store(id: $id) { products { nodes { weight } } } }", {"id": str(store_id)}, by=owner
    )
    assert {each["weight"] for each in store["products"]["nodes"]} == {1600, None}


async def test_wrong_rates_are_refused_with_their_field(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    flat = {"name": "Germany", "countries": ["DE"], "bands": [{"price": "4.90"}]}
    for zones, field in (
        ([], "zones"),
        ([flat | {"countries": ["XX"]}], "zones.0.countries"),
        ([flat, flat | {"name": "Again"}], "zones.1.countries"),
        ([flat | {"bands": []}], "zones.0.bands"),
        ([flat | {"bands": [{"price": "4.999"}]}], "zones.0.bands.0.price"),
        ([flat | {"bands": [{"price": "4", "upToGrams": 5}]}], "zones.0.bands.0.upToGrams"),
    ):
        refused = await set_shipping(platform, store_id, owner, *zones)
        assert [error["field"] for error in refused["userErrors"]] == [field]
    stranger = await platform.merchant()
    refused = await set_shipping(platform, store_id, stranger, flat)
    assert [error["code"] for error in refused["userErrors"]] == ["NOT_FOUND"]


async def test_a_merchant_creates_pauses_and_resumes_a_code_and_sees_its_uses(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await platform.stocked_store(owner)
    created = await create(platform, store_id, owner, mostUses=100, minimum="20")
    assert created["userErrors"] == []
    discount = created["discount"]
    assert discount | {"id": ""} == {
        "id": "",
        "code": "SPRING10",
        "kind": "PERCENTAGE",
        "percentage": "12.5",
        "amount": None,
        "currency": "USD",
        "minimum": "20.00",
        "mostUses": 100,
        "mostUsesPerShopper": None,
        "paused": False,
        "reserved": 0,
        "used": 0,
        "productIds": [],
    }
    for change, paused in (("pauseDiscount", True), ("resumeDiscount", False)):
        mutation = f"mutation ($input: DiscountInput!) {{ {change}(input: $input) {{ discount {{ paused }} userErrors {{ code }} }} }}"
        answer = await platform.ask(mutation, {"input": {"discountId": discount["id"]}}, by=owner)
        assert answer == {"discount": {"paused": paused}, "userErrors": []}
        stranger = await platform.ask(mutation, {"input": {"discountId": discount["id"]}}, by=await platform.merchant())
        assert stranger["userErrors"] == [{"code": "NOT_FOUND"}]
    listed = await platform.ask(
        "query ($id: ID!) { store(id: $id) { discounts { code used } } }", {"id": str(store_id)}, by=owner
    )
    assert listed == {"discounts": [{"code": "SPRING10", "used": 0}]}


async def test_wrong_terms_are_refused_with_their_field(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    for terms, field in (
        ({"code": "a"}, "code"),
        ({"percentage": "0"}, "percentage"),
        ({"percentage": "100.01"}, "percentage"),
        ({"percentage": "1.234"}, "percentage"),
        ({"amount": "5"}, "amount"),
        ({"mostUses": 0}, "mostUses"),
        ({"startsAt": "2026-12-24T00:00:00Z", "endsAt": "2026-12-01T00:00:00Z"}, "endsAt"),
        ({"startsAt": "2026-12-24T00:00:00"}, "startsAt"),
    ):
        refused = await create(platform, store_id, owner, **terms)
        assert [error["field"] for error in refused["userErrors"]] == [field], refused
