"""The fit of a listing with a niche: an absolute measure of words, independent of other listings. Pure.

Each term compares one part of the niche's reading with the listing and has a value from 0 (contradicts it) to 1. The fit
is the weighted geometric mean of the terms that the niche asks for, so one contradiction rules a listing out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.product.events import ScoreTerm
from domain.sourcing.fit_ages import suits_age
from domain.sourcing.fit_demands import Demands
from domain.sourcing.fit_listing import ListingWords
from domain.sourcing.fit_names import (
    ANIMALS,
    animal_words,
    equivalents,
    kin_words,
    related_audiences,
    rival_words,
    same_name,
)
from domain.sourcing.fit_things import KIN_CATEGORY, OF_THE_FIELD, PLACES, UNPROVED, NicheWords, ThingTerm, shown
from domain.sourcing.listing import Listing
from domain.sourcing.supplier_words import (
    contrary,
    groups,
    word_set,
)
from domain.store.niche import NicheReading

FLOOR = 0.5
"""Listings with a lower fit are not imported."""

WEIGHTS: Mapping[str, float] = {"thing": 0.4, "category": 0.2, "audience": 0.15, "style": 0.2, "setting": 0.1}
"""Each term's weight. What a thing is counts most; style counts as much as the supplier's category."""

NAMED_BY_MODIFIER = 0.9
"""A category with a general name's modifier alone."""
SILENT = 0.5
"""A category that says little, such as ``Home & Garden``."""
BY_CATEGORY = 0.4
"""A title without a thing of the niche, in a main category of the niche."""
IN_NO_CATEGORY = 0.45
"""Anything of the niche's field, in a category that is not the niche's."""
OF_NO_CULTURE = 0.3
"""A thing that the niche names, which shows neither the culture that the niche asks for nor another one."""
UNNAMED = 0.35
"""Up to this value, the title names a thing of the niche without the word that says which."""
PLAY = frozenset({"play", "toy"})
"""Words of goods that are for children without naming them."""
MAIN_CATEGORIES = 1
"""The first categories of a reading, which are the most typical ones."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a listing fits a niche."""

    value: float
    """0 to 1."""
    terms: Sequence[ScoreTerm]

    @property
    def is_enough(self) -> bool:
        """Whether the listing may be imported."""
        return self.value >= FLOOR


