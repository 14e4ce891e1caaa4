"""Commands for a store, from its merchant and its agents."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count, filterfalse
from typing import Annotated
from uuid import UUID

from pydantic import Field

from commands.access import store_of_merchant
from commands.media import append_end_of_step
from commands.ports import UnboundHandlers, Work
from commands.subscription import SoldPlans, return_store, use_store
from domain.draft.aggregate import DRAFT, request_draft
from domain.draft.events import DraftTarget, FieldChange, TargetKind
from domain.generation.aggregate import GENERATION, generation_of
from domain.generation.events import JobStatus, Step
from domain.ids import derived, slug_stream
from domain.kernel import Clock, InvalidInput
from domain.merchant.aggregate import MERCHANT
from domain.product.aggregate import PRODUCT, Product
from domain.product.events import ProductStatus
from domain.store.aggregate import BY_MERCHANT, SLUG, STORE, Store, reserve_slug, slugify
from domain.store.aggregate import request_store as decide_request
from domain.store.brand import BrandIdentity, BrandProposal
from domain.store.errors import StoreNotReady
from domain.store.events import CopyScores, PageType, Preferences
from domain.store.labels import is_reserved
from domain.store.ports import PageDraft, TextMeasure
from domain.store.publication import PublicationBlocked, facts_of, publication_blockers
from domain.store.texts import brand_values
from domain.text import clean_title


def free_slug(base: str, taken: Iterable[str]) -> str:
    """Return ``base``, or the first of ``base-2``, ``base-3`` ... that is not taken."""
    taken = frozenset(taken)
    return next(slug for slug in _candidates(base) if slug not in taken)


def _candidates(base: str) -> Iterable[str]:
    yield base
    for number in count(2):
        yield f"{base}-{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStore:
    """Request a store in a niche."""

    store_id: UUID
    merchant_id: UUID
    niche: str
    preferences: Preferences
    contact_email: str | None = None
    """The address on the store's pages, already validated."""


async def request_store(
    command: RequestStore, work: Work, *, clock: Clock, sold: SoldPlans | None = None
) -> dict[str, str]:
    """Append ``StoreRequested``; the generation policy starts the generation.

    Raises:
        InvalidInput: the niche is empty, too long or has control characters, or the id is taken.
        NotFound: no merchant has the id.
        PlanLimitReached, PlanSuspended: the merchant's plan allows no more stores or generations.
    """
    await work.get(MERCHANT, command.merchant_id)
    events = decide_request(
        command.store_id,
        merchant_id=command.merchant_id,
        niche=command.niche,
        preferences=command.preferences,
        contact_email=command.contact_email,
        at=clock.now(),
    )
    if not await work.is_new(STORE, command.store_id):
        raise InvalidInput("id", f"The id {command.store_id} is taken. Use a new id.")
    await use_store(work, command.merchant_id, sold=sold, at=clock.now())
    work.append(STORE, command.store_id, events, tenant=command.store_id)
    return {"store_id": str(command.store_id), "generation_id": str(generation_of(command.store_id))}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptBrand:
    """Adopt a brand writer's proposal for a store."""

    generation_id: UUID
    attempt: int
    proposal: BrandProposal


async def adopt_brand(command: AdoptBrand, work: Work, *, clock: Clock) -> dict[str, str] | None:
    """Append ``SlugReserved``, ``BrandGenerated`` and the end of the brand step. No-op if the step ended.

    Photos are requested in the same transaction if the products exist.

    The address follows the brand's name until the store is published; the store keeps its earlier slugs. A store that was
    published keeps its brand: the proposal becomes a draft (``DraftRequested``, ``DraftProposed``).

    Raises:
        GenerationEnded, StepNotRunning, StoreNotReady: too late; retrying cannot help.
        ConcurrencyConflict: another store took the slug first; the bus retries with the next one.
    """
    at = clock.now()
    generation = await work.get(GENERATION, command.generation_id)
    brand = command.proposal.brand
    ended = generation.succeed_step(Step.BRAND, command.attempt, summary=f"“{brand.name}” it is", at=at)
    if not ended:
        return None
    store = await work.get(STORE, generation.store_id)
    if store.was_published and store.brand is not None:
        draft_id = await _draft_brand(work, store, store.brand, command, at=at)
        await append_end_of_step(work, generation, ended, clock=clock)
        return {"draft_id": str(draft_id)}
    slug = await slug_for(work, store, brand.name, at=at)
    work.append(
        STORE,
        store.id,
        store.adopt_brand(command.proposal, generation_id=generation.id, attempt=command.attempt, slug=slug, at=at),
        tenant=store.id,
    )
    await append_end_of_step(work, generation, ended, clock=clock)
    return {"slug": slug}


