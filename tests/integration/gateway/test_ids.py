"""Every mutation and endpoint answers NOT_FOUND for ids of another kind or of another merchant."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import graphql
import pytest

from commands.order import RecordPayment
from domain.accounts.passkeys import Passkey
from domain.generation.aggregate import generation_of, job_of
from domain.generation.events import Step
from domain.ids import slug_stream
from domain.money import Money
from tests.integration.gateway.test_queries import an_order
from tests.support.examples import QUARTER
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform
from tests.support.schema import published_schema

MUTATIONS = published_schema().mutation_type.fields  # type: ignore[union-attr]
VALUES: dict[str, Any] = {
    "Date": "2026-11-23",
    "String": "A lamp",
    "Decimal": "9.90",
    "Int": 1,
    "Boolean": True,
    "ID": "7f3c1c0e-6d95-4c0c-9f7b-3f0f3ad1c9d2",
}
"""Values for required fields by scalar; the id, inside of other fields, is of no object."""
NAMED: dict[str, Any] = {"email": "guest@example.com", "targetKind": "PRODUCT"}
"""Values for required fields that their scalar leaves too open."""
SIBLINGS = {
    "productIds": "productId",
    "activateIds": "productId",
    "archiveIds": "productId",
    "imageIds": "productsImageId",
    "personId": "merchantId",
    "targetId": "productId",
    "uploadId": "imageId",
    "fileId": "imageId",
}
"""Which object's id is a valid value of a field."""
OTHERWISE = {
    ("endSession", "sessionId"),
    ("changeRole", "personId"),
    ("invitePerson", "storeId"),
    ("arrangePhotos", "expectedImageIds"),
    ("processImage", "uploadId"),
    ("addDisputeEvidenceFile", "uploadId"),
    ("removePasskey", "passkeyId"),
}
"""
Fields that have tests of their own. What ends a session changes nothing if there is none; the role that the walk
sends is refused first; invitations are few an hour; this platform takes no uploads; a passkey goes with the password only;
photos that came or went since the editor saw them do not count.
"""


def input_fields(mutation: str) -> dict[str, graphql.GraphQLInputField]:
    kind = graphql.get_named_type(MUTATIONS[mutation].args["input"].type)
    assert isinstance(kind, graphql.GraphQLInputObjectType)
    fields: dict[str, graphql.GraphQLInputField] = kind.fields
    return fields


def is_id(field: graphql.GraphQLInputField) -> bool:
    return graphql.get_named_type(field.type) is graphql.GraphQLID


def is_list(field: graphql.GraphQLInputField) -> bool:
    return isinstance(graphql.get_nullable_type(field.type), graphql.GraphQLList)


ASKED_BY_ID = [
    (mutation, name)
    for mutation in MUTATIONS
    for name, field in input_fields(mutation).items()
    if is_id(field) and (mutation, name) not in OTHERWISE
]


def without_ids(message: str) -> str:
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "?", message)


@dataclass(frozen=True, slots=True)
class TwoMerchants:
    """A merchant with one object of each kind, and the ids of a stranger's. Refused requests change neither."""

    owner: Merchant
    ids: dict[str, UUID]
    foreign: dict[str, UUID]


@pytest.fixture(scope="module")
async def both(shared_platform: Platform) -> TwoMerchants:
    owner, stranger = await shared_platform.merchant(), await shared_platform.merchant()
    return TwoMerchants(owner, await ids_of(shared_platform, owner), await ids_of(shared_platform, stranger))


@pytest.fixture
def two(platform: Platform, both: TwoMerchants) -> TwoMerchants:
    # Requests of one merchant are limited, so let time pass between the tests.
    platform.clock.advance(timedelta(seconds=5))
    return both


