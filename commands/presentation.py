"""Commands for a store's collections, category pages and addresses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from uuid import UUID

from commands.access import product_of_store, require_owner, store_of_merchant
from commands.ports import UnboundHandlers, Work
from domain.editing import Seen, SeenValue, refuse_overwriting, refuse_overwriting_value
from domain.kernel import Clock, InvalidInput, NotFound
from domain.media.aggregate import IMAGE
from domain.product.aggregate import PRODUCT
from domain.store import presentation as decide
from domain.store.aggregate import STORE, Store
from domain.store.collection_events import AddressKind, CollectionRule
from domain.store.errors import PageNotFound
from domain.store.ports import CategoryDraft
from domain.store.revision import category_parts, collection_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteCollection:
    """Make a collection, or change it."""

    store_id: UUID
    merchant_id: UUID
    collection_id: UUID
    title: str
    text: str = ""
    """Markdown."""
    image_id: UUID | None = None
    product_ids: list[UUID] = field(default_factory=list)
    """In the merchant's order; empty with a rule."""
    rule: CollectionRule | None = None
    """None if the merchant lists the products."""
    seen: Seen = None


async def write_collection(command: WriteCollection, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``CollectionWritten``. No-op if it is the same.

    Raises:
        ChangedMeanwhile: the collection is not as the editor saw it.
        InvalidInput: names the field.
        NotFound: no store, product or image has the id, or it is another's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    present = store.assortment.collections.get(command.collection_id)
    refuse_overwriting(command.seen, collection_parts(present), ["COLLECTION"])
    for product_id in command.product_ids[: decide.PRODUCTS_MOST]:
        await product_of_store(work, product_id, store.id)
    if command.image_id is not None:
        image = await work.get(IMAGE, command.image_id)
        require_owner(IMAGE.name, command.image_id, owner=image.store_id, caller=store.id)
    events = decide.write_collection(
        store,
        command.collection_id,
        title=command.title,
        text=command.text,
        image_id=command.image_id,
        rule=command.rule,
        product_ids=command.product_ids,
        at=clock.now(),
    )
    work.append(STORE, store.id, events, tenant=store.id)
    return {"collection_id": str(command.collection_id)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveCollection:
    """Remove a collection."""

    store_id: UUID
    merchant_id: UUID
    collection_id: UUID


async def remove_collection(command: RemoveCollection, work: Work, *, clock: Clock) -> None:
    """Append ``CollectionRemoved``.

    Raises:
        NotFound: no store or collection has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    events = decide.remove_collection(store, command.collection_id, at=clock.now())
    work.append(STORE, store.id, events, tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeCategory:
    """Give the page of a category the merchant's title and text."""

    store_id: UUID
    merchant_id: UUID
    category: str
    title: str
    text: str
    """Markdown."""
    seen: Seen = None


async def describe_category(command: DescribeCategory, work: Work, *, clock: Clock) -> None:
    """Append ``CategoryDescribed``.

    Raises:
        ChangedMeanwhile: the texts are not those that the editor saw.
        InvalidInput: names the field.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    key = decide.checked_category(store, command.category)
    known = store.assortment.described.get(key)
    present = {} if known is None else category_parts(known.title, known.text)
    refuse_overwriting(command.seen, present, ["CATEGORY_TEXT"])
    events = decide.describe_category(store, command.category, title=command.title, text=command.text, at=clock.now())
    work.append(STORE, store.id, events, tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeCategories:
    """Record what a writer wrote for the pages of a store's categories."""

    store_id: UUID
    drafts: list[CategoryDraft]


async def describe_categories(command: DescribeCategories, work: Work, *, clock: Clock) -> None:
    """Append a ``CategoryDescribed`` for each category that the merchant did not describe. No-op for an archived store.

    Raises:
        NotFound: no store has the id; retrying cannot help.
    """
    store = await work.get(STORE, command.store_id)
    work.append(STORE, store.id, decide.describe_categories(store, command.drafts, at=clock.now()), tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAddress:
    """Change the address of a product, page, collection or category."""

    store_id: UUID
    merchant_id: UUID
    kind: AddressKind
    target: str
    """The id of the product, page or collection, or the category's own slug."""
    slug: str
    """As the merchant typed it."""
    seen: SeenValue[str] = None
    """The address that the editor saw; None to overwrite any."""


async def move_address(command: MoveAddress, work: Work, *, clock: Clock) -> None:
    """Append ``AddressMoved``; the former address redirects to the new one. No-op if it is the same.

    Raises:
        ChangedMeanwhile: the address is not what the editor saw.
        InvalidInput: the slug is empty, or another thing of the kind has it.
        NotFound, PageNotFound: no store has the id, or the store has no such thing.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    former, taken = await _addresses(work, store, command.kind, command.target)
    refuse_overwriting_value(command.seen, former, "ADDRESS", field="expectedSlug")
    events = decide.move_address(
        store, command.kind, command.target, command.slug, former=former, taken=taken, at=clock.now()
    )
    work.append(STORE, store.id, events, tenant=store.id)


async def _addresses(work: Work, store: Store, kind: AddressKind, target: str) -> tuple[str, Sequence[str]]:
    """Return the address of a thing, and those of the others of its kind that the store knows."""
    if kind is AddressKind.CATEGORY:
        keys = [key for key in store.assortment.described if key != target]
        return store.assortment.slugs.get((kind, target), target), keys
    try:
        id = UUID(target)
    except ValueError as error:
        raise InvalidInput("target", f"Invalid id {target[:60]!r}. Use the id of a {kind.lower()}.") from error
    match kind:
        case AddressKind.PAGE:
            if id not in store.pages:
                raise PageNotFound(id)
            return store.pages[id].slug, [page.slug for other, page in store.pages.items() if other != id]
        case AddressKind.COLLECTION:
            if id not in store.assortment.collections:
                raise NotFound("collection", id)
            return store.assortment.slugs[kind, target], ()
    product = await product_of_store(work, id, store.id)
    others = [one for one in chain(store.former_product_ids, store.product_ids) if one != id]
    slugs = [(await work.get(PRODUCT, other)).slug for other in others]
    return store.assortment.slugs.get((kind, target), product.slug), slugs


HANDLERS: UnboundHandlers = {
    WriteCollection: write_collection,
    RemoveCollection: remove_collection,
    DescribeCategory: describe_category,
    DescribeCategories: describe_categories,
    MoveAddress: move_address,
}
"""Each command and its handler."""
