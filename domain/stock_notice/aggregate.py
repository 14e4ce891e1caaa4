"""The aggregate of a stock notice: one consent, confirmed by mail, for one mail."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.kernel import CorruptStream, StreamKind, first_header, next_header
from domain.privacy import Sealed
from domain.stock_notice.errors import StockNoticeOver
from domain.stock_notice.events import (
    StockNoticeConfirmed,
    StockNoticeEnd,
    StockNoticeEnded,
    StockNoticeEvent,
    StockNoticeRequested,
    StockReturnAnnounced,
)

CONFIRM_WITHIN = timedelta(days=7)
"""How long a shopper may take to confirm the address."""
KEPT_AFTER_MAIL = timedelta(days=7)
"""How long the address is kept after its mail; a mail server may refuse it for days."""
WAIT_AT_MOST = timedelta(days=365)
"""How long a confirmed notice waits for the variant."""


class StockNoticeStatus(StrEnum):
    """The status of a stock notice."""

    REQUESTED = "REQUESTED"
    """The address waits for its confirmation."""
    CONFIRMED = "CONFIRMED"
    """The shopper waits for the variant."""
    ANNOUNCED = "ANNOUNCED"
    """The variant is back, and the mail is on its way."""
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockNotice:
    """One shopper's notice for one variant."""

    id: UUID
    version: int
    store_id: UUID
    product_id: UUID
    variant_id: UUID
    shopper_id: UUID
    status: StockNoticeStatus = StockNoticeStatus.REQUESTED

    def confirm(self, *, at: datetime) -> Sequence[StockNoticeEvent]:
        """Record that the address is the shopper's. No-op if it is confirmed.

        Raises:
            StockNoticeOver: the notice ended.
        """
        if self.status is StockNoticeStatus.ENDED:
            raise StockNoticeOver
        if self.status is not StockNoticeStatus.REQUESTED:
            return ()
        return (StockNoticeConfirmed(**next_header(self, at)),)

    def announce(self, *, at: datetime) -> Sequence[StockNoticeEvent]:
        """Announce the variant; the caller has checked that it can be bought. No-op unless the notice waits for it."""
        if self.status is not StockNoticeStatus.CONFIRMED:
            return ()
        return (StockReturnAnnounced(**next_header(self, at)),)

    def finish(self, end: StockNoticeEnd, *, at: datetime) -> Sequence[StockNoticeEvent]:
        """End the notice. No-op if it ended."""
        if self.status is StockNoticeStatus.ENDED:
            return ()
        return (StockNoticeEnded(**next_header(self, at), shopper_id=self.shopper_id, end=end),)


def request_notice(
    notice_id: UUID,
    *,
    store_id: UUID,
    product_id: UUID,
    variant_id: UUID,
    shopper_id: UUID,
    email: Sealed,
    consent: str,
    at: datetime,
) -> Sequence[StockNoticeEvent]:
    """Request a notice; the caller has checked that the variant is sold out."""
    return (
        StockNoticeRequested(
            **first_header(notice_id, at),
            store_id=store_id,
            product_id=product_id,
            variant_id=variant_id,
            shopper_id=shopper_id,
            email=email,
            consent=consent,
        ),
    )


def evolve(notice: StockNotice | None, event: StockNoticeEvent) -> StockNotice:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match notice, event:
        case None, StockNoticeRequested():
            return StockNotice(
                id=event.originator_id,
                version=event.originator_version,
                store_id=event.store_id,
                product_id=event.product_id,
                variant_id=event.variant_id,
                shopper_id=event.shopper_id,
            )
        case StockNotice(), StockNoticeConfirmed():
            return replace(notice, version=event.originator_version, status=StockNoticeStatus.CONFIRMED)
        case StockNotice(), StockReturnAnnounced():
            return replace(notice, version=event.originator_version, status=StockNoticeStatus.ANNOUNCED)
        case StockNotice(), StockNoticeEnded():
            return replace(notice, version=event.originator_version, status=StockNoticeStatus.ENDED)
        case _:
            raise CorruptStream(event)


STOCK_NOTICE = StreamKind("notice", StockNotice, evolve)
"""Events of a stock notice."""
