"""Checks of the TXT records that prove stores' own domains."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from commands.domains import RecordDomainCheck
from commands.ports import ConcurrencyConflict, Context, Dispatcher
from domain.ids import derived
from domain.kernel import Clock, DomainError, Transient
from domain.store.domain_events import DomainProblem, DomainStatus
from domain.store.domains import proof_name, proof_value
from domain.store.ports import NameServersFailed, TxtRecords
from projections.catalog.views import DomainView

EVERY_SECONDS = 5.0
"""Pause between two rounds."""
BATCH = 50
"""Most domains that one round reads of a status; the next round goes on behind them."""
AT_ONCE = 10
"""Look-ups in flight."""
FASTEST = timedelta(seconds=10)
SLOWEST = timedelta(hours=1)
"""A pending domain is checked again after a quarter of its age, within these bounds."""
VERIFIED_EVERY = timedelta(hours=6)
"""Pause between two checks of a verified domain. Its grace after a lost proof has a dozen of them."""

logger = logging.getLogger(__name__)

Key = tuple[str, UUID]


class DomainList(Protocol):
    """Lists domains in a read model. An answer may be stale; the commands then change nothing."""

    async def page(self, status: DomainStatus, *, after: Key | None, limit: int) -> Sequence[DomainView]:
        """Return domains in a status by name and store, those after a key."""
        ...


class DomainChecks:
    """Looks for the proofs of pending domains, and makes sure that verified ones keep theirs.

    Safe to repeat, and to run in several processes: a check that changes nothing appends nothing. What is due is kept in
    memory; after a restart, every domain is checked at once, a page at a time.
    """

    name = "domain-checks"

    def __init__(
        self,
        domains: DomainList,
        records: TxtRecords,
        commands: Dispatcher,
        clock: Clock,
        *,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self._domains = domains
        self._records = records
        self._commands = commands
        self._clock = clock
        self._every_seconds = every_seconds
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._pending = _Walk(DomainStatus.PENDING)
        self._verified = _Walk(DomainStatus.VERIFIED)

    async def run(self, stop: asyncio.Event) -> None:
        """Check domains in rounds until ``stop`` is set. A failed round is logged, and the next one follows."""
        while not stop.is_set():
            try:
                await self.check()
            except Exception:
                # The database or a read model may be down; checks go on once it is back.
                logger.exception("could not check domains; trying again in %s s", self._every_seconds)
            try:
                await asyncio.wait_for(stop.wait(), self._every_seconds)
            except TimeoutError:
                continue

    async def check(self) -> None:
        """Check the domains that are due now, of one page of each status."""
        now = self._clock.now()
        due: list[DomainView] = []
        for walk in (self._pending, self._verified):
            due += walk.due(await self._domains.page(walk.status, after=walk.after, limit=BATCH), now)
        async with asyncio.TaskGroup() as tasks:
            for domain in due:
                tasks.create_task(self._check(domain))

    async def _check(self, domain: DomainView) -> None:
        async with self._slots:
            try:
                problem = await problem_of(domain, self._records)
            except Transient as outage:
                # Our resolver is away, which says nothing about the domain.
                logger.warning("could not check the domain %s: %s", domain.name, outage)
                return
        if problem is None and domain.status is DomainStatus.VERIFIED and domain.off_at is None:
            return
        command = RecordDomainCheck(store_id=domain.store_id, domain=domain.name, problem=problem)
        # Every check is a command of its own: the same answer means something else later.
        id = derived(domain.store_id, self.name, domain.name, self._clock.now().isoformat())
        try:
            await self._commands.dispatch(command, Context(command_id=id, correlation_id=id))
        except (DomainError, ConcurrencyConflict) as refusal:
            logger.info("the check of %s was not recorded: %s; the next one follows", domain.name, refusal)


async def problem_of(domain: DomainView, records: TxtRecords) -> DomainProblem | None:
    """Look for a domain's proof; return what is wrong, None if it is there.

    Raises:
        Transient: the resolver cannot be reached; retrying may help.
    """
    try:
        texts = await records.of(proof_name(domain.name))
    except NameServersFailed:
        return DomainProblem.DNS_ERROR
    if proof_value(domain.token) in (text.strip() for text in texts):
        return None
    return DomainProblem.OTHER_RECORD if texts else DomainProblem.NO_RECORD


class _Walk:
    """One way through all domains of a status, a page at a time, again and again."""

    def __init__(self, status: DomainStatus) -> None:
        self.status = status
        self.after: Key | None = None
        self._next: dict[tuple[str, UUID, datetime], datetime] = {}
        self._former: dict[tuple[str, UUID, datetime], datetime] = {}

    def due(self, page: Sequence[DomainView], now: datetime) -> Sequence[DomainView]:
        """Return the domains of a page that are due, and move on behind the page."""
        due = []
        for domain in page:
            # A domain that is connected again is due at once.
            key = (domain.name, domain.store_id, domain.connected_at)
            at = self._former.get(key, now)
            if at <= now:
                at = now + _pause(domain, now)
                due.append(domain)
            self._next[key] = at
        if len(page) == BATCH:
            self.after = (page[-1].name, page[-1].store_id)
        else:
            # The end: what was not met on the way is no longer in this status and is forgotten.
            self.after, self._former, self._next = None, self._next, {}
        return due


def _pause(domain: DomainView, now: datetime) -> timedelta:
    if domain.status is DomainStatus.VERIFIED:
        return VERIFIED_EVERY
    return min(SLOWEST, max(FASTEST, (now - domain.connected_at) / 4))
