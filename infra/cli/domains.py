"""``zyenta domains``: list stores' own domains, and look for the proof of one now."""

from typing import Annotated
from uuid import uuid4

import asyncpg
import typer

from commands.domains import RecordDomainCheck
from commands.ports import Context
from consumers.schedules.domain_checks import problem_of
from domain.kernel import DomainError, Transient
from domain.store.domain_names import checked_domain, shown_domain
from domain.store.domains import proof_name, proof_value
from infra.adapters.dns.resolver import DnsTxtRecords
from infra.bootstrap import NotConfigured, open_platform
from infra.cli.output import output, print_json, say
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed
from projections.catalog.queries import all_domains
from projections.catalog.views import DomainView
from projections.reading.scope import SYSTEM

app = typer.Typer(help="Stores' own domains: list them, and look for a proof.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
_REFUSALS = (NotConfigured, ServerFailed, DomainError, Transient, asyncpg.PostgresError, OSError)


class DomainUnknown(NotConfigured):
    """No store connected the domain."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No store has the domain {name!r}. Its merchant connects it first (connectDomain).")


@app.command("list")
def list_domains(as_json: AsJson = False) -> None:
    """List the domains of all stores, the newest first; at most 1,000."""
    views = run(lambda _: _domains(), *_REFUSALS)
    for view in views:
        if as_json:
            print_json(_facts(view))
        else:
            problem = "" if view.problem is None else f"  {view.problem}"
            say(f"{view.status:<9} {shown_domain(view.name)}{problem}")
    if not views and not as_json:
        output.print("No store has a domain of its own.")


@app.command()
def check(domain: Annotated[str, typer.Argument(help="Such as shop.example.com.")], as_json: AsJson = False) -> None:
    """Look for a domain's proof now, and record what was found.

    Exit status 0: the proof is there. Exit status 1: it is not.
    """
    view, problem = run(lambda _: _check(domain), *_REFUSALS)
    if as_json:
        print_json(_facts(view) | {"problem": problem})
    elif problem is None:
        output.print(f"[green]Proved.[/] {proof_name(view.name)} has the record of store {view.store_id}.")
    else:
        output.print(f"[red]{problem}.[/] Publish this record, then check again:")
        say(f'{proof_name(view.name)}. TXT "{proof_value(view.token)}"')
    if problem is not None:
        raise typer.Exit(1)


def _facts(view: DomainView) -> dict[str, object]:
    return {
        "domain": view.name,
        "store_id": str(view.store_id),
        "status": view.status,
        "problem": view.problem,
        "proof_name": proof_name(view.name),
        "proof_value": proof_value(view.token),
        "off_at": None if view.off_at is None else view.off_at.isoformat(),
    }


async def _domains() -> tuple[DomainView, ...]:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        return await all_domains(await platform.readers(), scope=SYSTEM)


async def _check(typed: str) -> tuple[DomainView, str | None]:
    async with settings_of_running() as settings, open_platform(settings) as platform:
        name = checked_domain(typed, platform=settings.platform_domains)
        views = await all_domains(await platform.readers(), scope=SYSTEM, name=name)
        if not views:
            raise DomainUnknown(name)
        records = DnsTxtRecords(settings.dns_servers, port=settings.dns_port)
        bus = await platform.bus()
        checked = []
        for view in views:
            problem = await problem_of(view, records)
            id = uuid4()
            command = RecordDomainCheck(store_id=view.store_id, domain=name, problem=problem)
            await bus.dispatch(command, Context(command_id=id, correlation_id=id))
            checked.append((view, problem))
        # Several stores may have connected it; the one that it proves is of interest.
        return min(checked, key=lambda each: each[1] is not None)
