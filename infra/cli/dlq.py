"""``zyenta dlq``: records that a consumer could not process."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from aiokafka.errors import KafkaError
from rich.markup import escape
from rich.padding import Padding
from rich.progress import Progress

from infra.adapters.kafka.dead_letter_queue import DeadLetterQueue
from infra.adapters.postgres.provenance import PostgresProvenance
from infra.bootstrap import NotConfigured, Platform, consumers, open_platform
from infra.bootstrap.consumers import CONSUMERS
from infra.cli.output import TerminalConsole, console, output, print_json, say
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.cli.streams import visible
from infra.embedded.process import ServerFailed
from projections.registry import READ_MODELS
from schemas.internal.deliveries import DeadLetter

if TYPE_CHECKING:
    from consumers.runtime.dead_letter_replay import Replay

PROJECTOR = "projector-"
IMAGER = "imager"

app = typer.Typer(help="Dead letters: records that a consumer group could not process.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Group = Annotated[str | None, typer.Option("--group", help="Only dead letters of this consumer group.")]
_REFUSALS = (NotConfigured, ServerFailed, KafkaError)


class NoSuchLetter(Exception):
    """No open dead letter has the id."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(f"No open dead letter has the id {', '.join(ids)}. “zyenta dlq list” shows all ids.")


@app.command("list")
def list_letters(group: Group = None, as_json: AsJson = False) -> None:
    """List open dead letters: neither replayed nor dropped, the oldest first."""

    async def work(_: asyncio.Event) -> list[DeadLetter]:
        async with settings_of_running() as settings, open_platform(settings, migrated=False) as platform:
            return _chosen(await DeadLetterQueue(platform.bootstrap_servers).open_letters(), (), group)

    letters = run(work, *_REFUSALS)
    now = datetime.now(UTC)
    if as_json:
        print_json({"letters": [_as_json(letter, now) for letter in letters]})
    elif not letters:
        output.print("[green]No open dead letters.[/]")
    else:
        show(letters, now)


@app.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Ids from “zyenta dlq list”.")] = None,
    group: Group = None,
    everything: Annotated[bool, typer.Option("--all", help="Replay every open dead letter.")] = False,
    as_json: AsJson = False,
) -> None:
    """Retry dead letters in the consumer group that parked them.

    A letter is closed if its record is handled or refused for good. A letter that fails again stays open.
    """
    if not (ids or group or everything):
        raise typer.BadParameter("nothing to replay. Use ids, --group or --all.")

    async def work(stop: asyncio.Event) -> "list[Replay]":
        async with settings_of_running() as settings, open_platform(settings) as platform:
            queue = DeadLetterQueue(platform.bootstrap_servers)
            letters = _chosen(await queue.open_letters(), ids or (), group)
            return await _replay(platform, queue, letters, stop)

    replays = run(work, NoSuchLetter, *_REFUSALS)
    if as_json:
        results = [{"id": each.letter.id, "result": each.result, "reason": each.reason} for each in replays]
        print_json({"replayed": results})
    else:
        for each in replays:
            color = {"handled": "green", "refused": "yellow", "failed": "red"}[each.result]
            reason = escape(f"{each.letter.id} {each.reason}")
            output.print(f"[{color}]{each.result}[/] {reason}", soft_wrap=True)
        if not replays:
            output.print("Nothing to replay.")
    if any(each.result == "failed" for each in replays):
        raise typer.Exit(1)


@app.command()
def drop(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids from “zyenta dlq list”.")],
    as_json: AsJson = False,
) -> None:
    """Close dead letters without handling their records. The log keeps the events."""

    async def work(_: asyncio.Event) -> list[DeadLetter]:
        async with settings_of_running() as settings, open_platform(settings, migrated=False) as platform:
            queue = DeadLetterQueue(platform.bootstrap_servers)
            letters = _chosen(await queue.open_letters(), ids, None)
            await queue.close(letters, "dropped", datetime.now(UTC))
            return letters

    dropped = run(work, NoSuchLetter, *_REFUSALS)
    if as_json:
        print_json({"dropped": [letter.id for letter in dropped]})
        return
    for letter in dropped:
        say(f"Dropped {letter.id}")


