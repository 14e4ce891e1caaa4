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
REQUEST = "Send the same request again"
SPOKEN = {
    "STALE": "What you changed is saved, but this page cannot show it yet.",
    "INTERNAL": "It is a fault of the platform, not yours.",
    "UNAVAILABLE": "The platform cannot reach its database at the moment. What was saved is safe.",
    "CONFLICT": "Others changed the same thing at the same moment, so yours was not saved. Send the form again.",
}
"""What a person reads by the code of an error that is written for programs."""


class LogInNeeded(Exception):
    """The visitor has no session, or it has ended. The browser goes to the log-in page and comes back."""


class Problem(Exception):
    """An error with a code that the shell shows as a page.

    Args:
        code: of the public API, such as NOT_FOUND.
        message: a sentence for people.
        retry_after: seconds after which a retry may help.
        number: of the error in the platform's log. Empty if the request's own number leads to it.
    """

    def __init__(self, code: str, message: str, *, retry_after: int | None = None, number: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.retry_after, self.number = code, message, retry_after, number

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 409)


def not_found(what: str) -> Problem:
    """Return the problem of an unknown object, such as “store”. Objects of other merchants are unknown too."""
    return Problem("NOT_FOUND", f"This {what} does not exist, or you have no access to it.")


def problem_of(error: Mapping[str, Any]) -> Problem:
    """Return an error of an answer as a problem."""
    more = error.get("extensions", {})
    code = more.get("code", "INTERNAL")
    return Problem(
        code, spoken(code, error["message"]), retry_after=more.get("retryAfter"), number=more.get("errorId", "")
    )


def spoken(code: str, message: str) -> str:
    """Return a message of the API for a person. The API tells programs to send a request again, and names its log."""
    return SPOKEN[code] if code in {"STALE", "INTERNAL"} or (code in SPOKEN and REQUEST in message) else message


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
            FieldError(
                code=each.get("code", ""),
                message=spoken(each.get("code", ""), each["message"]),
                field=_path(each.get("field")),
            )
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
