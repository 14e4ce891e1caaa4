"""Contents of evidence files (``infra/migrations/0126-evidence-files.sql``)."""

import base64
import os
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.privacy import PersonalData, Sealed

_NONCE_BYTES = 12
_PUT = """
insert into evidence_files (id, person_id, sealed_key, content, waits, kept_at)
values ($1, $2, $3, $4, $5::timestamptz is not null, coalesce($5, now()))
on conflict (id) do update
set person_id = $2, sealed_key = $3, content = $4, waits = excluded.waits, kept_at = excluded.kept_at
"""
_SELECT = "select person_id, sealed_key, content from evidence_files where id = $1"


class PostgresEvidenceFiles:
    """Implements :class:`domain.order.evidence.files.EvidenceFiles`.

    Each content has a key of its own, which is sealed under the person's. So erasing the person erases their files, in
    backups too, and no file of some megabytes is written as text.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", personal: PersonalData) -> None:
        self._pool, self._personal = pool, personal

    async def receive(self, upload_id: UUID, person_id: UUID, data: bytes, *, at: datetime) -> None:
        await self._keep(upload_id, person_id, data, waits_since=at)

    async def received(self, upload_id: UUID, person_id: UUID) -> bytes | None:
        row = await self._pool.fetchrow(f"{_SELECT} and waits and person_id = $2", upload_id, person_id)
        return await self._opened(upload_id, row)

    async def delete_received(self, before: datetime) -> None:
        await self._pool.execute("delete from evidence_files where waits and kept_at < $1", before)

    async def put(self, file_id: UUID, person_id: UUID, data: bytes) -> None:
        await self._keep(file_id, person_id, data, waits_since=None)

    async def _keep(self, file_id: UUID, person_id: UUID, data: bytes, *, waits_since: datetime | None) -> None:
        key, nonce = AESGCM.generate_key(256), os.urandom(_NONCE_BYTES)
        sealed = await self._personal.seal(person_id, base64.b64encode(key).decode())
        content = nonce + AESGCM(key).encrypt(nonce, data, file_id.bytes)
        await self._pool.execute(_PUT, file_id, person_id, sealed.ciphertext, content, waits_since)

    async def get(self, file_id: UUID) -> bytes | None:
        return await self._opened(file_id, await self._pool.fetchrow(_SELECT, file_id))

    async def _opened(self, file_id: UUID, row: asyncpg.Record | None) -> bytes | None:
        if row is None:
            return None
        key = await self._personal.open(Sealed(person_id=row["person_id"], ciphertext=row["sealed_key"]))
        if key is None:
            return None
        content: bytes = row["content"]
        return AESGCM(base64.b64decode(key)).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], file_id.bytes)

    async def delete(self, file_ids: Sequence[UUID]) -> None:
        await self._pool.execute("delete from evidence_files where id = any($1)", list(file_ids))

    async def forget(self, person_id: UUID) -> None:
        await self._pool.execute("delete from evidence_files where person_id = $1", person_id)
