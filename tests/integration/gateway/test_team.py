"""People with roles in a store, and API keys, over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.merchant.account_events import AccountClosed
from domain.merchant.events import MerchantRegistered
from domain.store.events import StoreStatus
from domain.team.roles import Role
from gateway.auth.sessions import LIVE_CACHE_FOR
from projections.catalog.queries import store_by_id
from projections.merchants.team_queries import invitations_of_store
from projections.reading.scope import SYSTEM
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform

MUTATE = "mutation ($input: %s!) { %s(input: $input) { userErrors { code message field } %s } }"
STORE = "query ($id: ID!) { store(id: $id) { id name role people { id role email name } products { nodes { id } } } }"


async def mutate(platform: Platform, by: Merchant | None, name: str, input: dict[str, Any], select: str = "") -> Any:
    kind = {"publishStore": "StoreInput", "leaveStore": "StoreInput", "withdrawInvitation": "InvitationInput"}.get(
        name, name[0].upper() + name[1:] + "Input"
    )
    kind = "PersonInput" if name == "removePerson" else kind
    return await platform.ask(MUTATE % (kind, name, select), {"input": input}, by=by)


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


async def invited(platform: Platform, owner: Merchant, store_id: UUID, email: str, role: Role) -> str:
    """Invite a person and return the token of the mail's link."""
    input = {"storeId": str(store_id), "email": email, "role": role}
    payload = await mutate(platform, owner, "invitePerson", input, "store { invitations { id email role } }")
    assert payload["userErrors"] == []
    assert {"email": email, "role": role}.items() <= payload["store"]["invitations"][-1].items()
    now = platform.clock.now()
    pending = await invitations_of_store(platform.deps.reader, store_id, now=now, scope=SYSTEM)
    return platform.deps.invitation_links.token(store_id, pending[-1].id)


async def joined(platform: Platform, owner: Merchant, store_id: UUID, role: Role) -> Merchant:
    person = await platform.merchant()
    token = await invited(platform, owner, store_id, person.email.upper(), role)
    payload = await mutate(platform, person, "acceptInvitation", {"token": token}, "store { id role }")
    assert payload == {"userErrors": [], "store": {"id": str(store_id), "role": role}}
    return person


