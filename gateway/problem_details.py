"""REST errors as problem details (RFC 9457), with the same codes as GraphQL's userErrors."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from gateway.api.client_errors import REFUSALS, describe
from gateway.api.error_codes import address_of, status_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as ``application/problem+json``."""

    status: int
    code: str
    detail: str
    field: str | None = None
    errors: Sequence[dict[str, str]] = ()
    """``field`` and ``detail`` of each invalid field, if there are several."""
    headers: Mapping[str, str] | None = None

    def response(self) -> Response:
        body: dict[str, Any] = {
            "type": address_of(self.code),
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.field is not None:
            body["field"] = self.field
        if self.errors:
            body["errors"] = list(self.errors)
        return Response(
            json.dumps(body, ensure_ascii=False),
            status_code=self.status,
            media_type="application/problem+json",
            headers=dict(self.headers or {}),
        )


def problem_of(error: Exception) -> Problem:
    """Return the client's view of an exception."""
    refusal = describe(error)
    if refusal is None:
        number = uuid4().hex[:12]
        logger.error("internal error %s", number, exc_info=error)
        return Problem(
            status=500,
            code="INTERNAL",
            detail=f"Internal error {number}. If it happens again, report this number.",
        )
    return problem_of_code(refusal.code, refusal.message, field=refusal.field, retry_after=refusal.retry_after)


def problem_of_code(code: str, detail: str, *, field: str | None = None, retry_after: int | None = None) -> Problem:
    """Return a problem with the status and headers that belong to its code.

    Args:
        code: the error's code.
        detail: the message for people.
        field: dotted path of the invalid field.
        retry_after: seconds until a retry may succeed.
    """
    headers = {}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    if code == "UNAUTHENTICATED":
        headers["www-authenticate"] = "Bearer"
    return Problem(status=status_of(code), code=code, detail=detail, field=field, headers=headers)


def install(app: FastAPI) -> None:
    """Register the error handlers of an application."""

    async def refusal_handler(_request: Request, error: Exception) -> Response:
        return problem_of(error).response()

    async def validation_handler(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem_of_validation(error).response()

    async def http_handler(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "BAD_REQUEST")
        detail = "Unknown address. Check the path." if error.status_code == 404 else str(error.detail)
        if isinstance(error.__cause__, RecursionError | ValueError):
            # In place of the framework's text for a body that it could not parse.
            detail = "The body is not readable JSON: it nests too deeply, or a number is too long."
        headers = {name.lower(): value for name, value in (error.headers or {}).items()}
        if error.status_code == 405:
            headers["allow"] = ", ".join(methods_at(request.scope, app.routes))
        return Problem(status=error.status_code, code=code, detail=detail, headers=headers).response()

    for kind in REFUSALS:
        app.add_exception_handler(kind, refusal_handler)
    app.add_exception_handler(RequestValidationError, validation_handler)
    app.add_exception_handler(HTTPException, http_handler)


METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


def methods_at(scope: Scope, routes: Sequence[BaseRoute]) -> list[str]:
    """Return every method of an address. The router lists only those of the first matching route."""
    probe = {"type": "http", "path": scope["path"], "root_path": scope.get("root_path", ""), "headers": []}
    known = {
        method
        for method in METHODS
        if any(route.matches({**probe, "method": method})[0] is Match.FULL for route in routes)
    }
    return sorted(known | {"HEAD"} if "GET" in known else known)


def problem_of_validation(error: RequestValidationError) -> Problem:
    """Return a problem for an invalid request: status 400 if the body is not JSON, else 422 with each invalid field."""
    errors = error.errors()
    for one in errors:
        not_json = _not_json(one)
        if not_json is not None:
            return Problem(status=400, code="BAD_REQUEST", detail=not_json)
    named = [
        {"field": ".".join(str(part) for part in one["loc"] if part != "body") or "body", "detail": one["msg"]}
        for one in errors
    ]
    first = named[0]
    return Problem(
        status=422,
        code="INVALID_INPUT",
        detail=f"{first['field']}: {first['detail']}",
        field=first["field"],
        errors=named,
    )


def _not_json(error: Mapping[str, Any]) -> str | None:
    match error:
        case {"type": "json_invalid", "loc": [*_, where]}:
            reason = error.get("ctx", {}).get("error", "it cannot be read")
            return f"The body is not JSON: {reason} (at character {where})."
        case {"type": "missing", "loc": ["body"] | ("body",)}:
            return "The body is missing. Send a JSON object."
        case {"loc": ["body"] | ("body",), "input": bytes()}:
            return "The body is not declared as JSON. Send “Content-Type: application/json”."
        case _:
            return None
