"""The measure of GraphQL documents and its limits."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from graphql import get_introspection_query, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.graphql.budgets import ANONYMOUS, AUTHENTICATED, Budget, Measure, TooLarge, check_text, check_variables
from gateway.graphql.limits import DocumentMeter
from gateway.graphql.schema import build_schema
from tests.support.examples import drawn

METER = DocumentMeter(build_schema()._schema)
PLENTY = Budget(
    characters=10**9,
    lines=10**9,
    tokens=10**9,
    operations=10**9,
    fragments=10**9,
    levels=10**9,
    size=10**9,
    aliases=10**9,
    directives=10**9,
    repetition=10**12,
    introspections=10**9,
    answer=10**9,
    variables=10**9,
)


def bomb(levels: int) -> str:
    """Return fragments that each spread the next one twice."""
    chain = "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }}{chain} fragment F{levels} on Query {{ me {{ id }} }}"


def once(fragments: int) -> str:
    """Return fragments that are each spread once."""
    spreads = " ".join(f"...F{n}" for n in range(fragments))
    return f"{{ me {{ {spreads} }} }}" + "".join(f" fragment F{n} on User {{ id }}" for n in range(fragments))


INTROSPECTIONS = (
    "{ " + " ".join(f"a{n}: __schema {{ types {{ fields {{ args {{ name }} }} }} }}" for n in range(30)) + " }"
)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (bomb(16), "The document has 262,143 fields"),
        (bomb(24), "fields, fragments and arguments"),
        (bomb(48), "The document has too many fields"),
        ("{ me { " + "id " * 1_900 + "} }", "selects the same fields repeatedly"),
        ("{ me { " + "id " * 3_900 + "} }", "3,901 fields"),
        (INTROSPECTIONS, "times as large as the standard introspection"),
        (once(300), "300 fragments. Use at most 50"),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "spreads itself"),
        (
            "{ ...A } fragment A on Query { me { id } } fragment A on Query { me { id } }",
            "Two fragments have the name “A”",
        ),
        (" ".join(f"query Q{n} {{ me {{ id }} }}" for n in range(21)), "21 operations. Send at most 20"),
        ("{ " + " ".join(f"a{n}: me {{ id }}" for n in range(31)) + " }", "31 aliases. Use at most 30"),
        ("{ me { id " + "@include(if: true) " * 101 + "} }", "101 directives. Use at most 100"),
        ("{ " + "a { " * 15 + "id" + " }" * 16, "nests fields 16 levels deep. Use at most 15"),
        ("{ store(id: [" + "1 " * 1_998 + "]) { id } }", "The document has 2,001 fields"),
        (
            "query (" + " ".join(f"$v{n}: Int" for n in range(2_000)) + ") { me { id } }",
            "fields, fragments and arguments",
        ),
    ],
    ids=lambda text: text[:25],
)
async def test_a_document_that_is_too_large_is_rejected_with_a_sentence(query: str, sentence: str) -> None:
    with pytest.raises(TooLarge, match=sentence) as refusal:
        METER.measure(parse(query, max_tokens=None), AUTHENTICATED)
    assert refusal.value.extensions == {"code": "INVALID_QUERY"}
    answer = await build_schema().execute(query, operation_name="Q0" if "Q0" in query else None)
    assert answer.data is None
    assert [error.extensions for error in answer.errors or ()] == [{"code": "INVALID_QUERY"}]


def test_the_standard_introspection_query_is_within_the_smallest_budget() -> None:
    query = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    assert len(query) < ANONYMOUS.characters
    measure = METER.measure(parse(query, max_tokens=ANONYMOUS.tokens), ANONYMOUS)
    assert measure.introspections == pytest.approx(1)


def test_no_limit_is_higher_for_anonymous_callers() -> None:
    for name in Budget.__dataclass_fields__:
        assert getattr(ANONYMOUS, name) <= getattr(AUTHENTICATED, name), name


@pytest.mark.parametrize("text", ["x" * 100_001, "\n" * 3_000, "\r" * 3_000])
def test_a_text_that_is_too_long_is_rejected_before_parsing(text: str) -> None:
    with pytest.raises(TooLarge, match=r"100,001 characters|3,001 lines"):
        check_text(text, AUTHENTICATED)


@pytest.mark.parametrize(
    "variables",
    [{"ids": [0] * 5_000}, {"a": [[0] * 80] * 80}, {str(n): n for n in range(5_001)}, {"a": {"b": [{}] * 5_000}}],
)
def test_variables_with_too_many_values_are_refused(variables: dict[str, Any]) -> None:
    with pytest.raises(TooLarge, match="The variables have more than 5,000 values"):
        check_variables(variables, AUTHENTICATED)
    check_variables({"text": "x" * 1_000_000, "ids": list(range(4_000))}, AUTHENTICATED)


# A small document as data, for a naive count.


@dataclass(frozen=True)
class Field:
    name: str
    alias: str | None
    arguments: int
    children: tuple["Selection", ...]

    def text(self) -> str:
        alias = f"{self.alias}: " if self.alias else ""
        arguments = f"(x: [{' '.join('1' * self.arguments)}])" if self.arguments else ""
        return f"{alias}{self.name}{arguments}{block(self.children)}"


@dataclass(frozen=True)
class Inline:
    type: str
    children: tuple["Selection", ...]

    def text(self) -> str:
        return f"... on {self.type} {block(self.children) or '{ id }'}"


@dataclass(frozen=True)
class Spread:
    number: int

    def text(self) -> str:
        return f"...F{self.number}"


Selection = Field | Inline | Spread
Fragments = list[tuple[Selection, ...]]


def block(children: tuple[Selection, ...]) -> str:
    return f" {{ {' '.join(child.text() for child in children)} }}" if children else ""


TYPES = ("User", "__Type")


def selections(spreads: range) -> st.SearchStrategy[tuple[Selection, ...]]:
    names = st.sampled_from(["a", "b", "id", "__schema", "types", "fields", "args", "ofType"])
    leaf: st.SearchStrategy[Any] = st.builds(
        Field, names, st.none() | st.sampled_from(["p", "q"]), st.integers(0, 2), st.just(())
    )
    if spreads:
        leaf |= st.builds(Spread, st.sampled_from(spreads))
    return st.lists(
        st.recursive(
            leaf,
            lambda inner: (
                st.builds(
                    Field,
                    names,
                    st.none() | st.just("r"),
                    st.integers(0, 2),
                    st.lists(inner, min_size=1, max_size=3).map(tuple),
                )
                | st.builds(Inline, st.just("User"), st.lists(inner, min_size=1, max_size=3).map(tuple))
            ),
            max_leaves=6,
        ),
        min_size=1,
        max_size=4,
    ).map(tuple)


@st.composite
def documents(draw: st.DrawFn) -> tuple[tuple[Selection, ...], Fragments]:
    """Return an operation and fragments that spread only later ones."""
    count = draw(st.integers(0, 4))
    fragments = [draw(selections(range(number + 1, count))) for number in range(count)]
    return draw(selections(range(count))), fragments


def text_of(operation: tuple[Selection, ...], fragments: Fragments) -> str:
    written = "".join(f" fragment F{n} on User{block(one)}" for n, one in enumerate(fragments))
    return block(operation) + written


def inlined(children: tuple[Selection, ...], fragments: Fragments) -> tuple[Selection, ...]:
    """Replace each spread by its fragment, recursively."""
    whole: list[Selection] = []
    for child in children:
        match child:
            case Spread(number):
                whole.append(Inline("User", inlined(fragments[number], fragments)))
            case Field() | Inline():
                whole.append(replace(child, children=inlined(child.children, fragments)))
    return tuple(whole)


def naive_size(children: tuple[Selection, ...]) -> int:
    total = 0
    for child in children:
        assert not isinstance(child, Spread)
        values = child.arguments + 1 if isinstance(child, Field) and child.arguments else 0
        total += 1 + values + naive_size(child.children)
    return total


def naive_levels(children: tuple[Selection, ...]) -> int:
    deepest = 0
    for child in children:
        assert not isinstance(child, Spread)
        deepest = max(deepest, naive_levels(child.children) + isinstance(child, Field))
    return deepest


def naive_aliases(children: tuple[Selection, ...]) -> int:
    total = 0
    for child in children:
        assert not isinstance(child, Spread)
        total += naive_aliases(child.children) + (isinstance(child, Field) and child.alias is not None)
    return total


def naive_repetition(children: tuple[Selection, ...]) -> int:
    """Compare each field with each other field of the same response name in the same place."""
    found: list[tuple[tuple[str, ...], int]] = []

    def walk(inside: tuple[Selection, ...], place: tuple[str, ...]) -> None:
        for child in inside:
            assert not isinstance(child, Spread)
            at = place
            if isinstance(child, Field):
                at = (*place, child.alias or child.name)
                found.append((at, 1 + (child.arguments + 1 if child.arguments else 0)))
            walk(child.children, at)

    walk(children, ())
    return sum(
        weight
        for number, (place, weight) in enumerate(found)
        for other, (another, _) in enumerate(found)
        if number != other and place == another
    )


def reachable(children: tuple[Selection, ...], fragments: Fragments) -> set[int]:
    found: set[int] = set()
    for child in children:
        if isinstance(child, Spread):
            found |= {child.number} | reachable(fragments[child.number], fragments)
        else:
            found |= reachable(child.children, fragments)
    return found


@settings(deadline=None, max_examples=drawn(60))
@given(documents())
def test_the_measured_size_equals_the_size_with_naively_expanded_fragments(
    document: tuple[tuple[Selection, ...], Fragments],
) -> None:
    operation, fragments = document
    measure = METER.measure(parse(text_of(operation, fragments)), PLENTY)
    # A fragment without spreads counts by itself, because rules visit it too.
    spread = {n for one in (operation, *fragments) for n in reachable(one, fragments)}
    roots = [operation, *(one for n, one in enumerate(fragments) if n not in spread)]
    whole = [inlined(root, fragments) for root in roots]
    assert measure.size == sum(map(naive_size, whole))
    assert measure.levels == max(map(naive_levels, whole))
    assert measure.aliases == sum(map(naive_aliases, whole))
    assert measure.repetition == sum(map(naive_repetition, whole))


@settings(deadline=None, max_examples=drawn(60))
@given(documents())
def test_fragments_do_not_change_the_size_of_an_introspection(
    document: tuple[tuple[Selection, ...], Fragments],
) -> None:
    operation, fragments = document
    operation = (Field("__schema", None, 0, operation),)
    # Fragments below a field of the schema are on introspection types.
    used = reachable(operation, fragments)
    written = "".join(f" fragment F{n} on __Type{block(one)}" for n, one in enumerate(fragments) if n in used)
    with_fragments = METER.measure(parse(block(operation) + written), PLENTY)
    without = METER.measure(parse(block(inlined(operation, fragments))), PLENTY)
    assert with_fragments.introspections == pytest.approx(without.introspections)


def test_every_limit_is_compared_with_the_measure() -> None:
    tight = Budget(**dict.fromkeys(Budget.__dataclass_fields__, 0))
    for name in Measure.__dataclass_fields__:
        counts = dict.fromkeys(Measure.__dataclass_fields__, 0) | {name: 1}
        with pytest.raises(TooLarge, match=r"Use at most 0|Send at most 0|At most 0"):
            Measure(**counts).check(tight)
