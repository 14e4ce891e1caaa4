"""Fills read models from histories, and reads every row of them."""

from collections.abc import Sequence
from typing import Any

from projections.engine.tables import Connection, ReadModel
from projections.registry import READ_MODELS, SEARCH_PATH
from schemas.envelope import RawEvent


async def build(db: Connection, raw: Sequence[RawEvent], *, batch: int, schema: str = "{name}") -> None:
    """Empty the read models and fill them in batches of a size; leave the search path at the live ones."""
    for model in READ_MODELS.values():
        name = schema.format(name=model.name)
        await empty(db, model, name)
        await fill(db, model, raw, batch=batch)
    await db.execute(f"set search_path to {SEARCH_PATH}")


async def empty(db: Connection, model: ReadModel[Any], schema: str) -> None:
    """Make sure that a read model's tables are in a schema with nothing in them, and make that the search path."""
    known = await db.fetchval("select true from pg_namespace where nspname = $1", schema)
    if not known:
        await db.execute(f"create schema {schema}")
    await db.execute(f"set search_path to {schema}")
    # Emptying takes a tenth of making anew.
    await db.execute("".join(f"delete from {table.name};" for table in model.tables) if known else model.ddl)


async def fill(db: Connection, model: ReadModel[Any], raw: Sequence[RawEvent], *, batch: int) -> None:
    told = [each for each in map(model.decoder.decode_stored, raw) if each is not None]
    for start in range(0, len(told), batch):
        async with db.transaction():
            await model.apply(told[start : start + batch], db)


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
