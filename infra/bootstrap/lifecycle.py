"""How a role runs until it is stopped."""
# ruff: noqa: PLC0415

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from infra.web.protocols import ConnectionLimits

logger = logging.getLogger(__name__)


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` until it ends, fails, or ``stop`` is set."""
    task = asyncio.create_task(work)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
    finally:
        for each in (task, stopped):
            await cancelled(each)


async def reachable(
    connect: Callable[[str], Coroutine[Any, Any, None]], bootstrap_servers: str, stop: asyncio.Event
) -> None:
    """Retry ``connect`` until the broker answers, because services start in any order. Log the wait once."""
    from aiokafka.errors import KafkaError

    logged = False
    while not stop.is_set():
        try:
            await connect(bootstrap_servers)
        except (KafkaError, OSError, TimeoutError):
            if not logged:
                logger.warning(
                    "No Kafka broker answers at %s (KAFKA_BOOTSTRAP_SERVERS); waiting for it.", bootstrap_servers
                )
                logged = True
            await asyncio.sleep(0.5)
        else:
            return


async def serve(
    app: "Starlette", host: str, port: int, stop: asyncio.Event, limits: "ConnectionLimits | None" = None
) -> None:
    """Serve an application until ``stop`` is set."""
    from infra.web import server
    from infra.web.protocols import ConnectionLimits

    await server.serve(app, host, port, stop, limits or ConnectionLimits())
