"""Bad listings of suppliers: repaired or rejected, each with its reason."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.money import Money
from domain.sourcing.listing import Listing, ListingVariant
from domain.sourcing.ranking import candidates, rank
from domain.sourcing.screening import Rejection, Repair, describe_rejections, plain_text, screen
from domain.store.niche import NicheReading
from tests.support.examples import drawn
from tests.support.fakes.supply import listing

POTS = NicheReading(things=["planter", "pot"], categories=["planter"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"title": "  "}, Rejection.NO_TITLE),
        ({"title": "<b></b>"}, Rejection.NO_TITLE),
        ({"image_urls": []}, Rejection.NO_PHOTO),
        ({"image_urls": ["data:image/gif;base64,R0", "ftp://x/1.jpg"]}, Rejection.NO_PHOTO),
        ({"cost": 0}, Rejection.NO_PRICE),
        ({"cost": -500}, Rejection.NO_PRICE),
        ({"variants": []}, Rejection.NO_PRICE),
        ({"shipping_cost": -1}, Rejection.SENSELESS_PRICE),
        ({"cost": 10**15, "market_price": None}, Rejection.SENSELESS_PRICE),
        ({"market_price": Money(minor=900, currency="EUR")}, Rejection.SENSELESS_PRICE),
        ({"shipping_days": (-3, 5)}, Rejection.NO_DELIVERY_TIME),
        ({"shipping_days": (0, 0)}, Rejection.NO_DELIVERY_TIME),
        ({"shipping_days": (5, 100_000)}, Rejection.NO_DELIVERY_TIME),
        ({"shipping_days": (20, 31)}, Rejection.TOO_SLOW),
        ({"stock": 0}, Rejection.SOLD_OUT),
        ({"rating": 2.9, "review_count": 400}, Rejection.POOR_RATING),
        ({"market_price": 900}, Rejection.NO_MARGIN),
        ({"title": "Neon Lamp", "category": "Lamps", "tags": []}, Rejection.DOES_NOT_FIT),
    ],
)
def test_a_bad_listing_is_rejected_with_its_reason(changes: dict[str, Any], reason: Rejection) -> None:
    ranking = rank(candidates([listing(**changes)], POTS), fingerprints={})
    assert (ranking.chosen, dict(ranking.rejected)) == ([], {reason: 1})


@pytest.mark.parametrize(
    ("changes", "repair", "field", "expected"),
    [
        ({"title": "<b>Clay</b> Pot &amp; Saucer"}, Repair.HTML, "title", "Clay Pot & Saucer"),
        ({"description": "<p>One</p><script>steal()</script><p>Two</p>"}, Repair.HTML, "description", " One\n  Two\n"),
        ({"title": "Pot " * 2_500}, Repair.LONG_TEXT, "title", ("Pot " * 50).strip()),
        ({"rating": math.nan}, Repair.RATING, "rating", None),
        ({"rating": math.inf}, Repair.RATING, "rating", None),
        ({"rating": 97.0}, Repair.RATING, "rating", None),
        ({"review_count": -4}, Repair.RATING, "review_count", 0),
        ({"shipping_days": (9, 5)}, Repair.DELIVERY_TIME, "shipping_days", (5, 9)),
        ({"image_sizes": [(0, 900)]}, Repair.PHOTOS, "image_sizes", []),
    ],
)
def test_a_listing_is_repaired_where_that_is_safe(
    changes: dict[str, Any], repair: Repair, field: str, expected: Any
) -> None:
    (screened,) = screen([listing(**changes)])
    assert screened.rejection is None
    assert screened.repairs == {repair}
    assert getattr(screened.listing, field) == expected


def test_a_variant_without_a_price_is_left_out() -> None:
    free = ListingVariant(title="Gift", cost=Money(minor=0), stock=3)
    good = ListingVariant(title="Red", cost=Money(minor=800), stock=3)
    (screened,) = screen([listing(variants=[free, good])])
    assert [variant.title for variant in screened.listing.variants] == ["Red"]


def test_one_photo_for_all_shows_none_of_them() -> None:
    names = ("Clay Pot", "Desk Lamp", "Running Shoe", "Tea Bowl", "Cat Wand")
    shared = [listing(name, title=name, image_urls=["http://a.test/none.jpg"]) for name in names]
    own = listing("own", title="Oak Chair", image_urls=["http://a.test/none.jpg", "http://a.test/own.jpg"])
    *others, last = screen([*shared, own])
    assert {each.rejection for each in others} == {Rejection.SHARED_PHOTO}
    assert (last.rejection, last.listing.image_urls) == (None, ["http://a.test/own.jpg"])


def test_offers_of_one_thing_may_share_a_photo() -> None:
    same = [listing(str(n), title=f"Clay Planter Pot {n} Saucer", image_urls=["http://a.test/1.jpg"]) for n in range(6)]
    assert {each.rejection for each in screen(same)} == {None}


def test_a_text_that_only_looks_like_markup_stays() -> None:
    assert plain_text("size < 30 cm & I <3 pots") == "size < 30 cm & I <3 pots"
    assert plain_text("5 &lt; 6") == "5 < 6"


def test_the_reasons_read_as_a_sentence() -> None:
    rejected = {Rejection.NO_PHOTO: 12, Rejection.SOLD_OUT: 1}
    assert describe_rejections(rejected) == "12 had no photo, 1 was sold out"
    assert describe_rejections({}) == ""


@st.composite
def bad_listings(draw: st.DrawFn) -> list[Listing]:
    amounts = st.sampled_from((-1, 0, 300, 800, 10**14))
    return [
        listing(
            str(draw(st.integers(0, 25))),
            title=draw(st.sampled_from(("Clay Pot", "Red Planter", "Neon Lamp", "", "<i>Pot</i>", "Pot " * 900))),
            category=draw(st.sampled_from(("Planters", "Lamps", ""))),
            tags=[],
            cost=draw(amounts),
            shipping_cost=draw(amounts),
            market_price=draw(st.none() | amounts),
            rating=draw(st.none() | st.floats(allow_nan=True, allow_infinity=True)),
            review_count=draw(st.integers(-5, 5_000)),
            stock=draw(st.integers(0, 3)),
            shipping_days=(draw(st.integers(-5, 60)), draw(st.integers(-5, 10**9))),
            image_urls=[f"http://a.test/{n}.jpg" for n in draw(st.lists(st.integers(0, 6), max_size=3))],
        )
        for _ in range(draw(st.integers(0, 30)))
    ]


@settings(deadline=None, max_examples=drawn(80))
@given(bad_listings(), st.integers(1, 6), st.randoms(use_true_random=False))
def test_chosen_and_rejected_listings_add_up_in_any_order(
    given_listings: list[Listing], count: int, random: Any
) -> None:
    ranking = rank(candidates(given_listings, POTS), fingerprints={}, count=count)
    assert len(ranking.chosen) + sum(ranking.rejected.values()) == ranking.total == len(given_listings)
    shuffled = list(given_listings)
    random.shuffle(shuffled)
    again = rank(candidates(shuffled, POTS), fingerprints={}, count=count)
    assert [each.key for each in again.chosen] == [each.key for each in ranking.chosen]
    assert (again.rejected, again.fitting) == (ranking.rejected, ranking.fitting)
