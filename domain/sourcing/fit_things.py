"""Whether a listing's title names one of the things that a niche sells: the heaviest term of its fit. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from domain.sourcing.fit_demands import is_demand
from domain.sourcing.fit_listing import ListingWords
from domain.sourcing.fit_names import (
    equivalents,
    field_words,
    implied_audience,
    is_use,
    phrases_of,
    position_words,
    same_name,
    stands_elsewhere,
)
from domain.sourcing.supplier_words import groups, lexicon, pairs_of, synonyms, word_set
from domain.store.niche import NicheReading

KIN_CATEGORY = 0.35
"""A category with the same last word as one of the niche's: tea cups beside cups."""
UNPROVED = 0.03
"""A style or material that the niche asks for and the listing does not mention."""

OTHER_GOODS, FOR_THE_GOODS = 0.1, 0.12
"""A title that has a thing's name in the name of other goods, or after ``for``: a knife sharpener."""
IN_OTHER_CATEGORY = 0.5
"""One word, or a synonym or member of a thing's kind, in a category that is not the niche's: a life ring is not jewelry."""
BY_LABELS_ALONE = 0.6
"""A modifier that only tags or texts show, in a category that is not the niche's."""
OF_THE_FIELD = 0.75
"""Anything that a title calls by the niche's field, such as coffee."""

PLACES: Sequence[tuple[str, float]] = (("title", 1.0), ("labels", 0.9), ("description", 0.8))
"""How far a word is believed by its place. Labels are category, tags and facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NicheWords:
    """A niche's reading in comparable words."""

    things: tuple[tuple[str, ...], ...]
    categories: tuple[tuple[str, ...], ...]
    """Also the things."""
    audience: tuple[tuple[str, ...], ...]
    style: tuple[tuple[str, ...], ...]
    setting: tuple[tuple[str, ...], ...]
    heads: frozenset[str]
    """The last words of categories and things."""
    own: frozenset[str]
    """The words of categories and things."""
    named_by_things: frozenset[str]
    named: frozenset[str]
    """All words."""

    @classmethod
    def of(cls, reading: NicheReading) -> Self:
        """Return the words of a reading."""
        things = phrases_of(reading.things)
        categories = phrases_of([*reading.categories, *reading.things])
        audience = phrases_of(reading.audience) or implied_audience(things)
        style, setting = phrases_of(text for text in reading.style if not is_demand(text)), phrases_of(reading.setting)
        return cls(
            things=things,
            categories=categories,
            audience=audience,
            style=style,
            setting=setting,
            heads=frozenset(phrase[-1] for phrase in categories),
            own=_words(categories),
            named_by_things=_words(things),
            named=_words([*categories, *audience, *style, *setting]),
        )


