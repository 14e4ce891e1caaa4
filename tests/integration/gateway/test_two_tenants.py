"""A walk over every field, route and page as two merchants: neither meets the other's data. New ones join by themselves.

Fields of GraphQL, routes of REST and pages of the dashboard are walked in one test, because the two merchants' history takes
longer than most walks. ``tests/integration/storefront/test_two_stores.py`` walks the routes of the storefront.
"""

import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID

import asyncpg
import graphql
import httpx
import pytest
from fastapi.routing import APIRoute

from domain.accounts.ports import Account
from domain.merchant.events import SupplierProvider
from domain.store.return_policy import REASONS
from domain.team.roles import Role
from gateway.auth.tokens import AccessTokens
from gateway.dashboard.app import area_routers
from projections.registry import READ_MODELS, SEARCH_PATH
from schemas.envelope import RawEvent
from tests.integration.projections.read_models import load
from tests.support.builders.histories import MOVES, History
from tests.support.platforms.gateway import Merchant, Platform, a_platform
from tests.support.schema import published_schema

SCHEMA = published_schema()
QUERY = SCHEMA.query_type
NODES = frozenset(
    kind.name
    for kind in SCHEMA.type_map.values()
    if isinstance(kind, graphql.GraphQLObjectType) and any(one.name == "Node" for one in kind.interfaces)
)
"""Types whose objects ``node`` finds by id."""
IN_FORM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""Days are in reports of every merchant."""
ARGUMENTS = {"niche": '"Lamps"', "month": '"2026-11"', "first": "8", "email": '"grace@example.com"'}
"""Arguments that the walk gives, by name: those that are required, and those that ask for more."""
BY_ID = frozenset({"collection"})
"""Fields below a store that find one thing by its id. The walk goes by the lists."""
SHARED = frozenset({"plans", "installation", "nicheEstimate"})
"""Fields of the query with the same answer for every merchant."""
WORDS = frozenset(
    word for kind in SCHEMA.type_map.values() if isinstance(kind, graphql.GraphQLEnumType) for word in kind.values
)
"""Values of choices, which forms offer to every merchant."""
LEVELS = 9


@dataclass(frozen=True)
class Way:
    """A way from the query to a type: the fields with their arguments; ``%s`` stands for the root's id."""

    steps: tuple[str, ...]
    type: graphql.GraphQLObjectType

    @property
    def plain(self) -> list[str]:
        """All plain fields at the end of the way."""
        return [name + _arguments(field) for name, field in self.type.fields.items() if _is_plain(field)]


Selection = dict[str, "Selection"]


def query_of(ways: Sequence[Way]) -> str:
    """Return one query with the plain fields at the ends of all ways. Ways share the fields of their beginnings."""
    tree: Selection = {}
    for way in ways:
        at = tree
        for step in way.steps:
            at = at.setdefault(step, {"__typename": {}})
        at |= {name: {} for name in way.plain}
    return _text(tree)


def _text(tree: Selection) -> str:
    return " ".join(name + (f" {{ {_text(below)} }}" if below else "") for name, below in tree.items())


def _is_plain(field: graphql.GraphQLField) -> bool:
    return graphql.is_leaf_type(graphql.get_named_type(field.type))


def _arguments(field: graphql.GraphQLField) -> str:
    given = [f"{name}: {ARGUMENTS[name]}" for name in field.args if name in ARGUMENTS]
    missing = [name for name, arg in field.args.items() if graphql.is_required_argument(arg) and name not in ARGUMENTS]
    assert not missing, f"give the walk a value for {missing} (ARGUMENTS)"
    return f"({', '.join(given)})" if given else ""


