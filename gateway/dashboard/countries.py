"""Countries as people write them: the API's codes are shown as names, and forms take both."""

import re
from collections.abc import Iterable
from functools import cache

from babel import Locale

LOCALE = "en_US"
NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
"""Two-letter codes that Unicode gives to regions without an ISO 3166-1 entry."""


@cache
def names() -> dict[str, str]:
    """Return the English name of every country by its ISO 3166-1 code, sorted by name."""
    found = ((code, str(name)) for code, name in Locale.parse(LOCALE).territories.items())
    known = [pair for pair in found if re.fullmatch("[A-Z]{2}", pair[0]) and pair[0] not in NO_COUNTRIES]
    return dict(sorted(known, key=lambda pair: pair[1]))


def country(code: str | None) -> str | None:
    """Return the name of a country by its code. Unknown codes stay as they are."""
    return None if code is None else names().get(code, code)


def countries(codes: Iterable[str]) -> str:
    """Return countries as a form lists them, with commas between. A name that has a comma itself is left as its code."""
    shown = ((code, names().get(code, code)) for code in codes)
    return ", ".join(code if "," in name else name for code, name in shown)


def code_of(text: str) -> str:
    """Return the code of a country that is written as a name or a code. Unknown texts stay, in capitals."""
    return _codes().get(_plain(text), text.strip().upper())


def codes_of(text: str) -> list[str]:
    """Return the codes of a list: names or codes with commas, semicolons or lines between them, or codes with spaces."""
    found: list[str] = []
    for part in re.split(r"[,;\n]", text):
        found.extend([code_of(part)] if _plain(part) in _codes() else part.upper().split())
    return list(dict.fromkeys(found))


@cache
def _codes() -> dict[str, str]:
    return {_plain(name): code for code, name in names().items()}


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())