class FitMeasure:
    """The measure of listings against one niche."""

    def __init__(self, reading: NicheReading) -> None:
        self._niche = NicheWords.of(reading)
        self._main_categories = self._niche.categories[:MAIN_CATEGORIES] if reading.categories else ()
        self._thing = ThingTerm(self._niche)
        self._demands = Demands.of(reading)

    def __call__(self, listing: Listing) -> Fit:
        """Return the fit of a listing. A niche without things fits nothing."""
        if not self._niche.things:
            return Fit(0.0, ())
        seen = ListingWords.of(listing)
        category = self._category(seen)
        thing = self._thing.value(seen, category)
        if thing == UNPROVED and not self._thing.is_apart_from_category(seen):
            thing = BY_CATEGORY if self._category(seen, self._main_categories) > 0.9 else UNPROVED
        elif thing == OF_THE_FIELD and category <= SILENT:
            thing = IN_NO_CATEGORY
        values = {
            "thing": thing,
            "category": category,
            "audience": self._audience_term(seen),
            "style": self._style_term(seen, thing),
            "setting": self._setting_term(seen, thing),
        }
        terms = [
            ScoreTerm(name=name, value=round(value, 4), weight=WEIGHTS[name])
            for name, value in values.items()
            if value is not None
        ]
        return Fit(round(_mean(terms), 4), terms)

    def _category(self, seen: ListingWords, wanted: Sequence[tuple[str, ...]] | None = None) -> float:
        """Return how far the supplier's category is one of these, by default one of the niche's."""
        parts = [part for part in seen.categories if part]
        if not parts:
            return SILENT
        return max(self._one_category(part, self._niche.categories if wanted is None else wanted) for part in parts)

    def _one_category(self, part: tuple[str, ...], categories: Sequence[tuple[str, ...]]) -> float:
        if part in categories:
            return 1.0
        if all(word in word_set("broad") for word in part):
            kin = kin_words(self._niche.named)
            return 0.7 if any(word in kin for word in part) else SILENT
        best = 0.15
        for phrase in categories:
            # Handbags are bags, sunglasses are glasses.
            is_end = len(part[-1]) >= 3 and phrase[-1].endswith(part[-1])
            name = same_name(part[-1], phrase[-1]) or (0.9 if is_end else 0.0)
            others, wanted = set(part[:-1]), set(phrase[:-1])
            if "".join(part) == "".join(phrase):
                best = 1.0
            elif part == phrase[:-1] and phrase[-1] in word_set("generic"):
                best = max(best, NAMED_BY_MODIFIER)  # “Seasonal”, of seasonal decorations
            elif name and part[-1] not in word_set("generic"):
                if others <= self._niche.own or all(equivalents(word) & self._niche.named for word in others):
                    best = max(best, name * (1.0 if others or not wanted else 0.85))
                else:
                    best = max(best, KIN_CATEGORY)
            elif any(equivalents(word) & self._niche.named for word in others):
                # “Sewing Notions” and “Camping Cookware” say the niche's field or setting.
                best = max(best, 0.7 if part[-1] in word_set("generic") else SILENT)
        return best

    def _audience_term(self, seen: ListingWords) -> float | None:
        """Return the fit with the niche's audience; None if none is asked for and the listing names no other."""
        if not self._niche.audience:
            return 0.0 if self._names_strangers(seen) else None
        return max(self._one_audience(phrase, seen) for phrase in self._niche.audience)

    def _one_audience(self, phrase: tuple[str, ...], seen: ListingWords) -> float:
        own = groups("audiences").of(phrase[-1])
        if not own:
            proved = shown(phrase[-1], seen)
            return max(0.6, proved) if not self._names_strangers(seen) else 0.0
        ours = frozenset(word for name in own for word in groups("audiences").words[name])
        related = related_audiences(own)
        rivals = rival_words(own, related)
        if not suits_age(phrase[-1], own, seen.ages):
            return 0.0
        is_animal = any(name in word_set(ANIMALS, "audience_relations") for name in own)
        near = frozenset(word for name in related for word in groups("audiences").words.get(name, ()))
        if is_animal:
            near |= {"pet", "animal"}
        found = self._found(ours, seen)
        # A plush cat for kids is for kids.
        addressed = seen.purpose & rivals and not seen.purpose & (ours | near)
        named = rivals & (seen.title if is_animal else seen.title - animal_words())
        labelled = rivals & frozenset(word for part in seen.categories for word in part)
        # “Cat Basket, Pet Bed” is a cat's.
        claimed = seen.title & (ours if is_animal else ours | near)
        if (
            addressed
            or (named and not claimed)
            or (labelled and found < 1)
            or self._is_tagged_for(rivals, ours | near, seen)
        ):
            return 0.0
        if not found:
            found = 0.85 * self._found(near, seen) or self._unnamed(own, seen)
        return found * self._qualified(phrase, seen)

    def _is_tagged_for(self, rivals: frozenset[str], ours: frozenset[str], seen: ListingWords) -> bool:
        """Whether tags name people of another audience only: a bikini tagged with women is not for toddlers."""
        tagged = frozenset(word for tag in seen.tags for word in tag) - animal_words()
        return bool(tagged & rivals) and not ours & (seen.title | seen.labels)

    def _unnamed(self, own: frozenset[str], seen: ListingWords) -> float:
        """Return how far a listing that names no audience suits one: it is for grown people."""
        if own & word_set(ANIMALS, "audience_relations"):
            return UNPROVED
        if own & word_set("young", "audience_relations"):
            is_toy = PLAY & (seen.title | seen.labels)
            return UNPROVED if seen.names & word_set("grown") and not is_toy else 0.25
        return 0.65

    def _found(self, accepted: frozenset[str], seen: ListingWords) -> float:
        return next((belief for place, belief in PLACES if accepted & seen.place(place)), 0.0)

    def _qualified(self, phrase: tuple[str, ...], seen: ListingWords) -> float:
        if any(
            pair & set(phrase) and (pair - set(phrase)) & seen.title for pair in contrary("qualifiers", "opposites")
        ):
            return 0.5
        return 1.0

    def _names_strangers(self, seen: ListingWords) -> bool:
        """Whether a listing is made for an audience that the niche does not name, such as dogs, babies or cars."""
        for name, members in groups("audiences").words.items():
            if name in {"man", "woman", "adult"} or members & self._niche.named:
                continue
            labelled = any(word in members or word == "pet" for part in seen.categories for word in part)
            if "pet" in self._niche.named:
                labelled = False
            young = name in {"baby", "toddler", "child", "vehicle"} and members & seen.names
            if labelled or members & seen.purpose or young:
                return True
        return False

    def _style_term(self, seen: ListingWords, thing: float) -> float | None:
        if not self._demands.are_met(seen):
            return 0.0
        if not self._niche.style:
            return None
        values = [self._one_style(phrase, seen, thing) for phrase in self._niche.style]
        return min(values) if 0.0 in values else max(values)

    def _one_style(self, phrase: tuple[str, ...], seen: ListingWords, thing: float) -> float:
        known = groups("styles").words
        accepted = known.get(phrase[-1], frozenset()) | {phrase[-1]} | equivalents(phrase[-1])
        name = phrase[-1] if phrase[-1] in known else next(iter(groups("styles").of(phrase[-1])), phrase[-1])
        accepted |= known.get(name, frozenset())
        materials = word_set("materials", "style_rules")
        if name in materials:
            accepted -= seen.imitated
        proved = self._found(accepted, seen)
        if name == "vintage" and proved < 1 and word_set("vintage_contrary", "style_rules") & seen.title:
            return 0.0
        if proved:
            return proved
        if accepted & seen.imitated or self._contradicts(name, materials, seen):
            return 0.0
        if name in word_set("cultures", "style_rules"):
            # A neon print is no Japanese one, even on a notebook.
            if self._shows_another_style(name, seen):
                return 0.0
            if thing >= 0.9:
                return OF_NO_CULTURE
        if name in animal_words():
            # A cat mug shows a cat.
            return UNPROVED
        is_soft = name not in groups("styles").words or name in word_set("soft", "style_rules")
        # A top hat is a hat, and neither named nor shown to be a cowboy's.
        return (0.7 if thing > UNNAMED else 0.4) if is_soft else UNPROVED

    def _shows_another_style(self, name: str, seen: ListingWords) -> bool:
        plain = word_set("soft", "style_rules") | word_set("materials", "style_rules") | {name}
        return any(words & seen.title for other, words in groups("styles").words.items() if other not in plain)

    def _contradicts(self, name: str, materials: frozenset[str], seen: ListingWords) -> bool:
        pairs = contrary("style_rules", "contrary")
        others = {next(iter(pair - {name})) for pair in pairs if name in pair}
        if name in materials:
            others |= materials - {name}
        known = groups("styles").words
        return any(known.get(other, frozenset({other})) & (seen.title | seen.facts) for other in others)

    def _setting_term(self, seen: ListingWords, thing: float) -> float | None:
        if not self._niche.setting:
            return None
        return max(self._one_setting(phrase, seen, thing) for phrase in self._niche.setting)

    def _one_setting(self, phrase: tuple[str, ...], seen: ListingWords, thing: float) -> float:
        known = groups("settings").words
        accepted = frozenset(phrase).union(*(known.get(word, frozenset()) for word in phrase))
        proved = self._found(accepted, seen)
        if proved:
            return proved
        for pair in contrary("setting_rules", "contrary"):
            if pair & set(phrase):
                (other,) = pair - set(phrase)
                if known.get(other, frozenset({other})) & (seen.title | seen.labels):
                    return 0.0
        seasons = [groups("seasons").words[word] for word in phrase if word in groups("seasons").words]
        if seasons:
            return 0.8 * any(season & seen.title for season in seasons)
        # A thing that the niche names needs no proof of its setting.
        return 0.6 if thing >= 0.9 else 0.25


def _mean(terms: Sequence[ScoreTerm]) -> float:
    if any(term.value == 0 for term in terms):
        return 0.0
    weight = sum(term.weight for term in terms)
    return math.exp(sum(term.weight * math.log(term.value) for term in terms) / weight)
