"""The payout aggregate: paid, failed, or failed after it was paid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from domain.ids import derived
from domain.kernel import CorruptStream, StreamKind, header_after
from domain.money import Money
from domain.payout.events import PayoutEvent, PayoutFailed, PayoutPaid


class PayoutStatus(StrEnum):
    """The status of a payout. FAILED is final: a bank can return a payout after it was paid."""

    PENDING = "PENDING"
    PAID = "PAID"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A payout."""

    id: UUID
    version: int
    merchant_id: UUID
    status: PayoutStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutReport:
    """What a provider says about a payout now."""

    payout_id: str
    amount: Money
    arrival_on: date
    status: PayoutStatus
    reason: str = ""


def payout_stream(merchant_id: UUID, payout_id: str) -> UUID:
    """Return the id of a payout's stream."""
    return derived(merchant_id, "payout", payout_id)


def record_payout(
    payout: Payout | None, report: PayoutReport, *, merchant_id: UUID, at: datetime
) -> Sequence[PayoutEvent]:
    """Record what the provider says about a payout. No-op if that is known, or older than what is known."""
    header = header_after(payout, payout_stream(merchant_id, report.payout_id), at)
    known = PayoutStatus.PENDING if payout is None else payout.status
    if report.status is PayoutStatus.PAID and known is PayoutStatus.PENDING:
        return (
            PayoutPaid(
                **header,
                merchant_id=merchant_id,
                payout_id=report.payout_id,
                amount=report.amount,
                arrival_on=report.arrival_on,
            ),
        )
    if report.status is PayoutStatus.FAILED and known is not PayoutStatus.FAILED:
        return (
            PayoutFailed(
                **header,
                merchant_id=merchant_id,
                payout_id=report.payout_id,
                amount=report.amount,
                reason=report.reason,
                after_paid=known is PayoutStatus.PAID,
            ),
        )
    return ()


def evolve(payout: Payout | None, event: PayoutEvent) -> Payout:
    """Apply one recorded event."""
    status = PayoutStatus.PAID if isinstance(event, PayoutPaid) else PayoutStatus.FAILED
    match payout:
        case None:
            return Payout(
                id=event.originator_id, version=event.originator_version, merchant_id=event.merchant_id, status=status
            )
        case Payout(status=PayoutStatus.PAID) if status is PayoutStatus.FAILED:
            return replace(payout, version=event.originator_version, status=status)
        case _:
            raise CorruptStream(event)


PAYOUT = StreamKind("payout", Payout, evolve)
"""Events of a payout."""
