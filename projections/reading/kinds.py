"""Which kind of object an id belongs to, over all read models."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from projections.reading.paging import Reader


class Kind(StrEnum):
    """A kind of object, by the name of its type in the public schema."""

    STORE = "Store"
    PRODUCT = "Product"
    VARIANT = "ProductVariant"
    PAGE = "Page"
    MEDIA = "MediaAsset"
    COLLECTION = "Collection"
    GENERATION = "Generation"
    JOB = "AgentJob"
    CALL = "OutsideCall"
    DRAFT = "Draft"
    ORDER = "Order"
    DISCOUNT = "Discount"
    MERCHANT = "User"
    SUPPLIER = "SupplierAccount"


_TABLES = {
    Kind.STORE: "stores",
    Kind.PRODUCT: "products",
    Kind.VARIANT: "variants",
    Kind.PAGE: "pages",
    Kind.MEDIA: "media",
    Kind.COLLECTION: "collections",
    Kind.GENERATION: "generations",
    Kind.JOB: "jobs",
    Kind.CALL: "calls",
    Kind.DRAFT: "drafts",
    Kind.ORDER: "orders",
    Kind.DISCOUNT: "discounts",
    Kind.MERCHANT: "merchants",
    Kind.SUPPLIER: "supplier_accounts",
}
_KINDS = " union all ".join(
    f"select '{kind}' as kind, id from {table} where id = any($1)" for kind, table in _TABLES.items()
)


async def kinds_of(db: Reader, ids: Collection[UUID]) -> dict[UUID, Kind]:
    """Return the kind of each id; unknown ids are left out.

    It says nothing about whose object it is: the caller reads the object itself within a scope.
    """
    return {record["id"]: Kind(record["kind"]) for record in await db.fetch(_KINDS, list(ids))}
