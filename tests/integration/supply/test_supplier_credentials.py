"""Supplier credentials, written through the vault and read through the agents' narrow port."""

from uuid import uuid4

import asyncpg

from domain.merchant.events import SupplierProvider
from domain.merchant.ports import SupplierCredentials, SupplierCredentialsReader, SupplierVault
from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.supplier_vault import PostgresSupplierVault

MINE = SupplierCredentials(api_key="key-1", api_secret="secret-1", account_id="account-1")


async def test_an_agent_reads_the_merchants_own_credentials_until_they_are_deleted(pool: asyncpg.Pool) -> None:
    postgres = PostgresSupplierVault(pool, MasterKeys([bytes(32)]))
    vault: SupplierVault = postgres
    reader: SupplierCredentialsReader = postgres
    merchant_id = uuid4()
    assert await reader.read(merchant_id, SupplierProvider.SAMPLE) is None
    await vault.keep(merchant_id, SupplierProvider.SAMPLE, MINE)
    await vault.keep(uuid4(), SupplierProvider.SAMPLE, SupplierCredentials(api_key="key-2"))
    assert await reader.read(merchant_id, SupplierProvider.SAMPLE) == MINE
    await vault.drop(merchant_id, SupplierProvider.SAMPLE)
    assert await reader.read(merchant_id, SupplierProvider.SAMPLE) is None
