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
from graphql import GraphQLInputType, GraphQLObjectType, get_named_type

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
from tests.support.examples import QUARTER
from tests.support.platforms.dashboard import a_dashboard, form_of
from tests.support.platforms.gateway import Merchant, Platform
from tests.support.schema import published_schema

SCHEMA = published_schema()
HUGE = secrets.token_hex(495_000)
"""Just below the limit of a body, and nothing that a table could compress."""
ECHO_MOST, ROW_MOST = 10_000, 300_000
HARMLESS = frozenset({"clientMutationId", "logOut refreshToken"})
"""Texts that nothing stores: one comes back as it was sent, the other is of no session."""


def huge_arguments(known: Known) -> Iterator[tuple[str, Operation]]:
    """Yield every operation with one huge text, and the place of the text."""
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


def text_places(name: str, type: GraphQLInputType) -> Iterator[Place]:
    """Yield the places of texts below an argument. A list is filled through its first entry."""
    for place, kind in places(name, type):
        if kind == "String":
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


def posts() -> list[APIRoute]:
    """Return every form route of the dashboard, those that end something last."""
    routes = [
        route
        for router in area_routers()
        for route in router.routes
        if isinstance(route, APIRoute) and "POST" in (route.methods or ())
    ]
    return sorted(routes, key=lambda route: (any(each in route.path for each in LAST), route.path))


@PARTS
async def test_a_huge_text_in_any_form_of_the_dashboard_is_refused(
    platform: Platform, owner: Merchant, part: int
) -> None:
    ids = await the_ids(platform, owner)
    wrong: list[tuple[str, int]] = []
    async with a_dashboard(platform, owner) as dashboard:
        token = form_of(await dashboard.get("/dashboard/account/profile"), "/dashboard/account/profile/email")
        for route in posts()[::part]:
            path = re.sub(
                r"\{(\w+)(?::\w+)?\}",
                lambda found: {"store_id": ids["storeId"], "number": "1"}.get(found[1]) or str(uuid4()),
                route.path,
            )
            names = set(NAMES.findall(inspect.getsource(inspect.getmodule(route.endpoint)))) - {"do"}  # type: ignore[arg-type]
            share = HUGE[: 900_000 // max(1, len(names))]
            form = {**token, "commandId": str(uuid4()), **dict.fromkeys(names, share)}
            answer = await dashboard.client.post(path, data=form)
            if answer.status_code >= 500:
                wrong.append((route.path, answer.status_code))
    assert wrong == []
    assert len(posts()) > 80
    assert await largest_rows(platform.deps.reader) == {}