def ways_from(root: str) -> Iterator[Way]:
    """Return the shortest way from a field of the query to each object type that it leads to."""
    assert QUERY is not None
    first = graphql.get_named_type(QUERY.fields[root].type)
    if not isinstance(first, graphql.GraphQLObjectType):
        return
    has_id = "id" in QUERY.fields[root].args
    start = Way((root + ("(id: %s)" if has_id else _arguments(QUERY.fields[root])),), first)
    met, queue = {first.name}, [start]
    while queue:
        way = queue.pop(0)
        yield way
        for name, field in way.type.fields.items():
            kind = graphql.get_named_type(field.type)
            if name in BY_ID or kind.name in met:
                continue
            if isinstance(kind, graphql.GraphQLObjectType) and len(way.steps) < LEVELS:
                met.add(kind.name)
                queue.append(Way((*way.steps, name + _arguments(field)), kind))


def strings_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from strings_in(one)
        case list():
            for one in value:
                yield from strings_in(one)


class Tenant:
    """A merchant, and what only this merchant's events have in them."""

    def __init__(self, history: History, number: int, platform: Platform) -> None:
        id = history.merchants[number]
        stores = {store for store in history.stores if history.state(store).merchant_id == id}
        bodies = [raw.data.decode() for raw in history.raw if raw.tenant in stores | {id}]
        self.texts = {
            text
            for body in bodies
            for text in strings_in(json.loads(body))
            if len(text) >= 8 and not DAY.fullmatch(text)
        }
        self.ids = {found for body in bodies for found in IN_FORM.findall(body)}
        self.stores, self.store_id = stores, str(min(stores))
        token, _ = AccessTokens(platform.deps.signing_keys, platform.clock).sign(id)
        self.merchant = Merchant(id=id, email="", token=token, refresh_token="")

    def without(self, other: "Tenant") -> None:
        """Keep what the other does not have too, and no store has by default."""
        ids, texts = self.ids & other.ids, self.texts & other.texts | set(REASONS) | set(SupplierProvider)
        for tenant in (self, other):
            tenant.ids -= ids
            tenant.texts -= texts

    def is_in(self, answer: str, values: Any) -> set[str]:
        """Return what an answer shows of this tenant."""
        return (self.ids & set(IN_FORM.findall(answer))) | (self.texts & set(strings_in(values)))


@dataclass
class World:
    platform: Platform
    database: asyncpg.Connection
    raw: Sequence[RawEvent]
    first: Tenant
    second: Tenant

    async def walk(self, ways: Sequence[Way], id: str, by: Tenant) -> AsyncIterator[tuple[str, Any]]:
        """Yield queries and their answers, which together are all ways. A query of several ways has no error.

        An error could hide what stands beside its field, so a query with one is asked again in two halves. A query of many
        ways may also cost too much.
        """
        query = query_of(ways).replace("%s", f'"{id}"')
        answer = await self.platform.post(f"{{ {query} }}", by=by.merchant)
        if "errors" not in answer or len(ways) == 1:
            yield query, answer
            return
        middle = len(ways) // 2
        for half in (ways[:middle], ways[middle:]):
            async for each in self.walk(half, id, by):
                yield each


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    """Two merchants whose stores have everything that the history's moves make."""
    on_sale = [("import", n) for n in range(12)] + [("edit", n) for n in range(28, 42)]
    moves = on_sale + [
        (name, n) for n in range(24) for name in MOVES if name not in {"request", "later", "edit", "store"}
    ]
    history = History(2).play(moves)
    async with a_platform(database) as platform:
        db = await asyncpg.connect(database, server_settings={"search_path": f"{SEARCH_PATH}, public"})
        for model in READ_MODELS.values():
            await load(db, model, history.raw, batch=5_000)
        tenants = Tenant(history, 0, platform), Tenant(history, 1, platform)
        tenants[0].without(tenants[1])
        for tenant in tenants:
            email = f"owner-{tenant.merchant.id}@example.com"
            account = Account(
                merchant_id=tenant.merchant.id, email=email, password_hash="none", name=None, opened=True, claimed=True
            )
            await platform.deps.accounts.add(account, at=platform.clock.now())
            tenant.texts.add(email)
        assert all(len(tenant.ids) > 50 and len(tenant.texts) > 20 for tenant in tenants)
        yield World(platform, db, history.raw, *tenants)
        await db.close()


