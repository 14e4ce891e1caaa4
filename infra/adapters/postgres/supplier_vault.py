"""Merchants' supplier credentials, encrypted in the table ``vault``."""

import json
from uuid import UUID

import asyncpg

from domain.merchant.events import SupplierProvider
from domain.merchant.ports import SupplierCredentials
from infra.adapters.master_keys import MasterKeys


class PostgresSupplierVault:
    """Implements ``SupplierVault`` and ``SupplierCredentialsReader`` of :mod:`domain.merchant.ports`."""

    def __init__(self, pool: asyncpg.Pool, keys: MasterKeys) -> None:
        self._pool = pool
        self._keys = keys

    async def keep(self, merchant_id: UUID, provider: SupplierProvider, credentials: SupplierCredentials) -> None:
        name = _name(provider)
        plain = json.dumps(
            {
                "api_key": credentials.api_key,
                "api_secret": credentials.api_secret,
                "account_id": credentials.account_id,
            }
        )
        await self._pool.execute(
            "insert into vault (tenant, name, sealed) values ($1, $2, $3)"
            " on conflict (tenant, name) do update set sealed = excluded.sealed, updated_at = clock_timestamp()",
            merchant_id,
            name,
            self._keys.seal(plain.encode(), bound_to=_row(merchant_id, name)),
        )

    async def read(self, merchant_id: UUID, provider: SupplierProvider) -> SupplierCredentials | None:
        name = _name(provider)
        sealed = await self._pool.fetchval(
            "select sealed from vault where tenant = $1 and name = $2", merchant_id, name
        )
        if sealed is None:
            return None
        return SupplierCredentials(**json.loads(self._keys.open(sealed, bound_to=_row(merchant_id, name))))

    async def drop(self, merchant_id: UUID, provider: SupplierProvider) -> None:
        await self._pool.execute("delete from vault where tenant = $1 and name = $2", merchant_id, _name(provider))


def _name(provider: SupplierProvider) -> str:
    return f"supplier.{provider}"


def _row(merchant_id: UUID, name: str) -> str:
    return f"vault|{merchant_id}|{name}"
