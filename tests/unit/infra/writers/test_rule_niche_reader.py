"""The rule-based reader of niches: goods, audience, setting and style, and what is not understood."""

import pytest

from domain.sourcing import supplier_words
from domain.store.events import Preferences
from domain.store.niche import NicheReading
from infra.writers.rules.niche.lexicon import lexicon
from infra.writers.rules.niche.reader import RuleNicheReader, read_niche

NICHES = {
    "Toys for senior cats": {"things": ["cat toy", "cat wand", "puzzle feeder"], "audience": ["senior cat"]},
    "Desk accessories": {"things": ["desk organizer", "desk mat", "desk lamp"], "categories": ["desk accessory"]},
    "kitchen tools": {"things": ["spatula", "whisk", "peeler"], "categories": ["kitchen tool"]},
    "Japanese tea ceremony": {"things": ["teapot", "matcha whisk"], "style": ["japanese"]},
    "gifts for beekeepers": {"things": ["honey dipper", "bee suit"], "audience": ["beekeeper"]},
    "minimalist home office": {"things": ["desk organizer"], "setting": ["home office"], "style": ["minimalist"]},
    "left-handed scissors": {"things": ["scissors"], "style": ["left-handed"]},
    "rainy day gear for dog walkers": {
        "things": ["umbrella", "dog raincoat"],
        "audience": ["dog walker"],
        "setting": ["rainy day"],
    },
    "Cyberpunk home decor": {"things": ["wall art"], "style": ["cyberpunk"]},
    "Ceramic planters": {"things": ["planter", "hanging planter"], "style": ["ceramic"]},
    "cat and dog toys": {"things": ["cat toy", "dog toy"]},
    "toys for babies": {"things": ["baby toy"], "audience": ["baby"]},
    "beds for dogs": {"things": ["dog bed"], "audience": ["dog"]},
    "black and white mugs": {"things": ["mug"], "style": ["black and white"]},
    "gifts for tea lovers": {"things": ["teapot"], "audience": ["tea lover"]},
    "gifts for dad who loves grilling": {"things": ["grill tongs"], "audience": ["dad"]},
    "gifts for mom": {"things": ["mug"], "audience": ["mom"]},
    "gifts for amateur astronomers": {"things": ["telescope", "moon lamp"], "audience": ["amateur astronomer"]},
    "gifts for new moms": {"things": ["baby blanket"], "audience": ["new mom"]},
    "accessories for cameras": {"things": ["camera strap"], "categories": ["camera"]},
    "women's shoes": {"things": ["shoe"], "audience": ["woman"]},
    "baby blankets and bottles": {"things": ["baby blanket", "baby bottle"]},
    "I want to sell candles": {"things": ["candle"]},
    "falconry hoods": {"things": ["falconry hood"]},
    "Wedding decor in rustic style": {"things": ["wedding decor"], "style": ["rustic"]},
    "Rain": {"things": ["umbrella", "raincoat"]},
    "wine glasses": {"categories": ["barware"]},
    "Plush animals": {"things": ["plush animal", "plush toy"], "style": ["plush"]},
    "plush cats and dogs": {"things": ["plush cat", "plush dog"], "categories": ["plush toy"]},
    "ceramic frogs": {"things": ["ceramic frog", "frog figurine"]},
    "Cat costumes": {"things": ["cat costume"], "style": ["cat"]},
    "dog and cat costumes": {"things": ["dog costume", "cat costume"]},
    "Halloween costumes for cats": {"things": ["cat costume"], "audience": ["cat"]},
    "Dog-themed mugs": {"things": ["dog mug"], "style": ["dog"]},
    "Knives for vegans": {"things": ["kitchen knife"], "audience": ["vegan"]},
    "reading glasses": {"categories": ["glasses"]},
    "Toys for cats, not dogs": {"things": ["cat toy"], "audience": ["cat"], "style": []},
    "Toys for cats but not for dogs": {"things": ["cat toy"], "audience": ["cat"], "style": []},
    "Toys for cats not dogs": {"things": ["cat toy"], "audience": ["cat"], "style": []},
    "Cat toys, no dog toys": {"things": ["cat toy"], "style": [], "unknown": []},
    "Mugs, no plastic": {"things": ["mug"], "style": ["without plastic"]},
    "Lamps, not expensive": {"things": ["lamp"], "style": ["not expensive"]},
    "Candles, not just for birthdays": {"things": ["candle"], "setting": ["birthday"], "style": []},
    "Backpacks without logos": {"things": ["backpack"], "style": ["without logo"]},
    "Barbecue tools": {"things": ["barbecue accessory", "grill tongs"]},
}


@pytest.mark.parametrize(("niche", "expected"), NICHES.items())
def test_a_niche_is_read_for_goods_people_places_and_looks(niche: str, expected: dict[str, list[str]]) -> None:
    reading = read_niche(niche)
    for field, entries in expected.items():
        assert set(entries) <= set(getattr(reading, field)), reading
    assert reading.unknown == reading.separate == []


