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

_AGO = re.compile(r"([0-9]+)([smhdw])")
_DIGITS = re.compile(r"[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{8}")
_POSITION = re.compile(r"@([0-9]{1,18})")
FIRST_YEAR, LAST_YEAR = 1970, 2999
"""Between these years an event can have been recorded."""
_EXAMPLES = "Give a day (2026-11-23), an instant (2026-11-23T12:00:00Z), or how long ago (15m, 2h, 3d)."
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
        BadSelection: it is none of these, or outside the years 1970 to 2999.
    """
    ago = _AGO.fullmatch(text)
    try:
        at = datetime.fromisoformat(text) if ago is None else now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    except OverflowError as error:
        raise BadSelection(f"{text!r} is longer ago than the calendar reaches. {_EXAMPLES}") from error
    except ValueError as error:
        raise BadSelection(f"{text!r} is no time. {_EXAMPLES}") from error
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise BadSelection(f"{text!r} is in the year {at.year}; a log has {FIRST_YEAR} to {LAST_YEAR}. {_EXAMPLES}")
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def place(text: str, *, now: datetime) -> int | datetime:
    """Read a place of the log: ``start`` (0), a position, or an instant as :func:`instant` reads it.

    Digits are a position, but eight that make a day are that day, as in every other option; ``@20261128`` is always a
    position.

    Raises:
        BadSelection: it is none of these.
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
        raise BadSelection(f"{error} A place can also be start, or a position (1042, @1042).") from error


def spelled(at: datetime) -> str:
    """Return an instant with its zone, as it is said back to who typed it: in UTC, and as typed in another zone."""
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
