"""JSON Schemas (draft 2020-12) of events: the contract with readers, with the meaning of every field.

The schemas allow unknown fields, because an event may get an optional field without a new version.
:mod:`schemas.contracts.compatibility` has the rules.
"""

from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from domain.kernel import DomainEvent
from schemas.contracts.meanings import field_meanings, meaning_of, member_meanings

JsonSchema = dict[str, Any]


class _WithMeanings(GenerateJsonSchema):
    """Adds the meaning of fields and values; leaves out titles, which only repeat field names."""

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
    """Return the schema of one event's body, without references to other documents."""
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
    """Return the schemas of events and of the models in them, by class name."""
    _, document = models_json_schema(
        [(event, "validation") for event in events], ref_template=ref_template, schema_generator=_WithMeanings
    )
    schemas: dict[str, JsonSchema] = document["$defs"]
    return schemas
