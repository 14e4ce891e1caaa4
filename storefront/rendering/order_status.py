"""An order's status as its page shows it: state, expected arrival, recipient, carrier."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from domain.order.after_sale.return_state import ReturnStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.delivery import ArrivalWindow, arrival_window
from domain.order.events import OrderStatus
from domain.order.standing import OrderStanding
from domain.privacy import PersonalData
from domain.shipping.town_lines import town_lines
from infra.web.countries import country_name
from projections.sales.views import OrderLineView, OrderView
from storefront.ports import StorefrontQueries

HEADLINES: Mapping[OrderStanding, str] = {
    OrderStanding.UNPAID: "Not paid yet",
    OrderStanding.PAID: "Thank you. Your order is in.",
    OrderStanding.PARTLY_SENT: "A part of your order is on its way",
    OrderStanding.SENT: "Your order is on its way",
    OrderStanding.DELIVERED: "Your order has arrived",
    OrderStanding.PARTLY_RETURNED: "A part of your order is back at the shop",
    OrderStanding.REPLACED: "The shop sent you new goods",
    OrderStanding.CANCELLED: "This order was cancelled",
    OrderStanding.WITHDRAWN: "You withdrew from this order",
    OrderStanding.COMING_BACK: "You are sending this order back",
    OrderStanding.RETURNED: "The shop has your returned goods",
    OrderStanding.REFUNDING: "Your refund is on its way",
    OrderStanding.REFUNDED: "Your order was refunded",
}
TAGS: Mapping[OrderStanding, str] = {
    OrderStanding.UNPAID: "Not paid",
    OrderStanding.PAID: "Paid",
    OrderStanding.PARTLY_SENT: "Partly sent",
    OrderStanding.SENT: "On its way",
    OrderStanding.DELIVERED: "Delivered",
    OrderStanding.PARTLY_RETURNED: "Partly returned",
    OrderStanding.REPLACED: "Replaced",
    OrderStanding.CANCELLED: "Cancelled",
    OrderStanding.WITHDRAWN: "Withdrawn",
    OrderStanding.COMING_BACK: "Being returned",
    OrderStanding.RETURNED: "Returned",
    OrderStanding.REFUNDING: "Refund on its way",
    OrderStanding.REFUNDED: "Refunded",
}
LEADS: Mapping[OrderStanding, tuple[str, str]] = {
    OrderStanding.PAID: ("Payment is confirmed, and", "is your order number. Keep it for questions."),
    OrderStanding.PARTLY_SENT: ("A part of order", "was handed to the carrier. The rest follows."),
    OrderStanding.SENT: ("Order", "was handed to the carrier."),
    OrderStanding.DELIVERED: ("Order", "was sent and has arrived."),
    OrderStanding.PARTLY_RETURNED: ("Some goods of order", "came back to the shop. Below is what was agreed."),
    OrderStanding.REPLACED: ("New goods for order", "were handed to the carrier."),
    OrderStanding.CANCELLED: ("Order", "will not be sent, and your payment goes back to you."),
    OrderStanding.WITHDRAWN: ("The shop has your withdrawal from order", "and pays your money back."),
    OrderStanding.COMING_BACK: ("Order", "is on its way back to the shop. Below is what was agreed."),
    OrderStanding.RETURNED: ("The goods of order", "are back at the shop. It pays you back or sends you new ones."),
    OrderStanding.REFUNDING: (
        "The refund of order",
        "was requested from the payment provider. Banks take up to ten days to show it.",
    ),
    OrderStanding.REFUNDED: ("The money for order", "was refunded to your payment method."),
}
"""What is before the order's number, and what is after it, of a paid order."""
UNDECIDED = ("The shop has your withdrawal from order", "and answers you whether it accepts it.")
"""The same for a withdrawal after its last day."""
CANCELLED_AND_REFUNDED = ("Order", "will not be sent, and your payment was refunded.")
"""The same for a cancelled order whose refund succeeded."""
BACK_AFTER_WITHDRAWAL = ("The goods of order", "are back at the shop, which pays your money back.")
"""The same for goods that came back because of a withdrawal."""
GIVEN_BACK = frozenset(
    {
        OrderStanding.WITHDRAWN,
        OrderStanding.COMING_BACK,
        OrderStanding.RETURNED,
        OrderStanding.REFUNDING,
        OrderStanding.REFUNDED,
    }
)
"""Standings of orders of which nothing is awaited by the shopper but money."""
ARRIVED = frozenset({OrderStanding.DELIVERED, OrderStanding.PARTLY_RETURNED, OrderStanding.REPLACED})
"""Standings of orders that the shopper got."""
CARRIERS: Mapping[str, str] = {
    "dhl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={}",
    "dpd": "https://www.dpd.com/tracking?parcelNumber={}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "gls": "https://gls-group.com/track/{}",
    "la poste": "https://www.laposte.fr/outils/suivre-vos-envois?code={}",
    "post nl": "https://postnl.nl/tracktrace/?B={}",
    "royal mail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    "ups": "https://www.ups.com/track?tracknum={}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
}
"""Carriers in lower case, and the page on which each shows a parcel."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline."""

    label: str
    at: datetime | None
    """None if it has not happened yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The parcel's recipient, masked, because everybody with the link can see an order's page."""

    name: str
    email: str
    address: str
    country: str | None
    """ISO 3166-1 alpha-2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownParcel:
    """A parcel of the order."""

    number: int
    goods: Sequence[tuple[OrderLineView, int]]
    """Lines and pieces in it; empty if it holds the whole order."""
    carrier: str | None
    tracking_number: str | None
    tracking_url: str | None
    shipped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatusView:
    """An order as its page shows it."""

    headline: str
    lead: tuple[str, str]
    """The sentence below it: before the order's number, and after it."""
    tag: str
    is_given_back: bool
    """Whether the order was withdrawn, comes back or is refunded, as a whole."""
    steps: Sequence[Step]
    arrival: ArrivalWindow | None
    """The days that were promised when the order was placed; None if a supplier gives none, or if nothing will be delivered."""
    parcels: Sequence[ShownParcel]
    recipient: Recipient | None
    """None after the shopper's data was erased."""

    @property
    def country(self) -> str | None:
        """Where it is delivered; None if that is unknown."""
        return None if self.recipient is None else self.recipient.country


