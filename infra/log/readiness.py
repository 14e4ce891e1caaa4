"""Judges how the platform is by canaries: what does not come out of a component in time names it."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import asyncpg
from aiokafka.errors import KafkaError

from infra.adapters.kafka.topic import open_admin
from infra.adapters.postgres.canaries import Canary, CanaryReport, PostgresCanaries
from projections.engine.postgres_errors import DATABASE_AWAY
from schemas.internal.canaries import PUBLISHER
from schemas.internal.readiness import Check
from schemas.topics import CANARY

LATE_SECONDS = 5.0
"""Who has not seen a canary so long after it was asked for is not well."""
READ_SECONDS = 3.0
"""But readers have at least so long from when it was in the topic."""
FRESH_SECONDS = 7.0
"""Who has seen a canary no older than this is well, and need not be waited for."""
BROKER_MS = 2000
DATABASE_SECONDS = 3.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Who must see every canary, besides the publisher."""

    readers: Collection[str]
    """Consumer groups, of read models and of consumers: they see it in every partition."""
    roles: Collection[str]
    """Roles that read no topic: they hear of it from the database."""


class PlatformReadiness:
    """Implements :class:`schemas.internal.readiness.Readiness`.

    Every look asks for a canary, so a platform that nobody looks at has none. Where everybody has seen one lately, the
    answer comes at once; else it waits for the newest until that is late.
    """

    def __init__(self, pool: asyncpg.Pool, bootstrap_servers: str | None, components: Components) -> None:
        self._canaries = PostgresCanaries(pool)
        self._bootstrap_servers = bootstrap_servers
        self._components = components

    async def checks(self) -> Sequence[Check]:
        broker = asyncio.create_task(self._broker())
        try:
            judged = await self._judged()
        except DATABASE_AWAY as error:
            detail = f"it does not answer ({type(error).__name__}); nothing behind it can be judged"
            return [Check(name="postgresql", healthy=False, detail=detail), await broker]
        return [Check(name="postgresql", healthy=True), await broker, *judged]

    async def _judged(self) -> list[Check]:
        loop = asyncio.get_running_loop()
        # Bounded here: a pool waits for a connection, and for one that must be cancelled, without an end.
        async with asyncio.timeout(DATABASE_SECONDS):
            await self._canaries.request()
        end = loop.time() + LATE_SECONDS + READ_SECONDS
        while True:
            async with asyncio.timeout(DATABASE_SECONDS):
                report = await self._canaries.report()
            checks = judge(report, self._components, waiting=loop.time() < end)
            if checks is not None:
                return await self._explained(checks)
            await asyncio.sleep(POLL_SECONDS)

    async def _explained(self, checks: list[Check]) -> list[Check]:
        """Say of a publisher that is held back by whom: it is not the one to be looked at."""
        if all(check.healthy for check in checks if check.name == PUBLISHER):
            return checks
        async with asyncio.timeout(DATABASE_SECONDS):
            holder = await self._canaries.blocking_transaction(LATE_SECONDS)
        if holder is None:
            return checks
        return [replace(check, detail=str(holder)) if check.name == PUBLISHER else check for check in checks]

    async def _broker(self) -> Check:
        if self._bootstrap_servers is None:
            return Check(name="broker", healthy=False, detail="KAFKA_BOOTSTRAP_SERVERS is not set")
        try:
            async with open_admin(self._bootstrap_servers, request_ms=BROKER_MS) as admin:
                brokers = (await admin.describe_cluster())["brokers"]
        except (KafkaError, OSError, TimeoutError) as error:
            return Check(name="broker", healthy=False, detail=f"it does not answer ({type(error).__name__})")
        return Check(name="broker", healthy=bool(brokers), detail="" if brokers else "it has no members")


class _Verdict(Enum):
    WELL = "well"
    LATE = "late"
    OPEN = "open"
    """It may still answer in time."""


def judge(report: CanaryReport, components: Components, *, waiting: bool = True) -> list[Check] | None:
    """Return a check for everyone, or None while somebody may still answer in time.

    Args:
        answers: what came out where.
        components: of whom something must have come out.
        waiting: whether there is time to wait for more answers.
    """
    published = max((canary.id for canary in report.canaries if canary.seconds_published is not None), default=0)
    verdicts = {PUBLISHER: {0: _verdict(report, published, _is_late)}}
    for role in components.roles:
        verdicts[role] = {0: _verdict(report, report.seen.get(role, {}).get(0, 0), _is_late)}
    unpublished = _Verdict.LATE in verdicts[PUBLISHER].values()
    for reader in components.readers:
        seen = report.seen.get(reader, {})
        judged = {
            partition: _verdict(report, seen.get(partition, 0), _is_late_for_readers)
            for partition in range(CANARY.partitions)
        }
        if not unpublished or _Verdict.LATE in judged.values():
            verdicts[reader] = judged
        # Else nothing reaches the topic, which says nothing of those who read it.
    if waiting and any(_Verdict.OPEN in judged.values() for judged in verdicts.values()):
        return None
    return [_check(component, judged) for component, judged in verdicts.items()]


def _verdict(report: CanaryReport, seen: int, is_late: Callable[[Canary], bool]) -> _Verdict:
    unseen = [canary for canary in report.canaries if canary.id > seen]
    if any(map(is_late, unseen)):
        return _Verdict.LATE
    if not unseen or any(canary.id == seen and canary.seconds_requested < FRESH_SECONDS for canary in report.canaries):
        return _Verdict.WELL
    return _Verdict.OPEN


def _is_late(canary: Canary) -> bool:
    return canary.seconds_requested > LATE_SECONDS


def _is_late_for_readers(canary: Canary) -> bool:
    in_topic = canary.seconds_published
    return in_topic is not None and in_topic > READ_SECONDS and canary.seconds_requested > LATE_SECONDS


def _check(component: str, judged: Mapping[int, _Verdict]) -> Check:
    missing = sorted(partition for partition, verdict in judged.items() if verdict is not _Verdict.WELL)
    if not missing:
        return Check(name=component, healthy=True)
    where = f" of partitions {', '.join(map(str, missing))}" if len(missing) < len(judged) else ""
    detail = f"no canary came out{where} within {LATE_SECONDS:.0f} s: it is stopped, frozen or cut off"
    return Check(name=component, healthy=False, detail=detail)
