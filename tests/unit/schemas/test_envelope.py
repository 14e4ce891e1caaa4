"""The wire contract: tokens, headers, names."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from schemas.envelope import ConsistencyToken, RawEvent, chain_hash, from_record
from schemas.headers import event_id_in, header, number, position_in
from schemas.internal.deliveries import DeadLetter, read_dead_letter
from schemas.registry import EVENTS, UndecodableEvent, UnknownEvent, decode
from schemas.topics import IMAGE_WORK, PARTITIONS, TOPICS, partition_of, work_topic
from tests.support.builders.records import FakeRecord, activated, headers_of, record
from tests.support.strategies.raw_events import raw_events


@for_all(raw_events())
def test_an_event_comes_back_from_its_record_byte_for_byte(event: RawEvent) -> None:
    again = from_record(headers_of(event), event.data)
    assert again == event
    assert again.decode().event == activated(event.stream_id, event.version)


@for_all(raw_events(), st.integers(0, 13))
def test_a_record_without_one_of_our_headers_is_undecodable_or_still_whole(event: RawEvent, drop: int) -> None:
    headers = headers_of(event)
    dropped, _ = headers.pop(drop)
    if dropped in {"content-type", "ce_specversion", "ce_source", "ce_time"}:
        assert from_record(headers, event.data) == event
        return
    with pytest.raises(UndecodableEvent):
        from_record(headers, event.data)


VALUES = [
    None,
    b"",
    b"12",
    b"x1",
    b"9" * 30,
    b"018f0000-0000-7000-8000-000000000000",
    b"{018F0000000070008000000000000000}",
]


@for_all(st.lists(st.tuples(st.sampled_from(["ce_id", "ce_position", "x"]), st.sampled_from(VALUES)), max_size=5))
def test_a_record_is_where_its_first_position_says_if_its_first_id_is_one(
    headers: list[tuple[str, bytes | None]],
) -> None:
    position = number(header(headers, "ce_position"))
    assert position_in(headers) == (None if event_id_in(headers) is None else position)


@for_all(st.integers(0, PARTITIONS - 1), st.integers(0, 10**18 - 1))
def test_a_token_reads_back_as_itself(partition: int, position: int) -> None:
    token = ConsistencyToken(partition, position)
    assert ConsistencyToken.parse(str(token)) == token


@for_all(st.text(max_size=30))
def test_what_is_no_token_is_refused_and_never_a_crash(text: str) -> None:
    try:
        token = ConsistencyToken.parse(text)
    except ValueError as error:
        assert "Invalid consistency token" in str(error)  # noqa: PT017 - either outcome is allowed
    else:
        assert token.partition >= 0
        assert token.position >= 0


@pytest.mark.parametrize("text", ["", "-", "3-", "-5", "3-x", "x-3", "3-1-2", "3--1", "1-" + "9" * 19, " 3-4"])
def test_tokens_of_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid consistency token"):
        ConsistencyToken.parse(text)


@for_all(st.uuids(), st.integers(1, 2**62))
def test_a_token_is_of_its_tenants_partition(tenant: UUID, position: int) -> None:
    assert ConsistencyToken.of(tenant, position).partition == partition_of(tenant) < PARTITIONS


@for_all(raw_events(), raw_events())
def test_a_changed_past_changes_the_hash(one: RawEvent, other: RawEvent) -> None:
    changed = chain_hash(
        other.hash, id=one.id, type=one.type, stream_id=one.stream_id, version=one.version, data=one.data
    )
    assert (changed == one.hash) == (other.hash == one.previous_hash)


def test_every_event_has_a_wire_name_of_its_stream_and_version() -> None:
    for name, event in EVENTS.items():
        assert event.wire_name == name
        assert re.fullmatch(r"[a-z]+\.[a-z_]+\.v\d+", name)


def test_an_unknown_name_and_a_bad_body_raise_different_errors() -> None:
    with pytest.raises(UnknownEvent):
        decode("product.product_teleported.v1", b"{}")
    with pytest.raises(UndecodableEvent):
        decode("product.product_activated.v1", b"{}")


def test_only_images_are_work() -> None:
    assert work_topic("media.image_processing_requested.v1") is IMAGE_WORK
    assert work_topic("store.store_requested.v1") is IMAGE_WORK, "it announces images"
    assert work_topic("product.product_activated.v1") is None
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


@for_all(
    st.binary(max_size=40) | st.none(),
    st.lists(st.tuples(st.sampled_from(["ce_id", "x", "ce_type"]), st.binary(max_size=20)), max_size=4),
    st.text(max_size=300),
)
def test_a_dead_letter_comes_back_as_it_was_parked(
    value: bytes | None, headers: list[tuple[str, bytes]], reason: str
) -> None:
    letter = DeadLetter(
        group="brand-agent",
        topic="zyenta.events",
        partition=3,
        offset=41,
        key=b"k",
        value=value,
        headers=tuple(headers),
        reason=reason.encode(errors="replace").decode(),
        traceback_digest="0123456789abcdef",
        count=5,
        parked_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    parked = FakeRecord(topic="zyenta.dlq", key=letter.key, value=letter.value, headers=letter.to_headers())
    assert read_dead_letter(parked) == letter
    assert letter.id == "brand-agent/zyenta.events/3/41"


def test_a_foreign_record_is_no_dead_letter() -> None:
    foreign = replace(record(activated(UUID(int=1))), topic="zyenta.dlq")
    with pytest.raises(ValueError, match="is not a dead letter"):
        read_dead_letter(foreign)
