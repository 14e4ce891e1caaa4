"""``zyenta ledger``: check that all books balance, print statements, and bill the fees that merchants owe."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import asyncpg
import typer

from commands.owed_fees import RecordFeePayment
from commands.ports import Context
from domain.fee_payment.aggregate import fee_payment_stream
from domain.kernel import DomainError
from domain.money import Money
from infra.bootstrap import NotConfigured, open_platform
from infra.cli.output import output, print_json, say
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed
from infra.log.ledger import LedgerCheck, check_ledger
from projections.catalog.queries import store_by_id, store_by_slug
from projections.reading.scope import SYSTEM
from projections.sales.ledger_queries import as_csv, month_of, statement
from projections.sales.owed_fees import OwedFees, bill_as_csv, owed_fees, owed_fees_of

app = typer.Typer(help="The ledger: check it, print statements, and bill fees.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_REFUSALS = (NotConfigured, ServerFailed, DomainError, asyncpg.PostgresError, OSError)


class StoreNotFound(NotConfigured):
    """No store has the slug or id."""

    def __init__(self, text: str) -> None:
        super().__init__(f"No store {text!r}. Use a store's slug or id.")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check that every entry balances, that the read model has each posting of the log, and that Stripe took the same fees.

    Exit status 0: clean. Exit status 1: different.
    """
    result = run(lambda _: _check(), *_REFUSALS)
    if as_json:
        print_json(
            {
                "entries": result.entries,
                "books": result.books,
                "fees": result.fees,
                "differences": list(result.differences),
            }
        )
    elif result.differences:
        output.print(f"[red]Different.[/] {len(result.differences):,} differences:")
        for difference in result.differences:
            say(difference)
    else:
        fees = f" {result.fees:,} fees at Stripe agree." if result.fees else ""
        books = "1 book, which" if result.books == 1 else f"{result.books:,} books; each"
        output.print(f"[green]Clean.[/] {result.entries:,} entries in {books} sums to zero.{fees}")
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
        say(f"{fee.merchant_id}  {fee.amount}{'  paid in advance' if fee.amount.minor < 0 else ''}")
    if not fees:
        output.print("No merchant owes a platform fee.")


@app.command()
def bill(
    merchant: Annotated[UUID, typer.Argument(help="A merchant's id, as “zyenta ledger owed” prints it.")],
    month: Annotated[str, typer.Argument(help="Such as 2026-11, in UTC.")],
) -> None:
    """Print what changed a merchant's owed fees in a month as CSV, to bill it."""
    say_csv(run(lambda _: _bill(merchant, month), *_REFUSALS))


def say_csv(text: str) -> None:
    """Print CSV with the line ends of a terminal. A carriage return would be escaped like any control character."""
    say(text.replace("\r\n", "\n").rstrip("\n"))


async def _bill(merchant_id: UUID, month: str) -> str:
    since, until = month_of(month)
    async with settings_of_running() as settings, open_platform(settings) as platform:
        return bill_as_csv(await owed_fees_of(await platform.readers(), merchant_id, since, until, scope=SYSTEM))


@app.command()
def paid(
    merchant: Annotated[UUID, typer.Argument(help="A merchant's id, as “zyenta ledger owed” prints it.")],
    amount: Annotated[str, typer.Argument(help="Such as 12.50.")],
    currency: Annotated[str, typer.Argument(help="Such as USD.")],
    reference: Annotated[str, typer.Argument(help="Your invoice's number. The same one counts once.")],
) -> None:
    """Record that a merchant paid owed fees."""
    try:
        money = _exact(amount, currency.upper())
    except (ValueError, ArithmeticError) as error:
        raise typer.BadParameter(f"Invalid amount {amount!r} {currency!r}. Use an amount such as 12.50 USD.") from error
    run(lambda _: _paid(merchant, money, reference), *_REFUSALS)
    output.print(f"Recorded. {money} of fees are paid.")


def _exact(amount: str, currency: str) -> Money:
    """Return an amount of a payment.

    Raises:
        ValueError: it is not an amount of the currency, not above zero, or has more digits than the currency.
        ArithmeticError: the text is not a number.
    """
    number = Decimal(amount)
    money = Money.parse(number, currency)
    if money.minor <= 0 or money.decimal != number:
        raise ValueError(amount)
    return money


async def _paid(merchant_id: UUID, amount: Money, reference: str) -> None:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        command = RecordFeePayment(merchant_id=merchant_id, reference=reference, amount=amount)
        id = fee_payment_stream(merchant_id, f"{reference}:{amount}")
        await (await platform.bus()).dispatch(command, Context(command_id=id, correlation_id=id))


async def _owed() -> tuple[OwedFees, ...]:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        return await owed_fees(await platform.readers(), scope=SYSTEM)


@app.command("statement")
def print_statement(
    store: Annotated[str, typer.Argument(help="A store's slug or id.")],
    month: Annotated[str, typer.Argument(help="Such as 2026-11, in the store's time zone.")],
) -> None:
    """Print a store's entries of a month as CSV."""
    say_csv(run(lambda _: _statement(store, month), *_REFUSALS))


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
