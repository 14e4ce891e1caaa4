"""Which changes of the GraphQL schema since its last release are allowed.

A client of the release must go on working: nothing that it may use is removed, renamed, or of another kind. What the release
marks as deprecated may be removed, because clients had a release's time to leave it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    REMOVE,
    DocumentNode,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    Visitor,
    build_ast_schema,
    get_named_type,
    parse,
    print_ast,
    visit,
)
from graphql.utilities import BreakingChange, BreakingChangeType, find_breaking_changes

from schemas.contracts.compatibility import Finding

REMEDY = "Keep it, add what is new beside it, and mark it with a deprecation reason; a later release may remove it"
REMOVALS = frozenset(
    {
        BreakingChangeType.TYPE_REMOVED,
        BreakingChangeType.FIELD_REMOVED,
        BreakingChangeType.ARG_REMOVED,
        BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
    }
)


def breaking_changes(released: str, current: str) -> list[Finding]:
    """Return the changes between two schemas that may break a client of the first.

    Args:
        released: the definitions that clients know.
        current: those of the code.
    """
    document, new = parse(released), build_ast_schema(parse(current))
    old, kept = build_ast_schema(document), _without_deprecated(document)
    used = {type.name for type in _reachable(kept)}
    changes = [
        *(
            change
            for change in find_breaking_changes(old, new)
            if change.type not in REMOVALS and not _is_same_json(change, old, new)
        ),
        *(
            change
            for change in find_breaking_changes(kept, new)
            if change.type in REMOVALS
            and (change.type is not BreakingChangeType.TYPE_REMOVED or change.description.split()[0] in used)
        ),
    ]
    return [_finding(change) for change in changes]


def _is_same_json(change: BreakingChange, old: GraphQLSchema, new: GraphQLSchema) -> bool:
    """Whether an answer's text has become an enum or an id: clients read the same JSON."""
    if change.type is not BreakingChangeType.FIELD_CHANGED_KIND:
        return False
    found = re.search(r"(\w+)\.(\w+)", change.description)
    assert found is not None
    owner, name = found.groups()
    before, after = old.type_map[owner], new.type_map[owner]
    if not isinstance(before, GraphQLObjectType | GraphQLInterfaceType) or not isinstance(after, type(before)):
        return False
    was, becomes = before.fields[name].type, after.fields[name].type
    named = get_named_type(becomes)
    return (
        get_named_type(was) is GraphQLString
        and (isinstance(named, GraphQLEnumType) or named is GraphQLID)
        and str(was) == str(becomes).replace(named.name, "String")
    )


def without_descriptions(sdl: str) -> str:
    """Return definitions without their texts, which break nothing."""
    return print_ast(visit(parse(sdl, no_location=True), _Described())) + "\n"


def _finding(change: BreakingChange) -> Finding:
    return Finding(event="schema.graphql", field="", why=change.description, remedy=REMEDY, refused=True)


class _Deprecated(Visitor):
    """Removes fields, arguments and values that are deprecated."""

    def enter(self, node: Any, *_: Any) -> Any:
        directives = getattr(node, "directives", None) or ()
        return REMOVE if any(directive.name.value == "deprecated" for directive in directives) else None


class _Described(Visitor):
    """Removes descriptions."""

    def enter(self, node: Any, *_: Any) -> Any:
        return replace(node, description=None) if getattr(node, "description", None) is not None else None


def _without_deprecated(document: DocumentNode) -> GraphQLSchema:
    # A type may be left without fields.
    return build_ast_schema(visit(document, _Deprecated()), assume_valid=True)


def _reachable(schema: GraphQLSchema) -> set[GraphQLNamedType]:
    """Return the types that operations can use."""
    pending: list[GraphQLNamedType] = [
        root for root in (schema.query_type, schema.mutation_type, schema.subscription_type) if root is not None
    ]
    found: set[GraphQLNamedType] = set()
    while pending:
        type = pending.pop()
        if type not in found:
            found.add(type)
            pending.extend(_next(schema, type))
    return found


def _next(schema: GraphQLSchema, type: GraphQLNamedType) -> Iterator[GraphQLNamedType]:
    match type:
        case GraphQLObjectType() | GraphQLInterfaceType():
            for field in type.fields.values():
                yield get_named_type(field.type)
                yield from (get_named_type(argument.type) for argument in field.args.values())
            yield from type.interfaces
            if isinstance(type, GraphQLInterfaceType):
                yield from schema.get_possible_types(type)
        case GraphQLInputObjectType():
            yield from (get_named_type(field.type) for field in type.fields.values())
        case GraphQLUnionType():
            yield from type.types
        case _:
            return
