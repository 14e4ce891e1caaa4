"""Plans give the same answers and errors as graphql-core alone."""

import asyncio
import dataclasses
import json
from collections import Counter
from collections.abc import Awaitable
from dataclasses import field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import OperationDefinitionNode, OperationType, execute, parse
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.types import ExecutionResult

from gateway.docs import examples
from gateway.graphql.planned_executor import CACHED_FIELDS_MAX, PlanCounts, PlannedExecutor, plan_cache
from gateway.graphql.schema import build_schema
from tests.support.examples import drawn


@strawberry.enum
class Color(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.type
class Leaf:
    name: str
    count: int | None
    price: Decimal
    color: Color
    at: datetime | None
    tags: list[str]
    words: list[str | None] | None

    @strawberry.field
    def shout(self) -> str:
        return f"{self.name}!"

    @strawberry.field
    async def slow(self) -> str | None:
        await asyncio.sleep(0)
        if self.name == "broken":
            raise ValueError(self.name)
        return self.name

    @strawberry.field
    async def strict(self, suffix: str = "") -> str:
        await asyncio.sleep(0)
        if self.name == "broken":
            raise ValueError(self.name)
        return self.name + suffix


@strawberry.type
class Branch:
    leaf: Leaf
    maybe: Leaf | None
    leaves: list[Leaf]
    sparse: list[Leaf | None] | None
    children: list["Branch"] = field(default_factory=list)

    @strawberry.field
    async def later(self) -> list[Leaf]:
        await asyncio.sleep(0)
        return self.leaves


_source: list[Branch] = []


@strawberry.type
class Query:
    @strawberry.field
    async def root(self) -> Branch | None:
        return _source[-1]

    @strawberry.field
    def roots(self) -> list[Branch]:
        return [_source[-1], _source[-1]]


PLAIN = strawberry.Schema(query=Query)
PLANNED = strawberry.Schema(query=Query, execution_context_class=PlannedExecutor)

irregular = st.sampled_from([None, ValueError("no value"), "broken", object()])
words = st.sampled_from(["a", "broken", "Straße", ""])


def perhaps(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return mostly regular values, and some that only graphql-core can judge."""
    return st.one_of(value, value, value, value, value, irregular)


leaves = st.builds(
    Leaf,
    name=perhaps(words),
    count=perhaps(st.none() | st.integers(-5, 2**33)),
    price=perhaps(st.decimals(-100, 100, places=2)),
    color=perhaps(st.sampled_from(Color)),
    at=perhaps(st.none() | st.just(datetime(2026, 11, 28, tzinfo=UTC))),
    tags=perhaps(st.lists(perhaps(words), max_size=2)),
    words=perhaps(st.none() | st.lists(st.none() | words, max_size=2)),
)


@st.composite
def branches(draw: st.DrawFn, depth: int = 2) -> Branch:
    """Return a tree of branches."""
    return Branch(
        leaf=draw(perhaps(leaves)),
        maybe=draw(perhaps(st.none() | leaves)),
        leaves=draw(perhaps(st.lists(perhaps(leaves), max_size=3))),
        sparse=draw(perhaps(st.none() | st.lists(perhaps(leaves), max_size=2))),
        children=draw(st.lists(branches(depth - 1), max_size=2)) if depth else [],
    )


conditions = st.sampled_from(["", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @include(if: false)"])
LEAF_FIELDS = [
    "name",
    "count",
    "price",
    "color",
    "at",
    "tags",
    "words",
    "shout",
    "slow",
    "strict",
    'strict(suffix: "x")',
    "__typename",
]


@st.composite
def selections(draw: st.DrawFn, fields: list[str], nested: Any = None, depth: int = 2) -> str:
    """Return a selection set without conflicts: every entry has an alias of its own, or is a fragment."""
    parts = []
    for n in range(draw(st.integers(1, 5))):
        name = draw(st.sampled_from(fields))
        below = ""
        if nested is not None and name in nested:
            below = " " + draw(nested[name](depth))
        entry = f"f{depth}_{n}: {name}{draw(conditions)}{below}"
        if draw(st.integers(0, 5)) == 0:
            entry = f"...{draw(conditions)} {{ {entry} }}"
        parts.append(entry)
    return "{ " + " ".join(parts) + " }"


def leaf_selection(depth: int) -> st.SearchStrategy[str]:
    return selections(LEAF_FIELDS, depth=depth)


def branch_selection(depth: int) -> st.SearchStrategy[str]:
    below = dict.fromkeys(("leaf", "maybe", "leaves", "sparse", "later"), leaf_selection)
    fields = [*below, "__typename"]
    if depth > 0:
        below["children"] = lambda depth: branch_selection(depth - 1)
        fields.append("children")
    return selections(fields, below, depth)


@st.composite
def operations(draw: st.DrawFn) -> str:
    root = draw(st.sampled_from(["root", "roots"]))
    return f"query($yes: Boolean = true) {{ {root} {draw(branch_selection(2))} used: __typename @skip(if: $yes) }}"


def shown(result: ExecutionResult) -> str:
    errors = [(error.message, error.path, error.locations) for error in result.errors or ()]
    return json.dumps([result.data, errors], default=str)


async def both(query: str, variables: dict[str, Any] | None = None) -> tuple[str, str]:
    plain = await PLAIN.execute(query, variable_values=variables)
    planned = await PLANNED.execute(query, variable_values=variables)
    # graphql-core settles what a failure left behind in tasks of its own.
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
    return shown(plain), shown(planned)


@settings(deadline=None, max_examples=drawn(100))
@given(source=branches(), query=operations(), yes=st.booleans())
def test_answers_and_errors_are_those_of_the_executor(source: Branch, query: str, yes: bool) -> None:
    _source.append(source)
    try:
        plain, planned = asyncio.run(both(query, {"yes": yes}))
    finally:
        _source.pop()
    assert planned == plain


LEAF = Leaf(name="a", count=1, price=Decimal("1.5"), color=Color.RED, at=None, tags=["t"], words=None)


async def counted(*runs: tuple[str, dict[str, Any]], leaf: Leaf = LEAF) -> PlanCounts:
    """Run queries on a schema of their own and return its counts. Equal texts are one document, as in the gateway."""
    schema = strawberry.Schema(query=Query, execution_context_class=PlannedExecutor)
    documents = {text: parse(text) for text, _ in runs}
    held = [plan_cache(schema._schema).hold(document) for document in documents.values()]
    _source.append(Branch(leaf=leaf, maybe=None, leaves=[leaf, leaf], sparse=None))
    try:
        for text, variables in runs:
            outcome = execute(
                schema._schema,
                documents[text],
                variable_values=variables,
                executor_class=PlannedExecutor,
                operation_extensions=None,
            )
            result = await outcome if isinstance(outcome, Awaitable) else outcome
            assert result.errors is None or leaf is not LEAF
    finally:
        _source.pop()
    assert len(held) == len(documents)
    return plan_cache(schema._schema).counts


async def test_a_document_is_planned_once() -> None:
    query = "query($x: String!) { root { leaf { name strict(suffix: $x) } } }"
    counts = await counted((query, {"x": "1"}), (query, {"x": "2"}), (query, {"x": "3"}))
    assert counts == PlanCounts(made=1, planned=3)


async def test_conditions_by_variables_have_plans_of_their_own() -> None:
    query = "query($yes: Boolean!) { root { leaf { name @include(if: $yes) count } } }"
    counts = await counted(*[(query, {"yes": yes}) for yes in (True, False, True, False)])
    assert counts == PlanCounts(made=2, planned=4)


async def test_many_conditions_make_many_plans_but_few_are_kept() -> None:
    names = [f"v{n}" for n in range(5)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: name @skip(if: ${name})" for name in names)
    query = f"query({declared}) {{ root {{ leaf {{ count {fields} }} }} }}"
    runs = [(query, {name: bool(n >> bit & 1) for bit, name in enumerate(names)}) for n in range(32)]
    counts = await counted(*runs, *runs)
    assert counts == PlanCounts(made=64, planned=64), "a plan is dropped before its turn comes again"


async def test_a_plan_of_very_many_fields_is_made_for_each_run() -> None:
    def query(fields: int) -> str:
        return f"{{ root {{ leaf {{ {' '.join(f'a{n}: name' for n in range(fields))} }} }} }}"

    # Of which root and leaf are two.
    most, larger = query(CACHED_FIELDS_MAX - 2), query(CACHED_FIELDS_MAX - 1)
    assert await counted((most, {}), (most, {})) == PlanCounts(made=1, planned=2)
    assert await counted((larger, {}), (larger, {})) == PlanCounts(made=2, planned=2)


async def test_introspection_is_left_to_the_executor() -> None:
    counts = await counted(*[("{ __schema { queryType { name } } }", {})] * 2)
    assert counts == PlanCounts(made=1, unplannable=Counter(introspection=2))


@pytest.mark.parametrize(
    ("changes", "selection", "reason"),
    [
        ({"name": None}, "name", "null"),
        ({"name": object()}, "name", "value"),
        ({"tags": None}, "tags", "null"),
        ({"name": "broken"}, "strict", "failure"),
    ],
)
async def test_an_irregular_value_is_reported_by_the_executor(
    changes: dict[str, Any], selection: str, reason: str
) -> None:
    broken = dataclasses.replace(LEAF, **changes)
    counts = await counted((f"{{ root {{ leaf {{ {selection} }} }} }}", {}), leaf=broken)
    assert counts == PlanCounts(made=1, irregular=Counter({reason: 1}))


async def test_a_failed_nullable_resolver_needs_no_second_run() -> None:
    broken = dataclasses.replace(LEAF, name="broken")
    assert await counted(("{ root { leaf { slow count } } }", {}), leaf=broken) == PlanCounts(made=1, planned=1)


def test_every_example_query_can_be_planned() -> None:
    schema = build_schema()._schema
    before = dataclasses.replace(plan_cache(schema).counts)
    queries = 0
    for example in examples():
        document = parse(str(example["document"]))
        if all(
            each.operation is OperationType.QUERY
            for each in document.definitions
            if isinstance(each, OperationDefinitionNode)
        ):
            executor = PlannedExecutor.build(schema, document, raw_variable_values=example["variables"] or {})  # type: ignore[arg-type]
            assert isinstance(executor, PlannedExecutor)
            assert executor.make_plan()[0] is not None, example["name"]
            queries += 1
    assert queries >= 2
    assert plan_cache(schema).counts == before
