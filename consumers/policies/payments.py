"""What a payment provider's webhook means for an order."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from commands.order import RecordPayment, RecordPaymentFailure, RejectWebhook
from consumers.ports import Aggregates, Dispatch
from domain.inbox.events import WebhookReceived
from domain.kernel import DomainEvent, NotFound
from domain.order.aggregate import ORDER
from domain.order.ports import PaymentConfirmed, PaymentDeclined, PaymentGateway, UnusableWebhook
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic

logger = logging.getLogger(__name__)

REASON_MAX = 300
"""Characters of why a webhook is rejected."""


class PaymentsPolicy:
    """Turns a verified payment webhook into a paid order, a noted failure, or something that a person must look at.

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
        store_id = received.store_id
        if store_id is None:  # payments are about a store
            return
        try:
            notice = self._gateways[received.source].read_body(received.body)
        except ValueError as error:
            # Taken in before the edge refused such bodies; trying again cannot help.
            order_id = error.order_id if isinstance(error, UnusableWebhook) else None
            await self._reject(envelope, received, store_id, order_id, f"It makes no sense: {error}"[:REASON_MAX])
            return
        if notice is None:
            return
        try:
            order = await self._aggregates.get(ORDER, notice.order_id)
        except NotFound:
            await self._reject(envelope, received, store_id, notice.order_id, "It names an order that does not exist.")
            return
        if order.store_id != store_id:
            # Each merchant's webhooks are signed with that merchant's secret: it may not speak for another store. The
            # merchant reads the same as for an order that does not exist.
            logger.error("webhook %s is of store %s but names another store's order", envelope.id, store_id)
            await self._reject(envelope, received, store_id, notice.order_id, "It names an order that does not exist.")
            return
        command: RecordPayment | RecordPaymentFailure
        match notice:
            case PaymentConfirmed(amount=paid, platform_fee=fee, intent_id=intent_id):
                command = RecordPayment(order_id=order.id, paid=paid, fee=fee, intent_id=intent_id)
            case PaymentDeclined(intent_id=intent_id, reason=reason):
                command = RecordPaymentFailure(order_id=order.id, intent_id=intent_id, reason=reason)
        await self._dispatch(command, cause=envelope, name=self.name)

    async def _reject(
        self, envelope: Envelope, received: WebhookReceived, store_id: UUID, order_id: UUID | None, reason: str
    ) -> None:
        logger.warning("webhook %s of %s cannot be used: %s", envelope.id, received.source, reason)
        command = RejectWebhook(
            source=received.source,
            external_id=received.external_id,
            type=received.type,
            store_id=store_id,
            order_id=order_id,
            reason=reason,
        )
        # Such a webhook could be taken in before the edge looked for its store: there is no merchant to tell.
        with suppress(NotFound):
            await self._dispatch(command, cause=envelope, name=self.name)
