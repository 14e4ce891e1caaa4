"""The dispute rate against the line of the card networks, .75 percent: only what is above it is over it, as its number says."""

import pytest

from projections.sales.dispute_queries import DisputeRate


@pytest.mark.parametrize(
    ("payments", "disputed", "basis_points", "is_over"),
    [
        (0, 0, 0, False),
        (1, 0, 0, False),
        (1, 1, 10_000, True),
        (133, 1, 76, True),
        (134, 1, 75, False),
        (399, 3, 76, True),
        (400, 3, 75, False),
        (401, 3, 75, False),
        (10_000, 74, 74, False),
        (10_000, 75, 75, False),
        (10_000, 76, 76, True),
        (10**9, 7_500_000, 75, False),
        (10**9, 7_500_001, 76, True),
    ],
)
def test_only_more_than_three_of_four_hundred_payments_are_over_the_line(
    payments: int, disputed: int, basis_points: int, is_over: bool
) -> None:
    rate = DisputeRate(payments=payments, disputed=disputed)
    assert (rate.basis_points, rate.is_over_line) == (basis_points, is_over)
    assert is_over is (disputed * 400 > payments * 3)
