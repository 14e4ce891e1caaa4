"""The words of a listing by their place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from domain.sourcing.fit_ages import ages_of
from domain.sourcing.listing import Listing
from domain.sourcing.supplier_words import LONGEST, Clause, clauses, lexicon, tokens, with_compounds, word_set
from domain.text import fold

_CATEGORY_PARTS = re.compile(r"[>/|,&]+")


@dataclass(frozen=True, slots=True)
class ListingWords:
    """What a listing says, where, in comparable words."""

    clauses: Sequence[Clause]
    title: frozenset[str]
    names: frozenset[str]
    """Words of the title that say what it is."""
    purpose: frozenset[str]
    """Words of the title after ``for``, ``with`` and the like."""
    labels: frozenset[str]
    """Words of category, tags and facts."""
    facts: frozenset[str]
    description: frozenset[str]
    tags: Sequence[tuple[str, ...]]
    categories: Sequence[tuple[str, ...]]
    """The parts of the category's path."""
    pictures: frozenset[str]
    """Words of the title that make it a picture of something else: a sticker, a poster."""
    imitated: frozenset[str]
    """Materials that the title or a fact calls imitations: ``leather`` of ``PU leather``."""
    text: str
    """All that the supplier says, folded, without signs."""
    ages: tuple[int, int] | None
    """The months of life that the goods are for; None if the supplier names none."""

    @classmethod
    def of(cls, listing: Listing) -> Self:
        """Return the words of a listing."""
        title = clauses(listing.title)
        ordered = [word for clause in title for word in (*clause.names, *clause.purpose)]
        facts = frozenset(
            word for name, value in listing.attributes.items() for word in (*tokens(name), *tokens(value))
        )
        tags = [tokens(tag) for tag in listing.tags[:40]]
        categories = [tokens(part) for part in _CATEGORY_PARTS.split(listing.category)]
        return cls(
            clauses=title,
            title=with_compounds(ordered),
            names=frozenset().union(*(with_compounds(clause.names) for clause in title)),
            purpose=frozenset(word for clause in title for word in clause.purpose),
            labels=facts | frozenset(word for text in (*tags, *categories) for word in text),
            facts=facts,
            description=frozenset(tokens(listing.description)),
            tags=tags,
            categories=categories,
            pictures=_pictures(title, categories),
            imitated=_imitated(ordered).union(*(_imitated(tokens(value)) for value in listing.attributes.values())),
            text=_plain(listing),
            ages=ages_of(listing),
        )

    def place(self, name: str) -> frozenset[str]:
        """Return the words of a place: ``title``, ``labels`` or ``description``."""
        return {"title": self.title, "labels": self.labels, "description": self.description}[name]


def _pictures(title: Sequence[Clause], categories: Sequence[tuple[str, ...]]) -> frozenset[str]:
    found = set()
    names = {word for clause in title for word in clause.names}
    found |= names & word_set("pictures")
    for word, companions in lexicon()["prints"].items():
        if word in names and names & set(companions.split()):
            found.add(word)
    found |= {part[-1] for part in categories if part and part[-1] in word_set("pictures")}
    if any(part[-2:] in {("wall", "art"), ("canvas", "art")} for part in categories):
        found.add("art")
    return frozenset(found)


def _imitated(ordered: Sequence[str]) -> frozenset[str]:
    imitations = word_set("imitations", "style_rules")
    return frozenset(
        word
        for n, word in enumerate(ordered)
        if (n > 0 and ordered[n - 1] in imitations) or (n + 1 < len(ordered) and ordered[n + 1] in {"look", "effect"})
    )


def _plain(listing: Listing) -> str:
    facts = (f"{name} {value}" for name, value in listing.attributes.items())
    texts = (listing.title, listing.category, *listing.tags[:40], *facts, listing.description)
    return " ".join(re.findall(r"[a-z0-9]+", fold(" . ".join(text[:LONGEST] for text in texts))))
