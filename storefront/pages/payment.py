"""The step from a placed order to its payment page."""

from starlette.responses import Response

from commands.ports import ConcurrencyConflict
from domain.kernel import DomainError, Transient
from domain.order.errors import OrderNotOpen
from projections.sales.views import OrderView
from storefront.checkout.place_order import Checkout, is_open
from storefront.rendering.renderer import PageRenderer
from storefront.visit.visit import Visit

BUSY = "Many people are buying this at the moment. Please try again."
"""The message after a command lost too often to concurrent ones."""


async def send_to_payment(renderer: PageRenderer, checkout: Checkout, visit: Visit, order: OrderView) -> Response:
    """Send the shopper to the payment page of an order, or to the order's own page if it cannot be paid."""
    # Repeating a payment session must repeat its addresses: providers refuse a repetition with other ones.
    link = visit.order_links.to(order.id, at=order.placed_at)
    success, unpaid = f"/checkout/success/{link}", f"/checkout/unpaid/{link}"
    if not is_open(order):
        return renderer.redirect(visit, success)
    try:
        address = await checkout.open_payment(
            visit.store, order, success_url=visit.origin + success, cancel_url=f"{visit.origin}{unpaid}?from=payment"
        )
    except Transient:
        visit.say("The payment page did not answer. Your order is kept. Try again in a moment.")
        return renderer.redirect(visit, unpaid)
    except ConcurrencyConflict:
        visit.say(f"{BUSY} Your order is kept.")
        return renderer.redirect(visit, unpaid)
    except OrderNotOpen:
        # Another window paid or cancelled it: the order's own page shows which.
        return renderer.redirect(visit, success)
    except DomainError as refusal:
        visit.say(f"{refusal} Nothing was charged.")
        return renderer.redirect(visit, unpaid)
    return renderer.redirect(visit, address)
