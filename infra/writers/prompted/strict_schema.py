"""JSON schemas in the strict form that the APIs of language models ask for."""

from typing import Any

from pydantic import BaseModel


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's JSON schema in strict form: every field required, no other allowed."""
    schema = _strict(model.model_json_schema())
    assert isinstance(schema, dict)
    return schema


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        # Strict mode allows nothing beside a reference, and a reference carries its own description.
        return {"$ref": node["$ref"]}
    tidy = {
        key: _strict(value) for key, value in node.items() if key not in {"default", "title"} or _names_fields(value)
    }
    if isinstance(tidy.get("properties"), dict):
        tidy["additionalProperties"] = False
        tidy["required"] = list(tidy["properties"])
    return tidy


def _names_fields(value: Any) -> bool:
    # A field may itself be called "title" or "default"; then its value is a schema, not an annotation.
    return isinstance(value, dict)
