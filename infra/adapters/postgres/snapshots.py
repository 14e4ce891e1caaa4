"""Snapshots of aggregates' states, so that loading a long stream stays bounded."""

import asyncio
import hashlib
import json
import logging
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from commands.ports import Loaded
from domain.kernel import StreamKind
from projections.engine.postgres_errors import DATABASE_AWAY

SNAPSHOT_EVERY = 100
"""A stream is snapshotted when this many events follow its last snapshot."""

_WRITE = """
insert into snapshots (stream_id, fingerprint, version, position, tenant, state)
values ($1, $2, $3, $4, $5, $6)
on conflict (stream_id) do update set fingerprint = excluded.fingerprint, version = excluded.version,
    position = excluded.position, tenant = excluded.tenant, state = excluded.state
where snapshots.version < excluded.version or snapshots.fingerprint <> excluded.fingerprint
"""

logger = logging.getLogger(__name__)


class StateShape:
    """How a kind's state is written, and a fingerprint that changes with the state's fields."""

    def __init__(self, kind: StreamKind[Any]) -> None:
        self.adapter: TypeAdapter[Any] = TypeAdapter(kind.state)
        schema = json.dumps(self.adapter.json_schema(mode="serialization"), sort_keys=True)
        self.fingerprint = f"{kind.name}.{hashlib.sha256(schema.encode()).hexdigest()[:16]}"


_shapes: dict[str, StateShape] = {}


def shape_of(kind: StreamKind[Any]) -> StateShape:
    """Return the shape of a kind's state."""
    if kind.name not in _shapes:
        _shapes[kind.name] = StateShape(kind)
    return _shapes[kind.name]


class SnapshotWriter:
    """Writes snapshots in the background."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._writing: set[asyncio.Task[None]] = set()

    def write(self, stream_id: UUID, shape: StateShape, loaded: Loaded) -> None:
        """Start writing a snapshot; a later one of the same shape is not replaced."""
        task = asyncio.create_task(self._write(stream_id, shape, loaded))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def drain(self) -> None:
        """Wait for the snapshots that are being written."""
        await asyncio.gather(*self._writing, return_exceptions=True)

    async def _write(self, stream_id: UUID, shape: StateShape, loaded: Loaded) -> None:
        try:
            await self._pool.execute(
                _WRITE,
                stream_id,
                shape.fingerprint,
                loaded.version,
                loaded.position,
                loaded.tenant,
                shape.adapter.dump_json(loaded.state),
            )
        except DATABASE_AWAY as error:
            # The stream loads without its snapshot, only slower.
            logger.warning("could not write the snapshot of stream %s: %s", stream_id, error)
