"""The OpenAPI document: the routes, the components of GraphQL's types, and the problems that any route may answer with."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457). The field type is the address of its entry in the error catalog.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs to compare."},
        "detail": {"type": "string", "description": "For people: what is wrong, the value, and what to do."},
        "field": {"type": "string", "description": "Dotted path of the invalid field."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["field", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "code", "detail"],
}
STATUSES: Mapping[str, str] = {
    "400": "The request cannot be read.",
    "401": "The log-in is missing, wrong or over.",
    "403": "Your role or key does not allow it.",
    "404": "There is nothing with this id, or it is another merchant's.",
    "405": "The address does not take this method.",
    "409": "Refused: the request is valid, but not in this state.",
    "413": "The body is too large.",
    "422": "A value is invalid. The problem names the field.",
    "429": "Too many attempts. Try again after retry-after seconds.",
    "503": "Not available at the moment. Try again after retry-after seconds.",
}
"""What a problem's status means. Any route may answer with any of them."""


def install(app: FastAPI, components: Mapping[str, Mapping[str, Any]]) -> None:
    """Make an application serve the whole document.

    Args:
        app: the application.
        components: schemas that routes refer to, by name.
    """

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(
                get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes), components
            )
        return app.openapi_schema

    # The way that FastAPI documents.
    app.openapi = document  # type: ignore[method-assign]


def _completed(document: dict[str, Any], components: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    known = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        known.pop(name, None)  # the framework's own form of an error, which the gateway never sends
    known.update({name: dict(schema) for name, schema in components.items()})
    known["Problem"] = PROBLEM
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "The accessToken of a log-in."}
    }
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in document["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            for status, meaning in STATUSES.items():
                if status not in responses or status == "422":
                    responses[status] = {"description": meaning, "content": content}
    return document
