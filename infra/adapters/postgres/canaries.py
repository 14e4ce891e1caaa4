"""Canaries in PostgreSQL: asked for here, answered here, and heard of by listening."""

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
"""Told the number of every canary that is asked for."""
EVERY_SECONDS = 2.0
"""Least time between two canaries, however many ask."""
KEPT_SECONDS = 120.0
ANSWER_SECONDS = 2.0
RECONNECT_SECONDS = 1.0

_ASK = """
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

# The oldest transaction that has an id is the horizon itself.
_HOLDER = """
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
    """One canary, and how long ago what happened to it."""

    id: int
    asked_seconds: float
    published_seconds: float | None
    """None while it is not in the topic."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The canaries of the last two minutes, oldest first, and the newest that each component has seen."""

    canaries: Sequence[Canary]
    seen: Mapping[str, Mapping[int, int]]
    """Component to partition to number."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose open transaction keeps the log from being published (ADR 0002). Its query is nobody's business here."""

    pid: int
    application: str
    state: str
    seconds: float | None
    """How long it has been open; None if this user may not know."""

    def __str__(self) -> str:
        open_for = "" if self.seconds is None else f", open for {self.seconds:.0f} s"
        return (
            f"it waits for a transaction of process {self.pid} ({self.application or 'of no name'}, {self.state}{open_for}): "
            f"end it there, or with “select pg_terminate_backend({self.pid})”"
        )


class PostgresCanaries:
    """Implements :class:`schemas.internal.canaries.Canaries`, and asks for canaries."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def ask(self) -> None:
        """Ask for a canary, unless one was asked for just now.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError: the database is away.
        """
        asked = await self._pool.fetch(_ASK, CHANNEL, EVERY_SECONDS, timeout=ANSWER_SECONDS)
        if asked:
            await self._pool.execute(
                "delete from canaries where asked_at < clock_timestamp() - make_interval(secs => $1)",
                KEPT_SECONDS,
                timeout=ANSWER_SECONDS,
            )

    async def answers(self) -> Answers:
        """Return what came out where.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError: the database is away.
        """
        canaries = await self._pool.fetch(_STATE, KEPT_SECONDS, timeout=ANSWER_SECONDS)
        seen: dict[str, dict[int, int]] = {}
        for row in await self._pool.fetch(
            "select component, partition, canary from canary_answers", timeout=ANSWER_SECONDS
        ):
            seen.setdefault(row["component"], {})[row["partition"]] = row["canary"]
        return Answers([Canary(*row) for row in canaries], seen)

    async def newest_settled(self, after: int, connection: Connection) -> int | None:
        """Return the newest canary after another that no open transaction holds back, as it would an event.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError: the database is away.
        """
        found: int | None = await connection.fetchval(_NEWEST_SETTLED, after, timeout=ANSWER_SECONDS)
        return found

    async def holder(self, late_seconds: float) -> Holder | None:
        """Return whose transaction holds back a canary that was asked for so long ago; None if nobody's does.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError: the database is away.
        """
        row = await self._pool.fetchrow(_HOLDER, late_seconds, timeout=ANSWER_SECONDS)
        return None if row is None else Holder(*row)

    async def answer(self, component: str, seen: Collection[tuple[int, int]]) -> None:
        if seen:
            partitions, canaries = zip(*seen, strict=True)
            await self._write(component, _ANSWER, component, list(partitions), list(canaries))

    async def published(self, canary: int) -> None:
        """Note that a canary, and with it every one before, is in the topic."""
        await self._write(
            PUBLISHER,
            "update canaries set published_at = clock_timestamp() where id <= $1 and published_at is null",
            canary,
        )

    async def _write(self, component: str, statement: str, *values: object) -> None:
        try:
            await self._pool.execute(statement, *values, timeout=ANSWER_SECONDS)
        except DATABASE_AWAY as error:
            logger.info("%s could not tell of a canary: %s", component, type(error).__name__)


async def answer_for(dsn: str, roles: Mapping[str, Callable[[], bool]]) -> None:
    """Answer canaries, until cancelled, for roles that read no topic: their process and its way to the database live.

    Args:
        dsn: the database.
        roles: their names, and whether each is well beside that.
    """
    while True:
        with suppress(*DATABASE_AWAY):
            await _listen(dsn, roles)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _listen(dsn: str, roles: Mapping[str, Callable[[], bool]]) -> None:
    heard: asyncio.Queue[int] = asyncio.Queue()
    connection = await asyncpg.connect(dsn, timeout=ANSWER_SECONDS)
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    try:
        await connection.add_listener(CHANNEL, lambda *told: heard.put_nowait(int(str(told[3]))))
        while not lost.is_set():
            hearing, losing = asyncio.create_task(heard.get()), asyncio.create_task(lost.wait())
            try:
                await asyncio.wait({hearing, losing}, return_when=asyncio.FIRST_COMPLETED)
                if hearing.done():
                    for role, is_well in roles.items():
                        if is_well():
                            await connection.execute(_ANSWER, role, [0], [hearing.result()], timeout=ANSWER_SECONDS)
            finally:
                hearing.cancel()
                losing.cancel()
    finally:
        await connection.close(timeout=ANSWER_SECONDS)
