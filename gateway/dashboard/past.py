"""Time travel: pages that show the store as it was."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from gateway.dashboard.problems import Problem
from gateway.dashboard.visit import TRAVEL, Visit

Page = TypeVar("Page", bound=Callable[..., Any])


def present_only(why: str) -> Callable[[Page], Page]:
    """Say why a store's page shows no past. A visitor who asks for it sees the reason.

    Args:
        why: a sentence for people.
    """

    def mark(page: Page) -> Page:
        page.present_only = why  # type: ignore[attr-defined]
        return page

    return mark


@dataclass(frozen=True, slots=True)
class Past:
    """The time that a page shows. It is false for the present."""

    as_of: dict[str, Any] | None = None
    """The variable ``$asOf`` of documents."""
    at: datetime | None = None
    """None for the present, and for a position in the log."""
    position: str | None = None

    def __bool__(self) -> bool:
        return self.as_of is not None

    async def run(self, visit: Visit, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Run a document with the variable ``$asOf``.

        Raises:
            LogInNeeded, Problem: see :meth:`Visit.run`. The message says so if the object did not exist at that time.
        """
        try:
            return await visit.run(name, {**variables, "asOf": self.as_of})
        except Problem as problem:
            if not self or problem.code != "NOT_FOUND":
                raise
            raise not_yet() from problem


def not_yet() -> Problem:
    """Return the problem of an object that did not exist at the time of a page."""
    return Problem("NOT_FOUND", "It did not exist yet at that time. Choose a later time.")


def past_of(visit: Visit) -> Past:
    """Return the time that a page's address asks for. Call it after ``visit.store``, whose time zone counts.

    Raises:
        Problem: the text is neither a time nor a position.
    """
    text = visit.request.query_params.get(TRAVEL, "").strip()
    if not text:
        return Past()
    if text.isascii() and text.isdigit():
        return Past({"position": text}, position=text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text[:40]!r} is no time. Use a day and a time such as 2026-11-24T10:02."
        raise Problem("INVALID_INPUT", message) from error
    # A time of a form has no zone: it is the store's.
    at = at.replace(tzinfo=ZoneInfo(visit.zone)) if at.tzinfo is None else at
    return Past({"time": at.isoformat()}, at=at)
