"""After a rotation of the master key, every stored secret comes under the new one."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from domain.merchant.events import SupplierProvider
from domain.merchant.ports import OwnKey, SupplierCredentials
from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.own_keys import PostgresOwnKeys
from infra.adapters.postgres.rewrapping import MasterKeyMissing, rewrap, rows_by_key
from infra.adapters.postgres.second_factors import PostgresSecondFactors
from infra.adapters.postgres.supplier_vault import PostgresSupplierVault
from infra.adapters.postgres.vault import PostgresPersonalData
from infra.cli.secrets import sentence_about

OLD, OLDER = MasterKeys([b"o" * 32]), MasterKeys([b"p" * 32])
NEW = MasterKeys([b"n" * 32])
ALL = MasterKeys([b"n" * 32, b"o" * 32, b"p" * 32])
CREDENTIALS = SupplierCredentials(api_key="sk-1")
OWN = OwnKey(secret_key="rk_1", account_id="acct_1", endpoints=())


class Stored:
    """Secrets of every kind under former keys."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool, self.merchant = pool, uuid4()
        self.people = [uuid4() for _ in range(5)]

    async def write(self) -> None:
        for number, person in enumerate(self.people):
            personal = PostgresPersonalData(self.pool, OLDER if number % 2 else OLD)
            self.sealed = await personal.seal(person, "Ada")
        await PostgresSupplierVault(self.pool, OLD).keep(self.merchant, SupplierProvider.SPOCKET, CREDENTIALS)
        await PostgresOwnKeys(self.pool, OLD).keep(self.merchant, OWN)
        await self.pool.execute(
            "insert into accounts (merchant_id, email, email_key, password_hash, created_at, updated_at) "
            "values ($1, 'a', 'a', 'x', now(), now())",
            self.merchant,
        )
        await PostgresSecondFactors(self.pool, OLD).begin(self.merchant, b"secret")

    async def opens_under(self, keys: MasterKeys) -> bool:
        factor = await PostgresSecondFactors(self.pool, keys).totp(self.merchant)
        supplier = await PostgresSupplierVault(self.pool, keys).read(self.merchant, SupplierProvider.SPOCKET)
        return (
            factor is not None
            and factor.secret == b"secret"
            and supplier == CREDENTIALS
            and await PostgresOwnKeys(self.pool, keys).read(self.merchant) == OWN
            and await PostgresPersonalData(self.pool, keys).open(self.sealed) == "Ada"
        )


@pytest.fixture
async def stored(pool: asyncpg.Pool) -> Stored:
    written = Stored(pool)
    await written.write()
    return written


async def values(pool: asyncpg.Pool) -> list[asyncpg.Record]:
    return await pool.fetch(
        "select wrapped_key from person_keys union all select sealed from vault union all select secret from second_factors"
    )


async def test_runs_beside_each_other_seal_every_row_once(pool: asyncpg.Pool, stored: Stored) -> None:
    assert await rows_by_key(pool) == {OLD.current: 6, OLDER.current: 2}
    runs = await asyncio.gather(*(rewrap(pool, ALL, at_once=2) for _ in range(3)))
    assert sum(sum(run.changed.values()) for run in runs) == 8
    assert await rows_by_key(pool) == {NEW.current: 8}
    assert await stored.opens_under(NEW)
    again = await rewrap(pool, NEW)
    assert sum(again.changed.values()) == 0
    assert sentence_about(again) == "Nothing to do: all 8 rows are sealed under the current master key."


async def test_a_run_that_was_stopped_is_finished_by_the_next_one(pool: asyncpg.Pool, stored: Stored) -> None:
    def stop(_rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rewrap(pool, ALL, at_once=2, progress=stop)
    assert (await rows_by_key(pool))[NEW.current] == 2
    assert await stored.opens_under(ALL)
    rest = await rewrap(pool, ALL)
    assert sentence_about(rest) == (
        "Sealed under the current master key: 3 keys of people, 2 secrets of merchants, 1 second factor, of 8 stored in all."
    )
    assert await stored.opens_under(NEW)


async def test_without_a_key_that_rows_are_under_nothing_is_changed(pool: asyncpg.Pool, stored: Stored) -> None:
    before = await values(pool)
    with pytest.raises(MasterKeyMissing, match=f"2 under key {OLDER.current}. Nothing was changed"):
        await rewrap(pool, MasterKeys([b"n" * 32, b"o" * 32]))
    assert await values(pool) == before
    assert await stored.opens_under(ALL)


async def test_a_row_that_was_moved_by_hand_stays_and_is_named(pool: asyncpg.Pool, stored: Stored) -> None:
    person: UUID = stored.people[0]
    await pool.execute("update person_keys set person_id = $2 where person_id = $1", person, uuid4())
    done = await rewrap(pool, ALL, at_once=2)
    assert dict(done.unreadable) == {"person_keys": 1}
    assert await rows_by_key(pool) == {NEW.current: 7, OLD.current: 1}
    assert "Not opened by the key that the row names: 1 key of a person." in sentence_about(done)
