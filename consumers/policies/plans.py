"""The command that follows from a webhook about a merchant's subscription to the platform."""

import logging
from collections.abc import Mapping

from commands.subscription import RecordSubscription
from consumers.ports import React
from domain.inbox.events import SubjectKind, WebhookReceived
from domain.kernel import DomainEvent
from domain.order.ports import NoticeReader, PlatformNotice, UnusableWebhook
from domain.subscription.ports import PlanNotice, PlanPayments
from infra.retry import RetryPolicy, retry
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic

logger = logging.getLogger(__name__)

ASKING = RetryPolicy(attempts=6, first_pause=1.0, growth=3.0, longest_pause=120.0)
"""Tries of one delivery; the adapter's library has retried each already."""


class PlansPolicy:
    """Asks the provider about a subscription after each webhook about it, and records what it says now.

    Safe to redeliver: the command's id is derived from the event, and a report that is older than the last changes nothing.
    """

    name = "plans-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset({WebhookReceived})

    def __init__(
        self,
        react: React,
        readers: Mapping[str, NoticeReader],
        payments: PlanPayments | None,
        *,
        asking: RetryPolicy = ASKING,
    ) -> None:
        """Take the readers by webhook source, and the provider; None if no plans are sold."""
        self._react, self._readers, self._payments, self._asking = react, readers, payments, asking

    async def __call__(self, envelope: Envelope) -> None:
        received, payments = envelope.event, self._payments
        if not isinstance(received, WebhookReceived) or payments is None or received.source not in self._readers:
            return
        if received.subject.kind is not SubjectKind.MERCHANT:
            return
        try:
            notice = self._readers[received.source].read_body(received.body)
        except UnusableWebhook as error:
            logger.warning("webhook %s of %s cannot be used: %s", envelope.id, received.source, error.reason)
            return
        if not isinstance(notice, PlatformNotice) or notice.subscription_id is None:
            return
        if await self._react.outcome(envelope, self.name) is not None:
            return
        about = PlanNotice(subscription_id=notice.subscription_id, body=received.body)
        found = await retry(lambda: payments.subscription(about), self._asking)
        if found is None:
            return
        if found.merchant_id != received.subject.id:
            logger.error("webhook %s is about a subscription of another merchant", envelope.id)
            return
        command = RecordSubscription(merchant_id=found.merchant_id, report=found.report)
        await self._react(command, cause=envelope, name=self.name)
