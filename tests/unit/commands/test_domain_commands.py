"""Commands for stores' own domains."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.domains import ChoosePrimaryDomain, ConnectDomain, RecordDomainCheck, RemoveDomain
from commands.store import ArchiveStore
from domain.ids import hostname_stream
from domain.kernel import DomainEvent, InvalidInput
from domain.store.domain_connection import DOMAINS_MOST, GRACE, SEARCH_FOR
from domain.store.domain_events import (
    DomainConnected,
    DomainFailed,
    DomainProblem,
    DomainProofFound,
    DomainProofLost,
    DomainProofMissing,
    DomainStatus,
    DomainVerified,
    HostnameTaken,
    PrimaryDomainChosen,
)
from domain.store.domains import HOSTNAME, token_of
from domain.store.errors import DomainNotFound, DomainNotVerified, DomainTaken, StoreNotReady
from tests.support.platforms.write_side import Platform, kinds

FERN = "fern.example"


async def connect(platform: Platform, domain: str = FERN) -> Sequence[DomainEvent]:
    return await platform.do(ConnectDomain(store_id=platform.store_id, merchant_id=platform.merchant_id, domain=domain))


async def check(
    platform: Platform, problem: DomainProblem | None = None, *, store: UUID | None = None, domain: str = FERN
) -> Sequence[DomainEvent]:
    return await platform.do(RecordDomainCheck(store_id=store or platform.store_id, domain=domain, problem=problem))


async def remove(platform: Platform, domain: str = FERN) -> Sequence[DomainEvent]:
    return await platform.do(RemoveDomain(store_id=platform.store_id, merchant_id=platform.merchant_id, domain=domain))


async def another_store(platform: Platform) -> UUID:
    """Let the platform speak for another merchant and store from now on; return the former store."""
    former = platform.store_id
    platform.store_id, platform.merchant_id = uuid4(), uuid4()
    await platform.request()
    return former


async def test_a_connected_domain_waits_for_its_proof(platform: Platform) -> None:
    await platform.request()
    (event,) = await connect(platform, "https://Fern.Example/")
    assert isinstance(event, DomainConnected)
    assert (event.name, event.token) == (FERN, token_of(platform.store_id, FERN))
    assert event.check_until == event.occurred_at + SEARCH_FOR
    assert (await platform.store()).domains[FERN].status is DomainStatus.PENDING
    assert token_of(uuid4(), FERN) != event.token, "another store's record proves nothing for this one"


async def test_a_proved_domain_becomes_the_stores_address_and_its_name_is_taken(platform: Platform) -> None:
    await platform.request()
    await connect(platform)
    events = await check(platform)
    assert kinds(events) == ["DomainVerified", "PrimaryDomainChosen", "HostnameTaken"]
    assert (await platform.get(HOSTNAME, hostname_stream(FERN))).store_id == platform.store_id
    assert (await platform.store()).primary_domain == FERN
    assert await check(platform) == [], "a verified domain that keeps its proof changes nothing"
    assert await connect(platform) == []


async def test_a_second_domain_leaves_the_address_as_it_is_until_the_merchant_chooses(platform: Platform) -> None:
    await platform.request()
    for domain in (FERN, "www.fern.example"):
        await connect(platform, domain)
        await check(platform, domain=domain)
    assert (await platform.store()).primary_domain == FERN
    choose = ChoosePrimaryDomain(
        store_id=platform.store_id, merchant_id=platform.merchant_id, domain="WWW.fern.example"
    )
    (event,) = await platform.do(choose)
    assert isinstance(event, PrimaryDomainChosen)
    assert event.name == "www.fern.example"
    assert await platform.do(choose) == []


async def test_a_reason_is_recorded_once_until_it_changes(platform: Platform) -> None:
    await platform.request()
    await connect(platform)
    (first,) = await check(platform, DomainProblem.NO_RECORD)
    assert isinstance(first, DomainProofMissing)
    assert await check(platform, DomainProblem.NO_RECORD) == []
    (second,) = await check(platform, DomainProblem.OTHER_RECORD)
    assert isinstance(second, DomainProofMissing)
    assert (await platform.store()).domains[FERN].problem is DomainProblem.OTHER_RECORD


async def test_a_search_without_a_proof_ends_with_the_reason(platform: Platform) -> None:
    await platform.request()
    await connect(platform)
    platform.clock.advance(SEARCH_FOR - timedelta(seconds=1))
    assert kinds(await check(platform, DomainProblem.NO_RECORD)) == ["DomainProofMissing"]
    platform.clock.advance(timedelta(seconds=1))
    (event,) = await check(platform, DomainProblem.NO_RECORD)
    assert isinstance(event, DomainFailed)
    assert event.problem is DomainProblem.NO_RECORD
    assert await check(platform) == [], (
        "a late proof of an ended search counts only after the domain is connected again"
    )
    assert kinds(await connect(platform)) == ["DomainConnected"]
    assert "DomainVerified" in kinds(await check(platform))


async def test_connecting_again_restarts_a_search_but_not_at_once(platform: Platform) -> None:
    await platform.request()
    await connect(platform)
    assert await connect(platform) == []
    platform.clock.advance(timedelta(minutes=10))
    (event,) = await connect(platform)
    assert isinstance(event, DomainConnected)
    assert event.check_until == platform.clock.now() + SEARCH_FOR


async def test_a_lost_proof_warns_first_and_switches_off_after_the_grace(platform: Platform) -> None:
    await platform.request()
    await connect(platform)
    await check(platform)
    (lost,) = await check(platform, DomainProblem.NO_RECORD)
    assert isinstance(lost, DomainProofLost)
    assert lost.off_at == lost.occurred_at + GRACE
    assert (await platform.store()).domains[FERN].status is DomainStatus.VERIFIED, "it works during the grace"
    assert await check(platform, DomainProblem.NO_RECORD) == []
    platform.clock.advance(GRACE)
    events = await check(platform, DomainProblem.NO_RECORD)
    assert kinds(events) == ["DomainFailed", "PrimaryDomainChosen", "HostnameReleased"]
    assert (await platform.store()).primary_domain is None


async def test_a_proof_that_comes_back_ends_the_warning(platform: Platform) -> None:
    await platform.request()
    await connect(platform)
    await check(platform)
    await check(platform, DomainProblem.DNS_ERROR)
    platform.clock.advance(GRACE - timedelta(hours=1))
    (found,) = await check(platform)
    assert isinstance(found, DomainProofFound)
    platform.clock.advance(timedelta(hours=2))
    (again,) = await check(platform, DomainProblem.NO_RECORD)
    assert isinstance(again, DomainProofLost), "the grace begins from the start"


async def test_one_store_has_a_domain_at_a_time(platform: Platform) -> None:
    await platform.request()
    await connect(platform)
    first = await another_store(platform)
    await connect(platform)
    assert "DomainVerified" in kinds(await check(platform, store=first))
    (event,) = await check(platform)
    assert isinstance(event, DomainFailed)
    assert event.problem is DomainProblem.TAKEN
    with pytest.raises(DomainTaken) as refusal:
        await connect(platform)
    assert refusal.value.code == "DOMAIN_TAKEN"
    assert (await platform.get(HOSTNAME, hostname_stream(FERN))).store_id == first


async def test_an_unproved_claim_keeps_no_other_store_from_the_domain(platform: Platform) -> None:
    await platform.request()
    await connect(platform)
    await another_store(platform)
    await connect(platform)
    assert "DomainVerified" in kinds(await check(platform))


async def test_a_removed_domain_can_be_proved_by_another_store(platform: Platform) -> None:
    await platform.request()
    await connect(platform)
    await check(platform)
    events = await remove(platform)
    assert kinds(events) == ["DomainRemoved", "PrimaryDomainChosen", "HostnameReleased"]
    with pytest.raises(DomainNotFound):
        await remove(platform)
    await another_store(platform)
    await connect(platform)
    verified, _, taken = await check(platform)
    assert isinstance(verified, DomainVerified)
    assert isinstance(taken, HostnameTaken)
    assert (taken.store_id, taken.originator_version) == (platform.store_id, 3)


async def test_an_archived_store_can_give_its_domain_back(platform: Platform) -> None:
    await platform.publish()
    await connect(platform)
    await check(platform)
    await platform.send(ArchiveStore(store_id=platform.store_id, merchant_id=platform.merchant_id))
    with pytest.raises(StoreNotReady):
        await connect(platform, "other.example")
    assert "HostnameReleased" in kinds(await remove(platform))


async def test_a_store_has_at_most_ten_domains(platform: Platform) -> None:
    await platform.request()
    for n in range(DOMAINS_MOST):
        await connect(platform, f"d{n}.example")
    with pytest.raises(InvalidInput, match="10 domains"):
        await connect(platform)
    await remove(platform, "d0.example")
    assert kinds(await connect(platform)) == ["DomainConnected"]


async def test_only_a_verified_domain_can_be_the_address(platform: Platform) -> None:
    await platform.request()
    await connect(platform)
    with pytest.raises(DomainNotVerified, match="PENDING"):
        await platform.send(
            ChoosePrimaryDomain(store_id=platform.store_id, merchant_id=platform.merchant_id, domain=FERN)
        )
    with pytest.raises(DomainNotFound):
        await platform.send(
            ChoosePrimaryDomain(store_id=platform.store_id, merchant_id=platform.merchant_id, domain="a.example")
        )
    with pytest.raises(DomainNotFound):
        await remove(platform, "a.example")


@pytest.mark.parametrize("domain", ["shop.localhost", "neon.localhost", "co.uk"])
async def test_a_name_that_is_not_the_merchants_is_refused(platform: Platform, domain: str) -> None:
    await platform.request()
    before = len(platform.log.raw)
    with pytest.raises(InvalidInput):
        await connect(platform, domain)
    assert len(platform.log.raw) == before


async def test_a_check_of_an_unknown_domain_changes_nothing(platform: Platform) -> None:
    await platform.request()
    assert await check(platform, domain="unknown.example") == []
