"""The rules of consumers.runtime.delivery, one by one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import pytest

from consumers.runtime.delivery import REDELIVERY, RecordDelivery, SoloGate
from domain.kernel import DomainError, DomainEvent, Transient
from domain.product.events import ProductActivated
from schemas import topics
from schemas.envelope import Envelope
from schemas.headers import header
from schemas.topics import Topic
from tests.support.builders.records import FakeRecord, activated, archived, record, without_value
from tests.support.fakes.deliveries import MemoryLedger, MemoryProvenance, RecordedDeadLetters
from tests.support.fakes.event_log import FixedClock

GOOD = record(activated(uuid4()))


@dataclass
class Probe:
    """A consumer whose reaction a test chooses."""

    react: Callable[[Envelope], Awaitable[None]]
    name: str = "probe"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset({ProductActivated})
    seen: list[UUID] = field(default_factory=list)

    async def __call__(self, envelope: Envelope) -> None:
        self.seen.append(envelope.id)
        await self.react(envelope)


@dataclass
class Desk:
    """A RecordDelivery with fakes of its ports."""

    probe: Probe
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    letters: RecordedDeadLetters = field(default_factory=RecordedDeadLetters)
    provenance: MemoryProvenance = field(default_factory=MemoryProvenance)
    solo_gate: SoloGate = field(default_factory=SoloGate)

    def delivery(self, concurrency: int = 8) -> RecordDelivery:
        return RecordDelivery(
            self.probe,
            ledger=self.ledger,
            dead_letters=self.letters,
            provenance=self.provenance,
            solo_gate=self.solo_gate,
            clock=FixedClock(),
            concurrency=concurrency,
            redelivery=replace(REDELIVERY, first_pause=0.0),
        )

    async def handle(self, given: FakeRecord) -> None:
        await self.delivery().handle(given)


async def _content(_: Envelope) -> None:
    return


def _raising(error: Callable[[], Exception], times: int = 1_000) -> Callable[[Envelope], Awaitable[None]]:
    left = [times]

    async def react(_: Envelope) -> None:
        if left[0] > 0:
            left[0] -= 1
            raise error()

    return react


async def test_an_event_that_is_not_handled_and_not_skipped_by_its_header_is_done() -> None:
    desk = Desk(Probe(_content))
    await desk.handle(record(archived(uuid4())))
    assert (desk.probe.seen, desk.letters.letters, desk.ledger.counts) == ([], [], {})


async def test_a_handled_record_leaves_no_trace_in_the_ledger() -> None:
    desk = Desk(Probe(_content))
    await desk.handle(record(activated(uuid4())))
    assert len(desk.probe.seen) == 1
    assert desk.ledger.counts == {}
    assert desk.letters.letters == []


async def test_a_type_the_consumer_does_not_handle_is_skipped_without_decoding() -> None:
    delivery = Desk(Probe(_content)).delivery()
    foreign = replace(record(archived(uuid4())), value=b"\xff not json")
    assert delivery.skips(foreign)
    assert not delivery.skips(record(activated(uuid4())))


async def test_an_unknown_type_is_not_skipped_but_parked() -> None:
    desk = Desk(Probe(_content))
    known = record(activated(uuid4()))
    unknown = replace(
        known,
        headers=[(name, b"product.product_teleported.v1" if name == "ce_type" else v) for name, v in known.headers],
    )
    assert not desk.delivery().skips(unknown)
    await desk.handle(unknown)
    (letter,) = desk.letters.letters
    assert (letter.count, letter.reason.partition(":")[0]) == (1, "UnknownEvent")


@pytest.mark.parametrize(
    "broken",
    [
        {"value": b"{"},
        {"value": b'{"originator_id": 1}'},
        {"value": None},
        {"headers": ()},
        {"headers": [("ce_type", b"\xff\xfe")]},
        {"headers": without_value(GOOD.headers, "ce_type")},
        {"headers": without_value(GOOD.headers, "ce_position")},
        {"headers": without_value(GOOD.headers, "ce_id")},
        {"headers": without_value(GOOD.headers, "ce_causationid", "ce_traceparent", "ce_recordedtime")},
        {"headers": [(name, b"9" * 5_000 if name == "ce_position" else value) for name, value in GOOD.headers]},
        {"headers": [(name, b"3000000000" if name == "ce_streamversion" else v) for name, v in GOOD.headers]},
    ],
)
async def test_a_record_that_does_not_decode_is_parked_at_once_as_it_is(broken: dict[str, object]) -> None:
    desk = Desk(Probe(_content))
    given = replace(record(activated(uuid4()), offset=41), **broken)  # type: ignore[arg-type]
    await desk.handle(given)
    (letter,) = desk.letters.letters
    assert (letter.key, letter.value, letter.headers) == (given.key, given.value, tuple(given.headers))
    assert (letter.group, letter.topic, letter.partition, letter.offset) == ("probe", "zyenta.events", 0, 41)
    assert letter.reason.startswith(("UndecodableEvent", "UnknownEvent"))
    assert desk.probe.seen == []
    assert not desk.delivery().skips(given)


async def test_a_record_that_raises_is_delivered_five_times_and_parked() -> None:
    desk = Desk(Probe(_raising(lambda: ValueError("no good"))))
    await desk.handle(record(activated(uuid4())))
    assert len(desk.probe.seen) == REDELIVERY.attempts == 5
    (letter,) = desk.letters.letters
    assert (letter.count, letter.reason) == (5, "ValueError: no good")
    assert len(letter.traceback_digest) == 16
    assert desk.ledger.counts == {}


async def test_failures_at_the_same_place_have_the_same_digest() -> None:
    desk = Desk(Probe(_raising(lambda: ValueError("one"))))
    await desk.handle(record(activated(uuid4())))
    await desk.handle(record(activated(uuid4())))
    first, second = desk.letters.letters
    assert first.traceback_digest == second.traceback_digest


async def test_an_outage_that_ends_is_outlived() -> None:
    desk = Desk(Probe(_raising(lambda: Transient("AliExpress", "timed out", retry_after=0.001), times=3)))
    await desk.handle(record(activated(uuid4())))
    assert len(desk.probe.seen) == 4
    assert desk.letters.letters == []


async def test_a_refusal_is_an_answer_and_not_delivered_again() -> None:
    desk = Desk(Probe(_raising(lambda: DomainError("too late"))))
    await desk.handle(record(activated(uuid4())))
    assert len(desk.probe.seen) == 1
    assert (desk.letters.letters, desk.ledger.counts) == ([], {})


async def test_an_outage_of_the_ledger_is_waited_for_and_not_counted() -> None:
    desk = Desk(Probe(_content))
    desk.ledger.outages = iter([True] * 20)
    await desk.handle(record(activated(uuid4())))
    assert len(desk.probe.seen) == 1
    assert desk.letters.letters == []


async def test_being_shut_down_does_not_count_as_a_delivery() -> None:
    started = asyncio.Event()

    async def hang(_: Envelope) -> None:
        started.set()
        await asyncio.Event().wait()

    desk = Desk(Probe(hang))
    given = record(activated(uuid4()))
    for _ in range(2 * REDELIVERY.attempts):
        started.clear()
        task = asyncio.create_task(desk.handle(given))
        await asyncio.wait_for(started.wait(), 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert desk.ledger.counts == {}
    desk.probe.react = _content
    await desk.handle(given)
    assert desk.letters.letters == []


async def test_a_record_that_kills_its_process_is_begun_five_times_and_parked_without_a_sixth() -> None:
    desk = Desk(Probe(_content))
    given = record(activated(uuid4()))
    event_id = UUID(header(given.headers, "ce_id").decode())
    desk.ledger.counts["probe", event_id] = (REDELIVERY.attempts, 0)  # five deliveries begun, no word from any
    await desk.handle(given)
    assert desk.probe.seen == []
    (letter,) = desk.letters.letters
    assert (letter.count, letter.reason.partition(":")[0], letter.traceback_digest) == (5, "Crashed", "")
    assert desk.ledger.counts == {}


async def test_a_suspect_of_two_crashes_is_handled_alone() -> None:
    beside: list[int] = []
    running = 0

    async def watch(_: Envelope) -> None:
        nonlocal running
        running += 1
        beside.append(running)
        for _turn in range(5):
            await asyncio.sleep(0)
        beside.append(running)
        running -= 1

    desk = Desk(Probe(watch))
    suspect = record(activated(uuid4()))
    suspect_id = UUID(header(suspect.headers, "ce_id").decode())
    desk.ledger.counts["probe", suspect_id] = (2, 0)
    delivery = desk.delivery()
    others = [record(activated(uuid4())) for _ in range(6)]
    await asyncio.gather(*(delivery.handle(each) for each in [*others[:3], suspect, *others[3:]]))
    assert max(beside) > 1, "the others ran side by side"
    assert len(desk.probe.seen) == 7
    at = desk.probe.seen.index(suspect_id)
    assert beside[2 * at : 2 * at + 2] == [1, 1] or running == 0
    assert desk.ledger.counts == {}


async def test_no_more_keys_than_allowed_are_handled_at_once() -> None:
    running, most = 0, 0

    async def watch(_: Envelope) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _turn in range(3):
            await asyncio.sleep(0)
        running -= 1

    delivery = Desk(Probe(watch)).delivery(concurrency=3)
    await asyncio.gather(*(delivery.handle(record(activated(uuid4()))) for _ in range(12)))
    assert most == 3


@dataclass
class UrgentProbe(Probe):
    """A consumer to which some records are more urgent than others."""

    places: dict[bytes, tuple[int, ...]] = field(default_factory=dict)

    def urgency(self, envelope: Envelope) -> tuple[int, ...]:
        return self.places[envelope.event.originator_id.bytes]


async def test_of_the_records_that_wait_the_most_urgent_gets_the_next_slot() -> None:
    begun: list[bytes] = []
    first_may_end = asyncio.Event()

    async def watch(envelope: Envelope) -> None:
        begun.append(envelope.event.originator_id.bytes)
        await first_may_end.wait()

    events = [activated(uuid4()) for _ in range(5)]
    places = dict(
        zip([event.originator_id.bytes for event in events], [(2,), (1, 9), (0,), (1, 2), (1, 2)], strict=True)
    )
    delivery = Desk(UrgentProbe(watch, places=places)).delivery(concurrency=1)
    handled = [asyncio.create_task(delivery.handle(record(event))) for event in events]
    while not begun:
        await asyncio.sleep(0)
    for _turn in range(20):  # the others reach the slots
        await asyncio.sleep(0)
    first_may_end.set()
    await asyncio.gather(*handled)
    assert [places[each] for each in begun] == [(2,), (0,), (1, 2), (1, 2), (1, 9)]
    assert begun[2:4] == [events[3].originator_id.bytes, events[4].originator_id.bytes], "equals keep their order"


async def test_a_foreign_record_reaches_no_consumer_and_is_noted_and_parked_at_once() -> None:
    desk = Desk(Probe(_content))
    forged = record(activated(uuid4()))
    desk.provenance.unknown = {UUID(header(forged.headers, "ce_id").decode())}
    await desk.handle(forged)
    assert (desk.probe.seen, desk.ledger.counts) == ([], {})
    (letter,) = desk.letters.letters
    assert (letter.count, letter.reason.partition(":")[0]) == (1, "UnknownCause")
    assert [(each.partition, each.offset) for each in desk.provenance.noted] == [(0, 0)]
