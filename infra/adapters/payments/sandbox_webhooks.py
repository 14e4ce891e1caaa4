"""The format of the sandbox provider's webhooks, which is Stripe's, and its validation."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationError, model_validator

from domain.money import Money
from domain.order.ports import (
    DisputeDecided,
    PaymentConfirmed,
    PaymentDeclined,
    PaymentDisputed,
    PaymentNotice,
    UnusableWebhook,
)
from infra.adapters.payments.webhook_parts import REASON_MAX, Currency, Minor, Name, Part, storable, unusable, why

PAID: Literal["checkout.session.completed"] = "checkout.session.completed"
DECLINED: Literal["payment_intent.payment_failed"] = "payment_intent.payment_failed"
DISPUTED: Literal["charge.dispute.created"] = "charge.dispute.created"
DECIDED: Literal["charge.dispute.closed"] = "charge.dispute.closed"
REINSTATED: Literal["charge.dispute.funds_reinstated"] = "charge.dispute.funds_reinstated"
REASONS = ("product_not_received", "product_unacceptable", "fraudulent", "duplicate", "credit_not_processed")
"""What a sandbox shopper can tell the bank; names as Stripe has them."""
_LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())


class _Kind(Part):
    type: str


class _Metadata(Part):
    store_id: UUID
    order_id: UUID


class _TotalDetails(Part):
    amount_tax: Minor


class _Session(Part):
    payment_intent: Name
    payment_status: str
    amount_total: Minor
    application_fee_amount: Minor
    currency: Currency
    metadata: _Metadata
    failure_message: Annotated[str, AfterValidator(storable)] | None = None
    total_details: _TotalDetails | None = None
    dispute: "_Dispute | None" = None

    @model_validator(mode="after")
    def _parts_are_within_amount(self) -> "_Session":
        if self.application_fee_amount > self.amount_total:
            raise ValueError(f"the fee {self.application_fee_amount} exceeds the amount {self.amount_total}")
        if self.total_details is not None and self.total_details.amount_tax > self.amount_total:
            raise ValueError(f"the tax {self.total_details.amount_tax} exceeds the amount {self.amount_total}")
        return self


class _Dispute(Part):
    id: Name
    status: Literal["needs_response", "won", "lost"] = "needs_response"
    reason: (
        Literal["product_not_received", "product_unacceptable", "fraudulent", "duplicate", "credit_not_processed"]
        | None
    ) = None
    due_by: Annotated[int, Field(ge=0, le=_LATEST)] | None = None


class _Data(Part):
    object: _Session


class _Webhook(Part):
    id: Name
    type: Literal[
        "checkout.session.completed",
        "payment_intent.payment_failed",
        "charge.dispute.created",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    data: _Data


def read_notice(body: str) -> PaymentNotice | None:
    """Read a webhook; None if its kind does not matter here.

    Raises:
        UnusableWebhook: its content is invalid.
    """
    try:
        kind = _Kind.model_validate_json(body).type
    except ValidationError as error:
        raise UnusableWebhook(why(error)) from error
    if kind not in {PAID, DECLINED, DISPUTED, DECIDED, REINSTATED}:
        return None
    try:
        webhook = _Webhook.model_validate_json(body)
    except ValidationError as error:
        raise unusable(why(error), kind, body) from error
    session, tax = webhook.data.object, webhook.data.object.total_details
    if webhook.type == PAID and session.payment_status == "paid":
        return PaymentConfirmed(
            external_id=webhook.id,
            type=webhook.type,
            store_id=session.metadata.store_id,
            order_id=session.metadata.order_id,
            intent_id=session.payment_intent,
            amount=Money(minor=session.amount_total, currency=session.currency),
            platform_fee=Money(minor=session.application_fee_amount, currency=session.currency),
            tax=None if tax is None else Money(minor=tax.amount_tax, currency=session.currency),
        )
    if webhook.type in {DISPUTED, DECIDED, REINSTATED}:
        try:
            return _of_dispute(webhook, session)
        except ValueError as error:
            raise unusable(str(error), kind, body) from error
    return PaymentDeclined(
        external_id=webhook.id,
        type=webhook.type,
        store_id=session.metadata.store_id,
        order_id=session.metadata.order_id,
        intent_id=session.payment_intent,
        reason=(session.failure_message or "")[:REASON_MAX],
    )


def _of_dispute(webhook: _Webhook, session: _Session) -> PaymentDisputed | DisputeDecided:
    """Read a webhook about a dispute.

    Raises:
        ValueError: what its kind needs is missing.
    """
    dispute, metadata = session.dispute, session.metadata
    if dispute is None:
        raise ValueError("the dispute is missing")
    if webhook.type != DISPUTED:
        if dispute.status == "needs_response" or (webhook.type == REINSTATED and dispute.status != "won"):
            raise ValueError(f"the status {dispute.status} does not fit")
        return DisputeDecided(
            external_id=webhook.id,
            type=webhook.type,
            store_id=metadata.store_id,
            order_id=metadata.order_id,
            intent_id=session.payment_intent,
            dispute_id=dispute.id,
            is_won=dispute.status == "won",
            is_reinstated=webhook.type == REINSTATED,
        )
    if dispute.reason is None or dispute.due_by is None:
        raise ValueError("the dispute's reason or deadline is missing")
    return PaymentDisputed(
        external_id=webhook.id,
        type=webhook.type,
        store_id=metadata.store_id,
        order_id=metadata.order_id,
        intent_id=session.payment_intent,
        dispute_id=dispute.id,
        amount=Money(minor=session.amount_total, currency=session.currency),
        reason=dispute.reason,
        evidence_due=datetime.fromtimestamp(dispute.due_by, UTC),
    )
