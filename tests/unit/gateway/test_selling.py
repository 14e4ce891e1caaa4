"""What merchants read about the numbers of a discount code."""

from decimal import Decimal

import pytest

from domain.kernel import InvalidInput
from gateway.api.validation import InvalidAmount
from gateway.graphql.mutations.selling import basis_points


@pytest.mark.parametrize(("percentage", "points"), [("12.5", 1250), ("0.01", 1), ("100", 10_000), ("7.50", 750)])
def test_a_percentage_is_read_to_the_hundredth(percentage: str, points: int) -> None:
    assert basis_points(Decimal(percentage)) == points


@pytest.mark.parametrize("percentage", ["0", "-1", "100.01", "1.234", "NaN", "1e9999999", "1e-9999999"])
def test_a_refused_percentage_speaks_of_no_currency(percentage: str) -> None:
    with pytest.raises(InvalidInput, match="Invalid percentage") as refusal:
        basis_points(Decimal(percentage))
    assert refusal.value.field == "percentage"
    assert "USD" not in str(refusal.value)


def test_a_percentage_that_is_no_number_is_shown_as_it_was_sent() -> None:
    with pytest.raises(InvalidInput, match="Invalid percentage 'a tenth'"):
        basis_points(InvalidAmount("a tenth"))
