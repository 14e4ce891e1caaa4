"""Encryption at rest: AES-256-GCM with a key id, bound to a row, under master keys that can be rotated."""

import base64
import hashlib
import hmac
import os
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.privacy import Sealed
from domain.shopper.events import ShopperForgotten
from infra.adapters.postgres.pools import Connection

POLICY_SECONDS = 60.0
"""How long the forgetting policy may take to delete a person's key."""
_NONCE_BYTES = 12


class WrongKey(Exception):
    """A value was sealed under a key that is not configured, or for another row. Retrying cannot help."""


class MasterKeys:
    """The platform's master keys: the first seals, every one opens. They are never stored beside the data."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Check the keys.

        Args:
            keys: 32 bytes each; the current key first, older ones while a rotation is in progress.

        Raises:
            ValueError: there is no key, or one has another length.
        """
        if not keys or any(len(key) != 32 for key in keys):
            raise ValueError("A master key has 32 bytes (64 hexadecimal digits); make one with “openssl rand -hex 32”.")
        self._keys = {_key_id(key): key for key in keys}
        self.current = _key_id(keys[0])

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose (signing tokens, cookies), from the current key alone."""
        return _derive(self._keys[self.current], purpose)

    def derive_each(self, purpose: str) -> Sequence[bytes]:
        """Return the bytes of :meth:`derive` from every key, the current one first; what they signed outlives a rotation."""
        return list(self.derive_by_id(purpose).values())

    def derive_by_id(self, purpose: str) -> Mapping[str, bytes]:
        """Return the bytes of :meth:`derive_each`, each by the id of its master key."""
        return {id: _derive(key, purpose) for id, key in self._keys.items()}

    def seal(self, plaintext: bytes, *, bound_to: str) -> str:
        """Encrypt under the current key. The value opens only with the same ``bound_to``."""
        return _seal(self._keys[self.current], self.current, plaintext, bound_to)

    def open(self, sealed: str, *, bound_to: str) -> bytes:
        """Decrypt.

        Raises:
            WrongKey: the key is not configured, or the value belongs to another row or was changed.
        """
        key = self._keys.get(key_id_of(sealed))
        if key is None:
            raise WrongKey(f"key {key_id_of(sealed)} is not configured; add it to ZYENTA_MASTER_KEYS")
        return _open(key, sealed, bound_to)


def _derive(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, b"zyenta|" + purpose.encode(), hashlib.sha256)


class PostgresPersonalData:
    """Implements :class:`domain.privacy.PersonalData`: one key per person, sealed under the master key."""

    def __init__(self, pool: asyncpg.Pool, keys: MasterKeys) -> None:
        self._pool = pool
        self._keys = keys

    async def seal(self, person_id: UUID, value: str) -> Sealed:
        key = await self._key(person_id) or await self._make_key(person_id)
        ciphertext = _seal(key, _key_id(key), value.encode(), f"person|{person_id}")
        return Sealed(person_id=person_id, ciphertext=ciphertext)

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

    async def rewrap(self) -> int:
        """Seal every person's key under the current master key. Return how many changed."""
        changed = 0
        for row in await self._pool.fetch("select person_id, wrapped_key from person_keys"):
            if key_id_of(row["wrapped_key"]) != self._keys.current:
                bound = f"person_keys|{row['person_id']}"
                plain = self._keys.open(row["wrapped_key"], bound_to=bound)
                await self._pool.execute(
                    "update person_keys set wrapped_key = $3 where person_id = $1 and wrapped_key = $2",
                    row["person_id"],
                    row["wrapped_key"],
                    self._keys.seal(plain, bound_to=bound),
                )
                changed += 1
        return changed

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


def _open_for_person(sealed: Sealed, key: bytes | None) -> str | None:
    if key is None or key_id_of(sealed.ciphertext) != _key_id(key):
        # The person has no key, or a new one after being forgotten: earlier values stay forgotten.
        return None
    return _open(key, sealed.ciphertext, f"person|{sealed.person_id}").decode()


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


def key_id_of(sealed: str) -> str:
    """Return the id of the key that a value was sealed under.

    Raises:
        WrongKey: the value has another format.
    """
    version, _, rest = sealed.partition(".")
    if version != "v1":
        raise WrongKey("the value has another format than sealed values")
    return rest.partition(".")[0]


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"key id|" + key).hexdigest()[:8]


def _seal(key: bytes, key_id: str, plaintext: bytes, bound_to: str) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    ciphertext = AESGCM(key).encrypt(nonce, plaintext, bound_to.encode())
    return ".".join(("v1", key_id, _text(nonce), _text(ciphertext)))


def _open(key: bytes, sealed: str, bound_to: str) -> bytes:
    try:
        _, _, nonce, ciphertext = sealed.split(".")
        return AESGCM(key).decrypt(_bytes(nonce), _bytes(ciphertext), bound_to.encode())
    except (InvalidTag, ValueError) as error:
        raise WrongKey("the value was sealed for another row, or was changed since") from error


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
