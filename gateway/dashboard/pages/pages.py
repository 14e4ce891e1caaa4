"""Content pages: the list, and the editor with preview and versions."""

from typing import Any
from uuid import UUID

from markupsafe import Markup
from starlette.responses import Response

from gateway.dashboard.lists import window
from gateway.dashboard.past import past_of, present_only
from gateway.dashboard.problems import Refusals, not_found
from gateway.dashboard.prose import compared
from gateway.dashboard.roles import opens, sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()

LIST, ONE = "/dashboard/stores/{store_id:uuid}/pages", "/dashboard/stores/{store_id:uuid}/pages/{id:uuid}"
SHOWN_MOST = 100_000


@router.get(LIST)
async def pages(visit: Visitor, store_id: UUID) -> Response:
    """Show the store's content pages."""
    shown = await visit.store(store_id)
    past = past_of(visit)
    store = (await past.run(visit, "pages/list", {"id": shown["id"], **window(visit, 50)}))["store"]
    return visit.page("pages/list.html", found=store["pages"], past=past)


@router.get("/dashboard/stores/{store_id:uuid}/pages/new")
@opens("pages/add")
@present_only("New things are made in the present.")
async def new(visit: Visitor, store_id: UUID) -> Response:
    """Show the form of a new page."""
    await visit.store(store_id)
    return visit.page("pages/new.html", preview=None)


@router.post("/dashboard/stores/{store_id:uuid}/pages/new")
@sends("pages/add")
async def add(visit: Visitor, store_id: UUID) -> Response:
    """Add a page, or show it as shoppers will see it."""
    await visit.store(store_id)
    form = visit.form
    if form["do"] == "preview":
        return visit.page("pages/new.html", preview=await _html(visit, form["content"]))
    input = {"storeId": str(store_id), "title": form["title"], "content": form["content"]}
    change = await visit.change("pages/add", input)
    if change.errors:
        return visit.page("pages/new.html", status=422, errors=change.errors, preview=None)
    return visit.redirect(f"/dashboard/stores/{store_id}/pages", notice="Page added.")


@router.get(ONE)
async def page(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Show the editor of a page, and all texts that it had."""
    return await _page(visit, store_id, id)


async def _page(visit: Visitor, store_id: UUID, id: UUID, **values: Any) -> Response:
    await visit.store(store_id)
    past = past_of(visit)
    found = (await past.run(visit, "pages/detail", {"id": str(id), **window(visit, 20)}))["page"]
    if found is None or found["storeId"] != str(store_id):
        raise not_found("page")
    number = visit.request.query_params.get("version")
    versions = found["versions"]
    older = None
    if number is not None:
        older = next((each for each in versions["nodes"] if str(each["number"]) == number), None)
    values.setdefault("preview", None)
    values.setdefault("changed", False)
    return visit.page(
        "pages/detail.html",
        page=found,
        past=past,
        older=older,
        older_html=None if older is None else compared(older["content"], found["content"])[0],
        live_html=compared(visit.form["content"] if values["changed"] else found["content"], found["content"])[1]
        if past or values["changed"]
        else None,
        **values,
    )


@router.post(ONE)
@sends("pages/edit")
async def edit(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Save a page, or show it as shoppers will see it. Nothing is saved if another editor was first."""
    form = visit.form
    if form["do"] == "preview":
        return await _page(visit, store_id, id, preview=await _html(visit, form["content"]))
    version = form["version"]
    input = {
        "pageId": str(id),
        "title": form["title"],
        "content": form["content"].replace("\r\n", "\n"),
        "expectedVersion": int(version) if version.isascii() and version.isdigit() else 0,
    }
    change = await visit.change("pages/edit", input)
    if change.errors:
        changed = any(each.code == "PAGE_CHANGED" for each in change.errors.errors)
        # The form then names the version that the editor sees beside the kept text.
        errors = Refusals() if changed else change.errors
        return await _page(visit, store_id, id, errors=errors, changed=changed, status=409 if changed else 422)
    return visit.redirect(f"/dashboard/stores/{store_id}/pages/{id}", notice="Page saved.")


async def _html(visit: Visitor, text: str) -> Markup:
    found = await visit.run("pages/render", {"text": text[:SHOWN_MOST]})
    # The API's answer has no script, no raw HTML and no picture in it.
    return Markup(found["renderMarkdown"])  # noqa: S704
