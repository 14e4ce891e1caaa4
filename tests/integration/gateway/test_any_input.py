"""No value of any argument, parameter or field causes an internal error."""

import itertools
import json
import logging
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from domain.generation.aggregate import generation_of, job_of
from domain.generation.events import Step
from gateway.rest import agents, images, jobs, products, statements, stores
from tests.integration.gateway.test_queries import an_order
from tests.support.examples import QUARTER
from tests.support.logs import logged_by
from tests.support.platforms.gateway import Merchant, Platform
from tests.support.schema import published_schema

T = TypeVar("T")

ANYWHERE: list[Any] = [
    None,
    True,
    {},
    [],
    [[]],
    [None],
    1.5,
    10**400,
    "",
    "a\0b",
    "half \ud800",
    "x" * 3000,
    {"half \ud800": 1},
]
"""Values for fields of every type: wrong types, and texts that cannot be stored."""
ODD: dict[str, list[Any]] = {
    "ID": ["\udfff", "0" * 40, "٣", "-1", "3-" + "9" * 30, "99-1", "９"],
    "String": ["\0", "\udfff\ud800", "\x1b[2J", "\u202e", "%", "\\", "9" * 30, "3-" + "9" * 30, "=?"],
    "Int": [-1, 0, 101, 2**31 - 1, -(2**31), 2**31, 2**63],
    "Decimal": ["NaN", "sNaN", "-Infinity", "1e999999999", "1e-999999999", "-0", "٣", -1, 2**64, 1e308, "0.001"],
    "UUID": ["x", 5, "{" + str(uuid4()) + "}"],
    "DateTime": ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00", "2026", "-1"],
    "Boolean": ["x"],
}
"""Odd values by type, which a field of that type may accept."""

Argument = GraphQLArgument | GraphQLInputField
Place = tuple[str | int, ...]


class Known:
    """Valid values, so that a single odd one reaches the code that reads it."""

    def __init__(self, ids: dict[str, str]) -> None:
        self._ids = ids
        self._plain: dict[str, Any] = {
            "Int": 3,
            "Decimal": "12.50",
            "Boolean": True,
            "DateTime": "2026-01-01T00:00:00Z",
        }

    def id_of(self, thing: str) -> str:
        """Return the id of an existing object."""
        # What this store does not have yet, such as a draft, gets an id of the right form; a node is any of them.
        return self._ids.get(f"{thing}Id") or self._ids["storeId"]

    def value(self, name: str, type: GraphQLInputType) -> Any:
        """Return a valid value of a type, with optional fields except those that exclude each other."""
        inner = type.of_type if isinstance(type, GraphQLNonNull) else type
        if isinstance(inner, GraphQLList):
            return [self.value(name, inner.of_type)]
        if isinstance(inner, GraphQLEnumType):
            return next(iter(inner.values))
        if isinstance(inner, GraphQLInputObjectType):
            return {
                each: self.value(each, field.type) for each, field in inner.fields.items() if self._needed(each, field)
            }
        kind = get_named_type(inner).name
        if kind == "UUID":
            return str(uuid4())
        return self._ids.get(name) or self._plain.get(kind, "Lamp")

    @staticmethod
    def _needed(name: str, field: Argument) -> bool:
        return isinstance(field.type, GraphQLNonNull) or name in {
            "description",
            "title",
            "metaTitle",
            "metaDescription",
        }


