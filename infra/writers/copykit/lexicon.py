"""The lexicon of the copy writer: kinds of products, their nouns, and sentences that are true of each kind."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from domain.money import Money
from infra.writers.copykit.grammar import pluralize

GENERIC = "generic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of product and sentences that are true of it. ``[gives/give]`` has the singular and the plural form."""

    name: str
    noun: str
    """The noun to use if a title has no known noun."""
    category: str
    nouns: tuple[str, ...]
    scene: tuple[str, ...]
    """Sentences about the situation, not about the product."""
    likes: tuple[str, ...]
    cta: tuple[str, ...]
    pair: bool = False
    """Whether one item is plural in English: shoes."""

    def fits(self, category: str) -> bool:
        """Whether its sentences suit a product of this category: a bowl for cats is none for flowers."""
        if self.name == GENERIC:
            return True
        named = lexicon().kind_in(category)
        return named is not None and named.category == self.category


@dataclass(frozen=True, slots=True)
class Reason:
    """A benefit that follows from words in the supplier's text, or from what the whole product is made of."""

    when: re.Pattern[str] | None
    made_of: re.Pattern[str] | None
    says: tuple[str, ...]
    only: frozenset[str]
    """Kinds and categories it applies to; empty means all."""

    def holds(self, kind: Kind, evidence: str, material: str) -> bool:
        """Whether the supplier's text and the only material of a product of this kind support it.

        Args:
            kind: what the product is.
            evidence: the supplier's text.
            material: what the whole product is made of; empty if it has several materials or none is stated.
        """
        if self.only and kind.name not in self.only and kind.category not in self.only:
            return False
        if self.when is not None and self.when.search(evidence) is None:
            return False
        return self.made_of is None or self.made_of.fullmatch(material) is not None


@dataclass(frozen=True, slots=True)
class Register:
    """A tone of voice: the adjectives that select it, and its sentences."""

    name: str
    words: frozenset[str]
    closing: str
    aside: tuple[str, ...]
    cta: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All phrases and vocabularies."""

    kinds: dict[str, Kind]
    by_noun: dict[tuple[str, ...], Kind]
    """Every noun, as its words in lower case."""
    reasons: tuple[Reason, ...]
    registers: tuple[Register, ...]
    longest: int
    """Words in the longest noun."""
    words: dict[str, frozenset[str]]
    """Words for the analysis of titles, by group."""
    dear: dict[str, int]
    """The price in whole units from which goods are dear, by currency."""

    def noun_at(self, words: Sequence[str], at: int) -> tuple[int, Kind] | None:
        """Return the length in words and the kind of the longest known noun at ``at``; None if there is none."""
        for size in range(min(self.longest, len(words) - at), 0, -1):
            kind = self.by_noun.get(tuple(word.casefold() for word in words[at : at + size]))
            if kind is not None:
                return size, kind
        return None

    def kind_in(self, text: str) -> Kind | None:
        """Return the kind of the last known noun in a phrase, since English puts the main noun last."""
        words = re.findall(r"[\w'-]+", text.casefold())
        at, found = 0, None
        while at < len(words):
            hit = self.noun_at(words, at)
            if hit is None:
                at += 1
            else:
                at, found = at + hit[0], hit[1]
        return found

    def register_of(self, tone: Sequence[str]) -> Register:
        """Return the register of the first adjective that selects one; the plain register if none does."""
        for adjective in tone:
            words = set(re.findall(r"[a-z-]+", adjective.casefold()))
            for register in self.registers:
                if register.words & words:
                    return register
        return self.registers[-1]


def is_dear(price: Money | None) -> bool:
    """Whether goods are dear enough for a plain voice."""
    if price is None:
        return False
    dear = lexicon().dear
    return price.decimal >= dear.get(price.currency, dear["other"])


@cache
def lexicon() -> Lexicon:
    """Return the lexicon, read from the TOML beside this module."""
    kinds: dict[str, Kind] = {}
    reasons: list[Reason] = []
    registers: list[Register] = []
    dear: dict[str, int] = {}
    words: dict[str, frozenset[str]] = {}
    folder = resources.files(__package__) / "phrases"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        for row in data.get("kind", ()):
            kinds[row["name"]] = Kind(**_tuples(row))
        reasons += [
            Reason(_pattern(row, "when"), _pattern(row, "made_of"), tuple(row["says"]), frozenset(row.get("for", ())))
            for row in data.get("reason", ())
        ]
        registers += [
            Register(row["name"], frozenset(row["words"]), row["closing"], tuple(row["aside"]), tuple(row["cta"]))
            for row in data.get("register", ())
        ]
        words |= {group: frozenset(listed) for group, listed in data.get("words", {}).items()}
        dear |= data.get("dear", {})
    by_noun: dict[tuple[str, ...], Kind] = {}
    for kind in kinds.values():
        for noun in kind.nouns:
            by_noun[tuple(noun.split())] = kind
            by_noun.setdefault(tuple(pluralize(noun).split()), kind)
    for noun in words["goods"]:
        by_noun.setdefault(tuple(noun.split()), kinds[GENERIC])
        by_noun.setdefault(tuple(pluralize(noun).split()), kinds[GENERIC])
    return Lexicon(kinds, by_noun, tuple(reasons), tuple(registers), max(len(noun) for noun in by_noun), words, dear)


def _pattern(row: dict[str, Any], name: str) -> re.Pattern[str] | None:
    return re.compile(row[name], re.IGNORECASE | re.DOTALL) if name in row else None


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
