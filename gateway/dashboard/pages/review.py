"""The review of a made store: brand, products, pages and what is missing; then approval and publication."""

import re
from typing import Any
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.lists import window
from gateway.dashboard.parts import unless_failed
from gateway.dashboard.past import present_only
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()
STORE = "/dashboard/stores/{store_id:uuid}"
BLANK = re.compile(r"\*\*\[(To be completed by the merchant:[^\]]*)\]\*\*")
"""What earlier releases left for the merchant to fill in."""
BUSINESS = "{business"
"""Stands in a page where the business's details appear once they are stated."""
PLACES = {
    "email": "/dashboard/account/profile",
    "businessIdentity": "legal",
    "stripeAccount": "/dashboard/integrations",
    "pages": "pages",
    "products": "products",
}


@router.get(f"{STORE}/review")
@present_only("A review is for what is decided now.")
async def review(visit: Visitor, store_id: UUID) -> Response:
    """Show what the agents made."""
    await visit.store(store_id)
    return await _page(visit, store_id)


@router.post(f"{STORE}/approve")
@sends("review/approve")
async def approve(visit: Visitor, store_id: UUID) -> Response:
    """Approve the store."""
    change = await visit.change("review/approve", {"storeId": str(store_id)})
    if change.errors:
        await visit.store(store_id)
        return await _page(visit, store_id, status=422, errors=change.errors)
    return visit.redirect(f"/dashboard/stores/{store_id}/review", notice="Approved. You can publish the shop now.")


@router.post(f"{STORE}/publish")
@sends("review/publish")
async def publish(visit: Visitor, store_id: UUID) -> Response:
    """Open the shop."""
    change = await visit.change("review/publish", {"storeId": str(store_id)})
    if change.errors:
        await visit.store(store_id)
        return await _page(visit, store_id, status=422, errors=change.errors)
    return visit.redirect(f"/dashboard/stores/{store_id}/live")


@router.post(f"{STORE}/brand-option")
@sends("review/use_option")
async def use_option(visit: Visitor, store_id: UUID) -> Response:
    """Give the store another of the names that were compared."""
    change = await visit.change("review/use_option", {"storeId": str(store_id), "name": visit.form["name"]})
    if change.errors:
        await visit.store(store_id)
        return await _page(visit, store_id, status=422, errors=change.errors)
    return visit.redirect(
        f"/dashboard/stores/{store_id}/review", notice=f"The shop is called {visit.form['name']} now."
    )


@router.post(f"{STORE}/pages-again")
@sends("review/regenerate")
async def write_pages_again(visit: Visitor, store_id: UUID) -> Response:
    """Have the pages of the shop written again."""
    change = await visit.change("review/regenerate", {"generationId": visit.form["generation"], "step": "PAGES"})
    if change.errors:
        await visit.store(store_id)
        return await _page(visit, store_id, status=422, errors=change.errors)
    return visit.redirect(f"/dashboard/stores/{store_id}/progress")


@router.get(f"{STORE}/live")
@present_only("It tells how the shop is reached now.")
async def live(visit: Visitor, store_id: UUID) -> Response:
    """Show the address of the open shop."""
    store = await visit.store(store_id)
    if store["status"] != "ACTIVE":
        return visit.redirect(f"/dashboard/stores/{store_id}/review")
    made = await _made(visit, store_id)
    return visit.page("review/live.html", made=made, blockers=unless_failed(lambda: _blockers(made)))


async def _page(visit: Visit, store_id: UUID, *, status: int = 200, **values: Any) -> Response:
    made = await _made(visit, store_id)
    return visit.page(
        "review/review.html",
        status=status,
        made=made,
        pages=unless_failed(lambda: _pages(made)),
        blockers=unless_failed(lambda: _blockers(made)),
        **values,
    )


def _pages(made: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the pages, each with what is not filled in."""
    stated = all(each["code"] != "NO_BUSINESS_IDENTITY" for each in made["publicationBlockers"])
    return [
        {**each, "blanks": BLANK.findall(each["content"]), "waits": BUSINESS in each["content"] and not stated}
        for each in made["pages"]["nodes"]
    ]


async def _made(visit: Visit, store_id: UUID) -> dict[str, Any]:
    store: dict[str, Any] = (
        await visit.run(
            "review/store", {"id": str(store_id), **window(visit, 24, "products"), **window(visit, 20, "pages")}
        )
    )["store"]
    return store


def _blockers(made: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is missing, each with the page that mends it."""
    return [{**each, "href": _place(made["id"], each["field"])} for each in made["publicationBlockers"]]


def _place(store_id: str, field: str) -> str:
    kind, _, id = field.partition(".")
    place = PLACES.get(kind, "settings")
    if place.startswith("/"):
        return place
    # Not every page of a place has an id: a missing one has its type.
    below = f"/{id}" if kind in {"pages", "products"} and "-" in id else ""
    return f"/dashboard/stores/{store_id}/{place}{below}"
