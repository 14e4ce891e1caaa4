"""Commands for a store, from its merchant and its agents."""

from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from commands.access import store_of_merchant
from commands.ports import UnboundHandlers, Work
from commands.subscription import SoldPlans, return_store, use_store
from domain.editing import Seen, refuse_overwriting
from domain.generation.aggregate import GENERATION, generation_of
from domain.generation.events import JobStatus
from domain.kernel import Clock, InvalidInput
from domain.merchant.aggregate import MERCHANT
from domain.product.aggregate import PRODUCT, Product
from domain.product.events import ProductStatus
from domain.store.aggregate import STORE, Store
from domain.store.aggregate import request_store as decide_request
from domain.store.errors import StoreNotReady
from domain.store.events import Preferences
from domain.store.generated import mark_ready
from domain.store.publication import PublicationBlocked, facts_of, publication_blockers
from domain.store.revision import store_parts
from domain.store.settings import promise_delivery


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
class SetDeliveryPromise:
    """Set the longest delivery time that a store promises."""

    store_id: UUID
    merchant_id: UUID
    days: int
    """Calendar days."""
    time_zone: str | None = None
    """IANA name; None keeps the store's."""
    seen: Seen = None


async def set_delivery_promise(command: SetDeliveryPromise, work: Work, *, clock: Clock) -> None:
    """Append ``DeliveryPromised``. No-op if the promise is the same.

    Raises:
        ChangedMeanwhile: promise or time zone are not those that the editor saw.
        InvalidInput: the days are out of range, or the time zone is unknown.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    changed = ["DELIVERY_PROMISE", *([] if command.time_zone is None else ["TIME_ZONE"])]
    refuse_overwriting(command.seen, store_parts(store, store.brand), changed)
    time_zone = store.time_zone if command.time_zone is None else command.time_zone
    events = promise_delivery(store, command.days, time_zone=time_zone, at=clock.now())
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
    work.append(STORE, store.id, mark_ready(store, command.generation_id, at=clock.now()), tenant=store.id)


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
    SetDeliveryPromise: set_delivery_promise,
    MarkStoreReady: mark_store_ready,
    ApproveStore: approve_store,
    PublishStore: publish_store,
    PauseStore: pause_store,
    ArchiveStore: archive_store,
}
"""Each command and its handler."""
