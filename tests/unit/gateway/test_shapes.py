"""Texts that differ only in layout, name and literals have one shape, and all others have different ones."""

import re
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLSyntaxError, parse
from hypothesis import given
from hypothesis import strategies as st

from gateway.graphql.budgets import TooLarge
from gateway.graphql.context import RequestContext
from gateway.graphql.documents import DocumentAdmission, SharedQuery
from gateway.graphql.planned_executor import plan_cache
from gateway.graphql.schema import build_schema
from gateway.graphql.shapes import shape_of

SCHEMA = build_schema()._schema
QUERY = 'query A { store(id: "a") { products(first: 20) { nodes { title } } } }'


class Callers:
    """Implements what admission uses of ``Sessions``: a number is a merchant's token."""

    def token_owner(self, authorization: str | None) -> UUID:
        return UUID(int=int(authorization or "1"))

    def key_scopes(self, authorization: str | None) -> None:
        """Every token is a log-in's, which has no scopes."""


def by(merchant: int) -> RequestContext:
    """Return the context of a merchant's request."""
    services: Any = SimpleNamespace(sessions=Callers(), deps=SimpleNamespace(introspection=True))
    info: Any = SimpleNamespace(authorization=str(merchant))
    return RequestContext(services, info)


def shared(admission: DocumentAdmission, text: str, merchant: int = 1, **more: Any) -> SharedQuery | None:
    return admission.shared(text, by(merchant), **{"operation_name": None, "variables": None} | more)


@pytest.mark.parametrize(
    "text",
    [
        'query B{store(id:"b"){products(first:7){nodes{title}}}}',
        'query\n{\tstore(id: "\u00df # { 1", ) {\r\n products(first: -3) { nodes, { title } } } }',
    ],
)
def test_layout_name_and_literals_are_no_part_of_a_shape(text: str) -> None:
    one, other = shape_of(QUERY), shape_of(text)
    assert one is not None
    assert other is not None
    assert one.key == other.key
    assert (one.name, one.literals) == ("A", ['"a"', "20"])
    assert len(other.literals) == 2


@pytest.mark.parametrize(
    "text",
    [
        QUERY.replace("title", "id"),
        QUERY.replace("title", "ti tle"),
        QUERY.replace('"a"', "1"),
        QUERY.replace("first", "last"),
        QUERY.replace('"a"', "$a"),
        QUERY.replace("title", "t: title"),
        QUERY.removeprefix("query A "),
    ],
)
def test_another_query_has_another_shape(text: str) -> None:
    one, other = shape_of(QUERY), shape_of(text)
    assert one is not None
    assert other is not None
    assert one.key != other.key


@pytest.mark.parametrize(
    "text",
    [
        QUERY.replace("20", "2.0"),
        QUERY.replace("20", "020"),
        QUERY.replace("20", "20last:1"),
        QUERY.replace('"a"', '"""a"""'),
        QUERY.replace('"a"', '"\\u0041"'),
        QUERY.replace('"a"', '"a'),
        QUERY.replace('"a"', '"\ud800"'),
        QUERY.replace("title", "title # comment"),
        QUERY.replace(" {", "\u00a0{"),
        QUERY.replace("query", "mutation"),
        QUERY + " " * 30_000,
        "",
    ],
)
def test_an_unusual_text_has_no_shape(text: str) -> None:
    assert shape_of(text) is None


@given(st.lists(st.sampled_from([*'{}():$!,"\\#.-0a \n\t\u00a0', "20", '"b"', "query", "..."]), max_size=12))
def test_no_text_that_cannot_be_parsed_has_the_shape_of_one_that_can(parts: list[str]) -> None:
    text = "{a(b:0){c}}" if not parts else "{a(b:" + "".join(parts) + "){c}}"
    shape = shape_of(text)
    if shape is None:
        return
    rewritten = re.sub('"', '""', shape.key)
    try:
        parse(rewritten)
    except GraphQLSyntaxError:
        return
    parse(text)


def test_texts_of_one_shape_share_a_plan_and_keep_their_literals() -> None:
    admission = DocumentAdmission(SCHEMA)
    assert shared(admission, QUERY) is None
    admission.admit(QUERY, by(1))
    counts = plan_cache(SCHEMA).counts
    made, documents = counts.made, set()
    for number in range(20):
        text = QUERY.replace("query A", f"query A{number}").replace('"a"', f'"{number}"').replace("20", str(number))
        one = shared(admission, text, operation_name=f"A{number}", variables={"0": "mine", "other": 1})
        assert one is not None
        assert one.variables == {"0": str(number), "1": number, "other": 1}
        assert build_schema().planned(one.admitted, None, one.variables, None) is not None
        documents.add(id(one.admitted.document))
    assert (counts.made - made, len(documents)) == (1, 1)


def test_what_the_shape_cannot_carry_is_left_to_the_text() -> None:
    admission = DocumentAdmission(SCHEMA)
    admission.admit(QUERY, by(1))
    assert shared(admission, QUERY.replace("20", "9" * 12)) is None
    assert shared(admission, QUERY, operation_name="B") is None
    assert shared(admission, QUERY.replace("title", "nothing")) is None
    assert shared(admission, QUERY.replace("title", "title title")) is None


def test_a_literal_counts_as_the_size_of_a_page() -> None:
    admission, text = (
        DocumentAdmission(SCHEMA),
        "{ stores(first: 1) { nodes { products(first: 2) { nodes { title } } } } }",
    )
    wide = text.replace("title", " ".join(f"a{n}: title" for n in range(20)))
    admission.admit(wide, by(1))
    assert shared(admission, wide.replace("2)", "3)")) is not None
    large = wide.replace("1)", "100)").replace("2)", "100)")
    assert shared(admission, large) is None
    with pytest.raises(Exception) as rejected:  # noqa: PT011 - the cause is checked
        admission.admit(large, by(1))
    assert isinstance(rejected.value.__cause__, TooLarge)


def test_shapes_of_strangers_never_push_out_a_shape() -> None:
    admission = DocumentAdmission(SCHEMA)
    admission.admit(QUERY, by(1))
    for merchant in range(2, 9):
        for number in range(80):
            admission.admit(f"{{ a{number}: __typename }}", by(merchant))
    assert shared(admission, QUERY.replace("20", "3")) is not None