async def ids_of(platform: Platform, owner: Merchant) -> dict[str, UUID]:
    """Create one object of each kind for a merchant, and return their ids by field name."""
    store_id = await platform.stocked_store(owner)
    order_id = await an_order(platform, owner, store_id)
    store = await platform.ask(
        "query ($id: ID!) { store(id: $id) { slug pages { nodes { id } }"
        " products(first: 1) { nodes { id images { id } variants { id } } } } }",
        {"id": str(store_id)},
        by=owner,
    )
    (product,) = store["products"]["nodes"]
    sent = await platform.ask(
        "mutation ($input: ProcessImageInput!) { processImage(input: $input) { mediaAsset { id } } }",
        {"input": {"storeId": str(store_id), "url": "https://example.com/x.jpg"}},
        by=owner,
    )
    return {
        "storeId": store_id,
        "generationId": generation_of(store_id),
        "jobId": job_of(generation_of(store_id), Step.BRAND),
        "productId": UUID(product["id"]),
        "variantId": UUID(product["variants"][0]["id"]),
        "productsImageId": UUID(product["images"][0]["id"]),
        "imageId": UUID(sent["mediaAsset"]["id"]),
        "pageId": UUID(store["pages"]["nodes"][0]["id"]),
        "orderId": order_id,
        "discountId": await a_discount(platform, owner, store_id),
        "collectionId": await a_collection(platform, owner, store_id),
        "draftId": await a_draft(platform, owner, store_id, product["id"]),
        "invitationId": await an_invitation(platform, owner, store_id),
        "keyId": await a_key(platform, owner),
        "passkeyId": await a_passkey(platform, owner),
        "merchantId": owner.id,
        "slug": slug_stream(store["slug"]),
    }


async def a_draft(platform: Platform, owner: Merchant, store_id: UUID, product_id: str) -> UUID:
    asked = await platform.ask(
        "mutation ($input: RegenerateInput!) { regenerate(input: $input) { draft { id } } }",
        {"input": {"storeId": str(store_id), "targetKind": "PRODUCT", "targetId": product_id}},
        by=owner,
    )
    return UUID(asked["draft"]["id"])


async def an_invitation(platform: Platform, owner: Merchant, store_id: UUID) -> UUID:
    invited = await platform.ask(
        "mutation ($input: InvitePersonInput!) { invitePerson(input: $input) { store { invitations { id } } } }",
        {"input": {"storeId": str(store_id), "email": "guest@example.com", "role": "VIEWER"}},
        by=owner,
    )
    return UUID(invited["store"]["invitations"][0]["id"])


async def a_key(platform: Platform, owner: Merchant) -> UUID:
    made = await platform.ask(
        'mutation ($password: String!) { createApiKey(input: {name: "Sync", scopes: [READ], password: $password}) '
        "{ apiKey { id } } }",
        {"password": PASSWORD},
        by=owner,
    )
    return UUID(made["apiKey"]["id"])


async def a_passkey(platform: Platform, owner: Merchant) -> UUID:
    id, now = uuid4(), platform.clock.now()
    passkey = Passkey(
        id=id,
        merchant_id=owner.id,
        credential_id=id.bytes,
        credential=b"",
        sign_count=0,
        name="Key",
        created_at=now,
    )
    assert await platform.deps.passkeys.add(passkey, most=9)
    return id


async def a_collection(platform: Platform, owner: Merchant, store_id: UUID) -> UUID:
    written = await platform.ask(
        "mutation ($input: WriteCollectionInput!) { writeCollection(input: $input) { collection { id } } }",
        {"input": {"storeId": str(store_id), "title": "Gifts"}},
        by=owner,
    )
    return UUID(written["collection"]["id"])


async def a_discount(platform: Platform, owner: Merchant, store_id: UUID) -> UUID:
    created = await platform.ask(
        "mutation ($input: CreateDiscountInput!) { createDiscount(input: $input) { discount { id } } }",
        {"input": {"storeId": str(store_id), "code": "SUMMER", "kind": "FREE_SHIPPING"}},
        by=owner,
    )
    return UUID(created["discount"]["id"])


def a_value(kind: graphql.GraphQLNamedType) -> Any:
    if isinstance(kind, graphql.GraphQLInputObjectType):
        required = {name: each for name, each in kind.fields.items() if graphql.is_required_input_field(each)}
        return {name: a_value(graphql.get_named_type(each.type)) for name, each in required.items()}
    return next(iter(kind.values)) if isinstance(kind, graphql.GraphQLEnumType) else VALUES[kind.name]


