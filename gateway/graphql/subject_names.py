"""What people call the subject of an event: a product's title, an order's number, a discount's code."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from projections.catalog.queries import media_by_ids, products_by_ids
from projections.reading.paging import Reader
from projections.reading.scope import Scope
from projections.sales.discount_queries import discounts_by_ids
from projections.sales.queries import orders_by_ids

Subject = tuple[str, UUID]
"""Kind and id of a stream."""


async def names_of_subjects(db: Reader, subjects: Collection[Subject], *, scope: Scope) -> dict[Subject, str]:
    """Return the names of those that have one. A photo has the title of its product. At most five queries."""
    ids = defaultdict[str, set[UUID]](set)
    for kind, id in subjects:
        ids[kind].add(id)
    names: dict[Subject, str] = {}
    pictured: dict[UUID, UUID] = {}
    if ids["media"]:
        media = await media_by_ids(db, ids["media"], scope=scope, only=frozenset({"product_id"}))
        pictured = {id: asset.product_id for id, asset in media.items() if asset.product_id is not None}
    if wanted := ids["product"] | set(pictured.values()):
        products = await products_by_ids(db, wanted, scope=scope, only=frozenset({"title"}))
        names |= {("product", id): product.title for id, product in products.items()}
        names |= {("media", id): products[of].title for id, of in pictured.items() if of in products}
    if ids["order"]:
        orders = await orders_by_ids(db, ids["order"], scope=scope, only=frozenset({"number"}))
        names |= {("order", id): order.number for id, order in orders.items()}
    if ids["discount"]:
        discounts = await discounts_by_ids(db, ids["discount"], scope=scope)
        names |= {("discount", id): discount.code for id, discount in discounts.items()}
    return names
