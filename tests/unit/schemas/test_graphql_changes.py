"""Which changes of the GraphQL schema are refused after a release."""

from pathlib import Path

import pytest

from gateway.graphql.schema import build_schema, sdl
from schemas.contracts.committed import RELEASED, Contracts, release, review
from schemas.contracts.graphql_changes import breaking_changes, without_descriptions

RELEASED_SDL = '''
type Query {
  """The store."""
  store(id: ID!, first: Int, after: String @deprecated(reason: "Use first.")): Store
  old: Old @deprecated(reason: "Use store.")
  search(by: Filter): [Store!]!
}
interface Node { id: ID! }
type Store implements Node { id: ID! name: String! status: Status! niche: String title: String @deprecated(reason: "Use name.") }
type Old { part: OldPart! }
type OldPart { name: String! }
enum Status { ACTIVE PAUSED CLOSED @deprecated(reason: "Use PAUSED.") }
input Filter { status: Status text: String @deprecated(reason: "Use status.") }
'''


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("niche: String ", ""),
        ("niche: String ", "niche: Int "),
        ("niche: String ", "niche: [Status!] "),
        ("name: String! status", "name: String status"),
        ("name: String! status", "name: Status status"),
        ("status: Status! niche", "status: String! niche"),
        ("first: Int, ", ""),
        ("first: Int, ", "first: Int!, "),
        ("id: ID!, first", "id: ID!, currency: String!, first"),
        ("ACTIVE PAUSED", "ACTIVE"),
        ("type Store implements Node", "type Store"),
        ("input Filter { status: Status ", "input Filter { status: Status currency: String! "),
        ("status: Status text", "text"),
        ("search(by: Filter): [Store!]!", "search(by: Filter): Store"),
        ('title: String @deprecated(reason: "Use name.")', "title: Int"),
        ("type OldPart { name: String! }", "scalar OldPart"),
    ],
)
def test_a_change_that_may_break_a_client_is_refused(before: str, after: str) -> None:
    assert before in RELEASED_SDL
    findings = breaking_changes(RELEASED_SDL, RELEASED_SDL.replace(before, after))
    assert [finding.refused for finding in findings] == [True]
    assert "deprecation" in findings[0].remedy


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('title: String @deprecated(reason: "Use name.")', ""),
        (', after: String @deprecated(reason: "Use first.")', ""),
        (' CLOSED @deprecated(reason: "Use PAUSED.")', ""),
        (' text: String @deprecated(reason: "Use status.")', ""),
        ("niche: String ", 'niche: String @deprecated(reason: "Use name.") '),
        ("niche: String ", "niche: String! "),
        ("niche: String ", "niche: Status "),
        ("name: String! status", "name: ID! status"),
        ("ACTIVE PAUSED", "ACTIVE PAUSED DRAFT"),
        ("first: Int, ", "first: Int, last: Int, "),
        ('"""The store."""', '"""Some store."""'),
    ],
)
def test_additions_and_the_end_of_what_was_deprecated_are_allowed(before: str, after: str) -> None:
    assert before in RELEASED_SDL
    assert breaking_changes(RELEASED_SDL, RELEASED_SDL.replace(before, after)) == []


def test_types_that_only_deprecated_fields_reach_may_be_removed_with_them() -> None:
    without = RELEASED_SDL.replace('  old: Old @deprecated(reason: "Use store.")\n', "")
    for type in ("type Old { part: OldPart! }\n", "type OldPart { name: String! }\n"):
        without = without.replace(type, "")
    assert breaking_changes(RELEASED_SDL, without) == []


def test_a_release_is_the_measure_until_the_next_one(tmp_path: Path) -> None:
    def contracts(graphql: str) -> Contracts:
        return Contracts(events={}, upcasters={}, graphql=graphql)

    release(contracts("type Query { a: Int }"), tmp_path)
    with_new = contracts("type Query { a: Int b: Int }")
    (tmp_path / "schema.graphql").write_text(with_new.graphql)
    assert review(contracts("type Query { a: Int c: Int }"), tmp_path).refused == []
    assert len(review(contracts("type Query { b: Int }"), tmp_path).refused) == 1
    release(with_new, tmp_path)
    assert len(review(contracts("type Query { a: Int c: Int }"), tmp_path).refused) == 1
    (tmp_path / RELEASED).unlink()
    assert len(review(contracts("type Query { a: Int c: Int }"), tmp_path).refused) == 1


def test_every_deprecation_says_what_to_use() -> None:
    schema = build_schema()._schema
    parts = [
        part
        for type in schema.type_map.values()
        if not type.name.startswith("__")
        for field in getattr(type, "fields", {}).values()
        for part in (field, *getattr(field, "args", {}).values())
    ]
    reasons = [part.deprecation_reason for part in parts if part.deprecation_reason is not None]
    assert reasons
    assert [reason for reason in reasons if not reason.startswith("Use ")] == []


def test_the_schema_without_descriptions_is_the_same_for_clients() -> None:
    short = without_descriptions(sdl())
    assert '"""' not in short
    assert breaking_changes(short, sdl()) == breaking_changes(sdl(), short) == []
