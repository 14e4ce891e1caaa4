"""The reaction to a requested refund: the payment provider is asked for it."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from commands.refunds import RecordRefund
from consumers.ports import Aggregates, React
from domain.kernel import Clock, DomainError, DomainEvent
from domain.merchant.aggregate import MERCHANT
from domain.order.after_sale.events import RefundRequested
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import ORDER, Order
from domain.order.refund_ports import PaymentRefunds, RefundAnswer, RefundOrderRequest
from domain.store.aggregate import STORE
from infra.retry import RetryPolicy, retry
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic

logger = logging.getLogger(__name__)

ASKING = RetryPolicy(attempts=6, first_pause=1.0, growth=3.0, longest_pause=120.0)
"""Tries of one delivery; the adapter's library has retried each already."""
REASON_MAX = 300
LATE = timedelta(hours=20)
"""Providers keep idempotency keys for a day at least; a dead letter can be replayed after that."""


class RefundPolicy:
    """Asks the provider to pay back and records its answer.

    Safe to redeliver: the provider carries out one refund for the event's idempotency key, and an answer is recorded once.
    """

    name = "refund-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset({RefundRequested})

    def __init__(
        self,
        react: React,
        aggregates: Aggregates,
        providers: Mapping[str, PaymentRefunds],
        clock: Clock,
        *,
        asking: RetryPolicy = ASKING,
    ) -> None:
        """Take the providers by the name that orders have of them (``sandbox``, ``stripe``)."""
        self._react, self._aggregates, self._providers, self._asking = react, aggregates, providers, asking
        self._clock = clock

    async def __call__(self, envelope: Envelope) -> None:
        asked = envelope.event
        if not isinstance(asked, RefundRequested) or await self._react.outcome(envelope, self.name) is not None:
            return
        order = await self._aggregates.get(ORDER, asked.originator_id)
        if order.after.refunds[asked.refund_id].status is not RefundStatus.REQUESTED:
            # A webhook was faster. Keys expire at the provider after a day, so a late repeat must not ask again.
            return
        try:
            answer = await self._ask(order, asked)
        except DomainError as refusal:
            logger.warning("refund %s of order %s was refused: %s", asked.refund_id, order.id, refusal)
            answer = _refused(asked, str(refusal))
        await self._react(RecordRefund(order_id=order.id, answer=answer), cause=envelope, name=self.name)

    async def _ask(self, order: Order, asked: RefundRequested) -> RefundAnswer:
        provider = self._providers.get(order.provider or "")
        if provider is None:
            return _refused(asked, f"This platform takes no payments with {order.provider} any more. Refund it there.")
        request = RefundOrderRequest(
            refund_id=asked.refund_id,
            order_id=order.id,
            store_id=order.store_id,
            intent_id=asked.intent_id,
            amount=asked.amount,
            return_fee=asked.fee_refund.minor > 0 and not order.after.payments[asked.intent_id].fee_is_owed,
            idempotency_key=asked.idempotency_key,
            is_late=self._clock.now() - asked.occurred_at > LATE,
        )
        account_id = order.account_of(asked.intent_id) or await self._present_account(order)
        return await retry(lambda: provider.refund(request, account_id=account_id), self._asking)

    async def _present_account(self, order: Order) -> str | None:
        """Return the merchant's account of today, for orders of which the account was not recorded."""
        store = await self._aggregates.get(STORE, order.store_id)
        merchant = await self._aggregates.get(MERCHANT, store.merchant_id)
        return None if merchant.stripe is None else merchant.stripe.id


def _refused(asked: RefundRequested, reason: str) -> RefundAnswer:
    return RefundAnswer(
        refund_id=asked.refund_id,
        external_id=None,
        intent_id=asked.intent_id,
        amount=asked.amount,
        status=RefundStatus.FAILED,
        reason=reason[:REASON_MAX],
    )
