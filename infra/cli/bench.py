"""``zyenta bench``: measure, beside the machine's own limit."""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from domain.numbers import whole_number
from infra.bench.benches import BENCHES
from infra.bench.figures import Bench, Outcome, Sizes
from infra.bench.ground import open_ground
from infra.cli.running import Interrupted, console, run, unless_stopped
from infra.embedded.kafka import KafkaUnavailable
from infra.embedded.postgres import PostgresUnavailable
from infra.embedded.process import ServerFailed


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(help=f"Measure one of: {', '.join(BENCHES)}.")(bench)


def bench(
    name: Annotated[str, typer.Argument(help=f"{', '.join(BENCHES)}.", show_default=False)],
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes: ends within 30 seconds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="Of what is made up.")] = 1,
    wanted: Annotated[
        list[str] | None, typer.Option("--size", help="Another size than usual: events=5000. May be repeated.")
    ] = None,
) -> None:
    chosen = BENCHES.get(name)
    if chosen is None:
        console.print(f"[red]zyenta:[/] there is no bench {name!r}. There are: {', '.join(BENCHES)}.")
        raise typer.Exit(2)
    sizes = _sizes(chosen, wanted or [], quick=quick)
    outcome = run(
        lambda stop: _measure(chosen, sizes, stop, quick=quick, seed=seed),
        Interrupted,
        KafkaUnavailable,
        PostgresUnavailable,
        ServerFailed,
    )
    console.print(_table(chosen, outcome))
    if as_json:
        print(json.dumps(asdict(outcome)))


def _sizes(chosen: Bench, wanted: Sequence[str], *, quick: bool) -> Sizes:
    sizes = dict(chosen.quick if quick else chosen.full)
    for each in wanted:
        name, _, value = each.partition("=")
        number = whole_number(value)
        if name not in sizes or number is None or number < 0:
            console.print(
                f"[red]zyenta:[/] {each!r} is no size of {chosen.name}. Give one as NAME=NUMBER; there are: "
                f"{', '.join(f'{name}={usual}' for name, usual in sizes.items())}."
            )
            raise typer.Exit(2)
        sizes[name] = number
    return sizes


async def _measure(chosen: Bench, sizes: Sizes, stop: asyncio.Event, *, quick: bool, seed: int) -> Outcome:
    # It complains of a broker that has just made its topics.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    began = time.perf_counter()
    with console.status("Starting the servers …") as status:

        def tell(what: str) -> None:
            status.update(f"{chosen.name}: {what} …")

        async with open_ground(with_kafka=chosen.with_kafka) as ground:
            measured = await unless_stopped(chosen.measure(ground, sizes, seed, tell), stop)
            return Outcome(
                bench=chosen.name,
                figures={figure: _rounded(value) for figure, value in measured.items()},
                settings={**sizes, "quick": quick, "seed": seed},
                machine=ground.machine(),
                seconds=round(time.perf_counter() - began, 1),
            )


def _rounded(value: float) -> float:
    return round(value, 0 if value >= 1000 else 1 if value >= 100 else 3)


def _table(chosen: Bench, outcome: Outcome) -> Table:
    table = Table(title=f"{chosen.name}: {chosen.about}", caption=_circumstances(outcome), title_justify="left")
    for heading in ("figure", "measured", "machine's limit", "ratio", "reach"):
        table.add_column(heading, justify="left" if heading in {"figure", "reach"} else "right")
    table.add_column("")
    for reach in chosen.reach:
        ratio = reach.ratio(outcome.figures)
        table.add_row(
            reach.figure,
            f"{outcome.figures[reach.figure]:,g}",
            "" if reach.limit is None else f"{outcome.figures[reach.limit]:,g} {reach.limit}",
            "" if ratio is None else f"{ratio:.2f}",
            str(reach),
            "" if not str(reach) else "[green]reached[/]" if reach.reached(outcome.figures) else "[red]not reached[/]",
        )
    return table


def _circumstances(outcome: Outcome) -> str:
    machine = outcome.machine
    sizes = ", ".join(f"{name} {value}" for name, value in outcome.settings.items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, Python {machine['python']}, "
        f"PostgreSQL {machine['postgres']}, Kafka {machine['kafka'] or 'not used'}; {sizes}; {outcome.seconds:.0f} s"
    )
