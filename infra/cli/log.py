"""``zyenta log``: verify, read, export and restore the event log."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress

from domain.kernel import Transient
from infra.adapters.kafka.topic import TopicMissing
from infra.bootstrap import NotConfigured, open_platform
from infra.cli import analysis
from infra.cli import restore as restoring
from infra.cli.output import console, output, print_json, say
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import Interrupted, run, unless_stopped
from infra.embedded.process import ServerFailed
from infra.log.parallel_verification import verify_large_log
from infra.log.partition_pool import WORTHWHILE
from infra.log.verification import Parity, verify_log
from schemas.internal.provenance import ForeignRecord

app = typer.Typer(help="The event log: verify, read, query, export, restore.", no_args_is_help=True)
analysis.register(app)
restoring.register(app)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Verify that event store and topic hold the same events in the same order, and that every hash chain is intact.

    Exit status 0: equal, even with foreign records between the events. Exit status 1: different.
    """
    parity = run(
        lambda stop: unless_stopped(_verify(), stop),
        Interrupted,
        NotConfigured,
        ServerFailed,
        TopicMissing,
        Transient,
        OSError,
    )
    if as_json:
        print_json(
            {
                "equal": parity.equal,
                "events": parity.events,
                "difference": parity.difference,
                "by_type": parity.by_type,
                "foreign": [asdict(record) for record in parity.foreign],
            }
        )
    elif parity.equal:
        verdict = (
            f"[yellow]Equal, with {len(parity.foreign):,} foreign records.[/]" if parity.foreign else "[green]Equal.[/]"
        )
        output.print(
            f"{verdict} Event store and topic hold the same {parity.events:,} events; every hash chain is intact."
        )
    else:
        difference = escape(str(parity.difference))
        output.print(
            f"[red]Different.[/] {difference}\nThe {parity.events:,} events before it are equal.", soft_wrap=True
        )
    if not as_json:
        _show_foreign(parity.foreign)
    if not parity.equal:
        raise typer.Exit(1)


def _show_foreign(records: Sequence[ForeignRecord]) -> None:
    """List every foreign record on standard output, where programs read."""
    for record in records:
        say(f"foreign: {record}")
    if records:
        console.print(
            "Another client can write to the broker. Restrict write access, then remove these records with “zyenta log republish”."
        )


async def _verify() -> Parity:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        with Progress(console=console, transient=True) as progress:
            log = await platform.log()
            task = progress.add_task("Comparing", total=None)

            def compared(count: int) -> None:
                progress.update(task, completed=count, description=f"Comparing … {count:,} events")

            if await log.last_position() > WORTHWHILE:
                return await verify_large_log(
                    platform.database_url, platform.bootstrap_servers, processes=os.cpu_count() or 1, progress=compared
                )
            return await verify_log(log, platform.bootstrap_servers, progress=compared)
