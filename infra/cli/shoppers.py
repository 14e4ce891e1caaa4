"""``zyenta shoppers``: find shoppers by e-mail, and erase their personal data."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
import typer

from commands.ports import Context
from commands.shopper import ForgetShopper
from commands.stock_notice import EndStockNotice
from domain.ids import derived
from domain.kernel import DomainError
from domain.stock_notice.events import StockNoticeEnd
from infra.adapters.postgres.carts import PostgresCarts
from infra.adapters.postgres.discount_shoppers import PostgresDiscountShoppers
from infra.adapters.postgres.shoppers import KnownShopper, ReadModelShoppers
from infra.bootstrap import NotConfigured, Platform, open_platform
from infra.cli.output import output, print_json, say
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed

app = typer.Typer(help="Shoppers: find them, and erase their personal data.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_REFUSALS = (NotConfigured, ServerFailed, DomainError, asyncpg.PostgresError, OSError)


class ShopperNotFound(Exception):
    """No order or shopper has the number or id."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"No order or shopper {text!r}. Use an order number (ZY-7Q2M4K), or the id of an order, a stock notice or a "
            "shopper from “zyenta shoppers find EMAIL”."
        )


class AmbiguousOrderNumber(Exception):
    """Orders of several stores have the order number."""

    def __init__(self, found: list[KnownShopper]) -> None:
        ids = ", ".join(str(shopper.order_id) for shopper in found)
        super().__init__(
            f"Order number {found[0].order_number} exists in several stores. Use one of the order ids: {ids}."
        )


class NoReadModel(NotConfigured):
    """The read model of orders does not exist yet."""

    def __init__(self) -> None:
        super().__init__(
            "The read model of orders does not exist yet. Run “zyenta up” or “zyenta projector” to build it."
        )


@app.command()
def find(
    email: Annotated[str, typer.Argument(help="The whole address. Letter case does not matter.")],
    as_json: AsJson = False,
) -> None:
    """Find the orders and stock notices of an e-mail address. Decrypts the address of each to compare it."""
    found = run(lambda _: _find(email), *_REFUSALS)
    if as_json:
        print_json({"shoppers": [_as_json(shopper) for shopper in found]})
        return
    if not found:
        output.print("No order or stock notice has that address, or its shopper is forgotten.")
    for shopper in found:
        # One id per line: ids must not be cut, and three are wider than a terminal.
        kind, id = ("notice id", shopper.notice_id) if shopper.order_id is None else ("order id ", shopper.order_id)
        say(f"{shopper.order_number or 'Stock notice'}  placed {shopper.placed_at:%Y-%m-%d %H:%M}")
        say(f"  {kind}   {id}\n  shopper id  {shopper.shopper_id}\n  store id    {shopper.store_id}")


async def _find(email: str) -> list[KnownShopper]:
    async with _open() as (_, shoppers):
        return [shopper async for shopper in shoppers.with_email(email)]


@app.command()
def forget(
    who: Annotated[str, typer.Argument(help="An order number, or an order, notice or shopper id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a shopper's name, e-mail and address everywhere, permanently. The order stays without them."""
    shopper = run(lambda _: _one(who), ShopperNotFound, AmbiguousOrderNumber, *_REFUSALS)
    if not yes and not as_json:
        # Outside the event loop, because Ctrl-C must reach the prompt.
        typer.confirm(
            f"Permanently erase the name, e-mail and address of the shopper of {shopper.what}?",
            abort=True,
        )
    run(lambda _: _forget(shopper), *_REFUSALS)
    if as_json:
        print_json(_as_json(shopper))
    else:
        output.print(f"[green]Forgotten.[/] The personal data of the shopper of {shopper.what} is erased.")


async def _one(who: str) -> KnownShopper:
    async with _open() as (_, shoppers):
        found = await shoppers.by_reference(who)
    if not found:
        raise ShopperNotFound(who)
    if len({shopper.shopper_id for shopper in found}) > 1:
        raise AmbiguousOrderNumber(found)
    return found[0]


async def _forget(shopper: KnownShopper) -> None:
    async with _open() as (platform, _):
        id = derived(shopper.shopper_id, "forget")
        command: object = ForgetShopper(shopper_id=shopper.shopper_id, store_id=shopper.store_id)
        if shopper.notice_id is not None:
            command = EndStockNotice(notice_id=shopper.notice_id, end=StockNoticeEnd.ERASED)
        await (await platform.bus()).dispatch(command, Context(command_id=id, correlation_id=id))
        # forgetting-policy does this too, but this command must not report success before it is done.
        await (await platform.personal()).forget(shopper.shopper_id)
        for person in await PostgresCarts(await platform.pool()).forget(shopper.shopper_id):
            await (await platform.personal()).forget(person)
        await PostgresDiscountShoppers(await platform.pool()).forget(shopper.shopper_id)


@asynccontextmanager
async def _open() -> AsyncIterator[tuple[Platform, ReadModelShoppers]]:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        try:
            yield platform, ReadModelShoppers(await platform.pool(), await platform.personal())
        except asyncpg.UndefinedTableError as error:
            raise NoReadModel from error


def _as_json(shopper: KnownShopper) -> dict[str, Any]:
    return {
        "shopper_id": str(shopper.shopper_id),
        "store_id": str(shopper.store_id),
        "order_id": None if shopper.order_id is None else str(shopper.order_id),
        "notice_id": None if shopper.notice_id is None else str(shopper.notice_id),
        "order_number": shopper.order_number,
        "placed_at": shopper.placed_at.isoformat(),
    }
