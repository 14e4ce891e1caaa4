"""What the lexicon's entries hold. All words in it are our own."""

from dataclasses import dataclass

Gloss = tuple[str, str]
"""A word of another language, and what it means: ``("Folia", "Latin for leaves")``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """What a store sells."""

    key: str
    title: str
    """As it stands inside a sentence: ``plants and pots``."""
    words: str
    """Words and phrases that name it, singular, parted by commas; one that outweighs others has a ``!`` or two before it."""
    styles: str
    """Moods it comes in when the niche names no style."""
    schemes: str
    fonts: str
    symbols: str
    roots: str
    """Short words that may open a name."""
    places: str
    """Nouns that may close a name of two words."""
    tails: str
    """Endings that may be joined to a root."""
    stems: str
    """Beginnings for coined names."""
    foreign: tuple[Gloss, ...]
    taglines: tuple[str, ...]
    scenes: tuple[str, ...]
    """One sentence each: why the thing matters."""
    intros: tuple[str, ...]
    """One sentence each, with ``{name}`` and ``{niche}``."""
    beliefs: tuple[str, ...]
    """One sentence each: what the store stands for. Attitudes, never facts that may be untrue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How it looks and sounds."""

    key: str
    words: str = ""
    schemes: str = ""
    """Empty: the category's own colours are kept."""
    fonts: str
    leads: str
    """Words that may open a name of two words."""
    nouns: str = ""
    """Words of the style that may stand beside another in a name of two."""
    tails: str = ""
    endings: str
    """Ends for coined names."""
    tones: str
    symbols: str = ""
    foreign: tuple[Gloss, ...] = ()
    taglines: tuple[str, ...] = ()
    turns: tuple[str, ...]
    """One sentence each: the style in the store's own voice."""


def listed(text: str) -> list[str]:
    """Return the entries of a field whose values are parted by commas."""
    return [entry for part in text.split(",") if (entry := part.strip())]
