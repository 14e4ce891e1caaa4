"""The state of buying an order's goods, and how events change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order.after_sale.sourcing_events import (
    HoldReason,
    LineSubstituted,
    OrderHeld,
    OrderReleased,
    SourcedLine,
    SourcingChecked,
    SourcingCheckRequested,
    SourcingEvent,
    SupplierOrderFailed,
    SupplierOrderPlaced,
    SupplierOrderRequested,
)


class SupplierOrderStatus(StrEnum):
    """The status of an order at a supplier."""

    REQUESTED = "REQUESTED"
    """The supplier is being asked."""
    PLACED = "PLACED"
    """The supplier took it. Nothing replaces this status."""
    FAILED = "FAILED"
    """The supplier did not take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierOrder:
    """An order at a supplier."""

    status: SupplierOrderStatus
    attempt: int
    key: str
    """The idempotency key of the latest attempt."""
    external_id: str | None = None
    is_refused: bool = False
    """Whether the supplier has no order for that key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourcing:
    """What is known about buying an order's goods."""

    is_checked: bool = False
    """Whether the supplier's latest answer lets the order be bought."""
    held: HoldReason | None = None
    released: bool = False
    """Whether the merchant decided to buy a held order."""
    prices: Mapping[UUID, Money] = field(default_factory=dict)
    """What a piece of the goods to send costs with freight, by the line's variant, as suppliers said when they were asked last."""
    substitutes: Mapping[UUID, LineSubstituted] = field(default_factory=dict)
    """By the line's variant."""
    orders: Mapping[SupplierProvider, SupplierOrder] = field(default_factory=dict)

    @property
    def may_buy(self) -> bool:
        """Whether the goods may be bought."""
        return self.held is None and (self.is_checked or self.released)

    def apply(self, event: SourcingEvent) -> "Sourcing":
        """Return the state after an event.

        Raises:
            KeyError: no such order at a supplier was requested.
        """
        match event:
            case SourcingChecked():
                return replace(self, is_checked=True, held=None, prices=_prices(event.lines))
            case OrderHeld():
                return replace(self, is_checked=False, held=event.reason, prices=_prices(event.lines))
            case SourcingCheckRequested():
                return replace(self, is_checked=False, released=False)
            case LineSubstituted():
                # What is known is the price of the goods that are not sent.
                prices = {
                    variant_id: price for variant_id, price in self.prices.items() if variant_id != event.variant_id
                }
                return replace(self, prices=prices, substitutes={**self.substitutes, event.variant_id: event})
            case OrderReleased():
                return replace(self, held=None, released=True)
            case SupplierOrderRequested():
                order = SupplierOrder(
                    status=SupplierOrderStatus.REQUESTED, attempt=event.attempt, key=event.idempotency_key
                )
            case SupplierOrderPlaced():
                known = self.orders[event.provider]
                order = replace(known, status=SupplierOrderStatus.PLACED, external_id=event.external_id)
            case SupplierOrderFailed():
                known = self.orders[event.provider]
                order = replace(known, status=SupplierOrderStatus.FAILED, is_refused=event.refused)
        return replace(self, orders={**self.orders, event.provider: order})


def _prices(lines: Sequence[SourcedLine]) -> Mapping[UUID, Money]:
    known = [
        (line, line.cost, line.freight or Money.zero(line.cost.currency)) for line in lines if line.cost is not None
    ]
    return {line.variant_id: cost + freight for line, cost, freight in known if cost.currency == freight.currency}
