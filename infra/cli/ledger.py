"""``zyenta ledger``: check that all books balance, and print a month's statement."""

from typing import Annotated
from uuid import UUID

import asyncpg
import typer

from domain.kernel import DomainError
from infra.bootstrap import NotConfigured, open_platform
from infra.cli.output import output, print_json, say
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed
from infra.log.ledger import LedgerCheck, check_ledger
from projections.catalog.queries import store_by_id, store_by_slug
from projections.reading.scope import SYSTEM
from projections.sales.ledger_queries import OwedFees, as_csv, month_of, owed_fees, statement

app = typer.Typer(help="The ledger: check it, and print statements.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_REFUSALS = (NotConfigured, ServerFailed, DomainError, asyncpg.PostgresError, OSError)


class StoreNotFound(NotConfigured):
    """No store has the slug or id."""

    def __init__(self, text: str) -> None:
        super().__init__(f"No store {text!r}. Use a store's slug or id.")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check that every entry balances and that the read model has what the log says.

    Exit status 0: clean. Exit status 1: different.
    """
    result = run(lambda _: _check(), *_REFUSALS)
    if as_json:
        print_json({"entries": result.entries, "books": result.books, "differences": list(result.differences)})
    elif result.differences:
        output.print(f"[red]Different.[/] {len(result.differences):,} differences:")
        for difference in result.differences:
            say(difference)
    else:
        output.print(f"[green]Clean.[/] {result.entries:,} entries in {result.books:,} books; each sums to zero.")
    if result.differences:
        raise typer.Exit(1)


async def _check() -> LedgerCheck:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        return await check_ledger(await platform.log(), await platform.readers())


@app.command()
def owed(as_json: AsJson = False) -> None:
    """List the platform fees that merchants with an own key at Stripe owe, by merchant and currency."""
    fees = run(lambda _: _owed(), *_REFUSALS)
    if as_json:
        print_json({"owed": [{"merchant": str(fee.merchant_id), "amount": str(fee.amount)} for fee in fees]})
        return
    for fee in fees:
        say(f"{fee.merchant_id}  {fee.amount}")
    if not fees:
        output.print("No merchant owes a platform fee.")


async def _owed() -> tuple[OwedFees, ...]:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        return await owed_fees(await platform.readers(), scope=SYSTEM)


@app.command("statement")
def print_statement(
    store: Annotated[str, typer.Argument(help="A store's slug or id.")],
    month: Annotated[str, typer.Argument(help="Such as 2026-11, in the store's time zone.")],
) -> None:
    """Print a store's entries of a month as CSV."""
    say(run(lambda _: _statement(store, month), *_REFUSALS).rstrip("\r\n"))


async def _statement(store: str, month: str) -> str:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        db = await platform.readers()
        try:
            view = await store_by_id(db, UUID(store), scope=SYSTEM)
        except ValueError:
            view = await store_by_slug(db, store, scope=SYSTEM)
        if view is None:
            raise StoreNotFound(store)
        since, until = month_of(month, view.time_zone)
        lines = await statement(db, since, until, scope=SYSTEM, store_id=view.id)
        return as_csv(lines, view.time_zone)
