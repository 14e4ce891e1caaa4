"""A megabyte in any text field is refused with a typed error, and nothing of it is stored or sent back."""

import inspect
import itertools
import json
import re
import secrets
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from graphql import GraphQLInputType, GraphQLObjectType, GraphQLScalarType, get_named_type
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.dashboard.app import area_routers
from tests.integration.gateway.test_any_input import (
    HAND_WRITTEN,
    Known,
    Operation,
    Place,
    body_of,
    filled,
    places,
    put,
    the_ids,
)
from tests.integration.gateway.test_script_in_texts import MORE, SENSE, written_at
from tests.integration.gateway.test_subscription import address, connected, received
from tests.support.examples import QUARTER
from tests.support.platforms.dashboard import a_dashboard, form_of
from tests.support.platforms.gateway import Merchant, Platform
from tests.support.schema import published_schema

__all__ = ["address"]

SCHEMA = published_schema()
HUGE = secrets.token_hex(495_000)
"""Just below the limit of a body, and nothing that a table could compress."""
SCALARS = frozenset(
    name
    for name, type in SCHEMA.type_map.items()
    if isinstance(type, GraphQLScalarType) and name not in {"Boolean", "Int"}
)
"""The types whose values are sent as texts."""
ECHO_MOST, ROW_MOST = 10_000, 300_000
HARMLESS = frozenset({"clientMutationId", "logOut refreshToken", "previewUrl draftId", "search"})
"""Texts that nothing stores: one comes back as it was sent, one is of no session, and one of a store that has no link yet.
A search reads the beginning of its text."""


def huge_arguments(known: Known) -> Iterator[tuple[str, Operation]]:
    """Yield every operation with one huge text, and the place of the text: of root fields, and of fields below an id."""
    yield from huge_arguments_below(known)
    for kind, root in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        assert root is not None
        for name, field in root.fields.items():
            sane = {each: known.value(each, one.type) for each, one in field.args.items() if _needed(one.type)}
            below = " { __typename }" if isinstance(get_named_type(field.type), GraphQLObjectType) else ""
            if kind == "mutation":
                below = " { userErrors { code field } }"
            if name in MORE:
                sane["input"] |= MORE[name]
            for argument, one in field.args.items():
                sent = sane | {argument: sane.get(argument)}
                types = ", ".join(f"${each}: {field.args[each].type}" for each in sent)
                call = f"{kind} ({types}) {{ {name}({', '.join(f'{each}: ${each}' for each in sent)}){below} }}"
                for place in text_places(argument, one.type):
                    last = str(place[-1]) if place else argument
                    if HARMLESS & {last, f"{name} {last}"}:
                        continue
                    yield (
                        f"{name}.{argument} {place}",
                        (call, sent | {argument: written_at(sent[argument], place, HUGE)}),
                    )


def huge_arguments_below(known: Known) -> Iterator[tuple[str, Operation]]:
    """Yield a query with one huge text for each place of an argument of a field below an object."""
    assert SCHEMA.query_type is not None
    for root, field in SCHEMA.query_type.fields.items():
        type = get_named_type(field.type)
        if "id" not in field.args or not isinstance(type, GraphQLObjectType):
            continue
        for name, below in type.fields.items():
            sane = {each: known.value(each, one.type) for each, one in below.args.items() if _needed(one.type)}
            selection = " { __typename }" if isinstance(get_named_type(below.type), GraphQLObjectType) else ""
            for argument, one in below.args.items():
                sent = sane | {argument: sane.get(argument)}
                types = ", ".join(f"${each}: {below.args[each].type}" for each in sent)
                call = f"{name}({', '.join(f'{each}: ${each}' for each in sent)}){selection}"
                query = f"query ({types}) {{ {root}(id: {json.dumps(known.id_of(root))}) {{ {call} }} }}"
                for place in text_places(argument, one.type):
                    if HARMLESS & {str(place[-1]) if place else argument, f"{name} {argument}"}:
                        continue
                    variables = sent | {argument: written_at(sent[argument], place, HUGE)}
                    yield f"{root}.{name}.{argument} {place}", (query, variables)


def text_places(name: str, type: GraphQLInputType) -> Iterator[Place]:
    """Yield the places below an argument that take a text. A list is filled through its first entry."""
    for place, kind in places(name, type):
        if kind in SCALARS:
            yield place


def _needed(type: Any) -> bool:
    return str(type).endswith("!")


PARTS = pytest.mark.parametrize(
    "part", [pytest.param(4 * QUARTER + 1, id="a part"), pytest.param(1, id="all", marks=pytest.mark.long)]
)


async def largest_rows(db: Any) -> dict[str, int]:
    """Return the size of the largest row of each table that has one of more than ``ROW_MOST`` bytes."""
    tables = await db.fetch(
        "select schemaname, tablename from pg_tables where schemaname not like any('{pg_%,information_%}')"
    )
    found = {}
    for schema, table in tables:
        most = await db.fetchval(f'select max(octet_length(t::text)) from "{schema}"."{table}" t')
        if (most or 0) > ROW_MOST:
            found[f"{schema}.{table}"] = most
    return found


