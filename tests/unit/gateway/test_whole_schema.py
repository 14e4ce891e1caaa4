"""Plans and graphql-core's executor give the same bytes for any valid query over the public schema."""

import asyncio
import gc
import json
import logging
import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSyntaxError,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    parse,
    validate,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.discount.events import DiscountKind, DiscountTerms
from domain.draft.aggregate import DraftStatus
from domain.draft.events import TargetKind
from domain.generation.events import JobStatus, JobType, Step
from domain.kernel import InvalidInput
from domain.media.events import MediaType
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from domain.order.after_sale.sourcing_state import SupplierOrderStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.events import OrderStatus, UnmatchedReason
from domain.product.events import ProductStatus
from domain.shipping.rates import default_rates
from domain.store.events import PageType, StoreStatus
from gateway.auth.visitor import Visitor
from gateway.graphql.as_of import with_past_readings
from gateway.graphql.context import RequestContext
from gateway.graphql.direct import answer_bytes
from gateway.graphql.documents import DocumentRejected
from gateway.graphql.errors import masked
from gateway.graphql.planned_executor import plan_cache
from gateway.graphql.quick_validation import is_surely_valid
from gateway.graphql.schema import Schema
from gateway.known_stores import KnownStores
from gateway.ports import UsualGeneration
from projections.catalog.views import ImageState
from tests.support.examples import drawn
from tests.support.fakes.event_log import FixedClock
from tests.support.schema import served_schema