def valid_input(mutation: str, field: str, ids: dict[str, UUID]) -> dict[str, Any]:
    """Return an input that is valid except for the field."""
    fields = {
        name: as_input(each, ids[SIBLINGS.get(name, name)])
        if is_id(each)
        else NAMED.get(name, a_value(graphql.get_named_type(each.type)))
        for name, each in input_fields(mutation).items()
        if graphql.is_required_input_field(each)
    }
    if mutation == "processImage" and field != "imageId":
        fields["url"] = "https://example.com/y.jpg"
    if mutation == "changeProducts":
        fields["action"] = "DEACTIVATE"
    return fields


def as_input(field: graphql.GraphQLInputField, id: UUID) -> Any:
    return [str(id)] if is_list(field) else str(id)


PARTS = pytest.mark.parametrize(
    "part",
    [pytest.param(QUARTER, id="a part"), pytest.param(1, id="all", marks=[pytest.mark.long, pytest.mark.timeout(600)])],
)


@PARTS
async def test_every_mutation_answers_not_found_for_an_id_of_another_kind_or_owner(
    platform: Platform, two: TwoMerchants, part: int
) -> None:
    assert len(ASKED_BY_ID) > 80
    before = await platform.event_count()
    wrong = [
        fault
        for number, (mutation, field) in enumerate(ASKED_BY_ID)
        for fault in await refusal_faults(platform, two, mutation, field, slice(number % part, None, part))
    ]
    assert wrong == []
    assert await platform.event_count() == before


async def refusal_faults(
    platform: Platform, two: TwoMerchants, mutation: str, field: str, chosen: slice
) -> list[tuple[str, str, Any]]:
    """Return which ids of other objects get another answer than an unknown id, in a field of a mutation.

    Args:
        platform: where the merchants are.
        two: the merchant who asks, and whose ids are tried.
        mutation: the mutation.
        field: its field with an id.
        chosen: which of the ids of other kinds and of the other merchant are tried; that of the same kind always is.
    """
    platform.clock.advance(timedelta(seconds=5))
    input = valid_input(mutation, field, two.ids)
    kind = graphql.get_named_type(MUTATIONS[mutation].args["input"].type)
    query = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ userErrors {{ code field message }} }} }}"

    async def refusal(id: UUID) -> Any:
        fields = input | {field: as_input(input_fields(mutation)[field], id)}
        errors = (await platform.ask(query, {"input": fields}, by=two.owner))["userErrors"]
        return [error | {"message": without_ids(error["message"])} for error in errors]

    unknown = await refusal(uuid4())
    if [error["code"] for error in unknown] != ["NOT_FOUND"]:
        return [(mutation, field, unknown)]
    same = {field, field.removesuffix("s"), SIBLINGS.get(field)}
    others = [(name, id) for name, id in two.ids.items() if name not in same | {"productsImageId"}]
    foreign = list(two.foreign.items())
    tried = {*[*others, *foreign][chosen], *(each for each in foreign if each[0] in same)}
    return [(mutation, f"{field} is a {name}", found) for name, id in tried if (found := await refusal(id)) != unknown]


