"""Loads histories into read models, and reads every row of them."""

from collections.abc import Sequence
from typing import Any

from projections.engine.rebuild.kept_rows import KeptRows
from projections.engine.tables import Connection, ReadModel
from projections.registry import READ_MODELS, SEARCH_PATH
from schemas.envelope import RawEvent

Kept = tuple[int, int]
"""As many rows are kept in memory, and written after as many batches."""


async def build(
    db: Connection, raw: Sequence[RawEvent], *, batch: int, schema: str = "{name}", kept: Kept | None = None
) -> None:
    """Empty the read models and load a history in batches of a size; leave the search path at the live schemas."""
    for model in READ_MODELS.values():
        name = schema.format(name=model.name)
        await empty(db, model, name)
        await load(db, model, raw, batch=batch, kept=kept)
    await db.execute(f"set search_path to {SEARCH_PATH}")


async def empty(db: Connection, model: ReadModel[Any], schema: str) -> None:
    """Create or empty a read model's tables in a schema, and make that the search path."""
    exists = await db.fetchval("select true from pg_namespace where nspname = $1", schema)
    if not exists:
        await db.execute(f"create schema {schema}")
    await db.execute(f"set search_path to {schema}")
    # Deleting rows takes a tenth of the time of creating tables.
    await db.execute("".join(f"delete from {table.name};" for table in model.tables) if exists else model.ddl)


async def load(
    db: Connection, model: ReadModel[Any], raw: Sequence[RawEvent], *, batch: int, kept: Kept | None = None
) -> None:
    """Load a history in batches of a size, each written at once unless rows are kept."""
    events = [each for each in map(model.decoder.decode_stored, raw) if each is not None]
    batches = [events[start : start + batch] for start in range(0, len(events), batch)]
    if kept is None:
        for each in batches:
            async with db.transaction():
                await model.apply(each, db)
        return
    most, every = kept
    rows = KeptRows(model, most=most, is_new=True)
    for number, each in enumerate(batches, start=1):
        await rows.fold(each, db)
        if number % every == 0 or number == len(batches):
            async with db.transaction():
                await rows.write(db)


async def rows(db: Connection, schema: str = "{name}") -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every read model, by table, in the order of the keys."""
    return {
        table.name: [
            tuple(record)
            for record in await db.fetch(
                f"select * from {schema.format(name=model.name)}.{table.name} order by {', '.join(table.key)}"
            )
        ]
        for model in READ_MODELS.values()
        for table in model.tables
    }