async def _draft_brand(work: Work, store: Store, brand: BrandIdentity, command: AdoptBrand, *, at: datetime) -> UUID:
    draft_id = derived(command.generation_id, "draft", TargetKind.BRAND, str(command.attempt))
    target = DraftTarget(kind=TargetKind.BRAND, id=store.id)
    requested = request_draft(draft_id, store_id=store.id, merchant_id=store.merchant_id, target=target, at=at)
    if not await work.is_new(DRAFT, draft_id):
        return draft_id
    draft = work.append(DRAFT, draft_id, requested, tenant=store.id)
    bases, proposed = brand_values(brand), brand_values(command.proposal.brand)
    changes = [FieldChange(field=name, base=bases[name], proposed=proposed[name]) for name in bases]
    # The step's call is recorded under its generation, with its cost.
    made = draft.propose(changes, written_by=command.proposal.written_by, note=command.proposal.reason, at=at)
    work.append(DRAFT, draft_id, made, tenant=store.id)
    return draft_id


async def slug_for(work: Work, store: Store, name: str, *, at: datetime) -> str:
    """Return a store's slug under a name, reserved for it. The address stays once the store was published."""
    if store.was_published and store.slug is not None:
        return store.slug
    return await _reserve_slug(work, name, store.id, at=at)


async def _reserve_slug(work: Work, name: str, store_id: UUID, *, at: datetime) -> str:
    for slug in filterfalse(is_reserved, _candidates(slugify(name))):
        owner = await work.find(SLUG, slug_stream(slug))
        if owner is None:
            work.append(SLUG, slug_stream(slug), reserve_slug(slug, store_id, at=at), tenant=store_id)
            return slug
        if owner.store_id == store_id:
            return slug
    raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePages:
    """Record the content pages of a store."""

    generation_id: UUID
    attempt: int
    pages: list[PageDraft]


async def write_pages(command: WritePages, work: Work, *, clock: Clock) -> None:
    """Append a ``PageWritten`` for each page and the end of the pages step. No-op if the step ended.

    A page of an existing type is rewritten under its id and address, unless the merchant wrote it or shoppers know it.

    Raises:
        InvalidInput: there are no pages, or one has no title.
        GenerationEnded, StepNotRunning, StoreNotReady: too late; retrying cannot help.
    """
    if not command.pages:
        raise InvalidInput("pages", "There are no pages to write.")
    at = clock.now()
    generation = await work.get(GENERATION, command.generation_id)
    store = await work.get(STORE, generation.store_id)
    own = {page.type for page in store.pages.values() if page.by_merchant or store.was_published}
    own |= {page.type for page in store.removed_pages.values()}
    own -= {PageType.CUSTOM}
    drafts = [draft for draft in command.pages if draft.type not in own]
    summary = f"{len(drafts)} {'page' if len(drafts) == 1 else 'pages'} written"
    if len(drafts) < len(command.pages):
        how = "as shoppers know them" if store.was_published else "in your own words"
        summary += f", {len(command.pages) - len(drafts)} left {how}"
    ended = generation.succeed_step(Step.PAGES, command.attempt, summary=summary, at=at)
    if not ended:
        return
    for draft in drafts:
        page_id, slug = _place_of(draft, store)
        events = store.write_page(
            page_id=page_id,
            type=draft.type,
            title=draft.title,
            slug=slug,
            content=draft.content,
            scores=draft.scores,
            written_by=draft.written_by,
            at=at,
        )
        store = work.append(STORE, store.id, events, tenant=store.id)
    work.append(GENERATION, generation.id, ended, tenant=store.id)


def _place_of(draft: PageDraft, store: Store) -> tuple[UUID, str]:
    for id, page in store.pages.items():
        if page.type is draft.type and draft.type is not PageType.CUSTOM:
            return id, page.slug
    slug = free_slug(draft.slug, (page.slug for page in store.pages.values()))
    return derived(store.id, "page", slug), slug


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPage:
    """Add a page that the merchant wrote."""

    store_id: UUID
    merchant_id: UUID
    page_id: UUID
    title: str
    content: str
    """Markdown."""


