"""Stored events of every shape, for property tests."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from schemas.envelope import RawEvent, chain_hash
from schemas.registry import encode
from tests.support.builders.records import activated

UUIDS = st.uuids()
INSTANTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)
TRACES = st.none() | st.from_regex(r"\A00-[0-9a-f]{32}-[0-9a-f]{16}-01\Z")


@st.composite
def raw_events(draw: st.DrawFn) -> RawEvent:
    stream, version = draw(UUIDS), draw(st.integers(1, 10**6))
    data = encode(activated(stream, version))
    id, previous = draw(UUIDS), draw(st.binary(min_size=32, max_size=32))
    type = "product.product_activated.v1"
    return RawEvent(
        position=draw(st.integers(1, 2**62)),
        id=id,
        type=type,
        stream_id=stream,
        version=version,
        tenant=draw(UUIDS),
        correlation_id=draw(UUIDS),
        causation_id=draw(st.none() | UUIDS),
        recorded_at=draw(INSTANTS),
        traceparent=draw(TRACES),
        data=data,
        previous_hash=previous,
        hash=chain_hash(previous, id=id, type=type, stream_id=stream, version=version, data=data),
        command_id=draw(st.none() | UUIDS),
        command_digest=draw(st.none() | st.binary(min_size=32, max_size=32)),
        command_result=draw(st.none() | st.text()),
        actor=draw(st.none() | st.text()),
    )
