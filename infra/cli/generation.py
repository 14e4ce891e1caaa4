"""``zyenta generation``: make a store again from its records, or with another model, and compare."""

import json
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer

from commands.draft import OfferDraft
from commands.ports import Context
from domain.kernel import DomainError
from infra.bootstrap import NotConfigured, open_platform
from infra.bootstrap.consumers import storefront_host
from infra.bootstrap.writers import language_models, model_budget, prompted_writers, rule_writers
from infra.cli.output import output, print_json, say
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed
from infra.replay.difference import Change, Fields, differences, digest_of, fields_of
from infra.replay.machine import replay as run_again
from infra.replay.recording import Recording, read_recording
from infra.replay.taking_over import offers
from infra.settings import BadSettings, Settings

app = typer.Typer(help="Generations: replay one, or run it with another model.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Id = Annotated[UUID, typer.Argument(help="The generation's id.", metavar="ID")]
SAME_BEFORE = 40
"""Characters that are shown before the first difference of long values."""
LONGEST = 200
"""Characters of a value that a difference shows; ``--json`` has them all."""
_REFUSALS = (NotConfigured, ServerFailed, DomainError, BadSettings, asyncpg.PostgresError, OSError)


@app.command()
def replay(id: Id, as_json: AsJson = False) -> None:
    """Make a store again from the recorded answers, without a network, and compare it with the log.

    Exit status 0: the same store. Exit status 1: different, or a record is missing or altered.
    """
    recorded, again = run(lambda _: _replay(id), *_REFUSALS)
    changes = differences(recorded, again)
    if as_json:
        digests = {"recorded": digest_of(recorded), "replayed": digest_of(again)}
        print_json({"fields": len(recorded), **digests, "differences": [_as_json(change) for change in changes]})
    elif changes:
        output.print(f"[red]Different.[/] {len(changes):,} of {len(recorded):,} fields differ.")
        _print(changes)
    else:
        output.print(f"[green]The same store.[/] {len(recorded):,} fields, SHA-256 {digest_of(again)}.")
    if changes:
        raise typer.Exit(1)


@app.command()
def rerun(
    id: Id,
    model: Annotated[str, typer.Option("--model", help="A model's name, or “rules” for the built-in rules.")],
    drafts: Annotated[
        bool, typer.Option("--drafts", help="Offer what differs to the merchant as drafts, to accept by field.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write brand, texts and pages with another model on the recorded supplier answers, and print what differs.

    The store is not changed. With --drafts, the merchant finds the differences beside the store and decides.
    """
    recorded, again, offered = run(lambda _: _rerun(id, model, drafts=drafts), *_REFUSALS)
    changes = differences(recorded, again)
    if as_json:
        shown = [_as_json(change) for change in changes]
        print_json({"fields": len(recorded), "differences": shown, "drafts": [str(id) for id in offered]})
        return
    output.print(f"{len(changes):,} of {len(recorded):,} fields differ.")
    _print(changes)
    if drafts:
        output.print(f"{len(offered):,} drafts wait for the merchant.")


async def _replay(id: UUID) -> tuple[Fields, Fields]:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        recording = await read_recording(await platform.log(), await platform.pool(), id)
    return _made(recording), fields_of(await run_again(recording, host_for=storefront_host(settings)))


async def _rerun(id: UUID, model: str, *, drafts: bool) -> tuple[Fields, Fields, list[UUID]]:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        recording = await read_recording(await platform.log(), await platform.pool(), id)
        rules, registry = rule_writers()
        if model == "rules":
            writers = rules
        else:
            models = language_models(_with_model(settings, model))
            if not models:
                raise BadSettings("No model has a key. Set OPENAI_API_KEY or ANTHROPIC_API_KEY.")
            writers = prompted_writers(
                settings, models, rules, registry, budget=await model_budget(platform), with_rules=False
            )
        again = await run_again(recording, writers=writers, host_for=storefront_host(settings))
        offered: list[OfferDraft] = []
        if drafts:
            log = await platform.log()
            raw = await log.read_tenant(recording.store_id, await log.last_position())
            offered = offers(recording.store_id, [one.decode().event for one in raw], again, written_by=model)
        bus = await platform.bus() if offered else None
        for offer in offered:
            assert bus is not None
            await bus.dispatch(offer, Context(command_id=offer.draft_id, correlation_id=offer.draft_id))
    return _made(recording), fields_of(again), [offer.draft_id for offer in offered]


def _with_model(settings: Settings, model: str) -> Settings:
    """Return the settings with one model: Anthropic's for a name that begins with “claude”, else OpenAI's."""
    provider = "anthropic" if model.startswith("claude") else "openai"
    return settings.model_copy(update={"writers": [provider], f"{provider}_model": model})


def _made(recording: Recording) -> Fields:
    return fields_of(envelope.event for envelope in recording.store)


def _as_json(change: Change) -> dict[str, Any]:
    return {"field": change.place, "before": change.before, "after": change.after}


def _print(changes: Sequence[Change]) -> None:
    for change in changes:
        before, after = shown_apart(_line(change.before), _line(change.after))
        say(f"{change.place}\n  - {before}\n  + {after}")


def shown_apart(before: str, after: str) -> tuple[str, str]:
    """Return two lines, each at most ``LONGEST`` characters, with the place where they begin to differ."""
    differing = (n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other)
    same = next(differing, min(len(before), len(after)))
    start = 0 if same < LONGEST - SAME_BEFORE else same - SAME_BEFORE
    return _cut(before, start), _cut(after, start)


def _cut(line: str, start: int) -> str:
    return f"{'…' if start else ''}{line[start : start + LONGEST]}{'…' if len(line) > start + LONGEST else ''}"


def _line(value: Any) -> str:
    text = "(nothing)" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())