async def test_people_of_a_store_may_do_what_their_role_says(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    await platform.finish(store_id)
    other = await platform.store(owner)
    stranger = await platform.merchant()
    id = {"storeId": str(store_id)}

    token = await invited(platform, owner, store_id, "nobody.yet@example.com", Role.VIEWER)
    for wrong in (token, token[:-2], "x", "zyk_" + token):
        payload = await mutate(platform, stranger, "acceptInvitation", {"token": wrong})
        assert codes(payload) == ["INVITATION_INVALID"], "an invitation is bound to its address"

    editor = await joined(platform, owner, store_id, Role.EDITOR)
    viewer = await joined(platform, owner, store_id, Role.VIEWER)
    for person, role in ((owner, "OWNER"), (editor, "EDITOR"), (viewer, "VIEWER")):
        store = await platform.ask(STORE, {"id": str(store_id)}, by=person)
        assert store["role"] == role
        assert [each["role"] for each in store["people"]] == ["EDITOR", "VIEWER"]
        assert store["people"][0]["email"] == editor.email
        assert len(store["products"]["nodes"]) == 3
    pages = """query ($id: ID!, $after: String) { store(id: $id) { peopleConnection(first: 1, after: $after, sort: ROLE) {
        totalCount nodes { role } pageInfo { hasNextPage endCursor } } } }"""
    first = (await platform.ask(pages, {"id": str(store_id)}, by=viewer))["peopleConnection"]
    after = {"id": str(store_id), "after": first["pageInfo"]["endCursor"]}
    second = (await platform.ask(pages, after, by=viewer))["peopleConnection"]
    assert [first["totalCount"], first["nodes"], second["nodes"]] == [2, [{"role": "EDITOR"}], [{"role": "VIEWER"}]]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    product = store["products"]["nodes"][0]["id"]
    listed = await platform.ask("{ stores { nodes { id } totalCount } }", by=editor)
    assert listed == {"nodes": [{"id": str(store_id)}], "totalCount": 1}, "and not the owner's other stores"
    answer = await platform.post(STORE, {"id": str(other)}, by=editor)
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    answer = await platform.post(
        "query ($id: ID!) { store(id: $id) { invitationsConnection { totalCount } } }", {"id": str(store_id)}, by=editor
    )
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"

    edit = {"productId": product, "title": "A lamp"}
    assert codes(await mutate(platform, viewer, "editProduct", edit)) == ["FORBIDDEN"]
    changed = await mutate(platform, editor, "editProduct", edit, "product { title }")
    assert changed == {"userErrors": [], "product": {"title": "A lamp"}}
    assert codes(await mutate(platform, stranger, "editProduct", edit)) == ["NOT_FOUND"]
    response = await platform.call("PATCH", f"/stores/{store_id}/products/{product}", by=viewer, json={"title": "No"})
    assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN")
    for person in (editor, viewer):
        assert codes(await mutate(platform, person, "publishStore", id)) == ["FORBIDDEN"]
        payload = await mutate(platform, person, "invitePerson", {**id, "email": "a@example.com", "role": "EDITOR"})
        assert codes(payload) == ["FORBIDDEN"]

    owners = {**id, "personId": str(editor.id)}
    assert codes(await mutate(platform, owner, "changeRole", {**owners, "role": "OWNER"})) == ["INVALID_INPUT"]
    seen = {**owners, "expectedRole": "EDITOR"}
    assert codes(await mutate(platform, owner, "changeRole", {**seen, "role": "VIEWER"})) == []
    late = await mutate(platform, owner, "changeRole", {**seen, "role": "VIEWER"})
    assert codes(late) == ["CHANGED_MEANWHILE"], "a second tab sees it"
    assert codes(await mutate(platform, editor, "editProduct", edit)) == ["FORBIDDEN"]
    assert codes(await mutate(platform, owner, "removePerson", owners)) == []
    assert codes(await mutate(platform, editor, "editProduct", edit)) == ["NOT_FOUND"]
    answer = await platform.post(STORE, {"id": str(store_id)}, by=editor)
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND", "a role that was taken away ends mid-session"
    assert codes(await mutate(platform, viewer, "leaveStore", id)) == []
    (refusal,) = (await mutate(platform, owner, "leaveStore", id))["userErrors"]
    assert refusal["message"] == "You own this store, so you cannot leave it. Archive it instead."
    assert await platform.ask("{ stores { nodes { id } } }", by=viewer) == {"nodes": []}


CREATE = "apiKey { id prefix scopes name expiresAt } token"


@pytest.mark.parametrize("scopes", [["READ"], ["READ", "PRODUCTS"]])
async def test_a_key_does_what_its_scopes_and_its_maker_may(
    platform: Platform, owner: Merchant, scopes: list[str]
) -> None:
    store_id = await platform.stocked_store(owner)
    editor = await joined(platform, owner, store_id, Role.EDITOR)
    made = await mutate(
        platform,
        editor,
        "createApiKey",
        {"name": "Sync", "scopes": scopes, "expiresInDays": 30, "password": PASSWORD},
        CREATE,
    )
    assert made["userErrors"] == []
    assert made["token"].startswith(made["apiKey"]["prefix"])
    stored = "select count(*) from api_keys k where k::text like '%' || $1 || '%'"
    assert await platform.deps.reader.fetchval(stored, made["token"][-20:]) == 0, "only its hash is stored"
    key = Merchant(id=editor.id, email="", token=made["token"], refresh_token="")
    store = await platform.ask(STORE, {"id": str(store_id)}, by=key)
    product = store["products"]["nodes"][0]["id"]
    edit = {"productId": product, "title": "A lamp"}
    answer = await platform.post(MUTATE % ("EditProductInput", "editProduct", ""), {"input": edit}, by=key)
    response = await platform.call("PATCH", f"/stores/{store_id}/products/{product}", by=key, json={"title": "No"})
    if "PRODUCTS" in scopes:
        assert answer["data"]["editProduct"] == {"userErrors": []}
        assert response.status_code == 200
    else:
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN")

    # A key makes, rotates and sees no keys, not even weaker ones.
    strong = await mutate(
        platform, editor, "createApiKey", {"name": "All", "scopes": ["READ", "PUBLISH"], "password": PASSWORD}, CREATE
    )
    strong_id = strong["apiKey"]["id"]
    for query in (
        'mutation { createApiKey(input: {name: "x", scopes: [READ], password: "x"}) { token } }',
        f'mutation {{ rotateApiKey(input: {{keyId: "{strong_id}", password: "x"}}) {{ token }} }}',
        f'mutation {{ ...F }} fragment F on Mutation {{ revokeApiKey(input: {{keyId: "{strong_id}"}}) {{ __typename }} }}',
        "{ me { apiKeys { id } } }",
    ):
        answer = await platform.post(query, by=key)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", query
    rotate = {"keyId": made["apiKey"]["id"], "scopes": [*scopes, "PUBLISH"], "password": PASSWORD}
    assert codes(await mutate(platform, editor, "rotateApiKey", rotate, CREATE)) == ["INVALID_INPUT"]
    for name, input in (("rotateApiKey", {"keyId": strong_id}), ("createApiKey", {"name": "x", "scopes": ["READ"]})):
        refused = await mutate(platform, editor, name, {**input, "password": "not this one"}, CREATE)
        assert (codes(refused), refused["token"]) == (["WRONG_PASSWORD"], None)
    rotate = {"keyId": strong["apiKey"]["id"], "password": PASSWORD}
    assert codes(await mutate(platform, owner, "rotateApiKey", rotate, CREATE)) == ["NOT_FOUND"]
    # No key of an editor publishes, whatever its scopes say.
    publisher = Merchant(id=editor.id, email="", token=strong["token"], refresh_token="")
    assert codes(await mutate(platform, publisher, "publishStore", {"storeId": str(store_id)})) == ["FORBIDDEN"]

    rotated = await mutate(
        platform,
        editor,
        "rotateApiKey",
        {"keyId": made["apiKey"]["id"], "scopes": ["READ"], "password": PASSWORD},
        CREATE,
    )
    assert rotated["userErrors"] == []
    assert rotated["apiKey"]["scopes"] == ["READ"]
    answer = await platform.post("{ me { id } }", by=key)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    key = Merchant(id=editor.id, email="", token=rotated["token"], refresh_token="")
    assert await platform.ask("{ me { id } }", by=key) == {"id": str(editor.id)}
    keys = (await platform.ask("{ me { apiKeysConnection { nodes { id lastUsedAt } } } }", by=editor))[
        "apiKeysConnection"
    ]["nodes"]
    assert {each["id"] for each in keys} == {rotated["apiKey"]["id"], strong["apiKey"]["id"]}
    assert all(each["lastUsedAt"] for each in keys)

    await mutate(platform, owner, "removePerson", {"storeId": str(store_id), "personId": str(editor.id)})
    answer = await platform.post(STORE, {"id": str(store_id)}, by=key)
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND", "a key is never stronger than its maker"
    platform.clock.advance(timedelta(days=30))
    answer = await platform.post("{ me { id } }", by=key)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    for wrong in (key.token[:-1], key.token + "A", "zyk_", "zyk_!"):
        forged = Merchant(id=editor.id, email="", token=wrong, refresh_token="")
        answer = await platform.post("{ me { id } }", by=forged)
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_role_is_looked_up_once_a_second(platform: Platform, owner: Merchant) -> None:
    """The look-up of a session also asks for the roles, and most requests ask for neither."""
    sessions = platform.app.state.gateway.sessions
    first = await sessions.visitor(f"Bearer {owner.token}")
    assert await sessions.visitor(f"Bearer {owner.token}") is first
    platform.clock.advance(LIVE_CACHE_FOR)
    assert await sessions.visitor(f"Bearer {owner.token}") is not first


ACTIVITY = (
    "query ($id: ID!, $after: String) { store(id: $id) { activity(first: 2, after: $after)"
    " { nodes { title type person personId means meansId requestId } pageInfo { hasNextPage endCursor } } } }"
)


async def test_the_log_says_who_did_what_by_which_session_or_key(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    editor = await joined(platform, owner, store_id, Role.EDITOR)
    made = await mutate(
        platform, editor, "createApiKey", {"name": "Sync", "scopes": ["PRODUCTS", "READ"], "password": PASSWORD}, CREATE
    )
    key = Merchant(id=editor.id, email="", token=made["token"], refresh_token="")
    store = await platform.ask(STORE, {"id": str(store_id)}, by=key)
    edit = {"productId": store["products"]["nodes"][0]["id"], "title": "A lamp of the key"}
    assert codes(await mutate(platform, key, "editProduct", edit)) == []

    page = (await platform.ask(ACTIVITY, {"id": str(store_id)}, by=owner))["activity"]
    newest, before = page["nodes"]
    assert (newest["type"], newest["means"]) == ("product.product_retitled.v1", "KEY")
    assert (newest["personId"], newest["meansId"]) == (str(editor.id), made["apiKey"]["id"])
    assert newest["person"].startswith("Merchant ")
    assert (before["type"], before["means"]) == ("store.person_joined.v1", "SESSION")
    assert page["pageInfo"]["hasNextPage"]
    after = page["pageInfo"]["endCursor"]
    page = (await platform.ask(ACTIVITY, {"id": str(store_id), "after": after}, by=owner))["activity"]
    assert [(each["type"], each["personId"]) for each in page["nodes"]] == [("store.person_invited.v1", str(owner.id))]
    answer = await platform.post(ACTIVITY, {"id": str(store_id)}, by=editor)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    own = await platform.ask("{ me { activity(first: 1) { nodes { type means subjectId } } } }", by=editor)
    assert own["activity"]["nodes"] == [
        {"type": "merchant.api_key_made.v1", "means": "SESSION", "subjectId": str(editor.id)}
    ]
    answer = await platform.post("{ me { activity { nodes { id } } } }", by=key)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_an_account_is_exported_and_deleted_with_its_personal_data(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    shared = await platform.stocked_store(await platform.merchant())
    editor = await joined(platform, owner, store_id, Role.EDITOR)
    await mutate(platform, owner, "createApiKey", {"name": "Sync", "scopes": ["READ"], "password": PASSWORD}, CREATE)
    exported = (await platform.ask("{ me { export } }", by=owner))["export"]
    assert exported["account"]["email"] == owner.email
    assert [key["name"] for key in exported["apiKeys"]] == ["Sync"]
    kinds = {event["type"]: event for event in exported["events"]}
    assert kinds["merchant.merchant_registered.v1"]["data"]["email"] == owner.email
    assert kinds["store.person_invited.v1"]["data"]["email"] == "sealed for another person"
    assert kinds["store.person_invited.v1"]["by"].startswith(f"{owner.id} SESSION ")
    assert str(shared) not in exported["stores"]

    assert codes(await mutate(platform, owner, "deleteAccount", {"password": "wrong"})) == ["WRONG_PASSWORD"]
    assert await mutate(platform, editor, "deleteAccount", {"password": PASSWORD}) == {"userErrors": []}
    await platform.barrier.catch_up()
    people = await platform.ask(
        "query ($id: ID!) { store(id: $id) { people { id } } }", {"id": str(store_id)}, by=owner
    )
    assert people == {"people": []}, "a person who is gone has no role"
    answer = await platform.post("{ me { id } }", by=editor)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"

    assert await mutate(platform, owner, "deleteAccount", {"password": PASSWORD}) == {"userErrors": []}
    await platform.barrier.catch_up()
    view = await store_by_id(platform.deps.reader, store_id, scope=SYSTEM)
    assert view is not None
    assert view.status is StoreStatus.ARCHIVED
    assert await platform.deps.accounts.by_id(owner.id) is None
    events = [raw.decode().event for raw in await platform.deps.history.read_streams([owner.id])]
    registered, closed = events[0], events[-1]
    assert isinstance(registered, MerchantRegistered)
    assert isinstance(closed, AccountClosed)
    assert await platform.deps.personal.open(registered.email) is None, "the key of the personal data is destroyed"
    assert await platform.deps.personal.open(closed.farewell) == owner.email, "until the last mail is out"
    again = await platform.post("{ me { id } }", by=owner)
    assert again["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