@pytest.mark.parametrize(
    ("niche", "other"),
    [
        ("Desk accessories", "sofa"),
        ("kitchen tools", "hammer"),
        ("rainy day gear for dog walkers", "dog bed"),
        ("Toys for senior cats", "dog toy"),
        ("screwdrivers", "hammer"),
        ("beds for dogs", "sofa"),
        ("gifts for mom", "baby blanket"),
        ("gifts for dad who loves grilling", "keychain"),
        ("barbecue tools", "hammer"),
    ],
)
def test_a_niche_does_not_mean_goods_that_only_share_a_word(niche: str, other: str) -> None:
    assert other not in read_niche(niche).things


@pytest.mark.parametrize(
    ("niche", "unknown"),
    [
        ("asdf qwer", ["asdf", "qwer"]),
        ("xyzzy", ["xyzzy"]),
        ("x", ["x"]),
        ("zorbly mugs", ["zorbly"]),
        ("toys for zorbs", ["zorbs"]),
        ("juguetes para gatos", ["juguetes"]),
        ("happiness", ["happiness"]),
        ("what is the meaning of life", ["what is the meaning of life"]),
    ],
)
def test_words_without_a_known_meaning_are_unknown(niche: str, unknown: list[str]) -> None:
    assert read_niche(niche).unknown == unknown


@pytest.mark.parametrize("niche", ["cyberpunk", "cyberpunk things", "stuff", "love", "bees"])
def test_a_niche_without_goods_has_no_things(niche: str) -> None:
    assert read_niche(niche).things == []


@pytest.mark.parametrize(
    ("niche", "suggestions"),
    [
        ("kichen tools", ["kitchen tools"]),
        ("gardning tools", ["gardening tools"]),
        ("Ocean", ["ocean home decor", "ocean wall art", "ocean clothing"]),
        ("scented candels", ["scented candles"]),
        ("cyberpunk", ["cyberpunk home decor", "cyberpunk wall art", "cyberpunk clothing"]),
        ("asdf qwer", []),
        ("Lamps", []),
    ],
)
def test_a_misspelled_or_open_niche_comes_with_suggestions(niche: str, suggestions: list[str]) -> None:
    assert read_niche(niche).suggestions == suggestions


@pytest.mark.parametrize(
    ("niche", "separate"),
    [
        ("Cat toys and wrenches", ["cat toys", "wrenches"]),
        ("Dog beds and watches", ["dog beds", "watches"]),
        ("yoga mats and fishing lures", ["yoga mats", "fishing lures"]),
        ("mugs, t-shirts, phone cases", ["mugs", "t-shirts", "phone cases"]),
        ("coffee and tea", []),
        ("hiking and camping", []),
        ("Cat toys, dog toys and bird feeders", []),
        ("mugs and socks for beekeepers", []),
        ("salt and pepper mills", []),
    ],
)
def test_goods_that_do_not_belong_in_one_store_are_separate(niche: str, separate: list[str]) -> None:
    assert read_niche(niche).separate == separate


async def test_the_merchants_audience_is_used_if_the_niche_names_none() -> None:
    reader = RuleNicheReader()
    wishes = Preferences(audience="Left-handed people")
    assert (await reader.read("scissors", preferences=wishes)).audience == ["left-handed people"]
    assert (await reader.read("scissors for kids", preferences=wishes)).audience == ["kid"]


def test_the_lexicon_has_eighty_kinds_of_goods_and_every_reference_in_it_leads_somewhere() -> None:
    known = lexicon()
    assert len(known.kinds) >= 80
    fields = {kind.field for kind in known.kinds.values()}
    assert {field for pair in known.related for field in pair} <= fields
    for kind in known.kinds.values():
        reading = read_niche(kind.name)
        assert reading.things, kind.name
        assert len(kind.typical) >= 4, kind.name


def test_people_and_places_name_kinds_that_exist() -> None:
    known = lexicon()
    names = {
        name
        for meaning in known.meanings()
        for holder in (meaning.audience, meaning.setting)
        if holder is not None
        for name in holder.kinds
    }
    assert names
    assert names <= set(known.kinds)


@pytest.mark.parametrize(
    "niche",
    ["", " ", "🐱", "&&&", ", , ,", "猫のおもちゃ", "ألعاب للقطط", "'; DROP TABLE stores; --", "x" * 120, "for", "and"],
)
def test_no_text_breaks_the_reader(niche: str) -> None:
    assert isinstance(read_niche(niche), NicheReading)


def test_readings_are_in_lower_case_and_without_repeats() -> None:
    reading = read_niche("LED Lamps and LED Lamps for Cats and Cats")
    for field in ("things", "categories", "audience", "setting", "style"):
        entries = getattr(reading, field)
        assert entries == [entry.lower() for entry in dict.fromkeys(entries)]


def test_every_word_of_the_further_goods_counts() -> None:
    """The fit skips words such as “set”: of “high chair” only the chair would be left, and every chair would fit."""
    lost = [
        (kind.name, goods)
        for kind in lexicon().kinds.values()
        for goods in kind.further
        if len(supplier_words.tokens(goods)) < len(goods.replace("-", " ").split())
    ]
    assert not lost
