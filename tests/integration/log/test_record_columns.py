"""PostgreSQL writes the parts of a record as the bytes that Python writes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

import asyncpg

from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bench.filling import copy_events
from schemas.record_columns import outgoing
from schemas.records import content_of, parts_of
from tests.support.builders import records
from tests.support.builders.records import AT, activated, raw

OPTIONAL: dict[str, Any] = {
    "causation_id": UUID(int=7),
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "command_id": UUID(int=8),
    "command_digest": b"\xd0" * 32,
    "command_result": '{"name": "Ωmega"}',
    "actor": "Ωmega " * 40,
}
SHAPES: Sequence[dict[str, Any]] = (
    {"position": 2**62, "version": 2**31 - 1},
    {"recorded_at": datetime(2026, 11, 23, 12, 0, 0, 5, tzinfo=UTC)},
    {"data": b"no json"},
    {"data": b'{"occurred_at":"2026-11-23T11:59:59Z"}'},
    {"data": b'{"a":{"occurred_at":"2026-11-23T11:59:59Z"}}' + b" " * 20_000},
    {"type": "library." + "Nested" * 30, "traceparent": "t" * 300},
    {"command_digest": b"\0"},
    {"previous_hash": bytes(range(128, 160)), "hash": bytes(range(32))},
)


async def test_every_record_is_the_same_from_postgresql_and_from_python(
    log: PostgresEventLog, pool: asyncpg.Pool
) -> None:
    given = [
        dict(zip(OPTIONAL, values, strict=True)) for values in product(*((None, value) for value in OPTIONAL.values()))
    ]
    made = [
        raw(activated(UUID(int=n)), tenant=UUID(int=n << 60), **each) for n, each in enumerate([*given, *SHAPES], 1)
    ]
    async with pool.acquire() as connection:
        await copy_events(connection, made)
        rows = await log.read_records(0, len(made), connection=connection)
    stored = await log.read_settled(0, len(made))
    assert sorted(event.position for event in stored) == sorted(event.position for event in made)
    assert [outgoing(row) for row in rows] == [records.outgoing(event) for event in stored]
    assert {content_of(event) for event in stored} == {content_of(event) for event in made}
    assert stored[0].recorded_at == AT
    async with pool.acquire() as connection:
        await connection.execute("update events set hash = '\\x00', previous_hash = '\\x01'")
        (row,) = await log.read_records(0, 1, connection=connection)
    assert dict(parts_of(outgoing(row).content)[2])["ce_hash"] == b"0" * 64