async def answered(world: World, root: str, ids: Sequence[str], by: Tenant) -> list[str]:
    """Return those of some ids for which a field of the query is not null."""
    found = []
    for start in range(0, len(ids), 30):
        part = ids[start : start + 30]
        fields = " ".join(f'a{n}: {root}(id: "{id}") {{ __typename }}' for n, id in enumerate(part))
        answer = await world.platform.post(f"{{ {fields} }}", by=by.merchant)
        data = answer["data"]
        assert {error["extensions"]["code"] for error in answer.get("errors", [])} <= {"NOT_FOUND"}, root
        found += [id for n, id in enumerate(part) if data[f"a{n}"] is not None]
    return found


def objects_in(value: Any) -> Iterator[tuple[str, str]]:
    """Yield id and type of each object in an answer that ``node`` finds again."""
    match value:
        case dict():
            if value.get("__typename") in NODES and "id" in value:
                yield value["id"], value["__typename"]
            for one in value.values():
                yield from objects_in(one)
        case list():
            for one in value:
                yield from objects_in(one)


async def find_again(world: World, objects: Mapping[str, str]) -> None:
    """Ask for objects by their ids: each has its type, and the other merchant does not find it."""
    assert set(objects.values()) >= NODES - {"OutsideCall"}, "the history lacks an object of a type"
    # The job of a generation as a whole has the generation's id.
    kinds = {id: {kind} if kind != "AgentJob" else {kind, "Generation"} for id, kind in objects.items()}
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Store { name } } }"
    for start in range(0, len(objects), 99):
        ids = [*objects][start : start + 99]
        answer = await world.platform.post(query, {"ids": [*ids, "no id"]}, by=world.first.merchant)
        *nodes, unknown = answer["data"]["nodes"]
        assert [node["id"] for node in nodes] == ids
        assert all(node["__typename"] in kinds[node["id"]] for node in nodes)
        assert unknown is None
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]
        foreign = await world.platform.post(query, {"ids": ids}, by=world.second.merchant)
        assert foreign["data"]["nodes"] == [None] * len(ids)
    by_id = "query ($store: ID!, $id: ID!) { store(id: $store) { collection(collectionId: $id) { id } } }"
    for tenant in (world.first, world.second):
        found = []
        for id in (id for id, kind in objects.items() if kind == "Collection"):
            answer = await world.platform.post(by_id, {"store": tenant.store_id, "id": id}, by=tenant.merchant)
            found += [id] if answer["data"]["store"]["collection"] else []
        assert bool(found) is (tenant is world.first)
    too_many = await world.platform.post(query, {"ids": ["x"] * 101}, by=world.first.merchant)
    assert too_many["errors"][0]["extensions"] == {"code": "INVALID_INPUT", "field": "ids"}


@pytest.mark.long
async def test_no_field_route_or_page_shows_a_merchant_what_is_anothers(world: World) -> None:
    await walk_pages(world)
    await walk_fields(world)
    await walk_routes(world)
    assert await world.platform.event_count() == 0


async def walk_fields(world: World) -> None:
    """Ask for every field of GraphQL that the query leads to."""
    assert QUERY is not None
    met: set[str] = set()
    objects: dict[str, str] = {}
    found = {
        (root, tenant): await answered(world, root, sorted(tenant.ids), tenant)
        for root, field in QUERY.fields.items()
        for tenant in (world.first, world.second)
        if "id" in field.args
    }
    for root, field in QUERY.fields.items():
        by_id = "id" in field.args
        for tenant, other in ((world.first, world.second), (world.second, world.first)):
            id, own_seen = "", set[str]()
            if by_id:
                own, foreign = found[root, tenant], found[root, other]
                assert own, f"{root} finds nothing of its owner"
                id = own[0]
                assert await answered(world, root, foreign, tenant) == [], root
            async for query, answer in world.walk([*ways_from(root)], id, tenant):
                assert "errors" not in answer, (query, answer)
                data = answer["data"]
                text = json.dumps(data)
                assert not other.is_in(text, data), query
                met |= {kind for kind in SCHEMA.type_map if f'"__typename": "{kind}"' in text}
                objects |= dict(objects_in(data)) if tenant is world.first else {}
                own_seen |= tenant.is_in(text, data)
            is_object = graphql.is_object_type(graphql.get_named_type(field.type))
            assert own_seen or root in SHARED or not is_object, root
    await find_again(world, objects)
    reachable = {way.type.name for root in QUERY.fields for way in ways_from(root)}
    unmet = sorted(reachable - met)
    assert len(unmet) < len(reachable) / 3, f"the history has too little for the walk to prove much: {unmet}"
    assert "Payout" in met


