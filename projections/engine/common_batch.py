"""Writes a batch of records to several read models in one transaction."""

import logging
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from aiokafka import ConsumerRecord

from domain.kernel import DomainEvent
from projections.engine.checkpoints import Checkpoint, advance_together
from projections.engine.decoding import DecodedEvent, EventDecoder
from projections.engine.followed_model import FollowedModel
from projections.engine.records import at_fault, placed
from projections.engine.revisions import move_revisions
from projections.engine.tables import Connection

logger = logging.getLogger(__name__)


async def write_together(
    records: Sequence[ConsumerRecord], models: Collection[FollowedModel], connection: Connection
) -> None:
    """Apply records to every read model that has not applied them.

    If that fails because of a record, each read model applies them alone, and only it parks what it cannot apply.

    Raises:
        Fenced: another process, or a rebuild, took partitions over.
        OSError, asyncpg.PostgresError, TimeoutError, Transient: nothing is lost; read the records again.
    """
    unapplied = unapplied_by_model(records, models)
    if any(model.isolator.suspected for model, _ in unapplied) or not await _in_one_transaction(unapplied, connection):
        for model, mine in unapplied:
            # What is suspected was applied to no read model; what a rebalance took away is no longer its own.
            await model.apply(mine, connection)


def unapplied_by_model(
    records: Sequence[ConsumerRecord], models: Iterable[FollowedModel]
) -> list[tuple[FollowedModel, list[ConsumerRecord]]]:
    """Return the records that each read model has not applied; read models that applied all are left out."""
    known = placed(records)
    return [(model, mine) for model in models if (mine := model.partitions.unapplied(known))]


async def _in_one_transaction(
    unapplied: Sequence[tuple[FollowedModel, Sequence[ConsumerRecord]]], connection: Connection
) -> bool:
    """Write rows and checkpoints; False if a record is at fault, which nothing was written for.

    Raises:
        Fenced: a partition has another owner by now.
    """
    moved: dict[FollowedModel, dict[int, Checkpoint]] = {}
    applying = unapplied[0][0] if len(unapplied) == 1 else None
    try:
        batches: list[tuple[FollowedModel, list[DecodedEvent]]] = []
        decoder = BatchDecoder(unapplied)
        for model, mine in unapplied:
            moved[model] = model.partitions.after(mine)
            if batch := decoder.for_model(model, mine):
                batches.append((model, batch))
        checkpoints = {model.name: each.values() for model, each in moved.items()}
        if batches:
            async with connection.transaction():
                for applying, batch in batches:
                    await applying.projection.apply(batch, connection)
                changed = {model.name: {tenant for _, tenant in batch} for model, batch in batches}
                await move_revisions(connection, changed)
                await advance_together(connection, checkpoints)
        else:
            # One statement is a transaction of its own.
            await advance_together(connection, checkpoints)
    except Exception as error:
        if not at_fault(error):
            raise
        if applying is not None:
            # Its batch was tried once; chunks come next, unless another owner's rows are the reason.
            await applying.check_owner(moved.get(applying, {}).values(), error, connection)
            applying.suspect(dict(unapplied)[applying], error)
        return False
    for model, each in moved.items():
        model.partitions.move(each)
    return True


class BatchDecoder:
    """Decodes each event of a batch once for all read models."""

    def __init__(self, unapplied: Sequence[tuple[FollowedModel, Sequence[ConsumerRecord]]]) -> None:
        self._decode = _decoder(frozenset().union(*(model.projection.handles for model, _ in unapplied))).decode_record
        self._events: dict[int, DecodedEvent | None] = {}
        """By the identity of the record, which the batch holds."""

    def for_model(self, model: FollowedModel, records: Sequence[ConsumerRecord]) -> list[DecodedEvent]:
        """Return the events that a read model folds."""
        handled, known = model.handled, self._events
        batch = []
        for record in records:
            identity = id(record)
            if identity in known:
                event = known[identity]
            else:
                event = known[identity] = self._decode(record.headers, record.value)
            if event is not None and type(event[0]) in handled:
                batch.append(event)
        return batch


@lru_cache(maxsize=16)
def _decoder(handled: frozenset[type[DomainEvent]]) -> EventDecoder:
    return EventDecoder(handled)
