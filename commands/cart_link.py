"""The command that asks for a mail with a link to a cart."""

from dataclasses import dataclass
from uuid import UUID

from commands.ports import UnboundHandlers, Work
from domain.cart.link import CART_LINK, request_link
from domain.kernel import Clock
from domain.privacy import Sealed
from domain.store.aggregate import STORE


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCartLink:
    """Send a shopper a link to the cart."""

    link_id: UUID
    store_id: UUID
    cart_key: UUID
    shopper_id: UUID
    email: Sealed


async def request_cart_link(command: RequestCartLink, work: Work, *, clock: Clock) -> None:
    """Append ``CartLinkRequested``. No-op if the link exists.

    Raises:
        NotFound: no store has the id.
    """
    store = await work.get(STORE, command.store_id)
    if not await work.is_new(CART_LINK, command.link_id):
        return
    events = request_link(
        command.link_id,
        store_id=store.id,
        cart_key=command.cart_key,
        shopper_id=command.shopper_id,
        email=command.email,
        at=clock.now(),
    )
    work.append(CART_LINK, command.link_id, events, tenant=store.id)


HANDLERS: UnboundHandlers = {RequestCartLink: request_cart_link}
"""Each command and its handler."""