@PARTS
async def test_a_huge_text_in_any_argument_is_refused(platform: Platform, owner: Merchant, part: int) -> None:
    ids = await the_ids(platform, owner)
    wrong: list[tuple[str, str]] = []
    headers = {"content-type": "application/json", "authorization": f"Bearer {owner.token}"}
    for place, (query, variables) in itertools.islice(huge_arguments(Known({**SENSE, **ids})), 0, None, part):
        content = json.dumps({"query": query, "variables": variables})
        answer = await platform.client.post("/graphql", content=content, headers=headers)
        is_typed = is_refused(answer.json()) and answer.status_code < 500 and "INTERNAL" not in answer.text
        if not is_typed or len(answer.text) > ECHO_MOST:
            wrong.append((place, answer.text[:200]))
    described = (await platform.client.get("/openapi.json")).json()
    for template, methods in described["paths"].items():
        for method, operation in methods.items():
            # The other routes run the mutations above.
            body = body_of(described, operation, ids) if template.removeprefix("/api/v1") in HAND_WRITTEN else None
            sane, at = body or (None, [])
            for where in at[::part]:
                content = json.dumps(put(sane, where, HUGE))
                path = filled(template, ids)
                response = await platform.client.request(method, path, content=content, headers=headers)
                if not 400 <= response.status_code < 500 or len(response.text) > ECHO_MOST:
                    wrong.append((f"{method} {template} {where}", response.text[:200]))
    assert wrong == []
    assert await largest_rows(platform.deps.reader) == {}


def is_refused(answer: Any) -> bool:
    """Whether an answer has an error, of the operation or of the client's input."""
    payloads = (answer.get("data") or {}).values()
    return bool(answer.get("errors")) or any((payload or {}).get("userErrors") for payload in payloads)


LAST = ("archive", "log-out", "delete", "leave", "closing")
NAMES = re.compile(r"""(?:form(?:\.texts?|\.checked)?[(\[]|_words\(visit\.form\[)\s*"([\w.]+)\"""")


def routes(method: str) -> list[APIRoute]:
    """Return every route of the dashboard with a method, those that end something last."""
    found = [
        route
        for router in area_routers()
        for route in router.routes
        if isinstance(route, APIRoute) and method in (route.methods or ())
    ]
    return sorted(found, key=lambda route: (any(each in route.path for each in LAST), route.path))


def posts() -> list[APIRoute]:
    """Return every form route of the dashboard, those that end something last."""
    return routes("POST")


def path_of(route: APIRoute, ids: dict[str, str], other: str | None = None) -> str:
    """Return a route's path with a store that exists. ``other`` stands for its parts that are any text."""

    def part(found: re.Match[str]) -> str:
        known = {"store_id": ids["storeId"], "number": "1"}.get(found[1])
        return known or (other if other is not None and found[2] is None else None) or str(uuid4())

    return re.sub(r"\{(\w+)(:\w+)?\}", part, route.path)


