"""The profiles of niches, and the completeness of the lexicon's entries."""

import re

import pytest

from domain.store.niche import NicheReading
from infra.writers.brandkit.fonts import PAIRS
from infra.writers.brandkit.marks import MARKS
from infra.writers.brandkit.schemes import SCHEMES
from infra.writers.brandkit.seeded_random import SeededRandom
from infra.writers.copykit.claims import Evidence, unsupported
from infra.writers.copykit.spelling import british_in
from infra.writers.rules.brand.lexicon import Category, Sober, Style, lexicon, read_niche
from infra.writers.rules.brand.lexicon.unknown import unknown_category
from infra.writers.rules.niche.reader import read_niche as understand

CATEGORIES, STYLES, MOODS = lexicon().categories, lexicon().styles, lexicon().moods


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
        ("Kitchen tools", "kitchen", None),
        ("Desk accessories", "stationery", None),
        ("Quantum widgets", "unknown", None),
    ],
)
def test_a_niche_has_a_category_and_a_style(niche: str, category: str, style: str | None) -> None:
    profile = read_niche(niche, SeededRandom("1"))
    assert profile.category.key == category
    assert (profile.style.key if profile.is_styled else None) == style


@pytest.mark.parametrize(
    ("niche", "category"),
    [
        ("Play kitchen", "toys"),
        ("Slow mornings", "coffee"),
        ("Gifts for beekeepers", "food"),
        ("Kitchen tools", "kitchen"),
        ("Plush animals", "toys"),
        ("Cat costumes", "celebrations"),
        ("Cat mugs", "ceramics"),
        ("Costumes for cats", "pets"),
        ("Wedding decor", "weddings"),
        ("Wedding rings", "jewellery"),
        ("Easter baskets", "celebrations"),
        ("Gifts for nurses", "gifts"),
        ("Gifts for tea lovers", "tea"),
        ("Bath bombs", "beauty"),
        ("Vitamin supplements", "wellness"),
    ],
)
def test_what_a_niche_was_understood_to_mean_decides_its_category(niche: str, category: str) -> None:
    reading = understand(niche)
    assert read_niche(niche, SeededRandom("1"), reading=reading).category.key == category


def test_a_reading_without_known_goods_leaves_the_niches_own_words() -> None:
    reading = NicheReading(things=["falconry hood"])
    assert read_niche("Lamps", SeededRandom("1"), reading=reading).category.key == "lighting"


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
        ("Bath bombs 🛁", "bath bombs"),
        ("Fishing for kids", "fishing gear for kids"),
        ("mother's day gifts", "Mother's Day gifts"),
    ],
)
def test_a_niche_reads_well_inside_a_sentence(niche: str, phrase: str) -> None:
    assert read_niche(niche, SeededRandom("1")).phrase == phrase


def test_the_merchants_tone_sets_the_style_if_the_niche_names_none() -> None:
    assert read_niche("Lamps", SeededRandom("1"), tone="gothic and dry").style.key == "gothic"
    assert read_niche("Cyberpunk lamps", SeededRandom("1"), tone="gothic").style.key == "cyberpunk"


def test_no_sentence_claims_anything_about_goods_or_the_shop() -> None:
    evidence = Evidence.of(["Xname", "Yniche"])
    voices: list[Category | Sober] = [*CATEGORIES, unknown_category(["a"]), lexicon().sober]
    sentences = [
        text.format(name="Xname", niche="Yniche")
        for entry in voices
        for text in (*entry.taglines, *entry.scenes, *entry.intros, *entry.beliefs)
    ]
    sentences += [text for style in (*STYLES, *MOODS) for text in (*style.taglines, *style.turns)]
    assert not [(text, str(claims[0])) for text in sentences if (claims := unsupported(text, evidence))]
    # The shop has seen no goods, so it has not chosen, judged or compared any by hand.
    acts = re.compile(
        r"(?i)\b(?:we|xname) (?:choose|pick|select|edit|judge|hunt|look for|look at|test|check|prefer|track)s?\b|"
        r"\b(?:hand-?picked|chosen|picked|selected|tested|founded|workshop)\b"
    )
    assert not [text for text in sentences if acts.search(text)]
    assert not [text for text in sentences if british_in(text)]


def test_there_are_enough_themes_and_marks() -> None:
    assert len(CATEGORIES) >= 25
    assert len(STYLES) >= 15
    assert len(MARKS) >= 12
    assert len({entry.key for entry in CATEGORIES}) == len(CATEGORIES)
    assert len({entry.key for entry in (*STYLES, *MOODS)}) == len(STYLES) + len(MOODS)


@pytest.mark.parametrize("entry", CATEGORIES, ids=lambda entry: entry.key)
def test_every_category_is_complete(entry: Category) -> None:
    assert set(entry.schemes) <= set(SCHEMES)
    assert set(entry.fonts) <= set(PAIRS)
    assert set(entry.symbols) <= set(MARKS)
    assert set(entry.styles) <= {mood.key for mood in MOODS}
    assert len(entry.roots) >= 8
    assert len(entry.taglines) >= 4
    assert len(entry.scenes) >= 3
    for intro in entry.intros:
        assert intro.count("{name}") == intro.count("{niche}") == 1


@pytest.mark.parametrize("entry", [*STYLES, *MOODS], ids=lambda entry: entry.key)
def test_every_style_is_complete(entry: Style) -> None:
    assert set(entry.schemes) <= set(SCHEMES)
    assert set(entry.fonts) <= set(PAIRS)
    assert set(entry.symbols) <= set(MARKS)
    assert len(entry.leads) >= 8
    assert len(entry.turns) == 3


def test_no_sentence_is_in_two_entries() -> None:
    sentences = [
        sentence for entry in CATEGORIES for sentence in (*entry.taglines, *entry.scenes, *entry.intros, *entry.beliefs)
    ] + [sentence for style in (*STYLES, *MOODS) for sentence in (*style.taglines, *style.turns)]
    assert len(set(sentences)) == len(sentences)
    worn = re.compile(
        r"(?i)elevate|unleash|curated|crafted with|passion for|where .* meets|game.changer|more than just"
    )
    assert not [sentence for sentence in sentences if worn.search(sentence)]


@pytest.mark.parametrize("niche", ["mice", "saxophone reed", "baby yoga", "left-handed origami", "well-chosen things"])
def test_the_intro_of_an_unknown_niche_fits_one_thing_many_things_and_an_activity(niche: str) -> None:
    # No verb, article or pronoun of the pattern may have to agree with the niche: it stands alone at the end.
    for intro in unknown_category(niche.split()).intros:
        assert intro.format(name="Larkfield", niche=niche).endswith(f": {niche}.")


def test_an_occasion_is_named_only_where_all_goods_of_a_category_are_for_it() -> None:
    # Gifts are for every occasion, and a wedding is no birthday.
    occasions = re.compile(r"(?i)\b(?:birthday|christmas|easter|halloween|wedding|anniversary|valentine)s?\b")
    texts = [
        (entry.key, text)
        for entry in CATEGORIES
        for text in (*entry.taglines, *entry.scenes, *entry.intros, *entry.beliefs)
    ]
    assert {key for key, text in texts if occasions.search(text)} <= {"weddings"}
