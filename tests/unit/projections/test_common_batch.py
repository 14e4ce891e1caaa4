"""A batch that several read models apply is looked at once."""

from collections.abc import Iterator
from typing import Any, cast
from uuid import uuid4

import asyncpg

from projections.engine.common_batch import unapplied_by_model
from projections.engine.partitions import OwnedPartitions
from tests.support.builders.records import FakeRecord, activated, headers_of, raw


class CountedHeaders(list[tuple[str, bytes]]):
    """Headers that count how often they are read."""

    reads = 0

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        self.reads += 1
        return super().__iter__()


class Following:
    """A read model that owns no partition."""

    def __init__(self) -> None:
        self.partitions = OwnedPartitions("catalog", cast("asyncpg.Pool", None))


def test_the_position_of_a_record_is_found_once_for_all_read_models() -> None:
    headers = CountedHeaders(headers_of(raw(activated(uuid4()), tenant=uuid4())))
    models: list[Any] = [Following() for _ in range(4)]
    records: list[Any] = [FakeRecord(headers=headers)]
    assert unapplied_by_model(records, models) == []
    assert headers.reads == 1
