"""Collections and category pages of a store."""

from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

import strawberry

from domain.editing import revision_of
from domain.store.revision import category_parts, collection_parts
from gateway.graphql.context import ReadContext
from gateway.graphql.fields import field
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.money import MoneyType
from gateway.graphql.types.node import Node
from gateway.graphql.types.provenance import FieldProvenance, provenance_of_category, provenance_of_collection
from projections.catalog.views import CategoryCount, CategoryTextView, CollectionView


@strawberry.type(description="A category that products of the store have.")
class ProductCategory:
    name: str
    products: int = strawberry.field(description="The number of products in it.")

    @classmethod
    def of(cls, view: CategoryCount) -> Self:
        return cls(name=view.category, products=view.products)


@strawberry.type(description="Which products are in a collection: those that fit every part that is set.")
class CollectionRule:
    tags: list[str] = strawberry.field(description="One of these tags, whatever their case. Empty for any.")
    categories: list[str] = strawberry.field(description="One of these categories of products. Empty for any.")
    price_from: Decimal | None = strawberry.field(description="The lowest price. Null for any.")
    price_from_money: MoneyType | None
    price_to: Decimal | None = strawberry.field(description="The highest price. Null for any.")
    price_to_money: MoneyType | None


@strawberry.type(description="A merchant's own list of products, with a page at `/collections/<slug>`.")
class Collection(Node):
    id: strawberry.ID
    store_id: strawberry.ID
    title: str
    slug: str
    text: str = strawberry.field(description="Markdown above its products. Empty for none.")
    image_id: strawberry.ID | None
    rule: CollectionRule | None = strawberry.field(description="Null if the merchant lists the products.")
    product_ids: list[strawberry.ID] = strawberry.field(description="In the merchant's order. Empty with a rule.")
    revision: str = strawberry.field(description="What an editor saw: send it as `expectedRevision` with an edit.")
    created_at: datetime
    updated_at: datetime
    reading: strawberry.Private[ReadContext]

    @field("Where each field of the collection came from: event, draft, and approval.")
    async def provenance(self) -> list[FieldProvenance]:
        return await provenance_of_collection(self.reading, UUID(self.id), UUID(self.store_id))

    @classmethod
    def of(cls, view: CollectionView, reading: ReadContext) -> Self:
        rule = view.rule
        return cls(
            id=as_gid(view.id),
            store_id=as_gid(view.store_id),
            title=view.title,
            slug=view.slug,
            text=view.text,
            image_id=None if view.image_id is None else as_gid(view.image_id),
            rule=None
            if rule is None
            else CollectionRule(
                tags=rule.tags,
                categories=rule.categories,
                price_from=None if rule.price_from is None else rule.price_from.decimal,
                price_from_money=MoneyType.maybe(rule.price_from),
                price_to=None if rule.price_to is None else rule.price_to.decimal,
                price_to_money=MoneyType.maybe(rule.price_to),
            ),
            product_ids=[as_gid(id) for id in view.product_ids],
            revision=revision_of(collection_parts(view)),
            created_at=view.created_at,
            updated_at=view.updated_at,
            reading=reading,
        )


@strawberry.type(description="What the page of a category has of its own: title, text, address.")
class CategoryPage:
    category: str = strawberry.field(description="The category's own slug, which its name makes.")
    slug: str = strawberry.field(description="Its address, `/c/<slug>`.")
    title: str | None = strawberry.field(description="Null for the category's name.")
    text: str | None = strawberry.field(description="Markdown above its products. Null for none.")
    written_by: str | None = strawberry.field(
        description="`house` for the built-in writer, the name of a language model, or `merchant`."
    )
    revision: str = strawberry.field(description="What an editor saw: send it as `expectedRevision` with an edit.")
    updated_at: datetime | None
    store_id: strawberry.Private[UUID]
    reading: strawberry.Private[ReadContext]

    @field("Where each field of the page came from: event, call, prompt, draft, and approval.")
    async def provenance(self) -> list[FieldProvenance]:
        return await provenance_of_category(self.reading, self.category, self.store_id)

    @classmethod
    def of(cls, view: CategoryTextView, reading: ReadContext) -> Self:
        return cls(
            category=view.category,
            slug=view.slug,
            title=view.title,
            text=view.text,
            written_by=view.written_by,
            revision=revision_of(category_parts(view.title, view.text)),
            updated_at=view.updated_at,
            store_id=view.store_id,
            reading=reading,
        )
