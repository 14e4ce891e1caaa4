"""``zyenta secrets``: rotate the keys that sign access tokens, and seal stored secrets under a new master key."""

import secrets
from dataclasses import asdict
from typing import Annotated

import asyncpg
import typer

from domain.accounts.signing_keys import ANNOUNCED_FOR, KEPT_FOR, SigningPeriod
from infra.adapters.postgres.rewrapping import SEALED_TABLES, MasterKeyMissing, Rewrapped
from infra.adapters.postgres.rewrapping import rewrap as rewrap_rows
from infra.adapters.postgres.signing_keys import PostgresSigningPeriods
from infra.bootstrap import NotConfigured, open_platform
from infra.cli.output import console, print_json, say
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed

app = typer.Typer(help="Secrets: rotate signing keys, and seal under a new master key.", no_args_is_help=True)

_TABLES = {table.name: table for table in SEALED_TABLES}
_REFUSALS = (NotConfigured, ServerFailed, asyncpg.PostgresError, OSError)


@app.command()
def rotate(
    leaked: Annotated[
        bool,
        typer.Option("--leaked", help="End all older keys at once. Sessions go on with their refresh tokens."),
    ] = False,
) -> None:
    """Begin another key for access tokens. Tokens of older keys are valid until they expire."""
    period = run(lambda _: _rotate(leaked=leaked), *_REFUSALS)
    say(f"Key {period.kid} signs from {period.signs_from:%H:%M:%S} UTC. Its public half is in /.well-known/jwks.json.")
    if leaked:
        say("Older keys count no longer. Every gateway knows that within half a minute.")
    else:
        say(f"Older keys verify for {int(KEPT_FOR.total_seconds() // 60)} more minutes.")


async def _rotate(*, leaked: bool) -> SigningPeriod:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        begins = platform.clock.now() + (ANNOUNCED_FOR * 0 if leaked else ANNOUNCED_FOR)
        period = SigningPeriod(kid=secrets.token_hex(8), signs_from=begins, ends_others=leaked)
        await PostgresSigningPeriods(await platform.pool()).add(period)
        return period


@app.command()
def rewrap(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Seal all stored secrets under the current master key, after a rotation of ZYENTA_MASTER_KEYS.

    It may be stopped and run again, also while the platform runs. Exit status 1: a key is missing, or a row cannot be opened.
    """
    done = run(lambda _: _rewrap(), MasterKeyMissing, *_REFUSALS)
    if as_json:
        print_json(asdict(done))
    else:
        say(sentence_about(done))
    if done.unreadable:
        raise typer.Exit(1)


async def _rewrap() -> Rewrapped:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        keys, pool = platform.keys(), await platform.pool()
        if not console.is_terminal:
            return await rewrap_rows(pool, keys)
        with console.status("Sealing rows under the current master key") as status:
            return await rewrap_rows(
                pool, keys, progress=lambda rows: status.update(f"{rows:,} rows are under the current master key now")
            )


def sentence_about(done: Rewrapped) -> str:
    """Say what a run did."""
    parts = [_TABLES[name].counted(rows) for name, rows in done.changed.items() if rows]
    if parts:
        text = f"Sealed under the current master key: {', '.join(parts)}, of {done.total:,} stored in all."
    else:
        rest = done.total - sum(done.unreadable.values())
        text = f"Nothing to do: all {rest:,} rows are sealed under the current master key."
    for name, rows in done.unreadable.items():
        text += (
            f" Not opened by the key that the row names: {_TABLES[name].counted(rows)}. A row was changed or moved by hand. "
            "Restore the table from a backup."
        )
    return text
