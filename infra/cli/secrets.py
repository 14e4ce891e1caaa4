"""``zyenta secrets``: rotate the keys that sign access tokens."""

import secrets
from typing import Annotated

import asyncpg
import typer

from domain.accounts.signing_keys import ANNOUNCED_FOR, KEPT_FOR, SigningPeriod
from infra.adapters.postgres.signing_keys import PostgresSigningPeriods
from infra.bootstrap import NotConfigured, open_platform
from infra.cli.output import say
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed

app = typer.Typer(help="Secrets: rotate the keys that sign access tokens.", no_args_is_help=True)

_REFUSALS = (NotConfigured, ServerFailed, asyncpg.PostgresError, OSError)


@app.callback()
def group() -> None:
    """Keep the group's name in front of its only command."""


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
