"""Refunds of direct charges at Stripe, and what Stripe says about a payment."""

import logging
from dataclasses import replace
from typing import Annotated
from uuid import UUID

import stripe
from pydantic import Field, ValidationError
from stripe.params import RefundCreateParams

from domain.kernel import Transient
from domain.money import Money
from domain.order.after_sale.state import RefundStatus
from domain.order.refund_ports import ChargeReport, RefundAnswer, RefundOrderRequest
from infra.adapters.payments.stripe.client import WHO, AnswerKept, StripeRefused, ask
from infra.adapters.payments.stripe.currencies import from_stripe, to_stripe
from infra.adapters.payments.stripe.reports import payment_metadata
from infra.adapters.payments.webhook_parts import REASON_MAX, Currency, Minor, Name, Part, why

logger = logging.getLogger(__name__)

PAGE = 100
"""Refunds of one payment that are read; a payment with more is beyond all use."""
STATUSES = {
    "pending": RefundStatus.REQUESTED,
    "requires_action": RefundStatus.REQUESTED,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}


class _Metadata(Part):
    refund_id: Annotated[UUID, Field(strict=False)] | None = None


class _Refund(Part):
    id: Name
    amount: Minor
    currency: Currency
    status: Name | None = None
    failure_reason: Name | None = None
    metadata: dict[str, str] | None = None


class _PaidCharge(Part):
    application_fee: Name | None = None


class _Paid(Part):
    latest_charge: _PaidCharge | None = None


class _Fee(Part):
    amount_refunded: Minor
    currency: Currency


class _Refunds(Part):
    data: list[_Refund]


class StripeRefunds:
    """Implements :class:`domain.order.refund_ports.PaymentRefunds` and ``ChargeReports``."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    async def refund(self, request: RefundOrderRequest, *, account_id: str | None) -> RefundAnswer:
        """Pay back from the merchant's account; the same idempotency key gives the same refund for a day at least.

        Raises:
            NotChargeable: Stripe has no exact number for the amount.
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached or makes no sense; retrying may help.
        """
        if account_id is None:
            raise StripeRefused("No account is connected. Refund it in Stripe's dashboard.")
        if request.is_late and (made := await self._made(account_id, request)) is not None:
            return await self._with_fee(made, request, account_id)
        params: RefundCreateParams = {
            "payment_intent": request.intent_id,
            "amount": to_stripe(request.amount),
            "reason": "requested_by_customer",
            "metadata": {
                "refund_id": str(request.refund_id),
                "order_id": str(request.order_id),
                "store_id": str(request.store_id),
            },
        }
        if request.return_fee:
            # Stripe refuses to refund a fee of zero.
            params["refund_application_fee"] = True
        try:
            refund = await ask(
                self._client.v1.refunds.create_async(
                    params=params, options={"stripe_account": account_id, "idempotency_key": request.idempotency_key}
                )
            )
        except AnswerKept:
            # The try that failed may have paid all the same, so that another key could pay twice. The list says whether it did.
            if (made := await self._made(account_id, request)) is None:
                raise
            return await self._with_fee(made, request, account_id)
        try:
            answer = _answer(_Refund.model_validate(refund.to_dict()), request.intent_id)
        except ValueError as error:
            raise _senseless("refund", error) from error
        return await self._with_fee(answer, request, account_id)

    async def of(self, account_id: str, intent_id: str) -> ChargeReport | None:
        """Return what Stripe says about a payment; None if it was not made through this platform.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached or makes no sense; retrying may help.
        """
        metadata = await payment_metadata(self._client, account_id, intent_id)
        if metadata is None:
            return None
        answers = await self._list(account_id, intent_id)
        if answers:
            refunded = await self._fee_refunded(account_id, intent_id)
            answers = [replace(answer, fee_refunded=refunded) for answer in answers]
        return ChargeReport(store_id=metadata.store_id, order_id=metadata.order_id, refunds=answers)

    async def _with_fee(self, answer: RefundAnswer, request: RefundOrderRequest, account_id: str) -> RefundAnswer:
        if not request.return_fee:
            return answer
        return replace(answer, fee_refunded=await self._fee_refunded(account_id, request.intent_id))

    async def _made(self, account_id: str, request: RefundOrderRequest) -> RefundAnswer | None:
        """Return the refund that an earlier try made; None if none did."""
        listed = await self._list(account_id, request.intent_id)
        return next((answer for answer in listed if answer.refund_id == request.refund_id), None)

    async def _fee_refunded(self, account_id: str, intent_id: str) -> Money | None:
        """Return how much of the platform's fee of a payment has gone back; None if Stripe took none, or does not say.

        The money has moved already, so a missing answer must not lose the answer about the refund.
        """
        options: stripe.RequestOptions = {"stripe_account": account_id}
        try:
            intent = await ask(
                self._client.v1.payment_intents.retrieve_async(
                    intent_id, params={"expand": ["latest_charge"]}, options=options
                )
            )
            charge = _Paid.model_validate(intent.to_dict()).latest_charge
            if charge is None or charge.application_fee is None:
                return None
            # The fee is the platform's, so it is asked for at the platform's own account.
            fee = await ask(self._client.v1.application_fees.retrieve_async(charge.application_fee))
            said = _Fee.model_validate(fee.to_dict())
            return from_stripe(said.amount_refunded, said.currency)
        except (StripeRefused, Transient, ValueError) as error:
            logger.warning("cannot read the fee of payment %s: %s", intent_id, type(error).__name__)
            return None

    async def _list(self, account_id: str, intent_id: str) -> list[RefundAnswer]:
        options: stripe.RequestOptions = {"stripe_account": account_id}
        refunds = await ask(
            self._client.v1.refunds.list_async(params={"payment_intent": intent_id, "limit": PAGE}, options=options)
        )
        try:
            listed = _Refunds.model_validate(refunds.to_dict()).data
            return [_answer(refund, intent_id) for refund in listed]
        except ValueError as error:
            raise _senseless("refunds", error) from error


def _senseless(what: str, error: ValueError) -> Transient:
    said = why(error) if isinstance(error, ValidationError) else str(error)
    return Transient(WHO, f"its answer about the {what} makes no sense: {said}")


def _answer(refund: _Refund, intent_id: str) -> RefundAnswer:
    try:
        refund_id = _Metadata.model_validate(refund.metadata or {}).refund_id
    except ValidationError:
        # The merchant edited it in the dashboard.
        refund_id = None
    status = STATUSES.get(refund.status or "", RefundStatus.REQUESTED)
    reason = (refund.failure_reason or refund.status or "")[:REASON_MAX] if status is RefundStatus.FAILED else ""
    return RefundAnswer(
        refund_id=refund_id,
        external_id=refund.id,
        intent_id=intent_id,
        amount=from_stripe(refund.amount, refund.currency),
        status=status,
        reason=reason.replace("_", " "),
    )
