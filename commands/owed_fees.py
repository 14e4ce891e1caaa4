"""The command for platform fees that merchants pay apart."""

from dataclasses import dataclass
from uuid import UUID

from commands.ports import UnboundHandlers, Work
from domain.fee_payment.aggregate import FEE_PAYMENT, fee_payment_stream, record_fee_payment
from domain.kernel import Clock
from domain.merchant.aggregate import MERCHANT
from domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFeePayment:
    """Record that a merchant paid platform fees that they owed. Only the operator sends it."""

    merchant_id: UUID
    reference: str
    """The operator's reference, such as the number of an invoice; it counts once."""
    amount: Money


async def record_payment_of_fees(command: RecordFeePayment, work: Work, *, clock: Clock) -> None:
    """Append ``OwedFeesPaid``. No-op if the payment is known.

    Raises:
        NotFound: no merchant has the id.
        InvalidInput: refused; see :func:`domain.fee_payment.aggregate.record_fee_payment`.
    """
    await work.get(MERCHANT, command.merchant_id)
    id = fee_payment_stream(command.merchant_id, command.reference)
    known = await work.find(FEE_PAYMENT, id)
    events = record_fee_payment(
        known,
        merchant_id=command.merchant_id,
        reference=command.reference,
        amount=command.amount,
        at=clock.now(),
    )
    if events:
        work.append(FEE_PAYMENT, id, events, tenant=command.merchant_id)


HANDLERS: UnboundHandlers = {RecordFeePayment: record_payment_of_fees}
