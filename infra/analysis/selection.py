"""Which events an analyst wants: by kind, store and time."""

import difflib
import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from schemas.registry import EVENTS
from schemas.topics import EVENTS as LOG
from schemas.topics import partition_of
from schemas.upcasters import UPCASTERS

_AGO = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class BadSelection(ValueError):
    """What was asked for makes no sense; the message says what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is wanted; everything where nothing is said."""

    types: frozenset[str] | None = None
    """Wire names, old versions of a wanted event among them."""
    tenant: UUID | None = None
    """A store, or a merchant for what happens to a merchant."""
    since: datetime | None = None
    """Recorded at this instant or later."""
    until: datetime | None = None
    """Recorded before this instant."""

    from_position: int = 0
    """At this place of the log or later."""

    @property
    def partitions(self) -> list[int]:
        """Where such events can be: one store is in one partition."""
        return list(range(LOG.partitions)) if self.tenant is None else [partition_of(self.tenant)]

    def narrowed(self, types: frozenset[str]) -> "Selection":
        """Return this selection without events of other types."""
        return replace(self, types=types if self.types is None else types & self.types)


def wire_names(asked: Iterable[str]) -> frozenset[str] | None:
    """Return the wire names meant by what people type; None if they typed nothing.

    ``order.order_paid.v1``, ``order.order_paid``, ``order_paid``, ``OrderPaid`` and ``order.*`` are all understood.

    Raises:
        BadSelection: there is no such event; the nearest ones are named.
    """
    asked = list(asked)
    if not asked:
        return None
    found: set[str] = set()
    for text in asked:
        matching = {name for name, aliases in _ALIASES.items() if any(fnmatch.fnmatchcase(a, text) for a in aliases)}
        if not matching:
            near = difflib.get_close_matches(text, [alias for names in _ALIASES.values() for alias in names], n=3)
            hint = f" Did you mean {' or '.join(near)}?" if near else " /events at the gateway lists them all."
            raise BadSelection(f"There is no event {text!r}.{hint}")
        found |= matching
    return frozenset(found)


def instant(text: str, *, now: datetime) -> datetime:
    """Read an instant: ISO 8601 (UTC where no zone is given), a day, or how long ago: ``15m``, ``2h``, ``3d``.

    Raises:
        BadSelection: it is none of these.
    """
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadSelection(
            f"{text!r} is no time. Give a day (2026-11-23), an instant (2026-11-23T12:00:00Z), or how long ago (15m, 2h, 3d)."
        ) from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def table_name(wire_name: str) -> str:
    """Return the name an event has in SQL: ``order_paid``."""
    return wire_name.split(".")[1]


def _aliases() -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for name, event in EVENTS.items():
        found[name] = frozenset({name, name.rpartition(".")[0], table_name(name), event.__name__})
    for old in UPCASTERS:
        found[old] = found[_end_of_chain(old)] | {old}
    return found


def _end_of_chain(name: str) -> str:
    while name in UPCASTERS:
        name = UPCASTERS[name].to
    return name


_ALIASES = _aliases()