async def order_status(order: OrderView, queries: StorefrontQueries, personal: PersonalData) -> OrderStatusView:
    """Return an order's status as its page shows it."""
    standing = order.standing
    declined = standing is OrderStanding.UNPAID and order.payment_failure is not None
    return OrderStatusView(
        headline="Your payment was declined" if declined else HEADLINES[standing],
        lead=_lead(order),
        tag=TAGS[standing],
        is_given_back=standing in GIVEN_BACK,
        steps=steps_of(order),
        arrival=await _arrival(order, queries),
        parcels=parcels_of(order),
        recipient=await _recipient(order, personal),
    )


def _lead(order: OrderView) -> tuple[str, str]:
    standing = order.standing
    if standing is OrderStanding.WITHDRAWN and any(each.status is ReturnStatus.REQUESTED for each in order.returns):
        return UNDECIDED
    if standing is OrderStanding.CANCELLED and order.is_paid_back:
        return CANCELLED_AND_REFUNDED
    if standing is OrderStanding.RETURNED and order.withdrawals:
        return BACK_AFTER_WITHDRAWAL
    return LEADS.get(standing, ("Order", ""))


def parcels_of(order: OrderView) -> list[ShownParcel]:
    """Return an order's parcels as its page shows them."""
    lines = {line.variant_id: line for line in order.lines}
    return [
        ShownParcel(
            number=parcel.number,
            goods=[]
            if sum(line.quantity for line in parcel.lines) == order.items
            else [(lines[line.variant_id], line.quantity) for line in parcel.lines],
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
            tracking_url=tracking_url(parcel.carrier, parcel.tracking_number),
            shipped_at=parcel.shipped_at,
        )
        for parcel in order.parcels
    ]


