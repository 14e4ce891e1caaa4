"""Relevance of listings to a niche."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from domain.sourcing.listing import Listing
from domain.sourcing.relevance import Relevance, words
from tests.support.fakes.supply import listing


def relevance(niche: str, keywords: Sequence[str], *listings: Listing) -> list[float]:
    measure = Relevance.of(niche, keywords, listings)
    return [measure(each) for each in listings]


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=5), st.text(min_size=1, max_size=60))
def test_relevance_is_a_share_whatever_people_write(niche: str, keywords: list[str], title: str) -> None:
    assert all(0 <= value <= 1 for value in relevance(niche, keywords, listing(title=title), listing(tags=[niche])))


def test_words_are_comparable_and_free_of_sales_talk() -> None:
    assert words("2026 NEW! Céramic Planters, 3 pots & boxes — Free Shipping") == ("ceramic", "planter", "pot", "box")
    assert words("pottery dishes glass") == ("pottery", "dish", "glass")


def test_a_listing_that_says_nothing_of_the_niche_has_no_relevance() -> None:
    lamp = listing(title="Desk Lamp", category="Lamps", tags=["light"], description="A lamp.")
    assert relevance("Ceramic planters", ["flower pot"], lamp, listing()) == [
        0.0,
        relevance("Ceramic planters", ["flower pot"], lamp, listing())[1],
    ]


def test_a_camera_fits_cameras_better_than_a_poster_of_one() -> None:
    camera = listing(title="35mm Film Camera Vintage", category="Film Cameras", tags=["vintage camera"])
    poster = listing(title="Vintage Film Camera Wall Art", category="Wall Art", tags=["vintage camera"])
    fits = relevance("Vintage cameras", ["vintage film camera"], camera, poster)
    assert fits[0] > fits[1] > 0


def test_a_rare_word_tells_more_than_a_common_one() -> None:
    neon = listing("1", title="Neon Clock", category="Clocks", tags=[], description="")
    wall = [
        listing(str(n), title=f"Wall Clock style{n}", category="Clocks", tags=[], description="") for n in range(2, 12)
    ]
    fits = relevance("Neon wall clock", [], neon, *wall)
    assert fits[0] > max(fits[1:])
