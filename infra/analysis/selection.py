"""Selection of events by kind, store and time."""

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

_AGO = re.compile(r"([0-9]+)([smhdw])")
_DIGITS = re.compile(r"[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{8}")
_POSITION = re.compile(r"@([0-9]{1,18})")
FIRST_YEAR, LAST_YEAR = 1970, 2999
"""Events were recorded between these years."""
_EXAMPLES = "Use a day (2026-11-23), an instant (2026-11-23T12:00:00Z), or an age (15m, 2h, 3d)."
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class BadSelection(ValueError):
    """An option is invalid; the message says what to use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The events to read. By default all."""

    types: frozenset[str] | None = None
    """Wire names, including old versions of an event. None for all."""
    tenant: UUID | None = None
    """A store, or a merchant for the merchant's own events."""
    since: datetime | None = None
    """Recorded at this instant or later."""
    until: datetime | None = None
    """Recorded before this instant."""

    from_position: int = 0
    """At this position of the log or later."""

    @property
    def partitions(self) -> list[int]:
        """Partitions to read. The events of one store are in one partition."""
        return list(range(LOG.partitions)) if self.tenant is None else [partition_of(self.tenant)]

    def narrowed(self, types: frozenset[str]) -> "Selection":
        """Return this selection without events of other types."""
        return replace(self, types=types if self.types is None else types & self.types)


def wire_names(names: Iterable[str]) -> frozenset[str] | None:
    """Return the wire names of typed names of events; None if there are no names.

    Accepts ``order.order_paid.v1``, ``order.order_paid``, ``order_paid``, ``OrderPaid`` and patterns such as ``order.*``.

    Raises:
        BadSelection: no event has the name; the message suggests similar ones.
    """
    names = list(names)
    if not names:
        return None
    found: set[str] = set()
    for text in names:
        matching = {name for name, aliases in _ALIASES.items() if any(fnmatch.fnmatchcase(a, text) for a in aliases)}
        if not matching:
            near = difflib.get_close_matches(text, [alias for names in _ALIASES.values() for alias in names], n=3)
            hint = f" Did you mean {' or '.join(near)}?" if near else " /events at the gateway lists all."
            raise BadSelection(f"Unknown event {text!r}.{hint}")
        found |= matching
    return frozenset(found)


def instant(text: str, *, now: datetime) -> datetime:
    """Parse an instant: ISO 8601 (UTC without a zone), a day, or an age: ``15m``, ``2h``, ``3d``.

    Raises:
        BadSelection: the text is in another form, or outside the years 1970 to 2999.
    """
    ago = _AGO.fullmatch(text)
    try:
        at = datetime.fromisoformat(text) if ago is None else now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    except OverflowError as error:
        raise BadSelection(f"Invalid time {text!r}: the age is beyond the calendar. {_EXAMPLES}") from error
    except ValueError as error:
        raise BadSelection(f"Invalid time {text!r}. {_EXAMPLES}") from error
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise BadSelection(f"Invalid time {text!r}: the year must be {FIRST_YEAR} to {LAST_YEAR}. {_EXAMPLES}")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def place(text: str, *, now: datetime) -> int | datetime:
    """Parse a place of the log: ``start`` (0), a position, or an instant as in :func:`instant`.

    Digits are a position, except eight digits that form a day. ``@20261128`` is always a position.

    Raises:
        BadSelection: the text is in another form.
    """
    if text == "start":
        return 0
    position = _POSITION.fullmatch(text)
    if position is not None:
        return int(position[1])
    if _DIGITS.fullmatch(text) and not _is_day(text):
        return int(text)
    try:
        return instant(text, now=now)
    except BadSelection as error:
        raise BadSelection(f"{error} “start” and positions (1042, @1042) work too.") from error


def spelled(at: datetime) -> str:
    """Return an instant for display: in UTC, preceded by the typed zone if that is another one."""
    in_utc = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return in_utc if at.utcoffset() == timedelta(0) else f"{at.isoformat(sep=' ')} ({in_utc})"


def _is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        return FIRST_YEAR <= datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).year <= LAST_YEAR
    except ValueError:
        return False


def table_name(wire_name: str) -> str:
    """Return the SQL table of an event: ``order_paid``."""
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