async def _replay(
    platform: Platform, queue: DeadLetterQueue, letters: Sequence[DeadLetter], stop: asyncio.Event
) -> "list[Replay]":
    from consumers.runtime.dead_letter_replay import Replay, Result  # noqa: PLC0415
    from consumers.runtime.dead_letter_replay import replay as hand_back  # noqa: PLC0415

    groups = {letter.group for letter in letters}
    # The imager loads its model into memory, so it is only built if one of the letters is its own.
    candidates = await consumers(platform, without=() if IMAGER in groups else (IMAGER,)) if groups else []
    by_name = {consumer.name: consumer for consumer in candidates}
    provenance = PostgresProvenance(await platform.pool())
    done: list[Replay] = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for letter in progress.track(letters, description="Replaying"):
            if stop.is_set():
                break
            if letter.group in by_name:
                replayed = await hand_back(letter, by_name[letter.group], provenance)
            else:
                replayed = Replay(letter, Result.FAILED, _not_replayable(letter.group))
            if replayed.result != Result.FAILED:
                await queue.close([letter], "replayed", platform.clock.now())
            done.append(replayed)
    return done


def _not_replayable(group: str) -> str:
    if group.startswith(PROJECTOR):
        name = group.removeprefix(PROJECTOR)
        return (
            f"Read model {name} applies events only in the order of the log. When this version can apply the record, run "
            f"“zyenta projections rebuild {name}”, then drop the letter."
        )
    return f"This version has no consumer {group}. Replay with a version that has it, or drop the letter."


def _chosen(letters: Sequence[DeadLetter], ids: Sequence[str], group: str | None) -> list[DeadLetter]:
    # Includes the groups of open letters: another version may have had other consumers.
    groups = {*CONSUMERS, *(f"{PROJECTOR}{name}" for name in READ_MODELS), *(letter.group for letter in letters)}
    if group is not None and group not in groups:
        known = visible(", ".join(sorted(groups)))
        raise typer.BadParameter(f"unknown group {group}. Use one of: {known}.", param_hint="--group")
    missing = set(ids) - {letter.id for letter in letters}
    if missing:
        raise NoSuchLetter(sorted(missing))
    return [letter for letter in letters if (not ids or letter.id in ids) and (group is None or letter.group == group)]


def _as_json(letter: DeadLetter, now: datetime) -> dict[str, Any]:
    headers = _readable(letter)
    return {
        "id": letter.id,
        "group": letter.group,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "event_type": headers.get("ce_type"),
        "event_id": headers.get("ce_id"),
        "tenant": headers.get("ce_tenant"),
        "reason": letter.reason,
        "traceback": letter.traceback_digest,
        "count": letter.count,
        "parked_at": letter.parked_at.isoformat(),
        "age_seconds": round((now - letter.parked_at).total_seconds(), 1),
    }


def show(letters: Sequence[DeadLetter], now: datetime) -> None:
    """Print each letter on its own lines: an id must not be cut and is wider than a table column."""
    out = TerminalConsole(highlight=False, markup=False)
    for letter in letters:
        kind = _readable(letter).get("ce_type", "not a Zyenta event")
        times = "once" if letter.count == 1 else f"{letter.count} times"
        out.print(letter.id, style="bold", soft_wrap=True)
        out.print(Padding(f"{kind}, tried {times}, parked {_age(now - letter.parked_at)} ago", (0, 0, 0, 2)))
        out.print(Padding(letter.reason, (0, 0, 1, 2)))
    out.print("1 letter" if len(letters) == 1 else f"{len(letters)} letters")


def _readable(letter: DeadLetter) -> dict[str, str]:
    return {name: (value or b"").decode(errors="replace") for name, value in letter.headers}


def _age(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{max(0, seconds)} s"
