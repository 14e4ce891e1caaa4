"""Pages of cancelled orders are closed at the account where they were opened."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.after_sale import CancelOrderByMerchant
from commands.merchant import ConnectStripe
from commands.order import CancelOrder, OpenPaymentSession
from consumers.policies.payment_pages import PaymentPagePolicy
from domain.kernel import Transient
from domain.order.aggregate import PAY_WITHIN
from domain.order.events import OrderCancelled
from domain.order.ports import PaymentGateway, PaymentRequest, PaymentSession
from infra.adapters.payments.stripe.client import StripeRefused
from infra.retry import RetryPolicy
from schemas.envelope import Envelope
from tests.support.platforms.write_side import Platform


class Pages:
    """Implements ``PaymentGateways`` and ``PaymentGateway``; remembers which page was closed at which account."""

    name = "stripe"

    def __init__(self, *failures: Exception) -> None:
        self.closed: list[tuple[str | None, str]] = []
        self._failures = list(failures)
        self._account: str | None = None

    async def of(self, merchant_id: UUID) -> PaymentGateway:
        raise NotImplementedError

    def at(self, account_id: str | None) -> PaymentGateway | None:
        self._account = account_id
        return None if account_id is None else self

    async def open_session(self, request: PaymentRequest) -> PaymentSession:
        raise NotImplementedError

    async def close_session(self, session_id: str) -> bool:
        if self._failures:
            raise self._failures.pop(0)
        self.closed.append((self._account, session_id))
        return True


@pytest.fixture
def platform() -> Platform:
    return Platform()


async def cancelled(platform: Platform, provider: str = "stripe", *, account_id: str | None = "acct_1") -> Envelope:
    order_id = await platform.order_a_lamp(provider)
    page = OpenPaymentSession(order_id=order_id, provider=provider, session_id="cs_1", account_id=account_id)
    await platform.send(page)
    await platform.send(ConnectStripe(merchant_id=platform.merchant_id, account_id="acct_2", live=False))
    cancel = CancelOrderByMerchant(order_id=order_id, merchant_id=platform.merchant_id, refund_id=uuid4())
    await platform.send(cancel)
    return next(e for raw in platform.log.raw if isinstance((e := raw.decode()).event, OrderCancelled))


def policy(platform: Platform, pages: Pages) -> PaymentPagePolicy:
    closing = RetryPolicy(attempts=2, first_pause=0.0)
    return PaymentPagePolicy(platform, pages, platform.clock, closing=closing)


@pytest.mark.parametrize(("opened_at", "closed_at"), [("acct_1", "acct_1"), (None, "acct_2")])
async def test_the_page_of_an_order_that_its_merchant_cancels_is_closed(
    platform: Platform, opened_at: str | None, closed_at: str
) -> None:
    pages = Pages(Transient("Stripe", "away"))
    await policy(platform, pages)(await cancelled(platform, account_id=opened_at))
    assert pages.closed == [(closed_at, "cs_1")]


async def test_a_page_that_ended_by_itself_is_left_alone(platform: Platform) -> None:
    envelope, pages = await cancelled(platform), Pages()
    platform.clock.advance(PAY_WITHIN + timedelta(seconds=1))
    await policy(platform, pages)(envelope)
    assert pages.closed == []


async def test_a_page_of_another_provider_is_left_alone(platform: Platform) -> None:
    pages = Pages()
    await policy(platform, pages)(await cancelled(platform, "sandbox"))
    assert pages.closed == []


async def test_a_refusal_to_close_is_logged(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    await policy(platform, Pages(StripeRefused("no")))(await cancelled(platform))
    assert "stays open" in caplog.text


async def test_an_outage_is_worth_another_delivery(platform: Platform) -> None:
    pages = Pages(*(Transient("Stripe", "away") for _ in range(2)))
    with pytest.raises(Transient):
        await policy(platform, pages)(await cancelled(platform))


@pytest.mark.parametrize(
    ("closed", "asked"), [("cs_1", []), ("cs_0", [("acct_1", "cs_1")]), (None, [("acct_1", "cs_1")])]
)
async def test_a_page_that_the_shopper_closed_is_not_closed_a_second_time(
    platform: Platform, closed: str | None, asked: list[tuple[str, str]]
) -> None:
    order_id = await platform.order_a_lamp("stripe")
    page = OpenPaymentSession(order_id=order_id, provider="stripe", session_id="cs_1", account_id="acct_1")
    await platform.send(page)
    await platform.send(CancelOrder(order_id=order_id, reason="Left", closed_session=closed))
    pages = Pages()
    await policy(platform, pages)(
        next(e for raw in platform.log.raw if isinstance((e := raw.decode()).event, OrderCancelled))
    )
    assert pages.closed == asked
