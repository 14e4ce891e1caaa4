"""The GraphQL reference for people: every type with its fields and arguments, made from the schema. The search needs no script."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Query
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLType,
    Undefined,
    ast_from_value,
    get_named_type,
    print_ast,
)
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, PlainTextResponse

from domain.kernel import NotFound
from gateway.docs.rendering import REVALIDATED, page
from gateway.docs.typescript import client
from gateway.graphql.schema import build_schema, sdl

QUERY_MAX = 100
FOUND_MOST = 80
ROOTS = ("Query", "Mutation", "Subscription")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An argument of a field, or a field of an input."""

    name: str
    type: Markup
    default: str | None
    description: str
    deprecation: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field, or a value of an enum."""

    name: str
    type: Markup
    description: str
    deprecation: str | None
    arguments: Sequence[Argument] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A type of the schema."""

    name: str
    kind: str
    description: str
    fields: Sequence[Field]
    used_by: Sequence[str]
    """Fields and arguments with this type, as ``Type.field``."""


@router.get("/reference")
async def reference(q: Annotated[str, Query(max_length=QUERY_MAX)] = "") -> HTMLResponse:
    """Return the list of all types, or what a search finds."""
    roots = [types()[name] for name in ROOTS]
    return page("reference.html", q=q, found=found(q), groups=_groups(), roots=roots, deprecated=deprecated())


@router.get("/reference/{name}")
async def reference_of(name: str) -> HTMLResponse:
    """Return a type's page."""
    type = types().get(name)
    if type is None:
        raise NotFound("type", name[:64])
    return page("reference_type.html", type=type)


@router.get("/schema.graphql")
async def definition() -> PlainTextResponse:
    """Return the schema in GraphQL's definition language."""
    return _download(sdl(), "schema.graphql")


@router.get("/client.ts")
async def typescript() -> PlainTextResponse:
    """Return the TypeScript client."""
    return _download(client(), "client.ts")


def _download(text: str, name: str) -> PlainTextResponse:
    return PlainTextResponse(text, headers={**REVALIDATED, "content-disposition": f'attachment; filename="{name}"'})


@cache
def types() -> Mapping[str, Type]:
    """Return every type of the schema by its name."""
    named = build_schema().graphql_schema.type_map
    users: dict[str, list[str]] = {}
    for type in named.values():
        for field in _fields(type):
            for used in {field.type, *(argument.type for argument in field.arguments)}:
                users.setdefault(re.sub(r"<[^>]*>|[\[\]!]", "", used), []).append(f"{type.name}.{field.name}")
    return {
        name: Type(
            name=name,
            kind=_kind(type),
            description=type.description or "",
            fields=list(_fields(type)),
            used_by=users.get(name, ()),
        )
        for name, type in sorted(named.items())
        if not name.startswith("__")
    }


@cache
def deprecated() -> Sequence[tuple[str, str, str]]:
    """Return what is deprecated: the place such as ``Order.total``, its address and what to use."""
    marks: list[tuple[str, str, str]] = []
    for type in types().values():
        for field in type.fields:
            address = f"/reference/{type.name}#{field.name}"
            if field.deprecation:
                marks.append((f"{type.name}.{field.name}", address, field.deprecation))
            marks += [
                (f"{type.name}.{field.name}({each.name})", address, each.deprecation)
                for each in field.arguments
                if each.deprecation
            ]
    return marks


def found(q: str) -> list[tuple[str, str, str]]:
    """Return what a search finds: the place such as ``Order.total``, its address and its description.

    Every word must be in the place or the description. Places with all words in their name come first, operations before types.
    """
    words = q.lower().split()
    if not words:
        return []
    hits: list[tuple[bool, bool, str, str, str]] = []
    for place, address, description in _entries():
        low = place.lower()
        if all(word in low or word in description.lower() for word in words):
            by_name, is_root = all(word in low for word in words), place.partition(".")[0] in ROOTS
            hits.append((not by_name, not is_root, place, address, description))
    return [hit[2:] for hit in sorted(hits)[:FOUND_MOST]]


def _entries() -> Iterator[tuple[str, str, str]]:
    for type in types().values():
        yield type.name, f"/reference/{type.name}", type.description
        for field in type.fields:
            yield f"{type.name}.{field.name}", f"/reference/{type.name}#{field.name}", field.description


def _groups() -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for type in types().values():
        if type.name not in ROOTS:
            groups.setdefault(type.kind, []).append(type.name)
    return dict(sorted(groups.items()))


def _kind(type: GraphQLNamedType) -> str:
    match type:
        case GraphQLObjectType():
            return "Objects"
        case GraphQLInputObjectType():
            return "Inputs"
        case GraphQLEnumType():
            return "Enums"
        case GraphQLScalarType():
            return "Scalars"
        case _:
            return "Interfaces"


def _fields(type: GraphQLNamedType) -> Iterator[Field]:
    match type:
        case GraphQLObjectType() | GraphQLInterfaceType():
            for name, field in type.fields.items():
                yield Field(
                    name=name,
                    type=_linked(field.type),
                    description=field.description or "",
                    deprecation=field.deprecation_reason,
                    arguments=[_argument(each, argument) for each, argument in field.args.items()],
                )
        case GraphQLInputObjectType():
            for name, part in type.fields.items():
                given = _argument(name, part)
                default = "" if given.default is None else f"Default: {given.default}. "
                yield Field(
                    name=name,
                    type=given.type,
                    description=default + given.description,
                    deprecation=given.deprecation,
                )
        case GraphQLEnumType():
            for name, value in type.values.items():
                yield Field(
                    name=name, type=Markup(), description=value.description or "", deprecation=value.deprecation_reason
                )
        case _:
            return


def _argument(name: str, argument: GraphQLArgument | GraphQLInputField) -> Argument:
    default = None
    if argument.default_value is not Undefined and argument.default_value is not None:
        node = ast_from_value(argument.default_value, argument.type)
        default = None if node is None else print_ast(node)
    return Argument(
        name=name,
        type=_linked(argument.type),
        default=default,
        description=argument.description or "",
        deprecation=argument.deprecation_reason,
    )


def _linked(type: GraphQLType) -> Markup:
    name = get_named_type(type).name
    before, _, after = str(type).partition(name)
    return Markup('{}<a href="/reference/{}">{}</a>{}').format(escape(before), name, name, escape(after))
