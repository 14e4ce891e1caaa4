"""Announces variants that are back in stock, and ends stock notices that are done or too old."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from commands.stock_notice import AnnounceStockReturn, EndStockNotice
from domain.accounts.email import email_key
from domain.ids import derived
from domain.privacy import PersonalData
from domain.stock_notice.aggregate import CONFIRM_WITHIN, KEPT_AFTER_MAIL, WAIT_AT_MOST, StockNoticeStatus
from domain.stock_notice.events import StockNoticeEnd
from projections.sales.views import StockNoticeView

BATCH = 1_000
"""Most notices of one round. Two notices of one address count as one only within a round."""
ENDS = (
    (StockNoticeStatus.REQUESTED, CONFIRM_WITHIN, StockNoticeEnd.NOT_CONFIRMED),
    (StockNoticeStatus.CONFIRMED, WAIT_AT_MOST, StockNoticeEnd.EXPIRED),
    (StockNoticeStatus.ANNOUNCED, KEPT_AFTER_MAIL, StockNoticeEnd.SENT),
)
"""How long a notice may have a status, and why it ends then."""

Dispatch = Callable[[object, UUID, UUID], Awaitable[None]]
"""Sends a command with its id and correlation id; refusals and conflicts are left to the next round."""


class WaitingNotices(Protocol):
    """Finds stock notices in read models. An answer may be stale; the commands then refuse."""

    async def to_announce(self, *, limit: int) -> Sequence[StockNoticeView]:
        """Return confirmed notices whose variant can be bought again, those of one variant together."""
        ...

    async def unchanged_since(self, before: datetime, status: StockNoticeStatus, *, limit: int) -> Sequence[UUID]:
        """Return notices that have had a status since before a time."""
        ...


class StockNotices:
    """One round of announcements.

    A notice waits for a state, not for an event: a restock, a cancelled order and a product that is on sale again all lead
    to a mail, also if no process ran when they happened. Each notice leads to one mail, so a stock that comes and goes does
    not repeat it. Safe to repeat and to run in several processes: each notice has one command id for each step.
    """

    def __init__(self, notices: WaitingNotices, personal: PersonalData) -> None:
        self._notices, self._personal = notices, personal

    async def enforce(self, now: datetime, dispatch: Dispatch) -> None:
        """Announce what is back, and end what is over."""
        waiting = await self._notices.to_announce(limit=BATCH)
        emails = await self._personal.open_many([notice.email for notice in waiting]) if waiting else ()
        reached: set[tuple[UUID, str]] = set()
        for notice, email in zip(waiting, emails, strict=True):
            if email is None:
                await self._end(notice.id, StockNoticeEnd.ERASED, dispatch)
            elif (notice.variant_id, email_key(email)) in reached:
                await self._end(notice.id, StockNoticeEnd.DUPLICATE, dispatch)
            else:
                reached.add((notice.variant_id, email_key(email)))
                # A refused announcement is tried again when the variant is back, so each hour has an id.
                id = derived(notice.id, "announce", f"{now:%Y-%m-%dT%H}")
                await dispatch(AnnounceStockReturn(notice_id=notice.id), id, notice.id)
        for status, age, end in ENDS:
            for notice_id in await self._notices.unchanged_since(now - age, status, limit=BATCH):
                await self._end(notice_id, end, dispatch)

    async def _end(self, notice_id: UUID, end: StockNoticeEnd, dispatch: Dispatch) -> None:
        await dispatch(EndStockNotice(notice_id=notice_id, end=end), derived(notice_id, "end", end), notice_id)
