"""A process of services, without the terminal's libraries: they take more memory than a small service."""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence

from infra.bootstrap import ROLES, NotConfigured, Role, run_roles
from infra.cli.run_command import configure_logging, run
from infra.cli.streams import close_output
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
    leave()


def leave() -> None:
    """End this process. Everything is closed by now, and the kernel takes the memory.

    Python would look at each object before it frees it. In a copy of the fork server that copies 40 MB of shared pages and
    takes .8 s of CPU time: eight services that stop on a busy machine outlast the supervisor's patience.
    """
    logging.shutdown()
    close_output()
    sys.stderr.flush()
    os._exit(0)
