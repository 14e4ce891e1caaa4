"""Proposes names for a brand: builds them in several ways, scores them and selects five different ones."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infra.writers.brandkit.domains import domain_label
from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.brandkit.sound import is_unsuitable, pronounceability
from infra.writers.rules.brand.lexicon import NicheProfile

_SURNAMES = (
    "Alder",
    "Ames",
    "Arden",
    "Bellamy",
    "Birch",
    "Calder",
    "Carrow",
    "Dunmore",
    "Ellery",
    "Fairley",
    "Fenn",
    "Garrick",
    "Hale",
    "Harlow",
    "Hollis",
    "Ingram",
    "Kestrel",
    "Larkin",
    "Lowell",
    "Marlow",
    "Merritt",
    "Nash",
    "Oakes",
    "Pell",
    "Quill",
    "Ransom",
    "Sable",
    "Tamsin",
    "Thorne",
    "Vance",
    "Wilder",
    "Wren",
    "Yarrow",
    "Ashby",
    "Brandt",
    "Corvin",
    "Delaney",
    "Farrow",
    "Linden",
)
_ANY_SUFFIX = ("Studio", "House", "Supply", "Goods")
_SUFFIXES = {
    # By heading font, since it shows the register of a category.
    "Bebas Neue": ("Supply", "Works", "Club"),
    "Oswald": ("Supply", "Works", "Union"),
    "Space Grotesk": ("Works", "Supply", "Lab"),
    "DM Serif Display": ("House", "Studio", "Rooms"),
    "Playfair Display": ("House", "Atelier", "Rooms"),
    "Raleway": ("House", "Atelier", "Studio"),
}
_DARK_SURNAMES = ("Vane", "Thorne", "Sable", "Corvin", "Raven", "Locke", "Graves", "Marrow", "Vesper", "Crane")
_SHARP_SURNAMES = ("Vex", "Kade", "Ryker", "Nyx", "Cipher", "Jett", "Zane", "Koda", "Rook", "Vale")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed name."""

    name: str
    kind: str
    """How the name is built: ``compound``, ``pair``, ``coined`` ..."""
    parts: frozenset[str]
    """The words it is built from, lower case. Two selected names should share none."""
    rationale: str
    score: float
    """Higher is better; about 0 to 10."""


_WORN = 4.0
"""What a name loses for a word that another store of the merchant has."""


def propose_names(
    niche: NicheProfile,
    rng: SeededRandom,
    *,
    audience: str | None = None,
    but: str | None = None,
    others: Sequence[str] = (),
) -> list[Candidate]:
    """Return five different names for a niche, the best first.

    They are built in different ways and share no word. At most one contains the niche's own words.

    Args:
        niche: its profile.
        rng: chooses words and adds some variation to the scores.
        audience: the merchant's; mentioned in some rationales.
        but: the store's present name, which is left out.
        others: names of the merchant's other stores; a name with one of their words is worth less.
    """
    taken = domain_label(but) if but else None
    ideas = [
        *_compounds(niche, rng.fork("compound")),
        *_pairs(niche, rng.fork("pair")),
        *_partners(niche, rng.fork("partners")),
        *_foreign(niche, rng.fork("foreign")),
        *_founders(niche, rng.fork("founder")),
        *_coined(niche, rng.fork("coined")),
    ]
    taste = rng.fork("taste")
    worn = {word for name in others for word in name.lower().split() if len(word) > 2}
    scored = [
        _scored(
            candidate, niche, audience, taste.between(0, 2.2) - _WORN * bool(worn & set(candidate.name.lower().split()))
        )
        for candidate in ideas
    ]
    ranked = sorted(
        (
            candidate
            for candidate in scored
            if not is_unsuitable(candidate.name) and domain_label(candidate.name) != taken
        ),
        key=lambda candidate: (-candidate.score, candidate.name),
    )
    return _different_ones(ranked, niche)