def places(name: str, type: GraphQLInputType, at: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yield every place for a value below an argument, with the name of its type."""
    inner = type.of_type if isinstance(type, GraphQLNonNull) else type
    yield at, get_named_type(inner).name
    if isinstance(inner, GraphQLList):
        yield from places(name, inner.of_type, (*at, 0))
    elif isinstance(inner, GraphQLInputObjectType):
        for each, field in inner.fields.items():
            yield from places(each, field.type, (*at, each))


def put(into: Any, at: Place, value: Any) -> Any:
    """Return a copy with a new value at a place."""
    if not at:
        return value
    first, *rest = at
    if isinstance(first, int):
        return [put(None, tuple(rest), value)]
    copied = dict(deepcopy(into) or {})
    copied[first] = put(copied.get(first), tuple(rest), value)
    return copied


Operation = tuple[str, dict[str, Any]]
CALL = "CALL"
ENDINGS = ("archive", "cancel", "disconnect", "publish", "pause")


def operations(schema: GraphQLSchema, known: Known) -> Iterator[Operation]:
    """Yield every operation with one odd value: each root field, and each field below one that takes an id."""
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    for name, field in schema.query_type.fields.items():
        yield from _odd("query", name, field, known)
        type = get_named_type(field.type)
        if "id" in field.args and isinstance(type, GraphQLObjectType):
            around = f"{name}(id: {json.dumps(known.id_of(name))}) {{ {CALL} }}"
            for inner, below in type.fields.items():
                yield from _odd("query", inner, below, known, around)
    # Archiving mutations come last: an archived object rejects all others.
    for name, field in sorted(schema.mutation_type.fields.items(), key=lambda one: one[0].startswith(ENDINGS)):
        yield from _odd("mutation", name, field, known)


def _odd(kind: str, name: str, field: GraphQLField, known: Known, around: str = CALL) -> Iterator[Operation]:
    sane = {
        each: known.id_of(name) if each == "id" else known.value(each, one.type)
        for each, one in field.args.items()
        if isinstance(one.type, GraphQLNonNull)
    }
    selection = " { __typename }" if isinstance(get_named_type(field.type), GraphQLObjectType) else ""
    for argument, one in field.args.items():
        sent = sane | {argument: sane.get(argument)}
        types = ", ".join(f"${each}: {field.args[each].type}" for each in sent)
        call = f"{name}({', '.join(f'{each}: ${each}' for each in sent)}){selection}"
        query = f"{kind} ({types}) {{ {around.replace(CALL, call)} }}"
        for place, type in places(argument, one.type):
            for value in (*ANYWHERE, *ODD.get(type, ())):
                yield query, sent | {argument: put(sent[argument], place, value)}


async def the_ids(platform: Platform, owner: Merchant) -> dict[str, str]:
    """Return the ids of a store and all its objects, by field name."""
    store_id = await platform.stocked_store(owner)
    order_id = await an_order(platform, owner, store_id)
    store = await platform.ask(
        "query ($id: ID!) { store(id: $id) { products { nodes { id images { id } variants { id } } } pages { nodes { id } } } }",
        {"id": str(store_id)},
        by=owner,
    )
    product = store["products"]["nodes"][0]
    return {
        "storeId": str(store_id),
        "productId": product["id"],
        "imageId": product["images"][0]["id"],
        "mediaAssetId": product["images"][0]["id"],
        "variantId": product["variants"][0]["id"],
        "pageId": store["pages"]["nodes"][0]["id"],
        "orderId": str(order_id),
        "generationId": str(generation_of(store_id)),
        "jobId": str(job_of(generation_of(store_id), Step.BRAND)),
    }


@pytest.mark.parametrize(
    "part", [pytest.param(QUARTER, id="a part"), pytest.param(1, id="all", marks=pytest.mark.long)]
)
async def test_no_argument_value_causes_an_internal_error(
    platform: Platform, owner: Merchant, caplog: pytest.LogCaptureFixture, part: int
) -> None:
    known = Known(await the_ids(platform, owner))
    fallen = []
    with caplog.at_level(logging.ERROR):
        # Neighbours differ in the value, so a part has every argument.
        for query, variables in itertools.islice(operations(published_schema(), known), 0, None, part):
            platform.clock.advance(timedelta(seconds=60 if "register" in query or "logIn" in query else 0))
            response = await platform.client.post(
                "/graphql",
                content=json.dumps({"query": query, "variables": variables}),
                headers={"content-type": "application/json", "authorization": f"Bearer {owner.token}"},
            )
            if response.status_code >= 500 or "INTERNAL" in response.text:
                fallen.append((query, str(variables)[:300]))
    assert fallen == []
    assert logged_by(caplog) == []


SENSE: dict[str, Any] = {
    "contactEmail": "hello@example.com",
    "sellingPrice": 20,
    "compareAtPrice": None,
    "costPrice": 5,
    "currency": "USD",
    "ground": "#aabbcc",
    "status": "ACTIVE",
}
"""Valid values of fields whose type is not specific enough."""
HAND_WRITTEN = {
    route.path for part in (stores, products, jobs, agents, images, statements) for route in part.router.routes
}
"""Paths of routes that do not come from ``routes.toml``."""
PARTS = ["%00", "%ED%A0%80", "%FF", "x" * 3000, "%D9%A3", "%2e%2e", "-1", "9" * 5000, "1e400", "NaN"]
NUMBERS = ["NaN", "sNaN", "-Infinity", "1e999999999", "٣", -1, 2**31, 2**63]
HEADERS = [b"", b" ", b"\xff\xfe", b"x" * 3000, b"3-99999999999999999999", b"99-1", b"-1", b"bearer", b"bearer \xff"]


async def test_no_value_in_a_rest_request_causes_an_internal_error(
    platform: Platform, owner: Merchant, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await the_ids(platform, owner)
    described = (await platform.client.get("/openapi.json")).json()
    fallen = []
    written_by_hand = {f"/api/v1{path}" for path in HAND_WRITTEN}
    turn = itertools.count()

    def some(template: str, values: Sequence[T]) -> Sequence[T]:
        """Return all values for a route with code of its own. The others share their code: each gets the next value."""
        return values if template in written_by_hand else [values[next(turn) % len(values)]]

    async def send(method: str, path: str, body: Any = None, **headers: bytes) -> None:
        sent = {b"authorization": f"Bearer {owner.token}".encode(), b"content-type": b"application/json"}
        sent |= {name.replace("_", "-").encode(): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body)
        response = await platform.client.request(method, path, content=content, headers=list(sent.items()))
        if response.status_code >= 500 and response.json()["code"] != "STALE":
            fallen.append((method, path[:200], str(body)[:200], headers))

    async def send_odd(method: str, template: str, operation: Any) -> None:
        path, body = filled(template, ids), body_of(described, operation, ids)
        sane, places = body or (None, [])
        for parameter in operation.get("parameters", []):
            name = parameter["name"]
            match parameter["in"]:
                case "header":
                    for value in some(template, HEADERS):
                        await send(method, path, sane, **{name.replace("-", "_"): value})
                case "path":
                    for part in some(template, [*PARTS, quote(f"{{{ids['storeId']}}}")]):
                        await send(method, filled(template, ids | {name: part}), sane)
                case "query":
                    for part in some(template, PARTS):
                        await send(method, f"{path}?{name}={part}", sane)
        for place in places:
            for odd in some(template, [*ANYWHERE, *NUMBERS]):
                await send(method, path, put(sane, place, odd))

    with caplog.at_level(logging.ERROR):
        for template, methods in described["paths"].items():
            for method, operation in methods.items():
                await send_odd(method, template, operation)
    assert fallen == []
    assert logged_by(caplog) == []


def filled(template: str, ids: dict[str, str]) -> str:
    thing = "storeId" if template.startswith("/api/v1/stores") else "jobId"
    return template.format_map(
        dict.fromkeys(re.findall(r"\{(\w+)\}", template), "x")
        | {
            "id": ids[thing],
            "pid": ids["productId"],
            "key": "x",
            "name": "x",
            "provider": "sandbox",
            "month": "2026-11",
            "merchant_id": ids["storeId"],
        }
        | ids
    )


def body_of(described: Any, operation: Any, ids: dict[str, str]) -> tuple[Any, list[Place]] | None:
    """Return a valid body and every place in it."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    places: list[Place] = []

    def sane(schema: Any, at: Place) -> Any:
        places.append(at)
        schema = next((one for one in schema.get("anyOf", []) if one.get("type") != "null"), schema)
        if "$ref" in schema:
            schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        name = str(at[-1]) if at else ""
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("type") == "array":
            return [sane(schema["items"], (*at, 0))] if name != "images" or "$ref" in schema["items"] else []
        if "properties" in schema:
            made = {each: sane(one, (*at, each)) for each, one in schema["properties"].items()}
            # A request has imageId or url, not both.
            return {each: value for each, value in made.items() if each != "url"}
        return ids.get(name) or SENSE.get(name) or {"number": 3, "integer": 3}.get(schema.get("type", ""), "Lamp")

    return sane(content["schema"], ()), places


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ " + "a { " * 900 + "b" + " }" * 900 + " }"},
        {"query": "{ store(id: " + "[" * 1900 + "]" * 1900 + ") { id } }"},
        {"query": "{ store(id: " + "{a: " * 900 + "1" + "}" * 900 + ") { id } }"},
        {"query": "query ($a: " + "[" * 1900 + "ID" + "]" * 1900 + ") { me { id } }"},
        {"query": "{ me { ...F } } fragment F on User { ...G } fragment G on User { ...F }"},
        {"query": '{ store(id: "\\ud800") { id } }'},
        {"query": '{ store(id: "\ud800") { id } }'},
        {"query": "{ store(id: " + "9" * 5000 + ") { id } }"},
        {"query": "{ stores(first: " + "9" * 5000 + ") { totalCount } }"},
        {"query": "{ stores(first: 1e400) { totalCount } }"},
        {"query": "\0"},
        {"query": "\ud800"},
        {"query": "{ half\ud800 }"},
        {"query": "{ me @skip(if: 5) { id } }"},
        {"query": "{ me { id } }", "operationName": 5},
        {"query": "{ me { id } }", "operationName": {}},
        {"query": "{ me { id } }", "operationName": "\ud800"},
        {"query": "{ me { id } }", "variables": {"\ud800": "\ud800"}},
        {"query": "{ me { id } }", "variables": []},
        {"query": "{ me { id } }", "extensions": {"persistedQuery": {"version": 1}}},
        {"query": ["{ me { id } }"]},
        {"query": None},
        {"query": '{ __type(name: "\\ud800") { name } }'},
        {"query": "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"},
    ],
    ids=lambda body: str(body)[10:40],
)
async def test_no_document_causes_an_internal_error(
    platform: Platform, owner: Merchant, caplog: pytest.LogCaptureFixture, body: dict[str, Any]
) -> None:
    with caplog.at_level(logging.ERROR):
        response = await platform.client.post(
            "/graphql",
            content=json.dumps(body),
            headers={"content-type": "application/json", "authorization": f"Bearer {owner.token}"},
        )
    assert response.status_code in {200, 400}
    assert "INTERNAL" not in response.text
    assert logged_by(caplog) == []
