"""``zyenta projections``: see how far read models are, build them anew, and prove their rows."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from domain.kernel import Transient
from infra.adapters.kafka.topic import TopicMissing, last_events
from infra.adapters.postgres.provenance import PostgresProvenance
from infra.bootstrap import NotConfigured, open_platform
from infra.cli.output import console, output, print_json
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed
from projections.engine.rebuild.rebuilder import Progress, Rebuilder, RebuildRefused, Rebuilt, Report
from projections.engine.rebuild.verification import NotLive, Verified, verify_projection
from projections.engine.records import position_of
from projections.engine.tables import ReadModel
from projections.registry import READ_MODELS

app = typer.Typer(help="The read models: where they stand, build them anew, prove their rows.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Argument(help=f"Which read model: {', '.join(READ_MODELS)}.")]
REFUSALS = (NotConfigured, ServerFailed, RebuildRefused, NotLive, TopicMissing, Transient, OSError)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the read models with their version and how far they are behind the log."""
    found = run(lambda _: _list(), *REFUSALS)
    if as_json:
        print_json({"projections": found})
        return
    table = Table("read model", "version", "built", "position", "behind", "state")
    for each in found:
        built = "" if each["built_at"] is None else f"{datetime.fromisoformat(each['built_at']):%Y-%m-%d %H:%M}"
        table.add_row(
            each["name"],
            str(each["version"] or "–"),
            built,
            f"{each['position']:,}",
            f"{each['behind']:,}",
            each["state"],
        )
    output.print(table)


async def _list() -> list[dict[str, Any]]:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        pool = await platform.pool()
        live = {row["name"]: row for row in await pool.fetch("select name, version, built_at from projections")}
        stands: dict[str, dict[int, int]] = {}
        for row in await pool.fetch("select schema_name, partition, position from checkpoints"):
            stands.setdefault(row["schema_name"], {})[row["partition"]] = row["position"]
        are_own = PostgresProvenance(pool).are_own
        ends = {
            partition: position_of(record) or 0
            for partition, record in (await last_events(platform.bootstrap_servers, are_own=are_own)).items()
        }
    return [_described(model, live.get(name), stands, ends) for name, model in READ_MODELS.items()]


def _described(
    model: ReadModel[Any], live: Any, stands: dict[str, dict[int, int]], ends: dict[int, int]
) -> dict[str, Any]:
    mine = stands.get(model.name, {})
    behind = max((end - mine.get(partition, 0) for partition, end in ends.items()), default=0)
    if live is None:
        state = "not built yet"
    elif live["version"] < model.version:
        state = f"version {model.version} is to be built"
    elif live["version"] > model.version:
        state = f"newer than this program (version {model.version})"
    else:
        state = "current" if behind <= 0 else "behind"
    if f"{model.name}_build" in stands:
        state += ", rebuild under way or interrupted"
    return {
        "name": model.name,
        "version": None if live is None else live["version"],
        "built_at": None if live is None else live["built_at"].isoformat(),
        "position": max(mine.values(), default=0),
        "behind": max(0, behind),
        "state": state,
    }


@app.command()
def rebuild(
    name: Name,
    as_json: AsJson = False,
    even_if_different: Annotated[
        bool, typer.Option("--even-if-different", help="Swap although the rows differ: the live ones are wrong.")
    ] = False,
) -> None:
    """Build a read model anew from the log, compare, and swap it in; commands and queries go on meanwhile."""
    model = _model(name)
    done = run(lambda stop: _stoppable(stop, _rebuild(model, even_if_different)), *REFUSALS)
    if as_json:
        difference = None if done.difference is None else str(done.difference)
        print_json(
            {
                "name": done.name,
                "version": done.version,
                "events": done.events,
                "resumed": done.resumed,
                "rows": dict(done.rows),
                "unappliable": len(done.unappliable),
                "difference": difference,
                "fenced_seconds": round(done.fenced_seconds, 3),
            }
        )
        return
    output.print(
        f"[green]Rebuilt.[/] {done.name}, version {done.version}: {sum(done.rows.values()):,} rows from {done.events:,} events"
        f"{' (resumed)' if done.resumed else ''}; the projector stood still for {done.fenced_seconds:.2f} s."
    )
    _tell_unappliable(len(done.unappliable))
    if done.difference is not None:
        output.print(f"The rows that went were others. {escape(str(done.difference))}", soft_wrap=True)


async def _rebuild(model: ReadModel[Any], even_if_different: bool) -> Rebuilt:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        rebuilder = Rebuilder(
            await platform.pool(),
            platform.bootstrap_servers,
            histories=await platform.log(),
            workers=platform.bulk_load_processes(),
        )
        with _bar(f"Rebuilding {model.name}") as report:
            return await rebuilder.rebuild(model, even_if_different=even_if_different, report=report)


@app.command()
def verify(name: Name, as_json: AsJson = False) -> None:
    """Prove that the live rows are what a fresh fold of the log makes; name the first row that is not."""
    model = _model(name)
    found = run(lambda stop: _stoppable(stop, _verify(model)), *REFUSALS)
    if as_json:
        print_json(
            {
                "name": found.name,
                "equal": found.equal,
                "events": found.events,
                "rows": dict(found.rows),
                "unappliable": len(found.unappliable),
                "difference": None if found.difference is None else str(found.difference),
                "seconds": round(found.seconds, 3),
            }
        )
    elif found.equal:
        output.print(
            f"[green]Equal.[/] {sum(found.rows.values()):,} rows of {found.name} are what {found.events:,} events make."
        )
        _tell_unappliable(len(found.unappliable))
    else:
        output.print(f"[red]Different.[/] {escape(str(found.difference))}", soft_wrap=True)
    if not found.equal:
        raise typer.Exit(1)


async def _verify(model: ReadModel[Any]) -> Verified:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        pool, histories = await platform.pool(), await platform.log()
        with _bar(f"Verifying {model.name}") as report:
            return await verify_projection(
                model,
                pool,
                platform.bootstrap_servers,
                histories=histories,
                workers=platform.bulk_load_processes(),
                report=report,
            )


def _model(name: str) -> ReadModel[Any]:
    if name not in READ_MODELS:
        console.print(f"[red]zyenta:[/] there is no read model {escape(name)}. There are: {', '.join(READ_MODELS)}.")
        raise typer.Exit(2)
    return READ_MODELS[name]


async def _stoppable(stop: asyncio.Event, work: Any) -> Any:
    """Break off in order when the command is interrupted."""
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise RebuildRefused("Interrupted. The live tables are as they were; a rebuild goes on where it stopped.")
        return task.result()
    finally:
        for each in (task, stopped):
            each.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)


@contextmanager
def _bar(title: str) -> Iterator[Report]:
    with Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]:,} events"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=1.0, events=0)

        def report(progress: Progress) -> None:
            bar.update(task, description=f"{title}: {progress.phase}", completed=progress.share, events=progress.events)

        yield report


def _tell_unappliable(count: int) -> None:
    if count:
        output.print(f"{count:,} events can be applied to nothing; see “zyenta dlq list”.")