def _compounds(niche: NicheProfile, rng: SeededRandom) -> list[Candidate]:
    """``Fernhollow``: a root and an ending as one word."""
    style, tails, styled = niche.style, niche.category.tails, niche.style.tails
    found = [
        _candidate(
            root + tail,
            "compound",
            (root, tail),
            f"“{root}” sets the scene and “{tail}” makes one short word of it, easy to say and to spell.",
        )
        for root in rng.shuffled([root for root in niche.category.roots if len(root) <= 7])[:7]
        for tail in rng.shuffled([*tails, *styled, *(styled if niche.is_styled else ())])[:3]
        if _can_join(root, tail)
    ]
    if not niche.is_styled:
        return found
    return found + [
        _candidate(
            lead + tail,
            "compound",
            (lead, tail),
            f"“{lead}” carries the {style.key} mood, “{tail}” ties it to {niche.category.title}.",
        )
        for lead in rng.shuffled([lead for lead in style.leads if len(lead) <= 6])[:4]
        for tail in rng.shuffled(tails)[:2]
        if _can_join(lead, tail)
    ]


def _pairs(niche: NicheProfile, rng: SeededRandom) -> list[Candidate]:
    """``Quiet Orchard``: a mood and a place."""
    leads, places = niche.style.leads, niche.category.places
    return [
        _candidate(
            f"{lead} {place}",
            "pair",
            (lead, place),
            f"A picture in two words: “{lead}” gives the mood, “{place}” gives it somewhere to be.",
        )
        for lead in rng.shuffled(leads)[:5]
        for place in rng.shuffled(places)[:2]
        if lead.lower() not in place.lower()
    ]


def _partners(niche: NicheProfile, rng: SeededRandom) -> list[Candidate]:
    """``Moss & Kiln``: two words of the same field."""
    own = niche.category.roots
    other = [*(niche.second_category.roots if niche.second_category else ()), *niche.style.nouns]
    found = []
    for first in rng.shuffled(own)[:4]:
        for second in rng.shuffled([word for word in (other or own) if word != first])[:3]:
            one, two = (first, second) if len(first) <= len(second) else (second, first)
            if one[0] == two[0] or len(one) + len(two) <= 12:
                found.append(
                    _candidate(
                        f"{one} & {two}",
                        "partners",
                        (one, two),
                        f"Two words from its world side by side; “{one}” and “{two}” make a pair people remember.",
                    )
                )
    return found


def _foreign(niche: NicheProfile, rng: SeededRandom) -> list[Candidate]:
    """``Komorebi``: a word of another language, alone or with a suffix."""
    glosses = [*niche.style.foreign, *niche.category.foreign]
    found = []
    for number, (word, gloss) in enumerate(rng.shuffled(glosses)[:5]):
        meaning = f"“{word}” is {gloss}" if " for " in gloss else f"“{word}”: {gloss}"
        found.append(_candidate(word, "foreign", (word,), f"{meaning}; short, and nobody else in the aisle has it."))
        if number < 3:
            place = rng.pick(_SUFFIXES.get(niche.category.fonts[0], _ANY_SUFFIX))
            found.append(
                _candidate(
                    f"{word} {place}",
                    "foreign",
                    (word, place),
                    f"{meaning}; “{place}” beside it leaves room to grow.",
                )
            )
    return found


def _founders(niche: NicheProfile, rng: SeededRandom) -> list[Candidate]:
    """``Marlow & Fenn``: surnames, as on a shop sign."""
    sharp = niche.style.key in {"cyberpunk", "space", "industrial", "technical", "street"}
    dark = niche.style.key in {"gothic", "mystic"}
    pool = _SHARP_SURNAMES if sharp else _DARK_SURNAMES if dark else _SURNAMES
    names = rng.shuffled(pool)
    root = rng.pick(niche.category.roots)
    why = "Reads like the name above a shop door, so it is easy to trust and easy to recommend."
    found = [_candidate(f"{names[0]} & {names[1]}", "founder", (names[0], names[1]), why)]
    if root not in names[2:4]:
        found.append(
            _candidate(f"{names[2]} & {root}", "founder", (names[2], root), f"{why} “{root}” says what is inside.")
        )
    found.append(
        _candidate(
            f"{root} {names[3]}",
            "founder",
            (root, names[3]),
            f"Sounds like a character: “{root}” is the work, “{names[3]}” the person.",
        )
    )
    return found


