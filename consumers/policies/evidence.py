"""The reactions to evidence: the payment provider gets what is submitted, and contents of files go when they are done."""

import json
import logging
from collections.abc import Mapping
from uuid import UUID

from commands.disputes import RecordEvidenceAnswer
from consumers.ports import Aggregates, React
from domain.kernel import DomainError, DomainEvent
from domain.merchant.aggregate import MERCHANT
from domain.order.after_sale.dispute_events import (
    DisputeClosed,
    DisputeEvidenceFileAdded,
    DisputeEvidenceFileRemoved,
    DisputeEvidenceSubmitted,
    EvidenceFileKind,
    EvidenceStatus,
)
from domain.order.after_sale.dispute_state import EvidenceFile
from domain.order.aggregate import ORDER, Order
from domain.order.evidence.fields import EvidenceField
from domain.order.evidence.files import EvidenceFiles
from domain.order.report_ports import DisputeEvidence, EvidenceRequest, FileContent
from domain.privacy import PersonalData
from domain.store.aggregate import STORE
from infra.retry import RetryPolicy, retry
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic

logger = logging.getLogger(__name__)

SENDING = RetryPolicy(attempts=6, first_pause=1.0, growth=3.0, longest_pause=120.0)
"""Tries of one delivery; the adapter's library has retried each already."""
REASON_MAX = 300


class EvidencePolicy:
    """Sends evidence to the provider and records its answer. Deletes contents of files that are not needed any more.

    A content goes when its file is removed or replaced, and when the bank has decided.

    Safe to redeliver: the provider takes one submission for the event's idempotency key, an answer is recorded once, and
    deleting again is a no-op.
    """

    name = "evidence-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset(
        {DisputeEvidenceSubmitted, DisputeEvidenceFileAdded, DisputeEvidenceFileRemoved, DisputeClosed}
    )

    def __init__(
        self,
        react: React,
        aggregates: Aggregates,
        providers: Mapping[str, DisputeEvidence],
        personal: PersonalData,
        files: EvidenceFiles,
        *,
        sending: RetryPolicy = SENDING,
    ) -> None:
        """Take the providers by the name that orders have of them (``sandbox``, ``stripe``)."""
        self._react, self._aggregates, self._providers = react, aggregates, providers
        self._personal, self._files, self._sending = personal, files, sending

    async def __call__(self, envelope: Envelope) -> None:
        match envelope.event:
            case DisputeEvidenceSubmitted() as submitted:
                await self._send(submitted, envelope)
            case DisputeEvidenceFileAdded(replaces=UUID() as former):
                await self._files.delete([former])
            case DisputeEvidenceFileRemoved(file_id=file_id):
                await self._files.delete([file_id])
            case DisputeClosed(originator_id=order_id, dispute_id=dispute_id):
                order = await self._aggregates.get(ORDER, order_id)
                files = order.after.disputes[dispute_id].files.values()
                await self._files.delete([file.file_id for file in files])
            case _:
                return

    async def _send(self, submitted: DisputeEvidenceSubmitted, envelope: Envelope) -> None:
        order = await self._aggregates.get(ORDER, submitted.originator_id)
        dispute = order.after.disputes[submitted.dispute_id]
        if dispute.evidence is not EvidenceStatus.SUBMITTED or dispute.attempts != submitted.attempt:
            # It was answered before.
            return
        refusal = await self._refusal(order, submitted)
        answer = RecordEvidenceAnswer(
            order_id=order.id,
            dispute_id=submitted.dispute_id,
            attempt=submitted.attempt,
            refusal=None if refusal is None else refusal[:REASON_MAX],
        )
        await self._react(answer, cause=envelope, name=self.name)

    async def _refusal(self, order: Order, submitted: DisputeEvidenceSubmitted) -> str | None:
        """Send the evidence. Return why it was refused; None if it was taken."""
        provider = self._providers.get(order.provider or "")
        if provider is None:
            return f"This platform takes no payments with {order.provider} any more. Answer the dispute there."
        opened = await self._personal.open(submitted.evidence)
        if opened is None:
            return "The shopper's data was erased before the evidence was sent. Assemble it once more."
        files = await self._contents(order.after.disputes[submitted.dispute_id].files)
        if files is None:
            return "A file of the evidence is not there any more. Add it again, then submit the evidence once more."
        request = EvidenceRequest(
            dispute_id=submitted.dispute_id,
            texts={EvidenceField(field): text for field, text in json.loads(opened).items()},
            idempotency_key=submitted.idempotency_key,
            files=files,
        )
        account_id = order.account_of(submitted.intent_id) or await self._present_account(order)
        try:
            await retry(lambda: provider.submit(request, account_id=account_id), self._sending)
        except DomainError as refusal:
            logger.warning("evidence for %s of order %s was refused: %s", submitted.dispute_id, order.id, refusal)
            return str(refusal)
        return None

    async def _contents(
        self, files: Mapping[EvidenceFileKind, EvidenceFile]
    ) -> Mapping[EvidenceFileKind, FileContent] | None:
        """Return the contents of files; None if one was erased, or lost with a database that was restored from the log."""
        contents = dict[EvidenceFileKind, FileContent]()
        for kind, file in files.items():
            data = await self._files.get(file.file_id)
            if data is None:
                return None
            contents[kind] = FileContent(file_id=file.file_id, mime_type=file.mime_type, data=data)
        return contents

    async def _present_account(self, order: Order) -> str | None:
        """Return the merchant's account of today, for orders of which the account was not recorded."""
        store = await self._aggregates.get(STORE, order.store_id)
        merchant = await self._aggregates.get(MERCHANT, store.merchant_id)
        return None if merchant.stripe is None else merchant.stripe.id
