"""The fork server's program: it imports what services share, then forks a service for each request (ADR 0081).

It runs no event loop and no threads, holds no secret, and does nothing between requests. A copy leaves :func:`serve` and
continues as ``zyenta`` with the arguments of its request.
"""

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from infra.embedded.fork_server import LOG, PIPES, SETTINGS
from infra.embedded.full_pages import fill_pages
from infra.embedded.launcher import die_with

SHARED = (
    "aiokafka",
    "asyncpg",
    "babel.dates",
    "babel.numbers",
    "coloraide",
    "cryptography.hazmat.primitives.ciphers.aead",
    "email.policy",
    "fastapi",
    "httpcore",
    "httpx",
    "itsdangerous",
    "jinja2",
    "markdown_it",
    "PIL.Image",
    "PIL.ImageOps",
    "starlette_compress",
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "uvloop",
    "commands.bus",
    "commands.registry",
    "consumers.agents.brand",
    "consumers.agents.copywriter",
    "consumers.agents.imager",
    "consumers.agents.scout",
    "consumers.app",
    "consumers.policies.erasure",
    "consumers.policies.generation",
    "consumers.policies.mail",
    "consumers.schedules.deadlines",
    "consumers.schedules.domain_checks",
    "infra.adapters.dns.resolver",
    "infra.adapters.kafka.dead_letter_producer",
    "infra.adapters.kafka.topic",
    "infra.adapters.mail.mailbox",
    "infra.adapters.media.disk",
    "infra.adapters.media.fetch",
    "infra.adapters.media.handover",
    "infra.adapters.payments.sandbox",
    "infra.adapters.payments.sandbox_webhooks",
    "infra.adapters.postgres.accounts",
    "infra.adapters.postgres.canaries",
    "infra.adapters.postgres.carts",
    "infra.adapters.postgres.deliveries",
    "infra.adapters.postgres.discount_shoppers",
    "infra.adapters.postgres.domains",
    "infra.adapters.postgres.event_store",
    "infra.adapters.postgres.evidence_files",
    "infra.adapters.postgres.merchant_brands",
    "infra.adapters.postgres.migrations",
    "infra.adapters.postgres.model_budget",
    "infra.adapters.postgres.outside_answers",
    "infra.adapters.postgres.overdue",
    "infra.adapters.postgres.stock_notices",
    "infra.adapters.postgres.usage",
    "infra.adapters.suppliers.sample",
    "infra.bootstrap.consumers",
    "infra.bootstrap.plan_allowances",
    "infra.cli.service_process",
    "infra.web.conditional",
    "infra.web.edge",
    "infra.web.markdown",
    "infra.web.moments",
    "infra.web.server",
    "infra.web.static_files",
    "infra.writers.brandkit.kit",
    "infra.writers.copykit.scoring",
    "infra.writers.rules.niche.reader",
    "projections.catalog.queries",
    "projections.engine.rebuild.bulk_load",
    "projections.jobs.drafts",
    "projections.jobs.queries",
    "projections.merchants.plan_queries",
    "projections.merchants.queries",
    "projections.reading.consistency",
    "projections.reading.moment",
    "projections.registry",
    "projections.sales.discount_queries",
    "projections.sales.dispute_queries",
    "projections.sales.queries",
    "projections.sales.stock_notice_queries",
    "storefront.read_models",
    "storefront.rendering.formatting",
    "storefront.rendering.order_status",
    "storefront.rendering.theme",
    "storefront.visit.order_links",
)
"""Modules that at least two services load; with what they import, most of a service's code."""

MOST_DESCRIPTORS = 8
MESSAGE_BYTES = 4096
ARGUMENTS_BEGIN = 45
"""Field of ``/proc/PID/stat`` after the name: the address of the command line. The next one is its end."""


def main() -> None:
    """Serve until the supervisor is gone, or continue as a service."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    # Garbage would leave holes in pages, and later collections would write to all of them.
    gc.disable()
    for name in SHARED:
        import_module(name)
    gc.collect()
    fill_pages()
    gc.freeze()
    requests.send(b"ready")
    if serve(requests):
        from infra.cli import main as zyenta  # noqa: PLC0415 - a copy only

        gc.enable()
        zyenta()


def serve(requests: socket.socket) -> bool:
    """Fork a process for each request. Return True in a copy, and False when the supervisor has closed its end."""
    waking, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    ends: tuple[socket.socket | int, ...] = (requests, waking)
    while True:
        readable, _, _ = select.select(ends, [], [])
        if waking in readable:
            os.read(waking, MESSAGE_BYTES)
            _reap()
        if requests not in readable:
            continue
        request, descriptors, _, _ = socket.recv_fds(requests, MESSAGE_BYTES, MOST_DESCRIPTORS)
        if not request:
            return False
        server, pid = os.getpid(), os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (requests.detach(), waking, woken):
                os.close(each)
            _become(json.loads(request), descriptors, server)
            return True
        for each in descriptors:
            os.close(each)
        # Opened before the process can be reaped: its number cannot belong to another one.
        descriptor = os.pidfd_open(pid)
        socket.send_fds(requests, [str(pid).encode()], [descriptor])
        os.close(descriptor)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become(request: Mapping[str, Sequence[str]], descriptors: Sequence[int], server: int) -> None:
    """Make this copy a process of its own: group, parent's death, output, environment and command line."""
    os.setpgid(0, 0)
    die_with(server, signal.SIGKILL)
    for output in (1, 2):
        os.dup2(descriptors[LOG], output)
    os.close(descriptors[LOG])
    with os.fdopen(descriptors[SETTINGS]) as file:
        file.seek(0)
        environment: dict[str, str] = json.load(file)
    os.environ.clear()
    os.environ.update(environment)
    os.environ.update(zip(request["pipes"], map(str, descriptors[PIPES:]), strict=True))
    sys.argv = ["zyenta", *request["arguments"]]
    _show(sys.argv)


def _show(command: Sequence[str]) -> None:
    """Let ``ps`` show this command instead of the fork server's, as far as there is room."""
    with suppress(OSError):
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        start, end = int(fields[ARGUMENTS_BEGIN]), int(fields[ARGUMENTS_BEGIN + 1])
        room = end - start
        ctypes.memmove(start, "\0".join(command).encode()[: room - 1].ljust(room, b"\0"), room)


if __name__ == "__main__":
    main()
