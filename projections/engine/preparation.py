"""Which read models can move with the others, and what makes the rest ready: a rebuild, or catching up alone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError

from domain.kernel import Transient
from projections.engine.checkpoints import Live, Projection, ensure_live, positions_of
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.engine.rebuild.session import RebuildRefused
from projections.engine.tables import Connection
from schemas.internal.cancellation import check_cancelled

BEHIND, CAUGHT_UP = 50_000, 2_000
"""Positions behind the foremost read model: over the first one catches up alone, and up to the second it is ready."""
LOOK_SECONDS = 0.5
RETRY_SECONDS, RETRY_MOST_SECONDS = 0.5, 60.0
"""The pause after a preparation failed: first, and at most."""
NEWER_SECONDS = 5.0

logger = logging.getLogger(__name__)

Rebuild = Callable[[Any], Awaitable[None]]
"""Builds tables of a given projection's version beside the live ones, and swaps them in."""
RunAlone = Callable[[Projection], Awaitable[None]]
"""Follows the log for one projection until cancelled."""


class Preparation:
    """Makes read models ready in the background.

    A preparation that fails is tried again until it works. It stops no read model that is ready.
    """

    def __init__(
        self, projections: Sequence[Projection], pool: asyncpg.Pool, rebuild: Rebuild, run_alone: RunAlone
    ) -> None:
        self._projections = projections
        self._pool = pool
        self._rebuild = rebuild
        self._run_alone = run_alone
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def first_ready(self) -> Mapping[str, Live]:
        """Return the live tables of the read models that are ready, once there are some; prepare the others.

        While the live tables of one are of a newer version, none is ready: this program is the older release, and its
        partitions belong to the newer one.

        Raises:
            asyncpg.PostgresError, OSError, TimeoutError: retrying helps.
        """
        while True:
            async with self._pool.acquire() as connection:
                live = {each.name: await ensure_live(connection, each) for each in self._projections}
                behind = await self._behind(connection)
            self._take_finished()
            newer = [each for each in self._projections if live[each.name].version > each.version]
            for each in newer:
                logger.error(
                    "%s: version %d is live, this program has %d: it writes nothing; deploy the newer one here too",
                    each.name,
                    live[each.name].version,
                    each.version,
                )
            if newer:
                await asyncio.sleep(NEWER_SECONDS)
                continue
            for each in self._projections:
                if each.name in self._tasks:
                    continue
                if live[each.name].version < each.version:
                    logger.warning(
                        "%s: version %d is live, building %d beside it",
                        each.name,
                        live[each.name].version,
                        each.version,
                    )
                    self._tasks[each.name] = asyncio.create_task(self._until_ready(each, self._rebuild))
                elif behind.get(each.name, 0) > BEHIND:
                    logger.info("%s is far behind, and catches up alone", each.name)
                    self._tasks[each.name] = asyncio.create_task(self._until_ready(each, self._catch_up))
            ready = {name: each for name, each in live.items() if name not in self._tasks}
            if ready:
                return ready
            await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)

    async def next_ready(self) -> Mapping[str, Live]:
        """Return the live tables of read models that became ready since.

        Raises:
            asyncpg.PostgresError, OSError, TimeoutError: see :meth:`first_ready`.
        """
        finished = self._take_finished()
        if not finished:
            return {}
        async with self._pool.acquire() as connection:
            return {each.name: await ensure_live(connection, each) for each in finished}

    async def stop(self) -> None:
        """Stop preparing."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    def _take_finished(self) -> list[Projection]:
        """Return the read models whose preparation has finished."""
        finished = [each for each in self._projections if each.name in self._tasks and self._tasks[each.name].done()]
        for each in finished:
            del self._tasks[each.name]
        return finished

    async def _until_ready(self, projection: Projection, prepare: Callable[[Projection], Awaitable[None]]) -> None:
        pause = RETRY_SECONDS
        while True:
            try:
                await prepare(projection)
            except Exception as error:  # noqa: BLE001 - no failure may stop the other read models
                check_cancelled()
                # The readiness check reports a read model that does not move. Only an unknown error needs its traceback.
                known = isinstance(error, (Transient, RebuildRefused, KafkaError, *DATABASE_AWAY))
                log = logger.warning if known else logger.exception
                log("%s is not ready, next try in %.1f s: %s: %s", projection.name, pause, type(error).__name__, error)
            else:
                return
            await asyncio.sleep(pause)
            pause = min(RETRY_MOST_SECONDS, 2 * pause)

    async def _catch_up(self, projection: Projection) -> None:
        running = asyncio.ensure_future(self._run_alone(projection))
        try:
            while not running.done():
                await asyncio.wait({running}, timeout=LOOK_SECONDS)
                async with self._pool.acquire() as connection:
                    if (await self._behind(connection)).get(projection.name, 0) <= CAUGHT_UP:
                        return
            running.result()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _behind(self, connection: Connection) -> dict[str, int]:
        """Return how many positions each read model is behind the foremost one, in its hindmost partition."""
        positions = {each.name: await positions_of(connection, each.name) for each in self._projections}
        front: dict[int, int] = {}
        for of_model in positions.values():
            for number, checkpoint in of_model.items():
                front[number] = max(front.get(number, 0), checkpoint.position)
        return {
            name: max((front[number] - each.position for number, each in of_model.items()), default=0)
            for name, of_model in positions.items()
        }
