"""What Stripe says about disputes and payouts."""

from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

import stripe
from pydantic import BaseModel, Field, ValidationError

from domain.kernel import Transient
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.disputes import DisputeReport
from domain.order.report_ports import OrderDispute
from domain.payout.aggregate import PayoutReport, PayoutStatus
from infra.adapters.payments.stripe.client import WHO, ask
from infra.adapters.payments.stripe.currencies import from_stripe
from infra.adapters.payments.webhook_parts import Currency, Minor, Name, Part, why

M = TypeVar("M", bound=BaseModel)

DISPUTES = {
    "warning_needs_response": DisputeStatus.INQUIRY,
    "warning_under_review": DisputeStatus.INQUIRY_UNDER_REVIEW,
    "needs_response": DisputeStatus.NEEDS_RESPONSE,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "warning_closed": DisputeStatus.CLOSED,
    "prevented": DisputeStatus.CLOSED,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}
PAYOUTS = {
    "pending": PayoutStatus.PENDING,
    "in_transit": PayoutStatus.PENDING,
    "paid": PayoutStatus.PAID,
    "failed": PayoutStatus.FAILED,
    "canceled": PayoutStatus.FAILED,
}


class PaymentMetadata(Part):
    """The parts of a payment's metadata that this platform wrote."""

    store_id: Annotated[UUID, Field(strict=False)]
    order_id: Annotated[UUID, Field(strict=False)]


class _Movement(Part):
    amount: int
    fee: int
    currency: Currency


class _EvidenceDetails(Part):
    due_by: int | None = None


class _Dispute(Part):
    id: Name
    amount: Minor
    currency: Currency
    payment_intent: Name | None = None
    reason: Name
    status: Name
    balance_transactions: list[_Movement] = []
    evidence_details: _EvidenceDetails | None = None


class _Payout(Part):
    id: Name
    amount: int
    currency: Currency
    arrival_date: int
    status: Name
    failure_message: Name | None = None
    failure_code: Name | None = None


class StripeReports:
    """Implements :class:`domain.order.report_ports.ProviderReports`."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    async def dispute(self, account_id: str, dispute_id: str) -> OrderDispute | None:
        """Return a dispute; None if its payment was not made through this platform.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached or makes no sense; retrying may help.
        """
        options: stripe.RequestOptions = {"stripe_account": account_id}
        answer = await ask(self._client.v1.disputes.retrieve_async(dispute_id, options=options))
        dispute = _read(_Dispute, answer, "the dispute")
        metadata = await payment_metadata(self._client, account_id, dispute.payment_intent)
        if metadata is None or dispute.payment_intent is None:
            return None
        return OrderDispute(
            store_id=metadata.store_id,
            order_id=metadata.order_id,
            report=_report(dispute, dispute.payment_intent),
        )

    async def payout(self, account_id: str, payout_id: str) -> PayoutReport:
        """Return a payout.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached or makes no sense; retrying may help.
        """
        answer = await ask(self._client.v1.payouts.retrieve_async(payout_id, options={"stripe_account": account_id}))
        payout = _read(_Payout, answer, "the payout")
        return PayoutReport(
            payout_id=payout.id,
            amount=_money(payout.amount, payout.currency, "the payout"),
            arrival_on=_moment(payout.arrival_date).date(),
            status=PAYOUTS.get(payout.status, PayoutStatus.PENDING),
            reason=payout.failure_message or payout.failure_code or payout.status,
        )


async def payment_metadata(
    client: stripe.StripeClient, account_id: str, intent_id: str | None
) -> PaymentMetadata | None:
    """Return which order a payment was made for; None if it was not made through this platform.

    Raises:
        StripeRefused: retrying cannot help.
        Transient: Stripe cannot be reached; retrying may help.
    """
    if intent_id is None:
        return None
    options: stripe.RequestOptions = {"stripe_account": account_id}
    intent = await ask(client.v1.payment_intents.retrieve_async(intent_id, options=options))
    try:
        return PaymentMetadata.model_validate(intent.to_dict().get("metadata") or {})
    except ValidationError:
        return None


def _report(dispute: _Dispute, intent_id: str) -> DisputeReport:
    amount = _money(dispute.amount, dispute.currency, "the dispute")
    moved = dispute.balance_transactions
    currency = moved[0].currency if moved else dispute.currency
    due = None if dispute.evidence_details is None else dispute.evidence_details.due_by
    return DisputeReport(
        dispute_id=dispute.id,
        intent_id=intent_id,
        amount=amount,
        reason=dispute.reason,
        status=DISPUTES.get(dispute.status, DisputeStatus.NEEDS_RESPONSE),
        evidence_due=None if due is None else _moment(due),
        movements=len(moved),
        # Movements are in the currency of the merchant's account, which need not be the payment's.
        taken=_money(-sum(each.amount for each in moved), currency, "the dispute"),
        fee=_money(sum(each.fee for each in moved), currency, "the dispute"),
    )


def _read(model: type[M], answer: stripe.StripeObject, what: str) -> M:
    try:
        return model.model_validate(answer.to_dict())
    except ValidationError as error:
        raise Transient(WHO, f"its answer about {what} makes no sense: {why(error)}") from error


def _money(minor: int, currency: str, what: str) -> Money:
    try:
        return from_stripe(minor, currency)
    except ValueError as error:
        raise Transient(WHO, f"its answer about {what} makes no sense: {error}") from error


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
