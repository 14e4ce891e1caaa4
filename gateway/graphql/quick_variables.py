"""Coercion of the usual variables. graphql-core coerces all others, and reports those that are wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
    type_from_ast,
)

_CLASSES: Mapping[object, type] = {GraphQLString: str, GraphQLID: str, GraphQLInt: int, GraphQLBoolean: bool}
"""The classes of values that stay as they are."""
_INT_MAX = 2**31


class QuickVariables:
    """The variables of one operation.

    Args:
        schema: has their types.
        definitions: as the operation defines them.
    """

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        self._classes: list[tuple[str, type | None, bool]] = []
        for each in definitions:
            declared: Any = type_from_ast(schema, each.type)
            nullable = not isinstance(declared, GraphQLNonNull)
            named = declared if nullable else declared.of_type
            usual = None if each.default_value is not None else _CLASSES.get(named)
            self._classes.append((each.variable.name.value, usual, nullable))

    def coerce(self, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Return the coerced values. None if graphql-core must coerce or reject them."""
        coerced: dict[str, Any] = {}
        for name, usual, nullable in self._classes:
            value: Any = Undefined if values is None else values.get(name, Undefined)
            if type(value) is not usual:
                if usual is None or not nullable or (value is not None and value is not Undefined):
                    return None
                if value is Undefined:
                    continue
            elif usual is int and not _fits(value):
                return None
            coerced[name] = value
        return coerced


def _fits(number: Any) -> bool:
    return bool(-_INT_MAX <= number < _INT_MAX)
