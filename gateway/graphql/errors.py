"""What goes wrong in GraphQL: typed codes for what clients can act on, a number for the rest."""

import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import StreamExecutionResult

from gateway.api.client_errors import describe
from projections.reading.consistency import Stale

logger = logging.getLogger(__name__)

UNRUNNABLE = (GraphQLError, MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)
"""Why an operation could not be run at all, as the library tells it."""


@strawberry.type(description="Why a mutation was refused. It changed nothing.")
class UserError:
    code: str = strawberry.field(description="A stable code for programs, such as NOT_FOUND or INVALID_INPUT.")
    message: str = strawberry.field(description="A message for people: what is wrong, the value, and what to do.")
    field: str | None = strawberry.field(
        default=None, description="Dotted path of the invalid input field, if the error is about a field."
    )


def user_error(error: Exception) -> UserError:
    """Return an error as a mutation's payload carries it.

    Raises:
        Exception: ``error`` itself, when clients have no business with it.
    """
    refusal = describe(error)
    if refusal is None:
        raise error
    return UserError(code=refusal.code, message=refusal.message, field=refusal.field)


def masked(error: GraphQLError) -> GraphQLError:
    """Return an error as a client may see it: with a code, and nothing internal."""
    original = error.original_error
    if original is None or isinstance(original, UNRUNNABLE) or _is_about_the_document(error):
        if not error.extensions or "code" not in error.extensions:
            syntax = isinstance(error, GraphQLSyntaxError)
            error.extensions = {**(error.extensions or {}), "code": "SYNTAX" if syntax else "INVALID_QUERY"}
        return error
    refusal = describe(original)
    if refusal is not None:
        told = {"field": refusal.field, "retryAfter": refusal.retry_after}
        extensions = {"code": refusal.code} | {name: value for name, value in told.items() if value is not None}
        if isinstance(original, Stale):
            extensions["consistencyToken"] = str(original.token)
        return _copy(error, refusal.message, extensions)
    number = uuid4().hex[:12]
    logger.error("internal error %s at %s", number, ".".join(map(str, error.path or ())), exc_info=original)
    return _copy(
        error,
        f"Internal error {number}. If it happens again, report this number.",
        {"code": "INTERNAL", "errorId": number},
    )


def _is_about_the_document(error: GraphQLError) -> bool:
    """Return whether an error was found before anything ran; a literal that its type cannot read has a cause as well."""
    return error.path is None and bool(error.nodes)


def _copy(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


class MaskErrors(SchemaExtension):
    """Replaces every error of a result by what a client may see; streamed results frame by frame."""

    streamed = False

    def on_operation(self) -> Iterator[None]:
        yield
        if not self.streamed:
            self._show(self.execution_context.result)

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        self.streamed = True
        self._show(result)
        yield

    def _show(self, result: object) -> None:
        errors = getattr(result, "errors", None)
        if errors:
            result.errors = [masked(error) for error in errors]  # type: ignore[attr-defined]
