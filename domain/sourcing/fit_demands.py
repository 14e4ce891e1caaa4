"""What a niche demands that a listing must state: a property, as of vegan bags, or an absence, as of a bathroom without plastic. Pure."""

import re
from dataclasses import dataclass
from typing import Self

from domain.sourcing.fit_listing import ListingWords
from domain.sourcing.supplier_words import groups, lexicon, tokens, word_set
from domain.store.niche import NicheReading, excluded_by
from domain.text import fold

_SIZES = {"small": "small", "little": "small", "tiny": "small", "medium": "medium", "large": "large", "big": "large"}
_SIZE = rf"(?:{'|'.join(_SIZES)})"
_SIZED = re.compile(rf"\b({_SIZE}(?: (?:and|or|to) {_SIZE})?) (?:dogs?|cats?|pupp(?:y|ies)|pets?|breeds?)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """The properties that a niche asks for, the materials or parts that it excludes, and the sizes of its animals."""

    properties: tuple[str, ...]
    """Each with all its spellings: ``non toxic|nontoxic``."""
    without: tuple[str, ...]
    """Folded words: ``plastic``, ``logo``."""
    sizes: frozenset[str]
    """``small``, ``medium``, ``large``; empty if the niche names no animal of a size."""

    @classmethod
    def of(cls, reading: NicheReading) -> Self:
        """Return the demands of a reading."""
        texts = [*reading.style, *reading.audience, *reading.things[:1]]
        excluded = (excluded_by(text) for text in texts)
        return cls(
            properties=tuple(dict.fromkeys(name for text in texts for name in _properties_in(text))),
            without=tuple(dict.fromkeys(_plain(what) for what in excluded if what)),
            sizes=_sizes_in(" ".join(reading.audience)),
        )

    def are_met(self, seen: ListingWords) -> bool:
        """Whether a listing states all that the niche demands, and names animals of its sizes if it names a size."""
        stated = _sizes_in(seen.text) if self.sizes else frozenset[str]()
        if stated and not stated & self.sizes:
            return False
        return all(_states(name, seen) for name in self.properties) and all(
            _is_without(what, seen) for what in self.without
        )


def is_demand(text: str) -> bool:
    """Whether a part of a reading is a demand, which only a statement of the listing meets."""
    return excluded_by(text) is not None or bool(_properties_in(text))


def _sizes_in(text: str) -> frozenset[str]:
    """Return the sizes of animals that a text names: ``for small and medium dogs``."""
    return frozenset(_SIZES[word] for run in _SIZED.findall(_plain(text)) for word in run.split() if word in _SIZES)


def _properties_in(text: str) -> list[str]:
    plain = _plain(text)
    return [names for names in lexicon()["claims"] if re.search(rf"\b(?:{names})\b", plain)]


def _states(names: str, seen: ListingWords) -> bool:
    # “Not waterproof” and “handmade look” state the contrary.
    return re.search(rf"(?<!\bnot )(?<!\bno )\b(?:{names})\b(?! (?:look|style|effect)\b)", seen.text) is not None


def _is_without(what: str, seen: ListingWords) -> bool:
    """Whether a listing says that something is not in it, or names other materials only."""
    if re.search(rf"\b{what} free\b|\b(?:without|no|free of|free from)(?: any)? {what}s?\b", seen.text):
        return True
    materials = word_set("materials", "style_rules")
    (word,) = tokens(what)[-1:] or ("",)
    if word not in materials:
        return False
    known = groups("styles").words
    stated = {material for material in materials if known[material] & (seen.title | seen.facts)}
    return bool(stated) and word not in stated


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", fold(text)))
