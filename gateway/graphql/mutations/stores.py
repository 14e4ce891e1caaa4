"""Stores, their generation, their pages."""

from collections.abc import Callable
from uuid import UUID

import strawberry

from commands.generation import CancelGeneration, RetryStep, RunStepAgain
from commands.ports import Receipt
from commands.store import AddPage, ApproveStore, ArchiveStore, EditPage, PauseStore, PublishStore, RequestStore
from domain.generation.aggregate import generation_of
from domain.generation.events import Step
from domain.kernel import NotFound
from gateway.api.command_request import Request
from gateway.api.validation import as_id, contact_email, preferences
from gateway.graphql.context import Info, Reading
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import (
    AddPageInput,
    EditPageInput,
    GenerationInput,
    PreferencesInput,
    RequestStoreInput,
    StepInput,
    StoreInput,
)
from gateway.graphql.mutations.payloads import (
    GenerationPayload,
    PagePayload,
    RequestStorePayload,
    StorePayload,
    change,
)
from gateway.graphql.queries.root import find_generation, find_page, find_store
from gateway.graphql.types.media import as_gid
from projections.catalog import queries as catalog_queries


@strawberry.type
class StoreMutations:
    @mutation("Request a store for a niche. The agents start at once.")
    async def request_store(self, info: Info, input: RequestStoreInput) -> RequestStorePayload | None:
        async def send(request: Request) -> Receipt:
            wanted = input.preferences or PreferencesInput()
            return await request.send(
                RequestStore(
                    store_id=request.new_id("store"),
                    merchant_id=request.merchant_id,
                    niche=input.niche,
                    preferences=preferences(
                        name=wanted.name,
                        tone=wanted.tone,
                        colors=wanted.colours if wanted.colors is None else wanted.colors,
                        audience=wanted.audience,
                    ),
                    contact_email=contact_email(input.contact_email),
                )
            )

        async def show(reading: Reading, receipt: Receipt) -> dict[str, object]:
            return {"store": await find_store(reading, UUID(receipt.result["store_id"]))}

        return await change(info, RequestStorePayload, input, send, show, known=_ids_of_request)

    @mutation("Approve a reviewed store. Publishing requires approval.")
    async def approve_store(self, info: Info, input: StoreInput) -> StorePayload | None:
        return await _store_change(info, input, lambda which, owner: ApproveStore(store_id=which, merchant_id=owner))

    @mutation("Open the storefront.")
    async def publish_store(self, info: Info, input: StoreInput) -> StorePayload | None:
        return await _store_change(info, input, lambda which, owner: PublishStore(store_id=which, merchant_id=owner))

    @mutation("Close the storefront temporarily.")
    async def pause_store(self, info: Info, input: StoreInput) -> StorePayload | None:
        return await _store_change(info, input, lambda which, owner: PauseStore(store_id=which, merchant_id=owner))

    @mutation("Archive a store permanently and cancel its unpaid orders.")
    async def archive_store(self, info: Info, input: StoreInput) -> StorePayload | None:
        return await _store_change(info, input, lambda which, owner: ArchiveStore(store_id=which, merchant_id=owner))

    @mutation("Cancel a generation. Finished steps keep their results; retryStep continues from them.")
    async def cancel_generation(self, info: Info, input: GenerationInput) -> GenerationPayload | None:
        async def send(request: Request) -> Receipt:
            id = as_id("generation", input.generation_id)
            return await request.send(CancelGeneration(generation_id=id, merchant_id=request.merchant_id))

        async def show(reading: Reading, _receipt: Receipt) -> dict[str, object]:
            return {"generation": await find_generation(reading, as_id("generation", input.generation_id))}

        return await change(info, GenerationPayload, input, send, show)

    @mutation("Retry a failed or cancelled step. After a cancellation the other unfinished steps run too.")
    async def retry_step(self, info: Info, input: StepInput) -> GenerationPayload | None:
        return await _run_again(info, input, RetryStep)

    @mutation("Run a finished step again. The new result replaces the old one.")
    async def regenerate_step(self, info: Info, input: StepInput) -> GenerationPayload | None:
        return await _run_again(info, input, RunStepAgain)

    @mutation("Add a content page.")
    async def add_page(self, info: Info, input: AddPageInput) -> PagePayload | None:
        async def send(request: Request) -> Receipt:
            return await request.send(
                AddPage(
                    store_id=as_id("store", input.store_id),
                    merchant_id=request.merchant_id,
                    page_id=request.new_id("page"),
                    title=input.title,
                    content=input.content,
                )
            )

        async def show(reading: Reading, receipt: Receipt) -> dict[str, object]:
            return {"page": await find_page(reading, UUID(receipt.result["page_id"]))}

        return await change(info, PagePayload, input, send, show)

    @mutation("Edit a page. Omitted fields do not change, and its address stays.")
    async def edit_page(self, info: Info, input: EditPageInput) -> PagePayload | None:
        async def send(request: Request) -> Receipt:
            id = as_id("page", input.page_id)
            page = await catalog_queries.page_by_id(info.context.deps.reader, id, merchant_id=request.merchant_id)
            if page is None:
                raise NotFound("page", id)
            return await request.send(
                EditPage(
                    store_id=page.store_id,
                    merchant_id=request.merchant_id,
                    page_id=id,
                    title=input.title,
                    content=input.content,
                )
            )

        async def show(reading: Reading, _receipt: Receipt) -> dict[str, object]:
            return {"page": await find_page(reading, as_id("page", input.page_id))}

        return await change(info, PagePayload, input, send, show)


async def _store_change(info: Info, input: StoreInput, command: Callable[[UUID, UUID], object]) -> StorePayload:
    async def send(request: Request) -> Receipt:
        return await request.send(command(as_id("store", input.store_id), request.merchant_id))

    async def show(reading: Reading, _receipt: Receipt) -> dict[str, object]:
        return {"store": await find_store(reading, as_id("store", input.store_id))}

    return await change(info, StorePayload, input, send, show)


async def _run_again(info: Info, input: StepInput, command: type[RetryStep | RunStepAgain]) -> GenerationPayload:
    async def send(request: Request) -> Receipt:
        id = as_id("generation", input.generation_id)
        return await request.send(command(generation_id=id, merchant_id=request.merchant_id, step=Step(input.step)))

    async def show(reading: Reading, _receipt: Receipt) -> dict[str, object]:
        return {"generation": await find_generation(reading, as_id("generation", input.generation_id))}

    return await change(info, GenerationPayload, input, send, show)


def _ids_of_request(receipt: Receipt) -> dict[str, object]:
    """Return the ids a store request leads to, known before anything of it can be read."""
    store_id = UUID(receipt.result["store_id"])
    return {"store_id": as_gid(store_id), "generation_id": as_gid(generation_of(store_id))}
