"""Mutations of disputes: the merchant's evidence."""

from collections.abc import Sequence
from uuid import UUID

import strawberry

from commands.ports import Receipt
from domain.kernel import InvalidInput, NotFound
from domain.order.after_sale.dispute_events import EvidenceFileKind
from domain.order.evidence.fields import EvidenceField
from gateway.api.client_errors import REFUSALS
from gateway.api.command_request import CommandRequest
from gateway.api.dispute_evidence import edit_evidence, submit_evidence
from gateway.api.evidence_files import add_evidence_file, open_evidence_upload, remove_evidence_file
from gateway.api.validation import as_id, require
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import MutationInput
from gateway.graphql.mutations.payloads import DisputePayload, Show, UploadPayload, change
from gateway.graphql.types.dispute import Dispute, read_evidence
from gateway.graphql.types.media import UploadTarget, as_gid
from projections.sales import queries as sales_queries
from projections.sales.dispute_queries import disputes_of_orders
from projections.sales.views import DisputeView, OrderView

TEXTS_MAX = len(EvidenceField)


@strawberry.input(description="A part of the evidence in your own words.")
class EvidenceTextInput:
    field: EvidenceField
    text: str = strawberry.field(description="At most 20,000 characters. Empty: leave this part out.")


@strawberry.input
class SubmitDisputeEvidenceInput(MutationInput):
    order_id: strawberry.ID
    dispute_id: str = strawberry.field(description="The provider's id for the dispute.")


@strawberry.input
class EditDisputeEvidenceInput(SubmitDisputeEvidenceInput):
    texts: list[EvidenceTextInput] = strawberry.field(
        description="All parts that you write yourself. A part that is not here is assembled from the log again."
    )
    expected_revision: str | None = strawberry.field(
        default=None,
        description="The `revision` of the evidence that you read. If it was edited after that, nothing is saved: "
        "CHANGED_MEANWHILE. Null to overwrite any edit.",
    )


@strawberry.input
class RequestEvidenceUploadInput(SubmitDisputeEvidenceInput):
    mime_type: str = strawberry.field(description="application/pdf, image/jpeg or image/png.")
    size: int = strawberry.field(description="The file's size in bytes: 4,500,000 at most.")


@strawberry.input
class AddDisputeEvidenceFileInput(SubmitDisputeEvidenceInput):
    upload_id: strawberry.ID = strawberry.field(
        description="The upload whose file was sent to the address of requestEvidenceUpload."
    )
    kind: EvidenceFileKind
    file_name: str = strawberry.field(description="For you to recognize the file. The bank does not get it.")
    expected_file_id: str | None = strawberry.field(
        default=None,
        description="The id of the file of this kind that you saw, an empty text for none. If there is another by now, nothing is "
        "saved and the code is CHANGED_MEANWHILE. Omitted: yours replaces any.",
    )


@strawberry.input
class RemoveDisputeEvidenceFileInput(SubmitDisputeEvidenceInput):
    file_id: strawberry.ID


@strawberry.type
class DisputeMutations:
    @mutation(
        "Get an address for a file that supports your evidence. Send the file there by PUT, with its type as `Content-Type`, "
        "then pass `uploadId` to addDisputeEvidenceFile."
    )
    async def request_evidence_upload(self, info: Info, input: RequestEvidenceUploadInput) -> UploadPayload | None:
        request = await info.context.begin(input.command_id)
        try:
            reading = info.context.reading_now(request.visitor)
            order_id = as_id("order", input.order_id)
            order = await _order(reading, order_id)
            if await _dispute(reading, order_id, input.dispute_id) is None:
                raise NotFound("dispute", input.dispute_id)
            upload, url = await open_evidence_upload(request, order, input.mime_type, input.size)
        except REFUSALS as error:
            return UploadPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        target = UploadTarget(id=as_gid(upload.upload_id), url=url, mime_type=upload.mime_type, expires_at=upload.until)
        return UploadPayload(upload=target, client_mutation_id=input.client_mutation_id)

    @mutation(
        "Add an uploaded file to a dispute's evidence, in place of an earlier one of its kind. Its type, size and pages are "
        "read from its content. The payment provider gets it when you submit the evidence."
    )
    async def add_dispute_evidence_file(self, info: Info, input: AddDisputeEvidenceFileInput) -> DisputePayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            order = await _order(info.context.reading_now(request.visitor), order_id)
            upload_id = as_id("upload", input.upload_id)
            return await add_evidence_file(
                request,
                order,
                input.dispute_id,
                input.kind,
                upload_id,
                input.file_name,
                seen=input.expected_file_id,
            )

        return await change(info, DisputePayload, input, send, _show(order_id, input.dispute_id))

    @mutation("Take a file out of a dispute's evidence. Its content is deleted.")
    async def remove_dispute_evidence_file(
        self, info: Info, input: RemoveDisputeEvidenceFileInput
    ) -> DisputePayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            order = await _order(info.context.reading_now(request.visitor), order_id)
            return await remove_evidence_file(request, order, input.dispute_id, as_id("evidence file", input.file_id))

        return await change(info, DisputePayload, input, send, _show(order_id, input.dispute_id))

    @mutation(
        "Write parts of a dispute's evidence yourself, in place of what was assembled. It replaces earlier edits."
    )
    async def edit_dispute_evidence(self, info: Info, input: EditDisputeEvidenceInput) -> DisputePayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            reading = info.context.reading_now(request.visitor)
            return await edit_evidence(
                request,
                await _order(reading, order_id),
                input.dispute_id,
                evidence_texts(input.texts),
                seen=input.expected_revision,
            )

        return await change(info, DisputePayload, input, send, _show(order_id, input.dispute_id))

    @mutation(
        "Submit a dispute's evidence as the field evidence shows it. Banks take it once, so read and edit it first. "
        "It is SUBMITTED until the payment provider answers."
    )
    async def submit_dispute_evidence(self, info: Info, input: SubmitDisputeEvidenceInput) -> DisputePayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            reading = info.context.reading_now(request.visitor)
            order = await _order(reading, order_id)
            dispute = await _dispute(reading, order_id, input.dispute_id)
            evidence = None if dispute is None else await read_evidence(reading, dispute, order)
            return await submit_evidence(request, order, input.dispute_id, evidence)

        return await change(info, DisputePayload, input, send, _show(order_id, input.dispute_id))


def evidence_texts(texts: Sequence[EvidenceTextInput]) -> dict[EvidenceField, str]:
    """Return the texts of an input by their field.

    Raises:
        InvalidInput: a field is there twice.
    """
    by_field: dict[EvidenceField, str] = {}
    for number, each in enumerate(texts[: TEXTS_MAX + 1]):
        if each.field in by_field:
            raise InvalidInput(f"texts.{number}.field", f"texts has {each.field} twice. Send each part once.")
        by_field[each.field] = each.text
    return by_field


def _show(order_id: UUID, dispute_id: str) -> Show:
    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        dispute = await _dispute(reading, order_id, dispute_id)
        if dispute is None:
            raise NotFound("dispute", dispute_id)
        return {"dispute": Dispute.of(dispute, reading)}

    return show


async def _order(reading: ReadContext, order_id: UUID) -> OrderView:
    view = await sales_queries.order_by_id(reading.db, order_id, scope=reading.scope)
    return require(view, "order", order_id)


async def _dispute(reading: ReadContext, order_id: UUID, dispute_id: str) -> DisputeView | None:
    views = await disputes_of_orders(reading.db, [order_id], scope=reading.scope)
    return next((view for view in views.get(order_id, ()) if view.dispute_id == dispute_id), None)
