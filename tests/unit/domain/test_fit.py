"""The fit of a listing with a niche."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.sourcing.fit import FLOOR, WEIGHTS, FitMeasure
from domain.sourcing.listing import Listing
from domain.sourcing.phrases import plain_reading
from domain.sourcing.ranking import candidates
from domain.store.niche import NicheReading
from infra.bench.fit.labelled import HALVES, agreement, by_orders, by_worth, labelled, mean_ndcg, ranked
from infra.writers.rules.niche.reader import read_niche
from tests.support.examples import drawn
from tests.support.fakes.supply import listing

CATS = NicheReading(things=["cat toy", "cat wand"], categories=["pet toy"], audience=["senior cat"])
LEATHER = NicheReading(things=["wallet", "card holder"], categories=["wallet"], style=["leather"])
WORDS = ("cat", "dog", "toy", "wand", "laptop", "sticker", "for", "kid", "puzzle", "bed", "plush", ",", "senior")


def named(title: str, category: str = "", **more: Any) -> Listing:
    return listing(title, title=title, category=category, tags=[], description="", **more)


@st.composite
def listings(draw: st.DrawFn) -> list[Listing]:
    titles = draw(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), max_size=12))
    categories = st.sampled_from(("Cat Toys", "Pet Toys", "Stickers", "Dog Toys", ""))
    return [
        listing(str(draw(st.integers(0, 30))), title=" ".join(words), category=draw(categories), tags=[])
        for words in titles
    ]


def test_the_labelled_set_has_463_pairs_of_47_niches_with_a_reason_each() -> None:
    niches = [niche for half in HALVES for niche in labelled(half)]
    pairs = [pair for niche in niches for pair in niche.pairs]
    assert (len({niche.name for niche in niches}), len(pairs)) == (47, 463)
    assert 0.4 <= sum(pair.fits for pair in pairs) / len(pairs) <= 0.6
    assert sum(len(niche.listings) for niche in ranked()) == 60


@pytest.mark.parametrize("half", HALVES)
def test_what_is_imported_fits_and_what_fits_is_imported(half: str) -> None:
    found = agreement(labelled(half))
    assert found.precision >= 0.95
    assert found.recall >= 0.85


def test_a_thing_in_another_style_is_none_of_the_culture_that_a_niche_names() -> None:
    fit = FitMeasure(read_niche("Japanese stationery"))
    plain, other, proved = (
        fit(named(title, "Notebooks"))
        for title in ("Hardcover Notebook A5", "Hardcover Notebook Neon Cyberpunk Style", "Japanese Vintage Notebook")
    )
    assert other.value == 0 < FLOOR < plain.value < proved.value


@pytest.mark.parametrize("half", HALVES)
def test_what_is_imported_fits_with_the_readings_of_the_rules_too(half: str) -> None:
    found = agreement([niche.model_copy(update={"reading": read_niche(niche.name)}) for niche in labelled(half)])
    assert found.precision >= 0.95
    assert found.recall >= 0.85


def test_the_whole_ranking_is_close_to_the_order_by_hand_and_most_orders_first_is_not() -> None:
    assert mean_ndcg(by_worth) >= 0.9
    assert mean_ndcg(by_orders) < 0.5


@settings(deadline=None, max_examples=drawn(60))
@given(listings(), listings())
def test_other_listings_change_no_fit_and_never_lower_the_number_that_fit(
    some: list[Listing], others: list[Listing]
) -> None:
    alone, together = candidates(some, CATS), candidates([*some, *others], CATS)
    assert together.fitting >= alone.fitting
    fits = {(each.key, each.listing.title, each.listing.category): each.fit for each in together.candidates}
    for each in alone.candidates:
        assert fits.get((each.key, each.listing.title, each.listing.category), each.fit) == each.fit


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=200), st.text(max_size=40), st.lists(st.text(max_size=20), max_size=4))
def test_whatever_people_and_suppliers_write_a_fit_is_a_share_with_weighted_terms(
    niche: str, title: str, category: str, tags: list[str]
) -> None:
    fit = FitMeasure(plain_reading(niche, tags))(listing(title=title, category=category, tags=tags))
    assert 0 <= fit.value <= 1
    assert all(0 <= term.value <= 1 and term.weight == WEIGHTS[term.name] for term in fit.terms)


def test_a_thing_for_the_audience_fits_and_a_contradiction_of_one_term_rules_out() -> None:
    measure = FitMeasure(CATS)
    assert measure(named("Feather Wand Toy for Cats", "Cat Toys")).value > 0.9
    assert measure(named("Squeaky Toy for Dogs", "Pet Toys")).value == 0
    assert measure(named("Plush Cat Toy for Kids", "Toys")).value == 0


@pytest.mark.parametrize(
    "title", ["Knife Sharpener", "Knife Block Stand", "Cutting Board for Knives", "Knife Stickers", "Palette Knife"]
)
def test_goods_that_are_named_after_the_things_do_not_fit(title: str) -> None:
    measure = FitMeasure(NicheReading(things=["knife", "chef knife"], categories=["knife"]))
    assert not measure(named(title, "Kitchen")).is_enough
    assert measure(named("Forged Knife 20 cm", "Kitchen")).is_enough


def test_a_material_is_proved_by_title_facts_or_text_and_an_imitation_is_not() -> None:
    measure = FitMeasure(LEATHER)
    assert measure(named("Bifold Wallet", "Wallets", attributes={"Material": "Leather"})).is_enough
    assert not measure(named("Bifold Wallet", "Wallets")).is_enough
    assert not measure(named("PU Leather Wallet", "Wallets")).is_enough
    assert not measure(named("Wallet", "Wallets", attributes={"Material": "Nylon"})).is_enough


@pytest.mark.parametrize(
    ("niche", "right", "wrong", "category"),
    [
        ("Halloween costumes for cats", "Cat Costume Witch Hat", "Witch Costume Adult Women", "Costumes"),
        ("Cat mugs", "Cat Mug Ceramic", "Plain Coffee Mug", "Mugs"),
        ("Fishing for kids", "Kids Fishing Rod", "Sea Fishing Hooks 8/0", "Fishing"),
        ("Kids' bicycles", "Kids Bicycle 20 Inch", "Road Bicycle 700C", "Bicycles"),
        ("Costumes", "Pirate Costume", "Ladies Swimming Costume", "Costumes"),
        ("Socks", "Wool Socks", "Sock Yarn 100 g", "Socks"),
        ("Vegan bags", "Vegan Tote Bag", "Leather Tote Bag", "Bags"),
        ("Handmade mugs", "Hand-Thrown Mug, Handmade", "Handmade Look Mug", "Mugs"),
        ("Waterproof backpacks", "Waterproof Backpack 20 L", "Backpack 20 L, not waterproof", "Backpacks"),
        ("Scissors for left-handed people", "Left-Handed Scissors", "Office Scissors", "Scissors"),
        ("Mugs without logos", "Mug without Logo", "Mug Ceramic", "Mugs"),
        ("Plastic-free soap dishes", "Ceramic Soap Dish", "Plastic Soap Dish", "Soap Dishes"),
        ("Soap dishes without plastic", "Soap Dish, free of plastic", "Soap Dish ABS", "Soap Dishes"),
        ("Toys for babies", "Baby Rattle Toy from 3 Months", "Play Food Toy 3+ Years", "Toys"),
        ("Toys for toddlers", "Stacking Toy 12 to 36 Months", "Board Game Toy 5 to 12 Years", "Toys"),
        ("Toys for cats, not dogs", "Feather Cat Toy", "Squeaky Dog Toy", "Pet Toys"),
        ("Cat toys, no dog toys", "Feather Cat Toy", "Squeaky Dog Toy", "Pet Toys"),
        ("Toys for big dogs", "Dog Toy for medium and large dogs", "Dog Toy for small dogs", "Dog Toys"),
        ("Cowboy hats", "Cowboy Hat", "Top Hat", "Hats"),
        ("Baby shower", "Cake Candle", "Floating Candle", "Candles"),
        ("Dog beds", "Dog Basket Bed", "Cat Basket Pet Bed", "Pet Beds"),
        ("Watches", "Wrist Watch 38 mm", "Slotted Screwdriver Repair Watch", "Hand Tools"),
        ("Coffee mugs", "Cappuccino Cup 220 ml", "Cup Warmer", "Coffee Cups"),
        ("Christmas", "Christmas Snowman Decoration", "Easter Egg Decoration", "Seasonal"),
        ("Kayaking", "Paddle for Water Sports", "Water Bucket 9 Litre", "Outdoor"),
    ],
)
def test_goods_for_others_or_without_what_a_niche_promises_do_not_fit(
    niche: str, right: str, wrong: str, category: str
) -> None:
    fit = FitMeasure(read_niche(niche))
    assert fit(named(right, category)).is_enough
    assert not fit(named(wrong, category)).is_enough


def test_a_tool_that_is_a_toy_is_for_children() -> None:
    assert FitMeasure(read_niche("toys for toddlers"))(named("Wooden Hammer Toy", "Toys")).is_enough


def test_one_word_or_two_makes_no_difference() -> None:
    measure = FitMeasure(NicheReading(things=["teapot"], categories=["teapot"]))
    assert measure(named("Iron Tea Pot", "Kitchen")).is_enough
    other = FitMeasure(NicheReading(things=["tea pot"], categories=["tea pot"]))
    assert other(named("Iron Teapot", "Kitchen")).is_enough


def test_a_niche_without_things_fits_nothing() -> None:
    assert FitMeasure(NicheReading(unknown=["asdf"]))(listing()).value == 0 < FLOOR


def test_a_niche_that_was_never_read_is_measured_by_its_words_and_phrases() -> None:
    reading = plain_reading("Toys for cats", ["feather wand"])
    assert (reading.things, reading.audience) == (["toy", "feather wand"], ["cat"])
    assert FitMeasure(reading)(named("Feather Wand for Cats", "Pet Supplies")).is_enough
