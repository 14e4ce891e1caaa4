"""``/stores/{id}/products``."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import JSONResponse

from commands.product import ActivateProduct, AddProduct, ArchiveProduct, CountStock, DeactivateProduct, EditProduct
from commands.product_changes import ChangeProduct
from domain.kernel import InvalidInput
from domain.product.events import ProductStatus
from gateway.api.command_request import refuse_unreadable
from gateway.api.validation import PlainDecimal, PlainInt, as_id, found, money
from gateway.rest.dependencies import Body, Merchant, MerchantContext, Page, PageOf, accepted, page_of
from gateway.rest.schemas import ProductBody
from projections.catalog import queries as catalog_queries
from projections.catalog.views import ProductFilter, ProductSort, ProductView

router = APIRouter(tags=["products"])


class NewProductBody(Body):
    """A product that no supplier listed."""

    title: str
    description: str
    selling_price: PlainDecimal
    cost_price: PlainDecimal = Decimal(0)
    compare_at_price: PlainDecimal | None = None
    currency: str = "USD"
    stock_quantity: PlainInt = 0
    images: list[str] = Field(default_factory=list)


class ProductChangesBody(Body):
    """What is left out stays as it is; a compare-at price of null is taken away.

    A compare-at price must be the lowest price of the 30 days before the reduction.

    A description replaces features, benefits and call to action too, which told of the one before.
    """

    title: str | None = None
    description: str | None = None
    features: list[str] | None = None
    benefits: list[str] | None = None
    call_to_action: str | None = None
    meta_title: str | None = None
    meta_description: str | None = None
    selling_price: PlainDecimal | None = None
    compare_at_price: PlainDecimal | None = None
    stock_quantity: PlainInt | None = None
    variant_id: str | None = None
    """Whose stock that is; needed where there are several variants."""
    status: ProductStatus | None = None
    """ACTIVE puts it on sale, DRAFT takes it off."""


@router.get("/stores/{id}/products", summary="A store's products, the newest first")
async def list_products(
    id: str,
    asked: Merchant,
    page: Page,
    status: Annotated[list[ProductStatus] | None, Query()] = None,
    sort: ProductSort = ProductSort.NEWEST,
) -> PageOf[ProductBody]:
    """Return a page of the products of one of the merchant's own stores."""
    store_id = as_id("store", id)
    found(await catalog_queries.store_by_id(asked.db, store_id, merchant_id=asked.merchant_id), "store", store_id)
    views = await catalog_queries.products_of_store(
        asked.db,
        store_id,
        page,
        where=ProductFilter(statuses=frozenset(status or ())),
        sort=sort,
        merchant_id=asked.merchant_id,
    )
    bodies = {body.id: body for body in await _bodies(asked, views.nodes)}
    return page_of(views, lambda view: bodies[view.id])


@router.post("/stores/{id}/products", status_code=201, summary="Add a product by hand, as a draft")
async def add_product(id: str, body: NewProductBody, asked: Merchant) -> JSONResponse:
    """Answer with the product's id, and with the product if it can be read already."""
    request = asked.change()
    compare_at = body.compare_at_price
    command = AddProduct(
        product_id=request.new_id("product"),
        store_id=as_id("store", id),
        merchant_id=asked.merchant_id,
        title=body.title,
        description=body.description,
        cost=money("costPrice", body.cost_price, body.currency),
        price=money("sellingPrice", body.selling_price, body.currency),
        compare_at=None if compare_at is None else money("compareAtPrice", compare_at, body.currency),
        stock=body.stock_quantity,
        image_urls=body.images,
    )
    receipt = await request.send(command)
    product_id = UUID(receipt.result["product_id"])
    shown = await _shown(asked, product_id) if await request.settled(receipt) else None
    place = f"/api/v1/stores/{id}/products/{product_id}"
    return accepted(receipt, {"productId": str(product_id), "product": shown}, status=201, location=place)


@router.patch("/stores/{id}/products/{pid}", summary="Change a product")
async def edit_product(id: str, pid: str, body: ProductChangesBody, asked: Merchant) -> JSONResponse:
    """Carry out all the changes, or where one is refused none."""
    view = await _of_store(asked, id, pid)
    owner, currency = asked.merchant_id, view.price.currency
    price, compare_at = body.selling_price, body.compare_at_price
    edit = EditProduct(
        product_id=view.id,
        merchant_id=owner,
        title=body.title,
        description=body.description,
        features=body.features,
        benefits=body.benefits,
        call_to_action=body.call_to_action,
        meta_title=body.meta_title,
        meta_description=body.meta_description,
        price=None if price is None else money("sellingPrice", price, currency),
        compare_at=None if compare_at is None else money("compareAtPrice", compare_at, currency),
        clear_compare_at=compare_at is None and "compare_at_price" in body.model_fields_set,
    )
    # Here, where its fields are called what the client calls them.
    refuse_unreadable(edit)
    request = asked.change()
    receipt = await request.send(
        ChangeProduct(edit=edit, stock=_count(body, view.id, owner), status=_status(body, view.id, owner))
    )
    shown = await _shown(asked, view.id) if await request.settled(receipt) else None
    return accepted(receipt, {"productId": str(view.id), "product": shown}, status=200)


@router.delete("/stores/{id}/products/{pid}", summary="Put a product away for good")
async def delete_product(id: str, pid: str, asked: Merchant) -> JSONResponse:
    """Archive a product; orders already placed are not touched."""
    view = await _of_store(asked, id, pid)
    receipt = await asked.change().send(ArchiveProduct(product_id=view.id, merchant_id=asked.merchant_id))
    return accepted(receipt, {"productId": str(view.id)}, status=200)


def _count(body: ProductChangesBody, product_id: UUID, owner: UUID) -> CountStock | None:
    if body.stock_quantity is None:
        if body.variant_id is not None:
            raise InvalidInput("variantId", "variantId is set without stockQuantity. Send both, or neither.")
        return None
    variant_id = None if body.variant_id is None else as_id("variant", body.variant_id)
    return CountStock(product_id=product_id, merchant_id=owner, variant_id=variant_id, on_hand=body.stock_quantity)


def _status(body: ProductChangesBody, product_id: UUID, owner: UUID) -> ActivateProduct | DeactivateProduct | None:
    match body.status:
        case None:
            return None
        case ProductStatus.ACTIVE:
            return ActivateProduct(product_id=product_id, merchant_id=owner)
        case ProductStatus.DRAFT:
            return DeactivateProduct(product_id=product_id, merchant_id=owner)
        case _:
            raise InvalidInput("status", f"Invalid status {body.status}. Use ACTIVE or DRAFT, or delete the product.")


async def _of_store(asked: MerchantContext, store: str, product: str) -> ProductView:
    store_id, product_id = as_id("store", store), as_id("product", product)
    view = await catalog_queries.product_by_id(asked.db, product_id, merchant_id=asked.merchant_id)
    return found(view if view is not None and view.store_id == store_id else None, "product", product_id)


async def _shown(asked: MerchantContext, product_id: UUID) -> dict[str, object] | None:
    view = await catalog_queries.product_by_id(asked.db, product_id, merchant_id=asked.merchant_id)
    if view is None:
        return None
    return (await _bodies(asked, (view,)))[0].model_dump(mode="json", by_alias=True)


async def _bodies(asked: MerchantContext, views: tuple[ProductView, ...]) -> list[ProductBody]:
    ids = [view.id for view in views]
    images = await catalog_queries.images_by_products(asked.db, ids)
    variants = await catalog_queries.variants_by_products(asked.db, ids)
    return [ProductBody.of(view, images[view.id], variants[view.id], asked.deps) for view in views]
