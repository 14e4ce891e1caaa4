"""Stripe's webhooks of the platform's own account: merchants' subscriptions to the platform, and the platform's fees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from domain.money import Money
from domain.order.ports import PlatformNotice, UnusableWebhook
from infra.adapters.payments.stripe.currencies import from_stripe
from infra.adapters.payments.webhook_parts import Currency, Minor, Name, Part, why

SUBSCRIPTION_TYPES = frozenset(
    {
        "checkout.session.completed",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "customer.subscription.trial_will_end",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice.payment_action_required",
    }
)
"""Webhooks about a merchant's subscription. They name the merchant in ``metadata.merchant_id``."""
FEE_TYPES = frozenset({"application_fee.created", "application_fee.refunded"})
"""Webhooks about the platform's share of a payment. They name the merchant's account."""

MERCHANT = {"metadata": dict.fromkeys(("merchant_id",))}
RECORDED: Mapping[str, Any] = dict.fromkeys(("id", "object", "type", "livemode", "created", "api_version")) | {
    "data": {
        "object": dict.fromkeys(
            (
                "id",
                "object",
                "account",
                "amount",
                "amount_refunded",
                "charge",
                "created",
                "currency",
                "customer",
                "mode",
                "status",
                "subscription",
            )
        )
        | MERCHANT
        # An invoice has its subscription's metadata here.
        | {"parent": {"subscription_details": {"subscription": None} | MERCHANT}}
    }
}
"""The fields that the log keeps. The others hold the merchant's name, address, e-mail and card."""


class _Kind(Part):
    id: Name
    type: Name
    account: Name | None = None
    livemode: bool


class _Metadata(Part):
    merchant_id: UUID | None = None


class _Details(Part):
    metadata: _Metadata | None = None
    subscription: Name | None = None


class _Parent(Part):
    subscription_details: _Details | None = None


class _Object(Part):
    id: Name
    subscription: Name | None = None
    metadata: _Metadata | None = None
    parent: _Parent | None = None

    @property
    def merchant_id(self) -> UUID | None:
        details = None if self.parent is None else self.parent.subscription_details
        for metadata in (self.metadata, None if details is None else details.metadata):
            if metadata is not None and metadata.merchant_id is not None:
                return metadata.merchant_id
        return None

    def subscription_of(self, type: str) -> str | None:
        """Return the subscription that a webhook of a type is about."""
        if type.startswith("customer.subscription."):
            return self.id
        details = None if self.parent is None else self.parent.subscription_details
        return self.subscription or (None if details is None else details.subscription)


class _Data(Part):
    object: _Object


class _Webhook(Part):
    data: _Data


class _Fee(Part):
    id: Name
    account: Name
    amount: Minor
    amount_refunded: Minor = 0
    currency: Currency


class _FeeData(Part):
    object: _Fee


class _FeeWebhook(Part):
    data: _FeeData


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFee:
    """What Stripe took for the platform out of a payment, and what it gave back."""

    fee_id: str
    account_id: str
    amount: Money
    refunded: Money


def read_fee(body: str) -> ReportedFee:
    """Return the fee that a recorded webhook of one of the ``FEE_TYPES`` reports.

    Raises:
        UnusableWebhook: its content is invalid.
    """
    try:
        fee = _FeeWebhook.model_validate_json(body).data.object
        return ReportedFee(
            fee_id=fee.id,
            account_id=fee.account,
            amount=from_stripe(fee.amount, fee.currency),
            refunded=from_stripe(fee.amount_refunded, fee.currency),
        )
    except ValidationError as error:
        raise UnusableWebhook(why(error)) from error
    except ValueError as error:
        raise UnusableWebhook(str(error)) from error


def read_platform_notice(body: str, *, live: bool) -> PlatformNotice | None:
    """Read a webhook, whole or as recorded; None if its kind does not matter here, or it is of the other mode.

    A webhook that names a connected account belongs to the other endpoint, so it is None too.

    Raises:
        UnusableWebhook: its content is invalid.
    """
    try:
        kind = _Kind.model_validate_json(body)
        if kind.account is not None or kind.livemode is not live:
            return None
        if kind.type in FEE_TYPES:
            fee = _FeeWebhook.model_validate_json(body).data.object
            return PlatformNotice(external_id=kind.id, type=kind.type, object_id=fee.id, account_id=fee.account)
        if kind.type in SUBSCRIPTION_TYPES:
            about = _Webhook.model_validate_json(body).data.object
            # Without a merchant it is about something that the platform sells elsewhere.
            merchant_id = about.merchant_id
            return (
                None
                if merchant_id is None
                else PlatformNotice(
                    external_id=kind.id,
                    type=kind.type,
                    object_id=about.id,
                    merchant_id=merchant_id,
                    subscription_id=about.subscription_of(kind.type),
                )
            )
    except ValidationError as error:
        raise UnusableWebhook(why(error)) from error
    return None
