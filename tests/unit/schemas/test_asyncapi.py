"""The AsyncAPI document says what is really on the wire."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import yaml

from schemas.contracts.asyncapi import HEADERS, LETTER_HEADERS, OPTIONAL_HEADERS, as_yaml, document
from schemas.internal.deliveries import DeadLetter, LetterDone
from schemas.registry import EVENTS
from schemas.topics import TOPICS
from tests.support.builders.records import activated, headers_of, raw

AT = datetime(2026, 11, 23, tzinfo=UTC)


def test_every_header_that_is_written_is_described_and_no_other() -> None:
    bare = raw(activated(UUID(int=1)), tenant=UUID(int=2))
    full = raw(
        activated(UUID(int=1)),
        tenant=UUID(int=2),
        causation_id=UUID(int=3),
        traceparent="00-0-0-01",
        command_id=UUID(int=4),
        command_digest=b"d",
        command_result="{}",
        actor="a",
    )
    assert {name for name, _ in headers_of(full)} == set(HEADERS)
    assert {name for name, _ in headers_of(bare)} == set(HEADERS) - OPTIONAL_HEADERS


def test_a_dead_letters_headers_are_described() -> None:
    letter = DeadLetter(
        group="g", topic="t", partition=0, offset=1, key=None, value=None, headers=(), reason="r",
        traceback_digest="", count=1, parked_at=AT,
    )  # fmt: skip
    assert {name for name, _ in letter.to_headers()} == set(LETTER_HEADERS)
    done = document()["components"]["messages"]["LetterDone"]["headers"]
    assert {name for name, _ in LetterDone(id="i", how="dropped", at=AT).to_headers()} == set(done["required"])


def test_every_topic_and_every_event_is_in_it_and_every_reference_leads_somewhere() -> None:
    described = document()
    assert {channel["address"] for channel in described["channels"].values()} == {topic.name for topic in TOPICS}
    assert {message["name"] for message in described["components"]["messages"].values()} >= set(EVENTS)
    for reference in references(described):
        place: Any = described
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for each in value for found in references(each)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [found for each in value.values() for found in references(each)]


def test_the_yaml_says_the_same() -> None:
    assert yaml.load(as_yaml(document()), yaml.CSafeLoader) == document()
    awkward = {
        "no": [],
        "a b": {"$x": None, "list": [[1, "two\n"], {"k": {}}, {"deep": {"er": [True]}}]},
        "ü": "“q”: #",
    }
    assert yaml.load(as_yaml(awkward), yaml.CSafeLoader) == awkward