@PARTS
async def test_a_huge_text_in_any_form_of_the_dashboard_is_refused(
    platform: Platform, owner: Merchant, part: int
) -> None:
    ids = await the_ids(platform, owner)
    wrong: list[tuple[str, int]] = []
    async with a_dashboard(platform, owner) as dashboard:
        token = form_of(await dashboard.get("/dashboard/account/profile"), "/dashboard/account/profile/email")
        for route in posts()[::part]:
            path = path_of(route, ids)
            names = set(NAMES.findall(inspect.getsource(inspect.getmodule(route.endpoint)))) - {"do"}  # type: ignore[arg-type]
            share = HUGE[: 900_000 // max(1, len(names))]
            form = {**token, "commandId": str(uuid4()), **dict.fromkeys(names, share)}
            answer = await dashboard.client.post(path, data=form)
            if answer.status_code >= 500:
                wrong.append((route.path, answer.status_code))
    assert wrong == []
    assert len(posts()) > 80
    assert await largest_rows(platform.deps.reader) == {}


LONG = HUGE[:60_000]
"""Almost as long as a request's first line may be; the server refuses longer ones."""


def huge_requests(described: dict[str, Any], ids: dict[str, str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield method, path and headers of REST requests with one huge part of the path, parameter or header each."""
    for template, methods in described["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", []):
                name, path = parameter["name"], filled(template, ids)
                match parameter["in"]:
                    case "path":
                        yield method, filled(template, ids | {name: LONG}), {}
                    case "query":
                        yield method, f"{path}?{name}={LONG}", {}
                    case "header":
                        yield method, path, {name: HUGE}
    for header in ("authorization", "traceparent", "user-agent", "x-request-id", "content-type", "accept", "cookie"):
        for method, path in (("GET", "/api/v1/stores"), ("POST", "/graphql"), ("GET", "/dashboard")):
            yield method, path, {header: HUGE}


@PARTS
async def test_a_huge_path_query_or_header_is_refused(platform: Platform, owner: Merchant, part: int) -> None:
    ids = await the_ids(platform, owner)
    described = (await platform.client.get("/openapi.json")).json()
    wrong: list[tuple[str, str]] = []
    for method, path, headers in itertools.islice(huge_requests(described, ids), 0, None, part):
        sent = {"authorization": f"Bearer {owner.token}", "content-type": "application/json", **headers}
        answer = await platform.client.request(method, path, headers=sent)
        if answer.status_code >= 500 or (answer.status_code >= 400 and len(answer.text) > ECHO_MOST):
            wrong.append((f"{method} {path[:100]} {[*headers]}", f"{answer.status_code} {answer.text[:200]}"))
    assert wrong == []
    assert await largest_rows(platform.deps.reader) == {}


QUERIED = re.compile(r"""(?:query(?:_params)?\.get(?:list)?\(|chosen\(visit, |window\(visit, )"([\w.-]+)\"""")


@PARTS
async def test_a_huge_query_or_path_breaks_no_page_of_the_dashboard(
    platform: Platform, owner: Merchant, part: int
) -> None:
    ids = await the_ids(platform, owner)
    wrong: list[tuple[str, str, int]] = []
    async with a_dashboard(platform, owner) as dashboard:
        for route in routes("GET")[::part]:
            names = set(QUERIED.findall(inspect.getsource(inspect.getmodule(route.endpoint))))  # type: ignore[arg-type]
            names |= {"after", "before", "as-of", "sort"}
            query = "&".join(f"{name}={LONG[: len(LONG) // len(names)]}" for name in names)
            for path in (f"{path_of(route, ids)}?{query}", path_of(route, ids, other=LONG)):
                answer = await dashboard.client.get(path)
                if answer.status_code >= 500:
                    wrong.append((route.path, path[-20:], answer.status_code))
    assert wrong == []
    assert await largest_rows(platform.deps.reader) == {}


@PARTS
async def test_a_huge_name_of_a_file_breaks_no_form_of_the_dashboard(
    platform: Platform, owner: Merchant, part: int
) -> None:
    ids = await the_ids(platform, owner)
    wrong: list[tuple[str, int]] = []
    async with a_dashboard(platform, owner) as dashboard:
        token = form_of(await dashboard.get("/dashboard/account/profile"), "/dashboard/account/profile/email")
        for route in posts()[::part]:
            files = {"file": (HUGE[:900_000], b"x", "image/png"), "photo": ("a", b"x", HUGE[:50_000])}
            answer = await dashboard.client.post(path_of(route, ids), data=token, files=files)
            if answer.status_code >= 500:
                wrong.append((route.path, answer.status_code))
    assert wrong == []
    assert await largest_rows(platform.deps.reader) == {}


async def test_a_huge_text_in_a_websocket_message_is_refused(platform: Platform, owner: Merchant, address: str) -> None:
    store_id = await platform.stocked_store(owner, products=1)
    add = "mutation ($input: AddPageInput!) { addPage(input: $input) { userErrors { code field } } }"
    page = {"storeId": str(store_id), "title": HUGE, "content": "x"}
    follow = "subscription ($id: ID!, $after: String) { storeChanges(storeId: $id, after: $after) { cursor } }"
    payloads: list[dict[str, Any]] = [
        {"query": add, "variables": {"input": page}},
        {"query": follow, "variables": {"id": HUGE}},
        {"query": follow, "variables": {"id": str(store_id), "after": HUGE}},
        {"query": "{ me { id } }", "operationName": HUGE},
        {"query": f"{{ me {{ {HUGE} }} }}"},
        {"query": "", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HUGE}}},
    ]
    async with connected(address, owner) as wire:
        for number, payload in enumerate(payloads):
            await wire.send(json.dumps({"id": str(number), "type": "subscribe", "payload": payload}))
            answer = await received(wire)
            while answer["id"] != str(number):
                answer = await received(wire)
            text = json.dumps(answer)
            assert ("INTERNAL" in text, len(text) > ECHO_MOST) == (False, False), payload["query"][:60]
            assert answer["type"] == "error" or is_refused(answer["payload"])
    for message in (
        {"id": HUGE, "type": "complete"},
        {"id": HUGE, "type": "subscribe", "payload": {"query": "{ me { id } }"}},
        {"type": HUGE},
    ):
        async with connected(address, owner) as wire:
            await wire.send(json.dumps(message))
            with pytest.raises(ConnectionClosed) as closed:
                await received(wire)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400
    async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as wire:
        await wire.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {HUGE}"}}))
        assert await received(wire) == {"type": "connection_ack"}
        await wire.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": "{ me { id } }"}}))
        assert "UNAUTHENTICATED" in json.dumps(await received(wire))
    assert await largest_rows(platform.deps.reader) == {}
