"""Checkpoints: how far each read model has applied the log, and which runner may move that."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import asyncpg

from domain.kernel import DomainEvent
from projections.engine.decoding import DecodedEvent
from projections.engine.tables import Connection, Table
from schemas.headers import Headers
from schemas.records import Record
from schemas.topics import PARTITIONS


class RecordDecoder(Protocol):
    """Decodes records for a projection."""

    def decode_record(self, headers: Headers, value: bytes | None) -> DecodedEvent | None:
        """Return a record's event; None if the projection does not handle its kind.

        Raises:
            UnknownEvent, UndecodableEvent: the record can never be decoded; retrying does not help.
        """
        ...

    def decode_bulk(self, record: Record) -> DecodedEvent | None:
        """Decode a record that was read in bulk; otherwise like :meth:`decode_record`."""
        ...


class Projection(Protocol):
    """A read model: its tables and how events change them."""

    @property
    def name(self) -> str:
        """Also the PostgreSQL schema its live tables are in."""
        ...

    @property
    def version(self) -> int:
        """Raised by hand when the tables or their meaning change; the runner then rebuilds."""
        ...

    @property
    def tables(self) -> Sequence[Table[Any]]:
        """Its tables."""
        ...

    @property
    def tables_ddl(self) -> str:
        """Statements that create the tables, unqualified."""
        ...

    @property
    def indexes_ddl(self) -> str:
        """Statements that create the indexes, unqualified."""
        ...

    @property
    def handles(self) -> frozenset[type[DomainEvent]]:
        """The kinds of event that change anything."""
        ...

    @property
    def decoder(self) -> RecordDecoder:
        """Decodes records into what ``apply`` takes."""
        ...

    async def apply(self, batch: Sequence[DecodedEvent], tx: Connection) -> None:
        """Write a batch's rows; the caller moves the checkpoint in the same transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far one partition has been applied to one set of tables."""

    partition: int
    next_offset: int
    """The topic's offset to go on from; a hint, checked against ``position`` before it is used."""
    position: int
    """The position of the last applied event; 0 before the first."""
    owner: int
    """Grows by one each time another process takes the partition over."""
    interrupted: bool = False
    """Whether the previous owner did not stop in good order: a record may have killed it."""


class Fenced(Exception):
    """Another owner has taken over partitions; this one must not write to them."""

    def __init__(self, schema: str, lost: Iterable[Checkpoint]) -> None:
        self.schema = schema
        """Whose checkpoints they are."""
        self.lost = tuple(lost)
        """The lost checkpoints as this owner knew them."""
        super().__init__(f"partitions {[each.partition for each in self.lost]} of {schema} have another owner")


@dataclass(frozen=True, slots=True)
class Live:
    """The tables that queries read."""

    version: int
    built_at: datetime
    """When a rebuild swapped them in; tells one set of tables from the next."""


async def live_tables(connection: Connection, name: str) -> Live | None:
    """Return a projection's live tables; None if they are not created yet."""
    row = await connection.fetchrow("select version, built_at from projections where name = $1", name)
    return None if row is None else Live(*row)


async def ensure_live(connection: Connection, projection: Projection) -> Live:
    """Return a projection's live tables, and create them if they do not exist; safe in several processes at once.

    Tables of another version stay as they are: the runner with the newer code rebuilds beside them.
    """
    live = await live_tables(connection, projection.name)
    if live is not None:
        return live
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(7241003)")
        live = await live_tables(connection, projection.name)
        if live is None:
            await create_tables(connection, projection, projection.name)
            row = await connection.fetchrow(
                "insert into projections (name, version, schema_name) values ($1, $2, $1) returning version, built_at",
                projection.name,
                projection.version,
            )
            assert row is not None
            live = Live(*row)
        return live


async def create_tables(connection: Connection, projection: Projection, schema: str, *, ddl: str | None = None) -> None:
    """Create a projection's empty tables in a schema, with a checkpoint for every partition; needs a transaction.

    Args:
        connection: in that transaction.
        projection: whose tables.
        schema: the schema, which is created too.
        ddl: the statements that create the tables, if not all that queries need is to be created.
    """
    await connection.execute(f'create schema "{schema}"')
    await connection.execute(f'set local search_path to "{schema}"')
    await connection.execute(projection.tables_ddl + projection.indexes_ddl if ddl is None else ddl)
    await connection.execute("set local search_path to public")
    await connection.executemany(
        "insert into checkpoints (schema_name, partition, next_offset, position, owner) values ($1, $2, 0, 0, 0)",
        [(schema, partition) for partition in range(PARTITIONS)],
    )


async def drop_tables(connection: Connection, schema: str) -> None:
    """Drop a schema of a projection and its checkpoints; no-op if they do not exist."""
    await connection.execute(f'drop schema if exists "{schema}" cascade')
    await connection.execute("delete from checkpoints where schema_name = $1", schema)


async def take_over(connection: Connection, schema: str, partitions: Iterable[int]) -> list[Checkpoint]:
    """Become the owner of partitions, which fences every earlier owner."""
    rows = await connection.fetch(
        """
        with before as (
            select partition, running from checkpoints where schema_name = $1 and partition = any ($2::integer[])
            order by partition for update
        )
        update checkpoints as c set owner = owner + 1, running = true
        from before where c.schema_name = $1 and c.partition = before.partition
        returning c.partition, c.next_offset, c.position, c.owner, before.running
        """,
        schema,
        list(partitions),
    )
    return [Checkpoint(*row) for row in rows]


