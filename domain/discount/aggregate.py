"""The aggregate of a discount code: it reserves uses for unpaid orders and counts those of paid ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.discount.errors import DiscountUsedUp, UnknownDiscount
from domain.discount.events import (
    DiscountCodeCreated,
    DiscountCodePaused,
    DiscountCodeResumed,
    DiscountEvent,
    DiscountTerms,
    DiscountUsed,
    DiscountUseReleased,
    DiscountUseReserved,
)
from domain.discount.terms import check_time
from domain.kernel import CorruptStream, StreamKind, first_header, next_header


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountCode:
    """One code of one store."""

    id: UUID
    version: int
    store_id: UUID
    code: str
    terms: DiscountTerms
    paused: bool = False
    reserved: Mapping[UUID, str | None] = field(default_factory=dict)
    """The shopper of each unpaid order that has a use, by the order's id."""
    used: int = 0
    """Uses of paid orders."""
    used_by: Mapping[str, int] = field(default_factory=dict)
    """Uses of paid orders by shopper; empty for a code without a limit per shopper."""

    def reserve(self, *, order_id: UUID, shoppers: Collection[str], at: datetime) -> Sequence[DiscountEvent]:
        """Reserve a use for an order. No-op if the order has one.

        Args:
            order_id: the order that waits for its payment.
            shoppers: the shopper's random name, then digests as older events have them.
            at: the time of the order.

        Raises:
            DiscountRefused: the code is paused, out of its time, or used up.
        """
        if order_id in self.reserved:
            return ()
        if self.paused:
            raise UnknownDiscount(self.code)
        check_time(self.code, self.terms, at)
        most, each = self.terms.most_uses, self.terms.most_uses_per_shopper
        if most is not None and self.used + len(self.reserved) >= most:
            raise DiscountUsedUp(self.code, by_shopper=False)
        if each is not None and self._uses_of(shoppers) >= each:
            raise DiscountUsedUp(self.code, by_shopper=True)
        shopper = next(iter(shoppers), None) if each is not None else None
        return (DiscountUseReserved(**next_header(self, at), order_id=order_id, shopper=shopper),)

    def _uses_of(self, shoppers: Collection[str]) -> int:
        waiting = sum(shopper in shoppers for shopper in self.reserved.values())
        return waiting + sum(self.used_by.get(shopper, 0) for shopper in shoppers)

    def release(self, *, order_id: UUID, at: datetime) -> Sequence[DiscountEvent]:
        """Give an unpaid order's use back. No-op if it has none."""
        if order_id not in self.reserved:
            return ()
        return (DiscountUseReleased(**next_header(self, at), order_id=order_id),)

    def use(self, *, order_id: UUID, at: datetime) -> Sequence[DiscountEvent]:
        """Count a paid order's use. No-op if it has none reserved. A paused code counts as well: the order was promised it."""
        if order_id not in self.reserved:
            return ()
        return (DiscountUsed(**next_header(self, at), order_id=order_id),)

    def pause(self, *, at: datetime) -> Sequence[DiscountEvent]:
        """Take the code out of use. No-op if it is."""
        return () if self.paused else (DiscountCodePaused(**next_header(self, at)),)

    def resume(self, *, at: datetime) -> Sequence[DiscountEvent]:
        """Put a paused code into use again. No-op if it is in use."""
        return (DiscountCodeResumed(**next_header(self, at)),) if self.paused else ()


def create_discount(
    discount_id: UUID, *, store_id: UUID, code: str, terms: DiscountTerms, at: datetime
) -> Sequence[DiscountEvent]:
    """Create a code. The caller has checked its terms."""
    return (DiscountCodeCreated(**first_header(discount_id, at), store_id=store_id, code=code, terms=terms),)


def evolve(discount: DiscountCode | None, event: DiscountEvent) -> DiscountCode:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match discount, event:
        case None, DiscountCodeCreated():
            return DiscountCode(
                id=event.originator_id,
                version=event.originator_version,
                store_id=event.store_id,
                code=event.code,
                terms=event.terms,
            )
        case DiscountCode(), DiscountCodePaused() | DiscountCodeResumed():
            return replace(discount, version=event.originator_version, paused=isinstance(event, DiscountCodePaused))
        case DiscountCode(), DiscountUseReserved():
            reserved = {**discount.reserved, event.order_id: event.shopper}
            return replace(discount, version=event.originator_version, reserved=reserved)
        case DiscountCode(), DiscountUseReleased() | DiscountUsed():
            return _without_reservation(discount, event)
        case _:
            raise CorruptStream(event)


def _without_reservation(discount: DiscountCode, event: DiscountUseReleased | DiscountUsed) -> DiscountCode:
    reserved = dict(discount.reserved)
    shopper = reserved.pop(event.order_id, None)
    discount = replace(discount, version=event.originator_version, reserved=reserved)
    if isinstance(event, DiscountUseReleased):
        return discount
    used_by = (
        discount.used_by if shopper is None else {**discount.used_by, shopper: discount.used_by.get(shopper, 0) + 1}
    )
    return replace(discount, used=discount.used + 1, used_by=used_by)


DISCOUNT = StreamKind("discount", DiscountCode, evolve)
