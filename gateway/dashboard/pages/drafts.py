"""Drafts: found goods and proposals beside the live store, compared field by field, accepted or dropped."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from gateway.dashboard.lists import picture, window
from gateway.dashboard.parts import or_else
from gateway.dashboard.past import past_of
from gateway.dashboard.problems import Refusals, not_found
from gateway.dashboard.prose import compared
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()

HERE = "/dashboard/stores/{store_id:uuid}/drafts"
TARGETS = {"BRAND": None, "PRODUCT": "targetId", "PAGE": "targetId", "COLLECTION": "targetId", "CATEGORY": "category"}
"""What can be written again, and the field of the input that names it."""
PLACES = {"BRAND": "brand", "PRODUCT": "products", "PAGE": "pages", "COLLECTION": "collections", "IMAGE": "media"}
"""Where the page of a target is."""

OPEN = ["REQUESTED", "PROPOSED"]
"""Statuses of drafts that wait for a decision."""


@router.get(HERE)
async def drafts(visit: Visitor, store_id: UUID) -> Response:
    """Show the drafts that wait for a decision, or all of them."""
    return await _drafts(visit, store_id)


async def _drafts(visit: Visitor, store_id: UUID, *, errors: Refusals = Refusals(), status: int = 200) -> Response:  # noqa: B008  # frozen
    shown = await visit.store(store_id)
    everything = visit.request.query_params.get("all") == "1"
    variables = {"id": shown["id"], **window(visit, 20), "statuses": None if everything else OPEN}
    past = past_of(visit)
    store = (await past.run(visit, "drafts/list", variables))["store"]
    return visit.page(
        "drafts/list.html",
        past=past,
        status=status,
        errors=errors,
        drafts=store["drafts"],
        found=store["foundGoods"] if store["publishedAt"] else [],
        picture=picture,
        preview_url=None if past else store["previewUrl"],
        everything=everything,
        parts=parts_of,
        prose=prose_of,
        rest=rest_of,
        places=PLACES,
        working=not past
        and or_else(lambda: any(each["status"] == "REQUESTED" for each in store["drafts"]["nodes"]), False),  # noqa: FBT003 - a default
    )


PROSE = {"CONTENT": "", "TEXT": "", "DESCRIPTION": "description"}
"""Fields with Markdown, and the part of the value that has it; empty for the whole value."""


def prose_of(change: Mapping[str, Any]) -> tuple[Markup, Markup] | None:
    """Return the Markdown of a change, live and proposed, with what differs marked. None if the field has none."""
    part = PROSE.get(change["field"])
    if part is None:
        return None
    before, proposed = ((change[side] or {}).get(part) if part else change[side] for side in ("before", "proposed"))
    return compared(str(before or ""), str(proposed or ""))


def rest_of(change: Mapping[str, Any], side: str) -> Any:
    """Return a side of a change without its Markdown. None if nothing is left."""
    part, value = PROSE.get(change["field"]), change[side]
    if part is None:
        return value
    return {name: each for name, each in (value or {}).items() if name != part} if part else None


def parts_of(value: Any, beside: Any = None) -> list[tuple[str, str]]:
    """Return a value's parts with their names. Lists and texts have no names, and a logo is a picture's address.

    Args:
        value: a field's value.
        beside: the value that it is compared with; parts that both have are in its order.
    """
    match value:
        case None | "" | []:
            return [("", "–")]
        case {"svg": svg}:
            return [("svg", "data:image/svg+xml," + quote(str(svg)))]
        case dict():
            order = [*(beside if isinstance(beside, dict) else ()), *value]
            return [
                (name, _listed(value[name]) if isinstance(value[name], list) else str(value[name]))
                for name in dict.fromkeys(order)
                if name in value
            ]
        case list():
            return [("", _listed(value))]
        case _:
            return [("", str(value))]


def _listed(values: list[Any]) -> str:
    """Return a list's values: words with commas between them, sentences on lines of their own."""
    words = [str(each) for each in values]
    return ("\n" if any(each.endswith(".") for each in words) else ", ").join(words)


@router.post(HERE)
@sends("drafts/make")
async def make(visit: Visitor, store_id: UUID) -> Response:
    """Have something written again, as a draft."""
    form = visit.form
    kind = form["kind"] if form["kind"] in TARGETS else "BRAND"
    input: dict[str, Any] = {"storeId": str(store_id), "targetKind": kind, "hint": form.text("hint")}
    if field := TARGETS[kind]:
        input[field] = form["target"]
    change = await visit.change("drafts/make", input)
    if change.errors:
        return await _drafts(visit, store_id, errors=change.errors, status=422)
    return visit.redirect(
        f"/dashboard/stores/{store_id}/drafts", notice="The draft is being made. The shop stays as it is."
    )


@router.post(HERE + "/goods")
@sends("products/decide")
async def decide_goods(visit: Visitor, store_id: UUID) -> Response:
    """Put the chosen goods of a search on sale, and archive the others that were shown."""
    form = visit.form
    chosen = form.texts("chosen")
    others = [id for id in form.texts("shown") if id not in chosen]
    input = {"storeId": str(store_id), "activateIds": chosen, "archiveIds": others}
    change = await visit.change("products/decide", input)
    if change.errors:
        return await _drafts(visit, store_id, errors=change.errors, status=422)
    notice = f"{len(chosen)} on sale, {len(others)} archived."
    return visit.redirect(f"/dashboard/stores/{store_id}/drafts", notice=notice)


@router.post(HERE + "/{id:uuid}")
@sends("drafts/accept", "drafts/drop")
async def decide(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Accept a draft, whole or the chosen fields, or drop it."""
    form = visit.form
    if form["do"] == "drop":
        change = await visit.change("drafts/drop", {"draftId": str(id)})
        notice = "The draft is dropped. Nothing changed in the shop."
    else:
        fields = form.texts("fields")
        input = {"draftId": str(id)} | ({"fields": fields} if form["do"] == "some" else {})
        change = await visit.change("drafts/accept", input)
        notice = "Accepted. It is in the shop now."
    if change.errors:
        return await _drafts(visit, store_id, errors=change.errors, status=422)
    return visit.redirect(f"/dashboard/stores/{store_id}/drafts", notice=notice)


@router.get(HERE + "/{id:uuid}/preview")
async def preview(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Lead to the shop as it would be with a draft."""
    url = (await visit.run("drafts/preview", {"id": str(store_id), "draftId": str(id)}))["store"]["previewUrl"]
    if url is None:
        raise not_found("preview")
    return RedirectResponse(url, status_code=303, headers={"cache-control": "no-store"})