IDS = [str(UUID(int=n)) for n in (1, 2)]
AT = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Drop the reports of internal errors: thousands of them with their frames take longer than the queries.

    graphql-core leaves coroutines unawaited. Collected within code that has no builtins, their warning is an error.
    """
    caplog.set_level(logging.CRITICAL, logger="gateway.graphql.errors")
    gc.disable()
    # Only what the test made is looked through afterwards; the schemas alone are a million objects.
    gc.freeze()
    yield
    gc.enable()
    gc.collect()
    gc.unfreeze()


SOURCE = {
    "provider": "SAMPLE",
    "source_id": "S-1",
    "url": None,
    "generation_id": IDS[0],
    "shipping_days": [3, 9],
    "score": dict.fromkeys(("total", "reviews", "orders", "price_point", "shipping", "image_quality", "margin"), 0.5),
}
COPY = {
    "features": ["dim"],
    "benefits": [],
    "call_to_action": "",
    "scores": {"keyword_density": {"lamp": 0.02}, "reading_ease": 61.2, "words": 9},
    "written_by": "house",
}
RENDITION = {"name": "large", "key": "sha256/aa/bb.webp", "width": 10, "height": 8, "size_bytes": 70}
STUDIO = {
    "operations": ["SHARPEN"],
    "source_sha256": "ab",
    "source_width": 3,
    "source_height": 4,
    "seconds": 0.5,
}
SEALED = json.dumps({"person_id": IDS[0], "ciphertext": "v1.k.n.c"})
FIXED: dict[str, list[Any]] = {
    "products.status": [each.value for each in ProductStatus],
    "stores.status": [each.value for each in StoreStatus],
    "orders.status": [each.value for each in OrderStatus],
    "generations.status": [each.value for each in JobStatus],
    "jobs.status": [each.value for each in JobStatus],
    "drafts.status": [each.value for each in DraftStatus],
    "drafts.target_kind": [each.value for each in TargetKind],
    "drafts.wanted": ["[]", '["TITLE"]'],
    "drafts.accepted": ["[]", '["TITLE"]'],
    "drafts.changes": ["[]", '[{"field": "TITLE", "base": "Lamp", "proposed": {"a": ["ß", null]}}]'],
    "drafts.cost": [None, 7],
    "orders.attention": [True, False],
    "orders.return_days": [None, 30],
    "orders.pages": ["[]"],
    **{f"orders.{name}_count": [0, 1] for name in ("refund", "return", "substitute", "supplier_order", "parcel")},
    **{f"orders.{name}": [None] for name in ("arrival", "hold", "sourcing", "withdrawn_at")},
    "orders.delivered_on": [None, date(2026, 11, 1)],
    **{key: [0, 3] for key in ("items", "quantity")},
    "unmatched_payments.reason": [each.value for each in UnmatchedReason],
    "refunds.status": [each.value for each in RefundStatus],
    "returns.kind": [each.value for each in ReturnKind],
    "returns.status": [each.value for each in ReturnStatus],
    "supplier_orders.status": [each.value for each in SupplierOrderStatus],
    "supplier_orders.provider": ["SAMPLE"],
    "extra_cost": ['{"minor": 7, "currency": "USD"}'],
    **{f"{table}.lines": ["[]"] for table in ("withdrawals", "refunds", "returns", "parcels")},
    **{f"returns.{name}": [None] for name in ("note", "address", "received", "deadline")},
    "requested_here": [True, False],
    "jobs.step": [each.value for each in Step],
    "jobs.type": [each.value for each in JobType],
    "input": ["{}"],
    "output": [None, '{"a": [1, "ß"]}'],
    "reading": [None, '{"things": ["lamp"], "read_by": "house"}'],
    "cautions": ["[]", '["a trade mark"]'],
    "attention": [None],
    "done": [0, 3],
    "total": [0, 5],
    "attempt": [0, 1],
    "media.status": [each.value for each in ImageState],
    "page_versions.type": [each.value for each in PageType],
    **{f"merchants.stripe_{name}": [None] for name in ("account_id", "link", "status")},
    **{f"merchants.stripe_{name}": [False] for name in ("onboarded", "live")},
    "pages.type": [each.value for each in PageType],
    "media.type": [each.value for each in MediaType],
    **{key: [SEALED] for key in ("email", "name", "shopper_name", "shopper_email", "shipping_address")},
    "stores.name": ["Lumen", "<Straße>"],
    "currency": ["USD", "JPY"],
    "source": [None, json.dumps(SOURCE)],
    "copy": [None, json.dumps(COPY)],
    "renditions": ["[]", json.dumps([RENDITION])],
    "other_renditions": ["[]"],
    "studio": [None, json.dumps(STUDIO)],
    "media.content": [None, "<svg/>"],
    "scores": [json.dumps(COPY["scores"])],
    "tags": ['["a", "ß"]', "[]"],
    "options": ['{"Color": "Red"}'],
    "preferences": ["{}"],
    "written_by": ["house"],
    "approved": [True, False],
    "paused": [True, False],
    "reserved": [0, 7],
    "used": [0, 12_345],
    "terms": [DiscountTerms(kind=DiscountKind.FREE_SHIPPING).model_dump_json()],
    "shipping": [None, default_rates("JPY").model_dump_json()],
    "discount": [None],
    "stores.returns": [None],
    "attributes": ["{}"],
    "time_zone": ["UTC"],
    "delivery_promise_days": [14],
    **{
        key: [None]
        for key in ("brand", "scouting", "review", "rejection", "rejection_message", "score_total", "quality")
    },
}
"""Values of columns that not every number or text fits."""


class Row:
    """A row with the columns that a query names: the same column of the same row always has the same value."""

    def __init__(self, seed: str, query: str, ids: list[str]) -> None:
        self._seed, self._table, self._ids = seed, table_of(query), ids
        self._columns = columns_of(query)

    def __getitem__(self, name: str) -> Any:
        if name not in self._columns:
            raise KeyError(name)
        dice = random.Random(f"{self._seed}{name}")
        for key in (f"{self._table}.{name}", name):
            if key in FIXED:
                return dice.choice(FIXED[key])
        if name == "id" or name.endswith("_id"):
            return UUID(dice.choice(self._ids))
        if name.endswith("_at") or name == "sort_key":
            return AT
        if name.endswith("_minor") or name in {"on_hand", "available", "short", "position", "version", "number"}:
            return dice.choice([None, -5, 0, 7, 12_345, 2**40] if name == "compare_at_minor" else [0, 7, 12_345, 2**40])
        return dice.choice(["", "plain", "<Straße>", 'a "quoted" \\ text', " "])

    def keys(self) -> list[str]:
        return self._columns

    def items(self) -> list[tuple[str, Any]]:
        return [(name, self[name]) for name in self._columns]


def without_parentheses(query: str) -> str:
    """Return a query without subqueries and arguments."""
    outer, found = query, 1
    while found:
        outer, found = re.subn(r"\([^()]*\)", "", outer)
    return outer


def columns_of(query: str) -> list[str]:
    """Return the names of the columns that a query selects."""
    selected = without_parentheses(query).partition(" from ")[0].removeprefix("select ")
    return [item.split()[-1].rpartition(".")[2] for item in selected.split(",")]


def table_of(query: str) -> str:
    """Return the first table of a query, without those of its subqueries."""
    return without_parentheses(query).partition(" from ")[2].split(" ", 1)[0]


PARTS = {
    "jobs",
    "order_lines",
    "unmatched_payments",
    "withdrawals",
    "refunds",
    "returns",
    "parcels",
    "substitutes",
    "supplier_orders",
}
"""Tables that plans read only if a field needs them. graphql-core always reads them, so only it would see a failure."""


class Rows:
    """Implements ``Reader``: every query finds a few rows, and some fail.

    Args:
        seed: determines the rows.
        failures: the share of queries that fail.
    """

    def __init__(self, seed: int, failures: float) -> None:
        self._seed, self._failures = seed, failures

    def _dice(self, query: str, arguments: tuple[Any, ...]) -> random.Random:
        # By table and arguments, not by the columns: both executors must find the same rows.
        return random.Random(f"{self._seed}{table_of(query)}{arguments}")

    async def fetch(self, query: str, *arguments: Any) -> list[Row]:
        await asyncio.sleep(0)
        dice = self._dice(query, arguments)
        if dice.random() < self._failures and table_of(query) not in PARTS:
            raise ValueError("the database failed")
        ids = [str(one) for each in arguments for one in (each if isinstance(each, list) else [each])]
        known = [one for one in ids if one in IDS] or IDS
        return [Row(f"{self._seed}{n}", query, known) for n in range(dice.randrange(4))]

    async def fetchrow(self, query: str, *arguments: Any) -> Row | None:
        return next(iter(await self.fetch(query, *arguments)), None)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        return self._dice(query, arguments).randrange(50)


class NoSecrets:
    async def open_many(self, sealed: Any) -> list[str | None]:
        return ["opened" if n % 2 else None for n, _ in enumerate(sealed)]


class NoHistory:
    async def read_streams(self, _stream_ids: object) -> list[Any]:
        return []

    async def read_back(self, *_: object, **__: object) -> list[Any]:
        return []


class NoPast:
    async def now(self) -> int:
        return 7

    async def locate(self, *_: object) -> int:
        raise InvalidInput("as_of", "The position is in the future.")


class NoWait:
    async def wait(self, _token: object) -> None:
        return


class OneMerchant:
    async def visitor(self, _authorization: str | None) -> Visitor:
        return Visitor(person_id=UUID(IDS[0]))

    def token_owner(self, _authorization: str | None) -> UUID:
        return UUID(IDS[0])

    def key_scopes(self, _authorization: str | None) -> None:
        return None


def context(seed: int, failures: float) -> RequestContext:
    deps = SimpleNamespace(
        reader=Rows(seed, failures),
        personal=NoSecrets(),
        history=NoHistory(),
        travel=NoPast(),
        known_stores=KnownStores(),
        niche_suggestions=("lamps",),
        niches=None,
        usual_generation=UsualGeneration(),
        plans=None,
        media_url="https://media.example/{}".format,
        storefront_url="https://{slug}.example",
        platform_fee_basis_points=500,
        rate_factor=0,
        introspection=True,
        sandbox=True,
        read_wait=timedelta(seconds=1),
        barrier=NoWait(),
        clock=FixedClock(),
    )
    info = SimpleNamespace(authorization="Bearer x", consistency=None, address="", traceparent=None)
    return RequestContext(SimpleNamespace(deps=deps, sessions=OneMerchant()), info)  # type: ignore[arg-type]


VALUES: dict[str, list[Any]] = {
    "ID": [*IDS, "bad"],
    "Int": [0, 1, 3, 1000],
    "Boolean": [True, False],
    "Date": ["2026-11-28"],
    "DateTime": ["2026-11-28T12:00:00Z"],
    "Decimal": ["9.90"],
}
"""Values of scalars; others take any text."""


class Writer:
    """Writes one operation.

    Args:
        draw: takes its choices.
        plain: leaves out fragments, directives, defaults, and values other than literals and variables.
    """

    def __init__(self, draw: st.DrawFn, *, plain: bool = False) -> None:
        self._draw = draw
        self._plain = plain
        self._numbers = iter(range(10**6))
        self.declared: list[str] = []
        self.variables: dict[str, Any] = {}
        self.fragments: list[str] = []

    def chance(self, share: float) -> bool:
        return self._draw(st.integers(0, 99)) < 100 * share

    def pick(self, of: Any) -> Any:
        return self._draw(st.sampled_from(list(of)))

    def operation(self) -> str:
        root = served_schema()._schema.query_type
        assert root is not None
        body = self.selection(root, 5)
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        return " ".join([f"query{declared} {body}", *self.fragments])

    def selection(self, type: GraphQLObjectType, depth: int) -> str:
        leaves = [name for name, one in type.fields.items() if is_leaf_type(get_named_type(one.type))]
        objects = [name for name in type.fields if name not in leaves and self.can_write(type.fields[name])]
        names = [self.pick(leaves) for _ in range(self._draw(st.integers(0, 3))) if leaves]
        if depth:
            names += [self.pick(objects) for _ in range(self.pick([1, 1, 2])) if objects]
        # A second field of one name needs an alias, or the two would conflict.
        parts = [
            self.entry(type, name, depth, alias=name in names[:place] or self.chance(0.05))
            for place, name in enumerate(names)
        ]
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def can_write(self, field: Any) -> bool:
        """Whether a plain operation can have a field: its arguments need no list, and its type is known."""
        has_list = any(isinstance(one.type, GraphQLNonNull) and is_nested(one.type) for one in field.args.values())
        return not self._plain or not (has_list or isinstance(get_named_type(field.type), GraphQLInterfaceType))

    def entry(self, type: GraphQLObjectType, name: str, depth: int, *, alias: bool) -> str:
        definition = type.fields[name]
        inner = get_named_type(definition.type)
        passed = [
            f"{argument}: {self.value(one.type)}"
            for argument, one in definition.args.items()
            if isinstance(one.type, GraphQLNonNull) or (self.chance(0.15) and not (self._plain and is_nested(one.type)))
        ]
        below = "" if is_leaf_type(inner) else " " + self.selection(inner, depth - 1)
        arguments = f"({', '.join(passed)})" if passed else ""
        prefix = f"a{next(self._numbers)}: " if alias else ""
        text = f"{prefix}{name}{arguments}{self.condition()}{below}"
        if self._plain:
            return text
        if self.chance(0.1):
            return f"... on {type.name}{self.condition()} {{ {text} }}"
        if self.chance(0.1):
            fragment = f"F{next(self._numbers)}"
            self.fragments.append(f"fragment {fragment} on {type.name} {{ {text} }}")
            return f"...{fragment}"
        return text

    def condition(self) -> str:
        if self._plain or not self.chance(0.1):
            return ""
        kind, value = self.pick(["include", "skip"]), self.pick([True, False])
        shown = self.variable("Boolean!", value) if self.chance(0.5) else json.dumps(value)
        return f" @{kind}(if: {shown})"

    def variable(self, type: str, value: Any, default: str = "") -> str:
        name = f"v{next(self._numbers)}"
        self.declared.append(f"${name}: {type}{default}")
        # What is not required may be absent.
        if (type.endswith("!") and not default) or not self.chance(0.15):
            self.variables[name] = value
        return f"${name}"

    def value(self, type: Any) -> str:
        literal, value = self.constant(type)
        default = f" = {literal}" if not self._plain and self.chance(0.1) else ""
        return self.variable(str(type), value, default) if self.chance(0.4) else literal

    def constant(self, type: Any) -> tuple[str, Any]:
        """Return a value as GraphQL and as JSON."""
        if not isinstance(type, GraphQLNonNull) and not self._plain and self.chance(0.1):
            return "null", None
        inner: Any = get_nullable_type(type)
        if isinstance(inner, GraphQLList):
            literal, value = self.constant(GraphQLNonNull(get_nullable_type(inner.of_type)))
            return f"[{literal}]", [value]
        if isinstance(inner, GraphQLEnumType):
            name = self.pick(inner.values)
            return name, name
        if isinstance(inner, GraphQLInputObjectType):
            if inner.name == "AsOfInput":
                return '{position: "7"}', {"position": "7"}
            return self.object(inner)
        value = self.pick(VALUES.get(inner.name, ["x"]))
        return json.dumps(value), value

    def object(self, type: GraphQLInputObjectType) -> tuple[str, Any]:
        """Return an object without the fields that may be left out, or with some of them."""
        literals, values = [], {}
        for name, each in type.fields.items():
            if self.chance(0.4):
                literal, values[name] = self.constant(each.type)
                literals.append(f"{name}: {literal}")
        return f"{{{', '.join(literals)}}}", values


def is_nested(type: Any) -> bool:
    return isinstance(get_nullable_type(type), GraphQLList | GraphQLInputObjectType)


@st.composite
def plain_operations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Return a query that has a shape, and its variables."""
    writer = Writer(draw, plain=True)
    return writer.operation(), writer.variables


