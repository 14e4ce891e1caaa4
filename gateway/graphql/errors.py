"""GraphQL errors: codes for errors that clients can act on, a number for internal ones."""

import logging
import re
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import StreamExecutionResult

from gateway.api.client_errors import describe
from gateway.api.error_codes import error_codes
from projections.reading.consistency import Stale

logger = logging.getLogger(__name__)

UNRUNNABLE = (GraphQLError, MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)
"""The library's errors about an operation that it could not run."""

MESSAGE_MAX = 2_000
"""Most characters of an error that a library wrote."""
SUGGESTION = re.compile(r" Did you mean (?:[a-z ]+ )?'\w+'(?:(?:,? or |, )'\w+')*\?| Use one of: \w+(?:, \w+)*\.")


if TYPE_CHECKING:
    ErrorCode = str
else:
    ErrorCode = strawberry.enum(
        Enum(
            "ErrorCode",
            {code: strawberry.enum_value(code, description=of.meaning) for code, of in error_codes().items()},
        ),
        description="Why something was refused. The page /errors says of each whether a retry helps. A release may add "
        "codes.",
    )


@strawberry.type(description="Why a mutation was refused. It changed nothing.")
class UserError:
    code: ErrorCode = strawberry.field(description="For programs. REST has the same codes.")
    message: str = strawberry.field(description="A message for people: what is wrong, the value, and what to do.")
    field: str | None = strawberry.field(
        default=None, description="Dotted path of the invalid input field, if the error is about a field."
    )


def user_error(error: Exception) -> UserError:
    """Return an error for a mutation's payload.

    Raises:
        Exception: ``error`` itself, if it is internal.
    """
    refusal = describe(error)
    if refusal is None:
        raise error
    return UserError(code=ErrorCode(refusal.code), message=refusal.message, field=refusal.field)


def masked(error: GraphQLError, *, suggests: bool = True) -> GraphQLError:
    """Return the client's view of an error: with a code, and without internal details.

    Args:
        error: the error.
        suggests: whether its message may name parts of the schema that the client did not name.
    """
    original = error.original_error
    if not suggests:
        error = without_suggestions(error)
    if len(error.message) > MESSAGE_MAX:
        # A library's message repeats the client's value, whatever its length.
        error = _copy(error, f"{error.message[:MESSAGE_MAX]}…", error.extensions or {}, original)
    if original is None or isinstance(original, UNRUNNABLE) or _is_about_the_document(error):
        if not error.extensions or "code" not in error.extensions:
            syntax = isinstance(error, GraphQLSyntaxError)
            error.extensions = {**(error.extensions or {}), "code": "SYNTAX" if syntax else "INVALID_QUERY"}
        return error
    refusal = describe(original)
    if refusal is not None:
        optional = {"field": refusal.field, "retryAfter": refusal.retry_after}
        extensions = {"code": refusal.code} | {name: value for name, value in optional.items() if value is not None}
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


def without_suggestions(error: GraphQLError) -> GraphQLError:
    """Return an error without the names that the library proposes in place of an unknown one."""
    message = SUGGESTION.sub("", error.message)
    return error if message == error.message else _copy(error, message, error.extensions or {})


def _is_about_the_document(error: GraphQLError) -> bool:
    """Whether an error was found before execution. An invalid literal has an original error too."""
    return error.path is None and bool(error.nodes)


def _copy(
    error: GraphQLError, message: str, extensions: dict[str, Any], original: Exception | None = None
) -> GraphQLError:
    return GraphQLError(
        message,
        original_error=original,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


class MaskErrors(SchemaExtension):
    """Replaces every error of a result by the client's view of it; in streamed results, message by message."""

    streamed = False

    @property
    def _suggests(self) -> bool:
        context = self.execution_context.context
        deps = getattr(context, "deps", None)
        return deps is None or bool(deps.introspection) or getattr(context, "is_documented", False)

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
            suggests = self._suggests
            result.errors = [masked(error, suggests=suggests) for error in errors]  # type: ignore[attr-defined]
