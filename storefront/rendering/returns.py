"""Returns as an order's page shows them, and what can be returned now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from domain.order.withdrawal import period_end
from domain.privacy import PersonalData
from domain.store.legal_text import ShopDetails
from domain.store.return_policy import ReturnPolicy
from projections.sales.views import OrderLineView, OrderView, ReturnView

WORDS = {
    ReturnStatus.REQUESTED: "Requested",
    ReturnStatus.APPROVED: "Accepted",
    ReturnStatus.DECLINED: "Declined",
    ReturnStatus.RECEIVED: "Received by the shop",
    ReturnStatus.REFUNDED: "Refunded",
    ReturnStatus.REPLACED: "Replacement sent",
}
UNDECIDED = "Waits for the shop’s answer"
"""Of a withdrawal: it is a declaration, and nothing is requested with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReturn:
    """A return by the store's policy, or the merchant's answer to a withdrawal."""

    number: int
    is_withdrawal: bool
    status: ReturnStatus
    words: str
    goods: Sequence[tuple[OrderLineView, int]]
    reason: str
    requested_at: datetime
    is_being_refunded: bool
    send_to: Sequence[str]
    """The address for goods that are to be sent; empty in every other status, and if the address was erased."""
    instructions: str
    decline_reason: str | None
    carrier: str | None
    tracking_number: str | None


async def shown_returns(order: OrderView, shop: ShopDetails, personal: PersonalData) -> list[ShownReturn]:
    """Return an order's returns as its page shows them. A withdrawal without an answer is shown as such only."""
    lines = {line.variant_id: line for line in order.lines}
    found = []
    for each in order.returns:
        is_withdrawal = each.kind is ReturnKind.WITHDRAWAL
        if is_withdrawal and each.status is ReturnStatus.APPROVED and not each.instructions and each.address is None:
            continue
        found.append(
            ShownReturn(
                number=each.number,
                is_withdrawal=is_withdrawal,
                status=each.status,
                words=UNDECIDED if is_withdrawal and each.status is ReturnStatus.REQUESTED else WORDS[each.status],
                goods=[(lines[line.variant_id], line.quantity) for line in each.lines],
                reason=each.reason,
                requested_at=each.requested_at,
                is_being_refunded=each.refund_id is not None,
                send_to=await return_address(each, shop, personal) if each.status is ReturnStatus.APPROVED else (),
                instructions=each.instructions if each.status is ReturnStatus.APPROVED else "",
                decline_reason=each.decline_reason,
                carrier=each.carrier,
                tracking_number=each.tracking_number,
            )
        )
    return found


async def return_address(asked: ReturnView, shop: ShopDetails, personal: PersonalData) -> Sequence[str]:
    """Return the lines of the address that returned goods go to; empty if there is none."""
    if asked.address is not None:
        text = await personal.open(asked.address)
        return [] if text is None else [line for line in text.splitlines() if line.strip()]
    return business_address(shop)


def business_address(shop: ShopDetails) -> Sequence[str]:
    """Return the lines of the business's address; empty if it states none."""
    identity = shop.identity
    if identity is None:
        return []
    return [identity.name, *identity.address_lines, *shop.town, shop.country_name or identity.country]


def last_return_day(order: OrderView, policy: ReturnPolicy) -> date | None:
    """Return the last day for a return; None while the delivery is unknown."""
    if order.delivered_on is None:
        return None
    return period_end(order.delivered_on, timedelta(days=max(order.return_days, policy.days)))
