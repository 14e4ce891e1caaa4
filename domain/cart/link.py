"""The link by which a shopper continues with a cart on another device, sent by mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.kernel import CorruptStream, DomainEvent, StreamKind, first_header
from domain.privacy import Sealed

LINK_AGE = timedelta(days=1)
"""How long the link is valid, and its address is kept."""


class CartLinkRequested(DomainEvent, wire_name="cartlink.cart_link_requested.v1"):
    """A shopper asked for a mail with a link to the cart. The key of the address is deleted a day later."""

    store_id: UUID
    cart_key: UUID
    """Names the cart on the server. It opens nothing without the store's signature."""
    shopper_id: UUID
    """The person whose key seals the address; a new one for each request."""
    email: Sealed
    """The e-mail address."""


CartLinkEvent = CartLinkRequested


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLink:
    """A requested link."""

    id: UUID
    version: int
    store_id: UUID


def request_link(
    link_id: UUID, *, store_id: UUID, cart_key: UUID, shopper_id: UUID, email: Sealed, at: datetime
) -> Sequence[CartLinkEvent]:
    """Request a link; the caller has checked that it is new."""
    header = first_header(link_id, at)
    return (CartLinkRequested(**header, store_id=store_id, cart_key=cart_key, shopper_id=shopper_id, email=email),)


def evolve(link: CartLink | None, event: CartLinkEvent) -> CartLink:
    """Apply the one event of a link."""
    if link is not None:
        raise CorruptStream(event)
    return CartLink(id=event.originator_id, version=event.originator_version, store_id=event.store_id)


CART_LINK = StreamKind("cartlink", CartLink, evolve)
"""Events of a link to a cart."""