@pytest.mark.parametrize(
    ("method", "path", "field", "body"),
    [
        ("POST", "/stores/{storeId}/products", "storeId", {"title": "T", "description": "D", "sellingPrice": "1"}),
        ("PATCH", "/stores/{storeId}/products/{productId}", "storeId", {"title": "T"}),
        ("PATCH", "/stores/{storeId}/products/{productId}", "productId", {"title": "T"}),
        ("DELETE", "/stores/{storeId}/products/{productId}", "storeId", None),
        ("DELETE", "/stores/{storeId}/products/{productId}", "productId", None),
        ("POST", "/images/process", "storeId", {"storeId": "{storeId}", "url": "https://example.com/y.jpg"}),
        ("POST", "/images/process", "imageId", {"storeId": "{storeId}", "imageId": "{imageId}"}),
        (
            "POST",
            "/images/process",
            "productId",
            {"storeId": "{storeId}", "productId": "{productId}", "url": "https://example.com/y.jpg"},
        ),
        ("POST", "/images/backgrounds", "storeId", {"storeId": "{storeId}", "url": "https://example.com/y.jpg"}),
        (
            "POST",
            "/images/batch",
            "storeId",
            {"storeId": "{storeId}", "images": [{"url": "https://example.com/y.jpg"}]},
        ),
        ("POST", "/agents/brand/generate", "storeId", {"storeId": "{storeId}"}),
    ],
)
async def test_every_endpoint_answers_not_found_for_an_id_of_another_kind_or_owner(
    platform: Platform, two: TwoMerchants, method: str, path: str, field: str, body: Any
) -> None:
    owner, ids, foreign = two.owner, two.ids, two.foreign

    async def refusal(id: UUID) -> tuple[int, Any]:
        named = {name: str(each) for name, each in (ids | {field: id}).items()}
        filled = body and {
            key: value.format(**named) if isinstance(value, str) else value for key, value in body.items()
        }
        response = await platform.call(method, path.format(**named), by=owner, json=filled)
        problem = {key: value for key, value in response.json().items() if key in {"code", "detail", "field"}}
        return response.status_code, problem | {"detail": without_ids(problem["detail"])}

    unknown = await refusal(uuid4())
    assert (unknown[0], unknown[1]["code"]) == (404, "NOT_FOUND")
    others = {name: id for name, id in ids.items() if name not in {field, "productsImageId"}}
    for name, id in [*others.items(), *foreign.items()]:
        assert await refusal(id) == unknown, f"{field} is a {name}"


LAST = re.compile("^(remove|archive|drop|disconnect|leave|cancel|withdraw)")
"""Mutations that end the object of another one."""
SHOWN = "userErrors {{ code field message }} {fields}"
CHOSEN: dict[str, dict[str, Any]] = {
    "addPage": {"content": "# Hello"},
    "editProduct": {"title": "Another lamp"},
    "editPage": {"title": "About"},
    "changeProducts": {"action": "DEACTIVATE"},
    "changeRole": {"role": "EDITOR"},
    "createDiscount": {"code": "AUTUMN", "kind": "FREE_SHIPPING"},
    "connectDomain": {"domain": "lamps.example"},
    "connectSupplier": {"provider": "SAMPLE", "apiKey": "key"},
    "invitePerson": {"email": "other@example.com", "role": "EDITOR"},
    "processImage": {"url": "https://example.com/y.jpg"},
    "refundOrder": {"amount": "1.00"},
    "register": {"email": "again@example.com", "password": PASSWORD},
    "requestStore": {"niche": "Desk lamps"},
    "setBusinessIdentity": {
        "country": "NO",
        "email": "shop@example.com",
        "phone": "+47 22 12 34 56",
        "postalCode": "0150",
    },
    "setReturnPolicy": {"days": 30, "reasons": ["Too small"], "merchantPays": True},
    "setShipping": {"zones": [{"name": "Near", "countries": ["DE"], "bands": [{"price": "5.00"}]}]},
    "writeCollection": {"title": "For her"},
}
"""Fields that let a mutation be carried out, or that its scalar leaves too open."""
DIFFERS = {"register": {"accessToken", "refreshToken", "deviceToken", "accessTokenExpiresAt", "refreshTokenExpiresAt"}}
"""Fields of an answer that are new in each: a repeated registration begins another session of the same account."""


