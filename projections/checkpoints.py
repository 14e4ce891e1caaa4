"""Where each read model stands in the log, and who may move it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import asyncpg

from projections.tables import Connection
from schemas.envelope import ConsistencyToken, Envelope
from schemas.topics import PARTITIONS


class Projection(Protocol):
    """A read model: its tables and how events change them."""

    @property
    def name(self) -> str:
        """Also the PostgreSQL schema its live tables are in."""
        ...

    @property
    def version(self) -> int:
        """Raised when the tables or their meaning change: the runner then rebuilds."""
        ...

    @property
    def ddl(self) -> str:
        """Statements that create the tables, unqualified."""
        ...

    async def apply(self, batch: Sequence[Envelope], tx: Connection) -> None:
        """Write a batch's effect; the same transaction moves the checkpoint."""
        ...


class Fenced(Exception):
    """A newer owner has taken over the partition; what this one would write must not count."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far one partition has been applied to one set of tables."""

    partition: int
    next_offset: int
    """Of the topic; a hint, checked against ``position`` before it is trusted."""
    position: int
    """Of the last applied event; 0 before the first."""
    owner: int
    """Grows with every change of hands."""


async def create_tables(connection: Connection, projection: Projection, schema: str) -> None:
    """Create a projection's empty tables in a schema, with a checkpoint for every partition."""
    await connection.execute(f'create schema "{schema}"')
    await connection.execute(f'set local search_path to "{schema}"')
    await connection.execute(projection.ddl)
    await connection.execute("set local search_path to public")
    await connection.executemany(
        "insert into checkpoints (schema_name, partition, next_offset, position, owner) values ($1, $2, 0, 0, 0)",
        [(schema, partition) for partition in range(PARTITIONS)],
    )


async def drop_tables(connection: Connection, schema: str) -> None:
    """Drop a schema of a projection and its checkpoints, if they are there."""
    await connection.execute(f'drop schema if exists "{schema}" cascade')
    await connection.execute("delete from checkpoints where schema_name = $1", schema)


async def take_over(connection: Connection, schema: str, partitions: Iterable[int]) -> list[Checkpoint]:
    """Become the owner of partitions: every earlier owner is fenced from now on."""
    rows = await connection.fetch(
        """
        update checkpoints set owner = owner + 1
        where schema_name = $1 and partition = any ($2::integer[])
        returning partition, next_offset, position, owner
        """,
        schema,
        list(partitions),
    )
    return [Checkpoint(*row) for row in rows]


async def advance(connection: Connection, schema: str, moved: Sequence[Checkpoint]) -> None:
    """Move checkpoints within the transaction that wrote the rows.

    Raises:
        Fenced: somebody else owns one of the partitions by now; roll back.
    """
    updated = await connection.fetch(
        """
        update checkpoints as c set next_offset = m.next_offset, position = m.position, updated_at = clock_timestamp()
        from unnest($2::integer[], $3::bigint[], $4::bigint[], $5::bigint[]) as m (partition, next_offset, position, owner)
        where c.schema_name = $1 and c.partition = m.partition and c.owner = m.owner
        returning c.partition
        """,
        schema,
        [checkpoint.partition for checkpoint in moved],
        [checkpoint.next_offset for checkpoint in moved],
        [checkpoint.position for checkpoint in moved],
        [checkpoint.owner for checkpoint in moved],
    )
    if len(updated) != len(moved):
        lost = {checkpoint.partition for checkpoint in moved} - {row["partition"] for row in updated}
        raise Fenced(f"partitions {sorted(lost)} of {schema} have another owner")


async def lagging(pool: asyncpg.Pool, token: ConsistencyToken, schemas: Sequence[str]) -> list[str]:
    """Return which of the read models have not reached a token's place; a missing one has not."""
    rows = await pool.fetch(
        "select schema_name from checkpoints where partition = $1 and position >= $2 and schema_name = any ($3::text[])",
        token.partition,
        token.position,
        list(schemas),
    )
    return sorted(set(schemas) - {row["schema_name"] for row in rows})
