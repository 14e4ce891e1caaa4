"""Port of suppliers that take orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.order.after_sale.sourcing_events import SupplierOrderLine


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierPurchase:
    """What a supplier is asked to send, and the address."""

    number: str
    """The order's number, for the parcel."""
    lines: Sequence[SupplierOrderLine]
    recipient: str
    address: Mapping[str, str]
    """line1, line2, city, region, postcode, country; empty parts as empty text."""
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPurchase:
    """An order that a supplier took."""

    external_id: str
    """The supplier's id of it."""
    pieces: int
    """How many pieces the supplier sends. More than were asked for if an earlier request with the same key was."""


class SupplierOrders(Protocol):
    """A supplier that takes orders. Every implementation passes the same contract tests."""

    async def place(self, order: SupplierPurchase) -> TakenPurchase:
        """Order goods; the same idempotency key gives the same order, also if other lines are asked for.

        A supplier that asks more than a line's ``price_limit`` now must not take the order.

        Raises:
            SupplierRefused: the supplier does not take it, and has no order for the key; retrying cannot help.
            Transient: an outage, a time-out, a rate limit or a senseless answer; retrying may help.
        """
        ...
