"""New tables on their way to being live: which code may go on with them, and what makes them ready for queries."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from projections.engine.tables import Connection, ReadModel

FOLDING = ("domain", "schemas", "projections")
"""The packages that folds are made of."""
INDEX_SECONDS = 600.0
"""How long one index may take: making it waits for every snapshot that is older."""


def fingerprint(model: ReadModel[Any]) -> str:
    """Return what half-built tables must have been made for, and by, to be gone on with."""
    digest = hashlib.sha256(model.tables_ddl.encode() + _sources())
    return f"version {model.version}, {digest.hexdigest()[:16]}"


@cache
def _sources() -> bytes:
    """Return a digest of all that decides what rows an event makes: the folds, and what they read and call.

    Of more than is needed, because a mended helper is as good a reason to begin anew as a mended fold.
    """
    digest = hashlib.sha256()
    root = Path(__file__).parents[3]
    for path in sorted(path for package in FOLDING for path in (root / package).rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.digest()


async def finish(connection: Connection, model: ReadModel[Any], schema: str) -> None:
    """Make the indexes, which cost less when the rows are there, and tell the planner about them.

    Concurrently, though nobody else is there: else a transaction has an id for as long as an index takes.
    """
    wanted = [statement for table in model.tables for statement in table.indexes]
    made = await connection.fetch(
        """
        select indexrelid::regclass::text as name, indisvalid as valid
        from pg_index i join pg_class c on c.oid = i.indrelid
        where c.relnamespace = $1::regnamespace and not i.indisprimary
        """,
        schema,
    )
    await connection.execute(f'set search_path to "{schema}"')
    try:
        if len(made) != len(wanted) or not all(index["valid"] for index in made):
            # A rebuild was killed at them.
            for index in made:
                await connection.execute(f"drop index {index['name']}")
            for statement in wanted:
                concurrently = statement.replace("index", "index concurrently", 1)
                await connection.execute(concurrently, timeout=INDEX_SECONDS)
        for table in model.tables:
            await connection.execute(f"analyze {table.name}")
    finally:
        await connection.execute("reset search_path")
