"""A process of services, without the terminal's libraries: they take more memory than a small service."""

import asyncio
from collections.abc import Sequence

from infra.bootstrap import ROLES, NotConfigured, Role, run_roles
from infra.cli.run_command import configure_logging, run
from infra.production import NotForProduction, refuse_unready
from infra.settings import read_settings

GRACE_SECONDS = 10
"""A service that does not stop in this time is killed. It continues from its checkpoint at the next start."""


def run_named(names: Sequence[str]) -> bool:
    """Run services by name until they stop; False if a name is unknown, so that the command line can say so."""
    if not names or not ROLES.keys() >= set(names):
        return False
    run_process(names, [ROLES[name] for name in names])
    return True


def run_process(names: Sequence[str], roles: Sequence[Role]) -> None:
    """Run services in this process until they stop."""

    async def work(stop: asyncio.Event) -> None:
        settings = read_settings()
        refuse_unready(settings, names)
        configure_logging(settings)
        await run_roles(settings, roles, stop)

    run(work, NotConfigured, NotForProduction, grace=GRACE_SECONDS)
