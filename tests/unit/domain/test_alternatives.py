"""What a supplier has instead, and the phrases of a search."""

from domain.generation.events import CategoryCount
from domain.sourcing.alternatives import SUGGESTIONS, alternatives
from domain.sourcing.phrases import MOST_PHRASES, search_phrases
from domain.sourcing.ranking import candidates
from domain.store.niche import NicheReading
from tests.support.fakes.supply import listing

TOYS = NicheReading(things=["cat toy"], categories=["pet toy"], audience=["cat"])


def test_the_nearest_categories_with_enough_goods_are_suggested() -> None:
    stock = {"Pet Supplies > Cat Beds": 6, "Lamps": 20, "Home & Garden": 9, "Mugs": 7, "Posters": 8, "Rugs": 2}
    found = [
        listing(f"{category}-{n}", title=f"{category} {n}", category=category, tags=[])
        for category, count in stock.items()
        for n in range(count)
    ]
    offered = alternatives(candidates(found, TOYS).candidates, TOYS)
    assert offered.categories[0] == CategoryCount(category="Lamps", count=20)
    assert offered.niches[0] == "Cat beds"
    assert len(offered.niches) == SUGGESTIONS
    assert not {"Rugs", "Home & garden"} & set(offered.niches)


def test_categories_with_few_goods_seen_fill_up_the_suggestions() -> None:
    stock = {"Kitchen Tools": 8, "Home & Garden": 9, "Mugs": 3, "Posters": 4, "Rugs": 2}
    found = [
        listing(f"{category}-{n}", title=f"{category} {n}", category=category, tags=[])
        for category, count in stock.items()
        for n in range(count)
    ]
    grilling = NicheReading(things=["grill tongs"], categories=["barbecue", "kitchen tool"])
    assert alternatives(candidates(found, grilling).candidates, grilling).niches == ["Kitchen tools", "Posters", "Mugs"]


def test_a_supplier_without_goods_offers_nothing() -> None:
    assert alternatives([], TOYS).niches == []


def test_a_search_names_the_things_with_their_audience_and_style_and_repeats_nothing() -> None:
    reading = NicheReading(things=["toy", "cat wand"], categories=["pet toy"], audience=["cat"], style=["felt"])
    assert search_phrases("Cat toys", reading, ["wand cat", "string"]) == [
        "Cat toys",
        "felt toy",
        "cat wand",
        "toy",
        "pet toy",
        "string",
    ]
    assert len(search_phrases("x", reading, [f"phrase {n}" for n in range(90)])) == MOST_PHRASES
