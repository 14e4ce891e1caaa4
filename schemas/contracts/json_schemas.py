"""JSON Schemas (draft 2020-12) of events: the readers' contract, with the meaning of every field.

They are open: a reader ignores fields it does not know, because an optional field may be added to an event without a new
version of it. What may change at all is in :mod:`schemas.contracts.compatibility`.
"""

from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from domain.kernel import DomainEvent
from schemas.contracts.meanings import field_meanings, meaning_of, member_meanings

JsonSchema = dict[str, Any]


class _WithMeanings(GenerateJsonSchema):
    """Adds what fields and values mean; leaves out titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - overrides
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        described = super().model_schema(schema)
        described.pop("additionalProperties", None)
        for name, text in field_meanings(schema["cls"]).items():
            described["properties"][name] = {**described["properties"][name], "description": text}
        return described

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        described = super().enum_schema(schema)
        meanings = member_meanings(schema["cls"])
        return {**described, "x-enumDescriptions": meanings} if meanings else described


def json_schema(event: type[DomainEvent]) -> JsonSchema:
    """Return the schema of one event's body, complete in itself."""
    body = event.model_json_schema(schema_generator=_WithMeanings)
    shared = body.pop("$defs", None)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:zyenta:event:{event.wire_name}",
        "title": body.pop("title"),
        "description": body.pop("description", meaning_of(event)),
        "type": body.pop("type"),
    }
    return {**head, **body, **({"$defs": shared} if shared else {})}


def shared_schemas(events: Iterable[type[DomainEvent]], *, ref_template: str) -> dict[str, JsonSchema]:
    """Return the schemas of several events and of what they are made of, by class name, each once."""
    _, document = models_json_schema(
        [(event, "validation") for event in events], ref_template=ref_template, schema_generator=_WithMeanings
    )
    schemas: dict[str, JsonSchema] = document["$defs"]
    return schemas
