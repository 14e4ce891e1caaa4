"""Numbers are read from plain digits only."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.numbers import decimal_number, whole_number
from schemas.envelope import ConsistencyToken

NO_NUMBERS = [
    "1_000", "１２", "١٢", "²", "+5", " 5", "5 ", "5\n", "1e3", "1E3", "NaN", "Infinity", "0x10", "", "-", "--1", "1,000",
    "5.", ".5", "1.2.3",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_a_text_that_only_python_reads_as_a_number_is_refused(text: str) -> None:
    assert whole_number(text) is None
    assert decimal_number(text) is None
    with pytest.raises(ValueError, match="not an amount"):
        Money.parse(text)


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_a_whole_number_is_read_as_it_is_written(number: int) -> None:
    assert whole_number(str(number)) == decimal_number(str(number)) == number


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3))
def test_a_decimal_number_is_read_as_it_is_written(number: Decimal) -> None:
    assert decimal_number(f"{number:f}") == number


@given(st.text(max_size=6))
def test_no_text_is_read_that_has_other_signs_in_it(text: str) -> None:
    for number in (whole_number(text), decimal_number(text)):
        if number is not None:
            assert set(text) <= set("0123456789.-")


@pytest.mark.parametrize("text", ["３-1042", "3-１０", "3-1_0", "3- 1", "+3-1", "3", "-1"])
def test_a_position_in_other_digits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid consistency token"):
        ConsistencyToken.parse(text)
