"""What stops a page: problems with a code, and the visitor without a session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

STATUS = {
    "NOT_FOUND": 404,
    "INVALID_INPUT": 422,
    "FORBIDDEN": 403,
    "FOREIGN_FORM": 403,
    "BODY_TOO_LARGE": 413,
    "METHOD_NOT_ALLOWED": 405,
    "TOO_MANY_ATTEMPTS": 429,
    "TOO_MANY_REQUESTS": 429,
    "STALE": 503,
    "UNAVAILABLE": 503,
    "INTERNAL": 500,
}
"""HTTP status by code. Other codes have status 409."""


class LogInNeeded(Exception):
    """The visitor has no session, or it has ended. The browser goes to the log-in page and comes back."""


class Problem(Exception):
    """An error with a code that the shell shows as a page.

    Args:
        code: of the public API, such as NOT_FOUND.
        message: a sentence for people.
        retry_after: seconds after which a retry may help.
    """

    def __init__(self, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.retry_after = code, message, retry_after

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 409)


def not_found(what: str) -> Problem:
    """Return the problem of an unknown object, such as “store”. Objects of other merchants are unknown too."""
    return Problem("NOT_FOUND", f"This {what} does not exist, or you have no access to it.")


@dataclass(frozen=True, slots=True)
class FieldError:
    """Why a mutation refused its input."""

    code: str
    message: str
    field: str | None


@dataclass(frozen=True, slots=True)
class Refusals:
    """The ``userErrors`` of a mutation. False if there are none.

    A template asks ``errors.of("title")`` for a field, and ``errors.others(...)`` for those of fields that the form lacks.
    """

    errors: Sequence[FieldError] = ()

    def __bool__(self) -> bool:
        return bool(self.errors)

    def __add__(self, other: "Refusals") -> "Refusals":
        return Refusals([*self.errors, *other.errors])

    def has(self, code: str) -> bool:
        """Whether one of them has a code."""
        return any(each.code == code for each in self.errors)

    def renamed(self, names: Mapping[str, str]) -> "Refusals":
        """Return them with the names that a page's fields have instead of the API's."""
        return Refusals([replace(each, field=names.get(each.field or "", each.field)) for each in self.errors])

    def of(self, name: str) -> list[str]:
        """Return the messages about a field, and about what is below it."""
        return [
            each.message
            for each in self.errors
            if each.field is not None and (each.field == name or each.field.startswith(f"{name}."))
        ]

    def others(self, *names: str) -> list[str]:
        """Return the messages about other fields than these, and about none."""
        shown = [each for each in self.errors if each.field is not None and each.field.partition(".")[0] in names]
        return [each.message for each in self.errors if each not in shown]


def refusals_of(payload: Mapping[str, Any]) -> Refusals:
    """Return the errors in a mutation's payload."""
    return Refusals(
        [
            FieldError(code=each.get("code", ""), message=each["message"], field=_path(each.get("field")))
            for each in payload.get("userErrors") or ()
        ]
    )


def refusal(field: str | None, message: str) -> Refusals:
    """Return an error that the dashboard finds itself, such as two passwords that differ."""
    return Refusals([FieldError(code="INVALID_INPUT", message=message, field=field)])


def _path(field: object) -> str | None:
    """Return a field's dotted path. The API may give it as a text or as a list of names."""
    if field is None or isinstance(field, str):
        return field
    return ".".join(map(str, field)) if isinstance(field, Sequence) else str(field)
