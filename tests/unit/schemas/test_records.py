"""The bytes of records are those of Kafka's format, which any client reads and any client's library writes."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import msgspec
import pytest
from aiokafka.codec import zstd_decode
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.media.events import ImageProcessingRequested
from infra.adapters.kafka.record_batches import BATCH_BYTES, OutgoingBatch, PartitionBatches, prepare
from schemas.envelope import RawEvent, from_record
from schemas.internal.provenance import Claim, claim_in
from schemas.record_batches import HEADER_BYTES, parse, read_varint, varint
from schemas.records import content_of, contents_in, parts_of, read_own
from schemas.topics import EVENTS, IMAGE_WORK, partition_of
from tests.support.builders.records import activated, outgoing, raw
from tests.support.examples import drawn
from tests.support.strategies.raw_events import raw_events

HEADERS = st.lists(st.tuples(st.text(max_size=80), st.binary(max_size=80)), max_size=6)


def built(batch: OutgoingBatch) -> bytes:
    """Return a batch as it goes over the wire, as a producer's sender makes it."""
    batch._set_producer_state(7, 1, 40)
    return batch._build()


def records_in(batch: bytes) -> bytes:
    """Return what follows a batch's header."""
    records = batch[HEADER_BYTES:]
    return zstd_decode(records) if parse(batch).compression else records


@for_all(st.integers(-(2**63), 2**63 - 1))
def test_a_varint_reads_back_as_itself(number: int) -> None:
    written = varint(number)
    assert read_varint(b"x" + written + b"x", 1) == (number, 1 + len(written))


def test_an_event_is_a_cloud_event_in_binary_mode() -> None:
    event = RawEvent(
        position=1042,
        id=UUID(int=1),
        type="order.order_paid.v1",
        stream_id=UUID(int=2),
        version=3,
        tenant=UUID(int=4),
        correlation_id=UUID(int=5),
        causation_id=UUID(int=6),
        recorded_at=datetime(2026, 11, 23, 12, 0, 0, 5, tzinfo=UTC),
        traceparent="00-a-b-01",
        data=b'{"occurred_at":"2026-11-23T11:59:59Z"}',
        previous_hash=bytes(32),
        hash=b"\x0f" * 32,
        command_id=UUID(int=7),
        command_digest=b"\xd0" * 32,
        command_result='{"a": 1}',
        actor="a SESSION b",
    )
    key, value, headers = parts_of(content_of(event))
    assert (key, value) == (str(UUID(int=4)).encode(), event.data)
    assert headers == [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", b"00000000-0000-0000-0000-000000000001"),
        ("ce_type", b"order.order_paid.v1"),
        ("ce_source", b"/zyenta/order"),
        ("ce_subject", b"00000000-0000-0000-0000-000000000002"),
        ("ce_time", b"2026-11-23T11:59:59Z"),
        ("ce_position", b"1042"),
        ("ce_streamversion", b"3"),
        ("ce_tenant", b"00000000-0000-0000-0000-000000000004"),
        ("ce_correlationid", b"00000000-0000-0000-0000-000000000005"),
        ("ce_recordedtime", b"2026-11-23T12:00:00.000005+00:00"),
        ("ce_previoushash", b"0" * 64),
        ("ce_hash", b"0f" * 32),
        ("ce_causationid", b"00000000-0000-0000-0000-000000000006"),
        ("ce_traceparent", b"00-a-b-01"),
        ("ce_commandid", b"00000000-0000-0000-0000-000000000007"),
        ("ce_commanddigest", b"d0" * 32),
        ("ce_commandresult", b'{"a": 1}'),
        ("ce_actor", b"a SESSION b"),
    ]


@pytest.mark.parametrize(
    "at", [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))]
)
def test_an_event_whose_body_names_no_time_happened_when_it_was_recorded(at: datetime) -> None:
    event = msgspec.structs.replace(raw(activated(UUID(int=1)), tenant=UUID(int=1)), data=b"no json", recorded_at=at)
    headers = dict(parts_of(content_of(event))[2])
    assert headers["ce_time"] == headers["ce_recordedtime"] == at.isoformat().encode()


