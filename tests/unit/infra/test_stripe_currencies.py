"""Stripe's minor units for every currency that an amount can have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import CURRENCIES, Money
from infra.adapters.payments.stripe.currencies import NotChargeable, from_stripe, rounded_down, to_stripe


@pytest.mark.parametrize(
    ("amount", "at_stripe"),
    [
        (Money.parse("10", "USD"), 1000),
        (Money.parse("500", "JPY"), 500),
        (Money.parse("5", "ISK"), 500),
        (Money.parse("5", "UGX"), 500),
        (Money.parse("1000", "MGA"), 1000),
        (Money.parse("5.12", "KWD"), 5120),
        (Money.parse("10.45", "HUF"), 1045),
    ],
)
def test_an_amount_is_what_stripe_documents(amount: Money, at_stripe: int) -> None:
    assert to_stripe(amount) == at_stripe
    assert from_stripe(at_stripe, amount.currency.lower()) == amount


@given(st.sampled_from(sorted(CURRENCIES)), st.integers(0, 10**12))
def test_an_amount_reads_back_as_it_was_sent_or_is_rounded_down_or_refused(currency: str, minor: int) -> None:
    amount = Money(minor=minor, currency=currency)
    chargeable = rounded_down(amount)
    assert from_stripe(to_stripe(chargeable), currency.lower()) == chargeable
    assert 0 <= (amount - chargeable).minor < 100
    if chargeable != amount:
        with pytest.raises(NotChargeable, match=currency):
            to_stripe(amount)


@pytest.mark.parametrize("amount", [Money(minor=5124, currency="KWD"), Money(minor=101, currency="MGA")])
def test_an_amount_that_stripe_has_no_number_for_is_refused(amount: Money) -> None:
    with pytest.raises(NotChargeable, match="multiples of"):
        to_stripe(amount)


def test_a_fraction_of_a_unit_without_fractions_is_not_read() -> None:
    with pytest.raises(ValueError, match="ISK"):
        from_stripe(501, "isk")
