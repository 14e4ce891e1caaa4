"""Search for phrases of a list in a text: whole words, in the singular or plural, whatever the case."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from domain.plurals import singular
from domain.text import fold

Key = tuple[str, ...]


@lru_cache(maxsize=4096)
def words_of(text: str) -> Key:
    """Return the words of a text as they are compared: folded, without hyphens and apostrophes, in the singular."""
    plain = re.sub(r"['’](?=\w)", "", fold(text))
    return tuple(singular(word) for word in re.findall(r"\w+(?:&\w+)?|&", plain))


def find_phrases(text: str, phrases: Iterable[str]) -> Iterator[str]:
    """Yield the phrases that a text contains as whole words."""
    words = words_of(text)
    for phrase in phrases:
        if _contains(words, words_of(phrase)):
            yield phrase


def without_phrases(text: str, phrases: Iterable[str]) -> str:
    """Return a text's words with each of the phrases, the longest first, replaced by a sign that no list has."""
    words = list(words_of(text))
    for phrase in sorted(phrases, key=lambda each: -len(words_of(each))):
        wanted = words_of(phrase)
        for at in range(len(words) - len(wanted), -1, -1):
            if tuple(words[at : at + len(wanted)]) == wanted:
                words[at : at + len(wanted)] = ["_"]
    return " ".join(words)


def _contains(words: Key, wanted: Key) -> bool:
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))
