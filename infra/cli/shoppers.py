"""``zyenta shoppers``: find people who ordered, and forget them."""

import json
from typing import Annotated, Any

import asyncpg
import typer
from rich.table import Table

from commands.ports import Context
from commands.shopper import ForgetShopper
from domain.ids import derived
from domain.kernel import DomainError
from infra.adapters.shoppers import KnownShopper, ReadModelShoppers
from infra.bootstrap import NotConfigured, open_platform
from infra.cli.running import console, run
from infra.cli.target import settings_of_running
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


@app.command()
def find(
    email: Annotated[str, typer.Argument(help="The whole address; letter case does not matter.")],
    as_json: AsJson = False,
) -> None:
    """Find the orders placed under an e-mail address. Every order is opened for the comparison."""
    found = run(lambda _: _find(email), *_REFUSALS)
    if as_json:
        print(json.dumps({"shoppers": [_as_json(shopper) for shopper in found]}))
        return
    table = Table("order", "order id", "shopper id", "store", "placed")
    for shopper in found:
        table.add_row(
            shopper.order_number,
            str(shopper.order_id),
            str(shopper.shopper_id),
            str(shopper.store_id),
            f"{shopper.placed_at:%Y-%m-%d %H:%M}",
        )
    console.print(table if found else "Nobody ordered under that address, or they are forgotten.")


async def _find(email: str) -> list[KnownShopper]:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        shoppers = ReadModelShoppers(await platform.pool(), await platform.personal())
        return [shopper async for shopper in shoppers.with_email(email)]


@app.command()
def forget(
    who: Annotated[str, typer.Argument(help="An order number, order id or shopper id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a shopper's name, e-mail and address everywhere, for good. Their order stays, without them."""
    if not yes and not as_json:
        typer.confirm(f"Erase the name, e-mail and address of the shopper of {who} for good?", abort=True)
    forgotten = run(lambda _: _forget(who), NobodyFound, SeveralFound, *_REFUSALS)
    if as_json:
        print(json.dumps(_as_json(forgotten)))
    else:
        console.print(f"[green]Forgotten.[/] The shopper of order {forgotten.order_number} is nobody any more.")


async def _forget(who: str) -> KnownShopper:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        personal = await platform.personal()
        found = await ReadModelShoppers(await platform.pool(), personal).named(who)
        if not found:
            raise NobodyFound(who)
        if len({shopper.shopper_id for shopper in found}) > 1:
            raise SeveralFound(found)
        shopper = found[0]
        id = derived(shopper.shopper_id, "forget")
        await (await platform.bus()).dispatch(
            ForgetShopper(shopper_id=shopper.shopper_id, store_id=shopper.store_id),
            Context(command_id=id, correlation_id=id),
        )
        # The policy does so too, but whoever asks for it should see it done.
        await personal.forget(shopper.shopper_id)
        return shopper


def _as_json(shopper: KnownShopper) -> dict[str, Any]:
    return {
        "shopper_id": str(shopper.shopper_id),
        "store_id": str(shopper.store_id),
        "order_id": str(shopper.order_id),
        "order_number": shopper.order_number,
        "placed_at": shopper.placed_at.isoformat(),
    }
