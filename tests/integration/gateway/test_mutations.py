"""Mutations: their effects, their idempotency, and their errors."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.image_result import RecordImage
from commands.mail import RecordMail
from commands.order import CancelOrder, RecordPayment, WithdrawFromOrder
from commands.product_copy import WriteProductCopy
from commands.step import FailStep, SucceedStep
from domain.generation.aggregate import generation_of
from domain.generation.events import Step
from domain.mail.events import MailKind
from domain.media.events import CutoutReview, ImageVersion, Operation, Rendition
from domain.merchant.events import SupplierProvider
from domain.money import Money
from infra.writers.copykit.scoring import measure
from tests.integration.gateway.test_queries import an_order
from tests.support.builders.samples import copy, sealed
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import Merchant, Platform, a_platform

REQUEST = (
    "mutation ($input: RequestStoreInput!) { requestStore(input: $input) { storeId generationId consistencyToken"
    " clientMutationId store { id niche status settings } userErrors { code message field } } }"
)


async def change(platform: Platform, by: Merchant, name: str, selection: str, **input: Any) -> Any:
    """Send a mutation. Its input type has the mutation's name."""
    kind = {
        "approveStore": "Store",
        "publishStore": "Store",
        "pauseStore": "Store",
        "archiveStore": "Store",
        "retryStep": "Step",
        "regenerateStep": "Step",
        "cancelGeneration": "Generation",
        "activateProduct": "Product",
        "deactivateProduct": "Product",
        "archiveProduct": "Product",
    }.get(name, name[0].upper() + name[1:])
    query = f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ {selection} consistencyToken userErrors {{ code field message }} }} }}"
    return await platform.ask(query, {"input": input}, by=by)


def codes(payload: Any) -> list[tuple[str, str | None]]:
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


async def first_product(platform: Platform, owner: Merchant, store_id: UUID) -> Any:
    store = await platform.ask(
        "query ($id: ID!) { store(id: $id) { products(first: 1)"
        " { nodes { id storeId images { id } variants { id stock } } } } }",
        {"id": str(store_id)},
        by=owner,
    )
    return store["products"]["nodes"][0]


async def test_a_store_request_returns_the_store_and_its_job(platform: Platform, owner: Merchant) -> None:
    fields = {"niche": "  Ceramic   planters ", "preferences": {"tone": "calm", "colors": ["sage"]}}
    payload = await platform.ask(REQUEST, {"input": fields | {"clientMutationId": "m1"}}, by=owner)
    assert payload["userErrors"] == []
    assert payload["clientMutationId"] == "m1"
    assert payload["store"]["niche"] == "Ceramic planters"
    assert payload["store"]["status"] == "CREATING"
    assert payload["store"]["settings"] == {"name": None, "tone": "calm", "colors": ["sage"], "audience": None}
    assert payload["store"]["id"] == payload["storeId"]
    assert payload["generationId"] == str(generation_of(UUID(payload["storeId"])))


async def test_the_deprecated_field_colours_is_accepted(platform: Platform, owner: Merchant) -> None:
    fields = {"niche": "Planters", "preferences": {"colours": ["sage"]}}
    payload = await platform.ask(REQUEST, {"input": fields}, by=owner)
    rest = await platform.call("POST", "/stores", by=owner, json=fields)
    read = await platform.call(
        "GET",
        f"/stores/{rest.json()['storeId']}",
        by=owner,
        headers={"x-consistency-token": rest.json()["consistencyToken"]},
    )
    assert payload["store"]["settings"]["colors"] == read.json()["settings"]["colors"] == ["sage"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"niche": ""}, "niche"),
        ({"niche": "   "}, "niche"),
        ({"niche": "x" * 121}, "niche"),
        ({"niche": "bad\u0000niche"}, "niche"),
        ({"niche": "bad\u0007niche"}, "niche"),
        ({"niche": "half \ud800 letter"}, "niche"),
        ({"niche": "Lamps", "preferences": {"tone": "t" * 201}}, "preferences.tone"),
        ({"niche": "Lamps", "preferences": {"colors": ["a"] * 7}}, "preferences.colors"),
        ({"niche": "Lamps", "preferences": {"audience": "a\u001bb"}}, "preferences.audience"),
        ({"niche": "Lamps", "contactEmail": "hello"}, "contactEmail"),
        ({"niche": "Lamps", "contactEmail": "a](b)@example.com"}, "contactEmail"),
    ],
)
async def test_an_invalid_niche_names_the_field_and_appends_nothing(
    platform: Platform, owner: Merchant, fields: dict[str, Any], field: str
) -> None:
    before = await platform.event_count()
    payload = await platform.ask(REQUEST, {"input": fields}, by=owner)
    assert codes(payload) == [("INVALID_INPUT", field)]
    assert payload["store"] is payload["storeId"] is payload["consistencyToken"] is None
    assert await platform.event_count() == before


