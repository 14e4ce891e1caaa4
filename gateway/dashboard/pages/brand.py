"""Brand and theme of a store: edits, other names, and drafts."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.past import past_of
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()

HERE = "/dashboard/stores/{store_id:uuid}/brand"
TEXTS = ("name", "tagline", "story", "headingFont", "logoSymbol")
COLORS = ("primary", "secondary", "accent")


@router.get(HERE)
async def brand(visit: Visitor, store_id: UUID) -> Response:
    """Show the store's brand, with a form for its parts."""
    return await _brand(visit, store_id)


async def _brand(visit: Visitor, store_id: UUID, **values: Any) -> Response:
    shown = await visit.store(store_id)
    past = past_of(visit)
    store = (await past.run(visit, "brand/store", {"id": shown["id"]}))["store"]
    found, visit.revision = store["brandIdentity"], store["revision"]
    logo = None if found is None else "data:image/svg+xml," + quote(found["logo"]["svg"])
    return visit.page("brand/store.html", brand=found, logo=logo, past=past, **values)


@router.post(HERE)
@sends("brand/edit", "brand/use_option")
async def edit(visit: Visitor, store_id: UUID) -> Response:
    """Save the parts of the brand that were changed, or use another of the compared names."""
    form = visit.form
    if form["do"] == "option":
        change = await visit.change("brand/use_option", {"storeId": str(store_id), "name": form["name"]})
        notice = "The shop has its new name."
    else:
        input: dict[str, Any] = {}
        for name in (*TEXTS, *COLORS):
            given = form[name].replace("\r\n", "\n").strip()
            if given and given != form[f"was.{name}"].strip():
                input[name] = given
        tone = [word.strip() for word in form["tone"].split(",") if word.strip()]
        if tone and ", ".join(tone) != form["was.tone"].strip():
            input["tone"] = tone
        if form["ground"] in {"light", "dark"}:
            input["dark"] = form["ground"] == "dark"
        if not input:
            return visit.redirect(visit.path, notice="Nothing was changed.")
        change = await visit.change("brand/edit", {"storeId": str(store_id), **input})
        notice = "Brand saved. Colors are moved where text would not be readable."
    if change.errors:
        return await _brand(visit, store_id, errors=change.errors, status=422)
    return visit.redirect(f"/dashboard/stores/{store_id}/brand", notice=notice)
