"""Stripe's webhooks of connected accounts: what the log keeps of them, and what they mean."""

import json
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationError, model_validator

from domain.money import Money
from domain.order.ports import AccountNotice, Notice, PaymentConfirmed, PaymentDeclined, PaymentNotice, UnusableWebhook
from domain.order.refund_ports import ChargeNotice
from domain.order.report_ports import DisputeNotice, PayoutNotice
from infra.adapters.payments.stripe.currencies import from_stripe
from infra.adapters.payments.webhook_parts import REASON_MAX, Currency, Minor, Name, Part, storable, unusable, why

PAID_TYPES = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
DECLINED_SESSION = "checkout.session.async_payment_failed"
DECLINED_INTENT = "payment_intent.payment_failed"
CHARGE_TYPES = frozenset(
    {"charge.refunded", "charge.refund.updated", "refund.created", "refund.updated", "refund.failed"}
)
DISPUTE_TYPES = frozenset(
    f"charge.dispute.{what}" for what in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
)
PAYOUT_TYPES = frozenset({"payout.paid", "payout.failed", "payout.canceled"})
ACCOUNT_TYPES = frozenset({"account.updated", "account.application.deauthorized", "capability.updated"})

THIN_TYPES = frozenset(
    {
        "v2.core.account.created",
        "v2.core.account.updated",
        "v2.core.account.closed",
        "v2.core.account[requirements].updated",
        "v2.core.account[configuration.merchant].updated",
        "v2.core.account[configuration.merchant].capability_status_updated",
    }
)
"""Thin webhooks about accounts, of Stripe's second interface. They name the account and say nothing else."""

CONNECT_EVENTS: Any = sorted(
    {*PAID_TYPES, DECLINED_SESSION, DECLINED_INTENT, "account.updated"} | CHARGE_TYPES | DISPUTE_TYPES | PAYOUT_TYPES
)
"""The kinds of webhook that an endpoint of one account must get."""

RECORDED: Mapping[str, Any] = dict.fromkeys(
    ("id", "object", "type", "account", "livemode", "created", "api_version")
) | {
    "related_object": dict.fromkeys(("id", "type")),
    "data": {
        "object": dict.fromkeys(
            (
                "id",
                "object",
                "payment_intent",
                "payment_status",
                "amount_total",
                "amount",
                "currency",
                "created",
                "status",
            )
        )
        | {
            "total_details": dict.fromkeys(("amount_tax",)),
            "metadata": dict.fromkeys(("store_id", "order_id", "platform_fee")),
            "last_payment_error": dict.fromkeys(("code", "decline_code", "message")),
        }
    },
}
"""The fields that the log keeps. The others hold the shopper's name, address, e-mail, phone and card; Stripe has them."""


TEXT_MAX = 2_000
"""Most characters of a text that the log keeps; Stripe's own texts are shorter."""


class _Kind(Part):
    id: Name
    type: Annotated[str, Field(max_length=255), AfterValidator(storable)]
    account: Name | None = None
    livemode: bool


class _Related(Part):
    id: Name


class _ThinWebhook(Part):
    related_object: _Related


class _Metadata(Part):
    store_id: UUID
    order_id: UUID
    platform_fee: Annotated[str, Field(pattern=r"^\d{1,19}$")] = "0"
    """Minor units of ISO 4217. Stripe's metadata are texts."""


class _Error(Part):
    message: Annotated[str, AfterValidator(storable)] | None = None


class _TotalDetails(Part):
    amount_tax: Minor | None = None


class _Session(Part):
    payment_intent: Name
    payment_status: str
    amount_total: Minor
    currency: Currency
    metadata: _Metadata
    total_details: _TotalDetails | None = None

    @model_validator(mode="after")
    def _fee_is_within_amount(self) -> "_Session":
        if int(self.metadata.platform_fee) > self.paid.minor:
            raise ValueError(f"the fee {self.metadata.platform_fee} exceeds the amount {self.paid.minor}")
        return self

    @property
    def tax(self) -> Money | None:
        tax = None if self.total_details is None else self.total_details.amount_tax
        return None if tax is None else from_stripe(tax, self.currency)

    @property
    def paid(self) -> Money:
        return from_stripe(self.amount_total, self.currency)


class _Intent(Part):
    id: Name
    metadata: _Metadata
    last_payment_error: _Error | None = None


class _Charge(Part):
    payment_intent: Name | None = None


class _ChargeData(Part):
    object: _Charge


class _ChargeWebhook(Part):
    data: _ChargeData


class _Thing(Part):
    id: Name


class _ThingData(Part):
    object: _Thing


