"""Arguments of a planned field: constants, and variables whose values resolvers take as they are."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLString,
    Node,
    VariableNode,
    get_argument_values,
    get_nullable_type,
)

from gateway.graphql.resolvers import Resolver

Arguments = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
"""Returns arguments for the coerced variables of a run. None if graphql-core must convert them."""

_UNCHANGED = (GraphQLString, GraphQLID, GraphQLInt, GraphQLFloat, GraphQLBoolean)
"""Types whose coerced values reach the resolver unchanged."""


def planned_arguments(
    resolver: Resolver, definition: GraphQLField, node: FieldNode, variables: Any, schema: Any
) -> Arguments | None:
    """Return the arguments of a field. None if each run must convert them, or report an error.

    Args:
        resolver: the field's resolver.
        definition: the field.
        node: the field in the document.
        variables: graphql-core's coerced variables of the present run.
        schema: strawberry's schema, which knows how arguments are converted.
    """
    by_variable = {
        each.name.value: each.value.name.value
        for each in node.arguments or ()
        if isinstance(each.value, VariableNode)
        and get_nullable_type(definition.args[each.name.value].type) in _UNCHANGED
    }
    if any(each.name.value not in by_variable and _has_variable(each) for each in node.arguments or ()):
        return None
    try:
        given = get_argument_values(definition, node, variables)
        constants = resolver.convert({name: given[name] for name in given if name not in by_variable}, schema)
        if not by_variable:
            return lambda _values: constants
        return _with_variables(constants, _python_names(resolver, by_variable, schema))
    except Exception:  # noqa: BLE001 - the resolver's run raises it again
        return None


def _python_names(resolver: Resolver, by_variable: Mapping[str, str], schema: Any) -> list[tuple[str, str]]:
    """Return the resolver's name of each argument that is a variable, with the variable's name."""
    names = []
    for argument, variable in by_variable.items():
        ((python_name, _),) = resolver.convert({argument: ""}, schema).items()
        names.append((python_name, variable))
    return names


def _with_variables(constants: Mapping[str, Any], variables: list[tuple[str, str]]) -> Arguments:
    def arguments(values: Mapping[str, Any]) -> Mapping[str, Any] | None:
        complete = dict(constants)
        for name, variable in variables:
            value = values.get(variable)
            if value is None:
                # Null and absent mean a default, None or an error; graphql-core knows which.
                return None
            complete[name] = value
        return complete

    return arguments


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes below it."""
    yield node
    for key in node.keys:
        below = getattr(node, key)
        for each in below if isinstance(below, tuple | list) else (below,):
            if isinstance(each, Node):
                yield from walk(each)


def _has_variable(node: Node) -> bool:
    return any(isinstance(each, VariableNode) for each in walk(node))
