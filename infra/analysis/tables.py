"""The log as SQL tables: one of all events, and a view per kind of event with its fields as typed columns. DuckDB."""

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
"""Events handed to DuckDB at once."""
LONGEST_LINE = 8 * 1024 * 1024
"""DuckDB sets aside twice as much. A record is 1 MB at most, and JSON within JSON is a little longer."""

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
    "data": "VARCHAR",
    "previous_hash": "BLOB",
    "hash": "BLOB",
    "kafka_partition": "INTEGER",
    "kafka_offset": "BIGINT",
}
"""Columns of ``events`` and of an export; an export has its UUIDs as text, which every reader of Parquet shows."""
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
"""Columns every view begins with; then come the event's own fields."""
_IN_ENVELOPE = frozenset({"originator_id", "originator_version", "occurred_at"})
_CAST = {"previous_hash": "unhex(previous_hash)", "hash": "unhex(hash)"}


class LogTables:
    """A DuckDB database of events. Open with :func:`open_tables` or :func:`open_export`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        self._connection = connection
        self._chunk_file = scratch / "chunk.ndjson"
        self._waiting: list[dict[str, Any]] = []
        self.count = 0
        """Events added."""

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
        """Hand over what waits. A file of JSON lines is DuckDB's fastest way in that needs no further library."""
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
        # Polars, pyarrow and pandas show Parquet's UUIDs as raw bytes.
        as_text = ", ".join(f"{name}::varchar as {name}" for name in IDENTIFIERS)
        exported = f"select * replace ({as_text})"
        form = "format parquet, compression zstd"
        if by_day:
            exported += ", cast(timezone('UTC', recorded_at) as date) as day"
            form += ", partition_by (day)"
        self._connection.execute(f"copy ({exported} from events) to {_quoted(target)} ({form})")

    def restrict(self, selection: Selection) -> None:
        """Let every table show only what is selected."""
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
        """Return the store that reserved a slug, as far as these events tell."""
        found = self._connection.execute("select store_id from slug_reserved where slug = ?", [slug]).fetchone()
        return None if found is None else found[0]

    def ask(self, query: str) -> "Answer":
        """Run a query.

        Raises:
            BadSelection: it is something else than one query.
            duckdb.Error: it makes no sense to DuckDB, which says why.
        """
        query = one_query(query)
        found = self._connection.sql(query)
        if found is None:
            return Answer(self._connection, query, [])
        # The names that the rows have: of two columns that the query calls alike, DuckDB calls the second x_1.
        named = self._connection.sql(f"select * from {_source(query)}")  # noqa: S608
        return Answer(self._connection, query, list(zip(named.columns, map(str, found.types), strict=True)))


