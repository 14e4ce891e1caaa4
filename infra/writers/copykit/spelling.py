"""One spelling of English in a store: the American one."""

import re
import tomllib
from functools import cache
from importlib import resources

_NEVER = re.compile(r"(?i)greyhound")


def american(text: str) -> str:
    """Return the text with British spellings replaced; capitals and endings stay: ``Coloured`` becomes ``Colored``."""
    return _pattern().sub(_replaced, text)


def british_in(text: str) -> list[str]:
    """Return the words of a text that are in British spelling."""
    return [found.group() for found in _pattern().finditer(text) if not _NEVER.match(found.group())]


def _replaced(found: re.Match[str]) -> str:
    word = found.group()
    if _NEVER.match(word):
        return word
    stem, ending = found[1], found[2]
    new = _stems()[stem.casefold()]
    # "centre" has lost the e that its endings need: "centred" is "centered".
    ending = "e" + ending if stem.casefold().endswith("re") and new.endswith("er") and ending == "d" else ending
    if word.isupper() and len(word) > 1:
        return (new + ending).upper()
    return (new.capitalize() if stem[0].isupper() else new) + ending


@cache
def _stems() -> dict[str, str]:
    data = tomllib.loads(resources.files(__package__).joinpath("spelling.toml").read_text(encoding="utf-8"))
    return dict(data["stems"])


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(_stems(), key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(longest_first)})(\w*)", re.IGNORECASE)
