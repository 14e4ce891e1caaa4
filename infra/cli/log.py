"""``zyenta log``: verify the log and look into it."""

import asyncio
import json
from typing import Annotated

import typer
from rich.progress import Progress

from infra.adapters.verification import Parity, verify_log
from infra.bootstrap import NotConfigured, open_platform
from infra.cli import analysis, restoring
from infra.cli.running import console, run
from infra.cli.target import settings_of_running
from infra.embedded.process import ServerFailed

app = typer.Typer(help="The event log: prove it, read it, move it.", no_args_is_help=True)
analysis.register(app)
restoring.register(app)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Prove that event store and topic hold the same events in the same order, and that every hash chain is whole."""
    parity = run(_verify, NotConfigured, ServerFailed, OSError)
    if as_json:
        print(
            json.dumps(
                {
                    "equal": parity.equal,
                    "events": parity.events,
                    "difference": parity.difference,
                    "by_type": parity.by_type,
                }
            )
        )
    elif parity.equal:
        console.print(
            f"[green]Equal.[/] {parity.events:,} events, the same in event store and topic; every hash chain is whole."
        )
    else:
        console.print(f"[red]Different.[/] {parity.difference}\n{parity.events:,} events before it are equal.")
    if not parity.equal:
        raise typer.Exit(1)


async def _verify(_: asyncio.Event) -> Parity:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        with Progress(console=console, transient=True) as progress:
            log = await platform.log()
            task = progress.add_task("Comparing", total=None)
            return await verify_log(
                log,
                platform.bootstrap_servers,
                progress=lambda count: progress.update(
                    task, completed=count, description=f"Comparing … {count:,} events"
                ),
            )
