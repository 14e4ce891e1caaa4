"""Writes a small batch to all read models in one statement, which is a transaction of its own.

A batch in a transaction of statements takes a dozen round trips: the check of the records, the beginning, each table, the
revisions, the checkpoints, the end. Under steady load that is most of the time from a command to its row. This statement
checks the records, writes everything and moves the checkpoints, or fails as a whole. Whatever is unusual (a foreign record,
a poison record, a lost partition) changes nothing here, and the ordinary way finds out what it is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from aiokafka import ConsumerRecord

from projections.engine.checkpoints import ADVANCE_SQL, Checkpoint, advance_values
from projections.engine.common_batch import BatchDecoder, unapplied_by_model
from projections.engine.decoding import DecodedEvent
from projections.engine.followed_model import FollowedModel
from projections.engine.provenance import DIGEST_SQL, digest_of
from projections.engine.records import at_fault
from projections.engine.revisions import MOVE_SQL, values_of
from projections.engine.tables import Connection, TableChange
from schemas.internal.provenance import claim_in
from schemas.topics import partition_of

MOST_RECORDS = 256
"""For more records than these, COPY costs less than a statement's arrays."""

_CHECK = """
select 1 / case when (select digest from known) = {}::bytea and (select count(*) from moved) = {}::bigint then 1 else 0 end
"""
"""Fails, and with it the statement, if the store does not hold the records or a checkpoint has another owner."""


@runtime_checkable
class Foldable(Protocol):
    """A projection that can say what a batch changes before it is written."""

    async def changes(self, batch: Sequence[DecodedEvent], tx: Connection) -> Sequence[TableChange[Any]]:
        """Load the rows that a batch touches, and return what it changes."""
        ...


async def write_at_once(
    records: Sequence[ConsumerRecord], models: Collection[FollowedModel], connection: Connection
) -> bool:
    """Apply records to every read model that has not applied them; False if nothing was written.

    Raises:
        OSError, asyncpg.PostgresError, TimeoutError: it is unknown whether rows and checkpoints were written; read the
            records again from the checkpoints.
    """
    proof = _proof(records)
    unapplied = unapplied_by_model(records, models) if proof is not None else []
    if proof is None or not unapplied or not all(_is_usual(model) for model, _ in unapplied):
        return False
    moved: dict[FollowedModel, dict[int, Checkpoint]] = {}
    try:
        decoder = BatchDecoder(unapplied)
        batches: list[tuple[FollowedModel, list[DecodedEvent]]] = []
        for model, mine in unapplied:
            moved[model] = model.partitions.after(mine)
            if batch := decoder.for_model(model, mine):
                batches.append((model, batch))
        changes: list[TableChange[Any]] = []
        for model, batch in batches:
            assert isinstance(model.projection, Foldable)
            changes += await model.projection.changes(batch, connection)
        tenants = {model.name: {tenant for _, tenant in batch} for model, batch in batches}
        checkpoints = {model.name: list(each.values()) for model, each in moved.items()}
        sql, values = _statement(proof, changes, tenants, checkpoints)
        await connection.fetch(sql, *values)
    except Exception as error:
        if not at_fault(error):
            raise
        return False
    for model, each in moved.items():
        model.partitions.move(each)
    return True


def _is_usual(model: FollowedModel) -> bool:
    return not model.isolator.suspected and isinstance(model.projection, Foldable)


def _proof(records: Sequence[ConsumerRecord]) -> tuple[list[int], bytes] | None:
    """Return the records' positions and their digest; None if the batch is large, or a record is foreign for sure."""
    if len(records) > MOST_RECORDS:
        return None
    claims = []
    for record in records:
        claim = claim_in(record.headers, record.value)
        if claim is None or partition_of(claim.tenant) != record.partition:
            return None
        claims.append(claim)
    return digest_of(claims)


def _statement(
    proof: tuple[list[int], bytes],
    changes: Iterable[TableChange[Any]],
    tenants: Mapping[str, Iterable[UUID]],
    moved: Mapping[str, Sequence[Checkpoint]],
) -> tuple[str, list[Any]]:
    """Return the statement and its values."""
    positions, digest = proof
    statement = _Statement()
    statement.add("known (digest)", DIGEST_SQL, positions)
    for change in changes:
        table = change.table
        if change.changed:
            statement.add(f"changed_{table.name}", table.update_sql, *table.changed_values(change.changed))
        if change.new:
            statement.add(f"new_{table.name}", table.insert_sql, *table.new_values(change.new))
    if tenants:
        statement.add("revised", MOVE_SQL, *values_of(tenants))
    statement.add("moved", ADVANCE_SQL, *advance_values(moved))
    return statement.ending(_CHECK, digest, sum(map(len, moved.values())))


class _Statement:
    """Named parts of one statement, which share its arguments."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._values: list[Any] = []

    def add(self, name: str, sql: str, *values: Any) -> None:
        self._parts.append(f"{name} as ({self._numbered(sql, values)})")

    def ending(self, sql: str, *values: Any) -> tuple[str, list[Any]]:
        """Return the whole, ending with a query."""
        end = self._numbered(sql, values)
        return f"with {', '.join(self._parts)} {end}", self._values

    def _numbered(self, sql: str, values: Sequence[Any]) -> str:
        first = len(self._values) + 1
        self._values += values
        return sql.format(*(f"${first + n}" for n in range(len(values))))
