"""Brand and theme of a store: edits, other names, and drafts."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.forms import Form
from gateway.dashboard.parts import unless_failed
from gateway.dashboard.past import past_of
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()

HERE = "/dashboard/stores/{store_id:uuid}/brand"
TEXTS = ("name", "tagline", "story", "headingFont", "logoSymbol")
COLORS = ("primary", "secondary", "accent")
MOODS = {
    "ATELIER": "Atelier: serif headlines, thin lines, wide margins",
    "STUDIO": "Studio: round shapes, tinted panels",
    "SIGNAL": "Signal: dense, capitals, cut corners",
    "GALLERY": "Gallery: white space, large pictures",
    "MARKET": "Market: thick outlines, blocks of color",
    "ALMANAC": "Almanac: centered, deep head, framed pictures",
}
HEROES = {"PRODUCT": "The best products", "CATEGORY": "Categories as tiles", "ROOM": "Products side by side on a shelf"}
SECTIONS = {
    "CATEGORIES": "Categories",
    "FEATURED": "Featured products",
    "STORY": "Story",
    "PROMISES": "Delivery, returns, payment",
}


@router.get(HERE)
async def brand(visit: Visitor, store_id: UUID) -> Response:
    """Show the store's brand, with a form for its parts."""
    return await _brand(visit, store_id)


async def _brand(visit: Visitor, store_id: UUID, **values: Any) -> Response:
    shown = await visit.store(store_id)
    past = past_of(visit)
    answer = await past.run(visit, "brand/store", {"id": shown["id"]})
    store, kit = answer["store"], answer["installation"]
    found, visit.revision = store["brandIdentity"], store["revision"]
    logo = unless_failed(lambda: None if found is None else "data:image/svg+xml," + quote(found["logo"]["svg"]))
    shown = {"moods": MOODS, "heroes": HEROES, "sections": SECTIONS}
    return visit.page("brand/store.html", brand=found, kit=kit, logo=logo, past=past, **shown, **values)


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
        input |= look_of(form)
        if not input:
            return visit.redirect(visit.path, notice="Nothing was changed.")
        change = await visit.change("brand/edit", {"storeId": str(store_id), **input})
        notice = "Brand saved. Colors are moved where text would not be readable."
    if change.errors:
        return await _brand(visit, store_id, errors=change.errors, status=422)
    return visit.redirect(f"/dashboard/stores/{store_id}/brand", notice=notice)


def look_of(form: Form) -> dict[str, Any]:
    """Return the fields of ``EditStoreInput`` for the layout, as far as the form changes it. 0 leaves a section out."""
    look: dict[str, Any] = {
        name: form[name] for name in ("mood", "hero") if form[name] and form[name] != form[f"was.{name}"]
    }
    places = {name: form[f"section.{name}"] for name in SECTIONS}
    if all(places.values()) and any(form[f"section.{name}"] != form[f"was.section.{name}"] for name in SECTIONS):
        look["sections"] = sorted(
            (name for name in SECTIONS if places[name] not in {"", "0"}), key=lambda name: places[name]
        )
    return look
