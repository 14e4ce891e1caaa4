"""The lexicon's entries and how they are read from the TOML files beside this module. All words in them are our own."""

import tomllib
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from domain.store.brand import Mood

Gloss = tuple[str, str]
"""A word of another language, and what it means: ``("Folia", "Latin for leaves")``."""


class Category(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a store sells."""

    key: str
    title: str
    """As it stands inside a sentence: ``plants and pots``."""
    goods: str = "things"
    """The noun after an activity: ``yoga gear``, ``music things``."""
    words: tuple[str, ...]
    """Words and phrases that name it, singular. Each ``!`` before a word gives it more weight."""
    styles: tuple[str, ...]
    """Moods it comes in when the niche names no style."""
    schemes: tuple[str, ...]
    fonts: tuple[str, ...]
    symbols: tuple[str, ...]
    roots: tuple[str, ...]
    """Short words that may open a name."""
    places: tuple[str, ...]
    """Nouns that may close a name of two words."""
    tails: tuple[str, ...]
    """Endings that may be joined to a root."""
    stems: tuple[str, ...]
    """Beginnings for coined names."""
    foreign: tuple[Gloss, ...]
    taglines: tuple[str, ...]
    scenes: tuple[str, ...]
    """One sentence each: why the thing matters."""
    intros: tuple[str, ...]
    """One sentence each, with ``{name}`` and ``{niche}``."""
    beliefs: tuple[str, ...]
    """One sentence each: what the store stands for. Attitudes, never facts that may be untrue."""


class Style(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a store looks and sounds."""

    key: str
    looks: tuple[Mood, ...]
    """Moods of the storefront that suit it."""
    words: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    """Empty: the category's own colors are kept."""
    fonts: tuple[str, ...]
    leads: tuple[str, ...]
    """Words that may open a name of two words."""
    nouns: tuple[str, ...] = ()
    """Words of the style that may stand beside another in a name of two."""
    tails: tuple[str, ...] = ()
    endings: tuple[str, ...]
    """Ends for coined names."""
    tones: tuple[str, ...]
    symbols: tuple[str, ...] = ()
    foreign: tuple[Gloss, ...] = ()
    taglines: tuple[str, ...] = ()
    turns: tuple[str, ...]
    """One sentence each: the style in the store's own voice."""


class Sober(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The voice for serious goods, such as for illness or loss, which are no matter for jokes."""

    words: frozenset[str]
    """Words of a niche that ask for it."""
    tones: tuple[str, ...]
    taglines: tuple[str, ...]
    scenes: tuple[str, ...]
    intros: tuple[str, ...]
    beliefs: tuple[str, ...]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that niches are read with, lower case; ``words.toml`` says what each group is for."""

    fillers: frozenset[str]
    proper: frozenset[str]
    origins: frozenset[str]
    goods_in_ing: frozenset[str]
    pursuits: frozenset[str]
    animals: frozenset[str]
    plural_only: frozenset[str]


class Lexicon(msgspec.Struct, frozen=True):
    """All entries, in the order of the files."""

    categories: tuple[Category, ...]
    styles: tuple[Style, ...]
    """Named by niches: cyberpunk, vintage, Japanese ..."""
    moods: tuple[Style, ...]
    """The styles of niches that name none."""
    words: Words
    sober: Sober


FOLDER = Path(__file__).parent
CATEGORY_FILES = ("home", "outside", "pursuits", "personal")
"""In this order: of two categories that fit equally, the later one wins."""

T = TypeVar("T")


@cache
def lexicon() -> Lexicon:
    """Return the lexicon.

    Raises:
        msgspec.ValidationError: an entry lacks a field, has an unknown one, or one of another type.
    """
    categories = (_read(f"categories/{name}.toml", "category", tuple[Category, ...]) for name in CATEGORY_FILES)
    return Lexicon(
        categories=tuple(category for group in categories for category in group),
        styles=_read("styles.toml", "style", tuple[Style, ...]),
        moods=_read("moods.toml", "style", tuple[Style, ...]),
        words=_read("words.toml", "words", Words),
        sober=_read("sober.toml", "sober", Sober),
    )


def _read(file: str, table: str, type: type[T]) -> T:
    return msgspec.convert(tomllib.loads((FOLDER / file).read_text("utf-8"))[table], type)
