"""Ranking of listings."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.sourcing.listing import Listing
from domain.sourcing.pricing import price_listing
from domain.sourcing.ranking import TARGET_COUNT, Ranking, candidates, key_of, rank
from domain.sourcing.scoring import (
    NEUTRAL,
    WEIGHTS,
    image_score,
    order_score,
    price_point_score,
    review_score,
    shipping_score,
    winning_score,
)
from domain.sourcing.screening import Rejection
from domain.store.niche import NicheReading
from tests.support.examples import drawn
from tests.support.fakes.supply import listing

POTS = NicheReading(things=["planter", "flower pot", "pot"], categories=["planter"])
WORDS = ("ceramic", "planter", "flower", "pot", "stoneware", "neon", "lamp", "chair", "red", "blue", "oak", "garden")


def ranked(*listings: Listing, fingerprints: dict[str, int] | None = None, count: int = TARGET_COUNT) -> Ranking:
    found = candidates(listings, POTS)
    known = {(SupplierProvider.SAMPLE, id): print_ for id, print_ in (fingerprints or {}).items()}
    return rank(found, fingerprints=known, count=count)


def ids(ranking: Ranking) -> list[str]:
    return [candidate.listing.source_id for candidate in ranking.chosen]


@st.composite
def listings(draw: st.DrawFn) -> list[Listing]:
    count = draw(st.integers(min_value=0, max_value=40))
    return [_any_listing(draw, str(number)) for number in range(count)]


def _any_listing(draw: st.DrawFn, source_id: str) -> Listing:
    changes: dict[str, Any] = {
        "title": " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))),
        "category": draw(st.sampled_from(("Planters", "Lamps", "Chairs"))),
        "tags": draw(st.lists(st.sampled_from(WORDS), max_size=3)),
        "cost": draw(st.integers(min_value=0, max_value=60_000)),
        "shipping_cost": draw(st.integers(min_value=0, max_value=5_000)),
        "market_price": draw(st.none() | st.integers(min_value=0, max_value=90_000)),
        "rating": draw(st.none() | st.floats(min_value=0, max_value=5)),
        "review_count": draw(st.integers(min_value=0, max_value=10_000)),
        "order_count": draw(st.none() | st.integers(min_value=0, max_value=100_000)),
        "stock": draw(st.integers(min_value=0, max_value=50)),
        "image_urls": draw(st.sampled_from(([], ["http://supplier.test/a.jpg"], ["http://supplier.test/a.jpg"] * 5))),
        "image_sizes": draw(st.sampled_from(([], [(300, 200)], [(2_000, 1_500)]))),
    }
    return listing(source_id, **changes)


@settings(deadline=None, max_examples=drawn(60))
@given(listings())
def test_whatever_suppliers_list_the_choice_can_be_sold_and_is_chosen_once(given_listings: list[Listing]) -> None:
    ranking = ranked(*given_listings)
    assert len(ranking.chosen) <= TARGET_COUNT
    assert len(set(ids(ranking))) == len(ranking.chosen)
    for candidate in ranking.chosen:
        assert candidate.listing.stock > 0
        assert candidate.listing.image_urls
        assert candidate.pricing.landed < candidate.pricing.price
        terms = {name: getattr(candidate.score, name) for name in (*WEIGHTS, "total")}
        assert all(0 <= value <= 1 for value in terms.values())
        assert abs(terms["total"] - sum(WEIGHTS[name] * terms[name] for name in WEIGHTS)) < 0.001
    assert sum(ranking.rejected.values()) + len(ranking.chosen) == len(given_listings)


@settings(deadline=None, max_examples=drawn(40))
@given(listings(), st.randoms(use_true_random=False))
def test_the_order_in_which_suppliers_answer_changes_nothing(given_listings: list[Listing], random: Any) -> None:
    shuffled = list(given_listings)
    random.shuffle(shuffled)
    assert ids(ranked(*given_listings)) == ids(ranked(*shuffled))


@given(
    rating=st.floats(min_value=0, max_value=5),
    better=st.floats(min_value=0, max_value=5),
    count=st.integers(min_value=0, max_value=100_000),
)
def test_a_better_rating_never_scores_less(rating: float, better: float, count: int) -> None:
    low, high = sorted((rating, better))
    assert 0 <= review_score(low, count) <= review_score(high, count) <= 1


@given(count=st.integers(min_value=0, max_value=1_000_000), more=st.integers(min_value=0, max_value=1_000_000))
def test_more_orders_never_score_less(count: int, more: int) -> None:
    assert 0 <= order_score(count) <= order_score(count + more) <= 1


@given(st.floats(min_value=0.01, max_value=100_000))
def test_a_price_point_scores_between_nothing_and_one(price: float) -> None:
    assert 0 <= price_point_score(price) <= 1


def test_the_weights_are_shares_of_one() -> None:
    assert sum(WEIGHTS.values()) == 1


def test_what_a_supplier_does_not_say_is_neutral() -> None:
    silent = listing(rating=None, review_count=0, order_count=None, market_price=None)
    pricing = price_listing(silent)
    assert pricing is not None
    score = winning_score(silent, pricing)
    assert (score.orders, score.margin) == (NEUTRAL, NEUTRAL)
    assert abs(score.reviews - NEUTRAL) < 0.01


def test_a_few_perfect_ratings_count_less_than_many_very_good_ones() -> None:
    assert review_score(5.0, 3) < review_score(4.6, 900)
    assert review_score(5.0, 30) < review_score(4.7, 900) < review_score(5.0, 300)


def test_fast_and_free_shipping_scores_best() -> None:
    best = listing(shipping_days=(2, 4), shipping_cost=0)
    assert shipping_score(best) == 1
    assert shipping_score(best) > shipping_score(listing(shipping_days=(25, 45))) >= 0


def test_large_pictures_and_several_of_them_score_better() -> None:
    small = listing(image_sizes=[(400, 300)])
    unknown = listing(image_sizes=[])
    large = listing(image_urls=["http://supplier.test/1.jpg"] * 4, image_sizes=[(1_600, 1_200)] * 4)
    assert image_score(small) < image_score(unknown) < image_score(large) == 1


def test_sold_out_unprofitable_pictureless_and_disliked_listings_are_never_chosen() -> None:
    ranking = ranked(
        listing("good"),
        listing("sold-out", title="Blue Stoneware Bowl", stock=0),
        listing("dear", title="Oval Glazed Vase", cost=2_800),
        listing("no-picture", title="Tall Clay Jar", image_urls=[], image_sizes=[]),
        listing("disliked", title="Hanging Pot Green", rating=2.9, review_count=500),
    )
    assert ids(ranking) == ["good"]
    assert ranking.rejected == {
        Rejection.SOLD_OUT: 1,
        Rejection.NO_MARGIN: 1,
        Rejection.NO_PHOTO: 1,
        Rejection.POOR_RATING: 1,
    }


def test_the_same_photo_is_the_same_thing_and_the_better_offer_stays() -> None:
    ranking = ranked(
        listing("worse", title="Ombre Flower Pot", rating=4.0),
        listing("better", title="Gradient Glaze Planter", rating=4.9),
        fingerprints={"worse": 0b1011_0000, "better": 0b1011_1101},
    )
    assert ids(ranking) == ["better"]
    assert ranking.duplicates == 1


def test_photos_that_differ_in_more_than_six_bits_are_different_things() -> None:
    ranking = ranked(
        listing("one", title="Ombre Flower Pot"),
        listing("other", title="Gradient Glaze Planter"),
        fingerprints={"one": 0, "other": 0b111_1111},
    )
    assert sorted(ids(ranking)) == ["one", "other"]
    assert ranking.duplicates == 0


def test_one_photo_in_two_categories_of_a_supplier_shows_two_things() -> None:
    ranking = ranked(
        listing("one", title="Ombre Flower Pot", category="Planters"),
        listing("other", title="Gradient Glaze Planter", category="Garden Planters"),
        fingerprints={"one": 0b1011_0000, "other": 0b1011_0001},
    )
    assert sorted(ids(ranking)) == ["one", "other"]


def test_the_same_title_with_other_sales_talk_is_the_same_thing_at_any_supplier() -> None:
    here = listing("1", title="2026 New Small Ceramic Planter Pink, Free Shipping")
    there = listing(
        "1", title="Pink small ceramic planters - hot sale", provider=SupplierProvider.ALIEXPRESS, rating=4.9
    )
    ranking = rank(candidates([here, there], POTS), fingerprints={})
    assert [candidate.key for candidate in ranking.chosen] == [key_of(there)]
    assert ranking.duplicates == 1


def test_a_better_seller_that_does_not_fit_is_not_imported() -> None:
    bestseller = {"rating": 5.0, "review_count": 90_000, "order_count": 500_000}
    lamp = listing("lamp", title="Neon Desk Lamp", category="Lamps", tags=["neon"], description="A lamp.", **bestseller)
    ranking = ranked(lamp, listing("pot", rating=4.0))
    assert ids(ranking) == ["pot"]
    assert ranking.fitting == 1


def test_a_store_that_could_be_full_takes_nothing_that_does_not_fit() -> None:
    colours = ("red", "blue", "green", "grey", "pink", "teal", "gold", "ivory", "plum", "rust", "sand", "jade", "navy")
    pots = [listing(f"pot-{n}", title=f"{colour} ceramic pot {colour}{n}") for n, colour in enumerate(colours * 2)]
    lamps = [
        listing(f"lamp-{n}", title=f"{colour} neon lamp", category="Lamps", tags=[], description="Light.")
        for n, colour in enumerate(colours)
    ]
    ranking = ranked(*lamps, *pots)
    assert len(ranking.chosen) == TARGET_COUNT
    assert all(id.startswith("pot") for id in ids(ranking))


def test_a_small_niche_gets_fewer_goods_instead_of_others() -> None:
    pot = listing("pot")
    lamps = [
        listing(f"lamp-{n}", title=f"Neon{n} lamp{n}", category="Lamps", tags=[], description="Light.")
        for n in range(30)
    ]
    ranking = ranked(*lamps, pot)
    assert ids(ranking) == ["pot"]
    assert ranking.rejected == {Rejection.DOES_NOT_FIT: 30}


def test_no_kind_of_product_fills_the_store_while_others_fit() -> None:
    kinds = ("Planters", "Vases", "Bowls", "Trays")
    stock = [
        listing(
            f"{kind}-{n}",
            title=f"ceramic planter model{kind}{n}",
            category=kind,
            tags=["ceramic", "planter"],
            rating=4.9 if kind == "Vases" else 4.2,
        )
        for kind in kinds
        for n in range(12)
    ]
    taken = Counter(candidate.listing.category for candidate in ranked(*stock).chosen)
    assert len(taken) == len(kinds)
    assert max(taken.values()) <= 6


def test_nothing_listed_means_nothing_chosen() -> None:
    assert ranked() == Ranking(chosen=[])


def test_a_listing_found_for_two_keywords_counts_once() -> None:
    ranking = ranked(listing("1"), listing("1"))
    assert ids(ranking) == ["1"]
    assert ranking.rejected == {Rejection.LISTED_TWICE: 1}


def test_money_in_a_score_is_only_read_never_made() -> None:
    assert price_listing(listing(cost=Money(minor=0))) is None
