"""Summary of an event's body in one terminal line."""

from collections.abc import Mapping
from typing import Any

from domain.money import Money

TEXT_MAX = 60
_IN_ENVELOPE = frozenset({"originator_id", "originator_version", "occurred_at"})


def summary(body: Mapping[str, Any]) -> str:
    """Return an event's own fields without ids and sealed values; long texts are cut."""
    fields = (
        (name, _shown(value)) for name, value in body.items() if name not in _IN_ENVELOPE and not name.endswith("_id")
    )
    return "  ".join(f"{name}={text}" for name, text in fields if text)


def _shown(value: Any) -> str:
    match value:
        case {"minor": int(minor), "currency": str(currency)}:
            return str(Money(minor=minor, currency=currency))
        case str():
            line = " ".join(value.split())
            return line if len(line) <= TEXT_MAX else f"{line[: TEXT_MAX - 1]}…"
        case bool() | int() | float():
            return str(value)
        case [] | None:
            return ""
        case list():
            return f"[{len(value)}]"
        case _:
            return ""
