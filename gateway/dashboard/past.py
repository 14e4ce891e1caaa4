"""Time travel: pages that show the store as it was."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from gateway.dashboard.parts import or_else
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


@dataclass(slots=True)
class Past:
    """The time that a page shows. It is false for the present."""

    as_of: dict[str, Any] | None = None
    """The variable ``$asOf`` of documents."""
    at: datetime | None = None
    """None for the present. For a position in the log, the time of the newest event there, once a document was run."""
    position: str | None = None
    event: str = ""
    """What happened at the position: a title, with a name if it has one. Empty for a time."""

    def __bool__(self) -> bool:
        return self.as_of is not None

    async def run(self, visit: Visit, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Run a document with the variable ``$asOf``.

        Raises:
            LogInNeeded, Problem: see :meth:`Visit.run`. The message says so if the object did not exist at that time.
        """
        try:
            data = await visit.run(name, {**variables, "asOf": self.as_of})
        except Problem as problem:
            if not self or problem.code != "NOT_FOUND":
                raise
            raise not_yet() from problem
        if self.position is not None and self.at is None:
            await self._look_up(visit)
        return data

    async def _look_up(self, visit: Visit) -> None:
        """Read when the position was and what happened there. A page is shown without it, if it cannot be read."""
        store_id = str(visit.request.path_params["store_id"])
        store = (await visit.part("past/moment", {"id": store_id, "asOf": self.as_of}))["store"]
        unknown: tuple[datetime | None, str] = (None, "")
        self.at, self.event = or_else(lambda: _newest(store["events"]["nodes"]), unknown)


def _newest(events: Sequence[Mapping[str, Any]]) -> tuple[datetime | None, str]:
    """Return when the only event of a list was, and its title with its name. None and an empty text for no event."""
    for event in events:
        return datetime.fromisoformat(event["at"]), ": ".join(filter(None, (event["title"], event["subjectName"])))
    return None, ""


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
