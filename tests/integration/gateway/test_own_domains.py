"""A merchant connects a domain and shapes the shop's lists through the API."""

from typing import Any
from uuid import UUID, uuid4

from commands.domains import RecordDomainCheck
from domain.store.domain_events import DomainProblem
from tests.support.platforms.gateway import Merchant, Platform

FIELDS = (
    "store { customDomain url domains { name shownName status primary problem proofName proofValue pointsTo offAt } }"
)


async def change(platform: Platform, owner: Merchant, mutation: str, input: dict[str, Any], fields: str) -> Any:
    kind = mutation[0].upper() + mutation[1:]
    kind = {"ConnectDomain": "Domain", "RemoveDomain": "Domain", "RemoveCollection": "Collection"}.get(kind, kind)
    query = f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ {fields} userErrors {{ code field message }} }} }}"
    return await platform.ask(query, {"input": input}, by=owner)


async def test_a_merchant_connects_proves_chooses_and_removes_a_domain(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    store = str(await platform.stocked_store(owner))
    refused = await change(platform, owner, "connectDomain", {"storeId": store, "domain": "co.uk"}, FIELDS)
    assert refused["userErrors"][0]["field"] == "domain"
    ids = {"storeId": store, "domain": "Bücher.example"}
    connected = await change(platform, owner, "connectDomain", ids, FIELDS)
    (domain,) = connected["store"]["domains"]
    assert (domain["name"], domain["shownName"]) == ("xn--bcher-kva.example", "bücher.example")
    assert (domain["status"], domain["primary"], domain["problem"]) == ("PENDING", False, None)
    assert domain["proofName"] == "_zyenta.xn--bcher-kva.example"
    assert domain["proofValue"].startswith("zyenta-store=")
    assert domain["pointsTo"].endswith(".localhost:8001")
    await platform.send(RecordDomainCheck(store_id=UUID(store), domain=domain["name"], problem=DomainProblem.NO_RECORD))
    await platform.send(RecordDomainCheck(store_id=UUID(store), domain=domain["name"], problem=None))
    shown = await platform.ask(f"query ($id: ID!) {{ store(id: $id) {{ {FIELDS[8:-2]} }} }}", {"id": store}, by=owner)
    assert shown["url"] == "http://xn--bcher-kva.example:8001"
    assert (shown["customDomain"], shown["domains"][0]["status"]) == ("xn--bcher-kva.example", "VERIFIED")
    other = str(await platform.stocked_store(stranger))
    taken = await change(platform, stranger, "connectDomain", ids | {"storeId": other}, FIELDS)
    assert taken["userErrors"][0]["code"] == "DOMAIN_TAKEN"
    seen = {"storeId": store, "expectedDomain": "xn--bcher-kva.example"}
    back = await change(platform, owner, "choosePrimaryDomain", seen, FIELDS)
    assert back["store"]["customDomain"] is None
    late = await change(platform, owner, "choosePrimaryDomain", seen, FIELDS)
    assert late["userErrors"][0]["code"] == "CHANGED_MEANWHILE"
    gone = await change(platform, owner, "removeDomain", ids, FIELDS)
    assert gone["store"]["domains"] == []


async def test_a_merchant_writes_collections_and_category_pages(platform: Platform, owner: Merchant) -> None:
    store = str(await platform.stocked_store(owner))
    rule = {"tags": ["gift"], "priceTo": "20"}
    input = {"storeId": store, "title": "Gifts", "rule": rule, "commandId": str(uuid4())}
    fields = "collection { id slug rule { tags categories priceFrom priceTo } productIds }"
    written = (await change(platform, owner, "writeCollection", input, fields))["collection"]
    assert written["slug"] == "gifts"
    assert written["rule"] == {"tags": ["gift"], "categories": [], "priceFrom": None, "priceTo": "20.00"}
    move = {"storeId": store, "kind": "COLLECTION", "target": written["id"], "slug": "Presents"}
    shown = "store { collections { slug title } categoryPages { category slug title text writtenBy } }"
    moved = await change(platform, owner, "moveAddress", {**move, "expectedSlug": "gifts"}, shown)
    assert moved["store"]["collections"] == [{"slug": "presents", "title": "Gifts"}]
    late = await change(platform, owner, "moveAddress", {**move, "slug": "more", "expectedSlug": "gifts"}, shown)
    assert late["userErrors"][0]["code"] == "CHANGED_MEANWHILE"
    text = {"storeId": store, "category": "lamps", "title": "Lamps", "text": "They glow."}
    described = await change(platform, owner, "describeCategory", text, shown)
    assert described["store"]["categoryPages"] == [
        {"category": "lamps", "slug": "lamps", "title": "Lamps", "text": "They glow.", "writtenBy": "merchant"}
    ]
    gone = await change(platform, owner, "removeCollection", {"storeId": store, "collectionId": written["id"]}, shown)
    assert gone["store"]["collections"] == []
