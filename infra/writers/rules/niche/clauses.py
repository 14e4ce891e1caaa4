"""A niche cut into clauses, parts and segments: ``toys | for | senior | cats``."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.writers.rules.niche.lexicon import LONGEST, Meaning, lexicon
from infra.writers.rules.niche.words import Token, is_english, is_plural, phrase, plain_text, tokens

_OF_ADJECTIVES = ("able", "ed", "est", "ful", "ible", "ish", "ive", "less", "ous", "some")
_BUTS = frozenset({"but"})
_ONLY = frozenset({"just", "only", "merely"})
_JOINS = frozenset({"and", "or", "&", "+", ",", ";", "/", "|", "plus"})


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One phrase of a niche that the lexicon knows, or one word that it does not."""

    text: str
    """As the niche has it, in lower case."""
    words: tuple[Token, ...]
    meaning: Meaning | None

    @property
    def singular(self) -> str:
        """As the lexicon spells it, or with the last word in the singular."""
        return phrase(self.text) if self.meaning is None else self.meaning.phrase

    @property
    def is_goods(self) -> bool:
        return self.meaning is not None and self.meaning.kind is not None

    @property
    def is_generic(self) -> bool:
        return not self.is_goods and self.has_role("generic")

    @property
    def is_english(self) -> bool:
        """Whether the lexicon or the dictionary has it. Numbers and sizes count: ``90s``, ``4k``."""
        return self.meaning is not None or all(
            (is_english(word.text) and lexicon().respelled(word.singular) is None)
            or len(word.text) == 1  # what is left of “R&B” and “rock 'n' roll”
            or any(letter.isdigit() for letter in word.text)
            for word in self.words
        )

    @property
    def names_goods(self) -> bool:
        """Whether an unknown word looks like goods: an English plural, or a name of a mass."""
        last = self.words[-1].text
        return self.meaning is None and self.is_english and (is_plural(last) or last in lexicon().words.mass_nouns)

    @property
    def narrows(self) -> bool:
        """Whether it says which of the goods after it: a motif, or an unknown noun as in “falconry gloves”."""
        if self.has_role("motif"):
            return True
        return self.meaning is None and self.is_english and not self.words[-1].text.endswith(_OF_ADJECTIVES)

    def has_role(self, role: str) -> bool:
        return self.meaning is not None and role in self.meaning.roles


@dataclass(frozen=True, slots=True)
class Clause:
    """A noun phrase and the preposition before it; its parts are joined by ``and`` or a comma."""

    preposition: str
    """``""`` for the first clause, else one of ``for``, ``place``, ``with``, ``without``, ``not``."""
    parts: list[list[Segment]] = field(default_factory=lambda: [[]])

    def may_turn(self, word: str) -> bool:
        """Whether this clause ends at a “not” or “no”. A “but” before it is dropped. None ends one at its beginning."""
        last = self.parts[-1]
        if last and last[-1].text in _BUTS:
            last.pop()
            return True
        return len(self.parts) > 1 if not last else word == "not"


def without_lead_in(niche: str) -> str:
    """Return a niche without words such as “I want to sell”."""
    text = plain_text(niche)
    for lead_in in sorted(lexicon().words.lead_ins, key=len, reverse=True):
        if text.startswith(f"{lead_in} "):
            return text.removeprefix(lead_in).strip()
    return text


def clauses_of(text: str) -> list[Clause]:
    """Return the clauses of a niche; the first one names the goods and may be empty."""
    words = lexicon().words
    clauses = [Clause("")]
    for segment in _segments(text):
        word = segment.words[0].text if len(segment.words) == 1 else ""
        if word in _JOINS:
            clauses[-1].parts.append([])
        elif clauses[-1].preposition == "not" and not clauses[-1].parts[-1] and word in words.for_words:
            pass  # “not for dogs” excludes dogs, as “not dogs” does
        elif clauses[-1].preposition == "not" and not clauses[-1].parts[-1] and word in _ONLY:
            clauses.pop()  # “not only for birthdays” excludes nothing
        elif word in words.for_words:
            clauses.append(Clause("for"))
        elif word in words.place_words:
            clauses.append(Clause("place"))
        elif word in words.with_words:
            clauses.append(Clause("with"))
        elif word in words.without_words:
            clauses.append(Clause("without"))
        elif word in words.except_words or (word in words.not_words and clauses[-1].may_turn(word)):
            clauses.append(Clause("not"))
        else:
            clauses[-1].parts[-1].append(segment)
    return clauses


def text_of(segments: Sequence[Segment], source: str) -> str:
    """Return the words from the first segment to the last, the last one in the singular."""
    return phrase(source[segments[0].words[0].start : segments[-1].words[-1].end])


def _segments(text: str) -> list[Segment]:
    """Return the longest phrases that the lexicon has, found from the end: English puts the main noun last."""
    words = tokens(text)
    found: list[Segment] = []
    end = len(words)
    while end:
        start, meaning = _longest(words, end)
        span = tuple(words[start:end])
        found.append(Segment(text[span[0].start : span[-1].end], span, meaning))
        end = start
    return found[::-1]


def _longest(words: Sequence[Token], end: int) -> tuple[int, Meaning | None]:
    for length in range(min(LONGEST, end), 0, -1):
        keys = _keys(words[end - length : end])
        meaning = lexicon().find(keys)
        if meaning is not None and not _is_styled_kind(keys, meaning):
            return end - length, meaning
    return end - 1, None


def _is_styled_kind(keys: Sequence[str], meaning: Meaning) -> bool:
    """Whether a phrase is a style and a whole kind: a niche of ceramic planters means planters of every form."""
    if meaning.kind is None or meaning.is_whole:
        return False
    return any(
        (style := lexicon().find(keys[:cut])) is not None
        and style.style is not None
        and (rest := lexicon().find(keys[cut:])) is not None
        and rest.is_whole
        for cut in range(1, len(keys))
    )


def _keys(words: Sequence[Token]) -> tuple[str, ...]:
    keys = tuple(word.singular for word in words)
    # “Glasses” alone are worn, “wine glasses” are several glasses.
    several = len(keys) > 1 and keys[-1] == "glasses" and lexicon().find(keys) is None
    return (*keys[:-1], "glass") if several else keys
