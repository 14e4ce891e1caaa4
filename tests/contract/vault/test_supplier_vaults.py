"""What every supplier vault promises: PostgreSQL's, and the one in memory."""

from typing import Protocol
from uuid import uuid4

import asyncpg
import pytest

from domain.merchant.events import SupplierProvider
from domain.merchant.ports import KeyEndpoint, OwnKey, SupplierCredentials, SupplierCredentialsReader, SupplierVault
from infra.adapters.master_keys import MasterKeys, WrongKey
from infra.adapters.postgres.own_keys import PostgresOwnKeys
from infra.adapters.postgres.supplier_vault import PostgresSupplierVault
from tests.support.fakes.vault import MemoryVault

KEYS = MasterKeys([b"k" * 32])
CREDENTIALS = SupplierCredentials(api_key="sk-1", api_secret="secret", account_id="me")


class ReadableVault(SupplierVault, SupplierCredentialsReader, Protocol):
    """A vault that can be read."""


@pytest.fixture(params=["memory", "postgresql"])
def vault(request: pytest.FixtureRequest) -> ReadableVault:
    if request.param == "memory":
        return MemoryVault()
    return PostgresSupplierVault(request.getfixturevalue("pool"), KEYS)


async def test_credentials_come_back_as_they_were(vault: ReadableVault) -> None:
    merchant = uuid4()
    for credentials in (CREDENTIALS, SupplierCredentials(api_key="only a key")):
        await vault.keep(merchant, SupplierProvider.SAMPLE, credentials)
        assert await vault.read(merchant, SupplierProvider.SAMPLE) == credentials


async def test_merchants_and_suppliers_are_kept_apart(vault: ReadableVault) -> None:
    merchant = uuid4()
    await vault.keep(merchant, SupplierProvider.SAMPLE, CREDENTIALS)
    assert await vault.read(merchant, SupplierProvider.SPOCKET) is None
    assert await vault.read(uuid4(), SupplierProvider.SAMPLE) is None


async def test_dropped_credentials_are_gone_and_dropping_again_is_harmless(vault: ReadableVault) -> None:
    merchant = uuid4()
    await vault.keep(merchant, SupplierProvider.SAMPLE, CREDENTIALS)
    await vault.keep(merchant, SupplierProvider.SPOCKET, CREDENTIALS)
    await vault.drop(merchant, SupplierProvider.SAMPLE)
    await vault.drop(merchant, SupplierProvider.SAMPLE)
    assert await vault.read(merchant, SupplierProvider.SAMPLE) is None
    assert await vault.read(merchant, SupplierProvider.SPOCKET) == CREDENTIALS


async def test_a_row_copied_to_another_merchant_does_not_open(pool: asyncpg.Pool) -> None:
    vault, merchant, other = PostgresSupplierVault(pool, KEYS), uuid4(), uuid4()
    await vault.keep(merchant, SupplierProvider.SAMPLE, CREDENTIALS)
    await pool.execute("update vault set tenant = $2 where tenant = $1", merchant, other)
    with pytest.raises(WrongKey):
        await vault.read(other, SupplierProvider.SAMPLE)


async def test_an_own_key_comes_back_sealed_for_its_merchant_alone(pool: asyncpg.Pool) -> None:
    vault, merchant, other = PostgresOwnKeys(pool, KEYS), uuid4(), uuid4()
    key = OwnKey(secret_key="rk_test_1", account_id="acct_1", endpoints=(KeyEndpoint(id="we_1", secret="whsec_1"),))
    await vault.keep(merchant, key)
    assert await vault.read(merchant) == key
    assert await vault.read(other) is None
    sealed = await pool.fetchval("select sealed from vault where tenant = $1", merchant)
    assert "rk_test_1" not in str(sealed)
    assert "whsec_1" not in str(sealed)
    await pool.execute("update vault set tenant = $2 where tenant = $1", merchant, other)
    with pytest.raises(WrongKey):
        await vault.read(other)
    await vault.drop(other)
    assert await vault.read(other) is None
