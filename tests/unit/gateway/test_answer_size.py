"""The estimated size of answers."""

from typing import Any

import pytest
from graphql import parse

from gateway.graphql.answer_size import LIST_SIZE, AnswerMeter
from gateway.graphql.budgets import ANONYMOUS
from gateway.graphql.documents import DocumentAdmission, DocumentRejected
from tests.support.schema import served_schema


@pytest.mark.parametrize(
    ("query", "variables", "fields"),
    [
        ("{ me { id email } }", {}, 3),
        ("{ stores(first: 3) { nodes { id } } }", {}, 1 + 3 + 3),
        ("{ stores { nodes { id } } }", {}, 1 + 20 + 20),
        ("{ stores(last: 7) { totalCount } }", {}, 1 + 7),
        ("{ stores(first: 1000000000000) { totalCount } }", {}, 1 + 100),
        ("{ stores(first: -5) { totalCount } }", {}, 1 + 1),
        ("query ($n: Int) { stores(first: $n) { totalCount } }", {"n": 4}, 1 + 4),
        ("query ($n: Int) { stores(first: $n) { totalCount } }", {}, 1 + 20),
        ("query ($n: Int) { stores(first: $n) { totalCount } }", {"n": "x"}, 1 + 20),
        ("query ($n: Int = 6) { stores(first: $n) { totalCount } }", {}, 1 + 6),
        ("query ($n: Int = 6) { stores(first: $n) { totalCount } }", {"n": 2}, 1 + 2),
        ("query ($n: Int) { stores(first: $n) { totalCount } }", None, 1 + 100),
        ('{ product(id: "x") { variants { id } } }', {}, 1 + 1 + LIST_SIZE),
        (
            "{ stores(first: 2) { ...S } } fragment S on StoreConnection { nodes { ...T ...T } } fragment T on Store { id }",
            {},
            1 + 2 + 2 * 2,
        ),
        ("query A { me { id } } query B { stores(first: 3) { nodes { id } } }", {}, 7),
        ("{ ...Unknown me { id } }", {}, 2),
    ],
)
def test_the_size_of_an_answer_follows_its_page_sizes(
    query: str, variables: dict[str, Any] | None, fields: int
) -> None:
    assert AnswerMeter(served_schema()._schema).measure(parse(query), variables) == fields


NESTED = (
    "query ($n: Int) { stores { nodes { products(first: $n) { nodes { store { products(first: $n) { nodes {"
    " store { products(first: $n) { nodes { title } } } } } } } } } } }"
)


def test_lists_inside_lists_are_refused_unless_their_pages_are_small() -> None:
    admission = DocumentAdmission(served_schema()._schema)
    with pytest.raises(DocumentRejected) as refusal:
        admission.admit(NESTED, None, variables={"n": 100})
    (error,) = refusal.value.errors
    assert error.message.startswith("The answer may have 4")
    assert f"at most {ANONYMOUS.answer:,} are allowed. Ask for smaller pages" in error.message
    assert error.extensions == {"code": "INVALID_QUERY"}
    admission.admit(NESTED, None, variables={"n": 3})


def test_the_documents_of_a_dashboard_are_parsed_once() -> None:
    admission = DocumentAdmission(served_schema()._schema)
    fields = " ".join(f"f{n}: __typename" for n in range(10))
    queries = [f"query Q{number} {{ me {{ id email {fields} }} }}" for number in range(30)]
    first = [admission.admit(query, None) for query in queries]
    assert all(admission.admit(query, None) is known for query, known in zip(queries, first, strict=True))
    # A rejected text is not cached.
    for number in range(100):
        with pytest.raises(DocumentRejected):
            admission.admit(f"query Wrong{number} {{ unknown }}", None)
    assert all(admission.admit(query, None) is known for query, known in zip(queries, first, strict=True))
