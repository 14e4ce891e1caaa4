"""Mutations of drafts, and of a store's brand and contact."""

from collections.abc import Callable
from uuid import UUID

import strawberry

from commands.brand import EditStore, UseBrandOption
from commands.draft import AcceptDraft, DropDraft, RequestDraft
from commands.ports import Receipt
from domain.draft.events import DraftTarget, TargetKind, category_id
from domain.editing import EditField
from domain.store.brand import HeroKind, Mood, Section
from gateway.api.command_request import CommandRequest
from gateway.api.validation import as_id, check_text, contact_email
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import MutationInput, StoreEditInput, StoreInput
from gateway.graphql.mutations.payloads import CHANGED, Payload, Show, StorePayload, change
from gateway.graphql.queries.root import find_draft, find_store
from gateway.graphql.types.draft import Draft
from gateway.graphql.types.media import as_gid


@strawberry.input
class RegenerateInput(StoreInput):
    target_kind: TargetKind
    target_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of the product, page, collection or image. Omitted for the brand."
    )
    category: str | None = strawberry.field(
        default=None, description="Of a category: its own slug, as in `CategoryPage`. Omitted for other targets."
    )
    fields: list[EditField] | None = strawberry.field(default=None, description="What may change. Omitted: all fields.")
    hint: str | None = strawberry.field(
        default=None,
        description="A wish in plain words, such as `warmer`: at most 500 characters. Omitted: written again.",
    )


@strawberry.input
class DraftInput(MutationInput):
    draft_id: strawberry.ID


@strawberry.input
class AcceptDraftInput(DraftInput):
    fields: list[EditField] | None = strawberry.field(
        default=None, description="The fields to accept. Omitted: all that wait for a decision."
    )


@strawberry.input(description="Changes to a store's brand and contact. Omitted fields do not change.")
class EditStoreInput(StoreEditInput):
    name: str | None = None
    tagline: str | None = None
    story: str | None = None
    tone: list[str] | None = strawberry.field(default=None, description="Adjectives, the strongest first.")
    primary: str | None = strawberry.field(
        default=None, description="A color such as `#5b21b6`. Colors are moved until all text is readable."
    )
    secondary: str | None = None
    accent: str | None = None
    dark: bool | None = strawberry.field(default=None, description="Whether text stands on a dark ground.")
    heading_font: str | None = strawberry.field(default=None, description="The body font follows from it.")
    logo_symbol: str | None = strawberry.field(default=None, description="What the logo shows, such as `leaf`.")
    contact_email: str | None = None
    clear_contact_email: bool = False
    mood: Mood | None = strawberry.field(default=None, description="The character of the storefront's layout.")
    hero: HeroKind | None = strawberry.field(default=None, description="What the home page begins with.")
    sections: list[Section] | None = strawberry.field(
        default=None, description="The parts of the home page below its hero, from top to bottom."
    )


@strawberry.input
class UseBrandOptionInput(StoreEditInput):
    name: str = strawberry.field(description="One of the names in `brandIdentity.options`.")


@strawberry.type
class DraftPayload(Payload):
    draft: Draft | None = strawberry.field(default=None, description=CHANGED)
    draft_id: strawberry.ID | None = None


@strawberry.type
class DraftMutations:
    @mutation(
        "Have a brand, a product, a page, a collection, the page of a category or an image made again, as a draft beside the live store. "
        "Accept it whole or by field (acceptDraft), or drop it (dropDraft)."
    )
    async def regenerate(self, info: Info, input: RegenerateInput) -> DraftPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            store_id = as_id("store", input.store_id)
            target_id = store_id if input.target_id is None else as_id("target", input.target_id)
            category = check_text("category", input.category)
            if input.target_kind is TargetKind.CATEGORY:
                target_id = category_id(store_id, category or "")
            return await request.send(
                RequestDraft(
                    draft_id=request.new_id("draft"),
                    store_id=store_id,
                    merchant_id=request.merchant_id,
                    target=DraftTarget(
                        kind=input.target_kind,
                        id=target_id,
                        category=category if input.target_kind is TargetKind.CATEGORY else None,
                    ),
                    fields=list(input.fields or ()),
                    hint=input.hint,
                )
            )

        async def show(reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            return {"draft": await find_draft(reading, UUID(receipt.result["draft_id"]))}

        def known(receipt: Receipt) -> dict[str, object]:
            return {"draft_id": as_gid(UUID(receipt.result["draft_id"]))}

        return await change(info, DraftPayload, input, send, show, known=known)

    @mutation(
        "Apply a draft to the live store, whole or by field. Refused if a field was changed after the draft was made."
    )
    async def accept_draft(self, info: Info, input: AcceptDraftInput) -> DraftPayload | None:
        fields = None if input.fields is None else list(input.fields)
        return await _draft_change(
            info, input, lambda draft_id, owner: AcceptDraft(draft_id=draft_id, merchant_id=owner, fields=fields)
        )

    @mutation("Drop a draft, or what is left of it. The live store stays as it is.")
    async def drop_draft(self, info: Info, input: DraftInput) -> DraftPayload | None:
        return await _draft_change(info, input, lambda draft_id, owner: DropDraft(draft_id=draft_id, merchant_id=owner))

    @mutation(
        "Change a store's name, texts, colors, fonts, logo or contact. Orders keep the name they were placed under."
    )
    async def edit_store(self, info: Info, input: EditStoreInput) -> StorePayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                EditStore(
                    store_id=as_id("store", input.store_id),
                    merchant_id=request.merchant_id,
                    name=input.name,
                    tagline=input.tagline,
                    story=input.story,
                    tone=input.tone,
                    primary=input.primary,
                    secondary=input.secondary,
                    accent=input.accent,
                    dark=input.dark,
                    heading_font=input.heading_font,
                    logo_symbol=input.logo_symbol,
                    contact_email=contact_email(input.contact_email),
                    clear_contact_email=input.clear_contact_email,
                    mood=input.mood,
                    hero=input.hero,
                    sections=input.sections,
                    seen=input.expected_revision,
                )
            )

        return await change(info, StorePayload, input, send, _show_store(input))

    @mutation("Give a store another of the names that were compared for its brand.")
    async def use_brand_option(self, info: Info, input: UseBrandOptionInput) -> StorePayload | None:
        async def send(request: CommandRequest) -> Receipt:
            store_id = as_id("store", input.store_id)
            return await request.send(
                UseBrandOption(
                    store_id=store_id, merchant_id=request.merchant_id, name=input.name, seen=input.expected_revision
                )
            )

        return await change(info, StorePayload, input, send, _show_store(input))


def _show_store(input: StoreInput) -> Show:
    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        return {"store": await find_store(reading, as_id("store", input.store_id))}

    return show


async def _draft_change(info: Info, input: DraftInput, command: Callable[[UUID, UUID], object]) -> DraftPayload:
    async def send(request: CommandRequest) -> Receipt:
        return await request.send(command(as_id("draft", input.draft_id), request.merchant_id))

    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        return {"draft": await find_draft(reading, as_id("draft", input.draft_id))}

    return await change(
        info, DraftPayload, input, send, show, known=lambda _: {"draft_id": as_gid(as_id("draft", input.draft_id))}
    )
