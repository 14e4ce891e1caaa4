"""Mutations of products."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import strawberry

from commands.ports import Receipt
from commands.product import ActivateProduct, ArchiveProduct, DeactivateProduct, PriceVariant
from commands.product_changes import ChangeProducts, DecideGoods
from commands.product_photos import ArrangePhotos, RemovePhoto
from domain.editing import ChangedMeanwhile
from domain.money import Money
from gateway.api.command_request import CommandRequest
from gateway.api.commands import add_product, count_stock, currency_of_product, edit_product
from gateway.api.validation import as_id, money
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import (
    AddProductInput,
    ArrangePhotosInput,
    ChangeProductsInput,
    CountStockInput,
    DecideGoodsInput,
    EditProductInput,
    MutationInput,
    PriceVariantInput,
    ProductInput,
    RemovePhotoInput,
)
from gateway.graphql.mutations.payloads import (
    ChangeProductsPayload,
    KeptProduct,
    ProductPayload,
    Send,
    Show,
    change,
)
from gateway.graphql.queries.root import find_product
from gateway.graphql.types.product import Product
from projections.catalog import queries as catalog_queries


@strawberry.type
class ProductMutations:
    @mutation("Add a product by hand, as a draft.")
    async def add_product(self, info: Info, input: AddProductInput) -> ProductPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(add_product(request, as_id("store", input.store_id), input))

        async def show(reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            return {"product": await find_product(reading, UUID(receipt.result["product_id"]))}

        return await change(info, ProductPayload, input, send, show)

    @mutation("Edit a product. Omitted fields do not change.")
    async def edit_product(self, info: Info, input: EditProductInput) -> ProductPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            id = as_id("product", input.product_id)
            currency = await currency_of_product(info.context.deps.reader, id, scope=request.scope)
            # Null removes the price; an omitted one is UNSET.
            clear = input.compare_at_price is None
            seen = input.expected_revision
            return await request.send(
                edit_product(request, id, input, currency=currency, clear_compare_at=clear, seen=seen)
            )

        return await _product_change(info, input, input.product_id, send)

    @mutation("Change the status or the prices of several products of a store: all of them, or none.")
    async def change_products(self, info: Info, input: ChangeProductsInput) -> ChangeProductsPayload | None:
        ids = [as_id("product", id) for id in input.product_ids]

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                ChangeProducts(
                    merchant_id=request.merchant_id,
                    store_id=as_id("store", input.store_id),
                    product_ids=ids,
                    action=input.action,
                    price_percent=input.price_percent,
                    seen=None
                    if input.expected_prices is None
                    else await _prices(info, request, ids, input.expected_prices),
                )
            )

        def known(receipt: Receipt) -> dict[str, object]:
            return {"kept": [_kept(ids, each) for each in (receipt.result or {"kept": ()})["kept"]]}

        return await change(info, ChangeProductsPayload, input, send, _show_products(ids), known=known)

    @mutation(
        "Put found goods on sale and archive the others, in one change: all of it, or none. Sent again, it changes nothing."
    )
    async def decide_goods(self, info: Info, input: DecideGoodsInput) -> ChangeProductsPayload | None:
        activate, archive = ([as_id("product", id) for id in ids] for ids in (input.activate_ids, input.archive_ids))

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                DecideGoods(
                    merchant_id=request.merchant_id,
                    store_id=as_id("store", input.store_id),
                    activate=activate,
                    archive=archive,
                )
            )

        return await change(info, ChangeProductsPayload, input, send, _show_products([*activate, *archive]))

    @mutation("Put the photos of a product in an order. The first one stands for the product in lists.")
    async def arrange_photos(self, info: Info, input: ArrangePhotosInput) -> ProductPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                ArrangePhotos(
                    product_id=as_id("product", input.product_id),
                    merchant_id=request.merchant_id,
                    image_ids=[as_id("image", id) for id in input.image_ids],
                    seen=None
                    if input.expected_image_ids is None
                    else [as_id("image", id) for id in input.expected_image_ids],
                )
            )

        return await _product_change(info, input, input.product_id, send)

    @mutation(
        "Remove a photo from a product. It stays in the store's media. A product can be without photos; shoppers then "
        "see a plain tile."
    )
    async def remove_photo(self, info: Info, input: RemovePhotoInput) -> ProductPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                RemovePhoto(
                    product_id=as_id("product", input.product_id),
                    merchant_id=request.merchant_id,
                    image_id=as_id("image", input.image_id),
                )
            )

        return await _product_change(info, input, input.product_id, send)

    @mutation("Set the units on hand of a product or of one variant.")
    async def count_stock(self, info: Info, input: CountStockInput) -> ProductPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            id = as_id("product", input.product_id)
            return await request.send(
                count_stock(request, id, input.variant_id, input.stock_quantity, input.expected_stock_quantity)
            )

        return await _product_change(info, input, input.product_id, send)

    @mutation("Set the price of one of a product's variants. The price of the product moves all of them (editProduct).")
    async def price_variant(self, info: Info, input: PriceVariantInput) -> ProductPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            id = as_id("product", input.product_id)
            currency = await currency_of_product(info.context.deps.reader, id, scope=request.scope)
            seen = input.expected_price
            return await request.send(
                PriceVariant(
                    product_id=id,
                    merchant_id=request.merchant_id,
                    variant_id=as_id("variant", input.variant_id),
                    price=money("price", input.price, currency),
                    seen=None if seen is None else money("expectedPrice", seen, currency),
                )
            )

        return await _product_change(info, input, input.product_id, send)

    @mutation("Put a product on sale.")
    async def activate_product(self, info: Info, input: ProductInput) -> ProductPayload | None:
        return await _by_id(
            info, input, lambda product_id, owner: ActivateProduct(product_id=product_id, merchant_id=owner)
        )

    @mutation("Take a product off sale. It becomes a draft again.")
    async def deactivate_product(self, info: Info, input: ProductInput) -> ProductPayload | None:
        return await _by_id(
            info, input, lambda product_id, owner: DeactivateProduct(product_id=product_id, merchant_id=owner)
        )

    @mutation("Archive a product permanently.")
    async def archive_product(self, info: Info, input: ProductInput) -> ProductPayload | None:
        return await _by_id(
            info, input, lambda product_id, owner: ArchiveProduct(product_id=product_id, merchant_id=owner)
        )


async def _prices(info: Info, request: CommandRequest, ids: Sequence[UUID], amounts: Sequence[Decimal]) -> list[Money]:
    """Return the prices of products that an editor saw, each in its product's currency."""
    views = await catalog_queries.products_by_ids(
        info.context.deps.reader, ids, scope=request.scope, only=frozenset({"price"})
    )
    currencies = [views[id].price.currency if id in views else "USD" for id in ids]
    currencies += ["USD"] * (len(amounts) - len(ids))  # The command refuses more prices than products.
    return [
        money(f"expectedPrices.{number}", amount, currency)
        for number, (amount, currency) in enumerate(zip(amounts, currencies, strict=False))
    ]


def _kept(ids: Sequence[UUID], kept: Mapping[str, str]) -> KeptProduct:
    place = ids.index(UUID(kept["product_id"]))
    refusal = user_error(ChangedMeanwhile(["PRICE"], field=f"expectedPrices.{place}"))
    refusal.message = f"“{kept['title']}”: {refusal.message}"
    return KeptProduct(product_id=strawberry.ID(kept["product_id"]), title=kept["title"], error=refusal)


def _show_products(ids: Sequence[UUID]) -> Show:
    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        views = await catalog_queries.products_by_ids(reading.db, ids, scope=reading.scope)
        return {"products": [Product.of(views[id], reading) for id in dict.fromkeys(ids) if id in views]}

    return show


async def _by_id(info: Info, input: ProductInput, command: Callable[[UUID, UUID], object]) -> ProductPayload:
    async def send(request: CommandRequest) -> Receipt:
        return await request.send(command(as_id("product", input.product_id), request.merchant_id))

    return await _product_change(info, input, input.product_id, send)


async def _product_change(info: Info, input: MutationInput, product_id: strawberry.ID, send: Send) -> ProductPayload:
    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        return {"product": await find_product(reading, as_id("product", product_id))}

    return await change(info, ProductPayload, input, send, show)
