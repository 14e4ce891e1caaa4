"""A merchant states the business once, sees what is missing, and publishes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from commands.account import ConfirmEmail
from gateway.app import create_app
from tests.integration.gateway.test_mutations import change, codes
from tests.support.builders.samples import sealed
from tests.support.platforms.gateway import Merchant, Platform

BUSINESS = {
    "name": "Neon Haven GmbH",
    "legalForm": "GmbH",
    "addressLines": ["Lampenweg 3"],
    "postalCode": "80331",
    "city": "München",
    "country": "DE",
    "phone": "+49 89 123456",
    "email": "post@neonhaven.example",
    "vatId": "DE136695976",
}
STATED = "businessIdentity { name legalForm addressLines postalCode city country phone email vatId registerEntry }"
BLOCKERS = "query ($id: ID!) { store(id: $id) { publicationBlockers { code message field mutation blocks } } }"


async def state(platform: Platform, by: Merchant, **changes: Any) -> Any:
    mutation = (
        "mutation ($input: SetBusinessIdentityInput!) { setBusinessIdentity(input: $input) "
        f"{{ {STATED} consistencyToken userErrors {{ code field message }} }} }}"
    )
    return await platform.ask(mutation, {"input": BUSINESS | changes}, by=by)


async def ready_store(platform: Platform, owner: Merchant) -> UUID:
    store_id = await platform.stocked_store(owner)
    await platform.finish(store_id)
    await change(platform, owner, "approveStore", "store { id }", storeId=str(store_id))
    return store_id


async def blockers(platform: Platform, owner: Merchant, store_id: UUID) -> dict[str, Any]:
    store = await platform.ask(BLOCKERS, {"id": str(store_id)}, by=owner)
    return {each["code"]: each for each in store["publicationBlockers"]}


@pytest.fixture
async def strict(platform: Platform) -> AsyncIterator[Platform]:
    """The same platform behind a gateway that takes real money."""
    app = create_app(replace(platform.deps, sandbox=False))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway.localhost") as client,
    ):
        yield replace(platform, app=app, client=client)


async def test_a_business_is_stated_once_and_read_back(platform: Platform, owner: Merchant, stranger: Merchant) -> None:
    ask = f"{{ me {{ {STATED} }} }}"
    assert (await platform.ask(ask, by=owner))["businessIdentity"] is None
    expected = BUSINESS | {"registerEntry": None}
    assert (await state(platform, owner))["businessIdentity"] == expected
    assert (await platform.ask(ask, by=owner))["businessIdentity"] == expected
    assert (await platform.ask(ask, by=stranger))["businessIdentity"] is None


async def test_the_log_holds_the_business_sealed(platform: Platform, owner: Merchant) -> None:
    await state(platform, owner)
    bodies = [raw.data async for batch in platform.log.scan() for raw in batch]
    assert not [body for body in bodies if b"Lampenweg" in body or b"136695976" in body]


async def test_a_repeat_states_nothing_and_another_statement_under_its_id_is_refused(
    platform: Platform, owner: Merchant
) -> None:
    id = str(uuid4())
    first = await state(platform, owner, commandId=id)
    count = await platform.event_count()
    assert await state(platform, owner, commandId=id) == first
    assert await platform.event_count() == count
    assert codes(await state(platform, owner, commandId=id, city="Köln")) == [("COMMAND_REUSED", "commandId")]


async def test_a_wrong_field_of_the_business_is_named(platform: Platform, owner: Merchant) -> None:
    assert codes(await state(platform, owner, vatId="DE1")) == [("INVALID_INPUT", "vatId")]
    assert codes(await state(platform, owner, country="Germany")) == [("INVALID_INPUT", "country")]


async def test_blockers_name_what_mends_them_and_go_when_it_is_fixed(platform: Platform, owner: Merchant) -> None:
    store_id = await ready_store(platform, owner)
    missing = await blockers(platform, owner, store_id)
    assert set(missing) == {
        "NO_BUSINESS_IDENTITY",
        "NO_CONTACT_EMAIL",
        "EMAIL_NOT_VERIFIED",
        "LEGAL_PAGE_MISSING",
        "NO_PRODUCT_WITH_PHOTO",
        "NO_MANUFACTURER",
    }
    assert missing["NO_BUSINESS_IDENTITY"]["mutation"] == "setBusinessIdentity"
    assert missing["NO_MANUFACTURER"]["blocks"] is False
    await state(platform, owner)
    await platform.send(ConfirmEmail(merchant_id=owner.id, email=sealed(owner.id)))
    assert {"EMAIL_NOT_VERIFIED", "NO_BUSINESS_IDENTITY", "NO_CONTACT_EMAIL"}.isdisjoint(
        await blockers(platform, owner, store_id)
    )
    promised = await change(
        platform, owner, "setDeliveryPromise", "store { deliveryPromiseDays timeZone }", storeId=str(store_id), days=5,
        timeZone="Europe/Berlin",
    )  # fmt: skip
    assert promised["store"] == {"deliveryPromiseDays": 5, "timeZone": "Europe/Berlin"}
    slow = (await blockers(platform, owner, store_id))["SLOW_DELIVERY"]
    assert "within 5 days" in slow["message"]
    assert slow["field"].startswith("products.")


async def test_the_sandbox_publishes_and_tells_what_is_missing_with_the_fee(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await ready_store(platform, owner)
    payload = await change(
        platform, owner, "publishStore", "store { status } blockers { code } platformFee { percent notice }",
        storeId=str(store_id),
    )  # fmt: skip
    assert payload["store"] == {"status": "ACTIVE"}
    assert "NO_BUSINESS_IDENTITY" in {each["code"] for each in payload["blockers"]}
    assert payload["platformFee"]["notice"].startswith("Zyenta keeps 5% of every payment")
    assert float(payload["platformFee"]["percent"]) == 5


async def test_where_money_moves_publishing_is_refused_with_all_that_is_missing(
    strict: Platform, owner: Merchant
) -> None:
    store_id = await ready_store(strict, owner)
    count = await strict.event_count()
    payload = await change(
        strict, owner, "publishStore", "store { status } blockers { code blocks }", storeId=str(store_id)
    )
    assert codes(payload) == [("PUBLICATION_BLOCKED", None)]
    assert payload["store"] is None
    assert {each["code"] for each in payload["blockers"]} == {
        "EMAIL_NOT_VERIFIED",
        "NO_BUSINESS_IDENTITY",
        "NO_CONTACT_EMAIL",
        "LEGAL_PAGE_MISSING",
        "NO_PRODUCT_WITH_PHOTO",
    }
    assert await strict.event_count() == count


async def test_a_page_lists_every_text_it_had(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    store = await platform.ask(
        "query ($id: ID!) { store(id: $id) { pages { nodes { id type } } } }", {"id": str(store_id)}, by=owner
    )
    page_id = next(page["id"] for page in store["pages"]["nodes"] if page["type"] == "PRIVACY_POLICY")
    await change(platform, owner, "editPage", "page { version }", pageId=page_id, content="# Mine")
    page = await platform.ask(
        "query ($id: ID!) { page(id: $id) { version versions { number content writtenBy } } }",
        {"id": page_id},
        by=owner,
    )
    assert page == {
        "version": 2,
        "versions": [
            {"number": 2, "content": "# Mine", "writtenBy": "merchant"},
            {"number": 1, "content": "# Hello", "writtenBy": "house"},
        ],
    }
