"""``zyenta log tail``, ``export`` and ``query``: the log for analysts."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import asyncpg
import typer
from aiokafka.errors import KafkaError
from rich import box
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from infra.adapters.kafka.topic import OwnRecords, TopicMissing, trust_headers
from infra.adapters.postgres.provenance import PostgresProvenance
from infra.bootstrap import NotConfigured, Platform, open_platform
from infra.cli.output import console, output, print_json, say, write_json
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.cli.streams import visible
from infra.embedded.process import ServerFailed
from projections.engine.postgres_errors import DATABASE_AWAY

if TYPE_CHECKING:
    from infra.analysis.reading import Entry, LogReader
    from infra.analysis.selection import Selection
    from infra.analysis.tables import Answer
    from schemas.internal.provenance import ForeignRecord

# Imports of the log reader are local: DuckDB and every JSON Schema would slow the start of all other commands.

ROWS_SHOWN = 200
CONNECT_SECONDS = 3.0
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type", metavar="EVENT", help="Only this kind of event: order_paid, OrderPaid or 'order.*'. May be repeated."
    ),
]
Store = Annotated[
    str | None, typer.Option(metavar="STORE", help="Only this store, by its id or slug. A merchant's id works too.")
]
Since = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Recorded at this time or later: a day, an instant, or an age (2h, 3d). Without a zone: UTC.",
    ),
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Recorded before this time; same forms as --since.")]

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(tail)
    app.command()(export)
    app.command()(query)


def tail(
    types: Types = None,
    store: Store = None,
    begin: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="PLACE",
            help="Where to begin: start, a position (1042, @1042), a day, an instant, or an age (2h). Without a zone: UTC. Default: the last events.",
        ),
    ] = None,
    last: Annotated[int, typer.Option(min=0, help="How many of the last events to show. Ignored with --from.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Show new events until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show events in the order of the log, one per line. With --json, each line is one object.

    A “foreign” record is one that the event store does not hold; it is shown with its partition and offset.
    """
    write = _write_json if as_json else _write_line

    async def work(stop: asyncio.Event) -> None:
        on_foreign = _write_foreign_json if as_json else _write_foreign
        async with _reader(_Options(types, store, begin=begin), on_foreign=on_foreign) as reader:
            if begin is not None:
                await _write_all(reader.in_order(), write, stop)
            elif last:
                for entry in await reader.last(last):
                    write(entry)
            if follow and not stop.is_set():
                await _follow(reader, write, stop)

    _run(work)


