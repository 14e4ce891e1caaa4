"""Measures beside well-known things."""

import pytest

from infra.writers.copykit.claims import Evidence, is_supported
from infra.writers.copykit.likeness import is_large, likeness


@pytest.mark.parametrize(
    ("fact", "value", "says"),
    [
        ("length", "30 cm", "30 cm is about the length of a school ruler."),
        ("height", "12 inch", "12 inch is about as high as a wine bottle."),
        ("diameter", "65 mm", "65 mm across is about as wide as a tennis ball."),
        ("capacity", "1 l", "1 l is about as much as a carton of milk holds."),
        ("length", "26 cm", None),
        ("length", "about 30 cm", None),
        ("weight", "30 g", None),
    ],
)
def test_a_measure_is_compared_only_with_a_thing_of_about_its_size(fact: str, value: str, says: str | None) -> None:
    assert likeness(fact, value) == says


def test_goods_are_not_compared_with_themselves() -> None:
    assert likeness("diameter", "67 mm", but="Tennis Balls Pressurised 4 Pcs") is None
    assert likeness("diameter", "67 mm", but="Rubber Dog Ball") is not None


def test_a_comparison_claims_nothing_of_the_goods_and_the_same_words_elsewhere_do() -> None:
    facts = Evidence.of(["Height: 30 cm"], is_complete=True)
    assert is_supported("30 cm is about as high as a wine bottle.", facts)
    assert not is_supported("It is a wine bottle of 30 cm.", facts)


def test_a_thing_needs_a_place_from_40_cm_on() -> None:
    assert [is_large(value) for value in ("60 x 40 cm", "450 mm", "1.2 m", "15 x 12 x 14 cm", "39 cm", "A5")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
