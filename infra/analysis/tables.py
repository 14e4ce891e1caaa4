"""The log as DuckDB tables: one of all events, and a view per kind of event with its fields as typed columns."""

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import msgspec

from domain.money import CURRENCIES, THREE_DECIMAL, ZERO_DECIMAL, exponent
from infra.analysis.reading import Entry
from infra.analysis.selection import BadSelection, Selection, table_name
from schemas.contracts.json_schemas import JsonSchema, json_schema
from schemas.registry import EVENTS

MEMORY_LIMIT = "256MB"
CHUNK = 5000
"""Events inserted into DuckDB at once."""
LONGEST_LINE = 8 * 1024 * 1024
"""DuckDB reserves twice this. A record is at most 1 MB; JSON within JSON is a little longer."""

ENVELOPE: Mapping[str, str] = {
    "position": "BIGINT",
    "event_id": "UUID",
    "type": "VARCHAR",
    "stream_id": "UUID",
    "stream_version": "INTEGER",
    "tenant": "UUID",
    "correlation_id": "UUID",
    "causation_id": "UUID",
    "command_id": "UUID",
    "occurred_at": "TIMESTAMPTZ",
    "recorded_at": "TIMESTAMPTZ",
    "traceparent": "VARCHAR",
    "actor": "VARCHAR",
    "data": "VARCHAR",
    "previous_hash": "BLOB",
    "hash": "BLOB",
    "kafka_partition": "INTEGER",
    "kafka_offset": "BIGINT",
}
"""Columns of ``events`` and of an export. An export has UUIDs as text, which every Parquet reader displays."""
IDENTIFIERS = tuple(name for name, kind in ENVELOPE.items() if kind == "UUID")

VIEW_ENVELOPE = (
    "position",
    "event_id",
    "stream_id",
    "stream_version",
    "tenant",
    "correlation_id",
    "causation_id",
    "occurred_at",
    "recorded_at",
)
"""First columns of every view; the event's own fields follow."""
_IN_ENVELOPE = frozenset({"originator_id", "originator_version", "occurred_at"})
_CAST = {"previous_hash": "unhex(previous_hash)", "hash": "unhex(hash)"}