@st.composite
def operations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Return a valid query and its variables."""
    writer = Writer(draw)
    return writer.operation(), writer.variables


async def answer(schema: Schema, query: str, variables: dict[str, Any], seed: int, failures: float = 0.06) -> bytes:
    return await shown(await schema.execute(query, variable_values=variables, context_value=context(seed, failures)))


async def direct_answer(query: str, variables: dict[str, Any], seed: int) -> bytes | None:
    """Return the answer of a plan that was kept. None if plans cannot carry the query, or its variables are wrong."""
    for _ in ("make the plan", "use it"):
        request = context(seed, 0.06)
        try:
            admitted = served_schema().admission.admit(query, request, variables=variables)
        except DocumentRejected:
            return None
        run = served_schema().planned(admitted, None, variables, request)
    if run is None:
        return None
    result = await with_past_readings(run)
    return await shown(SimpleNamespace(data=result.data, errors=[masked(error) for error in result.errors or ()]))


async def shown(result: Any) -> bytes:
    # graphql-core settles what a failure left behind in tasks of its own.
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
    errors = sorted(result.errors or (), key=lambda error: (str(error.path), error.message))
    for error in errors:
        # The numbers of internal errors are random.
        if error.extensions and "errorId" in error.extensions:
            error.message, error.extensions = "internal", {}
    return answer_bytes(result.data, errors)


EXAMPLES = count()


def same_bytes(operation: tuple[str, dict[str, Any]], seed: int) -> None:
    query, variables = operation
    if next(EXAMPLES) % 20 == 0:
        gc.collect()
    assert validate(served_schema()._schema, parse(query)) == []
    expected = asyncio.run(answer(served_schema(plans=False), query, variables, seed))
    assert asyncio.run(answer(served_schema(), query, variables, seed)) == expected
    assert asyncio.run(direct_answer(query, variables, seed)) in {expected, None}


usual = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
cases = given(operation=operations(), seed=st.integers(0, 10**6))


@settings(usual, max_examples=drawn(60))
@cases
def test_any_valid_query_has_the_same_bytes_from_plan_and_executor(
    operation: tuple[str, dict[str, Any]], seed: int
) -> None:
    same_bytes(operation, seed)


@pytest.mark.long
@pytest.mark.timeout(900)
@settings(usual, max_examples=drawn(1500))
@cases
def test_thousands_of_queries_have_the_same_bytes_from_plan_and_executor(
    operation: tuple[str, dict[str, Any]], seed: int
) -> None:
    same_bytes(operation, seed)


def of_same_shape(query: str, dice: random.Random) -> str:
    """Return a query with other literals, another name and another layout."""
    gaps, texts = [" ", "\n", ", ", "\t \r\n"], [*IDS, *IDS, *IDS, "bad", "", "ß # { 1"]
    words = []
    for word in re.findall(r'"[^"]*"|\w+|[^\s\w,]', query.removeprefix("query")):
        if word[0] == '"':
            words.append(f'"{dice.choice(texts)}"')
        else:
            words.append(str(dice.choice([0, 1, 2, 40])) if word.isdecimal() else word)
    return dice.choice(["query ", "query Named "]) + "".join(word + dice.choice(gaps) for word in words)


async def answer_of_shape(query: str, variables: dict[str, Any], seed: int) -> bytes | None:
    """Return the answer by the document of the shape. None if it has an error, which needs the query's own document."""
    request = context(seed, 0)
    shared = served_schema().admission.shared(query, request, operation_name=None, variables=variables)
    if shared is None:
        # The answer may be too large, or a variable is wrong.
        with pytest.raises(DocumentRejected):
            served_schema().admission.admit(query, request, variables=variables)
        return None
    run = served_schema().planned(shared.admitted, None, shared.variables, request)
    result = None if run is None else await with_past_readings(run)
    return None if result is None or result.errors else await shown(result)


