"""Orders of a store: the list, one order with its timeline, its packing slip, and the evidence for a dispute."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.lists import chosen, window
from gateway.dashboard.parts import Unanswered, or_else, unless_failed
from gateway.dashboard.past import past_of, present_only
from gateway.dashboard.problems import Refusals, not_found
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()

PAGE = 25
VIEWS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "all": ("All", {}),
    "decide": ("Needs a decision", {"needsAttention": True}),
    "ship": ("To ship", {"toShip": True}),
    "owed": ("To refund", {"refundOwed": True}),
    "refunds": ("Refunds not confirmed", {"refundsOverdue": True}),
    "sent": ("Shipped", {"statuses": ["FULFILLED"]}),
    "unpaid": ("Unpaid", {"statuses": ["PENDING"]}),
    "ended": ("Ended", {"statuses": ["CANCELLED", "REFUNDED"]}),
}
"""The list's views: a label, and the arguments of the document."""
SORTS = {"OLDEST": "Oldest first", "TOTAL_HIGH": "Highest total", "TOTAL_LOW": "Lowest total"}
"""The list's orders besides the newest first. Totals are sorted one currency after the other."""
STANDINGS = {
    "UNPAID": ("Waiting for payment", "wait"),
    "PAID": ("To ship", "wait"),
    "PARTLY_SENT": ("Partly shipped", "wait"),
    "SENT": ("Shipped", "good"),
    "DELIVERED": ("Delivered", "good"),
    "PARTLY_RETURNED": ("Partly returned", "plain"),
    "REPLACED": ("Replaced", "good"),
    "CANCELLED": ("Cancelled", "plain"),
    "WITHDRAWN": ("Withdrawn, to refund", "bad"),
    "COMING_BACK": ("Coming back", "wait"),
    "RETURNED": ("Returned, to refund", "bad"),
    "REFUNDING": ("Refund on its way", "wait"),
    "REFUNDED": ("Refunded", "plain"),
}
"""How an order stands, as merchants call it, and the kind of its badge."""


@router.get("/dashboard/stores/{store_id:uuid}/orders")
async def orders(
    visit: Visitor,
    store_id: UUID,
    view: str = "all",
    q: str = "",
) -> Response:
    """List orders. A search that finds one order leads to it, and an e-mail address leads to its customer."""
    store = await visit.store(store_id)
    search = q.strip()
    if "@" in search:
        return visit.redirect(visit.within(f"/dashboard/stores/{store['id']}/customers", email=search))
    _, wanted = VIEWS.get(view, VIEWS["all"])
    number = {"number": search} if search else {}
    past, sort = past_of(visit), chosen(visit, "sort", tuple(SORTS))
    sorted_by = {"sort": sort} if sort else {}
    variables = {"id": store["id"], **window(visit, PAGE), **wanted, **number, **sorted_by}
    found = (await past.run(visit, "orders/list", variables))["store"]["orders"]
    if search and len(found["nodes"]) == 1:
        return visit.redirect(order_path(store_id, found["nodes"][0]["id"]) + visit.travel)
    return visit.page(
        "orders/list.html",
        past=past,
        orders=found,
        view=view if view in VIEWS else "all",
        views=VIEWS,
        sort=sort,
        sorts=SORTS,
        q=search,
        standings=STANDINGS,
    )


@router.get("/dashboard/stores/{store_id:uuid}/orders/{order_id:uuid}")
async def order(visit: Visitor, store_id: UUID, order_id: UUID) -> Response:
    """Show an order."""
    return await show_order(visit, store_id, order_id)