class LogTables:
    """A DuckDB database of events. Open with :func:`open_tables` or :func:`open_export`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        self._connection = connection
        self._chunk_file = scratch / "chunk.ndjson"
        self._waiting: list[dict[str, Any]] = []
        self.count = 0
        """Number of events added."""

    def add(self, entry: Entry) -> None:
        """Add an event; call :meth:`flush` after the last."""
        headers = entry.headers
        self._waiting.append(
            {
                "position": entry.position,
                "event_id": headers["ce_id"],
                "type": entry.type,
                "stream_id": headers["ce_subject"],
                "stream_version": int(headers["ce_streamversion"]),
                "tenant": headers["ce_tenant"],
                "correlation_id": headers["ce_correlationid"],
                "causation_id": headers.get("ce_causationid"),
                "command_id": headers.get("ce_commandid"),
                "occurred_at": headers["ce_time"],
                "recorded_at": headers["ce_recordedtime"],
                "traceparent": headers.get("ce_traceparent"),
                "actor": headers.get("ce_actor"),
                "data": entry.data,
                "previous_hash": headers["ce_previoushash"],
                "hash": headers["ce_hash"],
                "kafka_partition": entry.partition,
                "kafka_offset": entry.offset,
            }
        )
        if len(self._waiting) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Insert the buffered events. JSON lines are DuckDB's fastest input without another library."""
        if not self._waiting:
            return
        self._chunk_file.write_bytes(b"\n".join(map(_encode, self._waiting)))
        columns = ", ".join(f"{name}: '{_READ_AS.get(name, kind)}'" for name, kind in ENVELOPE.items())
        selected = ", ".join(_CAST.get(name, name) for name in ENVELOPE)
        self._connection.execute(
            f"insert into events select {selected} from read_json({_quoted(self._chunk_file)}, "  # noqa: S608
            f"format = 'newline_delimited', maximum_object_size = {LONGEST_LINE}, columns = {{{columns}}})"
        )
        self.count += len(self._waiting)
        self._waiting.clear()

    def write_parquet(self, target: Path, *, by_day: bool) -> None:
        """Write all events to a file, or to a directory with one subdirectory per UTC day of recording."""
        # Polars, pyarrow and pandas display Parquet's UUIDs as raw bytes.
        as_text = ", ".join(f"{name}::varchar as {name}" for name in IDENTIFIERS)
        exported = f"select * replace ({as_text})"
        form = "format parquet, compression zstd"
        if by_day:
            exported += ", cast(timezone('UTC', recorded_at) as date) as day"
            form += ", partition_by (day)"
        self._connection.execute(f"copy ({exported} from events) to {_quoted(target)} ({form})")

    def restrict(self, selection: Selection) -> None:
        """Restrict every table to the selected events."""
        conditions = ["true"]
        if selection.types is not None:
            conditions.append(f"type in ({', '.join(map(_quoted, sorted(selection.types)))})")
        if selection.tenant is not None:
            conditions.append(f"tenant = {_quoted(selection.tenant)}")
        if selection.since is not None:
            conditions.append(f"recorded_at >= {_quoted(selection.since.isoformat())}::timestamptz")
        if selection.until is not None:
            conditions.append(f"recorded_at < {_quoted(selection.until.isoformat())}::timestamptz")
        where = " and ".join(conditions)
        self._connection.execute(f"create or replace view events as select * from export.source where {where}")  # noqa: S608

    async def store_of_slug(self, slug: str) -> UUID | None:
        """Return the store that reserved a slug; None if these events have no such store."""
        row = self._connection.execute("select store_id from slug_reserved where slug = ?", [slug]).fetchone()
        return None if row is None else row[0]

    def ask(self, query: str) -> "Answer":
        """Run a query.

        Raises:
            BadSelection: the text is not exactly one query.
            duckdb.Error: the query is invalid; the message says why.
        """
        query = one_query(query)
        relation = self._connection.sql(query)
        if relation is None:
            return Answer(self._connection, query, [])
        # The subquery has the final column names: DuckDB renames the second of two equal names to x_1.
        named = self._connection.sql(f"select * from {_source(query)}")  # noqa: S608
        return Answer(self._connection, query, list(zip(named.columns, map(str, relation.types), strict=True)))


class Answer:
    """The result of a query. Values are read as text, because DuckDB needs pytz to return instants as Python objects."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, query: str, columns: Sequence[tuple[str, str]]) -> None:
        self.columns = columns
        """Names and SQL types. Empty if the query returns no rows."""
        self._connection = connection
        self._source = _source(query)

    def as_text(self, limit: int) -> list[tuple[str | None, ...]]:
        """Return the first rows, each value in DuckDB's text form."""
        if not self.columns:
            return []
        return self._connection.execute(f"select columns(*)::varchar from {self._source} limit {limit}").fetchall()  # noqa: S608

    def as_json(self) -> Iterator[str]:
        """Yield the rows as JSON objects. NaN and infinities become null, because JSON has no numbers for them."""
        if not self.columns:
            return
        rows = self._connection.execute(f"select to_json(found) from {self._source}")  # noqa: S608
        while batch := rows.fetchmany(1000):
            for (text,) in batch:
                yield json_numbers(text)


@contextmanager
def open_tables(scratch: Path | None = None) -> Iterator[LogTables]:
    """Open an empty temporary database on disk, so that memory does not grow with the log."""
    with tempfile.TemporaryDirectory(prefix="zyenta-log-", dir=scratch) as directory:
        connection = _connect(Path(directory))
        try:
            columns = ", ".join(f"{name} {kind}" for name, kind in ENVELOPE.items())
            connection.execute(f"create table events ({columns})")
            _create_views(connection)
            yield LogTables(connection, Path(directory))
        finally:
            connection.close()


