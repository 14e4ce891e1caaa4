"""``zyenta log restore`` and ``republish``: rebuild the event store from the topic, or the topic from the event store."""

from dataclasses import asdict
from typing import Annotated

import asyncpg
import typer
from aiokafka.errors import KafkaError
from rich.progress import Progress

from infra.adapters.kafka.topic import TopicMissing
from infra.bootstrap import NotConfigured, open_platform
from infra.cli.output import console, output, print_json
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed
from infra.log.publisher import HalvesDiffer
from infra.log.restoration import NothingToRestore, Restoration, republish, restore_store
from infra.log.verification import Difference

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
_REFUSALS = (NotConfigured, ServerFailed, KafkaError, TopicMissing, asyncpg.PostgresError, OSError, TimeoutError)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("restore")(restore)
    app.command("republish")(republish_topic)


def restore(as_json: AsJson = False) -> None:
    """Rebuild an empty or outdated event store from the topic.

    Personal-data keys, secrets and accounts are not in the log: restore their tables from a backup first. If you restore
    them later, run this command again before a publisher starts. It deletes the keys of forgotten shoppers.
    """
    restored = run(lambda _: _restore(), NothingToRestore, Difference, *_REFUSALS)
    if as_json:
        print_json(asdict(restored))
    else:
        output.print(
            f"[green]Restored.[/] Added {restored.events:,} events and the results of {restored.commands:,} commands; "
            f"{restored.known:,} events were there and are equal. The log ends at position {restored.position:,}.\n"
            f"Deleted {restored.forgotten:,} keys of forgotten shoppers that a backup had restored. If you restore "
            "personal-data keys now, run this command again. Check the log with “zyenta log verify”."
        )
        if restored.foreign:
            console.print(f"[yellow]Note[/] {restored.foreign:,} foreign records and copies were skipped.")


async def _restore() -> Restoration:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("Reading the topic", total=None)
            return await restore_store(
                await platform.pool(),
                platform.bootstrap_servers,
                progress=lambda count: progress.update(
                    task, completed=count, description=f"Reading the topic … {count:,} events"
                ),
            )


def republish_topic(
    yes: Yes = False,
    even_if_ahead: Annotated[
        bool,
        typer.Option("--even-if-ahead", help="Also delete records that may be events lost by the event store."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete the event topics and fill them again from the event store. This removes foreign records.

    Consumers recognize events that they have handled, so no outside call is repeated.
    """
    if not yes and not as_json:
        typer.confirm("Delete the event topics and fill them again from the event store?", abort=True)
    position = run(lambda _: _republish(even_if_ahead=even_if_ahead), HalvesDiffer, *_REFUSALS)
    if as_json:
        print_json({"position": position})
    else:
        output.print(f"[green]Republished[/] up to position {position:,}. Check it with “zyenta log verify”.")


async def _republish(*, even_if_ahead: bool) -> int:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        with console.status("Filling the topic …"):
            return await republish(
                await platform.pool(), await platform.log(), platform.bootstrap_servers, even_if_ahead=even_if_ahead
            )
