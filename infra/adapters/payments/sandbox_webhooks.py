"""The format of the sandbox provider's webhooks, which is Stripe's, and its validation."""

from contextlib import suppress
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.money import CURRENCIES, LARGEST, Money
from domain.order.ports import PaymentConfirmed, PaymentDeclined, PaymentNotice, UnusableWebhook

PAID: Literal["checkout.session.completed"] = "checkout.session.completed"
DECLINED: Literal["payment_intent.payment_failed"] = "payment_intent.payment_failed"
REASON_MAX = 1000
"""The most characters of a failure reason; the rest is cut off."""

M = TypeVar("M", bound=BaseModel)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("it contains the character NUL, which cannot be stored")
    return text


def _currency(text: str) -> str:
    code = text.upper()
    if code not in CURRENCIES:
        raise ValueError(f"{text[:20]!r} is not a currency (ISO 4217)")
    return code


Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_storable)]
Minor = Annotated[int, Field(ge=0, le=LARGEST)]
Currency = Annotated[str, AfterValidator(_currency)]


class _Part(BaseModel):
    # Strict: "12", 12.0 and true are not amounts. Unused fields are ignored.
    model_config = ConfigDict(strict=True, extra="ignore")


class _Kind(_Part):
    type: str


class _Metadata(_Part):
    store_id: UUID
    order_id: UUID


class _Session(_Part):
    payment_intent: Name
    payment_status: str
    amount_total: Minor
    application_fee_amount: Minor
    currency: Currency
    metadata: _Metadata
    failure_message: Annotated[str, AfterValidator(_storable)] | None = None

    @model_validator(mode="after")
    def _fee_is_within_amount(self) -> "_Session":
        if self.application_fee_amount > self.amount_total:
            raise ValueError(f"the fee {self.application_fee_amount} exceeds the amount {self.amount_total}")
        return self


class _Data(_Part):
    object: _Session


class _Webhook(_Part):
    id: Name
    type: Literal["checkout.session.completed", "payment_intent.payment_failed"]
    data: _Data


class _WithId(_Part):
    id: Name


class _WithMetadata(_Part):
    """The part of an invalid webhook that names its merchant's order."""

    class _AnyData(_Part):
        class _AnySession(_Part):
            metadata: dict[str, Any]

        object: _AnySession

    data: _AnyData


def read_notice(body: str) -> PaymentNotice | None:
    """Read a webhook; None if its kind does not matter here.

    Raises:
        UnusableWebhook: its content is invalid.
    """
    try:
        kind = _Kind.model_validate_json(body).type
    except ValidationError as error:
        raise UnusableWebhook(_why(error)) from error
    if kind not in {PAID, DECLINED}:
        return None
    try:
        webhook = _Webhook.model_validate_json(body)
    except ValidationError as error:
        raise _unusable(_why(error), kind, body) from error
    session = webhook.data.object
    if webhook.type == PAID and session.payment_status == "paid":
        return PaymentConfirmed(
            external_id=webhook.id,
            type=webhook.type,
            store_id=session.metadata.store_id,
            order_id=session.metadata.order_id,
            intent_id=session.payment_intent,
            amount=Money(minor=session.amount_total, currency=session.currency),
            platform_fee=Money(minor=session.application_fee_amount, currency=session.currency),
        )
    return PaymentDeclined(
        external_id=webhook.id,
        type=webhook.type,
        store_id=session.metadata.store_id,
        order_id=session.metadata.order_id,
        intent_id=session.payment_intent,
        reason=(session.failure_message or "")[:REASON_MAX],
    )


def _why(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the body"
    return f"{where}: {first['msg']}."


def _unusable(reason: str, kind: str, body: str) -> UnusableWebhook:
    external_id, ids = None, dict[str, UUID]()
    with suppress(ValidationError):
        external_id = _WithId.model_validate_json(body).id
    with suppress(ValidationError):
        metadata = _WithMetadata.model_validate_json(body).data.object.metadata
        for name in ("store_id", "order_id"):
            with suppress(ValueError):
                ids[name] = UUID(str(metadata.get(name)))
    return UnusableWebhook(reason, external_id=external_id, type=kind, **ids)
