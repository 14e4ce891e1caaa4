"""Mutations of a store's collections, category pages and addresses."""

from decimal import Decimal
from uuid import UUID

import strawberry

from commands.ports import Receipt
from commands.presentation import DescribeCategory, MoveAddress, RemoveCollection, WriteCollection
from domain.store.collection_events import AddressKind, CollectionRule
from gateway.api.command_request import CommandRequest
from gateway.api.validation import as_id, money, require
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import StoreInput
from gateway.graphql.mutations.payloads import CHANGED, Payload, Send, StorePayload, change
from gateway.graphql.mutations.selling import currency_of
from gateway.graphql.queries.root import find_store
from gateway.graphql.types.collection import Collection
from projections.catalog import queries as catalog_queries


@strawberry.input(description="Which products are in a collection: those that fit every part that is given.")
class CollectionRuleInput:
    tags: list[str] = strawberry.field(default_factory=list, description="One of these tags, whatever their case.")
    categories: list[str] = strawberry.field(
        default_factory=list, description="One of these categories, as products have them."
    )
    price_from: Decimal | None = strawberry.field(
        default=None, description="The lowest price, in the store's currency."
    )
    price_to: Decimal | None = strawberry.field(default=None, description="The highest price, in the store's currency.")


@strawberry.input
class PartEditInput(StoreInput):
    expected_revision: str | None = strawberry.field(
        default=None,
        description="The `revision` of the collection or category page that you edited; `NOTHING` for a category without a text. If somebody changed it since, nothing "
        "is saved and the code is CHANGED_MEANWHILE. Omitted: your edit replaces any.",
    )


@strawberry.input
class WriteCollectionInput(PartEditInput):
    title: str
    collection_id: strawberry.ID | None = strawberry.field(
        default=None, description="The collection to change. Omitted: a new one."
    )
    text: str = strawberry.field(default="", description="Markdown above its products, at most 5,000 characters.")
    image_id: strawberry.ID | None = strawberry.field(default=None, description="One of the store's images.")
    rule: CollectionRuleInput | None = strawberry.field(default=None, description="Omitted: `productIds` lists them.")
    product_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="At most 200, in the order of the page."
    )


@strawberry.input
class CollectionInput(StoreInput):
    collection_id: strawberry.ID


@strawberry.input
class DescribeCategoryInput(PartEditInput):
    category: str = strawberry.field(description="The category's own slug, such as `desk-mats`.")
    title: str
    text: str = strawberry.field(description="Markdown above its products, at most 5,000 characters.")


@strawberry.input
class MoveAddressInput(StoreInput):
    kind: AddressKind
    target: str = strawberry.field(description="The id of the product, page or collection, or the category's own slug.")
    slug: str = strawberry.field(description="The new address. The former one redirects to it permanently.")
    expected_slug: str | None = strawberry.field(
        default=None,
        description="The address that you saw. If it is another by now, nothing is saved and the code is CHANGED_MEANWHILE. "
        "Omitted: yours replaces any.",
    )


@strawberry.type
class CollectionPayload(Payload):
    collection: Collection | None = strawberry.field(default=None, description=CHANGED)


@strawberry.type
class PresentationMutations:
    @mutation("Make a collection, or change all of it but its address.")
    async def write_collection(self, info: Info, input: WriteCollectionInput) -> CollectionPayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            known = None if input.collection_id is None else as_id("collection", input.collection_id)
            if known is not None:
                view = await catalog_queries.collection_by_id(info.context.deps.reader, known, scope=request.scope)
                require(view, "collection", known)
            rule = None
            if input.rule is not None:
                rule = _rule(input.rule, await currency_of(info, store_id, request.scope))
            return await request.send(
                WriteCollection(
                    store_id=store_id,
                    merchant_id=request.merchant_id,
                    collection_id=known or request.new_id("collection"),
                    title=input.title,
                    text=input.text,
                    image_id=None if input.image_id is None else as_id("image", input.image_id),
                    rule=rule,
                    product_ids=[as_id("product", id) for id in input.product_ids],
                    seen=input.expected_revision,
                )
            )

        async def show(reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            id = UUID(receipt.result["collection_id"])
            view = await catalog_queries.collection_by_id(reading.db, id, scope=reading.scope)
            return {"collection": Collection.of(require(view, "collection", id), reading)}

        return await change(info, CollectionPayload, input, send, show)

    @mutation("Remove a collection. Its products stay.")
    async def remove_collection(self, info: Info, input: CollectionInput) -> StorePayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                RemoveCollection(
                    store_id=store_id,
                    merchant_id=request.merchant_id,
                    collection_id=as_id("collection", input.collection_id),
                )
            )

        return await _change(info, input, store_id, send)

    @mutation("Give the page of a category a title and text of your own. Writers do not change them afterwards.")
    async def describe_category(self, info: Info, input: DescribeCategoryInput) -> StorePayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                DescribeCategory(
                    store_id=store_id,
                    merchant_id=request.merchant_id,
                    category=input.category,
                    title=input.title,
                    text=input.text,
                    seen=input.expected_revision,
                )
            )

        return await _change(info, input, store_id, send)

    @mutation("Change the address of a product, page, collection or category. The former address redirects to it.")
    async def move_address(self, info: Info, input: MoveAddressInput) -> StorePayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                MoveAddress(
                    store_id=store_id,
                    merchant_id=request.merchant_id,
                    kind=input.kind,
                    target=input.target,
                    slug=input.slug,
                    seen=input.expected_slug,
                )
            )

        return await _change(info, input, store_id, send)


async def _change(info: Info, input: StoreInput, store_id: UUID, send: Send) -> StorePayload:
    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        return {"store": await find_store(reading, store_id)}

    return await change(info, StorePayload, input, send, show)


def _rule(input: CollectionRuleInput, currency: str) -> CollectionRule:
    return CollectionRule(
        tags=input.tags,
        categories=input.categories,
        price_from=None if input.price_from is None else money("rule.priceFrom", input.price_from, currency),
        price_to=None if input.price_to is None else money("rule.priceTo", input.price_to, currency),
    )