async def test_a_repeat_with_the_same_command_id_answers_the_same_and_appends_nothing(
    platform: Platform, owner: Merchant
) -> None:
    ids = await ids_of(platform, owner)
    paid = RecordPayment(order_id=ids["orderId"], paid=Money(minor=5800), fee=Money(minor=290), intent_id="pi_twice")
    await platform.send(paid)
    other: dict[str, Any] = {}
    carried_out, names = set[str](), [name for name in MUTATIONS if "commandId" in input_fields(name)]
    assert len(names) > 70
    for name in sorted(names, key=lambda name: (LAST.match(name) is not None, name == "archiveStore")):
        platform.clock.advance(timedelta(seconds=7))
        payload = MUTATIONS[name].type
        assert isinstance(payload, graphql.GraphQLObjectType)
        fields = [
            f"{field} {{ __typename {'id' if has_id(each) else ''} }}"
            if not graphql.is_leaf_type(named(each))
            else field
            for field, each in payload.fields.items()
            if field != "userErrors" and not each.args
        ]
        kind = graphql.get_named_type(MUTATIONS[name].args["input"].type)
        query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {SHOWN.format(fields=' '.join(fields))} }} }}"
        input = valid_input(name, "", ids) | CHOSEN.get(name, {}) | {"commandId": str(uuid4())}
        if name == "countStock":
            input["variantId"] = str(ids["variantId"])
        first = await platform.ask(query, {"input": input}, by=owner)
        before = await platform.log.last_position()
        again = await platform.ask(query, {"input": input}, by=owner)
        new = DIFFERS.get(name, set())
        differs = {k: (first[k], again[k]) for k in first if k not in new and first[k] != again[k]}
        appended = await platform.log.last_position() - before
        if differs or appended:
            other[name] = differs, appended
        carried_out |= {name} if not first["userErrors"] else set()
    assert other == {}
    refused = sorted(set(names) - carried_out)
    assert len(carried_out) > 35, f"too many were refused for the walk to prove much: {refused}"


ENDS = re.compile(
    "^(remove|archive|drop|disconnect|leave|cancel|withdraw|end|revoke|unlink|disable|decline|erase|pause|deactivate)"
)
"""Mutations that end, remove or take back something."""
SECOND: dict[str, str | None] = {
    "cancelGeneration": "GENERATION_ENDED",
    "declineReturn": "NOT_FOUND",
    "disableTotp": "SECOND_FACTOR_NOT_BEGUN",
    "disconnectStripe": "NO_ACCOUNT_CONNECTED",
    "disconnectSupplier": "NOT_FOUND",
    "endSession": "NOT_FOUND",
    "eraseCustomer": "INVALID_INPUT",
    "leaveStore": "INVALID_INPUT",
    "removeCollection": "NOT_FOUND",
    "removeDisputeEvidenceFile": "NOT_FOUND",
    "removeDomain": "NOT_FOUND",
    "removePage": "NOT_FOUND",
    "removePasskey": "NOT_FOUND",
    "removePerson": "NOT_FOUND",
    "removePhoto": "NOT_FOUND",
    "unlinkSignIn": "NOT_FOUND",
    "withdrawInvitation": "NOT_FOUND",
    # These have a status that says so, and stay.
    "archiveProduct": None,
    "archiveStore": None,
    "cancelOrder": None,
    "deactivateProduct": None,
    "dropDraft": None,
    "pauseDiscount": None,
    "pauseStore": None,
    # A repeat after a crash completes the record of the audit trail.
    "revokeApiKey": None,
}
"""What a mutation that ends something answers when there is nothing (more) to end; None for the same as the first time."""


async def test_to_end_what_is_not_there_is_refused_unless_its_status_says_so(
    platform: Platform, owner: Merchant
) -> None:
    assert SECOND.keys() == {name for name in MUTATIONS if ENDS.match(name)}
    ids = await ids_of(platform, owner) | {"sessionId": uuid4()}
    ids["imageId"] = ids["productsImageId"]
    typed = {"password": PASSWORD, "domain": "lamps.example", "provider": "ALIEXPRESS"}
    answers = {}
    # Stores and products last: nothing below them can be ended then.
    for name in sorted(SECOND, key=lambda name: (name.startswith("archive"), name == "archiveStore")):
        kind = graphql.get_named_type(MUTATIONS[name].args["input"].type)
        query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
        if name == "unlinkSignIn":
            typed["provider"] = "GOOGLE"
        input = valid_input(name, "", ids)
        input |= {field: typed[field] for field in input.keys() & typed.keys()}
        for _ in range(2):
            platform.clock.advance(timedelta(seconds=7))
            answer = await platform.ask(query, {"input": input}, by=owner)
        answers[name] = next((error["code"] for error in answer["userErrors"]), None)
    assert answers == SECOND


def named(field: graphql.GraphQLField) -> graphql.GraphQLNamedType:
    return graphql.get_named_type(field.type)


def has_id(field: graphql.GraphQLField) -> bool:
    kind = named(field)
    return isinstance(kind, graphql.GraphQLObjectType) and "id" in kind.fields
