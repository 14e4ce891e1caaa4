"""Mirrors decode what the event classes decode, and reject what those reject."""

import json
from typing import Any
from uuid import uuid4

import pytest

from domain.product.events import PriceChanged, StockCounted
from infra.bench.workload import catalog_events
from projections.engine.decoding import EventDecoder, as_json, mirror_of
from schemas.envelope import RawEvent
from schemas.registry import EVENTS, UndecodableEvent, UnknownEvent
from tests.support.builders.histories import MOVES, History
from tests.support.builders.records import headers_of
from tests.support.builders.samples import NOON

DECODER = EventDecoder(EVENTS.values())


def every_kind() -> list[RawEvent]:
    moves = [(name, number) for number in range(60) for name in sorted(MOVES)]
    return [*History().play(moves).raw, *catalog_events(800, side_by_side=2, per_store=400)]


def decoded(raw: RawEvent, decoder: EventDecoder = DECODER) -> Any:
    read = decoder.decode_stored(raw)
    assert read is not None
    assert read[1] == raw.tenant
    return read[0]


def body(**changes: object) -> bytes:
    event = StockCounted(originator_id=uuid4(), originator_version=2, occurred_at=NOON, variant_id=uuid4(), on_hand=3)
    return json.dumps({**event.model_dump(mode="json"), **changes}).encode()


def headers(type: str = StockCounted.wire_name) -> list[tuple[str, bytes]]:
    return [("ce_type", type.encode()), ("ce_tenant", str(uuid4()).encode())]


def test_a_mirror_has_the_same_content_as_its_event() -> None:
    kinds = set()
    for raw in every_kind():
        event = raw.decode().event
        assert json.loads(as_json(decoded(raw))) == event.model_dump(mode="json")
        kinds.add(raw.type)
    # Most kinds are here; test_events.py has a sample of every kind.
    assert len(kinds) > 40


def test_a_record_decodes_like_the_stored_event() -> None:
    raw = next(iter(catalog_events(1)))
    read = DECODER.decode_record(headers_of(raw), raw.data)
    assert read is not None
    assert (as_json(read[0]), read[1]) == (as_json(decoded(raw)), raw.tenant)


def test_missing_fields_get_a_new_default_each_time() -> None:
    decode = DECODER.decode_record
    fields = json.loads(next(each.data for each in catalog_events(400) if each.type == "store.store_requested.v1"))
    del fields["preferences"]
    first, second = (decode(headers("store.store_requested.v1"), json.dumps(fields).encode()) for _ in range(2))
    assert first is not None
    assert second is not None
    assert json.loads(as_json(first[0].preferences)) == {"name": None, "tone": None, "colours": [], "audience": None}
    assert first[0].preferences is not second[0].preferences


def test_unhandled_kinds_are_skipped_undecoded() -> None:
    assert EventDecoder({PriceChanged}).decode_record(headers(), b"no JSON at all") is None


def test_an_unknown_kind_raises_another_error_than_a_broken_one() -> None:
    with pytest.raises(UnknownEvent, match=r"product\.teleported\.v7"):
        DECODER.decode_record(headers("product.teleported.v7"), b"{}")


@pytest.mark.parametrize(
    "broken",
    [
        b"{",
        body(on_hand="three"),
        body(on_hand=None),
        body(surplus=1),
        body(variant_id="not an id"),
        body(occurred_at="2026-11-23T12:00:00"),
        b"\xff\xfe",
    ],
)
def test_a_body_that_does_not_fit_is_undecodable(broken: bytes) -> None:
    with pytest.raises(UndecodableEvent, match=r"product\.stock_counted\.v1"):
        DECODER.decode_record(headers(), broken)


@pytest.mark.parametrize("dropped", ["ce_type", "ce_tenant"])
def test_a_record_without_an_envelope_header_is_undecodable(dropped: str) -> None:
    with pytest.raises(UndecodableEvent):
        DECODER.decode_record([(name, value) for name, value in headers() if name != dropped], body())


def test_headers_may_come_in_any_order() -> None:
    decoder = EventDecoder({StockCounted})
    for order in (headers(), headers()[::-1], [("x", b""), *headers()], headers()):
        assert decoder.decode_record(order, body()) is not None


def test_a_tenant_that_is_not_an_id_is_undecodable() -> None:
    with pytest.raises(UndecodableEvent, match="is not an id"):
        DECODER.decode_record([("ce_type", StockCounted.wire_name.encode()), ("ce_tenant", b"\xffnobody")], body())


def test_a_record_without_a_value_is_undecodable() -> None:
    with pytest.raises(UndecodableEvent, match="no value"):
        DECODER.decode_record(headers(), None)


def test_a_nul_becomes_the_replacement_character_and_its_spelling_stays() -> None:
    raw = next(each for each in catalog_events(800, side_by_side=2) if each.type == "store.page_written.v1")
    fields = json.loads(raw.data)
    fields["content"] = "a\0b \\u0000 \\\0"
    read = DECODER.decode_record(headers(raw.type), json.dumps(fields).encode())
    assert read is not None
    assert read[0].content == "a\ufffdb \\u0000 \\\ufffd"


def test_a_mirror_is_built_once() -> None:
    assert mirror_of(StockCounted) is mirror_of(StockCounted)
