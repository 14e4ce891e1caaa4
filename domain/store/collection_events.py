"""Events of a store's collections and category pages, and of addresses that changed."""

from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent, Value
from domain.money import Money


class AddressKind(StrEnum):
    """What has an address within a store."""

    PRODUCT = "PRODUCT"
    """``/products/<slug>``"""
    PAGE = "PAGE"
    """``/pages/<slug>``"""
    COLLECTION = "COLLECTION"
    """``/collections/<slug>``"""
    CATEGORY = "CATEGORY"
    """``/c/<slug>``"""


class CollectionRule(Value):
    """Which products are in a collection: those that fit every part that is set."""

    tags: list[str] = []
    """One of these tags, whatever their case; empty for any."""
    categories: list[str] = []
    """One of these categories, as products have them; empty for any."""
    price_from: Money | None = None
    """The lowest price; null for any."""
    price_to: Money | None = None
    """The highest price; null for any."""


class CollectionWritten(DomainEvent, wire_name="store.collection_written.v1"):
    """The merchant made a collection, or changed it: the whole collection as it is now, apart from its address."""

    collection_id: UUID
    title: str
    slug: str
    """Its first address within the store, ``/collections/<slug>``. ``AddressMoved`` changes it."""
    text: str = ""
    """Markdown above its products."""
    image_id: UUID | None = None
    """One of the store's images; null for none."""
    rule: CollectionRule | None = None
    """Which products it has; null if the merchant lists them."""
    product_ids: list[UUID] = []
    """The products in the merchant's order; empty with a rule."""


class CollectionRemoved(DomainEvent, wire_name="store.collection_removed.v1"):
    """The merchant removed a collection; its products stay."""

    collection_id: UUID


class CategoryDescribed(DomainEvent, wire_name="store.category_described.v1"):
    """A writer or the merchant gave the page of a category its own title and text; a later text replaces it."""

    category: str
    """The category's own slug, which its name makes."""
    title: str
    text: str
    """Markdown above its products."""
    written_by: str
    """``house``, a model's name, or ``merchant``."""


class AddressMoved(DomainEvent, wire_name="store.address_moved.v1"):
    """The merchant changed the address of a product, page, collection or category. The former one redirects there."""

    kind: AddressKind
    target: str
    """The id of the product, page or collection, or the category's own slug."""
    slug: str
    former: str
    """The address until now."""


CollectionEvent = CollectionWritten | CollectionRemoved | CategoryDescribed | AddressMoved
"""Events of a store's stream that are about its collections, categories and addresses."""
