"""Objects by id, whatever their type."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import strawberry

from domain.kernel import InvalidInput, NotFound
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import asked_for
from gateway.graphql.types.collection import Collection as CollectionType
from gateway.graphql.types.discount import Discount
from gateway.graphql.types.dispute import Dispute, Payout
from gateway.graphql.types.draft import Draft
from gateway.graphql.types.job import AgentJob, Generation
from gateway.graphql.types.media import MediaAsset
from gateway.graphql.types.merchant import SupplierAccount, User
from gateway.graphql.types.node import Node
from gateway.graphql.types.order import Order
from gateway.graphql.types.order_parts import Shopper
from gateway.graphql.types.page import Page
from gateway.graphql.types.product import Product, ProductVariant
from gateway.graphql.types.refund import Refund
from gateway.graphql.types.store import Store
from gateway.graphql.types.usage import OutsideCall
from projections.catalog import queries as catalog_queries
from projections.jobs import queries as jobs_queries
from projections.jobs.calls import calls_by_id
from projections.jobs.drafts import drafts_by_ids
from projections.merchants import queries as merchants_queries
from projections.reading.kinds import Kind, ObjectId, kinds_of
from projections.reading.paging import PAGE_MAX
from projections.sales import queries as sales_queries
from projections.sales.discount_queries import discounts_by_ids
from projections.sales.dispute_queries import disputes_by_ids, payouts_by_ids
from projections.sales.part_queries import orders_by_refunds, orders_by_shoppers

PROVIDERS_ID_MOST = 255
"""Characters of a payment provider's id."""

Find = Callable[[ReadContext, Collection[Any]], Awaitable[Mapping[Any, Node]]]
"""Returns those of some objects that belong to the merchant."""


def _by(
    find: Callable[..., Awaitable[Mapping[Any, object]]], type: type, *, of_reading: bool, whole: bool = False
) -> Find:
    """Return what finds objects of a type.

    Args:
        find: the query of their views.
        type: the GraphQL type.
        of_reading: whether objects read further through the context.
        whole: whether the query always reads whole views.
    """

    async def found(reading: ReadContext, ids: Collection[Any]) -> Mapping[Any, Node]:
        only = {} if whole else {"only": asked_for(type.__name__)}
        views = await find(reading.db, ids, scope=reading.scope, **only)
        make = (lambda view: type.of(view, reading)) if of_reading else type.of  # type: ignore[attr-defined]
        return {id: make(view) for id, view in views.items()}

    return found


async def _merchant(reading: ReadContext, ids: Collection[UUID]) -> Mapping[UUID, Node]:
    view = await merchants_queries.merchant_by_id(reading.db, reading.merchant_id, scope=reading.scope)
    return {} if view is None or view.id not in ids else {view.id: User.of(view, reading)}


async def _suppliers(reading: ReadContext, ids: Collection[UUID]) -> Mapping[UUID, Node]:
    view = await merchants_queries.merchant_by_id(reading.db, reading.merchant_id, scope=reading.scope)
    suppliers = () if view is None else view.suppliers
    return {one.id: SupplierAccount.of(one) for one in suppliers if one.id in ids}


async def _refunds(reading: ReadContext, ids: Collection[UUID]) -> Mapping[UUID, Node]:
    orders = await orders_by_refunds(reading.db, ids, scope=reading.scope)
    return {each.id: Refund.of(each) for id, order in orders.items() for each in order.refunds if each.id == id}


async def _shoppers(reading: ReadContext, ids: Collection[UUID]) -> Mapping[UUID, Node]:
    orders = await orders_by_shoppers(reading.db, ids, scope=reading.scope)
    return {id: await Shopper.of_order(order, reading) for id, order in orders.items()}


_FINDERS: Mapping[Kind, Find] = {
    Kind.STORE: _by(catalog_queries.stores_by_ids, Store, of_reading=True),
    Kind.PRODUCT: _by(catalog_queries.products_by_ids, Product, of_reading=True),
    Kind.VARIANT: _by(catalog_queries.variants_by_ids, ProductVariant, of_reading=False),
    Kind.PAGE: _by(catalog_queries.pages_by_ids, Page, of_reading=True),
    Kind.MEDIA: _by(catalog_queries.media_by_ids, MediaAsset, of_reading=True),
    Kind.COLLECTION: _by(catalog_queries.collections_by_ids, CollectionType, of_reading=True, whole=True),
    Kind.GENERATION: _by(jobs_queries.generations_by_ids, Generation, of_reading=True),
    Kind.JOB: _by(jobs_queries.jobs_by_ids, AgentJob, of_reading=True),
    Kind.CALL: _by(calls_by_id, OutsideCall, of_reading=False, whole=True),
    Kind.DRAFT: _by(drafts_by_ids, Draft, of_reading=True, whole=True),
    Kind.ORDER: _by(sales_queries.orders_by_ids, Order, of_reading=True),
    Kind.DISCOUNT: _by(discounts_by_ids, Discount, of_reading=False, whole=True),
    Kind.DISPUTE: _by(disputes_by_ids, Dispute, of_reading=True, whole=True),
    Kind.PAYOUT: _by(payouts_by_ids, Payout, of_reading=False, whole=True),
    Kind.REFUND: _refunds,
    Kind.SHOPPER: _shoppers,
    Kind.MERCHANT: _merchant,
    Kind.SUPPLIER: _suppliers,
}


async def find_node(reading: ReadContext, id: strawberry.ID) -> Node:
    """Return an object of the merchant, or raise NotFound."""
    key = _key(id)
    if isinstance(key, NotFound):
        raise key
    found = await find_objects(reading, [key])
    if key not in found:
        raise NotFound("object", key)
    return found[key]


async def find_nodes(reading: ReadContext, ids: Sequence[strawberry.ID]) -> list[Node | NotFound]:
    """Return objects of the merchant in the order of their ids, and NotFound in the place of each other id.

    One statement finds the kinds of the ids, and one or two those of each kind.

    Raises:
        InvalidInput: there are more ids than a page has entries.
    """
    if len(ids) > PAGE_MAX:
        raise InvalidInput("ids", f"ids has {len(ids)} entries. Use at most {PAGE_MAX}.")
    keys = [_key(id) for id in ids]
    found = await find_objects(reading, [key for key in keys if not isinstance(key, NotFound)])
    return [key if isinstance(key, NotFound) else found.get(key) or NotFound("object", key) for key in keys]


def _key(id: str) -> ObjectId | NotFound:
    """Return an id as read models have it: a UUID, or the text of a payment provider."""
    try:
        return UUID(id)
    except ValueError:
        is_providers = 0 < len(id) <= PROVIDERS_ID_MOST and id.isascii() and id.isprintable()
        return id if is_providers else NotFound("object", id[:64])


async def find_objects(reading: ReadContext, ids: Collection[ObjectId]) -> dict[ObjectId, Node]:
    """Return those of some objects that belong to the merchant."""
    by_kind: dict[Kind, list[ObjectId]] = {}
    for id, kind in (await kinds_of(reading.db, set(ids))).items():
        by_kind.setdefault(kind, []).append(id)
    found: dict[ObjectId, Node] = {}
    # One after the other: they share one moment of the read models, which is one connection.
    for kind, of_kind in by_kind.items():
        found |= await _FINDERS[kind](reading, of_kind)
    return found