@pytest.mark.long
async def test_a_role_in_one_store_shows_that_store_and_nothing_else(world: World) -> None:
    """The second merchant has a role in the store of the first, and walks every field."""
    assert QUERY is not None
    person, owner, store_id = world.second, world.first, world.first.store_id
    hidden = await texts_outside(world, owner)
    assert hidden
    await world.database.execute(
        "insert into merchants.store_people values ($1, $2, 'EDITOR', now(), now())", UUID(store_id), person.merchant.id
    )
    for role in (Role.EDITOR, Role.VIEWER):
        await world.database.execute("update merchants.store_people set role = $1", role)
        world.platform.app.state.gateway.sessions.forget()
        codes, shown = set[str](), set[str]()
        for root, field in QUERY.fields.items():
            by_id = "id" in field.args
            ids = await answered(world, root, sorted(owner.ids), person) if by_id else [""]
            async for query, answer in world.walk([*ways_from(root)], ids[0], person):
                codes |= {error["extensions"]["code"] for error in answer.get("errors", [])}
                found = owner.is_in(json.dumps(answer.get("data")), answer.get("data"))
                shown |= found
                assert not found & hidden, query
        assert codes <= {"FORBIDDEN"}, role
        assert store_id in shown


async def texts_outside(world: World, owner: Tenant) -> set[str]:
    """Return what only the owner's account and other stores have."""
    hidden, seen = set[str](), set[str]()
    for raw in world.raw:
        if raw.tenant in owner.stores | {owner.merchant.id}:
            body = raw.data.decode()
            texts = set(IN_FORM.findall(body)) | {t for t in strings_in(json.loads(body)) if len(t) >= 8}
            (seen if str(raw.tenant) == owner.store_id else hidden).update(texts)
    return (hidden - seen - {str(owner.merchant.id)}) & (owner.ids | owner.texts)


async def walk_routes(world: World) -> None:
    """Call every route of REST: those without an id as each merchant, the others with ids of the other merchant."""
    paths: Mapping[str, Mapping[str, Any]] = world.platform.app.openapi()["paths"]
    tried = 0
    for path, methods in paths.items():
        names = re.findall(r"\{(\w+)\}", path)
        if not path.startswith("/api/v1/") or names == ["niche"]:
            continue
        if not names:
            for tenant, other in ((world.first, world.second), (world.second, world.first)) if "get" in methods else ():
                response = await world.platform.call("GET", path.removeprefix("/api/v1"), by=tenant.merchant)
                assert not other.is_in(response.text, response.text.split('"')), path
            continue
        for method, (tenant, other) in itertools.product(
            methods, ((world.first, world.second), (world.second, world.first))
        ):
            for number in range(4):
                values = {name: "2026-11" if name == "month" else some_id(other, name, number) for name in names}
                response = await world.platform.call(
                    method.upper(), path.removeprefix("/api/v1").format(**values), by=tenant.merchant, json={}
                )
                answer = response.text
                for value in values.values():
                    answer = answer.replace(value, "")
                assert not other.is_in(answer, answer.split('"')), (method, path)
                if "month" not in names or len(names) > 1:
                    assert response.status_code in {400, 404, 422}, (method, path, response.status_code, answer)
                tried += 1
    assert tried > 100


