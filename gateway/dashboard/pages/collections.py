"""Collections of a store, and the texts of its category pages."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.forms import Form
from gateway.dashboard.lists import is_picking, picked, window
from gateway.dashboard.past import Past, not_yet, past_of, present_only
from gateway.dashboard.problems import Refusals, not_found
from gateway.dashboard.roles import opens, sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()

LIST = "/dashboard/stores/{store_id:uuid}/collections"
NEW, ONE = f"{LIST}/new", f"{LIST}/{{id:uuid}}"
EMPTY: dict[str, Any] = {"title": "", "text": "", "rule": None, "productIds": [], "imageId": None}


@router.get(LIST)
async def collections(visit: Visitor, store_id: UUID) -> Response:
    """Show the collections and the category pages."""
    return await _list(visit, store_id)


async def _list(visit: Visit, store_id: UUID, *, errors: Refusals | None = None, status: int = 200) -> Response:
    store = await visit.store(store_id)
    past = past_of(visit)
    found = (
        await past.run(
            visit, "collections/list", {"id": store["id"], **window(visit, 50), **window(visit, 50, "categories")}
        )
    )["store"]
    return visit.page("collections/list.html", status=status, past=past, found=found, errors=errors or Refusals())


@router.post(f"{LIST}/categories")
@sends("collections/describe")
async def describe(visit: Visitor, store_id: UUID) -> Response:
    """Save the title and text of a category's page."""
    form = visit.form
    input = {"storeId": str(store_id), "category": form["category"], "title": form["title"], "text": _text(form)}
    change = await visit.change("collections/describe", input)
    if change.errors:
        return await _list(visit, store_id, errors=change.errors, status=422)
    return visit.redirect(f"/dashboard/stores/{store_id}/collections", notice="The category page is saved.")


@router.get(NEW)
@opens("collections/save")
@present_only("New things are made in the present.")
async def new(visit: Visitor, store_id: UUID) -> Response:
    """Show the form of a new collection."""
    return await _edit(visit, store_id, None)


@router.get(ONE)
async def collection(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Show a collection, with its form."""
    return await _edit(visit, store_id, id)


async def _edit(visit: Visit, store_id: UUID, id: UUID | None, *, errors: Refusals | None = None) -> Response:
    store = await visit.store(store_id)
    found: dict[str, Any] | None = EMPTY
    past = past_of(visit) if id is not None else Past()
    if id is not None:
        found = (await past.run(visit, "collections/detail", {"store": store["id"], "id": str(id)}))["store"][
            "collection"
        ]
        if found is None:
            raise not_yet() if past else not_found("collection")
        visit.revision = found["revision"]
    lists = {**picked(visit.form, 50, "categories"), **picked(visit.form, 50, "productIds")}
    choices = (await past.run(visit, "collections/choices", {"id": store["id"], **lists}))["store"]
    return visit.page(
        "collections/edit.html",
        **({} if id is None else {"past": past}),
        status=422 if errors else 200,
        id=id,
        found=found,
        categories=choices["categories"],
        products=choices["products"],
        errors=errors or Refusals(),
    )


@router.post(NEW)
@sends("collections/save")
async def add(visit: Visitor, store_id: UUID) -> Response:
    """Make a collection."""
    return await _save(visit, store_id, None)


@router.post(ONE)
@sends("collections/save")
async def save(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Change a collection."""
    return await _save(visit, store_id, id)


async def _save(visit: Visit, store_id: UUID, id: UUID | None) -> Response:
    if is_picking(visit.form):
        return await _edit(visit, store_id, id)
    input = {"storeId": str(store_id), "collectionId": None if id is None else str(id), **collection_of(visit.form)}
    change = await visit.change("collections/save", input)
    if change.errors:
        return await _edit(visit, store_id, id, errors=change.errors)
    return visit.redirect(f"/dashboard/stores/{store_id}/collections", notice="The collection is saved.")


@router.post(f"{ONE}/remove")
@sends("collections/remove")
async def remove(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Remove a collection."""
    change = await visit.change("collections/remove", {"storeId": str(store_id), "collectionId": str(id)})
    if change.errors:
        return await _edit(visit, store_id, id, errors=change.errors)
    return visit.redirect(f"/dashboard/stores/{store_id}/collections", notice="The collection is removed.")


def collection_of(form: Form) -> dict[str, Any]:
    """Return the fields of ``WriteCollectionInput`` that a form says."""
    whole = {"title": form["title"], "text": _text(form), "imageId": form.text("imageId")}
    if form["by"] != "RULE":
        return {**whole, "rule": None, "productIds": form.texts("productIds")}
    tags = [tag.strip() for tag in form["tags"].split(",") if tag.strip()]
    rule = {"tags": tags, "categories": form.texts("categories")}
    prices = {"priceFrom": form.text("priceFrom"), "priceTo": form.text("priceTo")}
    return {**whole, "rule": {**rule, **prices}, "productIds": []}


def _text(form: Form) -> str:
    return form["text"].replace("\r\n", "\n").strip()