def steps_of(order: OrderView) -> list[Step]:
    """Return the past and the next steps of an order."""
    steps = [Step("Ordered", order.placed_at)]
    if order.paid_at is not None or order.cancelled_at is None:
        steps.append(Step("Paid", order.paid_at))
    if order.cancelled_at is not None:
        steps.append(Step("Cancelled", order.cancelled_at))
    elif order.parcels and order.fulfilled_at is None:
        steps.append(Step("First parcel sent", order.parcels[0].shipped_at))
        steps += [] if order.standing in GIVEN_BACK else [Step("All sent", None)]
    elif order.fulfilled_at is not None or order.standing not in GIVEN_BACK:
        steps.append(Step("Sent", order.fulfilled_at))
    steps += _steps_back(order)
    sent_back = [refund.succeeded_at for refund in order.refunds if refund.status is RefundStatus.SUCCEEDED]
    awaits_money = order.cancelled_at is not None and order.paid_at is not None
    if order.is_paid_back or awaits_money or order.standing in GIVEN_BACK:
        is_done = order.is_paid_back or order.standing is OrderStanding.REFUNDED
        steps.append(Step("Refunded", max(filter(None, sent_back), default=None) if is_done else None))
    return steps


def _steps_back(order: OrderView) -> list[Step]:
    """Return the steps of goods that come back; none unless all of the order does."""
    if order.standing not in GIVEN_BACK:
        return []
    stand = [each for each in order.returns if each.stands]
    steps = [Step("Withdrawn", order.withdrawals[-1].at)] if order.withdrawals else []
    received = [each.received_at for each in stand if each.received_at is not None]
    if received or order.standing is OrderStanding.COMING_BACK:
        is_back = order.standing is not OrderStanding.COMING_BACK
        steps.append(Step("Back at the shop", max(received) if received and is_back else None))
    return steps


def tracking_url(carrier: str | None, number: str | None) -> str | None:
    """Return the page on which a carrier shows a parcel; None without a number or if the carrier is unknown."""
    pattern = CARRIERS.get(" ".join((carrier or "").casefold().replace("postnl", "post nl").split()))
    return None if pattern is None or not number else pattern.format(quote(number, safe=""))


async def _arrival(order: OrderView, queries: StorefrontQueries) -> ArrivalWindow | None:
    if order.status is OrderStatus.CANCELLED or order.standing in GIVEN_BACK | ARRIVED:
        return None
    if order.arrival is not None or order.pages:
        return order.arrival
    # Orders from before the promise was recorded: what the suppliers say now.
    products = await queries.products_by_ids(order.store_id, [line.product_id for line in order.lines])
    known = [product.shipping_days for product in products.values() if product.shipping_days is not None]
    if not known or len(known) < len({line.product_id for line in order.lines}):
        return None
    return arrival_window(known, ordered_on=order.placed_at.date())


async def _recipient(order: OrderView, personal: PersonalData) -> Recipient | None:
    name, email, address = await personal.open_many([order.shopper_name, order.shopper_email, order.shipping_address])
    if name is None or email is None or address is None:
        return None
    parts = json.loads(address)
    return Recipient(
        name=masked(name), email=masked_email(email), address=masked_address(parts), country=parts.get("country")
    )


def masked(text: str) -> str:
    """Return the first letter of each word, the rest as dots: ``A••• P•••``."""
    return " ".join(f"{_first_letter(word)}•••" for word in text.split())


def masked_email(email: str) -> str:
    """Return ``a•••@example.com``."""
    name, _, domain = email.rpartition("@")
    return f"{_first_letter(name)}•••@{domain}"


def masked_address(parts: Mapping[str, str | None]) -> str:
    """Return street and postcode masked, with town and country as they are."""
    country = parts.get("country") or ""
    postcode = parts.get("postcode") or ""
    shown = f"{postcode[:2]}•••" if postcode else None
    town = town_lines(country, city=parts.get("city"), region=parts.get("region"), postcode=shown)
    street = masked(parts.get("line1") or "")
    return ", ".join(part for part in (street, *town, country_name(country)) if part)


def _first_letter(word: str) -> str:
    """Return the first letter with its combining marks."""
    end = 1
    while end < len(word) and unicodedata.combining(word[end]):
        end += 1
    return word[:end]
