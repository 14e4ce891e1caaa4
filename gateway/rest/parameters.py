"""Arguments of GraphQL operations as parts of an address: in its path, or in its query string."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fastapi import Request
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLType,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_leaf_type,
    is_required_argument,
)

from domain.kernel import InvalidInput
from gateway.rest.selections import Selections

LEFT_OUT_ARGUMENTS = frozenset({"consistencyToken"})
NO_LONGER_THAN = 100
"""Most values of one list in a query string."""


def names_in(path: str) -> list[str]:
    """Return the names of a path's parts."""
    return re.findall(r"\{(\w+)\}", path)


def arguments_of(field: GraphQLField, path: str, *, last: bool) -> dict[str, GraphQLArgument]:
    """Return a field's arguments by parameter: those of the path, and those that a query string can have."""
    names, arguments = iter(names_in(path)), dict[str, GraphQLArgument]()
    for name, argument in field.args.items():
        if is_required_argument(argument):
            arguments[next(names)] = argument
        elif last and argument.deprecation_reason is None and _is_value(name, argument):
            arguments[name] = argument
    return arguments


def _is_value(name: str, argument: GraphQLArgument) -> bool:
    return name not in LEFT_OUT_ARGUMENTS and not is_input_object_type(get_named_type(argument.type))


FILTER = "filter"


@dataclass(frozen=True, slots=True)
class Part:
    """A parameter that is one value of an argument, which is an input object.

    ``asOfTime`` is ``time`` of ``asOf``, and ``statuses`` is ``statuses`` of ``filter``.
    """

    argument: str
    name: str
    field: GraphQLInputField


def parts_of(field: GraphQLField) -> dict[str, Part]:
    """Return the parameters for a field's optional arguments that are input objects."""
    return {
        (each if name == FILTER else f"{name}{each[:1].upper()}{each[1:]}"): Part(name, each, part)
        for name, argument in field.args.items()
        if isinstance(type := get_named_type(argument.type), GraphQLInputObjectType)
        and not isinstance(argument.type, GraphQLNonNull | GraphQLList)
        for each, part in type.fields.items()
        if is_leaf_type(get_named_type(part.type))
    }


def variable_type(argument: GraphQLArgument) -> Any:
    """Return a variable's type for an argument. One with a default may be left out, also if it is not null."""
    return argument.type if is_required_argument(argument) else get_nullable_type(argument.type)


def argument_of(parameter: str, field: GraphQLField) -> str:
    """Return the argument that a parameter stands for: a name in a path may say more, such as storeId for id."""
    return parameter if parameter in field.args else "id"


def query_variables(
    request: Request, declared: Mapping[str, Any], parts: Mapping[str, Part] = MappingProxyType({})
) -> dict[str, Any]:
    """Return variables from the path and the query string.

    Args:
        request: the request.
        declared: the type of each parameter that is an argument.
        parts: the parameters that are values of an argument.

    Raises:
        InvalidInput: a parameter is unknown, or there are too many values.
    """
    known = [*declared, *parts]
    for name in request.query_params.keys() - set(known):
        raise InvalidInput(name[:80], f"Unknown parameter {name[:80]!r}. Use: {', '.join(known) or 'none'}.")
    variables: dict[str, Any] = dict(request.path_params)
    for name in request.query_params.keys() - variables.keys():
        values = request.query_params.getlist(name)
        if name in parts:
            part = parts[name]
            variables.setdefault(part.argument, {})[part.name] = _value(name, values, part.field.type)
        else:
            variables[name] = _value(name, values, declared[name])
    return variables


def _value(name: str, values: list[str], of_type: Any) -> Any:
    type = get_nullable_type(of_type)
    if isinstance(type, GraphQLList):
        if len(values) > NO_LONGER_THAN:
            raise InvalidInput(name, f"{name} has {len(values)} values. Use at most {NO_LONGER_THAN}.")
        return [typed(value, type.of_type) for value in values]
    # Of several values, the first counts.
    return typed(values[0], type)


def typed(text: str, type: GraphQLType) -> Any:
    """Return a text of an address as GraphQL's type. A text that does not fit stays a text, and GraphQL refuses it."""
    match get_named_type(type).name:
        case "Int" if re.fullmatch(r"-?[0-9]{1,10}", text):
            return int(text)
        case "Boolean" if text in {"true", "false"}:
            return text == "true"
        case _:
            return text


def parameter_of(
    selections: Selections, name: str, argument: GraphQLArgument | GraphQLInputField, path: str
) -> dict[str, Any]:
    """Describe an argument of a query as a parameter."""
    if name in names_in(path):
        return path_parameter(selections, name, argument)
    shown = selections.input_schema(_required(argument.type))
    return {"name": name, "in": "query", "required": False, "schema": shown} | _words(argument.description)


def path_parameter(selections: Selections, name: str, argument: GraphQLArgument | GraphQLInputField) -> dict[str, Any]:
    """Describe an argument as a part of the path."""
    shown = selections.input_schema(_required(argument.type))
    return {"name": name, "in": "path", "required": True, "schema": shown} | _words(argument.description)


def _required(type: Any) -> GraphQLType:
    return type if isinstance(type, GraphQLNonNull) else GraphQLNonNull(type)


def header_of(name: str, description: str) -> dict[str, Any]:
    """Describe an optional header."""
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": description}


def _words(description: str | None) -> dict[str, Any]:
    return {} if description is None else {"description": description}
