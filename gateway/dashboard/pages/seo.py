"""What search engines see: titles, descriptions and addresses of products and pages."""

from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.lists import window
from gateway.dashboard.past import past_of
from gateway.dashboard.problems import Refusals
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()

HERE = "/dashboard/stores/{store_id:uuid}/seo"
KINDS = frozenset({"PRODUCT", "PAGE", "COLLECTION"})


@router.get(HERE)
async def seo(visit: Visitor, store_id: UUID) -> Response:
    """Show what search engines see of each product and page."""
    return await _seo(visit, store_id)


async def _seo(visit: Visitor, store_id: UUID, *, errors: Refusals = Refusals(), status: int = 200) -> Response:  # noqa: B008  # frozen
    shown = await visit.store(store_id)
    past = past_of(visit)
    found = (
        await past.run(
            visit,
            "seo/store",
            {"id": shown["id"], **window(visit, 25), **window(visit, 25, "pages"), **window(visit, 25, "collections")},
        )
    )["store"]
    return visit.page("seo/store.html", past=past, found=found, errors=errors, status=status)


@router.post(HERE)
@sends("products/edit", "seo/move")
async def change(visit: Visitor, store_id: UUID) -> Response:
    """Save the texts of a product for search engines, or another address."""
    form = visit.form
    if form["do"] == "texts":
        input = {
            "productId": form["target"],
            "metaTitle": form["metaTitle"],
            "metaDescription": form["metaDescription"],
        }
        changed = await visit.change("products/edit", input)
        notice = "Saved. Search engines see it with their next visit."
    else:
        kind = form["kind"] if form["kind"] in KINDS else "PRODUCT"
        input = {"storeId": str(store_id), "kind": kind, "target": form["target"], "slug": form["slug"].strip()}
        if form["seen"]:
            input["expectedSlug"] = form["seen"]
        changed = await visit.change("seo/move", input)
        notice = "The address was changed. The former one leads there."
    if changed.errors:
        return await _seo(visit, store_id, errors=changed.errors, status=422)
    return visit.redirect(visit.with_query(), notice=notice)
