"""The shopper aggregate: a stream with at most one event, the erasure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.ids import derived
from domain.kernel import CorruptStream, StreamKind, first_header
from domain.shopper.events import ShopperEvent, ShopperForgotten


def shopper_of(order_id: UUID) -> UUID:
    """Return the id of the shopper of an order. Every order has its own."""
    return derived(order_id, "shopper")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """A shopper whose data was erased."""

    id: UUID
    version: int
    store_id: UUID


def forget(shopper_id: UUID, *, store_id: UUID, at: datetime) -> Sequence[ShopperEvent]:
    """Erase a shopper's data; the caller checks that it was not erased before."""
    return (ShopperForgotten(**first_header(shopper_id, at), store_id=store_id),)


def evolve(shopper: Shopper | None, event: ShopperEvent) -> Shopper:
    """Apply the one event a shopper's stream can have."""
    match shopper, event:
        case None, ShopperForgotten():
            return Shopper(id=event.originator_id, version=event.originator_version, store_id=event.store_id)
        case _:
            raise CorruptStream(event)


SHOPPER = StreamKind("shopper", Shopper, evolve)
