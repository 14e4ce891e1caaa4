"""``zyenta log restore`` and ``republish``: rebuild either half of the log from the other."""

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
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_REFUSALS = (NotConfigured, ServerFailed, KafkaError, TopicMissing, asyncpg.PostgresError, OSError, TimeoutError)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("restore")(restore)
    app.command("republish")(republish_topic)


def restore(as_json: AsJson = False) -> None:
    """Rebuild an empty or outdated event store from the topic.

    Keys of people, secrets and log-ins are not in the log: restore their tables from their own backup before; or run this
    once more afterwards, before a publisher works, so that keys of people who are forgotten do not come back.
    """
    restored = run(lambda _: _restore(), NothingToRestore, Difference, *_REFUSALS)
    if as_json:
        print_json(asdict(restored))
    else:
        output.print(
            f"[green]Restored.[/] {restored.events:,} events added, {restored.known:,} were there and are the same; "
            f"the outcomes of {restored.commands:,} commands are known again. The log ends at {restored.position:,}.\n"
            f"Keys of people, secrets and log-ins come from their own backup; {restored.forgotten:,} keys of forgotten "
            "people were in it and are deleted again. If you restore keys only now, run this once more. Prove the log with "
            "“zyenta log verify”."
        )
        if restored.foreign:
            console.print(f"[yellow]Note[/] {restored.foreign:,} foreign records and copies were passed over.")


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
        typer.Option("--even-if-ahead", help="Delete also records that may be events which the event store has lost."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete the topics of events and fill them anew from the event store. Foreign records are gone afterwards.

    Nobody outside is called a second time: consumers recognise what they have handled.
    """
    if not yes and not as_json:
        typer.confirm("Delete the topics of events and fill them anew from the event store?", abort=True)
    position = run(lambda _: _republish(even_if_ahead=even_if_ahead), HalvesDiffer, *_REFUSALS)
    if as_json:
        print_json({"position": position})
    else:
        output.print(f"[green]Republished[/] up to position {position:,}. Prove it with “zyenta log verify”.")


async def _republish(*, even_if_ahead: bool) -> int:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        with console.status("Filling the topic …"):
            return await republish(
                await platform.pool(), await platform.log(), platform.bootstrap_servers, even_if_ahead=even_if_ahead
            )
