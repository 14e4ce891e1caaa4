"""Arguments of GraphQL operations as parts of an address: in its path, or in its query string."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLType,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
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
        elif last and name not in LEFT_OUT_ARGUMENTS and not is_input_object_type(get_named_type(argument.type)):
            arguments[name] = argument
    return arguments


def variable_type(argument: GraphQLArgument) -> Any:
    """Return a variable's type for an argument. One with a default may be left out, also if it is not null."""
    return argument.type if is_required_argument(argument) else get_nullable_type(argument.type)


def argument_of(parameter: str, field: GraphQLField) -> str:
    """Return the argument that a parameter stands for: a name in a path may say more, such as storeId for id."""
    return parameter if parameter in field.args else "id"


def query_variables(request: Request, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables from the path and the query string.

    Raises:
        InvalidInput: a parameter is unknown, or there are too many values.
    """
    for name in request.query_params.keys() - declared.keys():
        raise InvalidInput(name[:80], f"Unknown parameter {name[:80]!r}. Use: {', '.join(declared) or 'none'}.")
    variables: dict[str, Any] = dict(request.path_params)
    for name in request.query_params.keys() - variables.keys():
        values, type = request.query_params.getlist(name), get_nullable_type(declared[name])
        if isinstance(type, GraphQLList):
            if len(values) > NO_LONGER_THAN:
                raise InvalidInput(name, f"{name} has {len(values)} values. Use at most {NO_LONGER_THAN}.")
            variables[name] = [typed(value, type.of_type) for value in values]
        else:
            # Of several values, the first counts.
            variables[name] = typed(values[0], type)
    return variables


def typed(text: str, type: GraphQLType) -> Any:
    """Return a text of an address as GraphQL's type. A text that does not fit stays a text, and GraphQL refuses it."""
    match get_named_type(type).name:
        case "Int" if re.fullmatch(r"-?[0-9]{1,10}", text):
            return int(text)
        case "Boolean" if text in {"true", "false"}:
            return text == "true"
        case _:
            return text


def parameter_of(selections: Selections, name: str, argument: GraphQLArgument, path: str) -> dict[str, Any]:
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
