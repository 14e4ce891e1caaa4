"""Assembles evidence from what the platform recorded about an order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.money import Money
from domain.order.evidence.fields import TEXT_MAX, TOTAL_MAX, EvidenceField, EvidenceSource, EvidenceText
from domain.order.evidence.plain_text import plain_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldLine:
    """Goods as they were sold."""

    title: str
    variant_title: str
    quantity: int
    unit_price: Money
    description: str | None
    """The text of the product's page at the time of the order, Markdown; None if it is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentParcel:
    """A parcel that a carrier has."""

    number: int
    carrier: str | None
    tracking_number: str | None
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedPage:
    """A legal page in the version that the shopper ordered under."""

    title: str
    number: int
    """1 for the page's first text."""
    written_at: datetime
    content: str
    """Markdown, as shoppers see it: with the details of the business filled in."""
    is_refund_policy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happened, for the record."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What is known about an order. It has no address of the network, and nothing that the order does not need."""

    number: str
    shop: str
    placed_at: datetime
    total: Money
    lines: Sequence[SoldLine]
    shopper_name: str | None
    shopper_email: str | None
    address: Sequence[str]
    """Lines of the shipping address; empty if the shopper's data was erased."""
    pages: Sequence[AcceptedPage] = ()
    parcels: Sequence[SentParcel] = ()
    delivered_on: date | None = None
    moments: Sequence[Moment] = ()
    """Payment, mails, refunds and withdrawals, in any order."""
    refunded: Sequence[Moment] = ()
    """Refunds that succeeded."""


def assemble(facts: OrderFacts, edits: Mapping[EvidenceField, str]) -> tuple[EvidenceText, ...]:
    """Return the evidence for a dispute: what was recorded, with the merchant's own texts in place of it.

    Args:
        facts: what was recorded.
        edits: the merchant's texts; an empty one leaves its field out.
    """
    recorded = dict(_recorded(facts))
    texts = list[EvidenceText]()
    left = TOTAL_MAX
    for field in EvidenceField:
        source = EvidenceSource.MERCHANT if field in edits else EvidenceSource.LOG
        text = _shortened((edits[field] if field in edits else recorded.get(field, "")).strip(), min(TEXT_MAX, left))
        if text:
            texts.append(EvidenceText(field=field, text=text, source=source))
            left -= len(text)
    return tuple(texts)


def _recorded(facts: OrderFacts) -> Iterator[tuple[EvidenceField, str]]:
    yield EvidenceField.CUSTOMER_NAME, facts.shopper_name or ""
    yield EvidenceField.CUSTOMER_EMAIL, facts.shopper_email or ""
    yield EvidenceField.SHIPPING_ADDRESS, "\n".join(facts.address)
    yield EvidenceField.PRODUCT_DESCRIPTION, "\n\n".join(map(_goods, facts.lines))
    yield EvidenceField.SHIPPING_CARRIER, ", ".join(_distinct(parcel.carrier for parcel in facts.parcels))
    tracking = _distinct(parcel.tracking_number for parcel in facts.parcels)
    yield EvidenceField.SHIPPING_TRACKING_NUMBER, ", ".join(tracking)
    yield EvidenceField.SHIPPING_DATE, ", ".join(_distinct(f"{parcel.sent_at:%Y-%m-%d}" for parcel in facts.parcels))
    policies = [plain_text(page.content) for page in facts.pages if page.is_refund_policy]
    yield EvidenceField.REFUND_POLICY, "\n\n".join(policies)
    yield EvidenceField.REFUND_REFUSAL, "\n".join(f"{_day(each.at)}: {each.what}" for each in facts.refunded)
    yield EvidenceField.RECORD, "\n".join(_record(facts))


def _record(facts: OrderFacts) -> Iterator[str]:
    """Yield the lines of the record, in the order of time."""
    yield f"Order {facts.number} at {facts.shop}, {facts.total}. All times are UTC."
    moments = [Moment(at=facts.placed_at, what=f"The shopper placed the order{_accepted(facts.pages)}.")]
    for parcel in facts.parcels:
        by = f" with {parcel.carrier}" if parcel.carrier else ""
        tracked = f", tracking number {parcel.tracking_number}" if parcel.tracking_number else ""
        moments.append(Moment(at=parcel.sent_at, what=f"Parcel {parcel.number} was sent{by}{tracked}."))
    for each in sorted((*moments, *facts.moments, *facts.refunded), key=lambda moment: moment.at):
        yield f"{each.at:%Y-%m-%d %H:%M}: {each.what}"
    if facts.delivered_on is not None:
        yield f"{facts.delivered_on:%Y-%m-%d}: The shopper had the whole order."


def _accepted(pages: Sequence[AcceptedPage]) -> str:
    if not pages:
        return ""
    named = [f"{page.title} (version {page.number} of {_day(page.written_at)})" for page in pages]
    return f" and accepted: {', '.join(named)}"


def _goods(line: SoldLine) -> str:
    variant = "" if line.variant_title in {"", "Default"} else f", {line.variant_title}"
    head = f"{line.quantity} x {line.title}{variant}, {line.unit_price} each"
    return head if not line.description else f"{head}\n{plain_text(line.description)}"


def _distinct(texts: Iterator[str | None]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(0, most - 1)]}…"[:most]
