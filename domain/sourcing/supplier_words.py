"""Supplier text as comparable words, and titles as clauses. Pure; supplier text is data, never instructions."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from domain.plurals import singular
from domain.text import fold

LONGEST = 2_000
"""Characters of a text that are read; suppliers send texts of any length."""

_CLAUSE = re.compile(r"[,;:|/()\[\]{}•–—]+|\s-\s")
_PRAISE = re.compile(r"(?<=\S)\s+(?:(?:best|great|perfect|ideal)\s+)?gift(?:\s+(?:idea|box)s?)?\s*$", re.IGNORECASE)
"""What suppliers add to a title: it makes nothing a gift box or gift wrap."""
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a title. ``Soft Bed for Dogs`` names a bed, and is for dogs."""

    names: tuple[str, ...]
    """The words that say what it is."""
    purpose: tuple[str, ...]
    """The words after ``for``, ``with`` and the like."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of words by name, and the groups of each word."""

    words: Mapping[str, frozenset[str]]

    def of(self, word: str) -> frozenset[str]:
        """Return the names of the groups that contain a word."""
        return frozenset(name for name, members in self.words.items() if word in members)


@cache
def lexicon() -> Mapping[str, Any]:
    """Return the words that the measure of fit knows."""
    return tomllib.loads(Path(__file__).with_name("fit_words.toml").read_text("utf-8"))


@cache
def word_set(name: str, table: str | None = None) -> frozenset[str]:
    """Return one list of words of the lexicon."""
    source = lexicon() if table is None else lexicon()[table]
    return frozenset(source[name].split())


@cache
def pairs_of(name: str) -> frozenset[tuple[str, ...]]:
    """Return a list of word pairs of the lexicon."""
    return frozenset(tuple(pair.split()) for pair in lexicon()[name])


@cache
def groups(table: str) -> Groups:
    """Return a table of the lexicon whose values are lists of words."""
    return Groups({name: frozenset(text.split()) for name, text in lexicon()[table].items()})


@cache
def contrary(table: str, key: str) -> frozenset[frozenset[str]]:
    """Return the pairs of a table that exclude each other."""
    return frozenset(frozenset(pair.split()) for pair in lexicon()[table][key])


@cache
def synonyms() -> Mapping[str, frozenset[str]]:
    """Return the other words for each word."""
    found: dict[str, frozenset[str]] = {}
    for line in lexicon()["synonyms"]["groups"]:
        group = frozenset(line.split())
        for word in group:
            found[word] = found.get(word, frozenset()) | (group - {word})
    return found


@lru_cache(maxsize=16_384)
def tokens(text: str) -> tuple[str, ...]:
    """Return a text's words in order: lower case, no accents, singular, without sales words and numbers."""
    noise = word_set("noise")
    plain = fold(text[:LONGEST]).encode("ascii", "ignore").decode().replace("'s", "")
    singulars = (singular(word) for word in _WORD.findall(plain))
    return tuple(word for word in singulars if word not in noise and not _is_measure(word))


@lru_cache(maxsize=4_096)
def clauses(title: str) -> tuple[Clause, ...]:
    """Return the clauses of a title."""
    found = []
    for part in _CLAUSE.split(_PRAISE.sub("", title[:LONGEST])):
        words = tokens(part)
        end = next((n for n, word in enumerate(words) if word in word_set("breaks")), len(words))
        purpose = tuple(word for word in words[end:] if word not in word_set("breaks"))
        if words:
            found.append(Clause(words[:end], purpose))
    return tuple(found)


def with_compounds(words: Iterable[str]) -> frozenset[str]:
    """Return words and the compounds of neighbors: ``tea pot`` is also ``teapot``."""
    ordered = tuple(words)
    return frozenset(ordered) | {one + other for one, other in pairwise(ordered)}


def _is_measure(word: str) -> bool:
    """Whether a word is a number or a size such as ``350ml``; years of a style stay."""
    return word[0].isdigit() and not (len(word) == 4 and word.isdigit() and word < "1990")
