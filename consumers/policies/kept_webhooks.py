"""Webhooks that came before their merchant was known; a part of the payments policy."""

import logging
from collections.abc import Mapping
from uuid import UUID

from commands.inbox import UNMATCHED_WEBHOOKS, MatchWebhook
from consumers.ports import Aggregates, React, TenantHistory
from domain.inbox.events import WebhookReceived
from domain.kernel import NotFound
from domain.merchant.aggregate import MERCHANT
from domain.order.ports import AccountNotice, Notice, NoticeReader, PlatformNotice, UnusableWebhook
from domain.payee.aggregate import PAYEE, payee_stream
from schemas.envelope import Envelope, RawEvent

PAGE = 500
"""Events that one look into the log reads."""

logger = logging.getLogger(__name__)


class KeptWebhooks:
    """Gives kept webhooks to the merchant of their account, in the order of the log. Each is then handled as if it came now.

    An account and its first webhook may come in either order, and their events are handled side by side. Both are followed:
    what comes second finds the first in the event store, which is never stale. Both may match the same webhook, and it counts
    once.
    """

    def __init__(
        self, react: React, aggregates: Aggregates, readers: Mapping[str, NoticeReader], history: TenantHistory
    ) -> None:
        self._react, self._aggregates, self._readers, self._history = react, aggregates, readers, history

    async def about(self, received: WebhookReceived, *, cause: Envelope, name: str) -> None:
        """Match a kept webhook, after the earlier ones of its account. No-op if its merchant is not known."""
        notice = self._notice(received)
        if isinstance(notice, PlatformNotice) and notice.merchant_id is not None:
            try:
                await self._aggregates.get(MERCHANT, notice.merchant_id)
            except NotFound:
                return
            await self._match(received, notice.merchant_id, cause=cause, name=name)
        elif isinstance(notice, AccountNotice | PlatformNotice) and notice.account_id is not None:
            try:
                payee = await self._aggregates.get(PAYEE, payee_stream(notice.account_id))
            except NotFound:
                return
            await self.of_account(notice.account_id, payee.merchant_id, cause=cause, name=name)

    async def of_account(self, account_id: str, merchant_id: UUID, *, cause: Envelope, name: str) -> None:
        """Match every kept webhook about an account."""
        for received in await self._kept(account_id):
            await self._match(received, merchant_id, cause=cause, name=name)

    async def _match(self, received: WebhookReceived, merchant_id: UUID, *, cause: Envelope, name: str) -> None:
        command = MatchWebhook(
            source=received.source,
            external_id=received.external_id,
            type=received.type,
            merchant_id=merchant_id,
            body=received.body,
        )
        logger.info("webhook %s of %s is of merchant %s", received.external_id, received.source, merchant_id)
        await self._react(command, cause=cause, name=f"{name}:{received.source}:{received.external_id}")

    async def _kept(self, account_id: str) -> list[WebhookReceived]:
        """Return the kept webhooks about an account, the oldest first."""
        found: list[WebhookReceived] = []
        named, before = account_id.encode(), None
        while page := await self._history.read_back(UNMATCHED_WEBHOOKS, before, PAGE):
            before = page[-1].position
            found.extend(one for raw in page if named in raw.data and (one := self._webhook_about(account_id, raw)))
        return found[::-1]

    def _webhook_about(self, account_id: str, raw: RawEvent) -> WebhookReceived | None:
        received = raw.decode().event
        if not isinstance(received, WebhookReceived):
            return None
        notice = self._notice(received)
        is_about = isinstance(notice, AccountNotice | PlatformNotice) and notice.account_id == account_id
        return received if is_about else None

    def _notice(self, received: WebhookReceived) -> Notice | None:
        """Read a kept webhook; None if this installation does not use it."""
        reader = self._readers.get(received.source)
        try:
            return None if reader is None else reader.read_body(received.body)
        except UnusableWebhook:
            # The gateway refuses such bodies; an older release may have kept one.
            return None
