"""Commands for what the payment provider says about disputes and payouts."""

from dataclasses import dataclass
from uuid import UUID

from commands.ports import UnboundHandlers, Work
from domain.kernel import Clock
from domain.merchant.aggregate import MERCHANT
from domain.order.aggregate import ORDER
from domain.order.disputes import DisputeReport, record_dispute
from domain.payout.aggregate import PAYOUT, PayoutReport, payout_stream, record_payout


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDispute:
    """Record what the provider says about a dispute."""

    order_id: UUID
    report: DisputeReport


async def record_dispute_report(command: RecordDispute, work: Work, *, clock: Clock) -> None:
    """Append what is new in a report: ``DisputeOpened``, ``DisputeFundsMoved``, ``DisputeStatusChanged``, ``DisputeClosed``.

    Raises:
        NotFound: no order has the id.
    """
    order = await work.get(ORDER, command.order_id)
    work.append(ORDER, order.id, record_dispute(order, command.report, at=clock.now()), tenant=order.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayout:
    """Record what the provider says about a payout."""

    merchant_id: UUID
    report: PayoutReport


async def record_payout_report(command: RecordPayout, work: Work, *, clock: Clock) -> None:
    """Append ``PayoutPaid`` or ``PayoutFailed``. No-op if that is known, or the payout is on its way.

    Raises:
        NotFound: no merchant has the id.
    """
    await work.get(MERCHANT, command.merchant_id)
    id = payout_stream(command.merchant_id, command.report.payout_id)
    payout = await work.find(PAYOUT, id)
    events = record_payout(payout, command.report, merchant_id=command.merchant_id, at=clock.now())
    if events:
        work.append(PAYOUT, id, events, tenant=command.merchant_id)


HANDLERS: UnboundHandlers = {RecordDispute: record_dispute_report, RecordPayout: record_payout_report}
"""Each command and its handler."""
