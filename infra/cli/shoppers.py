"""``zyenta shoppers``: find people who ordered, and forget them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
import typer

from commands.ports import Context
from commands.shopper import ForgetShopper
from domain.ids import derived
from domain.kernel import DomainError
from infra.adapters.postgres.shoppers import KnownShopper, ReadModelShoppers
from infra.bootstrap import NotConfigured, Platform, open_platform
from infra.cli.output import output, print_json, say
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed

app = typer.Typer(help="People who ordered: find them, and forget them for good.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_REFUSALS = (NotConfigured, ServerFailed, DomainError, asyncpg.PostgresError, OSError)


class NobodyFound(Exception):
    """Nothing that was ordered fits."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"There is no order {text}, and no shopper with that id. Give an order number (ZY-7Q2M4K), an order id or a "
            "shopper id; “zyenta shoppers find EMAIL” shows them."
        )


class SeveralFound(Exception):
    """An order number stands for several orders."""

    def __init__(self, found: list[KnownShopper]) -> None:
        ids = ", ".join(str(shopper.order_id) for shopper in found)
        super().__init__(
            f"{found[0].order_number} is the number of several stores' orders: {ids}. Give one of the ids."
        )


class NoReadModel(NotConfigured):
    """Nobody can be looked for yet."""

    def __init__(self) -> None:
        super().__init__(
            "The read model of orders is not there yet. “zyenta up” makes it, and so does “zyenta projector”."
        )


@app.command()
def find(
    email: Annotated[str, typer.Argument(help="The whole address; letter case does not matter.")],
    as_json: AsJson = False,
) -> None:
    """Find the orders placed under an e-mail address. Every order is opened for the comparison."""
    found = run(lambda _: _find(email), *_REFUSALS)
    if as_json:
        print_json({"shoppers": [_as_json(shopper) for shopper in found]})
        return
    if not found:
        output.print("Nobody ordered under that address, or they are forgotten.")
    for shopper in found:
        # Line by line: an id is of use only as a whole, and three in a row are wider than a terminal.
        say(f"{shopper.order_number}  placed {shopper.placed_at:%Y-%m-%d %H:%M}")
        say(f"  order id    {shopper.order_id}\n  shopper id  {shopper.shopper_id}\n  store id    {shopper.store_id}")


async def _find(email: str) -> list[KnownShopper]:
    async with _opened() as (_, shoppers):
        return [shopper async for shopper in shoppers.with_email(email)]


@app.command()
def forget(
    who: Annotated[str, typer.Argument(help="An order number, order id or shopper id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a shopper's name, e-mail and address everywhere, for good. Their order stays, without them."""
    shopper = run(lambda _: _one(who), NobodyFound, SeveralFound, *_REFUSALS)
    if not yes and not as_json:
        # Not while the event loop runs: Ctrl-C would not reach the question.
        typer.confirm(
            f"Erase the name, e-mail and address of the shopper of order {shopper.order_number} for good?", abort=True
        )
    run(lambda _: _forget(shopper), *_REFUSALS)
    if as_json:
        print_json(_as_json(shopper))
    else:
        output.print(f"[green]Forgotten.[/] The shopper of order {shopper.order_number} is nobody any more.")


async def _one(who: str) -> KnownShopper:
    async with _opened() as (_, shoppers):
        found = await shoppers.by_reference(who)
    if not found:
        raise NobodyFound(who)
    if len({shopper.shopper_id for shopper in found}) > 1:
        raise SeveralFound(found)
    return found[0]


async def _forget(shopper: KnownShopper) -> None:
    async with _opened() as (platform, _):
        id = derived(shopper.shopper_id, "forget")
        await (await platform.bus()).dispatch(
            ForgetShopper(shopper_id=shopper.shopper_id, store_id=shopper.store_id),
            Context(command_id=id, correlation_id=id),
        )
        # The policy does so too, but whoever asks for it should see it done.
        await (await platform.personal()).forget(shopper.shopper_id)


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[Platform, ReadModelShoppers]]:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        try:
            yield platform, ReadModelShoppers(await platform.pool(), await platform.personal())
        except asyncpg.UndefinedTableError as error:
            raise NoReadModel from error


def _as_json(shopper: KnownShopper) -> dict[str, Any]:
    return {
        "shopper_id": str(shopper.shopper_id),
        "store_id": str(shopper.store_id),
        "order_id": str(shopper.order_id),
        "order_number": shopper.order_number,
        "placed_at": shopper.placed_at.isoformat(),
    }
