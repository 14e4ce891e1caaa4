"""What niches are understood to be, and whether every entry of the lexicon can be used."""

import re

import pytest

from infra.writers.brandkit.fonts import PAIRS
from infra.writers.brandkit.marks import MARKS
from infra.writers.brandkit.schemes import SCHEMES
from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.rules.brand.lexicon import CATEGORIES, MOODS, STYLES, listed, understand


@pytest.mark.parametrize(
    ("niche", "category", "style"),
    [
        ("Cyberpunk home decor", "home-decor", "cyberpunk"),
        ("Dog toys", "pets", None),
        ("Film cameras", "photography", "vintage"),
        ("Tokyo streetwear", "fashion", "japanese"),
        ("Gardening tools for balconies", "tools", None),
        ("Space saving storage", "home-decor", None),
        ("Running shoes", "shoes", None),
        ("Leather camera bags", "bags", None),
        ("Saxophone reeds", "audio", None),
        ("Minimalist wall clocks", "home-decor", "minimal"),
        ("baby yoga", "baby", None),
        ("Quantum widgets", "unknown", None),
    ],
)
def test_a_niche_is_understood(niche: str, category: str, style: str | None) -> None:
    reading = understand(niche, SeededRandom("1"))
    assert reading.category.key == category
    assert (reading.style.key if reading.styled else None) == style


@pytest.mark.parametrize(
    ("niche", "phrase"),
    [
        ("  Vintage   Film Cameras! ", "vintage film cameras"),
        ("JAPANESE ceramics", "Japanese ceramics"),
        ("Retro gaming", "retro gaming gear"),
        ("USB-C hubs", "USB-C hubs"),
        ("Best plant shop", "best plant"),
        ("https://spam.example", "well-chosen things"),
        ("Tea <script>", "tea and tea things"),
        ("🪴", "well-chosen things"),
    ],
)
def test_a_niche_is_put_into_a_sentence(niche: str, phrase: str) -> None:
    assert understand(niche, SeededRandom("1")).phrase == phrase


def test_a_wished_tone_sets_the_style_where_the_niche_names_none() -> None:
    assert understand("Lamps", SeededRandom("1"), tone="gothic and dry").style.key == "gothic"
    assert understand("Cyberpunk lamps", SeededRandom("1"), tone="gothic").style.key == "cyberpunk"


def test_there_are_enough_themes_and_marks() -> None:
    assert len(CATEGORIES) >= 25
    assert len(STYLES) >= 15
    assert len(MARKS) >= 12
    assert len({entry.key for entry in CATEGORIES}) == len(CATEGORIES)
    assert len({entry.key for entry in (*STYLES, *MOODS)}) == len(STYLES) + len(MOODS)


@pytest.mark.parametrize("entry", CATEGORIES, ids=lambda entry: entry.key)
def test_every_category_is_complete(entry) -> None:  # type: ignore[no-untyped-def]
    assert set(listed(entry.schemes)) <= set(SCHEMES)
    assert set(listed(entry.fonts)) <= set(PAIRS)
    assert set(listed(entry.symbols)) <= set(MARKS)
    assert set(listed(entry.styles)) <= {mood.key for mood in MOODS}
    assert len(listed(entry.roots)) >= 8
    assert len(entry.taglines) >= 4
    assert len(entry.scenes) >= 3
    for intro in entry.intros:
        assert intro.count("{name}") == intro.count("{niche}") == 1


@pytest.mark.parametrize("entry", [*STYLES, *MOODS], ids=lambda entry: entry.key)
def test_every_style_is_complete(entry) -> None:  # type: ignore[no-untyped-def]
    assert set(listed(entry.schemes)) <= set(SCHEMES)
    assert set(listed(entry.fonts)) <= set(PAIRS)
    assert set(listed(entry.symbols)) <= set(MARKS)
    assert len(listed(entry.leads)) >= 8
    assert len(entry.turns) == 3


def test_no_sentence_stands_in_two_entries() -> None:
    sentences = [
        sentence for entry in CATEGORIES for sentence in (*entry.taglines, *entry.scenes, *entry.intros, *entry.beliefs)
    ] + [sentence for style in (*STYLES, *MOODS) for sentence in (*style.taglines, *style.turns)]
    assert len(set(sentences)) == len(sentences)
    worn = re.compile(
        r"(?i)elevate|unleash|curated|crafted with|passion for|where .* meets|game.changer|more than just"
    )
    assert not [sentence for sentence in sentences if worn.search(sentence)]
