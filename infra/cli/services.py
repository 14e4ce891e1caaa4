"""``zyenta up`` and the single services."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.panel import Panel
from rich.table import Table

from infra.bootstrap import ROLES, NotConfigured, open_platform, run_consumers, run_projectors
from infra.cli.output import console, output, print_refusal
from infra.cli.platform_settings import settings_from, supervisor_of
from infra.cli.run_command import Interrupted, run, unless_stopped
from infra.cli.service_process import run_process
from infra.demo.log_in import LogIn, enter
from infra.embedded.process import ServerFailed
from infra.embedded.supervisor import AlreadyRunning, Supervisor
from infra.production import NoInventedShops, NotForProduction, refuse_invented_shops, refuse_unready
from infra.sandbox.mailbox.key import mailbox_key
from infra.settings import Settings, misspelled_variables, read_settings

if TYPE_CHECKING:
    from infra.demo.shop.seeding import DemoShop

SHOWN_SECONDS = 60
FIRST_EMAIL, PASSWORD_LENGTH = "you@zyenta.example", 16
"""The merchant that a sandbox begins with."""
FIRST_REGISTRATION = UUID("0193b5c8-0000-7000-8000-0000000000f1")
"""Names that merchant's registration, which happens once in a data directory."""
REGISTER = (
    'mutation { register(input: {email: "you@example.com", password: "a long password", name: "You"})'
    " { accessToken userErrors { message } } }"
)
REQUEST_STORE = (
    'mutation { requestStore(input: {niche: "Cyberpunk home decor", contactEmail: "you@example.com"})'
    " { storeId userErrors { message } } }"
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(up)
    app.command("run", help=f"Run several services in one process: {', '.join(ROLES)}.")(run_services)
    app.command(help="Serve GraphQL, REST and webhooks.")(gateway)
    app.command(help="Serve every store to shoppers.")(storefront)
    app.command(help="Publish events from the event store to the topic.")(publisher)
    app.command(help="Run agents and policies: the named ones, or all.")(consumer)
    app.command(help="Keep read models up to date: the named ones, or all.")(projector)


def up(
    demo_shop: Annotated[
        bool,
        typer.Option(
            "--demo-shop", help="Begin with a finished store, past orders and a log-in, on a new data directory."
        ),
    ] = False,
) -> None:
    """Run the whole platform until Ctrl-C. Servers with a configured address are used, not started."""
    refusals: list[type[Exception]] = []
    if demo_shop:
        # They load agents and read models, which the process that only watches the platform does not need.
        from infra.demo.shop.seeding import NoSandbox, NotEmpty  # noqa: PLC0415
        from projections.reading.consistency import Stale  # noqa: PLC0415

        refusals = [NoSandbox, NotEmpty, Stale]
    run(
        lambda stop: _up(stop, demo_shop=demo_shop),
        AlreadyRunning,
        Interrupted,
        ServerFailed,
        NotConfigured,
        NoInventedShops,
        NotForProduction,
        TimeoutError,
        *refusals,
    )


async def _up(stop: asyncio.Event, *, demo_shop: bool) -> None:
    settings = read_settings()
    for name, setting in misspelled_variables().items():
        console.print(f"Warning: {name} is not a setting. Did you mean {setting}?", markup=False)
    refuse_unready(settings)
    if demo_shop:
        refuse_invented_shops(settings)
    supervisor = supervisor_of(settings)
    seeded: list[DemoShop] = []

    async def seed() -> None:
        seeded.append(await _seed(settings_from(supervisor.environment)))

    with console.status("Starting the platform …"):
        await unless_stopped(supervisor.start(before_services=seed if demo_shop else None), stop)
    try:
        running = settings_from(supervisor.environment)
        log_in = None if seeded else await unless_stopped(first_log_in(running), stop)
        output.print(addresses(supervisor, log_in))
        for shop in seeded:
            await unless_stopped(until_shown(running, shop), stop)
            output.print(shop_steps(running, shop), markup=False, soft_wrap=True)
        output.print(next_steps(running, has_shop=bool(seeded)), markup=False, soft_wrap=True)
        await stop.wait()
        console.print("Stopping …")
    finally:
        await supervisor.stop()


async def _seed(settings: Settings) -> "DemoShop":
    from infra.demo.shop.seeding import seed_shop  # noqa: PLC0415 - it loads agents

    async with open_platform(settings) as platform:
        return await seed_shop(platform, now=platform.clock.now())


async def until_shown(settings: Settings, shop: "DemoShop") -> None:
    """Wait until the read models show all of the demo shop.

    Raises:
        Stale: they did not in :data:`SHOWN_SECONDS`.
    """
    from projections.names import NAMES  # noqa: PLC0415
    from projections.reading.consistency import CheckpointConsistency  # noqa: PLC0415

    async with open_platform(settings) as platform:
        await CheckpointConsistency(await platform.pool(), NAMES, seconds=SHOWN_SECONDS).wait(shop.token)


def shop_steps(settings: Settings, shop: "DemoShop") -> str:
    """Return where the demo shop is, and how its merchant logs in."""
    return (
        f"The demo shop is open: {settings.storefront_url(shop.slug)}\n"
        f"    Dashboard: {settings.gateway_url}/dashboard\n    Log-in: {shop.email}\n    Password: {shop.password}\n    Store: {shop.store_id}"
    )


async def first_log_in(settings: Settings) -> LogIn | None:
    """Return the log-in of the merchant that a sandbox begins with. None if it was changed or deleted, or money is real."""
    if settings.stripe_secret_key is not None or settings.smtp_url is not None:
        return None
    async with open_platform(settings, with_database=False) as platform:
        # The oldest key: a rotation leaves the password as it is.
        password = platform.keys().derive_each("first log-in")[-1].hex()[:PASSWORD_LENGTH]
    log_in = LogIn(FIRST_EMAIL, password)
    return log_in if await enter(settings.gateway_url, log_in, request_id=FIRST_REGISTRATION) else None


def addresses(supervisor: Supervisor, log_in: LogIn | None = None) -> Panel:
    """Return a panel with all addresses. The dashboard's comes first, with a log-in if there is one."""
    table = Table.grid(padding=(0, 2))
    settings = settings_from(supervisor.environment)
    table.add_row("[bold]Dashboard[/]", f"[bold]{settings.gateway_url}/dashboard[/]")
    if log_in is not None:
        table.add_row("Log in", f"{log_in.email} · {log_in.password}")
    table.add_row("GraphQL", f"{settings.gateway_url}/graphql")
    table.add_row("REST", f"{settings.gateway_url}/api/v1")
    table.add_row("Events", f"{settings.gateway_url}/events")
    table.add_row("Kafka (to read)", supervisor.readers_address)
    table.add_row("Storefronts", settings.storefront_url("<slug>"))
    if settings.smtp_url is None:
        key = mailbox_key(bytes.fromhex(supervisor.environment["ZYENTA_SANDBOX_SECRET"]))
        table.add_row("Mailbox", f"{settings.sandbox_url}/mail/{key}")
    table.add_row("Data", str(supervisor.data_dir))
    return Panel(table, title="Zyenta is running", subtitle="Ctrl-C stops it", expand=False, padding=(1, 2))


def next_steps(settings: Settings, *, has_shop: bool = False) -> str:
    """Return the first steps on a new platform, or on one with a finished shop. Each command to copy has its own line."""
    task = "look at the shop's orders, goods and pages" if has_shop else "type what the shop will sell"
    steps = [
        f"Next, open {settings.gateway_url}/dashboard in a browser, log in, and {task}.",
        mailbox_hint(settings),
        f"Programs begin at {settings.gateway_url}/quickstart. Or open {settings.gateway_url}/graphql and send",
        f"    {REGISTER}",
        "Put its accessToken into the header “Authorization: Bearer …”, then send",
        f"    {REQUEST_STORE}",
        "After about a minute the store is ready for review: send approveStore, then publishStore.",
        "To inspect the platform, run in another terminal, in this directory:",
        "    zyenta doctor\n    zyenta log tail --follow",
        resolver_hint(settings, "<slug>"),
    ]
    return "\n".join(filter(None, steps))


def mailbox_hint(settings: Settings) -> str | None:
    """Return where mails arrive. None if a mail server delivers them."""
    if settings.smtp_url is not None:
        return None
    return "No mail leaves this machine. Links in mails, such as the one that confirms an address, are in the mailbox above."


def resolver_hint(settings: Settings, slug: str) -> str | None:
    """Return how to reach a store without resolving ``*.localhost``. None if stores have other names."""
    host, _, port = settings.storefront_domain.partition(":")
    if host != "localhost":
        return None
    return (
        f"Where {slug}.localhost does not resolve (Python, Java, small containers), call 127.0.0.1 with a Host header:\n"
        f'    curl -H "Host: {slug}.{settings.storefront_domain}" http://127.0.0.1:{port or 80}/'
    )


def run_services(roles: Annotated[list[str], typer.Argument(help="The services to run.")]) -> None:
    """Run several services in one process."""
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        print_refusal(f"unknown service {', '.join(map(repr, unknown))}. Use one of: {', '.join(ROLES)}.")
        raise typer.Exit(2)
    run_process(roles, [ROLES[role] for role in roles])


def gateway() -> None:
    """Run the gateway."""
    run_process(["gateway"], [ROLES["gateway"]])


def storefront() -> None:
    """Run the storefront."""
    run_process(["storefront"], [ROLES["storefront"]])


def publisher() -> None:
    """Run the publisher."""
    run_process(["publisher"], [ROLES["publisher"]])


def consumer(names: Annotated[list[str] | None, typer.Argument(help="Consumers to run. Default: all.")] = None) -> None:
    """Run consumers."""
    run_process(["consumers"], [partial(run_consumers, names=tuple(names or ()))])


def projector(
    names: Annotated[list[str] | None, typer.Argument(help="Read models to project. Default: all.")] = None,
) -> None:
    """Run projectors."""
    run_process(["projectors"], [partial(run_projectors, names=tuple(names or ()))])
