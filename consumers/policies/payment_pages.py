"""The reaction to a cancelled unpaid order: its payment page is closed, so that it cannot be paid any more."""

import logging

from consumers.ports import Aggregates
from domain.kernel import Clock, DomainError, DomainEvent
from domain.merchant.aggregate import MERCHANT
from domain.order.aggregate import ORDER, PAY_WITHIN, Order
from domain.order.events import OrderCancelled
from domain.order.ports import PaymentGateway, PaymentGateways
from domain.store.aggregate import STORE
from infra.retry import RetryPolicy, retry
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic

logger = logging.getLogger(__name__)

CLOSING = RetryPolicy(attempts=4, first_pause=1.0, growth=3.0, longest_pause=30.0)
"""Tries of one delivery; the adapter's library has retried each already."""


class PaymentPagePolicy:
    """Closes the payment page of an order that was cancelled before its payment.

    Safe to redeliver: closing a closed page changes nothing. A page that was paid a moment before stays paid; its webhook
    reports the payment as late.
    """

    name = "payment-page-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset({OrderCancelled})

    def __init__(
        self, aggregates: Aggregates, payments: PaymentGateways, clock: Clock, *, closing: RetryPolicy = CLOSING
    ) -> None:
        self._aggregates, self._payments, self._clock, self._closing = aggregates, payments, clock, closing

    async def __call__(self, envelope: Envelope) -> None:
        if not isinstance(envelope.event, OrderCancelled) or envelope.event.page_closed:
            return
        order = await self._aggregates.get(ORDER, envelope.event.originator_id)
        session_id = order.session_id
        if session_id is None or self._clock.now() >= order.placed_at + PAY_WITHIN:
            # Without a page, or with one that has ended by itself.
            return
        gateway = await self._gateway(order)
        if gateway is None or gateway.name != order.provider:
            return
        try:
            is_closed = await retry(lambda: gateway.close_session(session_id), self._closing)
        except DomainError as refusal:
            logger.warning("the payment page of cancelled order %s stays open: %s", order.id, refusal)
            return
        if not is_closed:
            logger.warning("order %s was paid a moment before it was cancelled", order.id)

    async def _gateway(self, order: Order) -> PaymentGateway | None:
        account_id = order.page_account_id
        if account_id is None:
            store = await self._aggregates.get(STORE, order.store_id)
            merchant = await self._aggregates.get(MERCHANT, store.merchant_id)
            account_id = None if merchant.stripe is None else merchant.stripe.id
        return self._payments.at(account_id)
