"""Makes a large platform out of a small one: PostgreSQL copies its rows, each copy under other ids.

The one store's rows are copied within the store, so that it grows. The other tenants' rows become other tenants.
"""

# ruff: noqa: S608  # names are those of the read models' tables; values are arguments

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from infra.bench.figures import ReportPhase
from projections.catalog.fold.sitemap import MOST_IN_PART
from projections.engine.tables import Table
from projections.registry import READ_MODELS, SEARCH_PATH

HOUR = 3600.0
"""Of a statement that copies."""
APART = "17 seconds"
"""Between the times of two copies of a row."""
NUMBERED = frozenset({"title", "title_folded", "slug", "number", "word", "code"})
"""Texts to which a copy adds its number."""
COUNTED = {
    "product_counts": ("store_id", "counts"),
    "media_counts": ("store_id", "counts"),
    "order_counts": ("store_id", "counts"),
    "paid_days": ("store_id", "orders"),
    "ledger_balances": ("book", "minor"),
}
"""Tables with numbers of a store's rows: the column of the store, and that of the numbers."""
VARIED = {
    "price_minor": "900 + abs(hashint8extended(hashtext(t.id::text), n) % 8100)",
    "score_total": "abs(hashint8extended(hashtext(t.id::text), n) % 10000) / 10000.0",
    # The large store's parts become full, and other stores keep theirs.
    "sitemap_part": "t.sitemap_part + case when pg_temp.other(t.store_id, 0) <> t.store_id then 0 else n * "
    f"(select sum(s.products)::bigint from sitemap_parts s where s.store_id = t.store_id) / {MOST_IN_PART} end",
}
"""What copies of a product differ in, so that a page does not show one product many times."""
SINGLE = frozenset({"pages", "page_versions"})
"""Tables of which a store has no more rows when it grows."""
_PARTS = """
insert into sitemap_parts (store_id, number, products, changed_at)
select store_id, sitemap_part, count(*), max(edited_at) from products
where store_id = any($1) and status in ('ACTIVE', 'OUT_OF_STOCK') group by store_id, sitemap_part
on conflict (store_id, number) do update set products = excluded.products, changed_at = excluded.changed_at
"""
EVENT_COLUMNS = (
    "transaction_id", "version", "type", "causation_id", "recorded_at", "traceparent", "data", "previous_hash", "hash",
    "command_digest", "command_result",
)  # fmt: skip


async def grow(dsn: str, *, times: int, fixed: Sequence[UUID], report: ReportPhase) -> None:
    """Multiply all rows of a database.

    Hash chains of copied events are not valid, and no bench reads them.

    Args:
        dsn: the database.
        times: how often each row is there afterwards.
        fixed: ids that copies keep: those of the store that grows, of its merchant and of its generation.
        report: receives the table.
    """
    settings = {
        "search_path": f"{SEARCH_PATH}, public",
        "synchronous_commit": "off",
        "maintenance_work_mem": "512MB",
        "work_mem": "128MB",
    }
    connection = await asyncpg.connect(dsn, server_settings=settings)
    kept = "{" + ",".join(map(str, fixed)) + "}"
    try:
        await connection.execute(
            "create function pg_temp.other(id uuid, n bigint) returns uuid language sql immutable strict parallel safe "
            f"return case when id = any('{kept}'::uuid[]) then id else md5(id::text || n)::uuid end"
        )
        for name, model in READ_MODELS.items():
            for table in model.tables:
                report(f"{times} times {table.name}")
                indexes = await _drop_indexes(connection, f"{name}.{table.name}")
                await _copy_rows(connection, table, times)
                for ddl in indexes:
                    await connection.execute(ddl, timeout=HOUR)
        await connection.execute(_PARTS, list(fixed))
        for counted, (store, numbers) in COUNTED.items():
            await _multiply(connection, counted, store, numbers, fixed=fixed, times=times)
        report(f"{times} times events")
        await _copy_events(connection, times)
        report("vacuum")
        await connection.execute("vacuum (analyze)", timeout=HOUR)
    finally:
        await connection.close()


async def _drop_indexes(connection: asyncpg.Connection, table: str) -> list[str]:
    """Drop a table's indexes, which would slow the copying down; return the statements that create them."""
    indexes = await connection.fetch(
        "select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as ddl from pg_index "
        "where indrelid = $1::text::regclass and not indisprimary",
        table,
    )
    for index in indexes:
        await connection.execute(f"drop index {index['name']}")
    return [index["ddl"] for index in indexes]


async def _copy_rows(connection: asyncpg.Connection, table: Table[Any], times: int) -> None:
    columns = ", ".join(table.columns)
    others = "where t.store_id <> pg_temp.other(t.store_id, 0)" if table.name in SINGLE else ""
    values = ", ".join(_copied(column, table.types[column][0]) for column in table.columns)
    await connection.execute(
        f"insert into {table.name} ({columns}) select {values} from generate_series(1, $1::bigint) n, {table.name} t "
        f"{others} on conflict do nothing",
        times - 1,
        timeout=HOUR,
    )


def _copied(column: str, type: str) -> str:
    if type == "uuid":
        return f"pg_temp.other(t.{column}, n)"
    if column == "begins_at":
        # A large store sells something in most periods.
        return "t.begins_at + n * t.minutes * interval '1 minute'"
    if type == "timestamptz":
        return f"t.{column} + n * interval '{APART}'"
    if column in VARIED:
        return VARIED[column]
    return f"t.{column} || n" if type == "text" and column in NUMBERED else f"t.{column}"


async def _multiply(
    connection: asyncpg.Connection, table: str, store: str, numbers: str, *, fixed: Sequence[UUID], times: int
) -> None:
    """Multiply the numbers of the store that grows."""
    rows = await connection.fetch(
        f"select ctid, {numbers} as numbers from {table} where {store} = any($1)", list(fixed)
    )
    for row in rows:
        value = row["numbers"]
        multiplied = value * times if isinstance(value, int) else json.dumps(_times(json.loads(value), times))
        await connection.execute(f"update {table} set {numbers} = $2 where ctid = $1", row["ctid"], multiplied)


def _times(counts: Any, times: int) -> Any:
    if isinstance(counts, dict):
        return {label: _times(number, times) for label, number in counts.items()}
    return counts * times


async def _copy_events(connection: asyncpg.Connection, times: int) -> None:
    last: int = await connection.fetchval("select coalesce(max(position), 0) from events")
    ids = ("id", "stream_id", "tenant", "correlation_id", "command_id")
    names = ", ".join(("position", *ids, *EVENT_COLUMNS))
    values = ", ".join(
        ("t.position + n * $2", *(f"pg_temp.other(t.{id}, n)" for id in ids), *(f"t.{name}" for name in EVENT_COLUMNS))
    )
    # One copy after the other: neighbors in the log must be neighbors in the table, as where they were appended.
    for n in range(1, times):
        await connection.execute(
            f"insert into events ({names}) select {values} from (select $1::bigint as n) c, events t "
            "where t.position <= $2 order by t.position",
            n,
            last,
            timeout=HOUR,
        )
    await connection.execute("select setval('events_position', $1)", times * last)
