"""Mutations of stores and their generations."""

from collections.abc import Callable
from uuid import UUID

import strawberry

from commands.generation import CancelGeneration, ChooseNiche, ContinueGeneration, CorrectNiche
from commands.ports import Receipt
from commands.step import RetryStep, RunStepAgain
from commands.store import ApproveStore, ArchiveStore, PauseStore, PublishStore, SetDeliveryPromise
from domain.generation.aggregate import generation_of
from domain.generation.events import Step
from domain.store.publication import PublicationBlocked
from gateway.api.command_request import CommandRequest
from gateway.api.commands import request_store
from gateway.api.publication import refuse_blocked
from gateway.api.validation import as_id, preferences
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import (
    ChooseNicheInput,
    CorrectNicheInput,
    GenerationInput,
    PreferencesInput,
    RequestStoreInput,
    SetDeliveryPromiseInput,
    StepInput,
    StoreInput,
)
from gateway.graphql.mutations.payloads import GenerationPayload, RequestStorePayload, StorePayload, change
from gateway.graphql.queries.root import find_generation, find_store
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.publication import PlatformFee, PublicationBlocker


@strawberry.type
class StoreMutations:
    @mutation("Request a store for a niche. The agents start at once.")
    async def request_store(self, info: Info, input: RequestStoreInput) -> RequestStorePayload | None:
        async def send(request: CommandRequest) -> Receipt:
            fields = input.preferences or PreferencesInput()
            chosen = preferences(
                name=fields.name,
                tone=fields.tone,
                colors=fields.colours if fields.colors is None else fields.colors,
                audience=fields.audience,
            )
            return await request.send(request_store(request, input, chosen))

        async def show(reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            return {"store": await find_store(reading, UUID(receipt.result["store_id"]))}

        return await change(
            info,
            RequestStorePayload,
            input,
            send,
            show,
            known=lambda receipt: _ids_of_request(receipt) | _fee(info)(receipt),
        )

    @mutation("Approve a reviewed store. Publishing requires approval.")
    async def approve_store(self, info: Info, input: StoreInput) -> StorePayload | None:
        return await _store_change(
            info, input, lambda store_id, owner: ApproveStore(store_id=store_id, merchant_id=owner), known=_fee(info)
        )

    @mutation(
        "Open the storefront. Where real money moves, it is refused while something is missing (publicationBlockers)."
    )
    async def publish_store(self, info: Info, input: StoreInput) -> StorePayload | None:
        deps = info.context.deps
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            # A repeat gets its first answer, whatever is missing by now.
            if not deps.sandbox and await deps.commands.outcome(request.command_id) is None:
                await refuse_blocked(
                    deps.reader, store_id, merchant_id=request.merchant_id, stripe=deps.stripe is not None
                )
            return await request.send(PublishStore(store_id=store_id, merchant_id=request.merchant_id))

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            store = await find_store(reading, store_id)
            return {"store": store, "blockers": await store.publication_blockers()}

        def blockers(refusal: Exception) -> dict[str, object]:
            missing = refusal.blockers if isinstance(refusal, PublicationBlocked) else ()
            return {"blockers": [PublicationBlocker.of(each) for each in missing]}

        return await change(info, StorePayload, input, send, show, known=_fee(info), refused=blockers)

    @mutation("Close the storefront temporarily.")
    async def pause_store(self, info: Info, input: StoreInput) -> StorePayload | None:
        return await _store_change(
            info, input, lambda store_id, owner: PauseStore(store_id=store_id, merchant_id=owner)
        )

    @mutation("Archive a store permanently and cancel its unpaid orders.")
    async def archive_store(self, info: Info, input: StoreInput) -> StorePayload | None:
        return await _store_change(
            info, input, lambda store_id, owner: ArchiveStore(store_id=store_id, merchant_id=owner)
        )

    @mutation(
        "Set the longest delivery time that a store promises, and the time zone of its dates. Default: 30 days, UTC."
    )
    async def set_delivery_promise(self, info: Info, input: SetDeliveryPromiseInput) -> StorePayload | None:
        return await _store_change(
            info,
            input,
            lambda store_id, owner: SetDeliveryPromise(
                store_id=store_id,
                merchant_id=owner,
                days=input.days,
                time_zone=input.time_zone,
                seen=input.expected_revision,
            ),
        )

    @mutation("Cancel a generation. Finished steps keep their results; retryStep continues from them.")
    async def cancel_generation(self, info: Info, input: GenerationInput) -> GenerationPayload | None:
        return await _generation_change(
            info, input, lambda generation_id, owner: CancelGeneration(generation_id=generation_id, merchant_id=owner)
        )

    @mutation(
        "Correct what the niche was understood to mean. The scout runs again, and brand if the store has none. "
        "This also answers a question about the niche."
    )
    async def correct_niche(self, info: Info, input: CorrectNicheInput) -> GenerationPayload | None:
        return await _generation_change(
            info,
            input,
            lambda generation_id, owner: CorrectNiche(
                generation_id=generation_id,
                merchant_id=owner,
                things=input.things,
                audience=input.audience,
                setting=input.setting,
                style=input.style,
                seen=input.expected_revision,
            ),
        )

    @mutation(
        "Choose another niche for a store whose generation is not running. Brand and scout run again; "
        "this also answers a question about the niche."
    )
    async def choose_niche(self, info: Info, input: ChooseNicheInput) -> GenerationPayload | None:
        return await _generation_change(
            info,
            input,
            lambda generation_id, owner: ChooseNiche(generation_id=generation_id, merchant_id=owner, niche=input.niche),
        )

    @mutation("Go on with the niche as it is, or with the few products that fit it.")
    async def continue_generation(self, info: Info, input: GenerationInput) -> GenerationPayload | None:
        return await _generation_change(
            info, input, lambda generation_id, owner: ContinueGeneration(generation_id=generation_id, merchant_id=owner)
        )

    @mutation("Retry a failed or cancelled step. After a cancellation the other unfinished steps run too.")
    async def retry_step(self, info: Info, input: StepInput) -> GenerationPayload | None:
        return await _step_change(info, input, RetryStep)

    @mutation(
        "Run a finished step again. The new result replaces the old one. Once the store was published, brand, copy and pages "
        "are made as drafts beside the live store instead (`drafts`)."
    )
    async def regenerate_step(self, info: Info, input: StepInput) -> GenerationPayload | None:
        return await _step_change(info, input, RunStepAgain)


async def _store_change(
    info: Info,
    input: StoreInput,
    command: Callable[[UUID, UUID], object],
    *,
    known: Callable[[Receipt], dict[str, object]] | None = None,
) -> StorePayload:
    async def send(request: CommandRequest) -> Receipt:
        return await request.send(command(as_id("store", input.store_id), request.merchant_id))

    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        return {"store": await find_store(reading, as_id("store", input.store_id))}

    return await change(info, StorePayload, input, send, show, known=known)


async def _step_change(info: Info, input: StepInput, command: type[RetryStep | RunStepAgain]) -> GenerationPayload:
    return await _generation_change(
        info,
        input,
        lambda generation_id, owner: command(generation_id=generation_id, merchant_id=owner, step=Step(input.step)),
    )


async def _generation_change(
    info: Info,
    input: GenerationInput | StepInput | CorrectNicheInput | ChooseNicheInput,
    command: Callable[[UUID, UUID], object],
) -> GenerationPayload:
    async def send(request: CommandRequest) -> Receipt:
        return await request.send(command(as_id("generation", input.generation_id), request.merchant_id))

    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        return {"generation": await find_generation(reading, as_id("generation", input.generation_id))}

    return await change(info, GenerationPayload, input, send, show)


def _ids_of_request(receipt: Receipt) -> dict[str, object]:
    """Return the ids of a requested store and its generation, which are known before they can be read."""
    store_id = UUID(receipt.result["store_id"])
    return {"store_id": as_gid(store_id), "generation_id": as_gid(generation_of(store_id))}


def _fee(info: Info) -> Callable[[Receipt], dict[str, object]]:
    """Return what adds the platform's fee to a payload."""
    return lambda _receipt: {"platform_fee": PlatformFee.of(info.context.deps)}
