"""GraphQL's scalars, enums and inputs as TypeScript."""

import json
from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    Undefined,
)

SCALARS: Mapping[str, str] = {"Int": "number", "Float": "number", "Boolean": "boolean", "JSON": "unknown"}
"""Scalars that are not texts in JSON."""


def declarations(schema: GraphQLSchema) -> Iterator[str]:
    """Yield a declaration of every scalar, enum and input of a schema."""
    for name, type in sorted(schema.type_map.items()):
        if name.startswith("__"):
            continue
        match type:
            case GraphQLScalarType() if name not in {"Int", "Float", "Boolean", "String", "ID"}:
                yield comment(type.description) + f"export type {name} = {SCALARS.get(name, 'string')};"
            case GraphQLEnumType():
                yield comment(type.description) + f"export type {name} = {' | '.join(map(quoted, type.values))};"
            case GraphQLInputObjectType():
                fields = "".join(f"{_field(field, each)}\n" for field, each in type.fields.items())
                yield comment(type.description) + f"export interface {name} {{\n{fields}}}"
            case _:
                continue


def _field(name: str, field: GraphQLInputField) -> str:
    optional = not isinstance(field.type, GraphQLNonNull) or field.default_value is not Undefined
    notes = [field.description or ""]
    if field.deprecation_reason:
        notes.append(f"@deprecated {field.deprecation_reason}")
    return f"{comment(' '.join(filter(None, notes)), '  ')}  {field_name(name, optional=optional)}: {input_type(field.type)};"


def input_type(type: GraphQLType) -> str:
    """Return the type of a value that a client sends."""
    match type:
        case GraphQLNonNull():
            return _given(type.of_type)
        case _:
            return f"{_given(type)} | null"


def _given(type: GraphQLType) -> str:
    if isinstance(type, GraphQLList):
        return f"Array<{input_type(type.of_type)}>"
    assert isinstance(type, GraphQLNamedType)
    return leaf(type)


def leaf(type: GraphQLNamedType) -> str:
    """Return the type of a scalar or enum, or the name of an input."""
    return {"ID": "string", "String": "string", **SCALARS}.get(type.name, type.name)


def field_name(name: str, *, optional: bool) -> str:
    """Return a field's name, with a question mark if it may be left out."""
    return f"{name}?" if optional else name


def quoted(text: str) -> str:
    """Return a text as a literal of JavaScript."""
    return json.dumps(text, ensure_ascii=False)


def comment(text: str | None, indent: str = "") -> str:
    """Return a comment and a line's end; empty without a text."""
    safe = " ".join((text or "").split()).replace("*/", "*\\/")
    return f"{indent}/** {safe} */\n" if safe else ""
