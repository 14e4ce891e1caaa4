"""Evidence between the merchant and the provider: submitted once, in time, and remembered as it was sent."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.disputes import (
    AddEvidenceFile,
    EditDisputeEvidence,
    RecordDispute,
    RemindOfDispute,
    RemoveEvidenceFile,
    SubmitDisputeEvidence,
)
from commands.order import RecordPayment
from consumers.policies.evidence import EvidencePolicy
from consumers.schedules.deadlines import DeadlinePolicy
from domain.editing import ChangedMeanwhile
from domain.kernel import DomainEvent, NotFound, Transient
from domain.money import Money
from domain.order.after_sale.dispute_events import (
    DisputeClosed,
    DisputeEvidenceFileAdded,
    DisputeEvidenceFileRemoved,
    DisputeEvidenceRefused,
    DisputeEvidenceSubmitted,
    DisputeStatus,
    EvidenceFileKind,
    EvidenceStatus,
)
from domain.order.after_sale.dispute_state import Dispute, EvidenceFile
from domain.order.aggregate import ORDER
from domain.order.disputes import DisputeReport
from domain.order.errors import EvidenceChanged, EvidenceClosed, EvidenceFilesTooLarge
from domain.order.evidence.fields import EvidenceField
from domain.order.evidence.files import SIZE_MOST
from domain.order.report_ports import EvidenceRequest
from infra.adapters.payments.stripe.client import StripeRefused
from infra.retry import RetryPolicy
from tests.support.builders.samples import dollars
from tests.support.fakes.vault import MemoryEvidenceFiles, MemoryPersonalData
from tests.support.platforms.write_side import Platform, kinds
from tests.unit.consumers.test_policies import DeletedCarts, KnownOverdue
from tests.unit.consumers.test_refund_policy import last

AT_ONCE = RetryPolicy(attempts=3, first_pause=0.0)


class Bank:
    """Takes evidence, or fails as often as the test says."""

    def __init__(self, *failures: Exception) -> None:
        self.asked: list[tuple[EvidenceRequest, str | None]] = []
        self._failures = list(failures)

    async def submit(self, request: EvidenceRequest, *, account_id: str | None) -> None:
        self.asked.append((request, account_id))
        if self._failures:
            raise self._failures.pop(0)


class Desk:
    """A merchant with a disputed order."""

    def __init__(self) -> None:
        self.platform = Platform()
        self.personal = MemoryPersonalData()
        self.files = MemoryEvidenceFiles(self.personal)
        self.order_id = UUID(int=0)
        self.report = DisputeReport(
            dispute_id="du_1",
            intent_id="pi_1",
            amount=dollars("20.00"),
            reason="product_not_received",
            status=DisputeStatus.NEEDS_RESPONSE,
            evidence_due=self.platform.clock.now() + timedelta(days=10),
            movements=1,
            taken=dollars("20.00"),
            fee=dollars("15.00"),
        )

    async def open(self, status: DisputeStatus = DisputeStatus.NEEDS_RESPONSE) -> "Desk":
        self.order_id = await self.platform.order_a_lamp("stripe")
        paid = RecordPayment(
            order_id=self.order_id,
            paid=(await self.platform.get(ORDER, self.order_id)).total,
            fee=Money(minor=100),
            intent_id="pi_1",
            account_id="acct_1",
        )
        await self.platform.send(paid)
        await self.say(status)
        return self

    async def say(self, status: DisputeStatus) -> None:
        self.report = replace(self.report, status=status)
        await self.platform.send(RecordDispute(order_id=self.order_id, report=self.report))

    async def edit(self, **texts: str) -> None:
        sealed = await self.personal.seal(UUID(int=5), json.dumps(texts))
        command = EditDisputeEvidence(
            order_id=self.order_id,
            merchant_id=self.platform.merchant_id,
            dispute_id="du_1",
            texts=sealed,
            fingerprint="f",
        )
        await self.platform.send(command)

    async def submit(self, *, edition: int = 0, by: UUID | None = None, dispute_id: str = "du_1") -> None:
        evidence = await self.personal.seal(UUID(int=5), json.dumps({EvidenceField.RECORD: "It was sent."}))
        command = SubmitDisputeEvidence(
            order_id=self.order_id,
            merchant_id=by or self.platform.merchant_id,
            dispute_id=dispute_id,
            evidence=evidence,
            edition=edition,
        )
        await self.platform.send(command)

    async def send(self, bank: Bank, times: int = 1) -> None:
        for _ in range(times):
            await self.react(DisputeEvidenceSubmitted, bank)

    async def react(self, event: type[DomainEvent], bank: Bank | None = None) -> None:
        providers = {"stripe": bank or Bank()}
        policy = EvidencePolicy(self.platform, self.platform, providers, self.personal, self.files, sending=AT_ONCE)
        await policy(last(self.platform, event))

    async def add(
        self, kind: EvidenceFileKind, *, size_bytes: int = 100, by: UUID | None = None, seen: str | None = None
    ) -> UUID:
        id = uuid4()
        await self.files.put(id, UUID(int=5), f"the {kind}".encode())
        command = AddEvidenceFile(
            order_id=self.order_id,
            merchant_id=by or self.platform.merchant_id,
            dispute_id="du_1",
            kind=kind,
            file=EvidenceFile(file_id=id, mime_type="application/pdf", size_bytes=size_bytes, pages=2),
            name=await self.personal.seal(UUID(int=5), "Letter of Ada.pdf"),
            fingerprint="f",
            seen=seen,
        )
        await self.platform.send(command)
        return id

    async def remove(self, file_id: UUID) -> None:
        command = RemoveEvidenceFile(
            order_id=self.order_id, merchant_id=self.platform.merchant_id, dispute_id="du_1", file_id=file_id
        )
        await self.platform.send(command)

    async def dispute(self) -> Dispute:
        return (await self.platform.get(ORDER, self.order_id)).after.disputes["du_1"]


@pytest.fixture
async def desk() -> Desk:
    return await Desk().open()


async def test_evidence_is_sent_once_to_the_account_that_was_paid(desk: Desk) -> None:
    await desk.submit()
    bank = Bank()
    await desk.send(bank, times=2)
    ((request, account_id),) = bank.asked
    assert account_id == "acct_1"
    assert request == EvidenceRequest(
        dispute_id="du_1",
        texts={EvidenceField.RECORD: "It was sent."},
        idempotency_key=f"evidence:{desk.order_id}:du_1:1",
    )
    assert (await desk.dispute()).evidence is EvidenceStatus.ACCEPTED
    with pytest.raises(EvidenceClosed, match="banks take it once"):
        await desk.submit()
    with pytest.raises(EvidenceClosed):
        await desk.edit(RECORD="More.")


async def test_a_second_submission_before_the_answer_is_refused(desk: Desk) -> None:
    await desk.submit()
    before = len(desk.platform.log.events)
    with pytest.raises(EvidenceClosed):
        await desk.submit()
    assert len(desk.platform.log.events) == before


async def test_an_outage_is_retried_with_the_same_key_and_leaves_it_submitted(desk: Desk) -> None:
    await desk.submit()
    bank = Bank(*(Transient("Stripe", "away") for _ in range(4)))
    with pytest.raises(Transient):
        await desk.send(bank)
    assert (await desk.dispute()).evidence is EvidenceStatus.SUBMITTED
    await desk.send(bank)
    assert len({request.idempotency_key for request, _ in bank.asked}) == 1
    assert (await desk.dispute()).evidence is EvidenceStatus.ACCEPTED


async def test_refused_evidence_is_corrected_and_submitted_under_another_key(desk: Desk) -> None:
    await desk.submit()
    await desk.send(Bank(StripeRefused("Invalid text.")))
    assert (await desk.dispute()).evidence is EvidenceStatus.REFUSED
    await desk.edit(RECORD="Better.")
    await desk.submit(edition=1)
    bank = Bank()
    await desk.send(bank)
    assert [request.idempotency_key[-2:] for request, _ in bank.asked] == [":2"]
    assert (await desk.dispute()).evidence is EvidenceStatus.ACCEPTED


async def test_evidence_that_was_assembled_before_an_edit_is_not_submitted(desk: Desk) -> None:
    await desk.edit(RECORD="Better.")
    with pytest.raises(EvidenceChanged):
        await desk.submit(edition=0)
    await desk.submit(edition=1)


async def test_evidence_after_the_deadline_or_the_decision_is_refused(desk: Desk) -> None:
    desk.platform.clock.advance(timedelta(days=10))
    with pytest.raises(EvidenceClosed, match="took evidence until"):
        await desk.submit()
    await desk.say(DisputeStatus.LOST)
    with pytest.raises(EvidenceClosed, match="is LOST"):
        await desk.submit()


async def test_other_merchants_and_unknown_disputes_are_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.submit(by=UUID(int=99))
    with pytest.raises(NotFound):
        await desk.submit(dispute_id="du_2")


async def test_an_inquiry_that_becomes_a_dispute_takes_evidence_again() -> None:
    desk = await Desk().open(DisputeStatus.INQUIRY)
    await desk.submit()
    await desk.send(Bank())
    await desk.say(DisputeStatus.INQUIRY_UNDER_REVIEW)
    await desk.say(DisputeStatus.NEEDS_RESPONSE)
    await desk.submit()
    bank = Bank()
    await desk.send(bank)
    assert bank.asked[0][0].idempotency_key.endswith(":2")


async def test_evidence_of_a_forgotten_shopper_is_not_sent(desk: Desk) -> None:
    await desk.submit()
    await desk.personal.forget(UUID(int=5))
    bank = Bank()
    await desk.send(bank)
    assert bank.asked == []
    assert (await desk.dispute()).evidence is EvidenceStatus.REFUSED


async def test_files_are_sent_with_the_evidence_under_their_kind(desk: Desk) -> None:
    receipt = await desk.add(EvidenceFileKind.RECEIPT)
    await desk.add(EvidenceFileKind.OTHER)
    await desk.submit(edition=2)
    bank = Bank()
    await desk.send(bank)
    ((request, _),) = bank.asked
    assert {kind: content.data for kind, content in request.files.items()} == {
        EvidenceFileKind.RECEIPT: b"the RECEIPT",
        EvidenceFileKind.OTHER: b"the OTHER",
    }
    assert request.files[EvidenceFileKind.RECEIPT].file_id == receipt
    assert receipt in last(desk.platform, DisputeEvidenceSubmitted).event.file_ids  # type: ignore[attr-defined]
    with pytest.raises(EvidenceClosed, match="banks take it once"):
        await desk.add(EvidenceFileKind.SHIPPING_DOCUMENTATION)
    with pytest.raises(EvidenceClosed):
        await desk.remove(receipt)


async def test_a_file_replaces_the_former_one_of_its_kind_whose_content_goes(desk: Desk) -> None:
    former = await desk.add(EvidenceFileKind.RECEIPT)
    newer = await desk.add(EvidenceFileKind.RECEIPT)
    await desk.react(DisputeEvidenceFileAdded)
    assert set(desk.files.kept) == {newer}
    assert [file.file_id for file in (await desk.dispute()).files.values()] == [newer]
    with pytest.raises(NotFound):
        await desk.remove(former)
    await desk.remove(newer)
    await desk.react(DisputeEvidenceFileRemoved)
    assert desk.files.kept == {}
    assert (await desk.dispute()).files == {}
    assert (await desk.dispute()).edition == 3


async def test_files_are_as_large_together_as_a_bank_takes(desk: Desk) -> None:
    await desk.add(EvidenceFileKind.RECEIPT, size_bytes=SIZE_MOST - 10)
    before = len(desk.platform.log.events)
    with pytest.raises(EvidenceFilesTooLarge, match="11 bytes, and 10 are left"):
        await desk.add(EvidenceFileKind.OTHER, size_bytes=11)
    assert len(desk.platform.log.events) == before
    await desk.add(EvidenceFileKind.OTHER, size_bytes=10)
    await desk.add(EvidenceFileKind.RECEIPT, size_bytes=SIZE_MOST - 10)


async def test_files_of_a_decided_dispute_are_deleted_and_no_more_are_taken(desk: Desk) -> None:
    await desk.add(EvidenceFileKind.RECEIPT)
    await desk.say(DisputeStatus.WON)
    await desk.react(DisputeClosed)
    await desk.react(DisputeClosed)
    assert desk.files.kept == {}
    with pytest.raises(EvidenceClosed, match="is WON"):
        await desk.add(EvidenceFileKind.RECEIPT)


async def test_files_after_the_deadline_and_of_other_merchants_are_refused(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.add(EvidenceFileKind.RECEIPT, by=UUID(int=99))
    desk.platform.clock.advance(timedelta(days=10))
    with pytest.raises(EvidenceClosed, match="took evidence until"):
        await desk.add(EvidenceFileKind.RECEIPT)


async def test_evidence_with_a_lost_file_is_not_sent_in_part(desk: Desk) -> None:
    id = await desk.add(EvidenceFileKind.RECEIPT)
    await desk.submit(edition=1)
    await desk.files.delete([id])
    bank = Bank()
    await desk.send(bank)
    assert bank.asked == []
    assert (await desk.dispute()).evidence is EvidenceStatus.REFUSED
    assert "Add it again" in last(desk.platform, DisputeEvidenceRefused).event.reason  # type: ignore[attr-defined]
    await desk.add(EvidenceFileKind.RECEIPT)
    await desk.submit(edition=2)
    await desk.send(bank)
    assert len(bank.asked) == 1


async def test_evidence_that_was_assembled_before_a_file_came_is_not_submitted(desk: Desk) -> None:
    await desk.add(EvidenceFileKind.RECEIPT)
    with pytest.raises(EvidenceChanged):
        await desk.submit(edition=0)


async def remind(desk: Desk) -> list[str]:
    before = len(desk.platform.log.events)
    overdue = KnownOverdue(disputed=[(desk.order_id, "du_1")])
    policy = DeadlinePolicy(overdue, desk.platform.bus, desk.platform.clock, DeletedCarts())
    await policy.enforce()
    await policy.enforce()
    return kinds(desk.platform.log.events[before:])


async def test_the_merchant_is_reminded_once_when_the_deadline_is_near(desk: Desk) -> None:
    assert await remind(desk) == []
    desk.platform.clock.advance(timedelta(days=7))
    assert await remind(desk) == ["DisputeDeadlineNear"]
    desk.platform.clock.advance(timedelta(days=1))
    assert await remind(desk) == []


async def test_a_merchant_who_answered_or_has_just_heard_is_not_reminded(desk: Desk) -> None:
    desk.platform.clock.advance(timedelta(days=8))
    await desk.submit()
    assert await remind(desk) == []
    late = Desk()
    late.report = replace(late.report, evidence_due=late.platform.clock.now() + timedelta(hours=20))
    await late.open()
    assert await remind(late) == []
    await late.platform.send(RemindOfDispute(order_id=late.order_id, dispute_id="du_1"))
    assert (await late.dispute()).reminded is False


async def test_a_second_editor_does_not_replace_a_file_that_they_did_not_see(desk: Desk) -> None:
    kind = next(iter(EvidenceFileKind))
    first = await desk.add(kind, seen="")
    with pytest.raises(ChangedMeanwhile) as refusal:
        await desk.add(kind, seen="")
    assert refusal.value.field == "expectedFileId"
    await desk.add(kind, seen=str(first))