def export(
    to: Annotated[
        Path,
        typer.Option("--to", metavar="FILE", help="The Parquet file to write, or a directory with --partition-by day."),
    ],
    partition_by: Annotated[
        str | None, typer.Option(metavar="day", help="Write one subdirectory per UTC day of recording.")
    ] = None,
    types: Types = None,
    store: Store = None,
    since: Since = None,
    until: Until = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the target if it exists.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write events to Parquet: the envelope as typed columns, the body as JSON text."""
    from infra.analysis import export as exporting  # noqa: PLC0415

    if partition_by not in {None, "day"}:
        raise typer.BadParameter(f"invalid unit {partition_by!r}. Use “day”.", param_hint="--partition-by")
    if partition_by is None and to.suffix.lower() not in {"", ".parquet"}:
        raise typer.BadParameter(
            f"invalid name {to.name!r}: the export is a Parquet file. Use {to.stem}.parquet.", param_hint="--to"
        )

    async def work(_: asyncio.Event) -> exporting.ExportResult:
        async with _reader(_Options(types, store, since, until)) as reader:
            with _progress("Exporting") as report:
                return await exporting.export(
                    reader, to, by_day=partition_by == "day", overwrite=overwrite, report=report
                )

    written = _run(work, exporting.TargetExists)
    if as_json:
        print_json({"to": str(to)} | asdict(written))
        return
    files = "1 file" if written.files == 1 else f"{written.files} files"
    size = f"{written.size_bytes / 1e6:,.1f} MB"
    output.print(f"[green]Exported[/] {written.events:,} events to {escape(str(to))}: {files}, {size}.", soft_wrap=True)
    _print_foreign_count(written.foreign)


def query(
    sql: Annotated[
        str,
        typer.Argument(help="For example: select amount.currency, sum(amount.major) from order_paid group by all"),
    ],
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="An export to query. Default: the live log.")
    ] = None,
    types: Types = None,
    store: Store = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Query the log in SQL (DuckDB). Each kind of event has a table, such as order_paid; “events” has all of them.

    “show tables” lists the tables; “describe order_paid” lists a table's columns. An amount has “minor”, its minor units,
    and “major”, an exact decimal.

    With --json, NaN and infinities are null, because JSON has no numbers for them.
    """
    import duckdb  # noqa: PLC0415

    from infra.analysis.tables import LogTables, one_query, open_export, open_tables, types_needed  # noqa: PLC0415

    options = _Options(types, store, since, until)

    def answer(tables: LogTables) -> None:
        (_print_rows_json if as_json else _print_rows)(tables.ask(sql))

    async def live(_: asyncio.Event) -> None:
        async with _reader(options, needed=types_needed(one_query(sql))) as reader:
            with open_tables() as tables:
                with _progress("Reading the log") as report:
                    async for entry in reader.in_order(report):
                        tables.add(entry)
                    tables.flush()
                answer(tables)
            _print_foreign_count(reader.foreign)

    async def exported(_: asyncio.Event) -> None:
        assert source is not None
        selection = options.without_store()
        with open_export(source) as tables:
            tables.restrict(replace(selection, tenant=await options.tenant(tables.store_of_slug)))
            answer(tables)

    _run(live if source is None else exported, duckdb.Error)


@dataclass(frozen=True, slots=True)
class _Options:
    """The options that select events, as typed."""

    types: list[str] | None
    store: str | None
    since: str | None = None
    until: str | None = None
    begin: str | None = None
    """Where to begin in the log; replaces ``since``."""

    def without_store(self) -> "Selection":
        """Parse all options but the store, and print on standard error how times were read.

        Raises:
            BadSelection: an option is invalid.
        """
        from infra.analysis.selection import BadSelection, Selection, instant, place, spelled, wire_names  # noqa: PLC0415

        now = datetime.now(UTC)
        types = wire_names(self.types or ())
        since = None if self.since is None else instant(self.since, now=now)
        until = None if self.until is None else instant(self.until, now=now)
        begin = 0 if self.begin is None else place(self.begin, now=now)
        if since is not None and until is not None and until <= since:
            raise BadSelection(
                f"Invalid --until {spelled(until)}: it is not after --since {spelled(since)}. Use a later time."
            )
        for option, at in (("since", since), ("until", until), ("from", begin if self.begin is not None else None)):
            if at is not None:
                meant = spelled(at) if isinstance(at, datetime) else f"position {at:,}"
                console.print(f"[dim]--{option}: {meant}[/]")
        if isinstance(begin, datetime):
            return Selection(types=types, since=begin)
        return Selection(types=types, since=since, until=until, from_position=begin)

    async def tenant(self, store_of_slug: Callable[[str], Awaitable[UUID | None]]) -> UUID | None:
        """Return the store's id; None if the option is not set.

        Raises:
            BadSelection: there is no such store.
        """
        from infra.analysis.selection import BadSelection  # noqa: PLC0415

        if self.store is None:
            return None
        try:
            return UUID(self.store)
        except ValueError:
            found = await store_of_slug(self.store)
        if found is None:
            raise BadSelection(f"Unknown store {self.store!r}. Use a store's id or slug.")
        return found


@asynccontextmanager
async def _reader(
    options: _Options,
    needed: frozenset[str] | None = None,
    *,
    on_foreign: "Callable[[ForeignRecord], None]" = lambda _: None,
) -> "AsyncIterator[LogReader]":
    """Open the live log for a selection. ``needed`` narrows its types; ``on_foreign`` receives each foreign record."""
    from infra.analysis.reading import open_log_reader  # noqa: PLC0415
    from projections.catalog.queries import store_by_slug  # noqa: PLC0415
    from projections.reading.scope import SYSTEM  # noqa: PLC0415

    selection = options.without_store()  # first, because invalid options must not start servers
    if needed is not None:
        selection = selection.narrowed(needed)
    async with settings_of_running() as settings, open_platform(settings, migrated=False) as platform:

        async def store_of_slug(slug: str) -> UUID | None:
            found = await store_by_slug(await platform.pool(), slug, scope=SYSTEM)
            return None if found is None else found.id

        selection = replace(selection, tenant=await options.tenant(store_of_slug))
        judge = await _judge(platform)
        async with open_log_reader(platform.bootstrap_servers, selection, judge=judge, on_foreign=on_foreign) as reader:
            yield reader


async def _judge(platform: Platform) -> OwnRecords:
    """Return the judge that finds foreign records. Without the event store, every record that looks like an event passes."""
    try:
        await (await asyncpg.connect(platform.database_url, timeout=CONNECT_SECONDS)).close()
    except DATABASE_AWAY as error:
        console.print(
            f"[yellow]Note[/] The event store does not answer ({type(error).__name__}), so forged records are not recognized."
        )
        return trust_headers
    return PostgresProvenance(await platform.pool()).are_own


def _run(work: Callable[[asyncio.Event], Coroutine[Any, Any, T]], *refusals: type[Exception]) -> T:
    from infra.analysis.selection import BadSelection  # noqa: PLC0415

    return run(work, BadSelection, TopicMissing, NotConfigured, ServerFailed, KafkaError, FileNotFoundError, *refusals)


async def _write_all(entries: "AsyncIterator[Entry]", write: "Callable[[Entry], None]", stop: asyncio.Event) -> None:
    async for entry in entries:
        write(entry)
        if stop.is_set():
            return


async def _follow(reader: "LogReader", write: "Callable[[Entry], None]", stop: asyncio.Event) -> None:
    async for entries in reader.follow():
        for entry in entries:
            write(entry)
        sys.stdout.flush()
        if stop.is_set():
            return


def _write_json(entry: "Entry") -> None:
    print_json(entry.as_json())


def _write_foreign_json(record: "ForeignRecord") -> None:
    print_json({"foreign": True} | asdict(record))


def _write_foreign(record: "ForeignRecord") -> None:
    output.print(Text.assemble(("foreign ", "red"), str(record)), soft_wrap=True)


def _write_line(entry: "Entry") -> None:
    from infra.analysis.summary import summary  # noqa: PLC0415

    at = datetime.fromisoformat(entry.headers["ce_recordedtime"])
    line = Text.assemble(
        (f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}", "dim"),
        (f" {entry.position:>7} ", "dim"),
        (f"{visible(entry.type):<36} ", "bold"),
        (f"{visible(entry.headers['ce_tenant'][-8:])} ", "cyan"),
        visible(summary(json.loads(entry.data))),
    )
    if output.is_terminal:
        output.print(line, no_wrap=True, overflow="ellipsis")
    else:
        say(line.plain)


def _print_rows(answer: "Answer") -> None:
    rows = answer.as_text(ROWS_SHOWN + 1)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, kind in answer.columns:
        table.add_column(escape(name), justify="right" if kind in _NUMBERS else "left", overflow="fold")
    for row in rows[:ROWS_SHOWN]:
        table.add_row(*(Text("null", "dim") if value is None else Text(visible(value)) for value in row))
    output.print(table)
    if len(rows) > ROWS_SHOWN:
        console.print(f"[dim]Only the first {ROWS_SHOWN} rows are shown. Add a limit, or use --json for all.[/]")


def _print_rows_json(answer: "Answer") -> None:
    columns = [{"name": name, "type": kind} for name, kind in answer.columns]
    write_json(f'{{"columns": {json.dumps(columns, ensure_ascii=False)}, "rows": [')
    for number, row in enumerate(answer.as_json()):
        write_json(f"{', ' if number else ''}{row}")
    write_json("]}", end="\n")


def _print_foreign_count(count: int) -> None:
    if count:
        console.print(f"[yellow]Note[/] {count:,} foreign records in the topic were skipped.")


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(label, total=None)
        yield lambda read, total: bars.update(task, completed=read, total=total)


_NUMBERS = frozenset({"BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "UBIGINT", "FLOAT", "SMALLINT", "TINYINT"})