class Answer:
    """What a query finds. Values are taken as text: for instants as Python objects DuckDB would need pytz."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, query: str, columns: Sequence[tuple[str, str]]) -> None:
        self.columns = columns
        """Names and SQL types; none where there is nothing to fetch."""
        self._connection = connection
        self._source = _source(query)

    def as_text(self, limit: int) -> list[tuple[str | None, ...]]:
        """Return the first rows as DuckDB writes their values."""
        if not self.columns:
            return []
        return self._connection.execute(f"select columns(*)::varchar from {self._source} limit {limit}").fetchall()  # noqa: S608

    def as_json(self) -> Iterator[str]:
        """Yield the rows as JSON objects. Null stands for a NaN or an infinity, for which JSON has no number."""
        if not self.columns:
            return
        rows = self._connection.execute(f"select to_json(found) from {self._source}")  # noqa: S608
        while batch := rows.fetchmany(1000):
            for (text,) in batch:
                yield json_numbers(text)


@contextmanager
def open_tables(scratch: Path | None = None) -> Iterator[LogTables]:
    """Open an empty database on disk, which is gone afterwards, so that memory does not grow with the log."""
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
    """Open an export, a file or a directory of days, as the same tables.

    Raises:
        FileNotFoundError: there is none.
    """
    if not path.exists():
        raise FileNotFoundError(f"There is no export at {path}. Make one with zyenta log export --to {path}.")
    files = path / "**" / "*.parquet" if path.is_dir() else path
    with tempfile.TemporaryDirectory(prefix="zyenta-log-") as directory:
        connection = _connect(Path(directory))
        try:
            # Earlier exports hold identifiers as Parquet's UUIDs.
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
    """Return what a text asks, once it is clear that it only asks.

    Raises:
        BadSelection: it is more than one statement, or would do something else: write a file, for instance.
        duckdb.Error: it is no SQL.
    """
    statements = duckdb.extract_statements(text)
    if len(statements) != 1 or statements[0].type not in _QUERIES:
        raise BadSelection("Give one query, and nothing else: select …, show tables, or describe order_paid.")
    return statements[0].query


_QUERIES = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.MULTI})
"""A pivot whose columns are yet to be found is of two statements."""


def types_needed(query: str) -> frozenset[str] | None:
    """Return the wire names a query can see, so that nothing else need be read; None for all.

    Every word counts, also in a text or a comment: too many are harmless, too few would be wrong. DuckDB's own parser
    gives up where a table that does not exist yet is joined.
    """
    words = set(re.findall(r"\w+", query.lower()))
    if words & {"events", "query_table", "query"}:
        return None
    return frozenset(name for name in EVENTS if table_name(name) in words)


def json_numbers(text: str) -> str:
    """Return DuckDB's JSON as JSON: null in place of NaN and infinities, at any depth; text in quotes is kept."""
    return _NO_NUMBER.sub(lambda found: found[1] or "null", text) if _SUSPECT.search(text) else text


_SUSPECT = re.compile("NaN|Infinity")
_NO_NUMBER = re.compile(r'("(?:[^"\\]|\\.)*")|-?(?:NaN|Infinity)')


def _create_views(connection: duckdb.DuckDBPyConnection) -> None:
    # Exact: 19 digits of a BIGINT, three of them after the point at most.
    factor = f"case when money.currency in ({_listed(ZERO_DECIMAL)}) then 1 when money.currency in ({_listed(THREE_DECIMAL)}) then 0.001 else 0.01 end"
    connection.execute(
        "create macro major_units(money) as case when money is not null then struct_pack(minor := money.minor, "
        f"currency := money.currency, major := money.minor::decimal(19, 0) * cast({factor} as decimal(4, 3))) end"
    )
    places = ", ".join(f"({_quoted(currency)}, {exponent(currency)})" for currency in sorted(CURRENCIES))
    connection.execute(f"create view currencies as select * from (values {places}) as known(currency, exponent)")  # noqa: S608
    for wire_name, event in EVENTS.items():
        connection.execute(_view(wire_name, json_schema(event)))


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
    """Return how DuckDB's ``from_json`` is to read a place: a type, or what it is made of."""
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
    """Return an expression that adds ``major`` to each amount of money in a column; None if there is none in it."""
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
            parts = ", ".join(f'"{name}" := ' + (made or f'{column}."{name}"') for name, made in inner.items())
            return f"case when {column} is not null then struct_pack({parts}) end"
        case {"type": "array", "items": items}:
            made = _with_major(f"each{depth}", items, root, depth + 1)
            return None if made is None else f"list_transform({column}, lambda each{depth}: {made})"
        case _:
            return None


_PLAIN = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
_READ_AS = {"previous_hash": "VARCHAR", "hash": "VARCHAR"}
_encode = msgspec.json.Encoder().encode


_END = re.compile(r";\s*(--[^\n]*\s*)?$")
"""What may follow a query."""


def _listed(currencies: Iterable[str]) -> str:
    return ", ".join(map(_quoted, sorted(currencies)))


def _source(query: str) -> str:
    return f"({_END.sub('', query)}\n) as found"


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
