"""What a merchant does with an order. Each form leads back to the order's page."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from starlette.responses import Response

from gateway.dashboard.forms import Form
from gateway.dashboard.pages.orders import order_path, show_order
from gateway.dashboard.problems import Refusals, not_found, refusal
from gateway.dashboard.roles import sends
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visit, Visitor

router = area_router()

ORDER = "/dashboard/stores/{store_id:uuid}/orders/{order_id:uuid}"
RETURN = f"{ORDER}/returns/{{number:int}}"
Inputs = Mapping[str, Any]


async def _act(visit: Visit, ids: tuple[UUID, UUID], name: str, input: Inputs, notice: str) -> Response:
    """Run a document about an order, and show the order."""
    store_id, order_id = ids
    await visit.store(store_id)
    change = await visit.change(name, {"orderId": str(order_id), **input})
    if change.errors:
        return await _refused(visit, ids, change.errors)
    return visit.redirect(order_path(store_id, order_id), notice=notice)


async def _refused(visit: Visit, ids: tuple[UUID, UUID], errors: Refusals) -> Response:
    return await show_order(visit, *ids, errors=errors, status=422)


def pieces_of(form: Form, prefix: str = "quantity.") -> list[dict[str, Any]] | Refusals:
    """Return the lines of a form with a field of pieces per variant; refusals if one is not a number."""
    lines = []
    for name in form:
        text = form[name].strip()
        if not name.startswith(prefix) or text in {"", "0"}:
            continue
        if not text.isdecimal() or len(text) > 6:
            return refusal("lines", f"{text[:20]!r} is not a count of pieces. Use a whole number, such as 1.")
        lines.append({"variantId": name.removeprefix(prefix), "quantity": int(text)})
    return lines


@router.post(f"{ORDER}/ship")
@sends("orders/ship")
async def ship(visit: Visitor, store_id: UUID, order_id: UUID) -> Response:
    """Record a parcel."""
    ids, lines = (store_id, order_id), pieces_of(visit.form)
    if isinstance(lines, Refusals):
        return await _refused(visit, ids, lines)
    input = {"lines": lines, "carrier": visit.form.text("carrier"), "trackingNumber": visit.form.text("tracking")}
    return await _act(visit, ids, "orders/ship", input, "The parcel is recorded. The shopper gets a mail.")


@router.post(f"{ORDER}/parcels/{{number:int}}")
@sends("orders/ship")
async def correct_parcel(visit: Visitor, store_id: UUID, order_id: UUID, number: int) -> Response:
    """Correct carrier and tracking number of a parcel."""
    input = {
        "parcel": number,
        "carrier": visit.form.text("carrier"),
        "trackingNumber": visit.form.text("tracking"),
    }
    return await _act(visit, (store_id, order_id), "orders/ship", input, f"Parcel {number} is corrected.")


@router.post(f"{ORDER}/deliver")
@sends("orders/deliver")
async def deliver(visit: Visitor, store_id: UUID, order_id: UUID) -> Response:
    """Record the day of the delivery."""
    day, ids = visit.form.text("deliveredOn") or "", (store_id, order_id)
    try:
        date.fromisoformat(day)
    except ValueError:
        return await _refused(
            visit, ids, refusal("deliveredOn", f"{day[:20]!r} is not a day. Use one such as 2026-11-29.")
        )
    input = {"deliveredOn": day, "expectedDeliveredOn": visit.form.text("seen")}
    return await _act(visit, ids, "orders/deliver", input, "The delivery is recorded.")


@router.post(f"{ORDER}/cancel")
@sends("orders/cancel")
async def cancel(visit: Visitor, store_id: UUID, order_id: UUID) -> Response:
    """Cancel the order; a paid one is refunded."""
    reason = {"reason": visit.form.text("reason")}
    return await _act(visit, (store_id, order_id), "orders/cancel", reason, "The order is cancelled.")


@router.post(f"{ORDER}/refund")
@sends("orders/refund")
async def refund(visit: Visitor, store_id: UUID, order_id: UUID) -> Response:
    """Pay everything back, some pieces, or an amount."""
    form, ids = visit.form, (store_id, order_id)
    input: dict[str, Any] = {"reason": form.text("reason")}
    match form["what"]:
        case "ALL":
            input["restock"] = form.checked("restock")
        case "PIECES":
            lines = pieces_of(form)
            if isinstance(lines, Refusals):
                return await _refused(visit, ids, lines)
            input["lines"] = [{**line, "restock": form.checked("restock")} for line in lines]
            input["shipping"] = form.text("shipping")
            if not lines and input["shipping"] is None:
                return await _refused(
                    visit, ids, refusal("lines", "Name at least one piece, or an amount of the delivery.")
                )
        case "AMOUNT" if form.text("amount"):
            input["amount"] = form.text("amount")
        case _:
            return await _refused(
                visit, ids, refusal("amount", "Say what is refunded: everything, pieces or an amount.")
            )
    return await _act(visit, ids, "orders/refund", input, "The refund is requested. The payment provider is asked now.")


WAYS = {
    "buy": ("orders/buy_anyway", "The goods will be bought. The loss is yours."),
    "check": ("orders/check_again", "The supplier is asked once more."),
    "refund": ("orders/refund_held", "The order will be paid back."),
    "place": ("orders/place_at_supplier", "The goods are being ordered at the supplier."),
}


@router.post(f"{ORDER}/supply/{{way}}")
@sends(**{way: document for way, (document, _) in WAYS.items()})
async def supply(visit: Visitor, store_id: UUID, order_id: UUID, way: str) -> Response:
    """Go on with a held order, or order its goods at the supplier."""
    if way not in WAYS:
        raise not_found("page")
    name, notice = WAYS[way]
    input = {"reason": visit.form.text("reason")} if way == "refund" else {}
    return await _act(visit, (store_id, order_id), name, input, notice)


@router.post(f"{ORDER}/substitute")
@sends("orders/substitute")
async def substitute(visit: Visitor, store_id: UUID, order_id: UUID) -> Response:
    """Send other goods for lines of a held order."""
    lines = []
    for name in visit.form:
        product, _, variant = visit.form[name].partition(" ")
        if name.startswith("instead.") and variant:
            lines.append({"variantId": name.removeprefix("instead."), "productId": product, "substituteId": variant})
    ids = (store_id, order_id)
    if not lines:
        return await _refused(visit, ids, refusal("lines", "Choose other goods for at least one line."))
    return await _act(
        visit, ids, "orders/substitute", {"lines": lines}, "Other goods will be sent. The shopper gets a mail."
    )


@router.post(f"{RETURN}/approve")
@sends("orders/approve_return")
async def approve_return(visit: Visitor, store_id: UUID, order_id: UUID, number: int) -> Response:
    """Accept a return."""
    input = {
        "number": number,
        "instructions": visit.form.text("instructions"),
        "address": visit.form.text("address"),
    }
    return await _act(visit, (store_id, order_id), "orders/approve_return", input, "The return is approved.")


@router.post(f"{RETURN}/decline")
@sends("orders/decline_return")
async def decline_return(visit: Visitor, store_id: UUID, order_id: UUID, number: int) -> Response:
    """Decline a return with a reason."""
    input = {"number": number, "reason": visit.form["reason"].strip()}
    return await _act(visit, (store_id, order_id), "orders/decline_return", input, "The return is declined.")


@router.post(f"{RETURN}/receive")
@sends("orders/receive_return")
async def receive_return(visit: Visitor, store_id: UUID, order_id: UUID, number: int) -> Response:
    """Record which goods came back."""
    ids, lines = (store_id, order_id), pieces_of(visit.form)
    if isinstance(lines, Refusals):
        return await _refused(visit, ids, lines)
    restock = visit.form.checked("restock")
    input = {"number": number, "lines": [{**line, "restock": restock} for line in lines]}
    return await _act(visit, ids, "orders/receive_return", input, "The goods are recorded. Now refund or replace them.")


@router.post(f"{RETURN}/refund")
@sends("orders/refund_return")
async def refund_return(visit: Visitor, store_id: UUID, order_id: UUID, number: int) -> Response:
    """Pay a return back."""
    input = {"number": number, "shipping": visit.form.text("shipping"), "reason": visit.form.text("reason")}
    return await _act(visit, (store_id, order_id), "orders/refund_return", input, "The refund is requested.")


@router.post(f"{RETURN}/replace")
@sends("orders/replace_return")
async def replace_return(visit: Visitor, store_id: UUID, order_id: UUID, number: int) -> Response:
    """Record that new goods were sent."""
    input = {
        "number": number,
        "carrier": visit.form.text("carrier"),
        "trackingNumber": visit.form.text("tracking"),
    }
    return await _act(visit, (store_id, order_id), "orders/replace_return", input, "The replacement is recorded.")
