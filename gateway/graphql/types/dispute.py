"""Disputes of payments, their rate, and payouts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.editing import revision_of
from domain.order.after_sale.dispute_events import DisputeStatus, EvidenceFileKind, EvidenceStatus
from domain.order.dispute_reasons import reason_in_words
from domain.order.evidence.fields import EvidenceField, EvidenceSource
from domain.order.evidence.files import SIZE_MOST
from domain.order.evidence.submission import evidence_parts
from domain.payout.aggregate import PayoutStatus
from gateway.api.dispute_evidence import Evidence, EvidenceReads, evidence_of
from gateway.api.evidence_files import address_of_file
from gateway.graphql.as_of import past_readings
from gateway.graphql.context import ReadContext
from gateway.graphql.fields import field
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.money import MoneyType
from gateway.graphql.types.node import Node
from projections.sales.dispute_queries import DisputeRate as DisputeRateView
from projections.sales.queries import order_by_id
from projections.sales.views import DisputeView, OrderView, PayoutView


@strawberry.type(description="A part of the evidence for a dispute.")
class EvidenceText:
    field: EvidenceField
    text: str
    source: EvidenceSource


@strawberry.type(description="A part of the evidence that would help against the bank's reason and is missing.")
class EvidenceGap:
    field: EvidenceField
    advice: str = strawberry.field(description="What to do about it.")


@strawberry.type(description="A file that the bank gets with the evidence, unchanged.")
class EvidenceFile:
    id: strawberry.ID
    kind: EvidenceFileKind
    name: str | None = strawberry.field(description="As you named it. Null if the shopper's data was erased.")
    mime_type: str = strawberry.field(description="Read from the content.")
    size: int = strawberry.field(description="In bytes.")
    pages: int = strawberry.field(description="1 for a picture.")
    added_at: datetime
    url: str | None = strawberry.field(
        description="Shows the file for 15 minutes, without a log-in. Null after the bank decided, when the file is deleted, "
        "and as of an earlier position."
    )


@strawberry.type(
    description="Evidence for a dispute. Until it is submitted, it is assembled from the log, with your edits in place of it."
)
class DisputeEvidence:
    status: EvidenceStatus
    deadline: datetime | None = strawberry.field(description="The last moment to submit it. Null if the bank set none.")
    texts: list[EvidenceText]
    missing: list[EvidenceGap]
    files: list[EvidenceFile] = strawberry.field(description="One of each kind at most.")
    bytes_left: int = strawberry.field(description="How many bytes of files the bank takes beside these.")
    submitted_at: datetime | None
    refusal: str | None = strawberry.field(
        description="Why the provider refused it, in its words. Null if it did not. Correct it, then submit it once more."
    )
    revision: str = strawberry.field(description="What an editor saw: send it as `expectedRevision` with an edit.")


@strawberry.type(
    description="A shopper's bank questions a payment. Submit evidence before evidenceDue with submitDisputeEvidence."
)
class Dispute(Node):
    id: strawberry.ID = strawberry.field(description="The provider's id for the dispute.")
    order_id: strawberry.ID
    intent_id: str = strawberry.field(description="The provider's id for the payment.")
    status: DisputeStatus
    amount: Decimal
    amount_money: MoneyType
    currency: str
    reason: str = strawberry.field(description="In the bank's words, such as product_not_received.")
    reason_message: str = strawberry.field(description="The reason for people, as part of a sentence.")
    evidence_due: datetime | None = strawberry.field(description="The last moment for evidence.")
    evidence_status: EvidenceStatus = strawberry.field(description="How far your evidence is.")
    opened_at: datetime
    closed_at: datetime | None
    taken_money: MoneyType | None = strawberry.field(
        description="What the provider took from you and did not give back. Null as long as no money moved."
    )
    fee_money: MoneyType | None = strawberry.field(
        description="The provider's fees that it did not give back. Null as long as no money moved."
    )
    view: strawberry.Private[DisputeView]
    reading: strawberry.Private[ReadContext]

    @field("The number of its order.")
    async def order_number(self) -> str | None:
        return await self.reading.loaders.order_number.load(self.view.order_id)

    @field("The evidence, submitted or not. One operation may read it for the disputes of at most 4 orders.")
    async def evidence(self) -> DisputeEvidence | None:
        evidence = await read_evidence(self.reading, self.view)
        if evidence is None:
            return None
        return DisputeEvidence(
            status=evidence.status,
            deadline=self.view.evidence_due,
            texts=[EvidenceText(field=each.field, text=each.text, source=each.source) for each in evidence.texts],
            missing=[EvidenceGap(field=each.field, advice=each.advice) for each in evidence.gaps],
            files=await self._files(),
            bytes_left=max(0, SIZE_MOST - sum(file.size_bytes for file in self.view.evidence_files)),
            submitted_at=evidence.submitted_at,
            refusal=evidence.refusal,
            revision=revision_of(evidence_parts(self.view.dispute_id, evidence.edition)),
        )

    async def _files(self) -> list[EvidenceFile]:
        files, deps = self.view.evidence_files, self.reading.deps
        is_kept = self.view.closed_at is None and self.reading.position is None
        names = await deps.personal.open_many([file.name for file in files])
        return [
            EvidenceFile(
                id=as_gid(file.id),
                kind=file.kind,
                name=name,
                mime_type=file.mime_type,
                size=file.size_bytes,
                pages=file.pages,
                added_at=file.added_at,
                url=address_of_file(deps, file) if is_kept else None,
            )
            for file, name in zip(files, names, strict=True)
        ]

    @classmethod
    def of(cls, view: DisputeView, reading: ReadContext) -> Self:
        return cls(
            id=strawberry.ID(view.dispute_id),
            order_id=as_gid(view.order_id),
            intent_id=view.intent_id,
            status=view.status,
            amount=view.amount.decimal,
            amount_money=MoneyType.of(view.amount),
            currency=view.amount.currency,
            reason=view.reason,
            reason_message=reason_in_words(view.reason),
            evidence_due=view.evidence_due,
            evidence_status=view.evidence_status,
            opened_at=view.opened_at,
            closed_at=view.closed_at,
            taken_money=None if view.taken is None else MoneyType.of(view.taken),
            fee_money=None if view.fee is None else MoneyType.of(view.fee),
            view=view,
            reading=reading,
        )


async def read_evidence(reading: ReadContext, dispute: DisputeView, order: OrderView | None = None) -> Evidence | None:
    """Return a dispute's evidence; None if its order cannot be read.

    Raises:
        InvalidInput: the operation reads the evidence of too many orders.
        Transient: the past cannot be read at the moment; retrying helps.
    """
    order = order or await order_by_id(reading.db, dispute.order_id, scope=reading.scope)
    if order is None:
        return None
    deps = reading.deps
    placed = await deps.travel.beginning(order.id)
    sold, _ = await past_readings().open(deps.travel, order.store_id, placed)
    reads = EvidenceReads(now=reading.db, sold=sold.reader, scope=reading.scope, personal=deps.personal)
    return await evidence_of(dispute, order, reads)


@strawberry.type(
    description="How many of the payments that were made in the last 90 days are disputed. Inquiries do not count."
)
class DisputeRate:
    payments: int
    disputed: int
    percent: Decimal = strawberry.field(description="Rounded up to two decimal places, so 3 of 399 are 0.76 percent.")
    over_line: bool = strawberry.field(
        description="Whether more than 0.75 percent are disputed. Card networks watch merchants above this line."
    )

    @classmethod
    def of(cls, view: DisputeRateView) -> Self:
        return cls(
            payments=view.payments,
            disputed=view.disputed,
            percent=Decimal(view.basis_points).scaleb(-2),
            over_line=view.is_over_line,
        )


@strawberry.type(description="A payout from the account at the payment provider to the merchant's bank.")
class Payout(Node):
    id: strawberry.ID = strawberry.field(description="The provider's id for the payout.")
    status: PayoutStatus
    amount: Decimal
    amount_money: MoneyType
    currency: str
    arrival_on: date | None
    reason: str | None = strawberry.field(description="Why it failed, in the provider's words.")
    at: datetime

    @classmethod
    def of(cls, view: PayoutView) -> Self:
        return cls(
            id=strawberry.ID(view.payout_id),
            status=view.status,
            amount=view.amount.decimal,
            amount_money=MoneyType.of(view.amount),
            currency=view.amount.currency,
            arrival_on=view.arrival_on,
            reason=view.reason,
            at=view.at,
        )