@settings(usual, max_examples=drawn(60))
@given(operation=plain_operations(), seed=st.integers(0, 10**6))
def test_a_text_of_a_known_shape_has_the_same_bytes_from_its_shape_and_executor(
    operation: tuple[str, dict[str, Any]], seed: int
) -> None:
    query, variables = operation
    try:
        served_schema().admission.admit(query, context(seed, 0), variables=variables)
    except DocumentRejected:
        return
    for number in range(3):
        text = of_same_shape(query, random.Random(seed + number))
        assert asyncio.run(answer_of_shape(text, variables, seed)) in {
            asyncio.run(answer(served_schema(plans=False), text, variables, seed, failures=0)),
            None,
        }, text


PATHS = {
    "Store": "store(id: $id) {{ {} }}",
    "Page": "page(id: $id) {{ {} }}",
    "Product": "store(id: $id) {{ products {{ nodes {{ {} }} }} }}",
    "ProductImage": "product(id: $id) {{ images {{ {} }} }}",
    "Generation": "store(id: $id) {{ generation {{ {} }} }}",
    "AgentJob": "store(id: $id) {{ generation {{ jobs {{ {} }} }} }}",
    "Order": "store(id: $id) {{ orders {{ nodes {{ {} }} }} }}",
    "MediaAsset": "store(id: $id) {{ media {{ nodes {{ {} }} }} }}",
    "ProductVariant": "product(id: $id) {{ variants {{ {} }} }}",
}


