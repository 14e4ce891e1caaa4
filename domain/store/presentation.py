"""What a merchant decides about collections, category pages and addresses."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from domain.kernel import InvalidInput, NotFound, next_header
from domain.money import Money
from domain.store.aggregate import Store
from domain.store.collection_events import (
    AddressKind,
    AddressMoved,
    CategoryDescribed,
    CollectionRemoved,
    CollectionRule,
    CollectionWritten,
)
from domain.store.collections import BY_MERCHANT
from domain.store.events import StoreEvent, StoreStatus
from domain.store.ports import CategoryDraft
from domain.store.slugs import slugify
from domain.text import check_readable, clean_line, clean_title

COLLECTIONS_MOST = 200
PRODUCTS_MOST = 200
"""Products that a merchant lists in one collection."""
TEXT_MOST = 5_000
WORDS_MOST = 50
"""Tags or categories of one rule."""
WORD_MOST = 200
"""Characters of a tag or category of a rule."""
SLUG_MOST = 80
CATEGORY_MAX = 200
"""Most characters of a category as it is typed."""
CATEGORIES_MOST = 200


def write_collection(
    store: Store,
    collection_id: UUID,
    *,
    title: str,
    text: str,
    image_id: UUID | None,
    rule: CollectionRule | None,
    product_ids: Sequence[UUID],
    at: datetime,
) -> Sequence[StoreEvent]:
    """Make a collection under an address of its title, or change it. No-op if it is the same.

    The caller has checked that products and image are the store's.

    Raises:
        InvalidInput: names the field.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("edited")
    title = clean_title(title)
    rule = None if rule is None else _checked_rule(rule, currency=store.currency)
    if rule is not None and product_ids:
        raise InvalidInput("product_ids", "A collection has a rule or a list of products. Omit one of them.")
    if len(product_ids) > PRODUCTS_MOST:
        raise InvalidInput("product_ids", f"The list has {len(product_ids)} products. Use at most {PRODUCTS_MOST}.")
    if len(set(product_ids)) < len(product_ids):
        raise InvalidInput("product_ids", "The list has a product twice. List each once.")
    known = store.assortment.collections.get(collection_id)
    if known is None and len(store.assortment.collections) >= COLLECTIONS_MOST:
        raise InvalidInput(
            "title", f"The store has {COLLECTIONS_MOST} collections, which is the most. Remove one first."
        )
    event = CollectionWritten(
        **next_header(store, at),
        collection_id=collection_id,
        title=title,
        slug=known.slug if known else _free(store, AddressKind.COLLECTION, slugify(title, fallback="collection")),
        text=_checked_text(text),
        image_id=image_id,
        rule=rule,
        product_ids=list(product_ids),
    )
    same = known is not None and event.model_dump(exclude=_HEADER) == known.model_dump(exclude=_HEADER)
    return () if same else (event,)


_HEADER = {"originator_id", "originator_version", "occurred_at"}


def remove_collection(store: Store, collection_id: UUID, *, at: datetime) -> Sequence[StoreEvent]:
    """Remove a collection.

    Raises:
        NotFound: the store has no such collection.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("edited")
    if collection_id not in store.assortment.collections:
        raise NotFound("collection", collection_id)
    return (CollectionRemoved(**next_header(store, at), collection_id=collection_id),)


def describe_category(store: Store, category: str, *, title: str, text: str, at: datetime) -> Sequence[StoreEvent]:
    """Give a category's page the merchant's title and text.

    Raises:
        InvalidInput: names the field.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("edited")
    category = checked_category(store, category)
    return (
        CategoryDescribed(
            **next_header(store, at),
            category=category,
            title=clean_title(title),
            text=_checked_text(text),
            written_by=BY_MERCHANT,
        ),
    )