async def add_page(command: AddPage, work: Work, *, clock: Clock, measure: TextMeasure) -> dict[str, str]:
    """Append ``PageWritten`` under an address made from the title.

    Raises:
        InvalidInput: the title is invalid, the content empty, or the id taken.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    if command.page_id in store.pages:
        raise InvalidInput("id", f"The id {command.page_id} is taken. Use a new id.")
    if not command.content.strip():
        raise InvalidInput("content", "A page needs some text.")
    title = clean_title(command.title)
    slug = free_slug(slugify(title, fallback="page"), (page.slug for page in store.pages.values()))
    events = store.write_page(
        page_id=command.page_id,
        type=PageType.CUSTOM,
        title=title,
        slug=slug,
        content=command.content,
        scores=await asyncio.to_thread(measure, command.content),
        written_by=BY_MERCHANT,
        at=clock.now(),
    )
    work.append(STORE, store.id, events, tenant=store.id)
    return {"page_id": str(command.page_id), "slug": slug}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPage:
    """Change a page; None leaves a part as it is, and the address stays."""

    store_id: UUID
    merchant_id: UUID
    page_id: UUID
    title: str | None
    """None if the title stays."""
    content: str | None
    """Markdown; None if the text stays."""
    # Left out of the digest while unset: repeats of older commands keep their digest.
    expected_version: Annotated[int | None, Field(exclude_if=lambda version: version is None)] = None
    """The number of the version that the editor saw; None to overwrite any."""


async def edit_page(command: EditPage, work: Work, *, clock: Clock, measure: TextMeasure) -> None:
    """Append ``PageWritten``, or ``PageRetitled`` if only the title changes.

    Raises:
        InvalidInput: the title is invalid, or the content empty.
        NotFound, PageNotFound: no store or page has the id, or it is another merchant's.
        PageChanged: the page has another version than the editor saw.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    events = store.edit_page(
        command.page_id,
        expected=command.expected_version,
        title=command.title,
        content=command.content,
        scores=CopyScores() if command.content is None else await asyncio.to_thread(measure, command.content),
        at=clock.now(),
    )
    work.append(STORE, store.id, events, tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePage:
    """Drop a page."""

    store_id: UUID
    merchant_id: UUID
    page_id: UUID


async def remove_page(command: RemovePage, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``PageRemoved``. No-op if the page was dropped before.

    Raises:
        InvalidInput: the law asks for the page.
        NotFound, PageNotFound: no store or page has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    work.append(STORE, store.id, store.remove_page(command.page_id, at=clock.now()), tenant=store.id)
    return {"store_id": str(store.id)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDeliveryPromise:
    """Set the longest delivery time that a store promises."""

    store_id: UUID
    merchant_id: UUID
    days: int
    """Calendar days."""
    time_zone: str | None = None
    """IANA name; None keeps the store's."""


async def set_delivery_promise(command: SetDeliveryPromise, work: Work, *, clock: Clock) -> None:
    """Append ``DeliveryPromised``. No-op if the promise is the same.

    Raises:
        InvalidInput: the days are out of range, or the time zone is unknown.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    time_zone = store.time_zone if command.time_zone is None else command.time_zone
    events = store.promise_delivery(command.days, time_zone=time_zone, at=clock.now())
    work.append(STORE, store.id, events, tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkStoreReady:
    """Hand a generated store to its merchant for review."""

    store_id: UUID
    generation_id: UUID


async def mark_store_ready(command: MarkStoreReady, work: Work, *, clock: Clock) -> None:
    """Append ``StoreReadyForReview``. No-op if that was done.

    Raises:
        NotFound: no store has the id; retrying cannot help.
    """
    store = await work.get(STORE, command.store_id)
    work.append(STORE, store.id, store.mark_ready(command.generation_id, at=clock.now()), tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveStore:
    """Approve the reviewed store."""

    store_id: UUID
    merchant_id: UUID


async def approve_store(command: ApproveStore, work: Work, *, clock: Clock) -> None:
    """Append ``StoreApproved``. No-op if the store is approved.

    Raises:
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: a generation is running or incomplete, or the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    events = store.approve(at=clock.now())
    if events:
        await _refuse_running(work, store, "approved")
    work.append(STORE, store.id, events, tenant=store.id)


async def _refuse_running(work: Work, store: Store, action: str) -> None:
    """Refuse an action that needs a finished store while its generation runs.

    The merchant has not reviewed the coming results, and their products would not go on sale with the others.
    """
    generation = await work.find(GENERATION, generation_of(store.id))
    if generation is not None and generation.is_running:
        hint = "Its generation is running; wait until it is complete, or cancel it (cancelGeneration)."
        raise StoreNotReady(store.id, store.status, action, hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishStore:
    """Open the storefront."""

    store_id: UUID
    merchant_id: UUID


async def publish_store(
    command: PublishStore, work: Work, *, clock: Clock, sandbox: bool, stripe: bool
) -> dict[str, int]:
    """Append ``StorePublished``; the first time also activate every scouted draft with a price and stock.

    Drafts of earlier scoutings that were not archived are included. Later publications do not activate products, so a
    product that the merchant took off sale stays off sale. Where real money moves, a store is refused while its identity
    or legal pages are missing; the gateway asks about its products too.

    Raises:
        PublicationBlocked: something is missing, and payments are not a sandbox.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is not approved, archived, or never published and its generation is running.
    """
    at = clock.now()
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    events = store.publish(at=at)
    if events and not sandbox:
        merchant = await work.get(MERCHANT, store.merchant_id)
        business = merchant.business
        facts = facts_of(
            store,
            country=None if business is None else business.country,
            parts=frozenset() if business is None else business.parts,
            can_be_paid=not stripe or (merchant.stripe is not None and merchant.stripe.status.charges_enabled),
            email_verified=merchant.email_verified,
        )
        missing = [each for each in publication_blockers(facts) if each.blocks]
        if missing:
            raise PublicationBlocked(missing)
    work.append(STORE, store.id, events, tenant=store.id)
    activated = 0
    if not store.was_published:
        await _refuse_running(work, store, "published")
        for product_id in chain(store.former_product_ids, store.product_ids):
            product = await work.get(PRODUCT, product_id)
            if _is_sellable_draft(product):
                work.append(PRODUCT, product.id, product.activate(at=at), tenant=store.id)
                activated += 1
    return {"activated": activated}


def _is_sellable_draft(product: Product) -> bool:
    return (
        product.status is ProductStatus.DRAFT
        and product.price.minor > 0
        and any(variant.available > 0 for variant in product.variants.values())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseStore:
    """Pause the storefront."""

    store_id: UUID
    merchant_id: UUID


async def pause_store(command: PauseStore, work: Work, *, clock: Clock) -> None:
    """Append ``StorePaused``. No-op if the storefront is paused.

    Raises:
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is not published.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    work.append(STORE, store.id, store.pause(at=clock.now()), tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveStore:
    """Archive the store permanently."""

    store_id: UUID
    merchant_id: UUID


async def archive_store(command: ArchiveStore, work: Work, *, clock: Clock, sold: SoldPlans | None = None) -> None:
    """Append ``StoreArchived`` and cancel an incomplete generation.

    The deadlines policy cancels the store's unpaid orders soon after; paid orders stay.

    Raises:
        NotFound: no store has the id, or it is another merchant's.
    """
    at = clock.now()
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    archived = store.archive(at=at)
    if archived:
        await return_store(work, store.merchant_id, sold=sold, at=at)
    work.append(STORE, store.id, archived, tenant=store.id)
    generation = await work.find(GENERATION, generation_of(store.id))
    if generation is not None and generation.status is not JobStatus.COMPLETED:
        work.append(GENERATION, generation.id, generation.cancel(at=at), tenant=store.id)


HANDLERS: UnboundHandlers = {
    RequestStore: request_store,
    AdoptBrand: adopt_brand,
    WritePages: write_pages,
    AddPage: add_page,
    EditPage: edit_page,
    RemovePage: remove_page,
    SetDeliveryPromise: set_delivery_promise,
    MarkStoreReady: mark_store_ready,
    ApproveStore: approve_store,
    PublishStore: publish_store,
    PauseStore: pause_store,
    ArchiveStore: archive_store,
}
"""Each command and its handler."""
