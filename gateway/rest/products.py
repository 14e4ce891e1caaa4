"""``/stores/{id}/products``: list, add, change and delete products."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from commands.product import ActivateProduct, ArchiveProduct, DeactivateProduct
from commands.product_changes import ChangeProduct
from domain.kernel import InvalidInput
from domain.product.events import ProductStatus
from gateway.api.command_request import check_command_texts
from gateway.api.commands import add_product, count_stock, edit_product
from gateway.api.validation import as_id, require
from gateway.rest.dependencies import CurrentMerchant, MerchantContext, Page, changed
from gateway.rest.schemas.inputs import NewProductInput, ProductChangesInput
from gateway.rest.schemas.paging import PageOf, page_of
from gateway.rest.schemas.products import ProductBody
from projections.catalog import queries as catalog_queries
from projections.catalog.views import ProductFilter, ProductSort, ProductView

router = APIRouter(tags=["products"])


@router.get("/stores/{id}/products", summary="List a store's products, by default the newest first")
async def list_products(
    id: str,
    context: CurrentMerchant,
    page: Page,
    status: Annotated[list[ProductStatus] | None, Query()] = None,
    sort: ProductSort = ProductSort.NEWEST,
) -> PageOf[ProductBody]:
    """Return a page of the products of one of the merchant's stores."""
    store_id = as_id("store", id)
    store = await catalog_queries.store_by_id(context.db, store_id, scope=context.scope)
    require(store, "store", store_id)
    views = await catalog_queries.products_of_store(
        context.db,
        store_id,
        page,
        where=ProductFilter(statuses=frozenset(status or ())),
        sort=sort,
        scope=context.scope,
    )
    bodies = {body.id: body for body in await _bodies(context, views.nodes)}
    return page_of(views, lambda view: bodies[view.id])


@router.post("/stores/{id}/products", status_code=201, summary="Add a product by hand, as a draft")
async def create_product(id: str, body: NewProductInput, context: CurrentMerchant) -> JSONResponse:
    """Return the product's id, and the product if it can already be read."""
    request = context.begin()
    receipt = await request.send(add_product(request, as_id("store", id), body))
    product_id = UUID(receipt.result["product_id"])
    product = await _product_json(context, product_id) if await request.settled(receipt) else None
    location = f"/api/v1/stores/{id}/products/{product_id}"
    return changed(receipt, {"productId": str(product_id), "product": product}, status=201, location=location)


@router.patch("/stores/{id}/products/{pid}", summary="Change a product")
async def change_product(id: str, pid: str, body: ProductChangesInput, context: CurrentMerchant) -> JSONResponse:
    """Carry out all changes. If one change is refused, nothing changes."""
    view = await _product_of_store(context, id, pid)
    request = context.begin()
    clear = body.compare_at_price is None and "compare_at_price" in body.model_fields_set
    edit = edit_product(request, view.id, body, currency=view.price.currency, clear_compare_at=clear)
    # Checked before nesting, so that an error names the field as the client does.
    check_command_texts(edit)
    if body.stock_quantity is None:
        if body.variant_id is not None:
            raise InvalidInput("variantId", "variantId is set without stockQuantity. Send both, or neither.")
        count = None
    else:
        count = count_stock(request, view.id, body.variant_id, body.stock_quantity)
    status = _status_command(body.status, view.id, context.merchant_id)
    receipt = await request.send(ChangeProduct(edit=edit, stock=count, status=status))
    product = await _product_json(context, view.id) if await request.settled(receipt) else None
    return changed(receipt, {"productId": str(view.id), "product": product}, status=200)


@router.delete("/stores/{id}/products/{pid}", summary="Archive a product permanently")
async def delete_product(id: str, pid: str, context: CurrentMerchant) -> JSONResponse:
    """Archive a product. Existing orders do not change."""
    view = await _product_of_store(context, id, pid)
    receipt = await context.begin().send(ArchiveProduct(product_id=view.id, merchant_id=context.merchant_id))
    return changed(receipt, {"productId": str(view.id)}, status=200)


def _status_command(
    status: ProductStatus | None, product_id: UUID, merchant_id: UUID
) -> ActivateProduct | DeactivateProduct | None:
    match status:
        case None:
            return None
        case ProductStatus.ACTIVE:
            return ActivateProduct(product_id=product_id, merchant_id=merchant_id)
        case ProductStatus.DRAFT:
            return DeactivateProduct(product_id=product_id, merchant_id=merchant_id)
        case _:
            raise InvalidInput("status", f"Invalid status {status}. Use ACTIVE or DRAFT, or delete the product.")


async def _product_of_store(context: MerchantContext, store: str, product: str) -> ProductView:
    store_id, product_id = as_id("store", store), as_id("product", product)
    view = await catalog_queries.product_by_id(context.db, product_id, scope=context.scope)
    return require(view if view is not None and view.store_id == store_id else None, "product", product_id)


async def _product_json(context: MerchantContext, product_id: UUID) -> dict[str, object] | None:
    view = await catalog_queries.product_by_id(context.db, product_id, scope=context.scope)
    if view is None:
        return None
    return (await _bodies(context, (view,)))[0].model_dump(mode="json", by_alias=True)


async def _bodies(context: MerchantContext, views: tuple[ProductView, ...]) -> list[ProductBody]:
    ids = [view.id for view in views]
    images = await catalog_queries.images_by_products(context.db, ids, scope=context.scope)
    variants = await catalog_queries.variants_by_products(context.db, ids, scope=context.scope)
    return [ProductBody.of(view, images[view.id], variants[view.id], context.deps) for view in views]
