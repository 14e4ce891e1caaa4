"""Checks the platform by canaries: test records that every component must answer in time."""

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
"""A component that has not answered a canary this long after its request is unhealthy."""
READ_SECONDS = 3.0
"""A reader of the topic has at least this long after the canary's publication."""
FRESH_SECONDS = 7.0
"""A component that has answered a canary of at most this age is healthy; no need to wait."""
BROKER_MS = 2000
DATABASE_SECONDS = 3.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """The components that must answer every canary, besides the publisher."""

    readers: Collection[str]
    """Consumer groups of read models and consumers, which answer for every partition."""
    roles: Collection[str]
    """Roles that read no topic; the database notifies them."""


class PlatformReadiness:
    """Implements :class:`schemas.internal.readiness.Readiness`.

    Every check requests a canary, so an unchecked platform has none. If all components have answered a recent canary,
    the result is immediate; otherwise the check waits for the newest canary until it is late.
    """

    def __init__(self, pool: asyncpg.Pool, bootstrap_servers: str | None, components: Components) -> None:
        self._canaries = PostgresCanaries(pool)
        self._bootstrap_servers = bootstrap_servers
        self._components = components

    async def checks(self) -> Sequence[Check]:
        broker = asyncio.create_task(self._broker())
        try:
            components = await self._component_checks()
        except DATABASE_AWAY as error:
            detail = f"it does not answer ({type(error).__name__}), so nothing behind it can be checked"
            return [Check(name="postgresql", healthy=False, detail=detail), await broker]
        return [Check(name="postgresql", healthy=True), await broker, *components]

    async def _component_checks(self) -> list[Check]:
        loop = asyncio.get_running_loop()
        # A time limit, because a pool waits for a connection without one.
        async with asyncio.timeout(DATABASE_SECONDS):
            await self._canaries.request()
        end = loop.time() + LATE_SECONDS + READ_SECONDS
        while True:
            async with asyncio.timeout(DATABASE_SECONDS):
                report = await self._canaries.report()
            checks = judge(report, self._components, waiting=loop.time() < end)
            if checks is not None:
                return await self._with_cause(checks)
            await asyncio.sleep(POLL_SECONDS)

    async def _with_cause(self, checks: list[Check]) -> list[Check]:
        """Name the transaction that holds back the publisher, if there is one."""
        if all(check.healthy for check in checks if check.name == PUBLISHER):
            return checks
        async with asyncio.timeout(DATABASE_SECONDS):
            blocking = await self._canaries.blocking_transaction(LATE_SECONDS)
        if blocking is None:
            return checks
        return [replace(check, detail=str(blocking)) if check.name == PUBLISHER else check for check in checks]

    async def _broker(self) -> Check:
        if self._bootstrap_servers is None:
            return Check(name="broker", healthy=False, detail="KAFKA_BOOTSTRAP_SERVERS is not set")
        try:
            async with open_admin(self._bootstrap_servers, request_ms=BROKER_MS) as admin:
                brokers = (await admin.describe_cluster())["brokers"]
        except (KafkaError, OSError, TimeoutError) as error:
            return Check(name="broker", healthy=False, detail=f"it does not answer ({type(error).__name__})")
        return Check(name="broker", healthy=bool(brokers), detail="" if brokers else "the cluster has no brokers")


class _Verdict(Enum):
    WELL = "well"
    LATE = "late"
    OPEN = "open"
    """The component may still answer in time."""


def judge(report: CanaryReport, components: Components, *, waiting: bool = True) -> list[Check] | None:
    """Return a check for every component; None while one may still answer in time.

    Args:
        report: the canaries and who answered them.
        components: the components that must answer.
        waiting: whether the caller can wait for more answers.
    """
    published = max((canary.id for canary in report.canaries if canary.seconds_published is not None), default=0)
    verdicts = {PUBLISHER: {0: _verdict(report, published, _is_late)}}
    for role in components.roles:
        verdicts[role] = {0: _verdict(report, report.seen.get(role, {}).get(0, 0), _is_late)}
    unpublished = _Verdict.LATE in verdicts[PUBLISHER].values()
    for reader in components.readers:
        seen = report.seen.get(reader, {})
        by_partition = {
            partition: _verdict(report, seen.get(partition, 0), _is_late_for_readers)
            for partition in range(CANARY.partitions)
        }
        if not unpublished or _Verdict.LATE in by_partition.values():
            verdicts[reader] = by_partition
        # Else nothing reaches the topic, so its readers cannot be checked.
    if waiting and any(_Verdict.OPEN in by_partition.values() for by_partition in verdicts.values()):
        return None
    return [_check(component, by_partition) for component, by_partition in verdicts.items()]


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


def _check(component: str, by_partition: Mapping[int, _Verdict]) -> Check:
    missing = sorted(partition for partition, verdict in by_partition.items() if verdict is not _Verdict.WELL)
    if not missing:
        return Check(name=component, healthy=True)
    where = f" of partitions {', '.join(map(str, missing))}" if len(missing) < len(by_partition) else ""
    detail = f"no answer to a canary{where} within {LATE_SECONDS:.0f} s: it is stopped, frozen or cut off"
    return Check(name=component, healthy=False, detail=detail)
