"""The name that a person most likely meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(text: str, names: Iterable[str]) -> str | None:
    """Return the name that a text is nearest to, such as “Europe/Berlin” for “berlin”. None if none is near."""
    by_words: dict[str, str] = {}
    for name in sorted(names):
        by_words[_plain(name)] = name
        by_words.setdefault(_plain(name.rpartition("/")[2]), name)
    near = get_close_matches(_plain(text), by_words, n=1)
    return by_words[near[0]] if near else None


def _plain(text: str) -> str:
    return text.strip().replace("_", " ").casefold()
