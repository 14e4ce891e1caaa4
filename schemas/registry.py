"""Wire names and event classes of everything that the log may hold; encodes and decodes event bodies."""

import json
import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import get_args

from domain.calls.events import CallEvent
from domain.cart.events import CartEvent
from domain.cart.link import CartLinkEvent
from domain.discount.events import DiscountEvent
from domain.draft.events import DraftEvent
from domain.draft.waiting_events import WaitingDraftsEvent
from domain.fee_payment.events import FeePaymentEvent
from domain.generation.events import GenerationEvent
from domain.inbox.events import WebhookReceived, WebhookRejected
from domain.kernel import DomainEvent
from domain.mail.events import MailEvent
from domain.media.events import MediaEvent
from domain.merchant.events import MerchantEvent
from domain.money import RECORDED
from domain.order.events import OrderEvent
from domain.payee.events import PayeeEvent
from domain.payout.events import PayoutEvent
from domain.product.events import ProductEvent
from domain.shopper.events import ShopperEvent
from domain.stock_notice.events import StockNoticeEvent
from domain.store.domain_events import HostnameEvent
from domain.store.events import SlugReserved, StoreEvent
from domain.subscription.events import SubscriptionEvent
from schemas.upcasters import UPCASTERS, Upcaster


class UnknownEvent(Exception):
    """The wire name is not registered: a newer version wrote the record, or it is foreign. It is parked, never dropped."""

    def __init__(self, wire_name: str) -> None:
        super().__init__(
            f"{wire_name!r} is not an event of this version. Deploy the version that writes it, then replay the letter."
        )
        self.wire_name = wire_name


class UndecodableEvent(Exception):
    """The wire name is registered, but the body does not fit it. Retrying does not help."""

    def __init__(self, wire_name: str, why: str) -> None:
        super().__init__(f"{wire_name} does not decode: {why}")
        self.wire_name = wire_name


def _members(*kinds: UnionType | type[DomainEvent]) -> Iterator[type[DomainEvent]]:
    for kind in kinds:
        yield from get_args(kind) or (kind,)


EVENTS: Mapping[str, type[DomainEvent]] = {
    event.wire_name: event
    for event in _members(
        MerchantEvent,
        StoreEvent,
        SlugReserved,
        HostnameEvent,
        GenerationEvent,
        ProductEvent,
        MediaEvent,
        OrderEvent,
        CartEvent,
        CartLinkEvent,
        CallEvent,
        DiscountEvent,
        DraftEvent,
        WaitingDraftsEvent,
        FeePaymentEvent,
        ShopperEvent,
        StockNoticeEvent,
        MailEvent,
        PayeeEvent,
        PayoutEvent,
        SubscriptionEvent,
        WebhookReceived,
        WebhookRejected,
    )
}


_WHOLE_SECOND = re.compile(rb'("occurred_at":"[^".]{19})(?=[^.0-9])')
"""The time of an event without microseconds. It is a field of the base class, so its first occurrence is the right one."""


def encode(event: DomainEvent) -> bytes:
    """Return an event's JSON body. Its time always has microseconds, so that texts sort like times.

    Events that were written before this rule stay as they are, and so do their records, whose ``ce_time`` is this text.
    """
    # Like model_dump_json, but without making a str: a third of the time.
    body = event.__pydantic_serializer__.to_json(event)
    return body if event.occurred_at.microsecond else _WHOLE_SECOND.sub(rb"\1.000000", body, count=1)


Events = Mapping[str, type[DomainEvent]]
Upcasters = Mapping[str, Upcaster]


def decode(wire_name: str, body: bytes, *, events: Events = EVENTS, upcasters: Upcasters = UPCASTERS) -> DomainEvent:
    """Return the event of a body, lifted to the current version if it is an old one.

    Raises:
        UnknownEvent: the wire name is not registered.
        UndecodableEvent: the body does not fit.
    """
    event = events.get(wire_name)
    if event is None:
        current, body = lift(wire_name, body, events=events, upcasters=upcasters)
        event = events[current]
    try:
        return event.model_validate_json(body, context=RECORDED)
    except ValueError as error:
        raise UndecodableEvent(wire_name, str(error)) from error


def lift(
    wire_name: str, body: bytes, *, events: Events = EVENTS, upcasters: Upcasters = UPCASTERS
) -> tuple[str, bytes]:
    """Return the current wire name and body of a stored event; both unchanged if it is current already.

    Raises:
        UnknownEvent: the wire name is neither current nor old.
        UndecodableEvent: an upcaster cannot read the body.
    """
    name = wire_name
    if name in events:
        return name, body
    if name not in upcasters:
        raise UnknownEvent(wire_name)
    try:
        fields = json.loads(body)
        while (upcaster := upcasters.get(name)) is not None:
            name, fields = upcaster.to, upcaster.lift(fields)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise UndecodableEvent(wire_name, f"its upcaster failed: {type(error).__name__}: {error}") from error
    if name not in events:
        raise UnknownEvent(name)
    return name, json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
