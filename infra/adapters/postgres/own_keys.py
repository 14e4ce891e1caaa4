"""Merchants' own keys at Stripe, encrypted in the table ``vault``."""

import json
from uuid import UUID

import asyncpg

from domain.merchant.ports import KeyEndpoint, OwnKey
from infra.adapters.master_keys import MasterKeys
from projections.merchants.queries import merchant_with_own_key
from projections.reading.scope import SYSTEM

NAME = "payments.stripe"
"""The key's name among a merchant's secrets."""


class PostgresOwnKeys:
    """Implements ``OwnKeyVault`` of :mod:`domain.merchant.ports`, and finds the key of an account."""

    def __init__(self, pool: asyncpg.Pool, keys: MasterKeys) -> None:
        self._pool = pool
        self._keys = keys

    async def keep(self, merchant_id: UUID, key: OwnKey) -> None:
        plain = json.dumps(
            {
                "secret_key": key.secret_key,
                "account_id": key.account_id,
                "endpoints": [[endpoint.id, endpoint.secret] for endpoint in key.endpoints],
            }
        )
        await self._pool.execute(
            "insert into vault (tenant, name, sealed) values ($1, $2, $3)"
            " on conflict (tenant, name) do update set sealed = excluded.sealed, updated_at = clock_timestamp()",
            merchant_id,
            NAME,
            self._keys.seal(plain.encode(), bound_to=_row(merchant_id)),
        )

    async def read(self, merchant_id: UUID) -> OwnKey | None:
        sealed = await self._pool.fetchval(
            "select sealed from vault where tenant = $1 and name = $2", merchant_id, NAME
        )
        if sealed is None:
            return None
        fields = json.loads(self._keys.open(sealed, bound_to=_row(merchant_id)))
        endpoints = tuple(KeyEndpoint(id=id, secret=secret) for id, secret in fields["endpoints"])
        return OwnKey(secret_key=fields["secret_key"], account_id=fields["account_id"], endpoints=endpoints)

    async def drop(self, merchant_id: UUID) -> None:
        await self._pool.execute("delete from vault where tenant = $1 and name = $2", merchant_id, NAME)

    async def key_of(self, account_id: str) -> str | None:
        """Return the own key of an account; None if the platform reaches the account through Connect."""
        try:
            merchant_id = await merchant_with_own_key(self._pool, account_id, scope=SYSTEM)
        except asyncpg.UndefinedTableError:
            # The read model has not been built yet.
            return None
        key = None if merchant_id is None else await self.read(merchant_id)
        return None if key is None or key.account_id != account_id else key.secret_key


def _row(merchant_id: UUID) -> str:
    return f"vault|{merchant_id}|{NAME}"
