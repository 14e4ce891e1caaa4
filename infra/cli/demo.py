"""``zyenta demo``: create a store for a niche, publish it and buy something in it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from domain.generation.events import Step
from infra.bootstrap import open_platform
from infra.cli.output import console, output, print_json, print_refusal
from infra.cli.platform_settings import settings_from, supervisor_of
from infra.cli.run_command import Interrupted, run, sentence_of, unless_stopped
from infra.cli.services import resolver_hint
from infra.cli.step_progress import shown_steps
from infra.demo.calls import CallFailed
from infra.demo.log_in import LogIn
from infra.demo.merchant import Merchant, PlatformError, in_words
from infra.demo.outcome import Outcome
from infra.demo.shopper import Shopper, UnexpectedPage
from infra.embedded.process import ServerFailed
from infra.embedded.supervisor import AlreadyRunning, Supervisor
from infra.log.verification import verify_log
from infra.production import NoInventedShops, refuse_invented_shops
from infra.settings import read_settings
from infra.web.http_clients import in_house_client

GENERATION_SECONDS = 600
PUBLISH_SECONDS = 60
PAID_SECONDS = 60
AGENT_STEPS = frozenset(Step)
"""Steps within ``generate``; the summary indents them."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(demo)


def demo(
    niche: Annotated[
        str,
        typer.Argument(
            help="What the store sells: “Cyberpunk home decor”, “Dog toys”, “Tea and coffee corner”, “Hand tools” or another "
            "niche. The GraphQL field nicheSuggestions has more that the sample supplier serves well."
        ),
    ],
    once: Annotated[bool, typer.Option("--once", help="Stop after the order is paid and the log is verified.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Turn a niche into a published store, buy something in it, and keep serving until Ctrl-C."""
    outcome = Outcome()
    try:
        run(
            lambda stop: _demo(niche, stop, outcome, once=once, to=console if as_json else output),
            AlreadyRunning,
            ServerFailed,
            PlatformError,
            UnexpectedPage,
            Interrupted,
            CallFailed,
            NoInventedShops,
            TimeoutError,
        )
        for problem in outcome.problems():
            print_refusal(problem)
    finally:
        if as_json:
            print_json(vars(outcome), flush=True)
    if outcome.error:
        raise typer.Exit(1)


async def _demo(niche: str, stop: asyncio.Event, outcome: Outcome, *, once: bool, to: Console) -> None:
    started = time.monotonic()
    try:
        await _show(niche, stop, outcome, once=once, to=to)
    except Exception as error:
        outcome.error = sentence_of(error)
        outcome.seconds_total = outcome.seconds_total or round(time.monotonic() - started, 1)
        raise
    outcome.error = "; ".join(outcome.problems()) or None


async def _show(niche: str, stop: asyncio.Event, outcome: Outcome, *, once: bool, to: Console) -> None:
    started = time.monotonic()
    settings = read_settings()
    refuse_invented_shops(settings)
    supervisor = supervisor_of(settings)
    with console.status("Starting PostgreSQL, the broker and the services …"):
        async with _timed(outcome, "start"):
            await unless_stopped(supervisor.start(), stop)
    try:
        log_in = await unless_stopped(_story(niche, supervisor, outcome), stop)
        outcome.seconds_total = round(time.monotonic() - started, 1)
        to.print(_summary(outcome, supervisor, log_in, serving=not once))
        if not once:
            slug = (urlsplit(outcome.storefront_url).hostname or "").partition(".")[0]
            if hint := resolver_hint(settings_from(supervisor.environment), slug):
                console.print(hint, markup=False, soft_wrap=True)
            await stop.wait()
            console.print("Stopping …")
    finally:
        await supervisor.stop()


async def _story(niche: str, supervisor: Supervisor, outcome: Outcome) -> LogIn:
    async with in_house_client(timeout=30) as client:
        merchant = Merchant(client, supervisor.gateway_url)
        async with _timed(outcome, "register"):
            log_in = await merchant.register()
        async with _timed(outcome, "generate", within=GENERATION_SECONDS):
            outcome.store_id, token = await merchant.request_store(niche, contact_email=log_in.email)
            await _show_progress(merchant, outcome.store_id, token)
        async with _timed(outcome, "approve and publish", within=PUBLISH_SECONDS):
            await _until_ready(merchant, outcome.store_id)
            store = await merchant.publish(outcome.store_id)
        outcome.take(store)
        async with _timed(outcome, "shop and pay", within=PAID_SECONDS):
            await _shop(outcome.storefront_url)
            while outcome.order.get("status") != "PAID":
                await asyncio.sleep(0.1)
                for order in (await merchant.orders(outcome.store_id))[:1]:
                    total = f"{order['total']} {order['currency']}"
                    outcome.order = {**{name: order[name] for name in ("id", "number", "status")}, "total": total}
    async with _timed(outcome, "verify the log"), open_platform(settings_from(supervisor.environment)) as platform:
        parity = await verify_log(await platform.log(), platform.bootstrap_servers)
        outcome.log_verified, outcome.events = parity.equal, dict(sorted(parity.by_type.items()))
        if parity.difference:
            console.print(f"[red]{escape(parity.difference)}[/]")
    return log_in


async def _show_progress(merchant: Merchant, store_id: str, token: str) -> None:
    last: dict[str, Any] = {}
    with shown_steps(console) as update:
        async for last in merchant.watch(store_id, token):
            for step in last["steps"]:
                update(step)
    if last.get("status") == "NEEDS_ATTENTION":
        raise PlatformError(in_words(last["attention"]))
    if last.get("status") != "COMPLETED":
        raise PlatformError(last.get("error") or "The generation ended before it was complete; it reported no error.")


async def _until_ready(merchant: Merchant, store_id: str) -> None:
    """Approve the store as soon as it is ready for review, a moment after its generation completes."""
    while True:
        try:
            await merchant.approve(store_id)
        except PlatformError as refused:
            if "CREATING" not in str(refused):
                raise
            await asyncio.sleep(0.1)
        else:
            return


async def _shop(storefront_url: str) -> None:
    async with in_house_client(timeout=30) as client:
        shopper = Shopper(client, storefront_url)
        await shopper.visit("/")
        await shopper.visit("/products?stock=in")
        await shopper.follow("/products/")
        await shopper.submit("/cart/add", quantity="1")
        await shopper.visit("/checkout")
        await shopper.submit(
            "/checkout",
            name="Robin Example",
            email="robin@example.com",
            line1="1 Sample Street",
            city="Springfield",
            region="IL",
            postcode="62701",
        )
        await shopper.submit("/pay", decision="pay")
        if "/checkout/success/" not in shopper.url:
            raise UnexpectedPage(f"The payment led to {shopper.url}, not to the confirmation page.")


@asynccontextmanager
async def _timed(outcome: Outcome, name: str, *, within: float | None = None) -> AsyncIterator[None]:
    started = time.monotonic()
    try:
        async with asyncio.timeout(within) as limit:
            yield
    except TimeoutError as error:
        if limit.expired():
            raise TimeoutError(
                f"Step “{name}” took longer than {within:.0f} s. The logs are in the data directory under logs/."
            ) from error
        raise
    finally:
        outcome.steps.append({"name": name, "seconds": round(time.monotonic() - started, 2)})


def _summary(outcome: Outcome, supervisor: Supervisor, log_in: LogIn, *, serving: bool) -> Panel:
    facts = Table.grid(padding=(0, 2))
    if serving:
        facts.add_row("Dashboard", f"[bold]{supervisor.gateway_url}/dashboard[/]")
        facts.add_row("Log in", f"{log_in.email} · {log_in.password}")
    facts.add_row("Store", f"[bold]{escape(outcome.name)}[/]")
    facts.add_row(
        "",
        f"{outcome.products} products from {outcome.candidates} candidates, "
        f"{outcome.images_processed} images, {outcome.pages} pages",
    )
    order = outcome.order
    facts.add_row("Order", f"{order['number']} · {order['status']} · {order['total']}")
    verified = (
        "equal in event store and topic, every hash chain intact" if outcome.log_verified else "[red]NOT equal[/]"
    )
    facts.add_row("Log", f"{sum(outcome.events.values()):,} events, {verified}")
    missing = ", ".join(f"{code} ({mutation})" for code, mutation in outcome.blockers.items())
    facts.add_row("Before real sales", missing or "nothing is missing")
    if serving:
        facts.add_row("Storefront", outcome.storefront_url)
        facts.add_row("GraphQL", f"{supervisor.gateway_url}/graphql")
    times = Table(box=None, padding=(0, 2), show_header=False)
    for step in outcome.steps:
        indent = "  " if step["name"] in AGENT_STEPS else ""
        times.add_row(f"{indent}{step['name']}", f"{step['seconds']:.2f} s")
    times.add_row("[bold]total[/]", f"[bold]{outcome.seconds_total:.1f} s[/]")
    subtitle = "Serving until Ctrl-C" if serving else "Done"
    return Panel(Group(facts, "", times), title="Zyenta demo", subtitle=subtitle, expand=False, padding=(1, 2))
