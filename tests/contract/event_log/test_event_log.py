"""What every event log promises the bus: PostgreSQL's, and the one in memory that unit tests trust."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import asyncpg
import pytest

from commands.ports import (
    IN_GROUP,
    Cause,
    CommandReused,
    Commit,
    ConcurrencyConflict,
    Context,
    EventLog,
    KnownCommands,
    Receipt,
    Staged,
    StreamKindMismatch,
    UnknownCause,
)
from domain.kernel import CorruptStream, StreamKind
from domain.merchant.aggregate import MERCHANT, Merchant, register
from domain.merchant.events import SupplierProvider
from domain.product.aggregate import PRODUCT
from domain.product.events import ProductArchived
from infra.adapters.postgres.event_store import PostgresEventLog
from schemas.envelope import ConsistencyToken, RawEvent
from schemas.topics import PARTITIONS
from tests.support.builders.samples import NOON, product_added, sealed
from tests.support.fakes.event_log import FixedClock, MemoryEventLog

KIND: StreamKind[Merchant] = MERCHANT


@pytest.fixture(params=["memory", "postgresql"])
async def log(request: pytest.FixtureRequest, pool: asyncpg.Pool) -> AsyncIterator[EventLog]:
    if request.param == "memory":
        yield MemoryEventLog()
        return
    store = PostgresEventLog(pool, FixedClock())
    yield store
    await store.drain()


def registered(id: UUID) -> Staged:
    events = register(id, email=sealed(id), name=None, at=NOON)
    return Staged(kind=KIND, stream_id=id, tenant=id, expected_version=0, events=events, state=KIND.fold(events))


def connected(merchant: Merchant, provider: SupplierProvider = SupplierProvider.SAMPLE) -> Staged:
    events = merchant.connect(provider, at=NOON)
    return Staged(
        kind=KIND,
        stream_id=merchant.id,
        tenant=merchant.id,
        expected_version=merchant.version,
        events=events,
        state=KIND.fold(events, merchant),
    )


def commit(*staged: Staged, result: object = None, read: ConsistencyToken | None = None) -> Commit:
    context = Context(command_id=uuid4(), correlation_id=uuid4())
    return Commit(context=context, digest=b"d" * 32, result=result, staged=staged, read=read)


async def merchant_in(log: EventLog, id: UUID) -> Merchant:
    loaded = await log.load(KIND, id)
    assert loaded is not None
    state: Merchant = loaded.state
    return state


async def test_a_stream_that_is_not_there_loads_as_none(log: EventLog) -> None:
    assert await log.load(KIND, uuid4()) is None


async def test_what_is_committed_is_loaded_with_its_place(log: EventLog) -> None:
    id = uuid4()
    receipt = await log.commit(commit(registered(id), result={"id": str(id)}))
    loaded = await log.load(KIND, id)
    assert loaded is not None
    assert (loaded.state.id, loaded.version, loaded.tenant) == (id, 1, id)
    assert receipt.token == ConsistencyToken.of(id, loaded.position)
    assert (receipt.result, receipt.replayed) == ({"id": str(id)}, False)


async def test_positions_rise_and_versions_follow(log: EventLog) -> None:
    id = uuid4()
    await log.commit(commit(registered(id)))
    first = await log.load(KIND, id)
    await log.commit(commit(connected(await merchant_in(log, id))))
    second = await log.load(KIND, id)
    assert first is not None
    assert second is not None
    assert second.position > first.position
    assert (second.version, second.state.suppliers) == (2, {SupplierProvider.SAMPLE: None})


async def test_a_writer_that_comes_second_conflicts_and_leaves_nothing(log: EventLog) -> None:
    id = uuid4()
    await log.commit(commit(registered(id)))
    merchant = await merchant_in(log, id)
    await log.commit(commit(connected(merchant)))
    late = commit(connected(merchant, SupplierProvider.SPOCKET))
    with pytest.raises(ConcurrencyConflict):
        await log.commit(late)
    assert (await merchant_in(log, id)).suppliers == {SupplierProvider.SAMPLE: None}
    assert await log.outcome(late.context.command_id) is None


async def test_a_new_stream_conflicts_with_one_that_is_there(log: EventLog) -> None:
    id = uuid4()
    await log.commit(commit(registered(id)))
    with pytest.raises(ConcurrencyConflict):
        await log.commit(commit(registered(id)))


async def test_several_streams_are_committed_together_or_not_at_all(log: EventLog) -> None:
    taken, fresh = uuid4(), uuid4()
    await log.commit(commit(registered(taken)))
    with pytest.raises(ConcurrencyConflict):
        await log.commit(commit(registered(fresh), registered(taken)))
    assert await log.load(KIND, fresh) is None
    added = product_added()
    product = Staged(
        kind=PRODUCT,
        stream_id=added.originator_id,
        tenant=fresh,
        expected_version=0,
        events=(added,),
        state=PRODUCT.fold([added]),
    )
    receipt = await log.commit(commit(registered(fresh), product))
    last = await log.load(PRODUCT, added.originator_id)
    assert last is not None
    assert receipt.token == ConsistencyToken.of(fresh, last.position)


async def test_a_known_command_appends_nothing_and_returns_its_first_receipt(log: EventLog) -> None:
    id = uuid4()
    first = commit(registered(id), result=[1, "a", None])
    receipt = await log.commit(first)
    again = await log.commit(replace(first, staged=(registered(uuid4()),), result="other"))
    assert (again.result, again.token, again.replayed) == ([1, "a", None], receipt.token, True)
    known = await log.outcome(first.context.command_id)
    assert known is not None
    assert (known.result, known.token, known.replayed) == ([1, "a", None], receipt.token, True)


async def test_a_known_command_with_another_payload_is_refused(log: EventLog) -> None:
    id = uuid4()
    first = commit(registered(id))
    await log.commit(first)
    with pytest.raises(CommandReused):
        await log.commit(replace(first, digest=b"e" * 32))


async def test_a_command_that_appends_nothing_keeps_the_token_of_what_it_read(log: EventLog) -> None:
    token = ConsistencyToken(PARTITIONS - 1, 17)
    for read in (token, None):
        nothing = commit(read=read)
        assert (await log.commit(nothing)).token == read
        known = await log.outcome(nothing.context.command_id)
        assert known is not None
        assert known.token == read


async def test_of_many_writers_at_one_version_one_wins(log: EventLog) -> None:
    id = uuid4()
    await log.commit(commit(registered(id)))
    merchant = await merchant_in(log, id)
    outcomes = await asyncio.gather(
        *(log.commit(commit(connected(merchant))) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(outcome, ConcurrencyConflict) for outcome in outcomes) == 7
    assert (await merchant_in(log, id)).version == 2


async def test_commits_asked_for_at_once_each_get_their_own_outcome(log: EventLog) -> None:
    taken, id, same = uuid4(), uuid4(), uuid4()
    known = commit(registered(taken), result=1)
    await log.commit(known)
    cause = await cause_in(log)
    new = [commit(registered(uuid4()), result={"n": n}) for n in range(4)]
    asked: list[tuple[Commit, type[object]]] = [
        (new[0], Receipt),
        (commit(registered(taken)), ConcurrencyConflict),
        (new[1], Receipt),
        (known, Receipt),
        (replace(known, digest=b"e" * 32), CommandReused),
        (because(commit(registered(uuid4())), cause.id, Cause(cause.position, bytes(32))), UnknownCause),
        (replace(commit(registered(uuid4())), assumed={taken: 0}), ConcurrencyConflict),
        (because(new[2], cause.id, Cause(cause.position, cause.hash)), Receipt),
        (commit(connected(await merchant_in(log, taken))), Receipt),
        (commit(read=ConsistencyToken.of(id, 1)), Receipt),
        (new[3], Receipt),
        (new[3], Receipt),
    ]
    before = len(await all_events(log))
    answers = await asyncio.gather(*(log.commit(each) for each, _ in asked), return_exceptions=True)
    assert [type(answer) for answer in answers] == [expected for _, expected in asked]
    for (each, _), answer in zip(asked, answers, strict=True):
        if isinstance(answer, Receipt):
            assert answer.result == each.result
            stored = await log.outcome(each.context.command_id)
            assert stored is not None
            assert (stored.result, stored.token) == (answer.result, answer.token)
    events = (await all_events(log))[before:]
    assert len(events) == 5
    assert {event.stream_id for event in events} == {taken, *(each.staged[0].stream_id for each in new)}
    outcomes = await asyncio.gather(
        *(log.commit(commit(registered(same))) for _ in range(3)),
        log.commit(commit(registered(id))),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ConcurrencyConflict"] * 2 + ["Receipt"] * 2


async def test_a_group_is_appended_in_its_order_each_command_with_its_own_context_and_receipt(log: EventLog) -> None:
    id, other = uuid4(), uuid4()
    await log.commit(commit(registered(id)))
    merchant = await merchant_in(log, id)
    first = commit(connected(merchant), result={"n": 1})
    second = commit(connected(first.staged[0].state, SupplierProvider.SPOCKET), registered(other), result={"n": 2})
    third = commit(connected(second.staged[1].state))
    # Positions of the group: first 1, second 2 and 3, third 4. The fourth command only read the second event.
    fourth = commit(read=ConsistencyToken.of(id, IN_GROUP + 2), result={"n": 4})
    fifth = commit(read=ConsistencyToken.of(id, 1))
    group = [first, second, third, fourth, fifth]
    receipts = await log.commit_group(group)
    assert [receipt.result for receipt in receipts] == [{"n": 1}, {"n": 2}, None, {"n": 4}, None]
    events = (await all_events(log))[-4:]
    assert [(event.stream_id, event.version) for event in events] == [(id, 2), (id, 3), (other, 1), (other, 2)]
    senders = [first, second, second, third]
    assert [event.correlation_id for event in events] == [each.context.correlation_id for each in senders]
    assert all(event.computed_hash == event.hash for event in events)
    assert (events[1].previous_hash, events[3].previous_hash) == (events[0].hash, events[2].hash)
    positions = [event.position for event in events]
    assert positions == list(range(positions[0], positions[0] + 4))
    expected = [positions[0], positions[2], positions[3], positions[1], 1]
    assert [receipt.token.position for receipt in receipts if receipt.token is not None] == expected
    for each, receipt in zip(group, receipts, strict=True):
        known = await log.outcome(each.context.command_id)
        assert known is not None
        assert (known.result, known.token, known.replayed) == (receipt.result, receipt.token, True)
    assert (await merchant_in(log, id)).version == 3


async def test_a_group_is_appended_completely_or_not_at_all(log: EventLog) -> None:
    id = uuid4()
    await log.commit(commit(registered(id)))
    merchant = await merchant_in(log, id)
    await log.commit(commit(connected(merchant)))
    known = commit(registered(uuid4()))
    await log.commit(known)
    cause = await cause_in(log)
    before = len(await all_events(log))
    failing: list[tuple[Commit, type[Exception]]] = [
        (commit(connected(merchant, SupplierProvider.SPOCKET)), ConcurrencyConflict),
        (replace(commit(registered(uuid4())), assumed={id: 1}), ConcurrencyConflict),
        (replace(commit(registered(uuid4())), context=known.context), KnownCommands),
        (because(commit(registered(uuid4())), cause.id, Cause(cause.position, bytes(32))), UnknownCause),
    ]
    for last, error in failing:
        good = because(commit(registered(uuid4())), cause.id, Cause(cause.position, cause.hash))
        with pytest.raises(error):
            await log.commit_group([good, last])
        assert await log.outcome(good.context.command_id) is None
        assert log.cached(KIND, id) is None, "the first conflict drops the state that was out of date"
    with pytest.raises(KnownCommands):
        await log.commit_group([known])
    begun = registered(uuid4())
    missing = connected(begun.state)
    with pytest.raises(ConcurrencyConflict):
        await log.commit_group([commit(begun), commit(connected(missing.state, SupplierProvider.SPOCKET))])
    assert len(await all_events(log)) == before


async def test_known_commands_and_outdated_streams_are_found(log: EventLog) -> None:
    id = uuid4()
    known, unknown = commit(registered(id)), uuid4()
    await log.commit(known)
    assert await log.known([known.context.command_id, unknown]) == {known.context.command_id}
    assert await log.outdated([(id, 1), (uuid4(), 0)]) == frozenset()
    assert await log.outdated([(id, 0), (uuid4(), 0)]) == {id}


async def test_assumed_versions_of_other_streams_are_checked_by_the_append(log: EventLog) -> None:
    relied_on, id = uuid4(), uuid4()
    await log.commit(commit(registered(relied_on)))
    await log.commit(commit(connected(await merchant_in(log, relied_on))))
    for late in (commit(registered(id)), commit()):
        for version in (0, 1):
            with pytest.raises(ConcurrencyConflict):
                await log.commit(replace(late, assumed={relied_on: version}))
            assert await log.outcome(late.context.command_id) is None
    assert await log.load(KIND, id) is None
    right = replace(commit(registered(id)), assumed={relied_on: 2, uuid4(): 0})
    assert (await log.commit(right)).replayed is False


async def test_several_events_are_refused_too_if_an_assumed_version_is_wrong(log: EventLog) -> None:
    relied_on, one, two = uuid4(), uuid4(), uuid4()
    await log.commit(commit(registered(relied_on)))
    with pytest.raises(ConcurrencyConflict):
        await log.commit(replace(commit(registered(one), registered(two)), assumed={relied_on: 0}))
    assert await log.load(KIND, one) is None


async def test_loading_a_stream_of_another_kind_raises_a_mismatch(log: EventLog) -> None:
    id = uuid4()
    await log.commit(commit(registered(id)))
    with pytest.raises(StreamKindMismatch):
        await log.load(PRODUCT, id)
    assert log.cached(PRODUCT, id) is None
    assert (await merchant_in(log, id)).id == id, "asking did no harm"


async def test_a_stream_that_goes_on_as_another_kind_is_corrupt(log: EventLog) -> None:
    id = uuid4()
    await log.commit(commit(registered(id)))
    archived = ProductArchived(originator_id=id, originator_version=2, occurred_at=NOON)
    broken = Staged(kind=PRODUCT, stream_id=id, tenant=id, expected_version=1, events=(archived,), state=None)
    await log.commit(commit(broken))
    cold = PostgresEventLog(log._pool, FixedClock()) if isinstance(log, PostgresEventLog) else log
    with pytest.raises(CorruptStream):
        await cold.load(KIND, id)
    with pytest.raises(StreamKindMismatch):
        await cold.load(PRODUCT, id)


async def test_a_reaction_is_appended_only_if_its_cause_is_in_the_log_with_the_same_hash(log: EventLog) -> None:
    cause = await cause_in(log)
    right = Cause(cause.position, cause.hash)
    for wrong in (
        Cause(cause.position + 1, cause.hash),
        Cause(999_999, cause.hash),
        Cause(cause.position, bytes(32)),
    ):
        for events in ([registered(uuid4())], [registered(uuid4()), registered(uuid4())], []):
            refused = because(commit(*events), cause.id, wrong)
            with pytest.raises(UnknownCause):
                await log.commit(refused)
            assert await log.outcome(refused.context.command_id) is None
    with pytest.raises(UnknownCause):
        await log.commit(because(commit(registered(uuid4())), uuid4(), right))
    for events in ([registered(uuid4())], [registered(uuid4()), registered(uuid4())], []):
        assert (await log.commit(because(commit(*events), cause.id, right))).replayed is False


def because(given: Commit, id: UUID, cause: Cause) -> Commit:
    return replace(given, context=replace(given.context, causation_id=id, cause=cause))


async def all_events(log: EventLog) -> list[RawEvent]:
    if isinstance(log, MemoryEventLog):
        return list(log.raw)
    assert isinstance(log, PostgresEventLog)
    return await log.read_settled(0, 1000)


async def cause_in(log: EventLog) -> RawEvent:
    """Append an event and return it as the log holds it."""
    await log.commit(commit(registered(uuid4())))
    if isinstance(log, MemoryEventLog):
        return log.raw[-1]
    assert isinstance(log, PostgresEventLog)
    (raw,) = await log.read_settled(await log.last_position() - 1, 1)
    return raw