async def show_order(
    visit: Visit, store_id: UUID, order_id: UUID, *, errors: Refusals | None = None, status: int = 200
) -> Response:
    """Return the page of an order, with what its last form was refused for."""
    await visit.store(store_id)
    past = past_of(visit)
    found = (
        await past.run(visit, "orders/detail", {"id": str(order_id), **window(visit, 100, "timeline", from_end=True)})
    )["order"]
    if found is None or found["storeId"] != str(store_id):
        raise not_found("order")
    titles = unless_failed(lambda: {line["variantId"]: title_of(line) for line in found["lines"]})
    alternatives: list[dict[str, Any]] | Unanswered = []
    goods = visit.request.query_params.get("goods", "")[:200]
    searchable = bool(goods)
    if found["hold"] is not None and not past:
        store = (await visit.part("orders/alternatives", {"id": str(store_id), "search": goods or None}))["store"]
        searchable = searchable or unless_failed(lambda: store["products"]["pageInfo"]["hasNextPage"]) is True
        alternatives = unless_failed(lambda: offers(store["products"]["nodes"], set(titles)))
    return visit.page(
        "orders/detail.html",
        past=past,
        status=status,
        order=found,
        titles=titles,
        alternatives=alternatives,
        searchable=searchable,
        path=order_path(store_id, order_id),
        standings=STANDINGS,
        overdue=unless_failed(lambda: [each["id"] for each in found["refunds"] if is_overdue(each, visit.now)]),
        paying_refunds=or_else(
            lambda: {each["id"]: each for each in found["refunds"] if each["status"] != "FAILED"}, None
        ),
        paid_by=unless_failed(lambda: {found["intentId"], *(each["intentId"] for each in found["unmatchedPayments"])}),
        to_ship=unless_failed(lambda: sum(line["toShip"] for line in found["lines"])),
        errors=errors or Refusals(),
    )


@router.get("/dashboard/stores/{store_id:uuid}/orders/{order_id:uuid}/packing-slip")
@present_only("A packing slip is for goods that are sent now.")
async def packing_slip(visit: Visitor, store_id: UUID, order_id: UUID, parcel: int | None = None) -> Response:
    """Show what goes into a parcel, for printing: one that was sent, or what is left to send."""
    await visit.store(store_id)
    found = await visit.run("orders/slip", {"id": str(order_id), "storeId": str(store_id)})
    slip = found["order"]
    if slip is None or slip["storeId"] != str(store_id):
        raise not_found("order")
    sent = next((each for each in slip["parcels"] if each["number"] == parcel), None)
    if parcel is not None and sent is None:
        raise not_found("parcel")
    pieces = {line["variantId"]: line["quantity"] for line in sent["lines"]} if sent else None
    lines = [
        {
            **line,
            "pieces": pieces.get(line["variantId"], 0) if pieces is not None else line["toShip"] or line["quantity"],
        }
        for line in slip["lines"]
    ]
    return visit.page(
        "orders/slip.html",
        order=slip,
        parcel=sent,
        lines=[line for line in lines if line["pieces"]],
        business=found["store"]["businessIdentity"],
        path=order_path(store_id, order_id),
    )


def order_path(store_id: UUID | str, order_id: UUID | str) -> str:
    """Return the address of an order's page."""
    return f"/dashboard/stores/{store_id}/orders/{order_id}"


def is_overdue(refund: Mapping[str, Any], now: datetime) -> bool:
    """Whether the payment provider should have said by now how a refund ended."""
    return refund["overdueAt"] is not None and datetime.fromisoformat(refund["overdueAt"]) < now


def title_of(line: Mapping[str, Any]) -> str:
    """Return a line's title with its variant, unless the product has one variant."""
    variant = line["variantTitle"]
    return str(line["title"]) if variant in {"Default", ""} else f"{line['title']} · {variant}"


def offers(products: list[dict[str, Any]], taken: set[str]) -> list[dict[str, Any]]:
    """Return the variants that may be sent in place of a line: those in stock that the order does not have."""
    return [
        {
            "value": f"{product['id']} {variant['id']}",
            "label": f"{title_of({'title': product['title'], 'variantTitle': variant['title']})}, {variant['available']} in stock",
            "price": variant["price"],
            "currency": product["currency"],
        }
        for product in products
        for variant in product["variants"]
        if variant["available"] > 0 and variant["id"] not in taken
    ]