async def release(connection: Connection, schema: str, owned: Iterable[Checkpoint]) -> None:
    """Record that this owner stopped in good order."""
    checkpoints = list(owned)
    await connection.execute(
        """
        update checkpoints as c set running = false
        from unnest($2::integer[], $3::bigint[]) as o (partition, owner)
        where c.schema_name = $1 and c.partition = o.partition and c.owner = o.owner
        """,
        schema,
        [checkpoint.partition for checkpoint in checkpoints],
        [checkpoint.owner for checkpoint in checkpoints],
    )


async def reclaim(
    connection: Connection, schema: str, lost: Sequence[Checkpoint], known: Live
) -> tuple[list[Checkpoint], Live]:
    """Take partitions back from a rebuild that replaced the tables this owner wrote to.

    A rebuild raises the owner number by one, and so does another runner; but only a rebuild changes ``built_at``. If the
    number rose by one and ``built_at`` changed, no other runner took over in between.

    Args:
        connection: outside a transaction.
        schema: the live one.
        lost: the checkpoints as this owner last knew them.
        known: the tables this owner wrote to.

    Returns:
        The checkpoints that are this owner's again, and the tables to write to from now on.
    """
    async with connection.transaction():
        rows = await connection.fetch(
            """
            update checkpoints as c set owner = c.owner + 1, running = true
            from unnest($2::integer[], $3::bigint[]) as o (partition, owner), projections as p
            where c.schema_name = $1 and c.partition = o.partition and c.owner = o.owner + 1
              and p.name = $1 and p.version = $4 and p.built_at <> $5
            returning c.partition, c.next_offset, c.position, c.owner
            """,
            schema,
            [checkpoint.partition for checkpoint in lost],
            [checkpoint.owner for checkpoint in lost],
            known.version,
            known.built_at,
        )
        live = await live_tables(connection, schema)
        assert live is not None
        return [Checkpoint(*row) for row in rows], live


async def advance(connection: Connection, schema: str, moved: Iterable[Checkpoint]) -> None:
    """Move the checkpoints of one set of tables; see :func:`advance_together`."""
    await advance_together(connection, {schema: moved})


ADVANCE_SQL = """
    update checkpoints as c set next_offset = m.next_offset, position = m.position, updated_at = clock_timestamp()
    from unnest({}::text[], {}::integer[], {}::bigint[], {}::bigint[], {}::bigint[])
        as m (schema_name, partition, next_offset, position, owner)
    where c.schema_name = m.schema_name and c.partition = m.partition and c.owner = m.owner
      and c.position <= m.position
    returning c.schema_name, c.partition
"""
"""Moves checkpoints that still have the same owner; a brace pair for each array of :func:`advance_values`."""
_ADVANCE = ADVANCE_SQL.format("$1", "$2", "$3", "$4", "$5")


def advance_values(moved: Mapping[str, Iterable[Checkpoint]]) -> tuple[Sequence[Any], ...]:
    """Return the values of :data:`ADVANCE_SQL`."""
    return _columns(_in_order(moved))


def _in_order(moved: Mapping[str, Iterable[Checkpoint]]) -> list[tuple[str, Checkpoint]]:
    return sorted(
        ((schema, checkpoint) for schema, each in moved.items() for checkpoint in each),
        key=lambda pair: (pair[0], pair[1].partition),
    )


def _columns(checkpoints: Sequence[tuple[str, Checkpoint]]) -> tuple[Sequence[Any], ...]:
    return (
        [schema for schema, _ in checkpoints],
        [checkpoint.partition for _, checkpoint in checkpoints],
        [checkpoint.next_offset for _, checkpoint in checkpoints],
        [checkpoint.position for _, checkpoint in checkpoints],
        [checkpoint.owner for _, checkpoint in checkpoints],
    )


async def advance_together(connection: Connection, moved: Mapping[str, Iterable[Checkpoint]]) -> None:
    """Move checkpoints of several sets of tables within the transaction that wrote their rows, in one statement.

    A checkpoint never goes back: rows beyond it would be missing from tables that a rebuild loads up to it.

    Args:
        connection: in that transaction.
        moved: the new checkpoints by schema.

    Raises:
        Fenced: another owner took over partitions of a schema; roll back. It names one such schema.
    """
    checkpoints = _in_order(moved)
    updated = await connection.fetch(_ADVANCE, *_columns(checkpoints))
    if len(updated) != len(checkpoints):
        moved_on = {(row["schema_name"], row["partition"]) for row in updated}
        lost = [pair for pair in checkpoints if (pair[0], pair[1].partition) not in moved_on]
        raise Fenced(lost[0][0], (checkpoint for schema, checkpoint in lost if schema == lost[0][0]))


_READ = "select partition, next_offset, position, owner from checkpoints where schema_name = $1 order by partition"
_LOCKED = _READ + " for update"


async def positions_of(connection: Connection, schema: str, *, lock: bool = False) -> dict[int, Checkpoint]:
    """Return a schema's checkpoints by partition; ``lock`` stops all writers of them until the transaction ends."""
    rows = await connection.fetch(_LOCKED if lock else _READ, schema)
    return {row["partition"]: Checkpoint(*row) for row in rows}


async def reached(pool: asyncpg.Pool, schemas: Sequence[str]) -> Mapping[int, int]:
    """Return by partition the position that all of these read models have applied; 0 where one is missing."""
    rows = await pool.fetch(
        """
        select partition, case when count(*) = $2 then min(position) else 0 end
        from checkpoints where schema_name = any ($1::text[]) group by partition
        """,
        list(schemas),
        len(schemas),
    )
    return dict(map(tuple, rows))
