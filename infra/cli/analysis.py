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
from infra.cli.output import console, output, print_json, say, visible, write_json
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed
from projections.engine.postgres_errors import DATABASE_AWAY

if TYPE_CHECKING:
    from infra.analysis.reading import Entry, LogReader
    from infra.analysis.selection import Selection
    from infra.analysis.tables import Answer
    from schemas.internal.provenance import ForeignRecord

# What reads the log is imported where it is needed: DuckDB and every JSON Schema would slow each other command's start.

ROWS_SHOWN = 200
CONNECT_SECONDS = 3.0
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type", metavar="EVENT", help="Only this kind of event: order_paid, OrderPaid or 'order.*'. Repeatable."
    ),
]
Store = Annotated[
    str | None, typer.Option(metavar="STORE", help="Only this store: its id or slug (or a merchant's id).")
]
Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Recorded since: a day, an instant, or 2h, 3d ago; UTC without a zone."),
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Recorded before: likewise.")]

ROWS_SHOWN = 200
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
            help="start, a position (1042, @1042), a day, an instant, or 2h ago; UTC without a zone. Left out: the end.",
        ),
    ] = None,
    last: Annotated[
        int, typer.Option(min=0, help="How many of the last events, unless --from says where to begin.")
    ] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show events in the order of the log, one a line; with --json one object a line.

    A record that the event store does not hold is shown as “foreign”, with its partition and offset.
    """
    write = _write_json if as_json else _write_line

    async def work(stop: asyncio.Event) -> None:
        met = _write_foreign_json if as_json else _write_foreign
        async with _reader(_Wanted(types, store, begin=begin), met=met) as reader:
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
        Path, typer.Option("--to", metavar="FILE", help="events.parquet; a directory with --partition-by day.")
    ],
    partition_by: Annotated[
        str | None, typer.Option(metavar="day", help="One subdirectory per UTC day of recording.")
    ] = None,
    types: Types = None,
    store: Store = None,
    since: Since = None,
    until: Until = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write events to Parquet: the envelope in typed columns, the body as JSON text."""
    from infra.analysis import export as exporting  # noqa: PLC0415

    if partition_by not in {None, "day"}:
        raise typer.BadParameter("only “day” is known", param_hint="--partition-by")
    if partition_by is None and to.suffix.lower() not in {"", ".parquet"}:
        raise typer.BadParameter(
            f"what is written is Parquet, so {to.name} would mislead; call it {to.stem}.parquet", param_hint="--to"
        )

    async def work(_: asyncio.Event) -> exporting.Exported:
        async with _reader(_Wanted(types, store, since, until)) as reader:
            with _progress("Exporting") as told:
                return await exporting.export(
                    reader, to, by_day=partition_by == "day", overwrite=overwrite, progress=told
                )

    written = _run(work, exporting.TargetExists)
    if as_json:
        print_json({"to": str(to)} | asdict(written))
        return
    files = "1 file" if written.files == 1 else f"{written.files} files"
    size = f"{written.size_bytes / 1e6:,.1f} MB"
    output.print(f"[green]Exported[/] {written.events:,} events to {escape(str(to))}: {files}, {size}.", soft_wrap=True)
    _tell_foreign(written.foreign)


