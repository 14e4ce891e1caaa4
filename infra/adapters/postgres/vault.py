"""Personal data at rest: one key per person, sealed under the master keys."""

import hashlib
import hmac
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.accounts.email import email_key
from domain.privacy import AddressMatches, Sealed
from domain.shopper.events import ShopperForgotten
from infra.adapters.master_keys import MasterKeys, id_of_key, key_id_of, open_under, seal_under
from infra.adapters.postgres.pools import Connection

DIGESTS = UUID(int=1)
"""No person: the row of ``person_keys`` with the key of address digests, so that a rotation wraps it like the others."""
UPGRADE = timedelta(hours=1)
"""How long an older version may go on sealing addresses without a digest."""
POLICY_SECONDS = 60.0
"""How long the forgetting policy may take to delete a person's key."""


class PostgresPersonalData:
    """Implements :class:`domain.privacy.PersonalData`: one key per person, sealed under the master key."""

    def __init__(self, pool: asyncpg.Pool, keys: MasterKeys) -> None:
        self._pool = pool
        self._keys = keys

    async def seal(self, person_id: UUID, value: str) -> Sealed:
        key = await self._key(person_id) or await self._make_key(person_id)
        ciphertext = seal_under(key, id_of_key(key), value.encode(), f"person|{person_id}")
        return Sealed(person_id=person_id, ciphertext=ciphertext)

    async def seal_address(self, person_id: UUID, store_id: UUID, email: str) -> Sealed:
        sealed = await self.seal(person_id, email)
        # No row of a person who was forgotten since.
        await self._pool.execute(
            "insert into shopper_addresses (person_id, digest) select person_id, $2 from person_keys where person_id = $1"
            " on conflict (person_id) do update set digest = excluded.digest",
            person_id,
            _digest(await self._digest_key(), store_id, email),
        )
        return sealed

    async def with_address(self, store_id: UUID, email: str) -> AddressMatches:
        since = await self._pool.fetchval("select created_at from person_keys where person_id = $1", DIGESTS)
        if since is None:
            return AddressMatches((), None)
        digest = _digest(await self._digest_key(), store_id, email)
        found = await self._pool.fetch("select person_id from shopper_addresses where digest = $1", digest)
        return AddressMatches([row["person_id"] for row in found], since + UPGRADE)

    async def open(self, sealed: Sealed) -> str | None:
        (value,) = await self.open_many((sealed,))
        return value

    async def open_many(self, sealed: Sequence[Sealed]) -> Sequence[str | None]:
        keys = await self._keys_of({value.person_id for value in sealed})
        return [_open_for_person(value, keys.get(value.person_id)) for value in sealed]

    async def forget(self, person_id: UUID) -> None:
        # One transaction with a new revision: what a cache made of a merchant's data is gone with the key.
        await self._pool.execute(
            "with erased as (delete from person_keys where person_id = $1) "
            "update revisions set revision = gen_random_uuid() where tenant = $1",
            person_id,
        )

    async def _digest_key(self) -> bytes:
        return await self._key(DIGESTS) or await self._make_key(DIGESTS)

    async def _key(self, person_id: UUID) -> bytes | None:
        return (await self._keys_of({person_id})).get(person_id)

    async def _keys_of(self, person_ids: Collection[UUID]) -> dict[UUID, bytes]:
        rows = await self._pool.fetch(
            "select person_id, wrapped_key from person_keys where person_id = any($1)", list(person_ids)
        )
        return {
            row["person_id"]: self._keys.open(row["wrapped_key"], bound_to=f"person_keys|{row['person_id']}")
            for row in rows
        }

    async def _make_key(self, person_id: UUID) -> bytes:
        bound = f"person_keys|{person_id}"
        wrapped = await self._pool.fetchval(
            "insert into person_keys (person_id, wrapped_key) values ($1, $2)"
            " on conflict (person_id) do update set wrapped_key = person_keys.wrapped_key returning wrapped_key",
            person_id,
            self._keys.seal(AESGCM.generate_key(256), bound_to=bound),
        )
        return self._keys.open(wrapped, bound_to=bound)


def _digest(key: bytes, store_id: UUID, email: str) -> bytes:
    # Bound to the store: equal addresses in two stores have different digests.
    return hmac.digest(key, b"address|" + store_id.bytes + email_key(email).encode(), hashlib.sha256)


def _open_for_person(sealed: Sealed, key: bytes | None) -> str | None:
    if key is None or key_id_of(sealed.ciphertext) != id_of_key(key):
        # The person has no key, or a new one after being forgotten: earlier values stay forgotten.
        return None
    return open_under(key, sealed.ciphertext, f"person|{sealed.person_id}").decode()


async def delete_forgotten_keys(connection: Connection) -> int:
    """Delete the keys of forgotten persons, which a backup may bring back. Return how many there were.

    A forgotten person never gets a new key, because every order has its own shopper id.
    """
    deleted = await connection.fetch(
        "delete from person_keys using events where type = $1 and stream_id = person_id returning person_id",
        ShopperForgotten.wire_name,
    )
    return len(deleted)


async def count_forgotten_keys(pool: asyncpg.Pool) -> int:
    """Return how many keys of forgotten persons the forgetting policy should have deleted by now."""
    count: int = await pool.fetchval(
        "select count(*) from person_keys join events on stream_id = person_id"
        " where type = $1 and recorded_at < clock_timestamp() - make_interval(secs => $2)",
        ShopperForgotten.wire_name,
        POLICY_SECONDS,
    )
    return count