@contextmanager
def open_export(path: Path) -> Iterator[LogTables]:
    """Open an export (a file or a directory of days) as the same tables.

    Raises:
        FileNotFoundError: the path does not exist.
    """
    if not path.exists():
        raise FileNotFoundError(f"--from {path} does not exist. Create it with “zyenta log export --to {path}”.")
    files = path / "**" / "*.parquet" if path.is_dir() else path
    with tempfile.TemporaryDirectory(prefix="zyenta-log-") as directory:
        connection = _connect(Path(directory))
        try:
            # Older exports have identifiers as Parquet's UUIDs.
            columns = ", ".join(f"{name}::uuid as {name}" if name in IDENTIFIERS else name for name in ENVELOPE)
            connection.execute("create schema export")
            connection.execute(
                f"create view export.source as select {columns} from read_parquet({_quoted(files)}, hive_partitioning = false)"  # noqa: S608
            )
            connection.execute("create view events as select * from export.source")
            _create_views(connection)
            yield LogTables(connection, Path(directory))
        finally:
            connection.close()


def _connect(directory: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(directory / "log.duckdb"))
    for setting, value in {
        "TimeZone": "UTC",
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(directory / "spill"),
        "threads": 2,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }.items():
        connection.execute(f"set {setting} = {_quoted(value) if isinstance(value, str) else value}")
    return connection


def one_query(text: str) -> str:
    """Return the one read-only query in a text.

    Raises:
        BadSelection: the text has several statements, or one that does not only read.
        duckdb.Error: the text is not SQL.
    """
    statements = duckdb.extract_statements(text)
    if len(statements) != 1 or statements[0].type not in _QUERIES:
        raise BadSelection(
            "Invalid SQL: it must be exactly one query. Use select …, show tables, or describe order_paid."
        )
    return statements[0].query


_QUERIES = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.MULTI})
"""MULTI: a pivot over unknown columns consists of two statements."""


def types_needed(query: str) -> frozenset[str] | None:
    """Return the wire names that a query can read, so that other events are skipped; None for all.

    Every word of the query counts, even in literals and comments. Too many names are harmless; too few would be wrong.
    DuckDB's own parser fails for joins with tables that do not exist yet.
    """
    words = set(re.findall(r"\w+", query.lower()))
    if words & {"events", "query_table", "query"}:
        return None
    return frozenset(name for name in EVENTS if table_name(name) in words)


def json_numbers(text: str) -> str:
    """Return DuckDB's JSON as valid JSON: NaN and infinities become null at any depth; strings are unchanged."""
    return _NO_NUMBER.sub(lambda match: match[1] or "null", text) if _SUSPECT.search(text) else text


_SUSPECT = re.compile("NaN|Infinity")
_NO_NUMBER = re.compile(r'("(?:[^"\\]|\\.)*")|-?(?:NaN|Infinity)')


def _create_views(connection: duckdb.DuckDBPyConnection) -> None:
    # Exact: a BIGINT has 19 digits, at most three of them after the point.
    factor = f"case when money.currency in ({_listed(ZERO_DECIMAL)}) then 1 when money.currency in ({_listed(THREE_DECIMAL)}) then 0.001 else 0.01 end"
    connection.execute(
        "create macro major_units(money) as case when money is not null then struct_pack(minor := money.minor, "
        f"currency := money.currency, major := money.minor::decimal(19, 0) * cast({factor} as decimal(4, 3))) end"
    )
    places = ", ".join(f"({_quoted(currency)}, {exponent(currency)})" for currency in sorted(CURRENCIES))
    connection.execute(f"create view currencies as select * from (values {places}) as known(currency, exponent)")  # noqa: S608
    # One transaction: each statement on its own would wait for the disk.
    connection.execute("begin")
    for statement in _views():
        connection.execute(statement)
    connection.execute("commit")


