"""Commands for drafts, from the merchant and the draft agent."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from commands.access import product_of_store, require_owner, require_role_in_store, store_of_merchant
from commands.ports import UnboundHandlers, Work
from commands.slugs import slug_for
from commands.waiting_drafts import take_places
from domain.draft.aggregate import DRAFT, Draft, request_draft
from domain.draft.events import DraftTarget, FieldChange, TargetKind, category_id
from domain.draft.live import fingerprints_in_store
from domain.editing import EditField, FieldValues, Fingerprints, fingerprints
from domain.kernel import Clock, InvalidInput, NotFound
from domain.media.aggregate import IMAGE, ImageStatus
from domain.media.errors import ImageVersionUnavailable
from domain.media.picture import Picture, picture_value
from domain.product.aggregate import PRODUCT, Product
from domain.product.edit import ProductEdit, edit_product
from domain.product.errors import ProductIsArchived
from domain.product.events import ProductStatus
from domain.store.aggregate import STORE, Store
from domain.store.brand_edit import brand_of, edit_brand, edit_of, edited
from domain.store.events import CopyScores, StoreEvent
from domain.store.page_writing import edit_page
from domain.store.ports import TextMeasure
from domain.store.presentation import checked_category, describe_category, write_collection
from domain.store.texts import category_values


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDraft:
    """Ask for a proposal for a brand, a product, a page, a collection, a category or an image."""

    draft_id: UUID
    store_id: UUID
    merchant_id: UUID
    target: DraftTarget
    fields: list[EditField] = field(default_factory=list)
    """The fields that may change; empty for all."""
    hint: str | None = None
    """The merchant's wish in plain words; at most 500 characters."""


