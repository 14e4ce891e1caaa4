"""Commands for disputes and payouts: what the provider says, and the merchant's evidence."""

from dataclasses import dataclass
from uuid import UUID

from commands.access import order_of_merchant
from commands.ports import UnboundHandlers, Work
from domain.editing import Seen, SeenValue, refuse_overwriting_value
from domain.kernel import Clock
from domain.merchant.aggregate import MERCHANT
from domain.order.after_sale.dispute_events import EvidenceFileKind
from domain.order.after_sale.dispute_state import EvidenceFile
from domain.order.aggregate import ORDER
from domain.order.disputes import DisputeReport, record_dispute
from domain.order.evidence.files import add_file, remove_file
from domain.order.evidence.submission import edit_evidence, record_evidence_answer, remind_of_deadline, submit_evidence
from domain.payout.aggregate import PAYOUT, PayoutReport, payout_stream, record_payout
from domain.privacy import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDispute:
    """Record what the provider says about a dispute."""

    order_id: UUID
    report: DisputeReport


async def record_dispute_report(command: RecordDispute, work: Work, *, clock: Clock) -> None:
    """Append what is new in a report: ``DisputeOpened``, ``DisputeFundsMoved``, ``DisputeStatusChanged``, ``DisputeClosed``.

    Raises:
        NotFound: no order has the id.
    """
    order = await work.get(ORDER, command.order_id)
    work.append(ORDER, order.id, record_dispute(order, command.report, at=clock.now()), tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayout:
    """Record what the provider says about a payout."""

    merchant_id: UUID
    report: PayoutReport


async def record_payout_report(command: RecordPayout, work: Work, *, clock: Clock) -> None:
    """Append ``PayoutPaid`` or ``PayoutFailed``. No-op if that is known, or the payout is on its way.

    Raises:
        NotFound: no merchant has the id.
    """
    await work.get(MERCHANT, command.merchant_id)
    id = payout_stream(command.merchant_id, command.report.payout_id)
    payout = await work.find(PAYOUT, id)
    events = record_payout(payout, command.report, merchant_id=command.merchant_id, at=clock.now())
    if events:
        work.append(PAYOUT, id, events, tenant=command.merchant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditDisputeEvidence:
    """Keep the merchant's own texts for the evidence of a dispute."""

    order_id: UUID
    merchant_id: UUID
    dispute_id: str
    texts: Sealed
    """JSON of fields and texts, under the shopper's key."""
    fingerprint: str
    """Keyed digest of the texts. Each sealing gives another ciphertext, so a repeat is recognized by this."""
    seen: Seen = None


async def edit_dispute_evidence(command: EditDisputeEvidence, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``DisputeEvidenceEdited`` and return the fingerprint.

    Raises:
        ChangedMeanwhile: the evidence was edited after the editor saw it.
        NotFound: no order has the id, it is another merchant's, or it has no such dispute.
        EvidenceClosed: the bank takes no evidence, or has it.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = edit_evidence(order, command.dispute_id, command.texts, seen=command.seen, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)
    return {"fingerprint": command.fingerprint}


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEvidenceFile:
    """Add a file to the evidence of a dispute. Its content is kept already."""

    order_id: UUID
    merchant_id: UUID
    dispute_id: str
    kind: EvidenceFileKind
    file: EvidenceFile
    name: Sealed
    """The file's name, under the shopper's key."""
    fingerprint: str
    """Keyed digest of the request, by which a repeat is recognized."""
    seen: SeenValue[str] = None
    """The id of the file of this kind that the editor saw, empty for none; None to overwrite any."""


async def add_evidence_file(command: AddEvidenceFile, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``DisputeEvidenceFileAdded`` and return the fingerprint.

    Raises:
        ChangedMeanwhile: there is another file of this kind than the editor saw.
        NotFound: no order has the id, it is another merchant's, or it has no such dispute.
        EvidenceClosed: the bank takes no evidence, has it, or the deadline is over.
        EvidenceFilesTooLarge: all files together are larger than a bank takes.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    dispute = order.after.disputes.get(command.dispute_id)
    known = None if dispute is None else dispute.files.get(command.kind)
    present = "" if known is None else str(known.file_id)
    refuse_overwriting_value(command.seen, present, "FILE", field="expectedFileId")
    events = add_file(order, command.dispute_id, command.kind, command.file, command.name, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)
    return {"fingerprint": command.fingerprint}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveEvidenceFile:
    """Take a file out of the evidence of a dispute."""

    order_id: UUID
    merchant_id: UUID
    dispute_id: str
    file_id: UUID


async def remove_evidence_file(command: RemoveEvidenceFile, work: Work, *, clock: Clock) -> None:
    """Append ``DisputeEvidenceFileRemoved``. A policy deletes the content next.

    Raises:
        NotFound: no order has the id, it is another merchant's, or it has no such dispute or file.
        EvidenceClosed: the bank takes no evidence, has it, or the deadline is over.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = remove_file(order, command.dispute_id, command.file_id, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitDisputeEvidence:
    """Submit the evidence of a dispute to the provider, once."""

    order_id: UUID
    merchant_id: UUID
    dispute_id: str
    evidence: Sealed
    """JSON of fields and texts, under the shopper's key."""
    edition: int
    """The edit that it was assembled with; 0 if there was none."""


async def submit_dispute_evidence(command: SubmitDisputeEvidence, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``DisputeEvidenceSubmitted`` and return the id of the dispute. A policy sends the evidence next.

    Raises:
        NotFound: no order has the id, it is another merchant's, or it has no such dispute.
        EvidenceClosed: the bank takes no evidence, has it, or the deadline is over.
        EvidenceChanged: the evidence was edited after it was assembled; read it, then submit.
    """
    order = await order_of_merchant(work, command.order_id, command.merchant_id)
    events = submit_evidence(order, command.dispute_id, command.evidence, edition=command.edition, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)
    return {"dispute_id": command.dispute_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvidenceAnswer:
    """Record whether the provider took the evidence of a dispute."""

    order_id: UUID
    dispute_id: str
    attempt: int
    refusal: str | None
    """Why it refused; None if it took the evidence."""


async def record_answer_to_evidence(command: RecordEvidenceAnswer, work: Work, *, clock: Clock) -> None:
    """Append ``DisputeEvidenceAccepted`` or ``DisputeEvidenceRefused``. No-op if the attempt has an answer.

    Raises:
        NotFound: no order has the id, or it has no such dispute.
    """
    order = await work.get(ORDER, command.order_id)
    events = record_evidence_answer(order, command.dispute_id, command.attempt, refusal=command.refusal, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindOfDispute:
    """Remind the merchant of a dispute's deadline."""

    order_id: UUID
    dispute_id: str


async def remind_of_dispute(command: RemindOfDispute, work: Work, *, clock: Clock) -> None:
    """Append ``DisputeDeadlineNear``. No-op if the deadline is not near, or evidence was submitted.

    Raises:
        NotFound: no order has the id, or it has no such dispute.
    """
    order = await work.get(ORDER, command.order_id)
    events = remind_of_deadline(order, command.dispute_id, at=clock.now())
    work.append(ORDER, order.id, events, tenant=order.store_id)


HANDLERS: UnboundHandlers = {
    RecordDispute: record_dispute_report,
    RecordPayout: record_payout_report,
    EditDisputeEvidence: edit_dispute_evidence,
    AddEvidenceFile: add_evidence_file,
    RemoveEvidenceFile: remove_evidence_file,
    SubmitDisputeEvidence: submit_dispute_evidence,
    RecordEvidenceAnswer: record_answer_to_evidence,
    RemindOfDispute: remind_of_dispute,
}
"""Each command and its handler."""
