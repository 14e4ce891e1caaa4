"""One plausible body for each event: made from its JSON Schema, always the same, with every field filled.

A sample is committed under ``schemas/samples`` once. It stands for the bodies that were written while its version was
current, and never changes. The words may change.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from domain.kernel import DomainEvent
from schemas.contracts.json_schemas import JsonSchema, json_schema
from schemas.contracts.sample_words import WORDS

NAMESPACE = UUID("5a1e7e2a-0000-4000-8000-000000000000")
INSTANTS = {"deadline": "2026-11-23T12:10:00Z"}
NOW = "2026-11-23T12:00:00Z"

_SCORE = 0.7


class NoSample(Exception):
    """A field has no example for its name and shape."""

    def __init__(self, owner: str, field: str, schema: JsonSchema) -> None:
        super().__init__(
            f"no sample for {owner}.{field} ({schema}): add an example to schemas/contracts/sample_words.py"
        )


def sample_of(event: type[DomainEvent]) -> dict[str, Any]:
    """Return a sample body of an event.

    Raises:
        NoSample: a field has no example.
    """
    schema = json_schema(event)
    stream = event.wire_name.partition(".")[0]
    body = _object(schema, schema.get("$defs", {}))
    return {**body, "originator_id": _id(f"{stream}_id")}


def _object(schema: JsonSchema, shared: Mapping[str, JsonSchema]) -> dict[str, Any]:
    return {name: _value(field, shared, schema["title"], name) for name, field in schema.get("properties", {}).items()}


def _value(schema: JsonSchema, shared: Mapping[str, JsonSchema], owner: str, field: str) -> Any:
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], shared, owner, field)
    target = shared[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for name in (f"{owner}.{field}", field):
        if name in WORDS and _fits(WORDS[name], target):
            return WORDS[name]
    if "properties" in target:
        return _object(target, shared)
    if target.get("type") == "array" and "items" in target:
        return [_value(target["items"], shared, owner, field.removesuffix("s"))]
    return _plain(target, owner, field)


def _plain(schema: JsonSchema, owner: str, field: str) -> Any:
    match schema:
        case {"enum": [first, *_]}:
            return first
        case {"format": "uuid"}:
            return _id(field)
        case {"format": "date-time"}:
            return INSTANTS.get(field, NOW)
        case {"type": "number"}:
            return _SCORE
        case {"type": "boolean"}:
            return True
        case _:
            raise NoSample(owner, field, schema)


def _fits(value: Any, schema: JsonSchema) -> bool:
    kind = {str: "string", int: "integer", float: "number", list: "array", dict: "object"}[type(value)]
    # Without a type, any JSON fits.
    if schema.get("type", kind) != kind or ("enum" in schema and value not in schema["enum"]):
        return False
    return "properties" not in schema or set(value) == set(schema["properties"])


def _id(field: str) -> str:
    """Return an id that depends on the field's name alone, so that samples refer to one another."""
    return str(uuid5(NAMESPACE, {"person_id": "shopper_id"}.get(field, field)))
