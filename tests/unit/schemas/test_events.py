"""Every event: encoded and decoded, by its class and by its mirror, and its committed sample."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.kernel import DomainEvent
from projections.engine.decoding import mirror_decoder
from schemas.contracts.committed import DIRECTORY
from schemas.contracts.sampling import sample_of
from schemas.registry import EVENTS, decode, encode
from tests.support.examples import drawn
from tests.support.strategies.bodies import bodies

SAMPLES = sorted((DIRECTORY / "samples").glob("*.json"))


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
@settings(max_examples=drawn(15), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@for_all(data=st.data())
def test_what_was_decoded_encodes_to_something_that_decodes_to_the_same(
    event: type[DomainEvent], data: st.DataObject
) -> None:
    first = decode(event.wire_name, data.draw(bodies(event)))
    body = encode(first)
    assert type(first) is event
    assert decode(event.wire_name, body) == first
    # Read models decode with a mirror of the class: it must accept the same and hold the same.
    mirrored = mirror_decoder(event)(body)
    assert decode(event.wire_name, msgspec.json.encode(mirrored)) == first


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_committed_sample_still_decodes(path: Path) -> None:
    event = decode(path.stem, path.read_bytes())
    assert event.wire_name in EVENTS
    if path.stem in EVENTS:
        written = json.loads(path.read_bytes())
        assert {name: event.model_dump(mode="json")[name] for name in written}.keys() == written.keys()


def test_every_event_has_a_sample_and_every_field_of_it_is_filled() -> None:
    assert {path.stem for path in SAMPLES} >= set(EVENTS)
    for name, event in EVENTS.items():
        assert sample_of(event).keys() == event.model_fields.keys(), name
        assert sample_of(event) == sample_of(event)
