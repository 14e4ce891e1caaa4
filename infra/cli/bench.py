"""``zyenta bench``: measure speed next to the machine's own limit."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from domain.numbers import whole_number
from infra.bench.benches import BENCHES
from infra.bench.figures import Bench, NoFigures, Outcome, ReportPhase, Sizes
from infra.bench.servers import open_servers
from infra.cli.output import console, output, print_json, print_refusal
from infra.cli.run_command import Interrupted, run, unless_stopped
from infra.embedded.kafka import KafkaUnavailable
from infra.embedded.postgres import PostgresUnavailable
from infra.embedded.process import ServerFailed

REFRESH_SECONDS = 0.5
LINE_SECONDS = 5.0
WIDEST = 1000


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(help="Run one bench on servers of its own. Without a name, list the benches.")(bench)


def bench(
    name: Annotated[str | None, typer.Argument(help=f"One of: {', '.join(BENCHES)}.", show_default=False)] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Use small sizes, which take less than 30 seconds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the generated data.")] = 1,
    wanted: Annotated[
        list[str] | None, typer.Option("--size", help="Replace a size, for example events=5000. May be repeated.")
    ] = None,
) -> None:
    """Run one bench, or list them."""
    if name is None:
        _list(as_json=as_json)
        return
    chosen = BENCHES.get(name)
    if chosen is None:
        print_refusal(f"unknown bench {name!r}. Use one of: {', '.join(BENCHES)}.")
        raise typer.Exit(2)
    sizes = _sizes(chosen, wanted or [], quick=quick)
    outcome = run(
        lambda stop: _measure(chosen, sizes, stop, quick=quick, seed=seed),
        Interrupted,
        KafkaUnavailable,
        PostgresUnavailable,
        ServerFailed,
        NoFigures,
    )
    show(table_of(chosen, outcome), console if as_json else output)
    if as_json:
        print_json(asdict(outcome))


def _list(*, as_json: bool) -> None:
    if as_json:
        print_json([{"name": each.name, "about": each.about} for each in BENCHES.values()])
        return
    longest = max(map(len, BENCHES))
    for each in BENCHES.values():
        print(f"{each.name:<{longest}}  {each.about}")
    console.print("Run one with “zyenta bench NAME”; --quick takes less than 30 seconds.")


def _sizes(chosen: Bench, wanted: Sequence[str], *, quick: bool) -> Sizes:
    sizes = dict(chosen.quick if quick else chosen.full)
    for each in wanted:
        name, _, value = each.partition("=")
        number = whole_number(value)
        if name not in sizes or number is None:
            print_refusal(
                f"invalid --size {each!r} for {chosen.name}. Use NAME=NUMBER with one of: "
                f"{', '.join(f'{name}={usual}' for name, usual in sizes.items())}."
            )
            raise typer.Exit(2)
        if number < (least := chosen.least.get(name, 1)):
            print_refusal(f"--size {each} is too small for {chosen.name}. Use {name}={least} or more.")
            raise typer.Exit(2)
        sizes[name] = number
    return sizes


async def _measure(chosen: Bench, sizes: Sizes, stop: asyncio.Event, *, quick: bool, seed: int) -> Outcome:
    # aiokafka logs errors about topics that the broker has just created.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    began = time.perf_counter()
    async with shown_progress(console, chosen.name) as report:
        report("starting the servers")
        async with open_servers(with_kafka=chosen.with_kafka, with_postgres=chosen.with_postgres) as servers:
            measured = await unless_stopped(chosen.measure(servers, sizes, seed, report), stop)
            return Outcome(
                bench=chosen.name,
                figures={figure: _rounded(value) for figure, value in measured.items()},
                ratios=chosen.ratios(measured),
                settings={**sizes, "quick": quick, "seed": seed},
                skipped=await asyncio.to_thread(chosen.missing),
                machine=servers.machine(),
                seconds=round(time.perf_counter() - began, 1),
            )


def _rounded(value: float) -> float:
    return round(value, 0 if value >= 1000 else 1 if value >= 100 else 3)


@asynccontextmanager
async def shown_progress(console: Console, name: str) -> AsyncIterator[ReportPhase]:
    """Yield a callback that takes the current phase, and show the phase with the seconds since the start.

    A terminal shows one line that changes. A log gets a new line every few seconds.
    """
    began, words = time.monotonic(), ""

    def report(what: str) -> None:
        nonlocal words
        words = what

    def line() -> str:
        return f"{name}: {words} … {time.monotonic() - began:.0f} s"

    async def refresh() -> None:
        if console.is_terminal:
            with console.status(line()) as status:
                while True:
                    await asyncio.sleep(REFRESH_SECONDS)
                    status.update(line())
        while True:
            console.print(line(), soft_wrap=True)
            await asyncio.sleep(LINE_SECONDS)

    refreshing = asyncio.create_task(refresh())
    try:
        yield report
    finally:
        refreshing.cancel()
        await asyncio.gather(refreshing, return_exceptions=True)


def show(table: Table, console: Console) -> None:
    """Print a table without cutting names, even on a narrow terminal."""
    needed = Measurement.get(console, console.options.update(width=WIDEST), table).maximum
    if needed > console.width:
        # The terminal wraps such lines itself; a cut name would be worse.
        console = Console(file=console.file, width=needed, force_terminal=console.is_terminal, highlight=False)
    console.print(table)


def table_of(chosen: Bench, outcome: Outcome) -> Table:
    """Return the figures as a table that fits into 80 columns without cutting names."""
    table = Table(
        title=f"{chosen.name}: {chosen.about}",
        caption=_circumstances(outcome),
        title_justify="left",
        caption_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
        pad_edge=False,
    )
    for heading in ("figure, below it the machine's limit", "measured", "ratio", "target", "met"):
        table.add_column(heading, justify="right" if heading in {"measured", "ratio"} else "left", no_wrap=True)
    for target in chosen.targets:
        names = target.figure if target.limit is None else f"{target.figure}\n{target.limit}"
        if target.limit in outcome.skipped:
            table.add_row(names, "skipped", "", "", "")
            continue
        ratio = target.ratio(outcome.figures)
        measured = f"{outcome.figures[target.figure]:,g}"
        table.add_row(
            names,
            measured if target.limit is None else f"{measured}\n{outcome.figures[target.limit]:,g}",
            "" if ratio is None else f"{ratio:.2f}",
            str(target).replace(f" {target.limit}", ""),
            "" if not str(target) else "[green]yes[/]" if target.is_met(outcome.figures) else "[red]no[/]",
        )
    return table


def _circumstances(outcome: Outcome) -> str:
    machine = outcome.machine
    sizes = ", ".join(f"{name} {value}" for name, value in outcome.settings.items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, Python {machine['python']}, "
        f"PostgreSQL {machine['postgres'] or 'not used'}, Kafka {machine['kafka'] or 'not used'}; {sizes}; {outcome.seconds:.0f} s"
        + "".join(f"; {figure} skipped: {reason}" for figure, reason in outcome.skipped.items())
    )
