"""The new tables of a rebuild before they are live: which code may resume them, and their indexes."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from projections.engine.tables import Connection, ReadModel

FOLD_PACKAGES = ("domain", "schemas", "projections")
"""The packages that decide what folds do."""
INDEX_SECONDS = 600.0
"""How long one index may take; creating it concurrently waits for every older snapshot."""


def fingerprint(model: ReadModel[Any]) -> str:
    """Return the version and code digest that a half-built rebuild must have to be resumed."""
    digest = hashlib.sha256(model.tables_ddl.encode() + _sources())
    return f"version {model.version}, {digest.hexdigest()[:16]}"


@cache
def _sources() -> bytes:
    """Return a digest of all code that decides which rows an event makes.

    It covers more than the folds, because a fixed helper is as good a reason to start over as a fixed fold.
    """
    digest = hashlib.sha256()
    root = Path(__file__).parents[3]
    for path in sorted(path for package in FOLD_PACKAGES for path in (root / package).rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.digest()


async def finish(connection: Connection, model: ReadModel[Any], schema: str) -> None:
    """Create the indexes, which costs less after the rows are loaded, and analyze the tables.

    The indexes are created concurrently although no query uses the tables. Otherwise a transaction would hold an id for
    as long as an index takes.
    """
    statements = [statement for table in model.tables for statement in table.indexes]
    existing = await connection.fetch(
        """
        select indexrelid::regclass::text as name, indisvalid as valid
        from pg_index i join pg_class c on c.oid = i.indrelid
        where c.relnamespace = $1::regnamespace and not i.indisprimary
        """,
        schema,
    )
    await connection.execute(f'set search_path to "{schema}"')
    try:
        if len(existing) != len(statements) or not all(index["valid"] for index in existing):
            # A rebuild was killed while it created them.
            for index in existing:
                await connection.execute(f"drop index {index['name']}")
            for statement in statements:
                concurrently = statement.replace("index", "index concurrently", 1)
                await connection.execute(concurrently, timeout=INDEX_SECONDS)
        for table in model.tables:
            await connection.execute(f"analyze {table.name}")
    finally:
        await connection.execute("reset search_path")
