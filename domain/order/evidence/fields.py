"""The fields of evidence, and what each kind of dispute needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

TEXT_MAX = 20_000
"""Most characters of one field, the providers' own limit."""
TOTAL_MAX = 150_000
"""Most characters of all fields together."""


class EvidenceField(StrEnum):
    """A part of the evidence for a dispute."""

    CUSTOMER_NAME = "CUSTOMER_NAME"
    CUSTOMER_EMAIL = "CUSTOMER_EMAIL"
    SHIPPING_ADDRESS = "SHIPPING_ADDRESS"
    PRODUCT_DESCRIPTION = "PRODUCT_DESCRIPTION"
    """The goods as they were described when they were sold."""
    SHIPPING_CARRIER = "SHIPPING_CARRIER"
    SHIPPING_TRACKING_NUMBER = "SHIPPING_TRACKING_NUMBER"
    SHIPPING_DATE = "SHIPPING_DATE"
    REFUND_POLICY = "REFUND_POLICY"
    """The refund policy that the shopper accepted at checkout."""
    REFUND_REFUSAL = "REFUND_REFUSAL"
    """Why the shopper gets no refund, or which refund was made."""
    DUPLICATE_EXPLANATION = "DUPLICATE_EXPLANATION"
    """Why two payments are not for the same thing."""
    RECORD = "RECORD"
    """What happened, in the order of time, and anything else the bank should know."""


class EvidenceSource(StrEnum):
    """Where the text of a field comes from."""

    LOG = "LOG"
    """Assembled from what the platform recorded."""
    MERCHANT = "MERCHANT"
    """Written by the merchant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceText:
    """One field with its text."""

    field: EvidenceField
    text: str
    source: EvidenceSource


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceGap:
    """A field that would help and has no text."""

    field: EvidenceField
    advice: str
    """What to do about it."""


_SHIPPING = (
    EvidenceField.SHIPPING_CARRIER,
    EvidenceField.SHIPPING_TRACKING_NUMBER,
    EvidenceField.SHIPPING_DATE,
)
_ALWAYS = (
    EvidenceField.CUSTOMER_NAME,
    EvidenceField.CUSTOMER_EMAIL,
    EvidenceField.SHIPPING_ADDRESS,
    EvidenceField.PRODUCT_DESCRIPTION,
)
HELPFUL: Mapping[str, tuple[EvidenceField, ...]] = {
    "product_not_received": (*_ALWAYS, *_SHIPPING),
    "fraudulent": (*_ALWAYS, *_SHIPPING),
    "unrecognized": (*_ALWAYS, *_SHIPPING),
    "product_unacceptable": (*_ALWAYS, EvidenceField.REFUND_POLICY, EvidenceField.REFUND_REFUSAL),
    "credit_not_processed": (*_ALWAYS, EvidenceField.REFUND_POLICY, EvidenceField.REFUND_REFUSAL),
    "subscription_canceled": (*_ALWAYS, EvidenceField.REFUND_POLICY, EvidenceField.REFUND_REFUSAL),
    "duplicate": (*_ALWAYS, *_SHIPPING, EvidenceField.DUPLICATE_EXPLANATION),
}
"""What helps against a bank's reason, by its name."""
OTHERWISE = (*_ALWAYS, *_SHIPPING, EvidenceField.REFUND_POLICY)
"""What helps against any other reason."""
ADVICE: Mapping[EvidenceField, str] = {
    EvidenceField.CUSTOMER_NAME: "The shopper's name was erased. Write it only if you still know it lawfully.",
    EvidenceField.CUSTOMER_EMAIL: "The shopper's address was erased. Write it only if you still know it lawfully.",
    EvidenceField.SHIPPING_ADDRESS: "The shopper's address was erased. Write it only if you still know it lawfully.",
    EvidenceField.PRODUCT_DESCRIPTION: "Describe the goods as your shop showed them when they were sold.",
    EvidenceField.SHIPPING_CARRIER: "Record the parcel with its carrier, or name the carrier here.",
    EvidenceField.SHIPPING_TRACKING_NUMBER: "Record the parcel's tracking number. Banks seldom decide for a shop without it.",
    EvidenceField.SHIPPING_DATE: "Record the parcel, or write the day on which it was sent.",
    EvidenceField.REFUND_POLICY: "No refund policy was recorded with the order. Write what it said on that day.",
    EvidenceField.REFUND_REFUSAL: "Write why the shopper gets no refund, or when you refunded what.",
    EvidenceField.DUPLICATE_EXPLANATION: "Write why the two payments are for different orders, with both order numbers.",
    EvidenceField.RECORD: "Write what happened, in the order of time.",
}


def gaps(reason: str, texts: Mapping[EvidenceField, str]) -> tuple[EvidenceGap, ...]:
    """Return the fields that would help against a bank's reason and have no text."""
    wanted = HELPFUL.get(reason, OTHERWISE)
    return tuple(EvidenceGap(field=field, advice=ADVICE[field]) for field in wanted if not texts.get(field))
