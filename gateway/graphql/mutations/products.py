"""Products and images."""

from collections.abc import Callable
from uuid import UUID

import strawberry

from commands.ports import Receipt
from commands.product import (
    ActivateProduct,
    AddProduct,
    ArchiveProduct,
    CountStock,
    DeactivateProduct,
    EditProduct,
)
from gateway.api.command_request import Request
from gateway.api.validation import as_id, currency_of, image_request, money
from gateway.graphql.context import Info, Reading
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import (
    AddProductInput,
    CountStockInput,
    EditProductInput,
    MutationInput,
    ProcessImageInput,
    ProductInput,
)
from gateway.graphql.mutations.payloads import MediaAssetPayload, ProductPayload, Send, change
from gateway.graphql.queries.root import find_media, find_product


@strawberry.type
class ProductMutations:
    @mutation("Add a product by hand, as a draft.")
    async def add_product(self, info: Info, input: AddProductInput) -> ProductPayload | None:
        async def send(request: Request) -> Receipt:
            compare_at = input.compare_at_price
            return await request.send(
                AddProduct(
                    product_id=request.new_id("product"),
                    store_id=as_id("store", input.store_id),
                    merchant_id=request.merchant_id,
                    title=input.title,
                    description=input.description,
                    cost=money("costPrice", input.cost_price, input.currency),
                    price=money("sellingPrice", input.selling_price, input.currency),
                    compare_at=None if compare_at is None else money("compareAtPrice", compare_at, input.currency),
                    stock=input.stock_quantity,
                    image_urls=input.images,
                )
            )

        async def show(reading: Reading, receipt: Receipt) -> dict[str, object]:
            return {"product": await find_product(reading, UUID(receipt.result["product_id"]))}

        return await change(info, ProductPayload, input, send, show)

    @mutation("Edit a product. Omitted fields do not change.")
    async def edit_product(self, info: Info, input: EditProductInput) -> ProductPayload | None:
        async def send(request: Request) -> Receipt:
            id, owner = as_id("product", input.product_id), request.merchant_id
            currency = await currency_of(info.context.deps.reader, id, merchant_id=owner)
            price = input.selling_price
            compare_at = None if input.compare_at_price is strawberry.UNSET else input.compare_at_price
            return await request.send(
                EditProduct(
                    product_id=id,
                    merchant_id=owner,
                    title=input.title,
                    description=input.description,
                    features=input.features,
                    benefits=input.benefits,
                    call_to_action=input.call_to_action,
                    meta_title=input.meta_title,
                    meta_description=input.meta_description,
                    price=None if price is None else money("sellingPrice", price, currency),
                    compare_at=None if compare_at is None else money("compareAtPrice", compare_at, currency),
                    clear_compare_at=input.compare_at_price is None,
                )
            )

        return await _product_change(info, input, input.product_id, send)

    @mutation("Set the units on hand of a product or of one variant.")
    async def count_stock(self, info: Info, input: CountStockInput) -> ProductPayload | None:
        async def send(request: Request) -> Receipt:
            return await request.send(
                CountStock(
                    product_id=as_id("product", input.product_id),
                    merchant_id=request.merchant_id,
                    variant_id=None if input.variant_id is None else as_id("variant", input.variant_id),
                    on_hand=input.stock_quantity,
                )
            )

        return await _product_change(info, input, input.product_id, send)

    @mutation("Put a product on sale.")
    async def activate_product(self, info: Info, input: ProductInput) -> ProductPayload | None:
        return await _by_id(info, input, lambda which, owner: ActivateProduct(product_id=which, merchant_id=owner))

    @mutation("Take a product off sale. It becomes a draft again.")
    async def deactivate_product(self, info: Info, input: ProductInput) -> ProductPayload | None:
        return await _by_id(info, input, lambda which, owner: DeactivateProduct(product_id=which, merchant_id=owner))

    @mutation("Archive a product permanently.")
    async def archive_product(self, info: Info, input: ProductInput) -> ProductPayload | None:
        return await _by_id(info, input, lambda which, owner: ArchiveProduct(product_id=which, merchant_id=owner))

    @mutation("Send a new or an existing photo to the studio.")
    async def process_image(self, info: Info, input: ProcessImageInput) -> MediaAssetPayload | None:
        async def send(request: Request) -> Receipt:
            command = await image_request(
                info.context.deps.reader,
                merchant_id=request.merchant_id,
                store_id=as_id("store", input.store_id),
                new_id=request.new_id("image"),
                image_id=None if input.image_id is None else as_id("image", input.image_id),
                product_id=None if input.product_id is None else as_id("product", input.product_id),
                url=input.url,
                alt_text=input.alt_text,
                operations=input.operations,
                ground=input.ground,
            )
            return await request.send(command)

        async def show(reading: Reading, receipt: Receipt) -> dict[str, object]:
            return {"media_asset": await find_media(reading, UUID(receipt.result["image_id"]))}

        return await change(info, MediaAssetPayload, input, send, show)


async def _by_id(info: Info, input: ProductInput, command: Callable[[UUID, UUID], object]) -> ProductPayload:
    async def send(request: Request) -> Receipt:
        return await request.send(command(as_id("product", input.product_id), request.merchant_id))

    return await _product_change(info, input, input.product_id, send)


async def _product_change(info: Info, input: MutationInput, product_id: strawberry.ID, send: Send) -> ProductPayload:
    async def show(reading: Reading, _receipt: Receipt) -> dict[str, object]:
        return {"product": await find_product(reading, as_id("product", product_id))}

    return await change(info, ProductPayload, input, send, show)