@pytest.mark.parametrize("name", ["store", "product", "page", "mediaAsset", "order"])
def test_an_object_of_the_past_is_looked_for_whatever_is_asked_of_it(name: str) -> None:
    query = f'query($id: ID!) {{ {name}(id: $id, asOf: {{position: "7"}}) {{ __typename }} }}'
    for seed in range(6):
        expected = asyncio.run(answer(served_schema(plans=False), query, {"id": IDS[0]}, seed, failures=0))
        assert asyncio.run(answer(served_schema(), query, {"id": IDS[0]}, seed, failures=0)) == expected


@pytest.mark.parametrize("type_name", PATHS)
def test_each_plain_field_alone_reads_its_columns(type_name: str) -> None:
    """A missing column would make the plan irregular, which is slow but right."""
    type = served_schema()._schema.type_map[type_name]
    assert isinstance(type, GraphQLObjectType)
    counts, unanswered = plan_cache(served_schema()._schema).counts, set()
    for name, definition in type.fields.items():
        inner = get_named_type(definition.type)
        if definition.args or name in {"publicationBlockers", "generation", "jobs", "rejectedWebhooks"}:
            continue
        below = "" if is_leaf_type(inner) else "{ __typename }"
        query = f"query($id: ID!) {{ {PATHS[type_name].format(f'{name} {below}')} }}"
        answers: list[bytes] = []
        for seed in range(8):
            before = counts.irregular.total()
            planned = asyncio.run(answer(served_schema(), query, {"id": IDS[0]}, seed, failures=0))
            assert planned == asyncio.run(
                answer(served_schema(plans=False), query, {"id": IDS[0]}, seed, failures=0)
            ), name
            assert counts.irregular.total() == before or b'"errors"' in planned, name
            answers.append(planned)
        if not any(b'"errors"' not in each and b"null" not in each[:30] for each in answers):
            unanswered.add(name)
    # Many lists of a store need more than the rows of these tests.
    assert type_name == "Store" or not unanswered


