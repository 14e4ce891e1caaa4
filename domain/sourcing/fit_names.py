"""Words of goods, audiences, settings and styles that mean the same, belong together or exclude each other. Pure."""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from domain.sourcing.supplier_words import groups, lexicon, synonyms, tokens, word_set

ANIMALS = "animals"
"""The group of audiences that are animals."""


def phrases_of(texts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return different texts as words; texts without words are left out."""
    return tuple(dict.fromkeys(phrase for phrase in map(tokens, texts) if phrase))


def same_name(word: str, head: str) -> float:
    """Return how far a word of a title names the same thing as a head word; 0 if it does not."""
    if word == head:
        return 1.0
    if word in synonyms().get(head, ()):
        return 0.95
    return 0.9 if word in groups("kinds").words.get(head, ()) else 0.0


@lru_cache(maxsize=4_096)
def equivalents(word: str) -> frozenset[str]:
    """Return the words that show the same as a word: its synonyms, and its audience's, style's and setting's words."""
    found = {word} | synonyms().get(word, frozenset())
    for table in ("audiences", "settings", "styles"):
        known = groups(table).words
        found |= known.get(word, frozenset())
        if table == "audiences":
            found |= frozenset(other for name in groups(table).of(word) for other in known[name])
    if word == "pet":
        pets = word_set("pet", "audience_relations")
        found |= {other for name in pets for other in groups("audiences").words[name]}
    return frozenset(found)


def field_words(word: str) -> frozenset[str]:
    """Return the words that show a field. A property such as waterproof makes nothing rain gear."""
    return equivalents(word) - (word_set("properties", "setting_rules") - {word})


@lru_cache(maxsize=4_096)
def is_use(word: str) -> bool:
    """Whether a word names users, a place or a style of goods, so that a description may prove it."""
    return any(groups(table).of(word) or word in groups(table).words for table in ("audiences", "settings", "styles"))


@cache
def _positions() -> Sequence[frozenset[str]]:
    return [frozenset(group.split()) for group in lexicon()["positions"]]


def position_words(word: str) -> frozenset[str]:
    """Return the words for the place where goods stand or hang that this word names; empty if it names none."""
    return frozenset().union(*(group for group in _positions() if word in group))


def stands_elsewhere(modifiers: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the last of a title's words names another place than a thing's modifiers do."""
    wanted = frozenset().union(*map(position_words, modifiers))
    return bool(wanted and names and position_words(names[-1]) - wanted)


def kin_words(named: frozenset[str]) -> frozenset[str]:
    """Return the words of the kinds that the niche's words belong to, such as ``pet`` for ``cat``."""
    animals = groups("audiences").of
    is_pet = any(animals(word) & word_set("pet", "audience_relations") for word in named)
    return named | ({"pet"} if is_pet else frozenset())


def implied_audience(things: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return the audience that the things name themselves, such as ``dog`` of ``dog bed``."""
    known = groups("audiences")
    named = [[word for word in phrase[:-1] if known.of(word)] for phrase in things]
    return tuple(dict.fromkeys((words[0],) for words in named if words)) if named and all(named) else ()


def related_audiences(own: frozenset[str]) -> frozenset[str]:
    """Return the audiences that go together with these, without them."""
    return frozenset(
        other for name in own for other in lexicon()["audience_relations"].get(name, "").split() if other not in own
    )


def rival_words(own: frozenset[str], related: frozenset[str]) -> frozenset[str]:
    """Return the words of all audiences that exclude these."""
    known = groups("audiences").words
    ours = frozenset(word for name in own | related for word in known.get(name, ()))
    return frozenset(word for name, members in known.items() if name not in own | related for word in members) - ours


@cache
def animal_words() -> frozenset[str]:
    """Return the words of all animals."""
    known = groups("audiences").words
    return frozenset(word for name in word_set(ANIMALS, "audience_relations") for word in known[name])