@for_all(st.lists(raw_events(), min_size=1, max_size=20), st.integers(-3, 3))
def test_a_library_reads_from_a_batch_what_was_put_in(events: list[RawEvent], drift: int) -> None:
    times = [1_700_000_000_000 + drift * number for number in range(len(events))]
    batches = PartitionBatches()
    for event, at in zip(events, times, strict=True):
        batches.add(content_of(event), at)
    batches.close()
    (batch,) = batches.batches
    assert isinstance(batch, OutgoingBatch)
    read = DefaultRecordBatch(built(batch))
    assert read.validate_crc()
    assert (read.is_transactional, read.is_control_batch) == (True, False)
    assert (read.producer_id, read.producer_epoch, read.base_sequence) == (7, 1, 40)
    assert read.max_timestamp == max(times)
    for number, record in enumerate(read):
        assert (record.offset, record.timestamp) == (number, times[number])
        assert record.key == str(events[number].tenant).encode()
        assert from_record(record.headers, record.value) == events[number]
    assert number == len(events) - 1


@for_all(
    st.lists(st.tuples(st.none() | st.binary(max_size=40), st.none() | st.binary(max_size=9000), HEADERS), max_size=8)
)
def test_records_of_any_kafka_library_are_read(
    records: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]],
) -> None:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1_000_000)
    for number, (key, value, headers) in enumerate(records):
        builder.append(number, 5 - number, key=key, value=value, headers=headers)
    contents = list(contents_in(bytes(builder.build())[HEADER_BYTES:]))
    assert [number for number, _ in contents] == list(range(len(records)))
    assert [parts_of(content) for _, content in contents] == records
    assert all(read_own(content) is None for _, content in contents)


@for_all(raw_events())
def test_own_records_are_read_in_one_match(event: RawEvent) -> None:
    record = read_own(content_of(event))
    assert record is not None
    assert (record.position, record.type.decode()) == (event.position, event.type)
    assert record.value == event.data
    _, value, headers = parts_of(content_of(event))
    claim = Claim(record.position, record.hash, record.tenant)
    assert claim == claim_in(headers, value) == Claim(event.position, event.computed_hash, event.tenant)


@for_all(raw_events(), st.data())
def test_a_changed_byte_is_no_crash(event: RawEvent, data: st.DataObject) -> None:
    content = bytearray(content_of(event))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read_own(bytes(content))
        parts_of(bytes(content))
    except (IndexError, UnicodeDecodeError):
        pass


@settings(max_examples=drawn(20))
@for_all(st.lists(st.integers(0, BATCH_BYTES // 2), min_size=1, max_size=12))
async def test_batches_take_turns_keep_the_order_and_are_no_larger_than_they_may_be(sizes: list[int]) -> None:
    tenants = [UUID(int=number) for number in (1, 2)]
    events = [
        msgspec.structs.replace(raw(activated(UUID(int=3)), tenant=tenants[n % 2]), data=b"%d" % n + b" " * size)
        for n, size in enumerate(sizes)
    ]
    prepared = await prepare(map(outgoing, events))
    found: dict[int, list[bytes]] = {}
    for each in prepared:
        assert each.topic == EVENTS.name
        size = each.batch.size()
        for _, content in contents_in(records_in(built(each.batch))):
            found.setdefault(each.partition, []).append(content)
        assert size < BATCH_BYTES + 2_000 or each.batch.record_count() == 1
    for tenant in tenants:
        mine = [content_of(event) for event in events if event.tenant == tenant]
        assert found.get(partition_of(tenant), []) == mine


async def test_heavy_work_goes_to_its_own_topic_too_under_the_key_of_the_item() -> None:
    image, store = UUID(int=3), UUID(int=4)
    event = msgspec.structs.replace(
        raw(activated(image), tenant=store), type=ImageProcessingRequested.wire_name, stream_id=image
    )
    log, work = await prepare([outgoing(event)])
    assert (log.topic, log.partition) == (EVENTS.name, partition_of(store))
    assert (work.topic, work.partition) == (IMAGE_WORK.name, partition_of(image))
    contents = [parts_of(content) for each in (log, work) for _, content in contents_in(records_in(built(each.batch)))]
    assert [key for key, _, _ in contents] == [str(store).encode(), str(image).encode()]
    assert contents[0][1:] == contents[1][1:]
