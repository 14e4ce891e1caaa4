"""Which kind of object an id belongs to, over all read models."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection, Mapping
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
    REFUND = "Refund"
    SHOPPER = "Shopper"
    DISPUTE = "Dispute"
    PAYOUT = "Payout"


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
_COLUMNS = {
    **{kind: (table, "id") for kind, table in _TABLES.items()},
    Kind.REFUND: ("refunds", "refund_id"),
    Kind.SHOPPER: ("orders", "shopper_id"),
}
_PROVIDERS_COLUMNS = {Kind.DISPUTE: ("disputes", "dispute_id"), Kind.PAYOUT: ("payouts", "payout_id")}
"""Objects that have the payment provider's id."""


def _union(columns: Mapping[Kind, tuple[str, str]]) -> str:
    return " union all ".join(
        f"select '{kind}' as kind, {column} as id from {table} where {column} = any($1)"
        for kind, (table, column) in columns.items()
    )


_KINDS, _PROVIDERS_KINDS = _union(_COLUMNS), _union(_PROVIDERS_COLUMNS)

ObjectId = UUID | str
"""An id of the log, or a payment provider's."""


async def kinds_of(db: Reader, ids: Collection[ObjectId]) -> dict[ObjectId, Kind]:
    """Return the kind of each id; unknown ids are left out.

    It says nothing about whose object it is: the caller reads the object itself within a scope.
    """
    own, providers = [id for id in ids if isinstance(id, UUID)], [id for id in ids if isinstance(id, str)]
    records = await db.fetch(_KINDS, own) if own else []
    records += await db.fetch(_PROVIDERS_KINDS, providers) if providers else []
    return {record["id"]: Kind(record["kind"]) for record in records}
