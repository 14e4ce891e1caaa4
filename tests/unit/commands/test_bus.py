"""The bus: once per command id, all or nothing, patient with conflicts."""

import asyncio
from uuid import UUID, uuid4

import pytest

from commands.bus import CommandBus, payload_digest
from commands.merchant import ConnectSupplier, DisconnectSupplier, RegisterMerchant
from commands.ports import CommandReused, Commit, ConcurrencyConflict, Context, Receipt, reaction_id
from commands.product import AddProduct
from commands.store import ApproveStore, MarkStoreReady, RequestStore
from commands.unit_of_work import UnitOfWork
from domain.kernel import InvalidInput, NotFound
from domain.merchant.aggregate import MERCHANT
from domain.merchant.aggregate import register as register_merchant
from domain.merchant.events import MerchantRegistered, SupplierConnected, SupplierProvider
from domain.product.aggregate import PRODUCT
from domain.store.aggregate import STORE
from domain.store.events import Preferences
from infra.bootstrap import handlers
from tests.support.builders.samples import dollars, product_added, sealed
from tests.support.fakes.event_log import MemoryEventLog
from tests.support.platforms.write_side import Platform, kinds


def register(id: UUID) -> RegisterMerchant:
    return RegisterMerchant(merchant_id=id, email=sealed(id), name=None)


def connect(id: UUID, provider: SupplierProvider = SupplierProvider.SAMPLE) -> ConnectSupplier:
    return ConnectSupplier(merchant_id=id, provider=provider)


async def test_a_command_sent_twice_is_carried_out_once_and_answers_the_same(platform: Platform) -> None:
    command, id = register(uuid4()), uuid4()
    first = await platform.send(command, id=id)
    second = await platform.send(command, id=id)
    assert kinds(platform.log.events) == ["MerchantRegistered"]
    assert (second.result, second.token, second.replayed) == (first.result, first.token, True)
    assert first.replayed is False


async def test_a_repeat_that_would_be_refused_by_now_answers_with_its_first_result(platform: Platform) -> None:
    command, id = register(platform.merchant_id), uuid4()
    first = await platform.send(command, id=id)
    with pytest.raises(InvalidInput):
        await platform.send(command)  # the same under another id: the merchant exists
    assert (await platform.send(command, id=id)).result == first.result


async def test_a_command_id_cannot_serve_two_payloads(platform: Platform) -> None:
    id = uuid4()
    await platform.send(register(platform.merchant_id), id=id)
    await platform.send(connect(platform.merchant_id))
    with pytest.raises(CommandReused):
        await platform.send(connect(platform.merchant_id, SupplierProvider.CJ_DROPSHIPPING), id=id)
    assert kinds(platform.log.events) == ["MerchantRegistered", "SupplierConnected"]


async def test_a_refused_command_appends_nothing_and_may_be_sent_again(platform: Platform) -> None:
    id = uuid4()
    with pytest.raises(NotFound):
        await platform.send(connect(platform.merchant_id), id=id)
    assert (platform.log.events, platform.log.receipts) == ([], {})
    await platform.send(register(platform.merchant_id))
    assert kinds(await platform.do(connect(platform.merchant_id), id=id)) == ["SupplierConnected"]


async def test_a_command_that_changes_nothing_has_the_token_of_what_it_read(platform: Platform) -> None:
    await platform.send(register(platform.merchant_id))
    changed = await platform.send(connect(platform.merchant_id))
    unchanged = await platform.send(connect(platform.merchant_id))
    assert unchanged.token == changed.token is not None


async def test_writers_that_collide_all_get_through(platform: Platform) -> None:
    await platform.send(register(platform.merchant_id))
    providers = list(SupplierProvider)
    await asyncio.gather(*(platform.send(connect(platform.merchant_id, provider)) for provider in providers))
    events = platform.log.events
    assert isinstance(events[0], MerchantRegistered)
    assert {event.provider for event in events[1:] if isinstance(event, SupplierConnected)} == set(providers)
    assert [event.originator_version for event in events] == list(range(1, len(providers) + 2))


class ContendedLog(MemoryEventLog):
    """A log on which another writer is always first."""

    async def commit(self, commit: Commit) -> Receipt:
        raise ConcurrencyConflict("another writer was first")


async def test_a_command_that_never_gets_through_is_given_up_and_appends_nothing() -> None:
    log = ContendedLog()
    bus = CommandBus(log, handlers(log.clock), patience=0.05)
    with pytest.raises(ConcurrencyConflict):
        await bus.dispatch(register(uuid4()), Context(command_id=uuid4(), correlation_id=uuid4()))
    assert log.events == []


async def test_a_reaction_takes_its_id_and_correlation_from_its_cause(platform: Platform) -> None:
    await platform.send(register(platform.merchant_id))
    (cause,) = platform.log.envelopes
    assert await platform.outcome(cause, "probe") is None
    receipt = await platform.bus.react(connect(platform.merchant_id), cause=cause, name="probe")
    assert receipt.command_id == reaction_id(cause, "probe")
    answer = platform.log.envelopes[1]
    assert (answer.correlation_id, answer.causation_id) == (cause.correlation_id, cause.id)
    assert await platform.outcome(cause, "probe") is not None
    again = await platform.bus.react(connect(platform.merchant_id), cause=cause, name="probe")
    assert again.replayed


