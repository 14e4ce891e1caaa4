"""The form of the sandbox provider's webhooks, which is Stripe's: what a signed body must say to be used."""

from contextlib import suppress
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.money import CURRENCIES, LARGEST, Money
from domain.order.ports import PaymentConfirmed, PaymentDeclined, PaymentNotice, UnusableWebhook

PAID: Literal["checkout.session.completed"] = "checkout.session.completed"
DECLINED: Literal["payment_intent.payment_failed"] = "payment_intent.payment_failed"
REASON_MAX = 1000
"""Characters of why a payment failed; what is beyond is cut off."""

M = TypeVar("M", bound=BaseModel)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("it has the character NUL in it, which cannot be stored")
    return text


def _currency(text: str) -> str:
    code = text.upper()
    if code not in CURRENCIES:
        raise ValueError(f"{text[:20]!r} is no currency (ISO 4217)")
    return code


Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_storable)]
Minor = Annotated[int, Field(ge=0, le=LARGEST)]
Currency = Annotated[str, AfterValidator(_currency)]


class _Part(BaseModel):
    # Strict: "12", 12.0 and true are no amounts. Fields that are not used may be there.
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
    def _fee_is_a_part(self) -> "_Session":
        if self.application_fee_amount > self.amount_total:
            raise ValueError(f"the fee {self.application_fee_amount} is over the amount {self.amount_total}")
        return self


class _Data(_Part):
    object: _Session


class _Webhook(_Part):
    id: Name
    type: Literal["checkout.session.completed", "payment_intent.payment_failed"]
    data: _Data


class _Named(_Part):
    id: Name


class _Concerned(_Part):
    """What is read of a webhook that cannot be used, to tell its merchant."""

    class _AnyData(_Part):
        class _AnySession(_Part):
            metadata: dict[str, Any]

        object: _AnySession

    data: _AnyData


def read_notice(body: str) -> PaymentNotice | None:
    """Read a webhook; None if it is of a kind that is no business of ours.

    Raises:
        UnusableWebhook: it makes no sense.
    """
    try:
        kind = _Kind.model_validate_json(body).type
    except ValidationError as error:
        raise UnusableWebhook(_why(error)) from error
    if kind not in {PAID, DECLINED}:
        return None
    try:
        says = _Webhook.model_validate_json(body)
    except ValidationError as error:
        raise _unusable(_why(error), kind, body) from error
    about = says.data.object
    if says.type == PAID and about.payment_status == "paid":
        return PaymentConfirmed(
            external_id=says.id,
            type=says.type,
            store_id=about.metadata.store_id,
            order_id=about.metadata.order_id,
            intent_id=about.payment_intent,
            amount=Money(minor=about.amount_total, currency=about.currency),
            platform_fee=Money(minor=about.application_fee_amount, currency=about.currency),
        )
    return PaymentDeclined(
        external_id=says.id,
        type=says.type,
        store_id=about.metadata.store_id,
        order_id=about.metadata.order_id,
        intent_id=about.payment_intent,
        reason=(about.failure_message or "")[:REASON_MAX],
    )


def _why(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the body"
    return f"{where}: {first['msg']}."


def _unusable(reason: str, kind: str, body: str) -> UnusableWebhook:
    external_id, ids = None, dict[str, UUID]()
    with suppress(ValidationError):
        external_id = _Named.model_validate_json(body).id
    with suppress(ValidationError):
        metadata = _Concerned.model_validate_json(body).data.object.metadata
        for name in ("store_id", "order_id"):
            with suppress(ValueError):
                ids[name] = UUID(str(metadata.get(name)))
    return UnusableWebhook(reason, external_id=external_id, type=kind, **ids)
