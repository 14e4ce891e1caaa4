"""What a REST answer shows of a GraphQL type, and the JSON schemas of both directions.

A type always shows the same fields, so that OpenAPI describes it once: its values, and objects that are not entities.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLType,
    Undefined,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

SCALARS: Mapping[str, Mapping[str, Any]] = {
    "ID": {"type": "string"},
    "String": {"type": "string"},
    "Boolean": {"type": "boolean"},
    "Int": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "Float": {"type": "number"},
    "Decimal": {
        "type": "string",
        "description": "Digits with at most one point, such as 12.50.",
        "examples": ["12.50"],
    },
    "DateTime": {"type": "string", "format": "date-time"},
    "Date": {"type": "string", "format": "date"},
    "UUID": {"type": "string", "format": "uuid"},
    "JSON": {},
    "MinorUnits": {"type": "integer"},
}
"""JSON schemas of GraphQL's scalars."""
REFERENCE = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Selections:
    """The fields that answers show, and the schemas of all types that were asked for."""

    entities: frozenset[str]
    """Types with routes of their own. Other types show them only at the top of an answer."""
    without: Mapping[str, frozenset[str]]
    """Fields that answers leave out, by type."""
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Components of the OpenAPI document by name."""

    def shown(self, type: GraphQLObjectType, *, top: bool = False) -> dict[str, GraphQLType]:
        """Return the fields that a type shows, with their types.

        Args:
            type: the type.
            top: whether fields may be entities, as in a mutation's payload.
        """
        left_out = self.without.get(type.name, frozenset())
        fields: dict[str, GraphQLType] = {}
        for name, each in type.fields.items():
            named = get_named_type(each.type)
            if name in left_out or any(is_required_argument(argument) for argument in each.args.values()):
                continue
            if is_leaf_type(named) or (isinstance(named, GraphQLObjectType) and self._is_part(named, top=top)):
                fields[name] = each.type
        return fields

    def _is_part(self, type: GraphQLObjectType, *, top: bool) -> bool:
        return (top or type.name not in self.entities) and not type.name.endswith("Connection")

    def text(self, type: GraphQLType, *, top: bool = False) -> str:
        """Return the selection of a type, as GraphQL; empty for a value."""
        named = get_named_type(type)
        if not isinstance(named, GraphQLObjectType):
            return ""
        parts = [f"{name} {self.text(each)}".strip() for name, each in self.shown(named, top=top).items()]
        return "{ " + " ".join(parts) + " }"

    def answer_schema(self, type: GraphQLType) -> dict[str, Any]:
        """Return the JSON schema of a value in an answer."""
        if isinstance(type, GraphQLNonNull):
            return self._answer_schema(type.of_type)
        return _nullable(self._answer_schema(type))

    def _answer_schema(self, type: GraphQLType) -> dict[str, Any]:
        if isinstance(type, GraphQLList):
            return {"type": "array", "items": self.answer_schema(type.of_type)}
        if isinstance(type, GraphQLObjectType):
            if type.name not in self.schemas:
                self.schemas[type.name] = {}  # a placeholder: types of parts may repeat
                self.schemas[type.name] = self.object_schema(type)
            return {"$ref": REFERENCE + type.name}
        return self._leaf(type)

    def object_schema(self, type: GraphQLObjectType, *, top: bool = False) -> dict[str, Any]:
        """Return the JSON schema of an object in an answer."""
        shown = self.shown(type, top=top)
        properties = {
            name: _described(self.answer_schema(each), type.fields[name].description) for name, each in shown.items()
        }
        return _described({"type": "object", "properties": properties, "required": list(shown)}, type.description)

    def input_schema(self, type: GraphQLType) -> dict[str, Any]:
        """Return the JSON schema of a value in a body."""
        if isinstance(type, GraphQLNonNull):
            return self._input_schema(type.of_type)
        return _nullable(self._input_schema(type))

    def _input_schema(self, type: GraphQLType) -> dict[str, Any]:
        if isinstance(type, GraphQLList):
            return {"type": "array", "items": self.input_schema(type.of_type)}
        if isinstance(type, GraphQLInputObjectType):
            if type.name not in self.schemas:
                self.schemas[type.name] = _described(self.body_schema(type.fields), type.description)
            return {"$ref": REFERENCE + type.name}
        return self._leaf(type)

    def body_schema(self, fields: Mapping[str, GraphQLInputField]) -> dict[str, Any]:
        """Return the JSON schema of a body with these fields."""
        properties = {name: _described(self.input_schema(each.type), each.description) for name, each in fields.items()}
        required = [name for name, each in fields.items() if is_required(each)]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    def _leaf(self, type: GraphQLType) -> dict[str, Any]:
        if isinstance(type, GraphQLEnumType):
            self.schemas.setdefault(
                type.name, _described({"type": "string", "enum": list(type.values)}, type.description)
            )
            return {"$ref": REFERENCE + type.name}
        assert isinstance(type, GraphQLScalarType)
        return dict(SCALARS[type.name])


def is_required(field: GraphQLInputField) -> bool:
    """Whether a body must have a field."""
    return isinstance(field.type, GraphQLNonNull) and field.default_value is Undefined


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]} if schema else {}


def _described(schema: dict[str, Any], description: str | None) -> dict[str, Any]:
    return schema if not description else {**schema, "description": description}