@cache
def _views() -> tuple[str, ...]:
    return tuple(_view(wire_name, json_schema(event)) for wire_name, event in EVENTS.items())


def _view(wire_name: str, schema: JsonSchema) -> str:
    fields = {name: field for name, field in schema["properties"].items() if name not in _IN_ENVELOPE}
    columns = list(VIEW_ENVELOPE)
    structure = {name: _structure(field, schema) for name, field in fields.items()}
    for name, field in fields.items():
        # An event's own field keeps its name unless the envelope has one of that name.
        alias = f"data_{name}" if name in VIEW_ENVELOPE else name
        column = f'fields."{name}"'
        columns.append(f'{_with_major(column, field, schema) or column} as "{alias}"')
    source = "select *" + (f", from_json(data, {_quoted(json.dumps(structure))}) as fields" if fields else "")
    return (
        f"create view {table_name(wire_name)} as select {', '.join(columns)} "  # noqa: S608
        f"from ({source} from events where type = {_quoted(wire_name)})"
    )


def _structure(schema: JsonSchema, root: JsonSchema) -> Any:
    """Return the structure of a schema for DuckDB's ``from_json``: a type name, or nested types."""
    if "$ref" in schema:
        return _structure(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        forms = [form for form in schema["anyOf"] if form.get("type") != "null"]
        return _structure(forms[0], root) if len(forms) == 1 else "JSON"
    match schema:
        case {"type": "object", "properties": fields}:
            return {name: _structure(field, root) for name, field in fields.items()}
        case {"type": "object", "additionalProperties": {"type": kind}}:
            return f"MAP(VARCHAR, {_PLAIN.get(kind, 'JSON')})"
        case {"type": "array", "items": items}:
            return [_structure(items, root)]
        case {"type": "array", "prefixItems": [first, *rest]} if all(each == first for each in rest):
            return [_structure(first, root)]
        case {"type": "string", "format": form}:
            return {"uuid": "UUID", "date-time": "TIMESTAMPTZ"}.get(form, "VARCHAR")
        case _:
            return _PLAIN.get(schema.get("type", ""), "JSON")


def _with_major(column: str, schema: JsonSchema, root: JsonSchema, depth: int = 0) -> str | None:
    """Return an expression that adds ``major`` to each amount of money in a column; None if it has no amounts."""
    if "$ref" in schema:
        return _with_major(column, root["$defs"][schema["$ref"].rpartition("/")[2]], root, depth)
    if "anyOf" in schema:
        forms = [form for form in schema["anyOf"] if form.get("type") != "null"]
        return _with_major(column, forms[0], root, depth) if len(forms) == 1 else None
    match schema:
        case {"type": "object", "properties": {"minor": _, "currency": _, **others}} if not others:
            return f"major_units({column})"
        case {"type": "object", "properties": fields}:
            inner = {name: _with_major(f'{column}."{name}"', field, root, depth) for name, field in fields.items()}
            if not any(inner.values()):
                return None
            parts = ", ".join(f'"{name}" := ' + (nested or f'{column}."{name}"') for name, nested in inner.items())
            return f"case when {column} is not null then struct_pack({parts}) end"
        case {"type": "array", "items": items}:
            element = _with_major(f"each{depth}", items, root, depth + 1)
            return None if element is None else f"list_transform({column}, lambda each{depth}: {element})"
        case _:
            return None


_PLAIN = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
_READ_AS = {"previous_hash": "VARCHAR", "hash": "VARCHAR"}
_encode = msgspec.json.Encoder().encode


_END = re.compile(r";\s*(--[^\n]*\s*)?$")
"""A trailing semicolon and comment."""


def _listed(currencies: Iterable[str]) -> str:
    return ", ".join(map(_quoted, sorted(currencies)))


def _source(query: str) -> str:
    return f"({_END.sub('', query)}\n) as found"


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