@settings(usual, max_examples=drawn(60))
@given(operation=operations(), broken=st.integers(0, 10**6))
def test_what_the_quick_check_accepts_is_valid(operation: tuple[str, dict[str, Any]], broken: int) -> None:
    words = re.findall(r"[A-Za-z_$@0-9]+|\s+|.", operation[0])
    dice = random.Random(broken)
    place, other = dice.randrange(len(words)), dice.randrange(len(words))
    words[place] = words[other]
    for text in (operation[0], "".join(words)):
        try:
            document = parse(text)
        except GraphQLSyntaxError:
            continue
        if is_surely_valid(served_schema()._schema, document):
            assert validate(served_schema()._schema, document) == [], text


def test_the_quick_check_accepts_usual_queries() -> None:
    document = parse(
        'query Q($id: ID!) { store(id: $id) { products(first: 20, sort: TITLE, search: "x") { totalCount } } }'
    )
    assert is_surely_valid(served_schema()._schema, document)


@pytest.mark.parametrize(
    "text",
    [
        "{ nothing }",
        "{ me }",
        "{ me { id { x } } }",
        "{ store { id } }",
        "{ store(id: 1.5) { id } }",
        "{ store(id: $id) { id } }",
        "query($id: String!) { store(id: $id) { id } }",
        "query($id: ID) { store(id: $id) { id } }",
        "query($id: ID!) { me { id } }",
        "{ store(id: 1, id: 2) { id } }",
        "{ stores(first: 99999999999) { totalCount } }",
        "{ stores(statuses: NOTHING) { totalCount } }",
        "{ me { id } me { id } }",
    ],
)
def test_the_quick_check_leaves_doubtful_queries_to_the_library(text: str) -> None:
    assert not is_surely_valid(served_schema()._schema, parse(text))
