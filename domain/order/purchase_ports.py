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


class SupplierOrders(Protocol):
    """A supplier that takes orders. Every implementation passes the same contract tests."""

    async def place(self, order: SupplierPurchase) -> str:
        """Order goods and return the supplier's id of the order; the same idempotency key gives the same order.

        A supplier that asks more than a line's ``price_limit`` now must not take the order.

        Raises:
            SupplierRefused: the supplier does not take it; retrying cannot help.
            Transient: an outage, a time-out, a rate limit or a senseless answer; retrying may help.
        """
        ...
