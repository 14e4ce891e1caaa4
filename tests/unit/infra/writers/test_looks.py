"""Stores look different from each other."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from domain.store.brand import BrandIdentity, HeroKind, Mood, Section
from infra.writers.brandkit.fonts import PAIRS
from infra.writers.brandkit.looks import Taste, draw_look, fonts_of
from infra.writers.brandkit.palette import color_distance
from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.rules.brand import RuleBrandWriter
from infra.writers.rules.brand.lexicon import lexicon
from tests.support.fakes.brand import KnownDomains, brief

NICHES = (
    "Cyberpunk home decor", "Houseplants", "Japanese ceramics", "Vintage film cameras", "Mechanical keyboards",
    "Dog toys", "Scandinavian furniture", "Specialty coffee", "Baby clothes", "Camping gear", "Minimalist jewelry",
    "Gothic candles", "Kawaii stationery", "Running shoes", "Eco-friendly skincare", "Retro gaming", "Yoga mats",
    "Saxophone reeds", "Car accessories", "Luxury watches", "Quantum widgets", "Tea and teapots", "Kitchen knives",
    "Bicycle lights", "Fishing lures", "Knitting yarn", "Board games", "Skateboards", "Travel bags", "Garden tools",
    "Toys for senior cats", "Desk accessories", "Rainy day gear", "Beekeeping", "Bathroom storage", "Birthday cakes",
    "Left-handed scissors", "Astronomy", "Rustic farmhouse decor", "Home gym", "Spices", "Gloves", "Bird feeders",
)  # fmt: skip
GROUPS = 40
FEW_GROUPS = 8


async def stores(niches: Sequence[str], seed: str) -> list[BrandIdentity]:
    """Return the brands of a merchant who asks for these stores one after the other."""
    brands: list[BrandIdentity] = []
    for number, niche in enumerate(niches):
        asked = brief(niche, seed=f"{seed}:{number}", neighbors=brands[::-1])
        brands.append((await RuleBrandWriter(KnownDomains()).propose(asked)).brand)
    return brands


def mood_of(brand: BrandIdentity) -> Mood:
    assert brand.look is not None
    return brand.look.mood


def distinctive(brand: BrandIdentity) -> tuple[object, ...]:
    assert brand.look is not None
    return brand.look.mood, brand.look.hero, tuple(brand.look.sections), brand.fonts.heading


@pytest.mark.parametrize("groups", [range(FEW_GROUPS), pytest.param(range(FEW_GROUPS, GROUPS), marks=pytest.mark.long)])
async def test_ten_random_niches_use_every_mood_and_six_font_pairs(groups: range) -> None:
    for group in groups:
        brands = await stores(random.Random(group).sample(NICHES, 10), str(group))
        assert {mood_of(brand) for brand in brands} == set(Mood), (group, [mood_of(brand) for brand in brands])
        assert len({brand.fonts.heading for brand in brands}) >= 6, group
        assert {brand.look.hero for brand in brands if brand.look} == set(HeroKind)


@pytest.mark.long
async def test_two_stores_of_one_niche_look_different_at_a_glance() -> None:
    for number, niche in enumerate(NICHES):
        first, second = await stores([niche, niche], str(number))
        assert mood_of(first) is not mood_of(second), niche
        assert first.fonts.heading != second.fonts.heading, niche
        assert first.voice.tagline != second.voice.tagline, niche
        assert not set(first.name.split()) & set(second.name.split()) - {"&"}, niche
        assert first.look is not None
        assert second.look is not None
        assert first.look.hero is not second.look.hero, niche
        assert color_distance(first.palette.primary, second.palette.primary) > 0.02, niche


@pytest.mark.long
async def test_stores_that_know_nothing_of_each_other_are_spread_too() -> None:
    writer = RuleBrandWriter(KnownDomains())
    brands = [
        (await writer.propose(brief(niche, seed=f"{niche}:{n}"))).brand for niche in ("Houseplants", "Tea", "Dog toys")
        for n in range(40)
    ]  # fmt: skip
    counts = Counter(mood_of(brand) for brand in brands)
    assert len(counts) >= 5
    assert max(counts.values()) <= len(brands) * 0.4
    for start in range(0, len(brands), 40):
        niche = brands[start : start + 40]
        pairs = [(a, b) for n, a in enumerate(niche) for b in niche[n + 1 :]]
        alike = sum(distinctive(a) == distinctive(b) for a, b in pairs)
        assert alike / len(pairs) < 0.02


@pytest.mark.parametrize("niche", ["Cyberpunk home decor", "Luxury watches", "Kawaii stationery"])
async def test_a_named_style_is_kept_in_every_store(niche: str) -> None:
    style = next(style for style in lexicon().styles if niche.split(maxsplit=1)[0].lower() in style.words)
    brands = await stores([niche] * 8, "1")
    assert {mood_of(brand) for brand in brands} == set(style.looks)


def test_fonts_fit_their_mood_and_every_mood_has_enough() -> None:
    for mood in Mood:
        assert len(set(fonts_of(mood))) >= 5
        assert set(fonts_of(mood)) <= set(PAIRS)
        for seed in range(20):
            taste = Taste(moods=[mood], fonts=[], strict=True)
            look, fonts = draw_look(taste, (), SeededRandom(str(seed)))
            assert look.mood is mood
            assert fonts.heading in fonts_of(mood)


def test_every_look_has_products_story_and_promises_once() -> None:
    for seed in range(60):
        look, _ = draw_look(Taste(moods=tuple(Mood), fonts=[]), (), SeededRandom(str(seed)))
        expected = {Section.FEATURED, Section.STORY, Section.PROMISES}
        if look.hero is not HeroKind.CATEGORY:
            expected.add(Section.CATEGORIES)
        assert sorted(look.sections) == sorted(expected)
