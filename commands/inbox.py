"""Commands for webhooks: each is recorded once, for the merchant or store that it is about."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commands.ports import UnboundHandlers, Work
from domain.ids import derived
from domain.inbox.aggregate import INBOX
from domain.inbox.events import SubjectKind, WebhookReceived, WebhookRejected, WebhookSubject
from domain.kernel import Clock
from domain.merchant.aggregate import MERCHANT
from domain.store.aggregate import STORE

INBOX_NAMESPACE = UUID("0b1f5d5e-6a0c-5c55-8a3e-5a7f0d1c9e21")
"""Namespace of the stream ids of webhooks: one stream per source and external id."""
UNMATCHED_WEBHOOKS = derived(INBOX_NAMESPACE, "unmatched")
"""The tenant of webhooks that are about no merchant here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Webhook:
    """What every webhook has. Subclasses add fields behind these, whose order the payload digest depends on."""

    source: str
    external_id: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveWebhook(_Webhook):
    """Record a provider's webhook, whose signature the gateway has verified."""

    store_id: UUID
    body: str


async def receive_webhook(command: ReceiveWebhook, work: Work, *, clock: Clock) -> None:
    """Append ``WebhookReceived``. No-op if the webhook with this source and external id is recorded.

    Raises:
        NotFound: no store has the id.
    """
    await work.get(STORE, command.store_id)
    subject = WebhookSubject(kind=SubjectKind.STORE, id=command.store_id)
    await _receive(command, command.body, work, subject=subject, at=clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveAccountWebhook(_Webhook):
    """Record a webhook about a merchant's account at the sender."""

    merchant_id: UUID
    body: str


async def receive_account_webhook(command: ReceiveAccountWebhook, work: Work, *, clock: Clock) -> None:
    """Append ``WebhookReceived``. No-op if the webhook with this source and external id is recorded.

    Raises:
        NotFound: no merchant has the id.
    """
    await work.get(MERCHANT, command.merchant_id)
    subject = WebhookSubject(kind=SubjectKind.MERCHANT, id=command.merchant_id)
    await _receive(command, command.body, work, subject=subject, at=clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveUnmatchedWebhook(_Webhook):
    """Record a webhook about an account that no merchant here has, so that a person can look at it."""

    body: str


async def receive_unmatched_webhook(command: ReceiveUnmatchedWebhook, work: Work, *, clock: Clock) -> None:
    """Append ``WebhookReceived``. No-op if the webhook with this source and external id is recorded."""
    subject = WebhookSubject(kind=SubjectKind.PLATFORM, id=None)
    await _receive(command, command.body, work, subject=subject, at=clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchWebhook(_Webhook):
    """Give a webhook that was kept for the operators to the merchant whose account it is about."""

    merchant_id: UUID
    body: str


async def match_webhook(command: MatchWebhook, work: Work, *, clock: Clock) -> None:
    """Append ``WebhookReceived`` to a second stream of the webhook. No-op if that was done.

    Raises:
        NotFound: no webhook was kept with this source and external id, or no merchant has the id.
    """
    await work.get(INBOX, inbox_stream(command.source, command.external_id))
    await work.get(MERCHANT, command.merchant_id)
    subject = WebhookSubject(kind=SubjectKind.MERCHANT, id=command.merchant_id)
    id = matched_stream(command.source, command.external_id)
    await _receive(command, command.body, work, subject=subject, at=clock.now(), id=id)


async def _receive(
    webhook: _Webhook, body: str, work: Work, *, subject: WebhookSubject, at: datetime, id: UUID | None = None
) -> None:
    id = id or inbox_stream(webhook.source, webhook.external_id)
    if not await work.is_new(INBOX, id):
        return
    received = WebhookReceived(
        originator_id=id,
        originator_version=1,
        occurred_at=at,
        source=webhook.source,
        external_id=webhook.external_id,
        type=webhook.type,
        subject=subject,
        body=body,
    )
    work.append(INBOX, id, (received,), tenant=subject.id or UNMATCHED_WEBHOOKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectWebhook(_Webhook):
    """Record that a webhook cannot be used, for the merchant."""

    store_id: UUID
    order_id: UUID | None
    reason: str


async def reject_webhook(command: RejectWebhook, work: Work, *, clock: Clock) -> None:
    """Append ``WebhookRejected``. No-op if that was done.

    Raises:
        NotFound: no store has the id.
    """
    id = inbox_stream(command.source, command.external_id)
    entry = await work.find(INBOX, id)
    if entry is not None and entry.rejected:
        return
    await work.get(STORE, command.store_id)
    rejected = WebhookRejected(
        originator_id=id,
        originator_version=1 if entry is None else entry.version + 1,
        occurred_at=clock.now(),
        source=command.source,
        external_id=command.external_id,
        type=command.type,
        store_id=command.store_id,
        order_id=command.order_id,
        reason=command.reason,
    )
    work.append(INBOX, id, (rejected,), tenant=command.store_id)


def inbox_stream(source: str, external_id: str) -> UUID:
    """Return the id of a webhook's stream."""
    return derived(INBOX_NAMESPACE, source, external_id)


def matched_stream(source: str, external_id: str) -> UUID:
    """Return the id of the stream of a webhook whose merchant was found later.

    It is another stream, because the events of one stream have one tenant.
    """
    return derived(inbox_stream(source, external_id), "matched")


HANDLERS: UnboundHandlers = {
    ReceiveWebhook: receive_webhook,
    ReceiveAccountWebhook: receive_account_webhook,
    ReceiveUnmatchedWebhook: receive_unmatched_webhook,
    MatchWebhook: match_webhook,
    RejectWebhook: reject_webhook,
}
"""Each command and its handler."""
