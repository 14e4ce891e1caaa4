"""Search for phrases of a list in a text: whole words, in the singular or plural, whatever the case."""

import re
from collections.abc import Iterable, Iterator, Sequence
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


class PhraseIndex:
    """Phrases of a long list, found in a text without comparing each of them."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases: dict[Key, list[tuple[int, str]]] = {}
        for place, phrase in enumerate(phrases):
            self._phrases.setdefault(words_of(phrase), []).append((place, phrase))
        self._longest = max(map(len, self._phrases), default=0)

    def find(self, text: str) -> Sequence[str]:
        """Return the phrases that a text contains as whole words, in the order of the list."""
        words = words_of(text)
        parts = {
            words[start:end]
            for start in range(len(words))
            for end in range(start + 1, min(start + self._longest, len(words)) + 1)
        }
        return [phrase for _, phrase in sorted(each for part in parts for each in self._phrases.get(part, ()))]


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
