"""The rule-based keyword writer."""

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
async def test_any_niche_gets_phrases(niche: str) -> None:
    phrases = await RuleKeywords().keywords(niche, seed="1")
    assert FEWEST <= len(phrases) <= MOST
    assert len(set(phrases)) == len(phrases)


async def test_another_seed_gives_other_phrases() -> None:
    first = await RuleKeywords().keywords("Cyberpunk home decor", seed="1")
    assert first == await RuleKeywords().keywords("Cyberpunk home decor", seed="1")
    assert first != await RuleKeywords().keywords("Cyberpunk home decor", seed="2")


async def test_phrases_combine_style_and_goods() -> None:
    phrases = await RuleKeywords().keywords("Cyberpunk home decor", seed="1")
    assert "neon wall art" in phrases
    assert any("light box" in phrase for phrase in phrases)


async def test_an_unknown_word_is_combined_with_known_goods() -> None:
    phrases = await RuleKeywords().keywords("Alpaca home decor", seed="1")
    assert "alpaca wall art" in phrases