async def test_a_repeated_request_makes_one_store(platform: Platform, owner: Merchant, stranger: Merchant) -> None:
    fields = {"input": {"niche": "Lamps", "commandId": str(uuid4())}}
    first, again = await platform.ask(REQUEST, fields, by=owner), await platform.ask(REQUEST, fields, by=owner)
    assert first == again
    events = await platform.event_count()
    other = await platform.ask(REQUEST, {"input": fields["input"] | {"niche": "Chairs"}}, by=owner)
    assert codes(other) == [("COMMAND_REUSED", "commandId")]
    assert fields["input"]["commandId"] in other["userErrors"][0]["message"]
    assert await platform.event_count() == events
    # Command ids of different merchants do not collide.
    theirs = await platform.ask(REQUEST, fields, by=stranger)
    assert theirs["userErrors"] == []
    assert theirs["storeId"] != first["storeId"]


async def test_mutations_require_a_login(platform: Platform) -> None:
    before = await platform.event_count()
    answer = await platform.post(REQUEST, {"input": {"niche": "Lamps"}})
    assert answer["data"] == {"requestStore": None}
    assert answer["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert await platform.event_count() == before


async def test_a_store_is_approved_published_paused_and_archived(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    too_early = await change(platform, owner, "publishStore", "store { status }", storeId=str(store_id))
    assert codes(too_early) == [("STORE_NOT_READY", None)]
    await platform.finish(store_id)
    selection = "store { status approved publishedAt products(statuses: [ACTIVE]) { totalCount } }"
    seen = []
    for name in ("approveStore", "publishStore", "pauseStore", "publishStore", "archiveStore"):
        payload = await change(platform, owner, name, selection, storeId=str(store_id))
        assert payload["userErrors"] == []
        seen.append(payload["store"]["status"])
    assert seen == ["PENDING_REVIEW", "ACTIVE", "PAUSED", "ACTIVE", "ARCHIVED"]
    assert payload["store"]["products"]["totalCount"] == 3


async def test_a_step_is_retried_regenerated_and_a_generation_cancelled(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.store(owner)
    generation_id = generation_of(store_id)
    selection = "generation { status error jobs { step status attempt } }"
    running = await change(platform, owner, "retryStep", selection, generationId=str(generation_id), step="BRAND")
    assert codes(running) == [("STEP_NOT_RETRYABLE", None)]
    await platform.send(
        FailStep(generation_id=generation_id, step=Step.BRAND, attempt=1, reason="The writer did not answer.")
    )
    again = await change(platform, owner, "retryStep", selection, generationId=str(generation_id), step="BRAND")
    assert again["generation"]["jobs"][0] == {"step": "BRAND", "status": "PROCESSING", "attempt": 2}
    ended = await change(platform, owner, "cancelGeneration", selection, generationId=str(generation_id))
    assert ended["generation"]["status"] == "CANCELLED"
    assert {job["status"] for job in ended["generation"]["jobs"]} == {"CANCELLED"}
    went_on = await change(platform, owner, "retryStep", selection, generationId=str(generation_id), step="COPY")
    assert went_on["generation"]["status"] == "PROCESSING"
    assert {job["step"]: (job["status"], job["attempt"]) for job in went_on["generation"]["jobs"]} == {
        "BRAND": ("PROCESSING", 3),
        "SCOUT": ("PROCESSING", 2),
        "COPY": ("PENDING", 0),
        "IMAGES": ("PENDING", 0),
        "PAGES": ("PENDING", 0),
    }
    await platform.send(SucceedStep(generation_id=generation_id, step=Step.BRAND, attempt=3, summary="Neon Haven"))
    done = await change(platform, owner, "retryStep", selection, generationId=str(generation_id), step="BRAND")
    assert codes(done) == [("STEP_NOT_RETRYABLE", None)]
    assert "regenerateStep" in done["userErrors"][0]["message"]
    repeated = await change(platform, owner, "regenerateStep", selection, generationId=str(generation_id), step="BRAND")
    assert repeated["generation"]["jobs"][0] == {"step": "BRAND", "status": "PROCESSING", "attempt": 4}


async def test_a_product_is_added_edited_counted_activated_and_archived(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.store(owner)
    added = await change(
        platform,
        owner,
        "addProduct",
        "product { id title status sellingPrice stockQuantity images { originalUrl } }",
        storeId=str(store_id),
        title="Moss lamp",
        description="It grows.",
        sellingPrice="19.90",
        costPrice="4",
        stockQuantity=3,
        images=["https://example.com/moss.jpg"],
    )
    product = added["product"]
    assert added["userErrors"] == []
    assert (product["title"], product["sellingPrice"], product["stockQuantity"]) == ("Moss lamp", "19.90", 3)
    id = product["id"]
    edited = await change(
        platform,
        owner,
        "editProduct",
        "product { title sellingPrice compareAtPrice metaTitle }",
        productId=id,
        title="Moss light",
        sellingPrice="21",
        metaTitle="Moss light",
        metaDescription="A lamp of moss.",
    )
    assert edited["product"] == {
        "title": "Moss light",
        "sellingPrice": "21.00",
        "compareAtPrice": None,
        "metaTitle": "Moss light",
    }
    claimed = await change(
        platform, owner, "editProduct", "product { id }", productId=id, sellingPrice="15", compareAtPrice="29.50"
    )
    assert codes(claimed) == [("INVALID_INPUT", "compareAtPrice")]
    cleared = await change(
        platform, owner, "editProduct", "product { sellingPrice compareAtPrice }", productId=id, compareAtPrice=None
    )
    assert cleared["product"] == {"sellingPrice": "21.00", "compareAtPrice": None}
    counted = await change(platform, owner, "countStock", "product { stockQuantity }", productId=id, stockQuantity=0)
    assert counted["product"] == {"stockQuantity": 0}
    seen = [
        (await change(platform, owner, name, "product { status }", productId=id))["product"]["status"]
        for name in ("activateProduct", "deactivateProduct", "archiveProduct")
    ]
    assert seen == ["OUT_OF_STOCK", "DRAFT", "ARCHIVED"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "t\u0000"}, "title"),
        ({"sellingPrice": "0"}, "sellingPrice"),
        ({"sellingPrice": "1e30"}, "sellingPrice"),
        ({"sellingPrice": "1e999999999"}, "sellingPrice"),
        ({"sellingPrice": "NaN"}, "sellingPrice"),
        ({"sellingPrice": "1_000"}, "sellingPrice"),
        ({"sellingPrice": "１２.５０"}, "sellingPrice"),
        ({"sellingPrice": " 12.50 "}, "sellingPrice"),
        ({"costPrice": "+5"}, "costPrice"),
        ({"costPrice": "1e1"}, "costPrice"),
        ({"costPrice": "-1"}, "costPrice"),
        ({"compareAtPrice": "1"}, "compareAtPrice"),
        ({"compareAtPrice": "99"}, "compareAtPrice"),
        ({"stockQuantity": -1}, "stockQuantity"),
        ({"currency": "dollars"}, "currency"),
        ({"currency": "ZZZ"}, "currency"),
        ({"sellingPrice": "10.005"}, "sellingPrice"),
        ({"costPrice": "1e-9999999"}, "costPrice"),
        ({"sellingPrice": "1000.5", "currency": "JPY"}, "sellingPrice"),
        ({"sellingPrice": "9.9000", "compareAtPrice": "12.345"}, "compareAtPrice"),
        ({"images": ["ftp://example.com/x.jpg"]}, "images.0"),
    ],
)
async def test_an_invalid_product_names_the_field(
    platform: Platform, owner: Merchant, fields: dict[str, Any], field: str
) -> None:
    store_id = await platform.store(owner)
    sound = {"storeId": str(store_id), "title": "Lamp", "description": "Glows.", "sellingPrice": "9.90"}
    payload = await change(platform, owner, "addProduct", "product { id }", **(sound | fields))
    assert codes(payload) == [("INVALID_INPUT", field)]


async def test_a_merchant_s_description_replaces_the_copywriter_s_features(platform: Platform, owner: Merchant) -> None:
    product = await first_product(platform, owner, await platform.stocked_store(owner))
    await platform.send(
        WriteProductCopy(
            product_id=UUID(product["id"]),
            generation_id=generation_of(UUID(product["storeId"])),
            attempt=1,
            copy=copy("Moss lamp").model_copy(update={"features": ["LED"], "benefits": ["Calm"]}),
            total=3,
        )
    )
    selection = "product { description features benefits callToAction copyWrittenBy copyScores { words readingEase } }"
    before = await change(platform, owner, "editProduct", selection, productId=product["id"])
    assert (before["product"]["features"], before["product"]["copyWrittenBy"]) == (["LED"], "house")
    mine: dict[str, Any] = {"description": "It grows on you.", "benefits": ["Green"]}
    after = await change(platform, owner, "editProduct", selection, productId=product["id"], **mine)
    assert after["product"] == {
        "description": "It grows on you.",
        "features": [],
        "benefits": ["Green"],
        "callToAction": None,
        "copyWrittenBy": "merchant",
        "copyScores": {"words": 4, "readingEase": measure(mine["description"]).reading_ease},
    }


async def test_text_is_rejected_by_field_or_stored_in_normal_form(platform: Platform, owner: Merchant) -> None:
    fields = {
        "storeId": str(await platform.store(owner)),
        "description": "Cafe\u0301\u2028Straße",
        "sellingPrice": "19.90",
        "costPrice": "4",
        "stockQuantity": 3,
        "images": [],
    }
    selection = "product { id title slug description }"
    for field, text in (("title", "Mug \u202eFFO %01"), ("description", "A \u2066mug")):
        refused = await change(platform, owner, "addProduct", selection, **fields | {"title": "Mug", field: text})
        assert codes(refused) == [("INVALID_INPUT", field)]
        assert "U+20" in refused["userErrors"][0]["message"]
    added = await change(platform, owner, "addProduct", selection, title="Smørrebrød\u200b cafe\u0301", **fields)
    product = added["product"]
    assert (product["title"], product["description"]) == ("Smørrebrød café", "Café\nStraße")
    assert product["slug"].startswith("smorrebrod-cafe-")
    found = 'query ($id: ID!) { store(id: $id) { products(search: "SMORREBROD STRASSE cafe\u0301") { nodes { id } } } }'
    answer = await platform.ask(found, {"id": fields["storeId"]}, by=owner)
    assert [node["id"] for node in answer["products"]["nodes"]] == [product["id"]]


async def test_a_page_is_added_and_edited(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    selection = "page { id type title slug content writtenBy }"
    added = await change(
        platform, owner, "addPage", selection, storeId=str(store_id), title="Our workshop", content="# Hi"
    )
    page = added["page"]
    assert (page["type"], page["slug"]) == ("CUSTOM", "our-workshop")
    edited = await change(platform, owner, "editPage", selection, pageId=page["id"], title="The workshop")
    assert edited["page"] == page | {"title": "The workshop"}
    empty = await change(platform, owner, "editPage", selection, pageId=page["id"], content=" ")
    assert codes(empty) == [("INVALID_INPUT", "content")]


async def test_a_repeated_page_edit_is_the_same_request_after_other_edits(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.store(owner)
    selection = "page { id title content }"
    added = await change(platform, owner, "addPage", selection, storeId=str(store_id), title="Us", content="Old")
    id, title = added["page"]["id"], {"title": "About us", "commandId": str(uuid4())}
    assert (await change(platform, owner, "editPage", selection, pageId=id, **title))["userErrors"] == []
    await change(platform, owner, "editPage", selection, pageId=id, content="New")
    again = await change(platform, owner, "editPage", selection, pageId=id, **title)
    assert again["userErrors"] == []
    assert again["page"] == {"id": id, "title": "About us", "content": "New"}


async def test_a_photo_is_sent_to_the_studio_twice(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    selection = "mediaAsset { id status attempt originalUrl metadata productId }"
    url = "https://example.com/moss.jpg"
    sent = await change(platform, owner, "processImage", selection, storeId=str(store_id), url=url, ground="#F0E0D0")
    asset = sent["mediaAsset"]
    assert (asset["status"], asset["attempt"], asset["originalUrl"]) == ("REQUESTED", 1, url)
    again = await change(platform, owner, "processImage", selection, storeId=str(store_id), imageId=asset["id"])
    assert again["mediaAsset"]["attempt"] == 2
    product = await first_product(platform, owner, store_id)
    image_id = product["images"][0]["id"]
    known = await change(
        platform,
        owner,
        "processImage",
        selection,
        storeId=str(store_id),
        imageId=image_id,
        productId=product["id"],
        operations=["SHARPEN"],
    )
    assert (known["mediaAsset"]["id"], known["mediaAsset"]["productId"]) == (image_id, product["id"])


async def test_the_merchant_sees_both_versions_of_a_doubtful_image_and_chooses(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    store_id = await platform.stocked_store(owner)
    selection = "mediaAsset { id status quality before after review { confidence reason shown signals } }"
    url = "https://example.com/chair.jpg"
    sent = await change(platform, owner, "processImage", selection, storeId=str(store_id), url=url)
    asset = sent["mediaAsset"]
    assert (asset["review"], asset["before"], asset["after"]) == (None, url, None)
    whole, cut = (
        Rendition(name="large", key=f"sha256/{n}/{n * 32}.webp", width=900, height=900, size_bytes=9)
        for n in ("aa", "bb")
    )
    await platform.send(
        RecordImage(
            image_id=UUID(asset["id"]),
            attempt=1,
            renditions=[whole],
            source_sha256="ab" * 32,
            source_size=(1200, 900),
            operations=[Operation.SHARPEN],
            seconds=0.5,
            review=CutoutReview(
                confidence=0.31,
                shown=ImageVersion.ORIGINAL,
                needs_review=True,
                reason="A leg is missing.",
                signals={"mirror": 0.2},
            ),
            other_renditions=[cut],
        )
    )
    image_id = asset["id"]
    async with a_dashboard(platform, owner) as dashboard:
        review = await dashboard.get(f"/dashboard/stores/{store_id}/review")
        assert (
            f'1 photo waits for your choice. <a href="/dashboard/stores/{store_id}/media?status=NEEDS_REVIEW">'
            in review
        )
    refused = await change(platform, stranger, "chooseImageVersion", selection, imageId=image_id, version="CUTOUT")
    assert codes(refused) == [("NOT_FOUND", None)]
    kept = await change(platform, owner, "chooseImageVersion", selection, imageId=image_id, version="ORIGINAL")
    before = kept["mediaAsset"]
    assert (before["status"], before["review"]["shown"]) == ("PROCESSED", "ORIGINAL")
    assert ("aa" in before["before"], "bb" in before["after"]) == (True, True)
    assert before["review"] | {"shown": None} == {
        "confidence": 0.31, "reason": "A leg is missing.", "shown": None, "signals": {"mirror": 0.2},
    }  # fmt: skip
    chosen = await change(platform, owner, "chooseImageVersion", selection, imageId=image_id, version="CUTOUT")
    after = chosen["mediaAsset"]
    assert (after["status"], after["review"]["shown"]) == ("PROCESSED", "CUTOUT")
    assert (after["before"], after["after"]) == (before["before"], before["after"])
    assert after["quality"] > before["quality"]
    again = await platform.call("POST", f"/images/{image_id}/version", by=owner, json={"version": "ORIGINAL"})
    assert (again.status_code, again.json()["requested"]) == (202, False)
    token = {"x-consistency-token": again.json()["consistencyToken"]}
    job = (await platform.call("GET", f"/images/jobs/{image_id}", by=owner, headers=token)).json()
    assert (job["review"]["shown"], "aa" in job["urls"]["large"], "bb" in job["after"]) == ("ORIGINAL", True, True)


async def test_a_repeated_image_request_is_the_same_after_its_text_changed(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    image_id = (await first_product(platform, owner, store_id))["images"][0]["id"]
    selection, an_image = "mediaAsset { attempt }", {"storeId": str(store_id), "imageId": image_id}
    again = an_image | {"commandId": str(uuid4())}
    first = await change(platform, owner, "processImage", selection, **again)
    await change(platform, owner, "processImage", selection, **an_image, altText="A new alt")
    repeated = await change(platform, owner, "processImage", "mediaAsset { attempt altText }", **again)
    assert repeated["userErrors"] == []
    assert repeated["consistencyToken"] == first["consistencyToken"]
    assert repeated["mediaAsset"] == {
        "attempt": first["mediaAsset"]["attempt"] + 1,
        "altText": "A new alt",
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("INVALID_INPUT", "url")),
        ({"url": "file:///etc/passwd"}, ("INVALID_INPUT", "url")),
        ({"url": "https://example.com/\u0000.jpg"}, ("INVALID_INPUT", "url")),
        ({"url": "https://example.com/x.jpg", "ground": "red"}, ("INVALID_INPUT", "ground")),
        ({"imageId": "00000000-0000-4000-8000-000000000000"}, ("NOT_FOUND", None)),
        (
            {"imageId": "00000000-0000-4000-8000-000000000000", "url": "https://example.com/x.jpg"},
            ("INVALID_INPUT", "url"),
        ),
    ],
)
async def test_an_invalid_image_request_is_rejected(
    platform: Platform, owner: Merchant, fields: dict[str, str], expected: tuple[str, str | None]
) -> None:
    store_id = await platform.store(owner)
    payload = await change(platform, owner, "processImage", "mediaAsset { id }", storeId=str(store_id), **fields)
    assert codes(payload) == [expected]


async def test_a_supplier_s_keys_are_stored_only_in_the_vault(platform: Platform, owner: Merchant) -> None:
    selection = "supplierAccount { provider isActive }"
    missing = await change(platform, owner, "connectSupplier", selection, provider="SPOCKET")
    assert codes(missing) == [("INVALID_INPUT", "apiKey")]
    long = await change(platform, owner, "connectSupplier", selection, provider="SAMPLE", accountId="a" * 3000)
    (refused,) = long["userErrors"]
    assert (refused["field"], refused["message"]) == (
        "accountId", "accountId has 3000 characters. Use at most 200.",
    )  # fmt: skip
    sample = await change(platform, owner, "connectSupplier", selection, provider="SAMPLE")
    assert sample["supplierAccount"] == {"provider": "SAMPLE", "isActive": True}
    connected = await change(
        platform, owner, "connectSupplier", selection, provider="SPOCKET", apiKey="sk-secret", apiSecret="more"
    )
    assert connected["supplierAccount"] == {"provider": "SPOCKET", "isActive": True}
    assert platform.vault.kept[owner.id, SupplierProvider.SPOCKET].api_key == "sk-secret"
    everything = b"".join([raw.data async for batch in platform.log.scan() for raw in batch])
    assert b"sk-secret" not in everything
    other = await change(
        platform,
        owner,
        "connectSupplier",
        "supplierAccount { provider isActive accountId userId }",
        provider="SPOCKET",
        apiKey="sk-secret",
        accountId="shop-7",
    )
    assert other["supplierAccount"] == {
        "provider": "SPOCKET",
        "isActive": True,
        "accountId": "shop-7",
        "userId": str(owner.id),
    }
    gone = await change(platform, owner, "disconnectSupplier", selection, provider="SPOCKET")
    assert gone["supplierAccount"] == {"provider": "SPOCKET", "isActive": False}
    assert (owner.id, SupplierProvider.SPOCKET) not in platform.vault.kept


async def test_an_unsearchable_supplier_is_not_connected_and_its_key_not_stored(database: str) -> None:
    async with a_platform(database, suppliers=frozenset({SupplierProvider.SAMPLE})) as platform:
        owner = await platform.merchant()
        before = await platform.event_count()
        selection = "supplierAccount { provider }"
        refused = await change(platform, owner, "connectSupplier", selection, provider="ALIEXPRESS", apiKey="sk-secret")
        assert codes(refused) == [("INVALID_INPUT", "provider")]
        message = refused["userErrors"][0]["message"]
        assert "AliExpress" in message
        assert "the sample supplier" in message
        assert platform.vault.kept == {}
        assert await platform.event_count() == before
        sample = await change(platform, owner, "connectSupplier", selection, provider="SAMPLE")
        assert sample["supplierAccount"] == {"provider": "SAMPLE"}


async def test_a_paid_order_is_fulfilled(platform: Platform, owner: Merchant) -> None:
    order_id = await an_order(platform, owner, await platform.stocked_store(owner))
    selection = "order { status carrier trackingNumber fulfilledAt }"
    unpaid = await change(platform, owner, "fulfilOrder", selection, orderId=str(order_id))
    assert codes(unpaid) == [("ORDER_NOT_OPEN", None)]
    await platform.send(
        RecordPayment(order_id=order_id, paid=Money(minor=5800), fee=Money(minor=290), intent_id="pi_1")
    )
    sent = await change(
        platform, owner, "fulfilOrder", selection, orderId=str(order_id), carrier="Posten", trackingNumber="NO123"
    )
    assert (sent["order"]["status"], sent["order"]["carrier"]) == ("FULFILLED", "Posten")
    platform.clock.advance(timedelta(minutes=1))
    corrected = await change(
        platform, owner, "fulfilOrder", selection, orderId=str(order_id), carrier="Posten", trackingNumber="NO1234"
    )
    assert corrected["order"] == sent["order"] | {"trackingNumber": "NO1234"}


async def test_a_withdrawal_and_a_refused_mail_are_shown_to_the_merchant(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    order_id = await an_order(platform, owner, store_id)
    await platform.send(
        RecordPayment(order_id=order_id, paid=Money(minor=5800), fee=Money(minor=290), intent_id="pi_1")
    )
    await change(platform, owner, "fulfilOrder", "order { id }", orderId=str(order_id))
    selection = "order { deliveredOn withdrawalDeadline }"
    wrong = await change(
        platform, owner, "markOrderDelivered", selection, orderId=str(order_id), deliveredOn="2999-01-01"
    )
    assert codes(wrong) == [("INVALID_INPUT", "deliveredOn")]
    delivered = await change(
        platform, owner, "markOrderDelivered", selection, orderId=str(order_id), deliveredOn="2026-01-05"
    )
    late = await change(
        platform,
        owner,
        "markOrderDelivered",
        selection,
        orderId=str(order_id),
        deliveredOn="2026-01-07",
        expectedDeliveredOn="2026-01-06",
    )
    assert [error["code"] for error in late["userErrors"]] == ["CHANGED_MEANWHILE"]
    assert delivered["order"] == {"deliveredOn": "2026-01-05", "withdrawalDeadline": "2026-01-19"}
    lists = (
        "query ($id: ID!) { store(id: $id) { without: orders(withdrawn: false) { totalCount nodes { id } } "
        "orders(withdrawn: true) { totalCount nodes { withdrawals { number late deadline lines { quantity } } "
        "mails { kind refusal } } } } }"
    )
    before = await platform.ask(lists, {"id": str(store_id)}, by=owner)
    assert (before["without"]["totalCount"], before["orders"]["totalCount"]) == (1, 0)
    who = sealed()
    await platform.send(WithdrawFromOrder(order_id=order_id, store_id=store_id, name=who, email=who, lines=[]))
    await platform.send(
        RecordMail(
            mail_id=uuid4(),
            store_id=store_id,
            order_id=order_id,
            kind=MailKind.WITHDRAWAL_RECEIVED,
            message_id="1@shops.example",
            refusal="550 5.1.1",
        )
    )
    after = await platform.ask(lists, {"id": str(store_id)}, by=owner)
    assert after["without"]["totalCount"] == 0
    (order,) = after["orders"]["nodes"]
    (withdrawal,) = order["withdrawals"]
    assert (withdrawal["number"], withdrawal["late"], withdrawal["deadline"]) == (1, True, "2026-01-19")
    assert order["mails"] == [{"kind": "WITHDRAWAL_RECEIVED", "refusal": "550 5.1.1"}]


async def test_a_late_payment_is_shown_to_the_merchant(platform: Platform, owner: Merchant) -> None:
    order_id = await an_order(platform, owner, await platform.stocked_store(owner))
    await platform.send(CancelOrder(order_id=order_id, reason="It was not paid within 60 minutes."))
    await platform.send(
        RecordPayment(order_id=order_id, paid=Money(minor=5800), fee=Money(minor=290), intent_id="pi_late")
    )
    order = await platform.ask(
        "query ($id: ID!) { order(id: $id) { status unmatchedPayments { intentId amount currency reason } } }",
        {"id": str(order_id)},
        by=owner,
    )
    assert order == {
        "status": "CANCELLED",
        "unmatchedPayments": [{"intentId": "pi_late", "amount": "58.00", "currency": "USD", "reason": "LATE"}],
    }


async def test_merchants_cannot_change_each_other_s_objects(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    store_id = await platform.stocked_store(owner)
    order_id = await an_order(platform, owner, store_id)
    product = await first_product(platform, owner, store_id)
    store = await platform.ask(
        "query ($id: ID!) { store(id: $id) { pages { nodes { id } } } }", {"id": str(store_id)}, by=owner
    )
    a_store, a_product = {"storeId": str(store_id)}, {"productId": product["id"]}
    a_step = {"generationId": str(generation_of(store_id)), "step": "BRAND"}
    fields: dict[str, dict[str, Any]] = {
        "approveStore": a_store,
        "publishStore": a_store,
        "pauseStore": a_store,
        "archiveStore": a_store,
        "cancelGeneration": {"generationId": a_step["generationId"]},
        "retryStep": a_step,
        "regenerateStep": a_step,
        "addProduct": a_store | {"title": "T", "description": "D", "sellingPrice": "1"},
        "editProduct": a_product | {"title": "T"},
        "countStock": a_product | {"stockQuantity": 1, "variantId": product["variants"][0]["id"]},
        "activateProduct": a_product,
        "deactivateProduct": a_product,
        "archiveProduct": a_product,
        "addPage": a_store | {"title": "T", "content": "C"},
        "editPage": {"pageId": store["pages"]["nodes"][0]["id"], "content": "C"},
        "processImage": a_store | {"url": "https://example.com/x.jpg"},
        "fulfilOrder": {"orderId": str(order_id)},
        "markOrderDelivered": {"orderId": str(order_id), "deliveredOn": "2026-01-05"},
    }
    before = await platform.event_count()
    for name, input in fields.items():
        payload = await change(platform, stranger, name, "__typename", **input)
        assert codes(payload) == [("NOT_FOUND", None)], name
    assert await platform.event_count() == before
