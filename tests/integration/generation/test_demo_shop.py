"""The demo shop: written by the commands of any store, so that the platform finds nothing left to do."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from commands.merchant import RegisterMerchant
from commands.ports import Context
from domain.generation.aggregate import generation_of
from domain.ids import derived
from domain.kernel import DomainError
from gateway.auth.passwords import Passwords
from infra.adapters.postgres.accounts import PostgresAccounts
from infra.bootstrap import consumers, open_platform
from infra.bootstrap.consumers import storefront_host
from infra.demo.shop.recording import read_shop
from infra.demo.shop.seeding import NotEmpty, seed_shop
from infra.log.verification import check_chain
from infra.replay.difference import differences, fields_of
from infra.replay.machine import replay
from infra.replay.recording import read_recording
from infra.settings import Settings

REACTING = (
    "generation-policy",
    "payments-policy",
    "refund-policy",
    "brand-agent",
    "scout-agent",
    "copy-agent",
    "page-agent",
)


def settings(database: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, database_url=database, master_keys=[SecretStr("ab" * 32)])


async def test_the_shop_is_as_valid_as_any_other_and_is_written_once(database: str, tmp_path: Path) -> None:
    async with open_platform(settings(database, tmp_path), migrated=False) as platform:
        now = platform.clock.now()
        shop = await seed_shop(platform, now=now)
        log, pool = await platform.log(), await platform.pool()
        raw = await log.read_settled(0, 10_000)

        kinds = Counter(event.type for event in raw)
        assert kinds["store.store_published.v1"] == 1
        assert kinds["product.product_activated.v1"] == kinds["product.product_imported.v1"] >= 15
        assert kinds["order.order_placed.v1"] == kinds["order.order_paid.v1"] + kinds["order.order_cancelled.v1"] == 14
        assert kinds["order.refund_succeeded.v1"] == kinds["order.refund_requested.v1"] == 2
        assert kinds["media.image_processed.v1"] == kinds["media.image_processing_requested.v1"]
        assert kinds["discount.discount_used.v1"] >= 3

        counted = await pool.fetch("select visits from visits where store_id = $1", shop.store_id)
        assert len(counted) > 30
        assert 0.01 < kinds["order.order_paid.v1"] / sum(day["visits"] for day in counted) < 0.05

        heads: dict[UUID, tuple[int, bytes]] = {}
        for event in raw:
            check_chain(event, heads, where="the log")
        times = [event.recorded_at for event in raw]
        assert times == sorted(times)
        assert now - timedelta(days=32) < times[0] < times[-1] < now

        recording = await read_recording(log, pool, generation_of(shop.store_id))
        again = await replay(recording, host_for=storefront_host(platform.settings))
        made = fields_of(envelope.event for envelope in recording.store)
        assert differences(made, fields_of(again)) == []
        for name in read_shop().media:
            assert (tmp_path / "media" / "sha256" / name[:2] / name).is_file()

        for consumer in await consumers(platform, names=REACTING):
            for event in raw:
                envelope = event.decode()
                if type(envelope.event) in consumer.handles:
                    try:
                        await consumer(envelope)
                    except DomainError:
                        continue
        assert await log.last_position() == raw[-1].position, "a consumer found something left to do"

        account = await PostgresAccounts(pool).claimant(shop.email)
        assert account is not None
        assert account.password_hash is not None
        assert (await Passwords().verify(shop.password, account.password_hash))[0]
        assert (await seed_shop(platform, now=now + timedelta(days=3))).password == shop.password
        assert await log.last_position() == raw[-1].position


async def test_a_log_with_other_stores_is_left_alone(database: str, tmp_path: Path) -> None:
    async with open_platform(settings(database, tmp_path), migrated=False) as platform:
        other = derived(read_shop().store_id, "other")
        personal = await platform.personal()
        command = RegisterMerchant(merchant_id=other, email=await personal.seal(other, "me@example.com"), name=None)
        await (await platform.bus()).dispatch(command, Context(command_id=other, correlation_id=other))
        position = await (await platform.log()).last_position()
        with pytest.raises(NotEmpty, match="new data directory"):
            await seed_shop(platform, now=platform.clock.now())
        assert await (await platform.log()).last_position() == position
