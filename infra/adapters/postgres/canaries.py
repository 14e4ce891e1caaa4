"""Canaries in PostgreSQL: requests, answers, and a listener for roles that read no topic."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import asyncpg

from infra.adapters.postgres.pools import Connection
from projections.engine.postgres_errors import DATABASE_AWAY
from schemas.internal.canaries import PUBLISHER

CHANNEL = "zyenta_canary"
"""Notified with the number of every requested canary."""
INTERVAL_SECONDS = 2.0
"""Least time between two canaries, however many are requested."""
KEPT_SECONDS = 120.0
ANSWER_SECONDS = 2.0
RECONNECT_SECONDS = 1.0

_REQUEST = """
with asked as (
    insert into canaries (asked_at) select clock_timestamp()
    where not exists (select from canaries where asked_at > clock_timestamp() - make_interval(secs => $2))
    returning id
)
select pg_notify($1, id::text) from asked
"""

_ANSWER = """
insert into canary_answers as a (component, partition, canary, answered_at)
select $1, partition, max(canary), clock_timestamp() from unnest($2::integer[], $3::bigint[]) as seen (partition, canary)
where exists (select from canaries where id = canary)
group by partition
on conflict (component, partition) do update set canary = excluded.canary, answered_at = excluded.answered_at
where a.canary < excluded.canary
"""

_STATE = """
select id, extract(epoch from clock_timestamp() - asked_at)::float8 as asked,
       extract(epoch from clock_timestamp() - published_at)::float8 as published
from canaries where asked_at > clock_timestamp() - make_interval(secs => $1) order by id
"""

_NEWEST_SETTLED = """
select max(id) from canaries where id > $1 and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
"""

# The oldest transaction with an id is the horizon.
_BLOCKING = """
select pid, application_name, coalesce(state, 'in a state that this user may not see'),
       extract(epoch from clock_timestamp() - xact_start)::float8
from pg_stat_activity
where backend_xid = pg_snapshot_xmin(pg_current_snapshot())::xid and exists (
    select from canaries where published_at is null and asked_at < clock_timestamp() - make_interval(secs => $1)
      and transaction_id >= pg_snapshot_xmin(pg_current_snapshot())
)
"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Canary:
    """A canary, and how long ago it was requested and published."""

    id: int
    seconds_requested: float
    seconds_published: float | None
    """None while it is not in the topic."""


@dataclass(frozen=True, slots=True)
class CanaryReport:
    """The canaries of the last two minutes, oldest first, and the newest that each component has answered."""

    canaries: Sequence[Canary]
    seen: Mapping[str, Mapping[int, int]]
    """The newest canary by component and partition."""


@dataclass(frozen=True, slots=True)
class BlockingTransaction:
    """The open transaction that holds back publishing (ADR 0002). Its query stays private."""

    pid: int
    application: str
    state: str
    seconds: float | None
    """How long it has been open; None if this database user may not see it."""

    def __str__(self) -> str:
        open_for = "" if self.seconds is None else f", open for {self.seconds:.0f} s"
        return (
            f"it waits for a transaction of process {self.pid} ({self.application or 'unnamed'}, {self.state}{open_for}). "
            f"End the transaction there, or with “select pg_terminate_backend({self.pid})”"
        )


class PostgresCanaries:
    """Implements :class:`schemas.internal.canaries.Canaries`, and requests canaries."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def request(self) -> None:
        """Request a canary. No-op if the last request is recent.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError: the database is away.
        """
        requested = await self._pool.fetch(_REQUEST, CHANNEL, INTERVAL_SECONDS, timeout=ANSWER_SECONDS)
        if requested:
            await self._pool.execute(
                "delete from canaries where asked_at < clock_timestamp() - make_interval(secs => $1)",
                KEPT_SECONDS,
                timeout=ANSWER_SECONDS,
            )

    async def report(self) -> CanaryReport:
        """Return the recent canaries and which of them each component has answered.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError: the database is away.
        """
        canaries = await self._pool.fetch(_STATE, KEPT_SECONDS, timeout=ANSWER_SECONDS)
        seen: dict[str, dict[int, int]] = {}
        for row in await self._pool.fetch(
            "select component, partition, canary from canary_answers", timeout=ANSWER_SECONDS
        ):
            seen.setdefault(row["component"], {})[row["partition"]] = row["canary"]
        return CanaryReport([Canary(*row) for row in canaries], seen)

    async def newest_settled(self, after: int, connection: Connection) -> int | None:
        """Return the newest settled canary after another; None if there is none.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError: the database is away.
        """
        canary: int | None = await connection.fetchval(_NEWEST_SETTLED, after, timeout=ANSWER_SECONDS)
        return canary

    async def blocking_transaction(self, late_seconds: float) -> BlockingTransaction | None:
        """Return the transaction that holds back a canary requested this long ago; None if there is none.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError: the database is away.
        """
        row = await self._pool.fetchrow(_BLOCKING, late_seconds, timeout=ANSWER_SECONDS)
        return None if row is None else BlockingTransaction(*row)

    async def answer(self, component: str, seen: Collection[tuple[int, int]]) -> None:
        if seen:
            partitions, canaries = zip(*seen, strict=True)
            await self._write(component, _ANSWER, component, list(partitions), list(canaries))

    async def published(self, canary: int) -> None:
        """Record that a canary, and every earlier one, is in the topic."""
        await self._write(
            PUBLISHER,
            "update canaries set published_at = clock_timestamp() where id <= $1 and published_at is null",
            canary,
        )

    async def _write(self, component: str, statement: str, *values: object) -> None:
        try:
            await self._pool.execute(statement, *values, timeout=ANSWER_SECONDS)
        except DATABASE_AWAY as error:
            logger.info("%s could not record a canary: %s", component, type(error).__name__)


async def answer_for(dsn: str, roles: Mapping[str, Callable[[], bool]]) -> None:
    """Answer canaries until cancelled, for roles that read no topic.

    An answer shows that the process runs and reaches the database.

    Args:
        dsn: the database.
        roles: their names, each with a further health check.
    """
    while True:
        with suppress(*DATABASE_AWAY):
            await _listen(dsn, roles)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _listen(dsn: str, roles: Mapping[str, Callable[[], bool]]) -> None:
    requests: asyncio.Queue[int] = asyncio.Queue()
    connection = await asyncpg.connect(dsn, timeout=ANSWER_SECONDS)
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    try:
        await connection.add_listener(CHANNEL, lambda *notification: requests.put_nowait(int(str(notification[3]))))
        while not lost.is_set():
            request, loss = asyncio.create_task(requests.get()), asyncio.create_task(lost.wait())
            try:
                await asyncio.wait({request, loss}, return_when=asyncio.FIRST_COMPLETED)
                if request.done():
                    for role, is_well in roles.items():
                        if is_well():
                            await connection.execute(_ANSWER, role, [0], [request.result()], timeout=ANSWER_SECONDS)
            finally:
                request.cancel()
                loss.cancel()
    finally:
        await connection.close(timeout=ANSWER_SECONDS)
