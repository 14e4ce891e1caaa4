"""The schedule that looks for the proofs of domains."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.domains import ConnectDomain
from commands.store import RequestStore
from consumers.schedules.domain_checks import BATCH, VERIFIED_EVERY, DomainChecks
from domain.store.domain_connection import DOMAINS_MOST, GRACE
from domain.store.domain_events import DomainProblem, DomainStatus
from domain.store.domains import proof_name, proof_value, token_of
from domain.store.events import Preferences
from projections.catalog import model as catalog
from projections.catalog.rows import CatalogRows
from projections.catalog.views import DomainView
from tests.support.fakes.txt_records import MemoryTxtRecords
from tests.support.platforms.write_side import Platform

FERN = "fern.example"


class FoldedDomains:
    """Implements ``DomainList`` with the read model's own fold."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @property
    def all(self) -> Sequence[DomainView]:
        rows = catalog.MODEL.fold(CatalogRows(), ((raw.decode().event, raw.tenant) for raw in self._platform.log.raw))
        views = [
            DomainView(
                **{name: getattr(row, name) for name in DomainView.__dataclass_fields__}
                | {"problem": None if row.problem is None else DomainProblem(row.problem)}
            )
            for row in rows.domains.values()
        ]
        return sorted(views, key=lambda view: (view.name, view.store_id))

    async def page(self, status: DomainStatus, *, after: tuple[str, UUID] | None, limit: int) -> Sequence[DomainView]:
        rest = [v for v in self.all if v.status is status and (after is None or (v.name, v.store_id) > after)]
        return rest[:limit]


@pytest.fixture
async def platform() -> Platform:
    platform = Platform()
    await platform.request()
    return platform


@pytest.fixture
def records() -> MemoryTxtRecords:
    return MemoryTxtRecords()


@pytest.fixture
def checks(platform: Platform, records: MemoryTxtRecords) -> DomainChecks:
    return DomainChecks(FoldedDomains(platform), records, platform.bus, platform.clock)


async def connect(platform: Platform, domain: str = FERN) -> None:
    await platform.send(ConnectDomain(store_id=platform.store_id, merchant_id=platform.merchant_id, domain=domain))


def publish(platform: Platform, records: MemoryTxtRecords, *, store: UUID | None = None) -> None:
    records.texts[proof_name(FERN)] = ["v=spf1 -all", f" {proof_value(token_of(store or platform.store_id, FERN))} "]


def status(platform: Platform) -> tuple[DomainStatus, DomainProblem | None]:
    (domain,) = FoldedDomains(platform).all
    return domain.status, domain.problem


async def test_a_proof_is_found_once_it_is_published(
    platform: Platform, records: MemoryTxtRecords, checks: DomainChecks
) -> None:
    await connect(platform)
    await checks.check()
    assert status(platform) == (DomainStatus.PENDING, DomainProblem.NO_RECORD)
    publish(platform, records)
    await checks.check()
    assert len(records.asked) == 1, "the next check is not due yet"
    platform.clock.advance(timedelta(seconds=10))
    await checks.check()
    assert status(platform) == (DomainStatus.VERIFIED, None)


async def test_another_stores_record_proves_nothing(
    platform: Platform, records: MemoryTxtRecords, checks: DomainChecks
) -> None:
    await connect(platform)
    publish(platform, records, store=uuid4())
    await checks.check()
    assert status(platform) == (DomainStatus.PENDING, DomainProblem.OTHER_RECORD)


async def test_checks_slow_down_as_a_search_ages(
    platform: Platform, records: MemoryTxtRecords, checks: DomainChecks
) -> None:
    await connect(platform)
    for _ in range(6 * 60 * 72 + 12):
        await checks.check()
        platform.clock.advance(timedelta(seconds=10))
        if status(platform)[0] is DomainStatus.FAILED:
            break
        if platform.clock.now() - FoldedDomains(platform).all[0].connected_at > timedelta(hours=2):
            platform.clock.advance(timedelta(minutes=15))
    assert status(platform) == (DomainStatus.FAILED, DomainProblem.NO_RECORD)
    assert len(records.asked) < 150


async def test_a_domain_that_is_connected_again_is_due_at_once(
    platform: Platform, records: MemoryTxtRecords, checks: DomainChecks
) -> None:
    await connect(platform)
    await checks.check()
    platform.clock.advance(timedelta(hours=8))
    await checks.check()
    platform.clock.advance(timedelta(minutes=6))
    publish(platform, records)
    await checks.check()
    assert status(platform)[0] is DomainStatus.PENDING, "an old search is checked once an hour"
    await connect(platform)
    await checks.check()
    assert status(platform)[0] is DomainStatus.VERIFIED


async def test_a_verified_domain_is_checked_again_warned_and_switched_off(
    platform: Platform, records: MemoryTxtRecords, checks: DomainChecks
) -> None:
    await connect(platform)
    publish(platform, records)
    await checks.check()
    asked = len(records.asked)
    await checks.check()
    records.texts.clear()
    platform.clock.advance(VERIFIED_EVERY)
    await checks.check()
    assert len(records.asked) == asked + 2
    assert status(platform) == (DomainStatus.VERIFIED, DomainProblem.NO_RECORD)
    for _ in range(GRACE // VERIFIED_EVERY):
        platform.clock.advance(VERIFIED_EVERY)
        await checks.check()
    assert status(platform) == (DomainStatus.FAILED, DomainProblem.NO_RECORD)


async def test_a_proof_that_stays_appends_nothing(
    platform: Platform, records: MemoryTxtRecords, checks: DomainChecks
) -> None:
    await connect(platform)
    publish(platform, records)
    await checks.check()
    before = len(platform.log.raw)
    for _ in range(20):
        platform.clock.advance(VERIFIED_EVERY)
        await checks.check()
    assert len(platform.log.raw) == before


async def test_an_outage_of_the_resolver_says_nothing_about_domains(
    platform: Platform, records: MemoryTxtRecords, checks: DomainChecks
) -> None:
    await connect(platform)
    publish(platform, records)
    await checks.check()
    records.away = True
    for _ in range(20):
        platform.clock.advance(VERIFIED_EVERY)
        await checks.check()
    assert status(platform) == (DomainStatus.VERIFIED, None)


async def test_name_servers_that_fail_are_a_reason(
    platform: Platform, records: MemoryTxtRecords, checks: DomainChecks
) -> None:
    await connect(platform)
    records.broken.add(proof_name(FERN))
    await checks.check()
    assert status(platform) == (DomainStatus.PENDING, DomainProblem.DNS_ERROR)


async def test_every_domain_gets_its_turn_however_many_there_are(
    platform: Platform, records: MemoryTxtRecords, checks: DomainChecks
) -> None:
    names = [f"d{n:03}.example" for n in range(BATCH + 5)]
    for n, name in enumerate(names):
        if n % DOMAINS_MOST == 0:
            platform.store_id = uuid4()
            await platform.send(
                RequestStore(
                    store_id=platform.store_id,
                    merchant_id=platform.merchant_id,
                    niche="Lamps",
                    preferences=Preferences(),
                )
            )
        await connect(platform, name)
    await checks.check()
    await checks.check()
    assert sorted(records.asked) == [proof_name(name) for name in names]
