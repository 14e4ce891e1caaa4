"""A stock notice: one confirmed consent, one mail, and an end that deletes the address."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from commands.stock_notice import AnnounceStockReturn, EndStockNotice
from consumers.schedules.stock_notices import StockNotices
from domain.privacy import Sealed
from domain.stock_notice.aggregate import STOCK_NOTICE, StockNotice, StockNoticeStatus, request_notice
from domain.stock_notice.errors import StockNoticeOver
from domain.stock_notice.events import (
    StockNoticeConfirmed,
    StockNoticeEnd,
    StockNoticeEnded,
    StockNoticeEvent,
    StockReturnAnnounced,
)
from projections.sales.views import StockNoticeView
from tests.support.builders.samples import NOON
from tests.support.fakes.vault import MemoryPersonalData

NOTICE, SHOPPER, SHIRT = UUID(int=1), UUID(int=2), UUID(int=3)


def requested() -> Sequence[StockNoticeEvent]:
    return request_notice(
        NOTICE,
        store_id=UUID(int=4),
        product_id=UUID(int=5),
        variant_id=SHIRT,
        shopper_id=SHOPPER,
        email=Sealed(person_id=SHOPPER, ciphertext="v1.k.n.c"),
        consent="One mail.",
        at=NOON,
    )


def after(*steps: str) -> StockNotice:
    """Return a notice after some steps."""
    notice = STOCK_NOTICE.fold(requested())
    assert notice is not None
    for step in steps:
        match step:
            case "confirm":
                events = notice.confirm(at=NOON)
            case "announce":
                events = notice.announce(at=NOON)
            case _:
                events = notice.finish(StockNoticeEnd.WITHDRAWN, at=NOON)
        notice = STOCK_NOTICE.fold(events, notice)
        assert notice is not None
    return notice


def test_a_notice_is_confirmed_announced_and_ended_once() -> None:
    header = {"originator_id": NOTICE, "occurred_at": NOON}
    assert after().confirm(at=NOON) == (StockNoticeConfirmed(**header, originator_version=2),)
    assert after("confirm").confirm(at=NOON) == ()
    assert after("confirm").announce(at=NOON) == (StockReturnAnnounced(**header, originator_version=3),)
    assert after("confirm", "announce").announce(at=NOON) == ()
    end = StockNoticeEnded(**header, originator_version=4, shopper_id=SHOPPER, end=StockNoticeEnd.SENT)
    assert after("confirm", "announce").finish(StockNoticeEnd.SENT, at=NOON) == (end,)
    assert after("stop").finish(StockNoticeEnd.SENT, at=NOON) == ()


def test_nothing_is_announced_without_a_confirmation_or_after_a_withdrawal() -> None:
    assert after().announce(at=NOON) == ()
    assert after("confirm", "stop").announce(at=NOON) == ()
    with pytest.raises(StockNoticeOver):
        after("stop").confirm(at=NOON)


class Waiting:
    """The notices of a read model."""

    def __init__(self, *views: StockNoticeView, old: dict[StockNoticeStatus, UUID] | None = None) -> None:
        self.views, self.old = views, old or {}
        self.asked: list[tuple[datetime, StockNoticeStatus]] = []

    async def to_announce(self, *, limit: int) -> Sequence[StockNoticeView]:
        return self.views[:limit]

    async def unchanged_since(self, before: datetime, status: StockNoticeStatus, *, limit: int) -> Sequence[UUID]:
        assert limit > 0
        self.asked.append((before, status))
        return [self.old[status]] if status in self.old else []


async def test_a_round_announces_each_address_once_and_ends_what_is_over() -> None:
    personal = MemoryPersonalData()

    async def view(email: str, variant: UUID = SHIRT) -> StockNoticeView:
        return StockNoticeView(
            id=uuid4(),
            store_id=UUID(int=4),
            product_id=UUID(int=5),
            variant_id=variant,
            email=await personal.seal(uuid4(), email),
            status=StockNoticeStatus.CONFIRMED,
            created_at=NOON,
        )

    anna, same, other = await view("anna@example.com"), await view("Anna@example.com"), await view("ben@example.com")
    hat, erased, old = await view("anna@example.com", UUID(int=9)), await view("gone@example.com"), uuid4()
    await personal.forget(erased.email.person_id)
    waiting = Waiting(anna, same, other, hat, erased, old={StockNoticeStatus.REQUESTED: old})
    sent: dict[UUID, object] = {}

    async def dispatch(command: object, id: UUID, correlation_id: UUID) -> None:
        sent.setdefault(id, command)

    notices = StockNotices(waiting, personal)
    await notices.enforce(NOON, dispatch)
    expected: list[object] = [
        AnnounceStockReturn(notice_id=anna.id),
        EndStockNotice(notice_id=same.id, end=StockNoticeEnd.DUPLICATE),
        AnnounceStockReturn(notice_id=other.id),
        AnnounceStockReturn(notice_id=hat.id),
        EndStockNotice(notice_id=erased.id, end=StockNoticeEnd.ERASED),
        EndStockNotice(notice_id=old, end=StockNoticeEnd.NOT_CONFIRMED),
    ]
    assert list(sent.values()) == expected
    # The same round again has the same command ids. An hour later, a refused announcement is tried again.
    await notices.enforce(NOON + timedelta(minutes=1), dispatch)
    assert len(sent) == len(expected)
    await notices.enforce(NOON + timedelta(hours=1), dispatch)
    assert len(sent) == len(expected) + 3
