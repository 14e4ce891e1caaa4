"""The house keyword writer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.sourcing.relevance import words
from infra.writers.rules.keywords import FEWEST, MOST, RuleKeywords

NICHES = (
    "Cyberpunk home decor",
    "Ceramic planters",
    "Vintage cameras",
    "Home gym",
    "Desk setup",
    "Minimalist furniture",
    "Zen garden",
    "Streetwear sneakers",
    "Alpaca yoga for cats",
    "手工茶具",
    "x",
)


@pytest.mark.parametrize("niche", NICHES)
async def test_every_niche_gets_twenty_to_thirty_different_phrases(niche: str) -> None:
    phrases = await RuleKeywords().keywords(niche, seed="1")
    assert FEWEST <= len(phrases) <= MOST
    assert len({tuple(sorted(words(phrase))) or phrase for phrase in phrases}) == len(phrases)
    assert phrases[0] == niche.lower()


@settings(deadline=None)
@given(st.text(min_size=1, max_size=120))
async def test_whatever_the_niche_there_are_phrases(niche: str) -> None:
    phrases = await RuleKeywords().keywords(niche, seed="1")
    assert FEWEST <= len(phrases) <= MOST
    assert len(set(phrases)) == len(phrases)


async def test_the_seed_decides() -> None:
    first = await RuleKeywords().keywords("Cyberpunk home decor", seed="1")
    assert first == await RuleKeywords().keywords("Cyberpunk home decor", seed="1")
    assert first != await RuleKeywords().keywords("Cyberpunk home decor", seed="2")


async def test_style_and_goods_meet() -> None:
    phrases = await RuleKeywords().keywords("Cyberpunk home decor", seed="1")
    assert "neon wall art" in phrases
    assert any("light box" in phrase for phrase in phrases)


async def test_a_word_nobody_knows_is_kept_with_the_goods_that_are_known() -> None:
    phrases = await RuleKeywords().keywords("Alpaca home decor", seed="1")
    assert "alpaca wall art" in phrases
