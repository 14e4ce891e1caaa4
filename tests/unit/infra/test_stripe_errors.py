"""What Stripe's errors mean here: whether they decide what was asked, or leave it open."""

import pytest
import stripe

from domain.kernel import Transient
from infra.adapters.payments.stripe.client import AccountGone, StripeRefused, ask


async def failing(error: stripe.StripeError) -> None:
    raise error


@pytest.mark.parametrize("kind", [stripe.AuthenticationError, stripe.IdempotencyError, stripe.APIConnectionError])
async def test_an_error_that_says_nothing_about_the_request_is_worth_another_try(
    kind: type[stripe.StripeError],
) -> None:
    # An earlier try may have paid, and its answer was lost: a final refusal would let the money go twice.
    with pytest.raises(Transient):
        await ask(failing(kind("no")))


async def test_an_error_about_the_request_itself_is_final() -> None:
    with pytest.raises(StripeRefused):
        await ask(failing(stripe.StripeError("no")))
    with pytest.raises(AccountGone):
        await ask(failing(stripe.PermissionError("no")))
