"""The lexicon of niches: kinds of goods, the people and animals they are for, settings and styles, kept in TOML files."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from infra.writers.rules.niche.words import is_listed, key

FOLDER = Path(__file__).parent
KIND_FILES = ("home", "kitchen", "family", "body", "outside", "making", "tech", "occasions")
LONGEST = 4
"""Most words of a phrase that is looked up."""

T = TypeVar("T")


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of goods."""

    name: str
    also: tuple[str, ...] = ()
    """Other names of the whole kind."""
    typical: tuple[str, ...]
    """Goods of the kind, the most typical first."""
    further: tuple[str, ...] = ()
    """Goods that a shop for the kind sells as well; a niche that names the kind means them too."""
    others: tuple[str, ...] = ()
    """Further goods, which only a niche that names them means."""
    categories: tuple[str, ...]
    """The nearest first."""
    field: str


class Audience(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """People or animals that goods are for."""

    name: str
    also: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """Kinds of goods for them."""
    things: tuple[str, ...] = ()
    """Goods for them that no kind has."""
    animal: bool = False
    """Whether goods are named after them: ``cat bed``."""


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place or an occasion."""

    name: str
    also: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    things: tuple[str, ...] = ()


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words that niches are read with; ``words.toml`` says what each group is for."""

    generic: tuple[str, ...]
    fillers: tuple[str, ...]
    qualifiers: tuple[str, ...]
    fans: tuple[str, ...]
    for_words: frozenset[str]
    place_words: frozenset[str]
    with_words: frozenset[str]
    without_words: frozenset[str]
    not_words: frozenset[str]
    except_words: frozenset[str]
    lead_ins: tuple[str, ...]
    sentence: frozenset[str]
    mass_nouns: frozenset[str]
    related: tuple[tuple[str, str], ...]
    figures: dict[str, frozenset[str]]


@dataclass(slots=True)
class Meaning:
    """What a phrase can mean."""

    phrase: str
    """As the lexicon spells it."""
    kind: Kind | None = None
    is_whole: bool = False
    """Whether the phrase names the whole kind; otherwise one of its goods."""
    audience: Audience | None = None
    setting: Setting | None = None
    style: str | None = None
    roles: set[str] = field(default_factory=set)
    """Of ``generic``, ``filler``, ``qualifier``, ``fan``, ``motif``."""


class Lexicon:
    """All entries and an index of their phrases."""

    def __init__(self) -> None:
        kinds = [kind for name in KIND_FILES for kind in _read(f"kinds/{name}", "kind", tuple[Kind, ...])]
        self.kinds = {kind.name: kind for kind in kinds}
        self.words = msgspec.convert(_load("words"), Words)
        self.related = {frozenset(pair) for pair in self.words.related}
        self._index: dict[tuple[str, ...], Meaning] = {}
        self._add_kinds(kinds)
        for audience in _read("audiences", "audience", tuple[Audience, ...]):
            for name in (audience.name, *audience.also):
                self._at(name).audience = audience
        for setting in _read("settings", "setting", tuple[Setting, ...]):
            for name in (setting.name, *setting.also):
                self._at(name).setting = setting
        for group, styles in _load("styles").items():
            for style in styles:
                self._at(style).style = style
                if group == "motifs":
                    self._at(style).roles.add("motif")
        for role in ("generic", "fillers", "qualifiers", "fans"):
            for word in getattr(self.words, role):
                self._at(word).roles.add(role.removesuffix("s"))
        self.vocabulary = frozenset(word for phrase in self._index for word in phrase if len(word) > 2)
        self._by_letters = {_letters(word): word for word in sorted(self.vocabulary)}
        self._by_gap = {short: word for word in sorted(self.vocabulary) if len(word) > 5 for short in _shortened(word)}

    def find(self, words: Iterable[str]) -> Meaning | None:
        """Return what a phrase means, its words in the singular; None if the lexicon does not have it."""
        return self._index.get(tuple(words))

    def meanings(self) -> Iterable[Meaning]:
        """Return the meanings of all phrases."""
        return self._index.values()

    def respelled(self, word: str) -> str | None:
        """Return the word that a misspelled one was meant to be; None if there is none or the word is known.

        It has the same letters in another order. Of a word that no dictionary lists, a letter may also be missing or be
        too many. Dictionaries list surnames: “candel” and both halves of “gardning” look like English words.
        """
        if word in self.vocabulary or len(word) < 5:
            return None
        known = self._by_letters.get(_letters(word))
        if known is not None or is_listed(word):
            return known
        longer = next((short for short in _shortened(word) if len(short) > 5 and short in self.vocabulary), None)
        return self._by_gap.get(word, longer)

    def are_related(self, fields: Iterable[str]) -> bool:
        """Whether one store sells all of these fields together."""
        several = sorted(set(fields))
        return all(
            frozenset((one, other)) in self.related for n, one in enumerate(several) for other in several[n + 1 :]
        )

    def _add_kinds(self, kinds: Iterable[Kind]) -> None:
        # The name of a kind wins over another kind's goods, and goods of a kind over further names.
        layers = (
            [(kind, (kind.name, *kind.also)) for kind in kinds],
            [(kind, kind.others) for kind in kinds],
            [(kind, kind.typical) for kind in kinds],
            [(kind, kind.further) for kind in kinds],
        )
        for number, layer in enumerate(layers):
            for kind, names in layer:
                for name in names:
                    meaning = self._at(name)
                    if meaning.kind is None:
                        meaning.kind, meaning.is_whole = kind, number == 0

    def _at(self, phrase: str) -> Meaning:
        return self._index.setdefault(key(phrase), Meaning(phrase))


def _shortened(word: str) -> Iterator[str]:
    """Yield a word without each of its letters but the first."""
    return (word[:at] + word[at + 1 :] for at in range(1, len(word)))


def _letters(word: str) -> str:
    return word[:1] + "".join(sorted(word))


@cache
def lexicon() -> Lexicon:
    """Return the lexicon.

    Raises:
        msgspec.ValidationError: an entry lacks a field, has an unknown one, or one of another type.
    """
    return Lexicon()


def _load(file: str) -> dict[str, list[str]]:
    return tomllib.loads((FOLDER / f"{file}.toml").read_text("utf-8"))


def _read(file: str, table: str, type: type[T]) -> T:
    return msgspec.convert(_load(file)[table], type)
