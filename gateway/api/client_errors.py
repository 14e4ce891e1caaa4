"""Errors for clients: the same codes and messages in GraphQL and REST."""

import logging
import math
from dataclasses import dataclass

import asyncpg

from commands.ports import ConcurrencyConflict, StreamBusy
from domain.kernel import DomainError, Transient
from gateway.auth.errors import TooManyAttempts, Unauthenticated
from projections.reading.availability import RETRY_SECONDS, is_database_away
from projections.reading.consistency import Stale

logger = logging.getLogger(__name__)

REFUSALS: tuple[type[Exception], ...] = (
    DomainError,
    ConcurrencyConflict,
    Transient,
    Unauthenticated,
    Stale,
    asyncpg.DataError,
    UnicodeEncodeError,
)
"""Errors that :func:`describe` has an answer for. All others are internal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The client's view of an error."""

    code: str
    """Stable, for programs to compare."""
    message: str
    field: str | None = None
    retry_after: int | None = None
    """Seconds."""


def describe(error: Exception) -> Refusal | None:
    """Return the client's view of an error. None if it is internal; then clients see only an error number."""
    match error:
        case TooManyAttempts():
            return Refusal(code=error.code, message=str(error), retry_after=error.retry_after)
        case DomainError():
            field = None if error.field is None else camel(error.field)
            return Refusal(code=error.code, message=str(error), field=field)
        case StreamBusy():
            message = "Too many requests wait for the same object. Send the same request again after the given time."
            return Refusal(code="CONFLICT", message=message, retry_after=math.ceil(error.retry_after))
        case ConcurrencyConflict():
            message = "Other requests changed the same object at the same time. Send the same request again."
            return Refusal(code="CONFLICT", message=message, retry_after=1)
        case Unauthenticated():
            return Refusal(code=error.code, message=str(error))
        case Stale():
            return Refusal(code="STALE", message=str(error), retry_after=1)
        case Transient():
            message = f"{error.who} is not available at the moment. Try again in a few seconds."
            return Refusal(code="UNAVAILABLE", message=message, retry_after=5)
        case (
            asyncpg.CharacterNotInRepertoireError()
            | asyncpg.DataError(__cause__=UnicodeEncodeError())
            | UnicodeEncodeError()
        ):
            message = "Invalid input: it has characters that cannot be stored (NUL or a lone surrogate). Remove them."
            return Refusal(code="INVALID_INPUT", message=message)
        case _ if is_database_away(error):
            logger.warning("the database is not available (%s)", type(error).__name__)
            message = "The database is not available at the moment. Send the same request again."
            return Refusal(code="UNAVAILABLE", message=message, retry_after=RETRY_SECONDS)
        case _:
            return None


def camel(path: str) -> str:
    """Convert a dotted path of Python names to the API's camelCase."""
    head, *rest = path.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)
