"""What a payment provider's webhook means for an order."""

import logging
from collections.abc import Mapping

from commands.order import RecordPayment, RecordPaymentFailure
from consumers.dependencies import Aggregates, Dispatch
from domain.kernel import DomainEvent
from domain.order.aggregate import ORDER
from domain.order.events import WebhookReceived
from domain.order.ports import PaymentGateway
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic

log = logging.getLogger(__name__)


class PaymentsPolicy:
    """Turns a verified payment webhook into a paid order, a noted failure, or a payment that a person must look at.

    Safe to redeliver: the command's id is derived from the event, and a payment counts once by its intent id.
    """

    name = "payments-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset({WebhookReceived})

    def __init__(self, dispatch: Dispatch, aggregates: Aggregates, gateways: Mapping[str, PaymentGateway]) -> None:
        """Take the gateways by the webhook source that each reads: ``sandbox-payments``, ``stripe``."""
        self._dispatch = dispatch
        self._aggregates = aggregates
        self._gateways = gateways

    async def __call__(self, envelope: Envelope) -> None:
        received = envelope.event
        if not isinstance(received, WebhookReceived) or received.source not in self._gateways:
            return
        notice = self._gateways[received.source].read_body(received.body)
        if notice is None:
            return
        order = await self._aggregates.get(ORDER, notice.order_id)
        if order.store_id != received.store_id:
            # Each merchant's webhooks are signed with that merchant's secret: it may not speak for another store.
            log.error("webhook %s is of store %s but names another store's order", envelope.id, received.store_id)
            return
        if notice.succeeded:
            await self._dispatch(
                RecordPayment(
                    order_id=order.id,
                    paid=notice.amount,
                    fee=notice.platform_fee,
                    intent_id=notice.intent_id,
                ),
                cause=envelope,
                name=self.name,
            )
        else:
            await self._dispatch(
                RecordPaymentFailure(order_id=order.id, intent_id=notice.intent_id, reason=notice.reason),
                cause=envelope,
                name=self.name,
            )