class ThingTerm:
    """The term of a fit that says whether a title names one of a niche's things."""

    def __init__(self, niche: NicheWords) -> None:
        self._niche = niche

    def value(self, seen: ListingWords, category: float) -> float:
        """Return whether the title names one of the niche's things; ``UNPROVED`` if it names none.

        Args:
            seen: the listing's words.
            category: how far the supplier's category is one of the niche's.
        """
        if self.is_apart_from_category(seen):
            return UNPROVED
        return max(self._one_thing(phrase, seen, category) for phrase in self._niche.things)

    def is_apart_from_category(self, seen: ListingWords) -> bool:
        """Whether the listing shows or names other goods, so that its category proves nothing."""
        return self._is_picture(seen) or self._is_of_another_category(seen)

    def _is_of_another_category(self, seen: ListingWords) -> bool:
        """Whether the title repeats the name of a category that is not the niche's: a ``Camera Wall Clock`` in ``Clocks``."""
        vague = word_set("generic") | word_set("broad") | {"storage", "gaming"}
        return any(
            seen.names & ({part[-1]} | synonyms().get(part[-1], frozenset()))
            and part[-1] not in vague
            and not any(same_name(part[-1], word) for word in self._niche.named_by_things)
            and part[-1] not in self._niche.own
            and not self._names_after(part[-1], seen)
            for part in seen.categories
            if part
        )

    def _names_after(self, category: str, seen: ListingWords) -> bool:
        """Whether a title names the niche's goods after a category: a “Dinosaur Figure Toy” in “Figures” is a toy."""
        return any(
            category in clause.names[:n] and self._niche.heads & {word} & word_set("generic")
            for clause in seen.clauses
            for n, word in enumerate(clause.names)
        )

    def _is_picture(self, seen: ListingWords) -> bool:
        """Whether the listing only shows the niche's things: a sticker, a poster."""
        prints = frozenset(lexicon()["prints"])
        # “Canvas boards” are for painting, so they ask for no picture on canvas.
        own = (
            self._niche.own | prints | {"poster"}
            if self._niche.heads & (prints | {"poster"})
            else self._niche.own - prints
        )
        return bool(seen.pictures - own)

    def _one_thing(self, phrase: tuple[str, ...], seen: ListingWords, category: float) -> float:
        if phrase[-1] in word_set("generic"):
            return self._generic_thing(phrase, seen, category)
        best = 0.0
        for clause in seen.clauses:
            for n in range(len(clause.names)):
                best = max(best, self._named_at(n, clause.names, phrase, seen, category))
            if phrase[-1] in clause.purpose:
                best = max(best, FOR_THE_GOODS)
        if best == 0 and any(set(phrase) <= set(tag) for tag in seen.tags):
            return 0.35
        return max(best, UNPROVED)

    def _named_at(
        self, n: int, names: Sequence[str], phrase: tuple[str, ...], seen: ListingWords, category: float
    ) -> float:
        """Return how far the word at a place of a title names a thing; 0 if it is another word."""
        *modifiers, head = phrase
        whole = "".join(phrase)
        is_compound = n > 0 and names[n - 1] + names[n] == whole
        is_whole = is_compound or names[n] == whole
        name = 1.0 if is_whole else same_name(names[n], head)
        if not name:
            return 0.0
        proved = {modifier: 1.0 if is_whole else shown(modifier, seen) for modifier in modifiers}
        if (
            self._is_companion(names, n)
            or self._is_other(names, n, whole if is_compound else names[n])
            or stands_elsewhere(modifiers, names[:n])
            or (n > 0 and not _is_labelled(phrase, seen) and self._is_rival(names[n - 1], proved))
        ):
            return OTHER_GOODS
        is_bare = not (modifiers or is_compound) and phrase != self._niche.things[0]
        least = min(proved.values(), default=1.0)
        if category < KIN_CATEGORY:
            name *= IN_OTHER_CATEGORY if name < 1 or is_bare else 1.0
            least *= BY_LABELS_ALONE if least < 1 else 1.0
        return name * (1 - 0.7 * (1 - least))

    def _generic_thing(self, phrase: tuple[str, ...], seen: ListingWords, category: float) -> float:
        for clause in seen.clauses:
            if phrase[-1] in clause.names and all(
                any(same_name(word, modifier) for word in clause.names) for modifier in phrase[:-1]
            ):
                positions = [clause.names.index(word) for word in phrase if word in clause.names]
                apart = any(self._is_other(clause.names, n) or self._is_for_others(clause.names, n) for n in positions)
                return OTHER_GOODS if apart or self._is_companion(clause.names, max(positions)) else 1.0
        # "cat toy" is also a wand for cats.
        members = groups("kinds").words.get(phrase[-1], frozenset())
        named = any(
            word in members and not self._is_companion(clause.names, n) and not self._is_other(clause.names, n)
            for clause in seen.clauses
            for n, word in enumerate(clause.names)
        )
        if named:
            narrowing = [modifier for modifier in phrase[:-1] if modifier not in word_set("anywhere")]
            proved = min((shown(modifier, seen) for modifier in narrowing), default=1.0)
            return max(UNPROVED, 0.85 * proved * (IN_OTHER_CATEGORY if category < KIN_CATEGORY else 1.0))
        # “Water sports gear” is not for anything with water.
        field = [word for n, word in enumerate(phrase[:-1]) if n or word not in word_set("broad")]
        if field and phrase[-1] in word_set("fields") and not self._is_apart(seen):
            categories = frozenset(word for part in seen.categories for word in part)
            shares = frozenset(
                word for word in categories & seen.names if word not in self._niche.named | word_set("broad")
            )
            places = seen.names if shares else seen.names | categories
            return OF_THE_FIELD if all(field_words(word) & places for word in field) else UNPROVED
        return UNPROVED

    def _is_apart(self, seen: ListingWords) -> bool:
        """Whether a title names other goods, such as a spray or a security camera."""
        return any(
            (clause.names[-1] in word_set("enders") and clause.names[-1] not in self._niche.own)
            or any(self._is_other(clause.names, n) for n in range(len(clause.names)))
            for clause in seen.clauses
            if clause.names
        )

    def _is_companion(self, names: Sequence[str], n: int) -> bool:
        """Whether the word names what other goods are for: the knife of a knife sharpener."""
        if names[n : n + 2] in pairs_of("same_goods"):
            return False
        companions = word_set("companions")
        # “Dish soap” is not a soap dish, but a candle of soy wax is a candle in a shop that sells wax melts too.
        nearest, further = names[n + 1 : n + 2], names[n + 2 : n + 3]
        end = names[-1:] if names[-1] in word_set("enders") else ()
        return any(word in companions - self._niche.heads for word in nearest) or any(
            word in companions - self._niche.own for word in (*further, *end)
        )

    def _is_other(self, names: Sequence[str], n: int, word: str | None = None) -> bool:
        """Whether a word before this one makes it something else: the knife of a palette knife.

        Args:
            names: the words of a title.
            n: the place of the word.
            word: the word if it is written in two, the last of them at this place: ``teacup``.
        """
        return any(
            (before, word or names[n]) in pairs_of("other_goods") and not self._asks_for(before, word or names[n])
            for before in names[max(0, n - 2) : n]
        )

    def _asks_for(self, before: str, head: str) -> bool:
        """Whether the niche sells goods of this name with this word before it: a repair kit for watches is no watch."""
        return any(phrase[-1] == head and before in phrase for phrase in self._niche.categories)

    def _is_for_others(self, names: Sequence[str], n: int) -> bool:
        """Whether a general name of goods follows the name of another use: a kitchen tool is not a tool for repairs."""
        before = names[n - 1] if n else ""
        uses = any(groups(table).of(before) for table in ("audiences", "settings"))
        return uses and not equivalents(before) & (self._niche.named | word_set("anywhere"))

    def _is_rival(self, word: str, proved: Mapping[str, float]) -> bool:
        """Whether a word before a name says which goods they are, against the tags: a grocery bag is not a travel bag.

        Args:
            word: the word.
            proved: how far the listing shows the modifiers that the niche asks for. The title need not name a material.
        """
        styles = groups("styles").of
        return (
            word not in self._niche.named
            and not styles(word)
            and any(value < 1 and not styles(modifier) for modifier, value in proved.items())
        )


def _is_labelled(phrase: tuple[str, ...], seen: ListingWords) -> bool:
    """Whether the supplier's category is a thing of the niche by name: a cappuccino cup in “Coffee Cups” is a coffee mug."""
    *modifiers, head = phrase
    return any(part[:-1] == tuple(modifiers) and same_name(part[-1], head) for part in seen.categories if part)


def shown(modifier: str, seen: ListingWords) -> float:
    """Return how far a listing shows a modifier such as ``matcha`` of ``matcha bowl``."""
    accepted = field_words(modifier) | position_words(modifier)
    # A text mentions many things: a hook of a “ring to hang it up” is not a ring light.
    places = PLACES if is_use(modifier) else PLACES[:2]
    return next((belief for place, belief in places if accepted & seen.place(place)), 0.0)


def _words(phrases: Sequence[tuple[str, ...]]) -> frozenset[str]:
    return frozenset(word for phrase in phrases for word in phrase)