async def request_draft_of(command: RequestDraft, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``DraftRequested`` and ``DraftsQueued``; the draft agent makes the proposal.

    Raises:
        InvalidInput: the hint is too long, the target has no such field, or the id is taken.
        NotFound: no store or target has the id, or it is another merchant's.
        StoreNotReady, ProductIsArchived: the target is archived, or the store has no brand.
        TooManyDrafts: too many of the store's drafts wait.
    """
    at = clock.now()
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    await check_target(work, store, command.target)
    if not await work.is_new(DRAFT, command.draft_id):
        raise InvalidInput("id", f"The id {command.draft_id} is taken. Use a new id.")
    events = request_draft(
        command.draft_id,
        store_id=store.id,
        merchant_id=store.merchant_id,
        target=command.target,
        fields=command.fields,
        hint=command.hint,
        at=at,
    )
    work.append(DRAFT, command.draft_id, events, tenant=store.id)
    await take_places(work, store.id, [command.draft_id], at=at)
    return {"draft_id": str(command.draft_id)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeDraft:
    """Record a proposal for a draft."""

    draft_id: UUID
    changes: list[FieldChange]
    written_by: str
    call_id: UUID | None = None
    cost: int | None = 0
    """In millionths of a US dollar; None if it is not known."""
    note: str | None = None


async def propose_draft(command: ProposeDraft, work: Work, *, clock: Clock) -> None:
    """Append ``DraftProposed``, or ``DraftFailed`` if nothing differs. No-op if the draft is not being made.

    Raises:
        NotFound: no draft has the id; retrying cannot help.
    """
    draft = await work.get(DRAFT, command.draft_id)
    events = draft.propose(
        command.changes,
        written_by=command.written_by,
        call_id=command.call_id,
        cost=command.cost,
        note=command.note,
        at=clock.now(),
    )
    work.append(DRAFT, draft.id, events, tenant=draft.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDraft:
    """Propose values that are there already, such as those of a rerun with another model."""

    draft_id: UUID
    store_id: UUID
    target: DraftTarget
    changes: list[FieldChange]
    written_by: str
    note: str


async def offer_draft(command: OfferDraft, work: Work, *, clock: Clock) -> None:
    """Append ``DraftRequested`` and ``DraftProposed`` in one commit, so that no agent makes another proposal.

    Raises:
        NotFound: the store has no such target.
        StoreNotReady, ProductIsArchived: the target is archived, or the store has no brand.
        TooManyDrafts: too many of the store's drafts wait.
    """
    at = clock.now()
    store = await work.get(STORE, command.store_id)
    await check_target(work, store, command.target)
    if not await work.is_new(DRAFT, command.draft_id):
        return
    asked = request_draft(
        command.draft_id, store_id=store.id, merchant_id=store.merchant_id, target=command.target, at=at
    )
    draft = work.append(DRAFT, command.draft_id, asked, tenant=store.id)
    made = draft.propose(command.changes, written_by=command.written_by, note=command.note, at=at)
    work.append(DRAFT, draft.id, made, tenant=store.id)
    await take_places(work, store.id, [draft.id], at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailDraft:
    """Record why a draft has no proposal."""

    draft_id: UUID
    reason: str
    """For the merchant."""
    call_id: UUID | None = None
    cost: int | None = 0
    """In millionths of a US dollar; None if it is not known."""


async def fail_draft(command: FailDraft, work: Work, *, clock: Clock) -> None:
    """Append ``DraftFailed``. No-op if the draft is not being made.

    Raises:
        NotFound: no draft has the id; retrying cannot help.
    """
    draft = await work.get(DRAFT, command.draft_id)
    events = draft.fail(command.reason, call_id=command.call_id, cost=command.cost, at=clock.now())
    work.append(DRAFT, draft.id, events, tenant=draft.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDraft:
    """Apply a draft to the live store."""

    draft_id: UUID
    merchant_id: UUID
    fields: list[EditField] | None = None
    """None for all fields that wait for a decision."""


async def accept_draft(command: AcceptDraft, work: Work, *, clock: Clock, measure: TextMeasure) -> None:
    """Append the target's own events and ``DraftAccepted`` in one commit. No-op if the fields were accepted before.

    Raises:
        DraftNotOpen: the draft is not made, failed or dropped.
        DraftOutOfDate: a field was changed after the draft was made.
        InvalidInput: the draft has no such field, or the target's own rules refuse the value.
        NotFound: no draft has the id, or it is another merchant's; or the target was removed.
        StoreNotReady, ProductIsArchived: the target is archived.
    """
    at = clock.now()
    draft = await draft_of_merchant(work, command.draft_id, command.merchant_id)
    store = await work.get(STORE, draft.store_id)
    await check_target(work, store, draft.target)
    before = await _live(work, draft)
    values = draft.select(command.fields, live=before)
    if not values:
        return
    version = await _apply(work, store, draft.target, values, measure=measure, at=at)
    after = await _live(work, draft)
    accepted = draft.accept(
        list(values), before=before, after=after, target_version=version, by=command.merchant_id, at=at
    )
    work.append(DRAFT, draft.id, accepted, tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDraft:
    """Drop a draft, or what is left of it."""

    draft_id: UUID
    merchant_id: UUID


async def drop_draft(command: DropDraft, work: Work, *, clock: Clock) -> None:
    """Append ``DraftDropped``. No-op if it ended before.

    Raises:
        NotFound: no draft has the id, or it is another merchant's.
    """
    draft = await draft_of_merchant(work, command.draft_id, command.merchant_id)
    work.append(DRAFT, draft.id, draft.drop(at=clock.now()), tenant=draft.store_id)


async def draft_of_merchant(work: Work, draft_id: UUID, merchant_id: UUID) -> Draft:
    """Return a draft of a store in which a person has the command's role.

    Raises:
        NotFound: no draft has the id, or the person has no role in its store.
        RoleTooWeak: the command needs a stronger role.
    """
    draft = await work.get(DRAFT, draft_id)
    await require_role_in_store(work, draft.store_id, merchant_id, kind=DRAFT.name, id=draft_id)
    return draft


async def check_target(work: Work, store: Store, target: DraftTarget) -> None:
    """Refuse a target that the store does not have or that can no longer be changed.

    Raises:
        NotFound: the store has no such product, page or collection.
        StoreNotReady, ProductIsArchived: it is archived, or the store has no brand yet.
    """
    brand_of(store)
    match target.kind:
        case TargetKind.BRAND:
            require_owner("store", target.id, owner=target.id, caller=store.id)
        case TargetKind.PRODUCT:
            await _refuse_archived(work, target.id, store.id)
        case TargetKind.IMAGE:
            image = await work.get(IMAGE, target.id)
            require_owner(IMAGE.name, target.id, owner=image.store_id, caller=store.id)
            if image.product_id is not None:
                await _refuse_archived(work, image.product_id, store.id)
            if image.status is not ImageStatus.PROCESSED or image.draft_id is not None:
                raise ImageVersionUnavailable(
                    image.id, "it has no live picture. Wait for its result, or send it again."
                )
        case TargetKind.CATEGORY:
            category = target.category or ""
            require_owner("category", target.id, owner=category_id(store.id, category), caller=target.id)
            if checked_category(store, category) != category:
                raise NotFound("category", target.id)
        case TargetKind.PAGE | TargetKind.COLLECTION:
            if not fingerprints_in_store(target, store):
                raise NotFound(target.kind.lower(), target.id)


async def _refuse_archived(work: Work, product_id: UUID, store_id: UUID) -> None:
    product = await product_of_store(work, product_id, store_id)
    if product.status is ProductStatus.ARCHIVED:
        raise ProductIsArchived(product.id)


async def _live(work: Work, draft: Draft) -> Fingerprints:
    if draft.target.kind is TargetKind.PRODUCT:
        return (await work.get(PRODUCT, draft.target.id)).texts
    if draft.target.kind is TargetKind.IMAGE:
        return fingerprints({EditField.PICTURE: picture_value(await work.get(IMAGE, draft.target.id))})
    return fingerprints_in_store(draft.target, await work.get(STORE, draft.store_id))


async def _apply(
    work: Work, store: Store, target: DraftTarget, values: FieldValues, *, measure: TextMeasure, at: datetime
) -> int:
    """Append the events that an edit with these values has, and return the version of the target's stream after them."""
    if target.kind is TargetKind.PRODUCT:
        product: Product = await work.get(PRODUCT, target.id)
        edit = await asyncio.to_thread(_product_edit, values, measure)
        return work.append(PRODUCT, product.id, edit_product(product, edit, at=at), tenant=store.id).version
    if target.kind is TargetKind.IMAGE:
        image = await work.get(IMAGE, target.id)
        picture = Picture.model_validate(values[EditField.PICTURE])
        return work.append(IMAGE, image.id, image.replace_picture(dict(picture), at=at), tenant=store.id).version
    events: list[StoreEvent] = []
    match target.kind:
        case TargetKind.BRAND:
            edit_of_brand = edit_of(values)
            name = edited(brand_of(store), edit_of_brand).name
            slug = await slug_for(work, store, name, at=at)
            events.extend(edit_brand(store, edit_of_brand, slug=slug, at=at))
        case TargetKind.PAGE:
            new_title, content = values.get(EditField.TITLE), values.get(EditField.CONTENT)
            events.extend(
                edit_page(
                    store,
                    target.id,
                    title=None if new_title is None else str(new_title),
                    content=None if content is None else str(content),
                    scores=CopyScores() if content is None else await asyncio.to_thread(measure, str(content)),
                    at=at,
                )
            )
        case TargetKind.CATEGORY:
            category = target.category or ""
            present = category_values(store.assortment.described.get(category))
            texts = {**present, **values}
            title = texts[EditField.TITLE] or category.replace("-", " ").capitalize()
            events.extend(describe_category(store, category, title=str(title), text=str(texts[EditField.TEXT]), at=at))
        case TargetKind.COLLECTION:
            known = store.assortment.collections[target.id]
            events.extend(
                write_collection(
                    store,
                    target.id,
                    title=str(values.get(EditField.TITLE, known.title)),
                    text=str(values.get(EditField.TEXT, known.text)),
                    image_id=known.image_id,
                    rule=known.rule,
                    product_ids=known.product_ids,
                    at=at,
                )
            )
    return work.append(STORE, store.id, events, tenant=store.id).version


def _product_edit(values: FieldValues, measure: TextMeasure) -> ProductEdit:
    parts: dict[str, Any] = {}
    if EditField.TITLE in values:
        parts["title"] = values[EditField.TITLE]
    for name in (EditField.DESCRIPTION, EditField.META):
        parts |= _object(values.get(name))
    if "description" in parts:
        parts["scores"] = measure(parts["description"])
    return ProductEdit(**parts)


def _object(value: JsonValue) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


HANDLERS: UnboundHandlers = {
    RequestDraft: request_draft_of,
    ProposeDraft: propose_draft,
    OfferDraft: offer_draft,
    FailDraft: fail_draft,
    AcceptDraft: accept_draft,
    DropDraft: drop_draft,
}
"""Each command and its handler."""
