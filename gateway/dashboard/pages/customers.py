"""Customers of a store: the people of its orders, and the erasure of one."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.lists import window
from gateway.dashboard.pages.orders import STANDINGS
from gateway.dashboard.parts import or_else, unless_failed
from gateway.dashboard.past import past_of
from gateway.dashboard.problems import Refusals, refusal
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()

CUSTOMERS = "/dashboard/stores/{store_id:uuid}/customers"
PAGE = 100
"""Orders whose people are on one page."""


@router.get(CUSTOMERS)
async def customers(visit: Visitor, store_id: UUID, email: str = "") -> Response:
    """List people, or show everything of one address."""
    if email.strip():
        return await show_customer(visit, store_id, email.strip())
    store = await visit.store(store_id)
    past = past_of(visit)
    found = (await past.run(visit, "customers/list", {"id": store["id"], **window(visit, PAGE)}))["store"]["orders"]
    return visit.page(
        "customers/list.html",
        past=past,
        people=unless_failed(lambda: people_of(found["nodes"])),
        page_info=unless_failed(lambda: found["pageInfo"]),
        email="",
    )


async def show_customer(
    visit: Visit, store_id: UUID, email: str, *, errors: Refusals | None = None, status: int = 200
) -> Response:
    """Return the page of one address."""
    store = await visit.store(store_id)
    past = past_of(visit)
    variables = {"id": store["id"], "email": email, **window(visit, 25)}
    found = (await past.run(visit, "customers/detail", variables))["store"]["customer"]
    return visit.page(
        "customers/detail.html",
        past=past,
        status=status,
        customer=found,
        name=or_else(lambda: _name_of(found), None) or email,
        email=email,
        standings=STANDINGS,
        errors=errors or Refusals(),
    )


def _name_of(customer: dict[str, Any] | None) -> str | None:
    """Return the name in the newest order on the page; None if there is none."""
    orders = customer["orders"]["nodes"] if customer else []
    return orders[0]["shopper"]["name"] if orders else None


@router.post(f"{CUSTOMERS}/erase")
@sends("customers/erase")
async def erase(visit: Visitor, store_id: UUID) -> Response:
    """Erase a person's data everywhere. The merchant writes the address once more."""
    email = visit.form["email"].strip()
    store = await visit.store(store_id)
    if visit.form["again"].strip().lower() != email.lower():
        errors = refusal("again", "The addresses differ. Nothing was erased. Write the address once more.")
        return await show_customer(visit, store_id, email, errors=errors, status=422)
    change = await visit.change("customers/erase", {"storeId": store["id"], "email": email})
    if change.errors:
        return await show_customer(visit, store_id, email, errors=change.errors, status=422)
    count = change["erasedOrders"]
    notice = f"The personal data of {count} {'order' if count == 1 else 'orders'} is erased, permanently."
    return visit.redirect(f"/dashboard/stores/{quote(str(store['id']))}/customers", notice=notice)


def people_of(orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the people of orders, the one with the newest order first. Erased people are left out."""
    people: dict[str, dict[str, Any]] = {}
    for order in orders:
        shopper = order["shopper"]
        if shopper["email"] is None:
            continue
        person = people.setdefault(
            shopper["email"].casefold(),
            {**shopper, "orders": 0, "latest": order, "place": shopper["shippingAddress"] or {}},
        )
        person["orders"] += 1
    return list(people.values())
