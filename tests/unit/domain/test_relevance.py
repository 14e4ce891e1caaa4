"""Relevance of listings to a niche."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.plurals import singular
from domain.sourcing.relevance import words


def test_words_are_comparable_and_free_of_sales_talk() -> None:
    assert words("2026 NEW! Céramic Planters, 3 pots & boxes — Free Shipping") == ("ceramic", "planter", "pot", "box")
    assert words("pottery dishes glass") == ("pottery", "dish", "glass")


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("knives", "knife"), ("vases", "vase"), ("cases", "case"), ("watches", "watch"), ("glasses", "glass"),
        ("mice", "mouse"), ("shelves", "shelf"), ("pants", "pants"), ("lens", "lens"), ("puppies", "puppy"),
    ],
)  # fmt: skip
def test_plurals_and_singulars_are_one_word(plural: str, expected: str) -> None:
    assert singular(plural) == expected


@given(st.text(max_size=80))
def test_words_of_words_are_the_same_words(text: str) -> None:
    assert set(words(" ".join(words(text)))) <= set(words(text)) | {singular(w) for w in words(text)}
