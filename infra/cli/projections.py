"""``zyenta projections``: list, rebuild and verify read models."""

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
from infra.cli.output import console, output, print_json, print_refusal
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed
from projections.engine.rebuild.rebuilder import Rebuilder, Rebuilt
from projections.engine.rebuild.session import RebuildProgress, RebuildRefused, Report
from projections.engine.rebuild.verification import NotLive, Verified, verify_projection
from projections.engine.records import position_of
from projections.engine.tables import ReadModel
from projections.registry import READ_MODELS

app = typer.Typer(help="The read models: list, rebuild, verify.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Argument(help=f"The read model, one of: {', '.join(READ_MODELS)}.")]
REFUSALS = (NotConfigured, ServerFailed, RebuildRefused, NotLive, TopicMissing, Transient, OSError)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the read models with version, position and how far each is behind the log."""
    rows = run(lambda _: _list(), *REFUSALS)
    if as_json:
        print_json({"projections": rows})
        return
    table = Table("read model", "version", "built", "position", "behind", "state")
    for each in rows:
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
        checkpoints: dict[str, dict[int, int]] = {}
        for row in await pool.fetch("select schema_name, partition, position from checkpoints"):
            checkpoints.setdefault(row["schema_name"], {})[row["partition"]] = row["position"]
        are_own = PostgresProvenance(pool).are_own
        ends = {
            partition: position_of(record) or 0
            for partition, record in (await last_events(platform.bootstrap_servers, are_own=are_own)).items()
        }
    return [_described(model, live.get(name), checkpoints, ends) for name, model in READ_MODELS.items()]


def _described(
    model: ReadModel[Any], live: Any, checkpoints: dict[str, dict[int, int]], ends: dict[int, int]
) -> dict[str, Any]:
    own = checkpoints.get(model.name, {})
    behind = max((end - own.get(partition, 0) for partition, end in ends.items()), default=0)
    if live is None:
        state = "not built yet"
    elif live["version"] < model.version:
        state = f"outdated (version {model.version} not built yet)"
    elif live["version"] > model.version:
        state = f"newer than this program (version {model.version})"
    else:
        state = "current" if behind <= 0 else "behind"
    if f"{model.name}_build" in checkpoints:
        state += ", rebuild running or interrupted"
    return {
        "name": model.name,
        "version": None if live is None else live["version"],
        "built_at": None if live is None else live["built_at"].isoformat(),
        "position": max(own.values(), default=0),
        "behind": max(0, behind),
        "state": state,
    }


@app.command()
def rebuild(
    name: Name,
    as_json: AsJson = False,
    even_if_different: Annotated[
        bool, typer.Option("--even-if-different", help="Swap even if the rows differ, because the live rows are wrong.")
    ] = False,
) -> None:
    """Rebuild a read model from the log, compare it with the live rows, and swap it in.

    Commands and queries continue during the rebuild.
    """
    model = _model(name)
    done = run(lambda stop: _stoppable(stop, _rebuild(model, even_if_different=even_if_different)), *REFUSALS)
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
        f"{' (resumed)' if done.resumed else ''}. The projector paused for {done.fenced_seconds:.2f} s."
    )
    _print_unappliable(len(done.unappliable))
    if done.difference is not None:
        output.print(f"The old rows were different. {escape(str(done.difference))}", soft_wrap=True)


async def _rebuild(model: ReadModel[Any], *, even_if_different: bool) -> Rebuilt:
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
    """Verify that the live rows equal a fresh fold of the log, and name the first row that differs."""
    model = _model(name)
    verified = run(lambda stop: _stoppable(stop, _verify(model)), *REFUSALS)
    if as_json:
        print_json(
            {
                "name": verified.name,
                "equal": verified.equal,
                "events": verified.events,
                "rows": dict(verified.rows),
                "unappliable": len(verified.unappliable),
                "difference": None if verified.difference is None else str(verified.difference),
                "seconds": round(verified.seconds, 3),
            }
        )
    elif verified.equal:
        output.print(
            f"[green]Equal.[/] The {sum(verified.rows.values()):,} rows of {verified.name} match {verified.events:,} events."
        )
        _print_unappliable(len(verified.unappliable))
    else:
        output.print(f"[red]Different.[/] {escape(str(verified.difference))}", soft_wrap=True)
    if not verified.equal:
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
        print_refusal(f"unknown read model {name!r}. Use one of: {', '.join(READ_MODELS)}.")
        raise typer.Exit(2)
    return READ_MODELS[name]


async def _stoppable(stop: asyncio.Event, work: Any) -> Any:
    """Cancel the work when the command is interrupted."""
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise RebuildRefused("Interrupted. The live tables are unchanged. Run a rebuild again to continue it.")
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

        def report(progress: RebuildProgress) -> None:
            bar.update(task, description=f"{title}: {progress.phase}", completed=progress.share, events=progress.events)

        yield report


def _print_unappliable(count: int) -> None:
    if count:
        output.print(f"{count:,} events could not be applied; see “zyenta dlq list”.")