def describe_categories(store: Store, drafts: Sequence[CategoryDraft], *, at: datetime) -> Sequence[StoreEvent]:
    """Record what a writer wrote for category pages. Those that the merchant wrote or shoppers know stay.

    No-op for an archived store.
    """
    if store.status is StoreStatus.ARCHIVED:
        return ()
    own = store.assortment.described if store.was_published else store.assortment.own_categories
    kept = [draft for draft in drafts if draft.category not in own]
    return [
        CategoryDescribed(**next_header(store, at, offset), **draft.model_dump())
        for offset, draft in enumerate(kept[:CATEGORIES_MOST], start=1)
    ]


def move_address(
    store: Store, kind: AddressKind, target: str, slug: str, *, former: str, taken: Collection[str], at: datetime
) -> Sequence[StoreEvent]:
    """Change an address. No-op if it is the same.

    Args:
        store: the store.
        kind: what the target is.
        target: the id of the product, page or collection, or the category's own slug.
        slug: as the merchant typed it.
        former: the address until now.
        taken: addresses of other things of the kind.
        at: the time of the decision.

    Raises:
        InvalidInput: the slug is empty, or another thing of the kind has it.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("edited")
    check_readable("slug", slug)
    cleaned = slugify(slug, fallback="", most=SLUG_MOST)
    if not cleaned:
        raise InvalidInput("slug", f"Invalid slug “{slug[:80]}”. Use letters, digits and hyphens.")
    if cleaned == former:
        return ()
    owner = store.assortment.owner_of(kind, cleaned)
    if cleaned in taken or owner not in {None, target}:
        raise InvalidInput(
            "slug", f"Another {kind.lower()} of this store has the address {cleaned!r}. Choose another one."
        )
    return (AddressMoved(**next_header(store, at), kind=kind, target=target, slug=cleaned, former=former),)


def _free(store: Store, kind: AddressKind, slug: str) -> str:
    number, free = 1, slug
    while store.assortment.owner_of(kind, free) is not None:
        number += 1
        free = f"{slug}-{number}"
    return free


def checked_category(store: Store, category: str) -> str:
    """Return the key of a category whose page can have a text.

    Raises:
        InvalidInput: the text makes no key, or the store has texts for as many categories as it can.
    """
    cleaned = slugify(category, fallback="", most=SLUG_MOST)
    if not cleaned or len(category) > CATEGORY_MAX:
        raise InvalidInput("category", f"Invalid category “{category[:80]}”. Use the key of one of Store.categories.")
    if cleaned not in store.assortment.described and len(store.assortment.described) >= CATEGORIES_MOST:
        raise InvalidInput(
            "category", f"The store has texts for {CATEGORIES_MOST} categories, which is the most. Edit one of those."
        )
    return cleaned


def _checked_text(text: str) -> str:
    check_readable("text", text)
    if len(text) > TEXT_MOST:
        raise InvalidInput("text", f"The text has {len(text)} characters. Use at most {TEXT_MOST}.")
    return text.strip()


def _checked_rule(rule: CollectionRule, *, currency: str | None) -> CollectionRule:
    if not (rule.tags or rule.categories or rule.price_from or rule.price_to):
        raise InvalidInput("rule", "The rule is empty. Give tags, categories or a price.")
    words = {}
    for field in ("tags", "categories"):
        typed: list[str] = getattr(rule, field)
        words[field] = list(dict.fromkeys(word for word in map(clean_line, typed) if word))
        longest = max(map(len, words[field]), default=0)
        if len(words[field]) > WORDS_MOST:
            raise InvalidInput(f"rule.{field}", f"{field} has {len(words[field])} entries. Use at most {WORDS_MOST}.")
        if longest > WORD_MOST:
            raise InvalidInput(f"rule.{field}", f"An entry has {longest} characters. Use at most {WORD_MOST}.")
    for field in ("price_from", "price_to"):
        price: Money | None = getattr(rule, field)
        if price is not None and (price.minor < 0 or price.currency != (currency or price.currency)):
            raise InvalidInput(
                f"rule.{field}", f"The price cannot be {price}. Use 0 or more in {currency or price.currency}."
            )
    if rule.price_from is not None and rule.price_to is not None and rule.price_from.minor > rule.price_to.minor:
        raise InvalidInput("rule.price_to", "The highest price is below the lowest. Exchange them.")
    return rule.model_copy(update=words)
