"""Events of a stock notice."""

from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent
from domain.privacy import Sealed


class StockNoticeEnd(StrEnum):
    """Why a stock notice ended."""

    SENT = "SENT"
    """Its mail was sent some days ago."""
    WITHDRAWN = "WITHDRAWN"
    """The shopper withdrew the consent."""
    NOT_CONFIRMED = "NOT_CONFIRMED"
    """The shopper did not confirm the address in time."""
    EXPIRED = "EXPIRED"
    """The variant did not return for a year."""
    DUPLICATE = "DUPLICATE"
    """Another notice of the same address and variant was sent instead."""
    ERASED = "ERASED"
    """The shopper asked to be forgotten."""


class StockNoticeRequested(DomainEvent, wire_name="notice.stock_notice_requested.v1"):
    """Somebody asked for a mail when a sold-out variant is back. The address counts only after it is confirmed."""

    store_id: UUID
    product_id: UUID
    variant_id: UUID
    shopper_id: UUID
    """The person whose key seals the address; a new one for each notice."""
    email: Sealed
    """The e-mail address."""
    consent: str
    """What the page said about the mails, as the shopper read it."""


class StockNoticeConfirmed(DomainEvent, wire_name="notice.stock_notice_confirmed.v1"):
    """The shopper confirmed the address by the link in the mail."""


class StockReturnAnnounced(DomainEvent, wire_name="notice.stock_return_announced.v1"):
    """The variant can be bought again, and the shopper gets the one mail of this notice."""


class StockNoticeEnded(DomainEvent, wire_name="notice.stock_notice_ended.v1"):
    """The notice is over, and the key of its address is deleted."""

    shopper_id: UUID
    """The person whose key is deleted."""
    end: StockNoticeEnd


StockNoticeEvent = StockNoticeRequested | StockNoticeConfirmed | StockReturnAnnounced | StockNoticeEnded
