"""When a shopper's cancellation may go on although the page was not closed, and when it must not."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from domain.order.errors import PaymentsNotReady
from infra.adapters.payments.stripe.client import AccountGone, StripeRefused
from storefront.checkout.place_order import Checkout

STORE: Any = SimpleNamespace(merchant_id=uuid4())
ORDER: Any = SimpleNamespace(session_id="cs_1", payment_provider="stripe")


def checkout(failure: Exception) -> Checkout:
    async def fail(_: object) -> Any:
        raise failure

    async def gateway_of(merchant_id: object) -> Any:
        return await fail(merchant_id) if isinstance(failure, PaymentsNotReady) else gateway

    gateway = SimpleNamespace(name="stripe", close_session=fail)
    deps: Any = SimpleNamespace(payments=SimpleNamespace(of=gateway_of))
    return Checkout(deps)


@pytest.mark.parametrize("failure", [PaymentsNotReady(), AccountGone("no access")])
async def test_an_order_can_be_cancelled_whose_payment_account_is_gone(failure: Exception) -> None:
    assert await checkout(failure).close_payment(STORE, ORDER)


async def test_an_order_is_not_cancelled_while_the_provider_keeps_its_page_open() -> None:
    with pytest.raises(StripeRefused):
        await checkout(StripeRefused("the page is open")).close_payment(STORE, ORDER)
