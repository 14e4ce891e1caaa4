"""``zyenta supplier``: tell the sample supplier to change, to test what a store does then."""

from decimal import Decimal
from typing import Annotated, Any

import httpx
import typer

from domain.kernel import DomainError
from domain.money import Money
from infra.bootstrap import NotConfigured
from infra.cli.output import output, print_json
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed
from infra.sandbox.sample_supplier.app import SANDBOX_KEY

app = typer.Typer(help="The sample supplier: change price, freight and stock, or take it away.", no_args_is_help=True)

_REFUSALS = (NotConfigured, ServerFailed, DomainError, OSError)
Usd = Annotated[str | None, typer.Option(help="In US dollars, such as 12.50.")]


class SupplierAway(NotConfigured):
    """The sandbox does not run, or refuses."""


@app.command()
def change(
    product: Annotated[str, typer.Argument(help="The supplier's id of a listing, such as SS-12345678.")],
    price: Usd = None,
    freight: Usd = None,
    stock: Annotated[int | None, typer.Option(min=0, help="Pieces of each variant.")] = None,
    gone: Annotated[bool, typer.Option("--gone", help="The listing does not exist any more.")] = False,
) -> None:
    """Change a listing. What is omitted is as in the catalog; a later change replaces this one."""
    body = {"cents": _cents(price), "fee_cents": _cents(freight), "available": stock, "gone": gone}
    run(lambda _: _call("PUT", f"/v1/changes/{product}", body), *_REFUSALS)
    output.print(f"Changed {product}.")


@app.command()
def away() -> None:
    """Answer no call until “zyenta supplier reset”."""
    run(lambda _: _call("PUT", "/v1/outage", {"down": True}), *_REFUSALS)
    output.print("The sample supplier is away.")


@app.command()
def reset() -> None:
    """Undo all changes and answer again. Orders stay."""
    run(lambda _: _call("DELETE", "/v1/changes"), *_REFUSALS)
    output.print("The sample supplier is as it was.")


@app.command()
def orders() -> None:
    """Print the orders that it took, as JSON."""
    print_json(run(lambda _: _call("GET", "/v1/orders"), *_REFUSALS)["items"])


def _cents(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return Money.parse(Decimal(text), "USD").minor
    except (ValueError, ArithmeticError) as error:
        raise typer.BadParameter(f"Invalid amount {text!r}. Use US dollars, such as 12.50.") from error


def _reason(answer: httpx.Response) -> str:
    """Return the supplier's own sentence, or the text of an answer without one."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, LookupError, TypeError):
        detail = None
    return detail if isinstance(detail, str) else answer.text[:300]


async def _call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    async with settings_of_running() as settings, httpx.AsyncClient(trust_env=False) as client:
        try:
            answer = await client.request(
                method, settings.sandbox_url + path, json=body, headers={"X-Api-Key": SANDBOX_KEY}
            )
        except httpx.HTTPError as error:
            message = f"The sample supplier does not answer at {settings.sandbox_url}. Start it with “zyenta up”."
            raise SupplierAway(message) from error
    if answer.is_error:
        raise SupplierAway(f"The sample supplier refused: {_reason(answer)}")
    return answer.json() if answer.content else {}