def test_the_digest_tells_types_and_fields_apart() -> None:
    id = uuid4()
    request = RequestStore(store_id=id, merchant_id=id, niche="a", preferences=Preferences())
    other = RequestStore(store_id=id, merchant_id=id, niche="b", preferences=Preferences())
    assert payload_digest(request) == payload_digest(request) != payload_digest(other)
    assert payload_digest(connect(id)) != payload_digest(register(id))


async def cache_and_append(platform: Platform) -> None:
    """Cache the merchant in the bus and make the cached state outdated by another command."""
    await platform.send(register(platform.merchant_id))
    remembered = await platform.log.load(MERCHANT, platform.merchant_id)
    assert remembered is not None
    await platform.send(connect(platform.merchant_id))
    platform.log.remembered[platform.merchant_id] = remembered


async def test_an_event_decided_on_outdated_state_is_decided_again(platform: Platform) -> None:
    await cache_and_append(platform)
    assert kinds(await platform.do(connect(platform.merchant_id, SupplierProvider.SPOCKET))) == ["SupplierConnected"]
    assert [event.originator_version for event in platform.log.events] == [1, 2, 3]


async def test_a_no_op_decided_on_outdated_state_is_decided_again(platform: Platform) -> None:
    await cache_and_append(platform)
    # By the cached state it is not connected, so this would be a no-op.
    disconnect = DisconnectSupplier(merchant_id=platform.merchant_id, provider=SupplierProvider.SAMPLE)
    assert kinds(await platform.do(disconnect)) == ["SupplierDisconnected"]


async def test_a_refusal_decided_on_outdated_state_is_decided_again(platform: Platform) -> None:
    await platform.send(register(platform.merchant_id))
    await platform.send(
        RequestStore(
            store_id=platform.store_id, merchant_id=platform.merchant_id, niche="Lamps", preferences=Preferences()
        )
    )
    early = await platform.log.load(STORE, platform.store_id)
    assert early is not None
    await platform.send(MarkStoreReady(store_id=platform.store_id, generation_id=platform.generation_id))
    platform.log.remembered[platform.store_id] = (
        early  # by this state the generation is running, so approval is refused
    )
    approve = ApproveStore(store_id=platform.store_id, merchant_id=platform.merchant_id)
    assert kinds(await platform.do(approve)) == ["StoreApproved"]


async def test_an_id_that_was_assumed_to_be_free_is_refused_if_it_is_taken(platform: Platform) -> None:
    await platform.send(register(platform.merchant_id))
    with pytest.raises(InvalidInput, match="already"):
        await platform.send(register(platform.merchant_id))
    assert kinds(platform.log.events) == ["MerchantRegistered"]


async def test_an_id_of_another_kind_is_not_found(platform: Platform) -> None:
    await platform.request()
    with pytest.raises(NotFound, match="No store with id"):
        await platform.send(ApproveStore(store_id=platform.merchant_id, merchant_id=platform.merchant_id))


async def test_one_command_may_ask_for_one_id_as_two_kinds(platform: Platform) -> None:
    await platform.request()
    work = UnitOfWork(platform.log)
    assert await work.find(STORE, platform.store_id) is not None
    assert await work.find(PRODUCT, platform.store_id) is None
    assert (await work.get(STORE, platform.store_id)).id == platform.store_id


@pytest.mark.parametrize("optimistic", [True, False])
async def test_no_stream_begins_under_the_id_of_another_stream(platform: Platform, optimistic: bool) -> None:
    await platform.request()
    before = len(platform.log.raw)
    add = AddProduct(
        product_id=platform.merchant_id if optimistic else platform.store_id,  # the store is loaded by then
        store_id=platform.store_id,
        merchant_id=platform.merchant_id,
        title="Lamp",
        description="It glows.",
        cost=dollars("4"),
        price=dollars("9"),
        compare_at=None,
        stock=1,
        image_urls=[],
    )
    with pytest.raises(InvalidInput, match="is taken"):
        await platform.send(add)
    assert len(platform.log.raw) == before


async def test_an_id_staged_as_one_kind_is_refused_as_another(platform: Platform) -> None:
    id, work = uuid4(), UnitOfWork(platform.log)
    work.append(MERCHANT, id, register_merchant(id, email=sealed(id), name=None, at=platform.clock.now()), tenant=id)
    assert await work.is_new(PRODUCT, id) is False
    added = product_added().model_copy(update={"originator_id": id})
    with pytest.raises(InvalidInput, match="is taken"):
        work.append(PRODUCT, id, [added], tenant=id)


async def test_appending_no_events_returns_the_loaded_state_and_stages_nothing(platform: Platform) -> None:
    await platform.request()
    work = UnitOfWork(platform.log)
    store = await work.get(STORE, platform.store_id)
    assert work.append(STORE, store.id, (), tenant=store.id) == store
    assert work.staged == ()


def test_appending_no_events_to_a_stream_that_is_not_loaded_is_a_bug(platform: Platform) -> None:
    with pytest.raises(ValueError, match="is not loaded"):
        UnitOfWork(platform.log).append(STORE, platform.store_id, (), tenant=platform.store_id)
