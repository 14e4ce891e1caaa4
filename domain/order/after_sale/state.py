"""The state of an order after its payment, and how events change it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeEvent
from domain.order.after_sale.dispute_state import Dispute, evolve_disputes
from domain.order.after_sale.events import (
    ParcelEvent,
    ParcelShipped,
    Pieces,
    RefundedPieces,
    RefundEvent,
    RefundFailed,
    RefundReported,
    RefundRequested,
    RefundSucceeded,
)
from domain.order.after_sale.return_events import ReplacementSent, ReturnEvent, ReturnReceived
from domain.order.after_sale.return_state import Returns, evolve_returns
from domain.order.after_sale.sourcing_events import SourcingEvent
from domain.order.after_sale.sourcing_state import Sourcing


class RefundStatus(StrEnum):
    """The status of a refund. A later one in this list replaces an earlier one, never the other way round.

    The exception is a failure that the provider gave no id: see :attr:`Refund.is_unconfirmed`.
    """

    REQUESTED = "REQUESTED"
    """The provider is being asked, or carries it out."""
    SUCCEEDED = "SUCCEEDED"
    """The provider sent the money."""
    FAILED = "FAILED"
    """The money did not go back, or it came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment that the provider took."""

    amount: Money
    fee: Money
    """The platform's share of ``amount``."""
    account_id: str | None = None
    """The merchant's account that has the money; None if it was not recorded."""
    fee_is_owed: bool = False
    """Whether the merchant is billed for the fee apart."""
    tax: Money | None = None
    """The tax within ``amount``; None if it is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money that goes back to the shopper."""

    intent_id: str
    amount: Money
    fee_refund: Money
    lines: tuple[RefundedPieces, ...] = ()
    shipping: Money | None = None
    """The part of the amount that pays delivery back; None if the refund was not requested here."""
    status: RefundStatus = RefundStatus.REQUESTED
    external_id: str | None = None
    return_number: int | None = None
    """The return that it pays back; None if it is for none."""
    tax: Money | None = None
    """The tax within the amount, once it has succeeded; None if it is unknown."""

    @property
    def requested_here(self) -> bool:
        """Whether the merchant requested it here and not at the provider."""
        return self.shipping is not None

    @property
    def is_unconfirmed(self) -> bool:
        """Whether it failed without an id of the provider's. An earlier try, of which the answer was lost, may have paid."""
        return self.status is RefundStatus.FAILED and self.external_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Pieces that a carrier has."""

    lines: tuple[Pieces, ...]
    carrier: str | None
    tracking_number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterSale:
    """Payments, refunds, parcels, returns and disputes of an order."""

    payments: Mapping[str, Payment] = field(default_factory=dict)
    """By the provider's payment id, payments that match no open order included."""
    refunds: Mapping[UUID, Refund] = field(default_factory=dict)
    restocked: Mapping[UUID, int] = field(default_factory=dict)
    """Pieces by variant that refunds and returns put back into stock; they stay there if the refund fails."""
    parcels: tuple[Parcel, ...] = ()
    disputes: Mapping[str, Dispute] = field(default_factory=dict)
    """By the provider's id."""
    returns: Returns = field(default_factory=dict)
    """By number, withdrawals included."""
    sourcing: Sourcing = Sourcing()

    def refunds_of(self, intent_id: str) -> Iterator[Refund]:
        """Yield a payment's refunds that have not failed."""
        for refund in self.refunds.values():
            if refund.intent_id == intent_id and refund.status is not RefundStatus.FAILED:
                yield refund

    def has_open_reports(self, intent_id: str) -> bool:
        """Whether a refund of a payment was made at the provider and its outcome is not recorded: it may be known there."""
        return intent_id in self.payments and any(
            refund.status is RefundStatus.REQUESTED and not refund.requested_here
            for refund in self.refunds_of(intent_id)
        )

    def left(self, intent_id: str) -> Money:
        """Return what can still be refunded of a payment; requested refunds count as refunded.

        Raises:
            KeyError: the order has no such payment.
        """
        paid = self.payments[intent_id].amount
        gone = sum(refund.amount.minor for refund in self.refunds_of(intent_id))
        return Money(minor=max(0, paid.minor - gone), currency=paid.currency)

    def refunded_minor(self, intent_id: str | None) -> int:
        """Return the minor units of a payment that went back."""
        return sum(
            refund.amount.minor
            for refund in self.refunds.values()
            if refund.intent_id == intent_id and refund.status is RefundStatus.SUCCEEDED
        )

    def refunded_pieces(self) -> Mapping[UUID, int]:
        """Return refunded pieces by variant; requested refunds count."""
        pieces: dict[UUID, int] = {}
        for refund in self.refunds.values():
            for line in refund.lines if refund.status is not RefundStatus.FAILED else ():
                pieces[line.variant_id] = pieces.get(line.variant_id, 0) + line.quantity
        return pieces

    def to_restock(self, lines: Iterable[RefundedPieces]) -> Mapping[UUID, int]:
        """Return by variant the pieces that a new refund puts into stock: first those of failed refunds, which are there."""
        asked = restocked_pieces(lines)
        standing = restocked_pieces(
            line
            for refund in self.refunds.values()
            if refund.status is not RefundStatus.FAILED
            for line in refund.lines
        )
        missing = {id: min(count, standing[id] + count - self.restocked.get(id, 0)) for id, count in asked.items()}
        return {id: count for id, count in missing.items() if count > 0}

    def unsent_pieces(self) -> Mapping[UUID, int]:
        """Return by variant the pieces that are refunded instead of sent; requested refunds count."""
        pieces: dict[UUID, int] = {}
        for refund in self.refunds.values():
            for line in refund.lines if refund.status is not RefundStatus.FAILED else ():
                pieces[line.variant_id] = pieces.get(line.variant_id, 0) + line.unsent
        return pieces

    def unsent_items(self, quantities: Mapping[UUID, int]) -> int:
        """Return how many pieces were refunded instead of sent.

        Two refunds can name the same pieces: the answer of the first was lost, so it counted as failed when the second was
        decided. Such pieces count once.

        Args:
            quantities: the order's pieces by variant.
        """
        unsent: Counter[UUID] = Counter()
        for refund in self.refunds.values():
            for line in refund.lines if refund.status is RefundStatus.SUCCEEDED else ():
                unsent[line.variant_id] += line.unsent
        shipped = self.shipped_pieces()
        return sum(max(0, min(count, quantities[id] - shipped.get(id, 0))) for id, count in unsent.items())

    def shipped_pieces(self) -> Mapping[UUID, int]:
        """Return by variant the pieces that a carrier has."""
        pieces: dict[UUID, int] = {}
        for line in (line for parcel in self.parcels for line in parcel.lines):
            pieces[line.variant_id] = pieces.get(line.variant_id, 0) + line.quantity
        return pieces

    @property
    def shipped_items(self) -> int:
        """How many pieces a carrier has."""
        return sum(self.shipped_pieces().values())

    def refunded_shipping(self) -> int:
        """Return the minor units of delivery that are paid back; requested refunds count."""
        return sum(
            refund.shipping.minor
            for refund in self.refunds.values()
            if refund.shipping is not None and refund.status is not RefundStatus.FAILED
        )

    def find(self, external_id: str) -> UUID | None:
        """Return the id of the refund that has this id at the provider."""
        return next((id for id, refund in self.refunds.items() if refund.external_id == external_id), None)

    def with_payment(self, intent_id: str, payment: Payment) -> "AfterSale":
        return replace(self, payments={**self.payments, intent_id: payment})

    def with_parcel(self, event: ParcelEvent) -> "AfterSale":
        """Return the state after a parcel was sent or corrected."""
        if isinstance(event, ParcelShipped):
            parcel = Parcel(lines=tuple(event.lines), carrier=event.carrier, tracking_number=event.tracking_number)
            return replace(self, parcels=(*self.parcels, parcel))
        return self.corrected(event.number, event.carrier, event.tracking_number)

    def corrected(self, number: int, carrier: str | None, tracking_number: str | None) -> "AfterSale":
        """Return the state with another carrier and tracking number of a parcel."""
        parcels = list(self.parcels)
        parcels[number - 1] = replace(parcels[number - 1], carrier=carrier, tracking_number=tracking_number)
        return replace(self, parcels=tuple(parcels))

    def apply(self, event: RefundEvent | DisputeEvent | ReturnEvent | SourcingEvent) -> "AfterSale":
        """Return the state after an event of a refund, a dispute, a return or the purchase.

        Raises:
            KeyError: no such refund was requested or reported, no such dispute opened, no such return asked for.
        """
        if isinstance(event, DisputeEvent):
            return replace(self, disputes=evolve_disputes(self.disputes, event))
        if isinstance(event, ReturnEvent):
            return self.with_return(event)
        if isinstance(event, SourcingEvent):
            return replace(self, sourcing=self.sourcing.apply(event))
        return self.with_refund(event)

    def with_return(self, event: ReturnEvent) -> "AfterSale":
        """Return the state after an event of a return.

        Raises:
            KeyError: no such return was asked for.
        """
        restocked = Counter(self.restocked)
        if isinstance(event, ReturnReceived):
            restocked += restocked_pieces(event.lines)
        elif isinstance(event, ReplacementSent):
            # The shopper has new pieces instead, which can come back into stock once more.
            restocked -= restocked_pieces(self.returns[event.number].received)
        return replace(self, returns=evolve_returns(self.returns, event), restocked=restocked)

    def with_refund(self, event: RefundEvent) -> "AfterSale":
        """Return the state after a refund was requested, reported, carried out or failed.

        Raises:
            KeyError: no such refund was requested or reported.
        """
        restocked = self.restocked
        match event:
            case RefundRequested():
                added = self.to_restock(event.lines)
                restocked = {**restocked, **{id: restocked.get(id, 0) + count for id, count in added.items()}}
                refund = Refund(
                    intent_id=event.intent_id,
                    amount=event.amount,
                    fee_refund=event.fee_refund,
                    lines=tuple(event.lines),
                    shipping=event.shipping,
                    return_number=event.return_number,
                )
            case RefundReported():
                refund = Refund(
                    intent_id=event.intent_id,
                    amount=event.amount,
                    fee_refund=Money.zero(event.amount.currency),
                    external_id=event.external_id,
                )
            case RefundSucceeded():
                refund = replace(
                    self.refunds[event.refund_id],
                    status=RefundStatus.SUCCEEDED,
                    external_id=event.external_id,
                    fee_refund=event.fee_refund,
                    tax=event.tax,
                )
            case RefundFailed():
                known = self.refunds[event.refund_id]
                refund = replace(known, status=RefundStatus.FAILED, external_id=event.external_id or known.external_id)
        returns, number = self.returns, refund.return_number
        if number is not None and isinstance(event, RefundRequested):
            returns = {**returns, number: replace(returns[number], refund_id=event.refund_id)}
        refunds = {**self.refunds, event.refund_id: refund}
        return replace(self, refunds=refunds, restocked=restocked, returns=returns)


class RestockedPieces(Protocol):
    """Pieces that came back."""

    @property
    def variant_id(self) -> UUID: ...

    @property
    def quantity(self) -> int: ...

    @property
    def restock(self) -> bool: ...


def restocked_pieces(lines: Iterable[RestockedPieces]) -> Counter[UUID]:
    """Return by variant the pieces that go back into stock."""
    pieces: Counter[UUID] = Counter()
    for line in lines:
        if line.restock:
            pieces[line.variant_id] += line.quantity
    return pieces
