"""Groups of a hot stream: the same events as one by one, and no command suffers from another one."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commands.bus import CommandBus, payload_digest
from commands.checkout import CartLine, PlaceOrder
from commands.decisions import Decision, decide_alone
from commands.generation import StartGeneration
from commands.group_queue import GroupQueue
from commands.hot_streams import HotStreams
from commands.order import CancelOrder, OpenPaymentSession
from commands.ports import (
    Cause,
    CommandReused,
    Commit,
    ConcurrencyConflict,
    Context,
    Loaded,
    Receipt,
    StreamBusy,
    UnknownCause,
    reaction_id,
)
from commands.product import CountStock
from commands.product_copy import WriteProductCopy
from domain.generation.events import Step, StepProgressed
from domain.kernel import DomainError, InvalidInput, StreamKind
from domain.order.events import OrderPlaced
from domain.product.aggregate import PRODUCT
from domain.product.errors import InsufficientStock
from gateway.api.client_errors import describe
from infra.bootstrap import handlers
from tests.support.builders.samples import copy, listing, sealed
from tests.support.fakes.event_log import MemoryEventLog
from tests.support.platforms.write_side import Platform

IDS = UUID("5a1d9a52-5f0e-4d52-9d39-0c6f7f3f5f11")
SHOPPER = uuid5(IDS, "shopper")
STOCK = 10


def id_of(name: str, number: int) -> UUID:
    return uuid5(IDS, f"{name} {number}")


@dataclass
class Shop:
    """A store with one lamp, whose stream is hot. Shops have the same ids, so their events can be compared."""

    platform: Platform = field(
        default_factory=lambda: Platform(merchant_id=uuid5(IDS, "merchant"), store_id=uuid5(IDS, "store"))
    )
    hot: HotStreams = field(default_factory=HotStreams)
    lamp: UUID = field(init=False)
    variant: UUID = field(init=False)

    async def open(self) -> "Shop":
        (self.lamp,) = await self.platform.publish(listing())
        (self.variant,) = (await self.platform.product(self.lamp)).variants
        self.hot.heat([self.lamp])
        return self

    def order(self, number: int, quantity: int = 1, cart: int | None = None) -> PlaceOrder:
        return PlaceOrder(
            order_id=id_of("order", number),
            store_id=self.platform.store_id,
            lines=[CartLine(product_id=self.lamp, variant_id=self.variant, quantity=quantity)],
            shopper_id=SHOPPER,
            shopper_name=sealed(SHOPPER),
            shopper_email=sealed(SHOPPER),
            shipping_address=sealed(SHOPPER),
            cart_id=None if cart is None else id_of("cart", cart),
        )

    def decision(self, command: object, number: int, **context: Any) -> Decision:
        return Decision(
            command=command,
            handler=handlers(self.platform.clock)[type(command)],
            context=Context(
                command_id=id_of("command", number), correlation_id=id_of("correlation", number), **context
            ),
            digest=payload_digest(command),
            streams=set(),
        )

    def heated(self) -> HotStreams:
        """Return the hot streams of a further process."""
        hot = HotStreams()
        hot.heat([self.lamp])
        return hot

    def queue(self, **limits: int) -> "Queue":
        return Queue(GroupQueue(self.platform.log, self.hot, **limits), (self.lamp,))

    async def together(self, decisions: Sequence[Decision], group: int = 64) -> list[Receipt | BaseException]:
        queue = self.queue(group=group)
        return await asyncio.gather(*(queue.decide(decision) for decision in decisions), return_exceptions=True)

    @property
    def history(self) -> list[tuple[object, ...]]:
        """The log without what is random in it."""
        return [
            (raw.position, raw.stream_id, raw.version, raw.type, raw.tenant, raw.correlation_id, raw.data)
            for raw in self.platform.log.raw[self.begin :]
        ]

    begin: int = 0


@dataclass
class Queue:
    """The queue of one stream."""

    queues: GroupQueue
    hot: tuple[UUID, ...]

    def __len__(self) -> int:
        return len(self.queues)

    async def decide(self, decision: Decision, patience: float = 60) -> Receipt:
        return await self.queues.decide(decision, self.hot, until=asyncio.get_running_loop().time() + patience)


async def shop() -> Shop:
    opened = await Shop().open()
    opened.begin = len(opened.platform.log.raw)
    return opened


def outcome_of(answer: Receipt | BaseException) -> tuple[object, ...]:
    if isinstance(answer, Receipt):
        return answer.command_id, answer.result, answer.token, answer.replayed
    return type(answer), str(answer)


NUMBERS = st.integers(0, 9)
ACTIONS = st.one_of(
    st.tuples(st.just("order"), NUMBERS, st.integers(0, 4), st.none() | st.integers(0, 2)),
    st.tuples(st.just("cancel"), NUMBERS),
    st.tuples(st.just("session"), NUMBERS),
    st.tuples(st.just("count"), st.integers(0, 12)),
    st.tuples(st.just("repeat"), NUMBERS),
)


def decisions_of(actions: Sequence[tuple[Any, ...]], at: Shop) -> list[Decision]:
    made: list[Decision] = []
    for number, action in enumerate(actions):
        match action:
            case "order", order, quantity, cart:
                command: object = at.order(order, quantity, cart)
            case "cancel", order:
                command = CancelOrder(order_id=id_of("order", order), reason="Changed my mind.")
            case "session", order:
                command = OpenPaymentSession(order_id=id_of("order", order), provider="sandbox", session_id=f"s{order}")
            case "count", on_hand:
                command = CountStock(
                    product_id=at.lamp, merchant_id=at.platform.merchant_id, variant_id=None, on_hand=on_hand
                )
            case _, back:
                if back < len(made):
                    made.append(made[back])
                continue
        made.append(at.decision(command, number))
    return made


@given(actions=st.lists(ACTIONS, max_size=25), group=st.integers(1, 9))
def test_grouped_decisions_give_the_same_events_and_answers_as_one_by_one(
    actions: list[tuple[Any, ...]], group: int
) -> None:
    async def compare() -> None:
        one_by_one, grouped = await shop(), await shop()
        expected: list[Receipt | BaseException] = []
        for decision in decisions_of(actions, one_by_one):
            try:
                log = one_by_one.platform.log
                expected.append(await decide_alone(log, one_by_one.hot, decision, optimistic=False))
            except DomainError as refusal:
                expected.append(refusal)
        # The sender of a repeat is another request with the same id.
        answers = await grouped.together(decisions_of(actions, grouped), group)
        assert grouped.history == one_by_one.history
        for answer, other in zip(answers, expected, strict=True):
            assert outcome_of(answer) == outcome_of(other)

    asyncio.run(compare())


class SlowLog(MemoryEventLog):
    """A log whose statements take a while, as on a disk, so that processes collide on it. It records its groups."""

    async def load(self, kind: StreamKind[Any], stream_id: UUID) -> Loaded | None:
        await asyncio.sleep(0)
        return await super().load(kind, stream_id)

    async def commit(self, commit: Commit) -> Receipt:
        await asyncio.sleep(0)
        return await super().commit(commit)

    async def commit_group(self, commits: Sequence[Commit]) -> Sequence[Receipt]:
        await asyncio.sleep(0)
        self.groups.append(len(commits))
        return await super().commit_group(commits)

    groups: list[int]


def slow(log: MemoryEventLog, kind: type[SlowLog] = SlowLog) -> SlowLog:
    made = kind(log.clock, log.raw, log.receipts)
    made.groups = []
    return made


# Another gateway begins the order between two looks at its stream.
@example(actions=[("order", 0, 1, None), ("order", 1, 1, 0), ("repeat", 1)], gateways=2, group=1)
@given(actions=st.lists(ACTIONS, min_size=2, max_size=25), gateways=st.integers(2, 3), group=st.integers(1, 9))
def test_groups_of_several_gateways_give_the_events_of_some_order_of_the_commands(
    actions: list[tuple[Any, ...]], gateways: int, group: int
) -> None:
    async def compare() -> None:
        together, one_by_one = await shop(), await shop()
        together.platform.log = log = slow(together.platform.log)
        decisions = decisions_of(actions, together)
        queues = [Queue(GroupQueue(log, together.heated(), group=group), (together.lamp,)) for _ in range(gateways)]

        async def send(number: int, decision: Decision) -> Receipt | DomainError:
            while True:
                try:
                    return await queues[number % gateways].decide(decision)
                except ConcurrencyConflict:
                    continue  # as the bus does
                except DomainError as refusal:
                    return refusal

        answers = await asyncio.gather(*(send(*each) for each in enumerate(decisions)))
        by_command = {decision.context.correlation_id: decision for decision in decisions}
        for correlation_id in dict.fromkeys(raw.correlation_id for raw in log.raw[together.begin :]):
            decision = by_command[correlation_id]
            await decide_alone(one_by_one.platform.log, one_by_one.hot, decision, optimistic=False)
        assert together.history == one_by_one.history
        carried_out = {receipt.command_id for receipt in answers if isinstance(receipt, Receipt)}
        assert carried_out == {decision.context.command_id for decision in decisions} & log.receipts.keys()

    asyncio.run(compare())


class Unplugged(Exception):
    """The connection to the log was lost."""


@given(orders=st.integers(1, 30), faults=st.lists(st.sampled_from(["before", "after", ""]), max_size=12))
def test_a_lost_connection_before_or_after_a_commit_neither_loses_nor_doubles_a_command(
    orders: int, faults: list[str]
) -> None:
    class Faulty(SlowLog):
        async def commit(self, commit: Commit) -> Receipt:
            with connection_lost():
                return self._commit(commit)

        async def commit_group(self, commits: Sequence[Commit]) -> Sequence[Receipt]:
            with connection_lost():
                return await MemoryEventLog.commit_group(self, commits)

    @contextmanager
    def connection_lost() -> Iterator[None]:
        fault = faults.pop() if faults else ""
        if fault == "before":
            raise Unplugged
        yield
        if fault == "after":
            raise Unplugged

    async def check() -> None:
        at = await shop()
        at.platform.log = log = slow(at.platform.log, Faulty)
        queue = at.queue(group=8)

        async def buy(number: int) -> Receipt | DomainError:
            while True:
                try:
                    return await queue.decide(at.decision(at.order(number), number))
                except Unplugged:
                    continue
                except DomainError as refusal:
                    return refusal

        answers = await asyncio.gather(*(buy(number) for number in range(orders)))
        assert sum(isinstance(answer, Receipt) for answer in answers) == min(orders, STOCK)
        assert all(isinstance(answer, Receipt | InsufficientStock) for answer in answers)
        placed = [event.originator_id for event in log.events if isinstance(event, OrderPlaced)]
        assert len(placed) == len(set(placed)) == min(orders, STOCK)

    asyncio.run(check())


async def test_a_database_that_fails_once_fails_one_group_and_no_command_that_waits() -> None:
    class Failing(SlowLog):
        failed = False

        async def known(self, command_ids: Collection[UUID]) -> frozenset[UUID]:
            if not self.failed:
                self.failed = True
                raise Unplugged
            return await super().known(command_ids)

    at = await shop()
    at.platform.log = log = slow(at.platform.log, Failing)
    answers = await at.together([at.decision(at.order(n, STOCK), n) for n in range(6)], group=2)
    assert [type(answer) for answer in answers] == [Receipt] + [InsufficientStock] * 5
    assert isinstance(log, Failing)
    assert log.failed


async def test_a_database_that_is_away_fails_each_command_with_an_error_of_its_own() -> None:
    class Away(SlowLog):
        async def load(self, kind: StreamKind[Any], stream_id: UUID) -> Loaded | None:
            raise Unplugged

    at = await shop()
    at.platform.log = slow(at.platform.log, Away)
    answers = await at.together([at.decision(at.order(n), n) for n in range(5)], group=2)
    assert [type(answer) for answer in answers] == [Unplugged] * 5
    assert len({id(answer) for answer in answers}) == 5


async def test_a_group_is_one_commit() -> None:
    at = await shop()
    at.platform.log = log = slow(at.platform.log)
    await at.together([at.decision(at.order(n), n) for n in range(8)], group=4)
    assert log.groups == [4, 4]


async def test_a_command_that_begins_an_existing_stream_leaves_its_group_and_the_others_stay_in_it() -> None:
    at = await shop()
    await at.together([at.decision(at.order(0), 0)])
    at.platform.log = log = slow(at.platform.log)
    again = at.decision(at.order(0), 99)
    answers = await at.together([*(at.decision(at.order(n), n) for n in range(1, 5)), again])
    assert [type(answer) for answer in answers] == [Receipt] * 4 + [InvalidInput]
    assert log.groups == [5, 4]


async def test_groups_shrink_while_another_process_is_always_first_and_grow_again() -> None:
    class Contended(SlowLog):
        left = 3

        async def commit_group(self, commits: Sequence[Commit]) -> Sequence[Receipt]:
            self.groups.append(len(commits))
            self.left -= 1
            if self.left >= 0:
                raise ConcurrencyConflict("another process was first")
            return await MemoryEventLog.commit_group(self, commits)

    at = await shop()
    at.platform.log = log = slow(at.platform.log, Contended)
    answers = await at.together([at.decision(at.order(n), n) for n in range(10)], group=8)
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert log.groups == [8, 4, 2, 1, 2, 4, 3]


async def test_a_command_with_a_bug_in_a_group_fails_alone() -> None:
    at = await shop()
    broken = at.decision(at.order(3), 3)

    async def fail(*_: object) -> None:
        raise RuntimeError("a bug in the handler")

    broken.handler = fail
    answers = await at.together([at.decision(at.order(n), n) if n != 3 else broken for n in range(6)])
    assert [type(answer) for answer in answers] == [Receipt] * 3 + [RuntimeError] + [Receipt] * 2


async def test_a_command_that_cannot_be_appended_fails_alone() -> None:
    at = await shop()
    decisions = [at.decision(at.order(n), n) for n in range(6)]
    decisions[2] = at.decision(at.order(2), 2, causation_id=uuid4(), cause=Cause(1, bytes(32)))
    answers = await at.together(decisions)
    assert [type(answer) for answer in answers] == [Receipt] * 2 + [UnknownCause] + [Receipt] * 3


async def test_a_known_command_in_a_group_gets_its_first_receipt_and_another_payload_is_refused() -> None:
    at = await shop()
    (first,) = await at.together([at.decision(at.order(0), 0)])
    assert isinstance(first, Receipt)
    again, reused = at.decision(at.order(0), 0), at.decision(at.order(1), 0)
    answers = await at.together([at.decision(at.order(7), 7), again, reused, at.decision(at.order(8), 8)])
    assert [type(answer) for answer in answers] == [Receipt, Receipt, CommandReused, Receipt]
    assert isinstance(answers[1], Receipt)
    assert (answers[1].result, answers[1].token, answers[1].replayed) == (first.result, first.token, True)


async def test_a_group_does_not_trust_the_cached_state_of_its_hot_stream() -> None:
    at = await shop()
    cached = await at.platform.log.load(PRODUCT, at.lamp)
    assert cached is not None
    await at.together([at.decision(at.order(0), 0)])
    at.platform.log = log = slow(at.platform.log)
    log.remembered[at.lamp] = cached
    await at.together([at.decision(at.order(n), n) for n in range(1, 4)])
    assert log.groups == [3], "a group on the cached state would collide and be decided twice"


async def test_a_refusal_on_an_outdated_state_is_decided_again() -> None:
    at = await shop()
    platform = at.platform
    await at.together([at.decision(at.order(0, STOCK), 0)])
    sold_out = await platform.log.load(PRODUCT, at.lamp)
    assert sold_out is not None
    await platform.send(CancelOrder(order_id=id_of("order", 0), reason="Changed my mind."))
    platform.log.remembered[at.lamp] = sold_out
    answers = await at.together([at.decision(at.order(n), n) for n in (1, 2)])
    assert [type(answer) for answer in answers] == [Receipt] * 2


async def test_a_cancelled_waiter_neither_orders_nor_stops_the_queue() -> None:
    at = await shop()
    queue = at.queue(group=1)
    async with at.hot.turn([at.lamp]):
        senders = [asyncio.create_task(queue.decide(at.decision(at.order(n), n))) for n in range(4)]
        while len(queue) < len(senders):
            await asyncio.sleep(0)
        senders[0].cancel()
        senders[2].cancel()
        with suppress(asyncio.CancelledError):
            await senders[2]
    answers = await asyncio.gather(*senders, return_exceptions=True)
    assert [type(each) for each in answers] == [asyncio.CancelledError, Receipt, asyncio.CancelledError, Receipt]
    assert id_of("command", 2) not in at.platform.log.receipts
    assert len(queue) == 0


async def test_a_full_queue_refuses_at_once_and_says_when_to_come_back() -> None:
    at = await shop()
    queue = at.queue(waiting=3)
    async with at.hot.turn([at.lamp]):
        senders = [asyncio.create_task(queue.decide(at.decision(at.order(n), n))) for n in range(3)]
        while len(queue) < len(senders):
            await asyncio.sleep(0)
        with pytest.raises(StreamBusy) as busy:
            await queue.decide(at.decision(at.order(9), 9))
    refusal = describe(busy.value)
    assert refusal is not None
    assert (refusal.code, refusal.retry_after) == ("CONFLICT", 1)
    assert all(isinstance(answer, Receipt) for answer in await asyncio.gather(*senders))


async def test_a_command_whose_turn_does_not_come_in_time_is_refused_and_never_decided() -> None:
    at = await shop()
    queue = at.queue()
    async with at.hot.turn([at.lamp]):
        with pytest.raises(StreamBusy):
            await queue.decide(at.decision(at.order(0), 0), patience=0.01)
    assert isinstance(await queue.decide(at.decision(at.order(1), 1)), Receipt)
    assert id_of("command", 0) not in at.platform.log.receipts


async def test_two_hundred_buyers_at_three_gateways_buy_exactly_the_stock() -> None:
    at = await shop()
    log = slow(at.platform.log)
    gateways = [CommandBus(log, handlers(at.platform.clock)) for _ in range(3)]
    answers = await asyncio.gather(
        *(
            gateways[n % 3].dispatch(at.order(n), Context(command_id=uuid4(), correlation_id=uuid4()))
            for n in range(200)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Receipt) for answer in answers) == STOCK
    assert sum(isinstance(answer, InsufficientStock) for answer in answers) == 200 - STOCK
    assert next(iter((await at.platform.product(at.lamp)).variants.values())).available == 0


async def test_many_copywriters_in_many_processes_record_all_their_texts() -> None:
    platform = Platform()
    await platform.request()
    products = await platform.scout(*(listing(f"L-{n}", title=f"Lamp {n}") for n in range(30)))
    await platform.brand()
    log = slow(platform.log)
    processes = [CommandBus(log, handlers(platform.clock)) for _ in range(15)]
    cause = log.envelopes[-1]
    answers = await asyncio.gather(
        *(
            processes[n % len(processes)].react(
                WriteProductCopy(
                    product_id=product,
                    generation_id=platform.generation_id,
                    attempt=1,
                    copy=copy(f"Lamp {n}"),
                    total=len(products),
                ),
                cause=cause,
                name=f"copy-agent:{product}",
            )
            for n, product in enumerate(products)
        ),
        return_exceptions=True,
    )
    assert [answer for answer in answers if not isinstance(answer, Receipt)] == []
    progressed = [event for event in log.events if isinstance(event, StepProgressed) and event.step is Step.COPY]
    assert [event.done for event in progressed] == list(range(1, len(products) + 1))


async def test_a_reaction_outlasts_conflicts_that_a_request_does_not() -> None:
    platform = Platform()
    await platform.request()
    cause = platform.log.envelopes[-1]

    class Contended(MemoryEventLog):
        left = 0

        async def commit(self, commit: Commit) -> Receipt:
            self.left -= 1
            if self.left >= 0:
                raise ConcurrencyConflict("another writer was first")
            return await super().commit(commit)

    log = Contended(platform.clock, platform.log.raw, platform.log.receipts)
    bus = CommandBus(log, handlers(platform.clock), patience=0)
    command = StartGeneration(generation_id=platform.generation_id, store_id=platform.store_id)
    log.left = 4
    with pytest.raises(ConcurrencyConflict):
        await bus.dispatch(command, Context(command_id=uuid4(), correlation_id=uuid4()))
    log.left = 4
    await bus.react(command, cause=cause, name="probe")
    assert reaction_id(cause, "probe") in log.receipts
