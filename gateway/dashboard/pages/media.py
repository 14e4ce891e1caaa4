"""Media: the gallery, and one photo before and after the studio."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.lists import chosen, picture, window
from gateway.dashboard.past import past_of
from gateway.dashboard.problems import Refusals, not_found
from gateway.dashboard.roles import opens, sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()

STATES = ("PROCESSED", "NEEDS_REVIEW", "REQUESTED", "REJECTED")
TYPES = ("IMAGE", "LOGO")
OPERATIONS = {
    "REMOVE_BACKGROUND": "Cut the product out",
    "PLACE_ON_GROUND": "Put it on the brand’s background",
    "CORRECT_COLOUR": "Correct the colors",
    "SHARPEN": "Sharpen",
}
DRAFTED = "The studio makes the new picture. Shoppers see the present one until you accept it."
LIST, ONE = "/dashboard/stores/{store_id:uuid}/media", "/dashboard/stores/{store_id:uuid}/media/{id:uuid}"


@router.get(LIST)
async def gallery(visit: Visitor, store_id: UUID) -> Response:
    """Show the store's photos and logos."""
    shown = await visit.store(store_id)
    past = past_of(visit)
    state, kind = chosen(visit, "status", STATES), chosen(visit, "type", TYPES)
    variables = {
        "id": shown["id"],
        **window(visit, 48),
        "types": list(TYPES) if kind is None else [kind],
        "statuses": list(STATES) if state is None else [state],
    }
    store = (await past.run(visit, "media/list", variables))["store"]
    media = store["media"]
    return visit.page(
        "media/list.html", media=media, past=past, picture=picture, state=state, states_shown=STATES, kind=kind
    )


@router.get(ONE)
@opens(again="media/process")
async def photo(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Show a photo before and after the studio."""
    return await _photo(visit, store_id, id)


async def _photo(visit: Visitor, store_id: UUID, id: UUID, **values: Any) -> Response:
    await visit.store(store_id)
    past = past_of(visit)
    found = (await past.run(visit, "media/detail", {"id": str(id)}))["mediaAsset"]
    if found is None or found["storeId"] != str(store_id):
        raise not_found("photo")
    return visit.page("media/detail.html", photo=found, past=past, operations=OPERATIONS, **values)


@router.post(ONE)
@sends("media/choose", "media/process")
async def change(visit: Visitor, store_id: UUID, id: UUID) -> Response:
    """Choose the version that shoppers see, or send the photo to the studio again: in a live shop as a draft."""
    form = visit.form
    if form["do"] in {"CUTOUT", "ORIGINAL"}:
        chosen = {"imageId": str(id), "version": form["do"], "expectedVersion": form.text("seen")}
        changed = await visit.change("media/choose", chosen)
        notice = "Shoppers see the version that you chose. If it was not stored, the studio makes it now."
    else:
        operations = [each for each in OPERATIONS if each in form.texts("operations")]
        input = {
            "storeId": str(store_id),
            "imageId": str(id),
            "altText": form.text("altText"),
            "operations": operations,
            "ground": form.text("ground"),
        }
        changed = await visit.change("media/process", input)
        notice = "The studio works on the photo again."
    if changed.errors:
        return await _photo(visit, store_id, id, errors=changed.errors, status=422)
    # None if the read models are behind.
    picture = changed["mediaAsset"]
    if picture is not None and picture["draftId"] is not None:
        return visit.redirect(f"/dashboard/stores/{store_id}/drafts", notice=DRAFTED)
    return visit.redirect(f"/dashboard/stores/{store_id}/media/{id}", notice=notice)


@router.post(LIST)
@sends("media/process")
async def add(visit: Visitor, store_id: UUID) -> Response:
    """Send a new photo that belongs to no product to the studio."""
    form = visit.form
    input = {"storeId": str(store_id), "url": form["url"].strip(), "altText": form.text("altText")}
    changed = await visit.change("media/process", input)
    if changed.errors:
        return visit.redirect(f"/dashboard/stores/{store_id}/media", notice=_sentence(changed.errors))
    return visit.redirect(f"/dashboard/stores/{store_id}/media", notice="The studio works on the photo.")


def _sentence(errors: Refusals) -> str:
    return " ".join(each.message for each in errors.errors)