class Browser:
    """A merchant's browser without the browser."""

    def __init__(self, platform: Platform, tenant: Tenant) -> None:
        self.tenant = tenant
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=platform.app),
            base_url="http://gateway.localhost",
            cookies={"zyenta_access": tenant.merchant.token},
        )

    async def crawl(self, routes: Sequence[APIRoute]) -> dict[str, dict[str, str]]:
        """Open pages and two of each kind of page that they link to; return their HTML by route and address."""
        patterns = {route.path: re.compile(PARAMETER.sub(in_address, route.path)) for route in routes}
        opened: dict[str, dict[str, str]] = {}
        queue = [
            (path, PARAMETER.sub(self.tenant.store_id, path))
            for path in patterns
            if set(PARAMETER.findall(path)) <= {"{store_id:uuid}"}
        ]
        while queue:
            path, address = queue.pop(0)
            pages = opened.setdefault(path, {})
            if address in pages or len(pages) == 2:
                continue
            response = await self.client.get(address)
            assert response.status_code < 500, (address, response.status_code)
            pages[address] = response.text
            for link in sorted(set(LINK.findall(response.text))):
                queue += [(path, link) for path, pattern in patterns.items() if pattern.fullmatch(link)]
        return opened


LINK = re.compile(r'href="(/dashboard[^"?#]*)')
PARAMETER = re.compile(r"\{\w+(?::\w+)?\}")


def in_address(parameter: re.Match[str]) -> str:
    """Return the pattern of a route's parameter."""
    return IN_FORM.pattern if parameter[0].endswith(":uuid}") else "[^/]+"


def shown(tenant: Tenant, html: str) -> set[str]:
    """Return what a page shows of a tenant."""
    return tenant.is_in(html, [unescape(piece).strip() for piece in re.split('[<>"]', html)]) - WORDS


async def walk_pages(world: World) -> None:
    """Open each page of the dashboard, and its address as the other merchant; post each form of a store as the other."""
    routes = [route for router in area_routers() for route in router.routes if isinstance(route, APIRoute)]
    reading = [route for route in routes if "GET" in (route.methods or ())]
    browsers = [Browser(world.platform, tenant) for tenant in (world.first, world.second)]
    for own, foreign in (browsers, browsers[::-1]):
        opened = await own.crawl(reading)
        never = {route.path for route in reading} - {*opened}
        assert len(never) <= 3, f"no link leads to these pages: {sorted(never)}"
        ids: dict[str, str] = {}
        for path, pages in opened.items():
            for address, html in pages.items():
                assert not shown(foreign.tenant, html), address
                if "{" in path:
                    response = await foreign.client.get(address)
                    assert response.status_code == 404, (address, response.status_code)
                    assert not shown(own.tenant, response.text) - {*IN_FORM.findall(address)}, address
                    values = re.fullmatch(PARAMETER.sub("([^/]+)", path), address)
                    ids |= zip(PARAMETER.findall(path), values.groups() if values else (), strict=True)
        assert (
            sum(bool(shown(own.tenant, html)) for pages in opened.values() for html in pages.values()) > len(opened) / 2
        )
        form = {"csrf": csrf_of((await foreign.client.get("/dashboard/account/profile")).text)}
        for route in routes:
            if "POST" in (route.methods or ()) and "{store_id:uuid}" in route.path:
                address = filled(route.path, ids, own.tenant.store_id)
                response = await foreign.client.post(address, data=form)
                # An empty form is refused, or leads back to its page, before the API is asked.
                assert response.status_code == 303 or 400 <= response.status_code < 500, (
                    route.path,
                    response.status_code,
                )
                assert not response.headers.get("location", "").startswith("/dashboard/log-in"), route.path
                assert not shown(own.tenant, response.text) - {*IN_FORM.findall(address)}, route.path


def filled(path: str, ids: Mapping[str, str], otherwise: str) -> str:
    """Return a route's address with these values of its parameters."""
    return PARAMETER.sub(lambda found: ids.get(found[0], otherwise), path)


def csrf_of(html: str) -> str:
    """Return the token of a page's forms."""
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found is not None
    return unescape(found[1])


def some_id(tenant: Tenant, name: str, number: int) -> str:
    """Return one of a tenant's ids: the store's first, then any."""
    return tenant.store_id if name == "id" and number == 0 else sorted(tenant.ids)[number * 7 % len(tenant.ids)]
