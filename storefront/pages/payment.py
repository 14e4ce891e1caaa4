"""The hop from a placed order to its payment page."""

from starlette.responses import Response

from commands.ports import ConcurrencyConflict
from domain.kernel import DomainError, Transient
from projections.sales.views import OrderView
from storefront.checkout.place_order import Checkout, is_open
from storefront.rendering.renderer import BUSY, PageRenderer, Visit


async def send_to_payment(front: PageRenderer, checkout: Checkout, visit: Visit, order: OrderView) -> Response:
    """Send the shopper to the page on which an order is paid, or to the order's own page if that cannot be."""
    link = front.order_link(visit, order.id)
    success, unpaid = f"/checkout/success/{link}", f"/checkout/unpaid/{link}"
    if not is_open(order):
        return front.redirect(visit, success)
    try:
        address = await checkout.open_payment(
            visit.store, order, success_url=visit.origin + success, cancel_url=f"{visit.origin}{unpaid}?from=payment"
        )
    except Transient:
        visit.say("The payment page did not answer. Your order is kept: try again in a moment.")
        return front.redirect(visit, unpaid)
    except ConcurrencyConflict:
        visit.say(f"{BUSY} Your order is kept.")
        return front.redirect(visit, unpaid)
    except DomainError:
        # Paid or called off in another window meanwhile: the order's own page says which.
        return front.redirect(visit, success)
    return front.redirect(visit, address)
