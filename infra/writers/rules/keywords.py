"""The rule-based keyword writer: search phrases from a lexicon of niches."""

import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

from pydantic import Field

from domain.kernel import Value
from domain.sourcing.relevance import words

FEWEST, MOST = 20, 30
USUAL = 26
"""The number of phrases if the lexicon has enough."""


class _Theme(Value):
    """A style: the words that name it, and goods that suit it."""

    when: list[str]
    say: list[str]
    goods: list[str]


class _Subject(Value):
    """A field of goods, the most typical first."""

    when: list[str]
    goods: list[str]


class _Lexicon(Value):
    themes: list[_Theme]
    subjects: list[_Subject]
    anything: Annotated[list[str], Field(min_length=FEWEST)]
    """Patterns for niches that no entry knows."""


@cache
def _lexicon() -> _Lexicon:
    return _Lexicon.model_validate_json(Path(__file__).with_name("keywords.json").read_text("utf-8"))


class RuleKeywords:
    """Implements :class:`domain.sourcing.ports.KeywordWriter`. The same niche and seed give the same phrases."""

    async def keywords(self, niche: str, *, seed: str) -> Sequence[str]:
        """Return 20 to 30 different phrases: first the niche, then its goods, then related goods."""
        plain = " ".join(niche.lower().split())
        niche_words = frozenset(words(niche))
        themes = [theme for theme in _lexicon().themes if _is_triggered(theme.when, niche_words)]
        subjects = [subject for subject in _lexicon().subjects if _is_triggered(subject.when, niche_words)]
        rng = random.Random(f"keywords, {plain}, {seed}")  # noqa: S311 - variety, no secret
        phrases: dict[tuple[str, ...], str] = {}
        for phrase in _phrases(plain, themes, subjects, rng):
            # "flower pot" and "pot flowers" ask for the same thing, so the sorted words are the key.
            known = tuple(sorted(words(phrase))) or (phrase,)
            phrases.setdefault(known, phrase)
            if len(phrases) == USUAL:
                break
        return list(phrases.values())


def _phrases(niche: str, themes: Sequence[_Theme], subjects: Sequence[_Subject], rng: random.Random) -> Iterator[str]:
    """Yield phrases, possibly repeated, the most typical first."""
    yield niche
    styles = _interleaved([theme.say for theme in themes]) or _own_words(niche, subjects)
    fields = [subject.goods for subject in subjects] or [theme.goods for theme in themes]
    goods = _interleaved(fields)
    liked = _interleaved([theme.goods for theme in themes]) if subjects else []
    for n, thing in enumerate(goods):
        # The first style is nearest to the niche and takes every second phrase. The seed chooses among all for the rest.
        yield _styled(styles[0] if n % 2 == 0 else rng.choice(styles), thing) if styles else thing
    for n, thing in enumerate(liked):
        yield _styled(styles[n % len(styles)], thing) if styles and n % 2 == 0 else thing
    crossed = [_styled(style, thing) for style in styles for thing in goods]
    yield from rng.sample(crossed, len(crossed))
    yield from goods
    yield from (pattern.format(niche=niche) for pattern in rng.sample(_lexicon().anything, len(_lexicon().anything)))


def _styled(style: str, thing: str) -> str:
    return thing if set(words(style)) & set(words(thing)) else f"{style} {thing}"


def _is_triggered(triggers: Sequence[str], niche_words: frozenset[str]) -> bool:
    return any(set(words(trigger)) and set(words(trigger)) <= niche_words for trigger in triggers)


def _own_words(niche: str, subjects: Sequence[_Subject]) -> list[str]:
    """Return the words of the niche that no theme or subject has: ``alpaca`` of “Alpaca home decor”."""
    known = {word for subject in subjects for trigger in subject.when for word in words(trigger)}
    known |= {word for subject in subjects for thing in subject.goods for word in words(thing)}
    rest = [word for word in words(niche) if word not in known and word not in {"home", "room", "setup"}]
    return [" ".join(rest)] if rest else []


def _interleaved(lists: Sequence[Sequence[str]]) -> list[str]:
    """Return all entries once, alternating between the lists."""
    turns = (entry for turn in zip_longest(*lists) for entry in turn if entry is not None)
    return list(dict.fromkeys(turns))
