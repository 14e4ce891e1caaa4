"""Draws how a store looks: mood, hero, order of sections and fonts, unlike the stores made just before it."""

import tomllib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from domain.store.brand import BrandIdentity, FontPair, HeroKind, Look, Mood, Section
from infra.writers.brandkit.fonts import PAIRS
from infra.writers.brandkit.seeded_random import SeededRandom

T = TypeVar("T", bound=Hashable)

_FONTS_APART = 5
"""A heading font comes again only after this many other stores, if another one suits."""


class _Suits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fonts: tuple[str, ...]
    """Heading fonts that suit the mood."""


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sections: tuple[Section, ...]


class _Looks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    moods: dict[Mood, _Suits]
    orders: tuple[_Order, ...]


@cache
def _looks() -> _Looks:
    text = Path(__file__).with_name("looks.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """What suits a niche, in no order."""

    moods: Sequence[Mood]
    """Moods that suit the niche."""
    fonts: Sequence[str]
    """Heading fonts that suit it."""
    strict: bool = False
    """Whether the niche names its style; then no other mood is drawn."""


def draw_look(taste: Taste, neighbors: Sequence[BrandIdentity], rng: SeededRandom) -> tuple[Look, FontPair]:
    """Return a look and its fonts.

    The draw avoids what the neighbors have: a mood comes again only after all others that suit. Without neighbors, the
    seed alone decides.

    Args:
        taste: what suits the niche.
        neighbors: brands of the merchant's stores, the newest first.
        rng: chooses among what is equally good.
    """
    looks = [brand.look for brand in neighbors if brand.look is not None]
    moods = list(taste.moods) if taste.strict else [*taste.moods, *(mood for mood in Mood if mood not in taste.moods)]
    mood = _draw_mood(moods, len(taste.moods), [look.mood for look in looks], rng.fork("mood"))
    hero = _freshest(tuple(HeroKind), [look.hero for look in looks], rng.fork("hero"))
    orders = tuple(dict.fromkeys(_shown(order.sections, hero) for order in _looks().orders))
    order = _freshest(orders, [tuple(look.sections) for look in looks], rng.fork("sections"))
    fonts = _draw_fonts(mood, taste, [brand.fonts.heading for brand in neighbors], rng.fork("fonts"))
    return Look(mood=mood, hero=hero, sections=list(order)), fonts


def fonts_of(mood: Mood) -> tuple[str, ...]:
    """Return the heading fonts that suit a mood."""
    return _looks().moods[mood].fonts


def _draw_mood(moods: Sequence[Mood], suited: int, used: Sequence[Mood], rng: SeededRandom) -> Mood:
    """Return a suited mood; another one only if every suited one was used and the other was not.

    Args:
        moods: the suited moods, then the others.
        suited: how many are suited.
        used: by the neighbors, the newest first.
        rng: chooses among equals.
    """
    recent = used[: len(Mood) - 1]
    fresh = [mood for mood in moods[:suited] if mood not in recent]
    if fresh:
        return rng.pick(fresh)
    others = [mood for mood in moods[suited:] if mood not in recent]
    return rng.pick(others) if others else _freshest(tuple(moods), used, rng)


def _draw_fonts(mood: Mood, taste: Taste, used: Sequence[str], rng: SeededRandom) -> FontPair:
    own, recent = fonts_of(mood), set(used[:_FONTS_APART])
    suited = [font for font in own if font in taste.fonts]
    fresh = [font for font in suited if font not in recent] or (
        [] if taste.strict else [f for f in own if f not in recent]
    )
    return PAIRS[_freshest(fresh or suited or own, used, rng)]


def _shown(sections: Sequence[Section], hero: HeroKind) -> tuple[Section, ...]:
    return tuple(one for one in sections if one is not Section.CATEGORIES or hero is not HeroKind.CATEGORY)


def _freshest(options: Sequence[T], used: Sequence[T], rng: SeededRandom) -> T:
    """Return an option that is not in ``used``; if there is none, the one whose last use is longest ago."""
    return max(rng.shuffled(options), key=lambda one: used.index(one) if one in used else len(used))