def _coined(niche: NicheProfile, rng: SeededRandom) -> list[Candidate]:
    """``Verdora``: a root and a ring of its own."""
    found = []
    for stem in niche.category.stems:
        for ending in rng.shuffled(niche.style.endings)[:3]:
            # Two vowels in a row make people wonder how to say it.
            if (stem[-1] in "aeiou") == (ending[0] in "aeiouéè"):
                continue
            found.append(
                _candidate(
                    stem + ending,
                    "coined",
                    (stem,),
                    f"Coined for you: “{stem}-” hints at {niche.category.title}, the rest is yours alone to fill with meaning.",
                )
            )
    return found


def _candidate(name: str, kind: str, parts: Iterable[str], rationale: str) -> Candidate:
    return Candidate(name, kind, frozenset(part.lower() for part in parts), rationale, 0.0)


def _can_join(root: str, tail: str) -> bool:
    """Whether two words can be joined: no doubled letter, no two vowels, no four consonants in a row."""
    seam, whole = root[-1] + tail[0], (root + tail).lower()
    vowels = "aeiou"
    if seam[0] == seam[1] or (seam[0] in vowels and seam[1] in vowels) or root.lower() == tail:
        return False
    if root[-1] == "s" or tail in root.lower():
        return False
    return 6 <= len(whole) <= 12 and not re.search(r"[^aeiouy]{4}", whole)


def _scored(candidate: Candidate, niche: NicheProfile, audience: str | None, taste: float) -> Candidate:
    letters = len(domain_label(candidate.name))
    length = 2.0 - abs(letters - 9) * 0.22
    parts = candidate.parts
    if candidate.kind == "compound" and letters > 9:
        length -= 0.5 * (letters - 9)
    own = bool(parts & set(niche.words))
    fit = 1.0 if niche.is_styled and parts & {lead.lower() for lead in niche.style.leads} else 0.0
    plain = {"compound": 1.1, "pair": 1.6, "partners": 0.9, "foreign": 1.1, "founder": 0.5, "coined": 0.3}
    score = (
        2.5 + length + pronounceability(candidate.name) + plain[candidate.kind] + fit + taste - (0.8 if own else 0.0)
    )
    rationale = candidate.rationale
    if audience and candidate.kind in {"pair", "founder"}:
        rationale = rationale.rstrip(".") + f"; a tone that suits {audience.strip().rstrip('.')}."
    return Candidate(candidate.name, candidate.kind, parts, rationale, round(score, 3))


def _different_ones(ranked: Sequence[Candidate], niche: NicheProfile) -> list[Candidate]:
    """Select the five best names that share no word and differ in kind."""
    kept: list[Candidate] = []
    own_words = set(niche.words)
    # First one of each kind, then a second of any kind, then any other.
    for most_alike, strict in ((1, True), (2, True), (5, False)):
        for candidate in ranked:
            if len(kept) == 5:
                return sorted(kept, key=lambda one: (-one.score, one.name))
            alike = sum(1 for one in kept if one.kind == candidate.kind)
            used = frozenset().union(*(one.parts for one in kept))
            starts = {domain_label(one.name)[:3] for one in kept}
            label = domain_label(candidate.name)
            repeats = bool(candidate.parts & own_words) and bool(used & own_words)
            clash = bool(candidate.parts & used) or label[:3] in starts or repeats
            if alike < most_alike and not (strict and clash) and all(label != domain_label(one.name) for one in kept):
                kept.append(candidate)
    return sorted(kept, key=lambda one: (-one.score, one.name))
