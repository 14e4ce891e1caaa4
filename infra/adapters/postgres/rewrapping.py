"""The rows that are sealed under master keys, and how they come under the current one after a rotation."""

# ruff: noqa: S608  # names are this module's constants; values are arguments

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from infra.adapters.master_keys import MasterKeys, WrongKey

AT_ONCE = 500
"""Rows that one statement changes, so that memory and locks stay small."""


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table with a column of values that :class:`MasterKeys` sealed."""

    name: str
    key: tuple[str, ...]
    """The columns of its primary key. A value is bound to ``name|key|key``."""
    column: str
    one: str
    """What a row is, for people."""
    many: str

    def counted(self, rows: int) -> str:
        """Return a number of rows in words."""
        return f"{rows:,} {self.one if rows == 1 else self.many}"


SEALED_TABLES = (
    SealedTable("person_keys", ("person_id",), "wrapped_key", "key of a person", "keys of people"),
    SealedTable("vault", ("tenant", "name"), "sealed", "secret of a merchant", "secrets of merchants"),
    SealedTable("second_factors", ("merchant_id",), "secret", "second factor", "second factors"),
)
"""Every table with such values. Nothing else rests under a master key: all other keys are derived from it."""


class MasterKeyMissing(Exception):
    """Rows are sealed under a master key that is not configured. Nothing was changed."""

    def __init__(self, rows: Mapping[str, int]) -> None:
        listed = ", ".join(f"{count:,} under key {id}" for id, count in sorted(rows.items()))
        super().__init__(
            f"Rows are sealed under master keys that ZYENTA_MASTER_KEYS does not name: {listed}. Nothing was changed. Add "
            "each of these keys behind the current one, then run it again."
        )
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What a run did."""

    changed: Mapping[str, int]
    """Rows that came under the current key, by table."""
    unreadable: Mapping[str, int]
    """Rows that their key does not open: they were changed or moved by hand. They stay as they are."""
    total: int
    """Rows under any key."""


async def rows_by_key(pool: asyncpg.Pool) -> Counter[str]:
    """Return how many rows are sealed under each master key, by the key's id."""
    counted: Counter[str] = Counter()
    for table in SEALED_TABLES:
        query = f"select split_part({table.column}, '.', 2) as id, count(*) as rows from {table.name} group by 1"
        counted.update({row["id"]: row["rows"] for row in await pool.fetch(query)})
    return counted


async def rewrap(
    pool: asyncpg.Pool, keys: MasterKeys, *, at_once: int = AT_ONCE, progress: Callable[[int], None] = lambda _: None
) -> Rewrapped:
    """Seal every row under the current master key.

    A run that stops half way has done its part: the next one goes on with the rest. Runs beside each other and beside
    the platform are safe, because a row changes only if it is still what was read.

    Args:
        pool: the database.
        keys: the current key first, and every key that rows are under.
        at_once: rows that one statement reads or changes.
        progress: called with the number of rows that are done.

    Raises:
        MasterKeyMissing: rows are under a key that is not configured.
    """
    counted = await rows_by_key(pool)
    if missing := {id: rows for id, rows in counted.items() if id not in keys.ids}:
        raise MasterKeyMissing(missing)
    changed: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()
    for table in SEALED_TABLES:
        last: Sequence[Any] | None = None
        while rows := await _page(pool, table, keys.current, last, at_once):
            last = [rows[-1][name] for name in table.key]
            sealed = []
            for row in rows:
                values = [row[name] for name in table.key]
                bound = "|".join((table.name, *map(str, values)))
                try:
                    plain = keys.open(row["sealed"], bound_to=bound)
                except WrongKey:
                    unreadable[table.name] += 1
                    continue
                sealed.append((*values, row["sealed"], keys.seal(plain, bound_to=bound)))
            changed[table.name] += await _replace(pool, table, sealed)
            progress(changed.total())
    return Rewrapped(changed, unreadable, counted.total())


async def _page(
    pool: asyncpg.Pool, table: SealedTable, current: str, last: Sequence[Any] | None, most: int
) -> list[asyncpg.Record]:
    """Return the next rows under a former key."""
    names = ", ".join(table.key)
    beyond = "" if last is None else f" and ({names}) > ({', '.join(f'${n}' for n in range(2, len(last) + 2))})"
    return await pool.fetch(
        f"select {names}, {table.column} as sealed from {table.name} "
        f"where split_part({table.column}, '.', 2) <> $1{beyond} order by {names} limit {int(most)}",
        current,
        *(last or ()),
    )


async def _replace(pool: asyncpg.Pool, table: SealedTable, rows: Sequence[tuple[Any, ...]]) -> int:
    """Replace values that are still what was read. Return how many were."""
    if not rows:
        return 0
    columns = [*table.key, "former", "latest"]
    types = ["uuid" if isinstance(value, UUID) else "text" for value in rows[0]]
    arrays = ", ".join(f"${n}::{type}[]" for n, type in enumerate(types, 1))
    same = " and ".join(f"t.{name} = n.{name}" for name in table.key)
    replaced = await pool.fetch(
        f"update {table.name} t set {table.column} = n.latest from unnest({arrays}) n ({', '.join(columns)}) "
        f"where {same} and t.{table.column} = n.former returning 1",
        *(list(column) for column in zip(*rows, strict=True)),
    )
    return len(replaced)