def query(
    sql: Annotated[
        str,
        typer.Argument(help="For example “select amount.currency, sum(amount.major) from order_paid group by all”."),
    ],
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="An export. Left out: the live log.")
    ] = None,
    types: Types = None,
    store: Store = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Ask the log in SQL (DuckDB): one table per kind of event, such as order_paid, and “events” with all of them.

    “show tables” and “describe order_paid” say what there is. Amounts have minor units and “major”, an exact decimal.

    With --json a NaN or an infinity is null, because JSON has no number for it.
    """
    import duckdb  # noqa: PLC0415

    from infra.analysis.tables import LogTables, one_query, open_export, open_tables, types_needed  # noqa: PLC0415

    wanted = _Wanted(types, store, since, until)

    def answer(tables: LogTables) -> None:
        found = tables.ask(sql)
        (_print_rows_json if as_json else _print_rows)(found)

    async def live(_: asyncio.Event) -> None:
        async with _reader(wanted, needed=types_needed(one_query(sql))) as reader:
            with open_tables() as tables:
                with _progress("Reading the log") as told:
                    async for entry in reader.in_order(told):
                        tables.add(entry)
                    tables.flush()
                answer(tables)
            _tell_foreign(reader.foreign)

    async def exported(_: asyncio.Event) -> None:
        assert source is not None
        selection = wanted.without_store()
        with open_export(source) as tables:
            tables.restrict(replace(selection, tenant=await wanted.tenant(tables.store_of_slug)))
            answer(tables)

    _run(live if source is None else exported, duckdb.Error)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The options that select events, as they were typed."""

    types: list[str] | None
    store: str | None
    since: str | None = None
    until: str | None = None
    begin: str | None = None
    """A place of the log, instead of ``since``."""

    def without_store(self) -> "Selection":
        """Read everything but the store, and say back on standard error how times were read.

        Raises:
            BadSelection: it makes no sense.
        """
        from infra.analysis.selection import BadSelection, Selection, instant, place, spelled, wire_names  # noqa: PLC0415

        now = datetime.now(UTC)
        types = wire_names(self.types or ())
        since = None if self.since is None else instant(self.since, now=now)
        until = None if self.until is None else instant(self.until, now=now)
        begin = 0 if self.begin is None else place(self.begin, now=now)
        if since is not None and until is not None and until <= since:
            raise BadSelection(
                f"--until, {spelled(until)}, is not after --since, {spelled(since)}: nothing is between."
            )
        for option, at in (("since", since), ("until", until), ("from", begin if self.begin is not None else None)):
            if at is not None:
                meant = spelled(at) if isinstance(at, datetime) else f"position {at:,}"
                console.print(f"[dim]--{option}: {meant}[/]")
        if isinstance(begin, datetime):
            return Selection(types=types, since=begin)
        return Selection(types=types, since=since, until=until, from_position=begin)

    async def tenant(self, store_of_slug: Callable[[str], Awaitable[UUID | None]]) -> UUID | None:
        """Return the store's id, if one is wanted.

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
            raise BadSelection(f"There is no store {self.store!r}. Give its id or its slug.")
        return found


@asynccontextmanager
async def _reader(
    wanted: _Wanted, needed: frozenset[str] | None = None, *, met: "Callable[[ForeignRecord], None]" = lambda _: None
) -> "AsyncIterator[LogReader]":
    """Open the live log for what is wanted; ``needed`` narrows it to some types, ``met`` is told of foreign records."""
    from infra.analysis.reading import reading  # noqa: PLC0415
    from projections.catalog.queries import store_by_slug  # noqa: PLC0415

    selection = wanted.without_store()  # before anything is started: it may make no sense
    if needed is not None:
        selection = selection.narrowed(needed)
    async with settings_of_running() as settings, open_platform(settings, migrated=False) as platform:

        async def store_of_slug(slug: str) -> UUID | None:
            found = await store_by_slug(await platform.pool(), slug)
            return None if found is None else found.id

        selection = replace(selection, tenant=await wanted.tenant(store_of_slug))
        judge = await _judge(platform)
        async with reading(platform.bootstrap_servers, selection, judge=judge, met=met) as reader:
            yield reader


async def _judge(platform: Platform) -> OwnRecords:
    """Return what tells events from foreign records; without the event store, whatever looks like an event is shown."""
    try:
        await (await asyncpg.connect(platform.database_url, timeout=CONNECT_SECONDS)).close()
    except DATABASE_AWAY as error:
        console.print(
            f"[yellow]Note[/] The event store does not answer ({type(error).__name__}): forged records cannot be told apart."
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


def _print_rows(found: "Answer") -> None:
    rows = found.as_text(ROWS_SHOWN + 1)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, kind in found.columns:
        table.add_column(escape(name), justify="right" if kind in _NUMBERS else "left", overflow="fold")
    for row in rows[:ROWS_SHOWN]:
        table.add_row(*(Text("null", "dim") if value is None else Text(visible(value)) for value in row))
    output.print(table)
    if len(rows) > ROWS_SHOWN:
        console.print(f"[dim]The first {ROWS_SHOWN} rows. Add a limit, or take all with --json.[/]")


def _print_rows_json(found: "Answer") -> None:
    columns = [{"name": name, "type": kind} for name, kind in found.columns]
    write_json(f'{{"columns": {json.dumps(columns, ensure_ascii=False)}, "rows": [')
    for number, row in enumerate(found.as_json()):
        write_json(f"{', ' if number else ''}{row}")
    write_json("]}", end="\n")


def _tell_foreign(count: int) -> None:
    if count:
        console.print(f"[yellow]Note[/] {count:,} records in the topic are foreign and were passed over.")


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