class _ThingWebhook(Part):
    data: _ThingData


class _SessionData(Part):
    object: _Session


class _SessionWebhook(Part):
    data: _SessionData


class _IntentData(Part):
    object: _Intent


class _IntentWebhook(Part):
    data: _IntentData


def recordable(body: str, shape: Mapping[str, Any] = RECORDED) -> str:
    """Return the body with the fields of a shape only.

    Raises:
        UnusableWebhook: the body is not a JSON object.
    """
    try:
        content = json.loads(body)
    except ValueError as error:
        raise UnusableWebhook("The body is not JSON.") from error
    if not isinstance(content, dict):
        raise UnusableWebhook("The body is not a JSON object.")
    return json.dumps(_kept(content, shape), separators=(",", ":"))


def read_notice(body: str, *, live: bool) -> Notice | None:
    """Read a webhook, whole or as recorded; None if its kind does not matter here, or it is of the other mode.

    Args:
        body: the webhook.
        live: whether this installation takes real money. A live endpoint gets test webhooks as well; they change nothing.

    Raises:
        UnusableWebhook: its content is invalid.
    """
    try:
        kind = _Kind.model_validate_json(body)
    except ValidationError as error:
        raise UnusableWebhook(why(error)) from error
    if kind.livemode is not live:
        return None
    if kind.type in THIN_TYPES:
        return _thin(body, kind)
    if kind.account is None:
        return None
    if kind.type in ACCOUNT_TYPES:
        return AccountNotice(external_id=kind.id, type=kind.type, account_id=kind.account)
    try:
        if kind.type in CHARGE_TYPES | DISPUTE_TYPES | PAYOUT_TYPES:
            return _about_thing(body, kind, kind.account)
        if kind.type in PAID_TYPES or kind.type == DECLINED_SESSION:
            return _of_session(_SessionWebhook.model_validate_json(body).data.object, kind)
        if kind.type == DECLINED_INTENT:
            intent = _IntentWebhook.model_validate_json(body).data.object
            said = None if intent.last_payment_error is None else intent.last_payment_error.message
            return _declined(kind, intent.metadata, intent.id, said)
    except ValidationError as error:
        raise unusable(why(error), kind.type, body) from error
    return None


def _thin(body: str, kind: _Kind) -> AccountNotice:
    try:
        account = _ThinWebhook.model_validate_json(body).related_object
    except ValidationError as error:
        raise UnusableWebhook(why(error)) from error
    return AccountNotice(external_id=kind.id, type=kind.type, account_id=account.id)


def _of_session(session: _Session, kind: _Kind) -> PaymentNotice | None:
    if kind.type == DECLINED_SESSION:
        return _declined(kind, session.metadata, session.payment_intent, "The bank did not carry out the payment.")
    if session.payment_status != "paid":
        # A method that pays later: its own webhook follows.
        return None
    return PaymentConfirmed(
        external_id=kind.id,
        type=kind.type,
        account_id=kind.account,
        store_id=session.metadata.store_id,
        order_id=session.metadata.order_id,
        intent_id=session.payment_intent,
        amount=session.paid,
        tax=session.tax,
        platform_fee=Money(minor=int(session.metadata.platform_fee), currency=session.currency),
    )


def _about_thing(body: str, kind: _Kind, account_id: str) -> Notice | None:
    header = {"external_id": kind.id, "type": kind.type, "account_id": account_id}
    if kind.type in CHARGE_TYPES:
        intent_id = _ChargeWebhook.model_validate_json(body).data.object.payment_intent
        return None if intent_id is None else ChargeNotice(**header, intent_id=intent_id)
    id = _ThingWebhook.model_validate_json(body).data.object.id
    if kind.type in DISPUTE_TYPES:
        return DisputeNotice(**header, dispute_id=id)
    return PayoutNotice(**header, payout_id=id)


def _declined(kind: _Kind, metadata: _Metadata, intent_id: str, reason: str | None) -> PaymentDeclined:
    return PaymentDeclined(
        external_id=kind.id,
        type=kind.type,
        account_id=kind.account,
        store_id=metadata.store_id,
        order_id=metadata.order_id,
        intent_id=intent_id,
        reason=(reason or "")[:REASON_MAX],
    )


def _kept(value: object, shape: Mapping[str, Any] | None) -> object:
    if shape is None:
        # A field that should be a plain value and is not could hold anything.
        if isinstance(value, str):
            return value[:TEXT_MAX]
        return value if value is None or isinstance(value, int | float | bool) else None
    if not isinstance(value, dict):
        return None
    return {key: _kept(value[key], inner) for key, inner in shape.items() if key in value}
