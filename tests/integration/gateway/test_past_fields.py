"""What is below `asOf` is of the past: every field of the five roots, before and after every mutation and half a year."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import graphql
import pytest

from commands.order import RecordPayment
from domain.money import Money
from tests.integration.gateway.test_ids import CHOSEN, LAST, MUTATIONS, ids_of, input_fields, valid_input
from tests.integration.gateway.test_statements import selection
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform
from tests.support.schema import published_schema

SCHEMA = published_schema()
ROOTS = {"store": "storeId", "product": "productId", "page": "pageId", "mediaAsset": "imageId", "order": "orderId"}
REQUIRED = {"email": "guest@example.com", "month": "2026-11", "collectionId": "0193b5c8-0000-7000-8000-0000000000c1"}
"""Values of arguments without a default."""


def fields_of(root: str) -> Iterator[tuple[str, str]]:
    """Yield a query of each field of a root with fields below it, and one of all others."""
    kind = graphql.get_named_type(SCHEMA.query_type.fields[root].type)  # type: ignore[union-attr]
    assert isinstance(kind, graphql.GraphQLObjectType)
    plain = [name for name, each in kind.fields.items() if graphql.is_leaf_type(graphql.get_named_type(each.type))]
    needy = [name for name in plain if any(map(graphql.is_required_argument, kind.fields[name].args.values()))]
    yield kind.name, " ".join(name for name in plain if name not in needy)
    for name, each in kind.fields.items():
        if (name in plain and name not in needy) or graphql.get_named_type(each.type).name in {"Store", "User"}:
            continue
        given = [
            f'{argument}: "{REQUIRED[argument]}"'
            for argument, of in each.args.items()
            if graphql.is_required_argument(of)
        ]
        given += ["first: 4"] if "first" in each.args else []
        arguments = f"({', '.join(given)})" if given else ""
        below = "" if name in plain else selection(each.type, 2, (kind.name,))
        yield f"{kind.name}.{name}", f"{name}{arguments} {below}"


QUERIES = [
    (root, name, f"query ($id: ID!, $asOf: AsOfInput) {{ {root}(id: $id, asOf: $asOf) {{ {fields} }} }}")
    for root in ROOTS
    for name, fields in fields_of(root)
]


async def read(
    platform: Platform, owner: Merchant, ids: dict[str, UUID], as_of: dict[str, str] | None
) -> dict[str, Any]:
    """Return the answer of each query."""
    answers = {}
    for root, name, query in QUERIES:
        # Requests of one merchant are limited.
        platform.clock.advance(timedelta(milliseconds=500))
        answers[name] = await platform.post(query, {"id": str(ids[ROOTS[root]]), "asOf": as_of}, by=owner)
    return answers


def test_five_roots_have_a_past() -> None:
    assert SCHEMA.query_type is not None
    assert {name for name, field in SCHEMA.query_type.fields.items() if "asOf" in field.args} == ROOTS.keys()


@pytest.mark.long
async def test_no_field_of_the_past_changes_with_the_present(platform: Platform, owner: Merchant) -> None:
    ids = await ids_of(platform, owner)
    await platform.send(
        RecordPayment(order_id=ids["orderId"], paid=Money(minor=5800), fee=Money(minor=290), intent_id="pi_past")
    )
    ids["imageId"] = ids["productsImageId"]
    position = await platform.ask("{ logPosition }", by=owner)

    now = await read(platform, owner, ids, None)
    then = await read(platform, owner, ids, {"position": position})
    changed = set[str]()
    for name in sorted(MUTATIONS, key=lambda name: (LAST.match(name) is not None, name == "archiveStore")):
        if "commandId" in input_fields(name):
            platform.clock.advance(timedelta(seconds=2))
            kind = graphql.get_named_type(MUTATIONS[name].args["input"].type)
            query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
            answer = await platform.post(query, {"input": valid_input(name, "", ids) | CHOSEN.get(name, {})}, by=owner)
            changed |= {name} if not answer["data"][name]["userErrors"] else set()
    assert len(changed) > 35
    assert {"setBusinessIdentity", "editProduct", "removePage", "archiveStore"} <= changed
    platform.clock.advance(timedelta(days=200))
    log_in = "mutation ($input: LogInInput!) { logIn(input: $input) { accessToken userErrors { code } } }"
    owner.token = (await platform.ask(log_in, {"input": {"email": owner.email, "password": PASSWORD}}))["accessToken"]
    later = await read(platform, owner, ids, {"position": position})
    assert {name: answer["errors"] for name, answer in now.items() if "errors" in answer} == {}
    # Read as of the last position, a field says what it says without a position.
    assert [name for name in now if then[name] != now[name]] == []
    assert [name for name in then if later[name] != then[name]] == []
