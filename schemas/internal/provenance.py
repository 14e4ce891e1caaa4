"""Whether the platform wrote a record: only the event store proves it (``infra/decisions/0017``)."""

from binascii import unhexlify
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Protocol
from uuid import UUID

import msgspec

from schemas.envelope import RawEvent
from schemas.headers import Headers, number


class Claim(msgspec.Struct, frozen=True, gc=False):
    """The event that a record claims to be. It is true if the event store holds the same."""

    position: int
    hash: bytes
    """Computed from the record's bytes, not read from ``ce_hash``."""
    tenant: UUID


@dataclass(frozen=True, slots=True)
class ForeignRecord:
    """A record that the platform did not write, or that is not where it was written."""

    topic: str
    partition: int
    offset: int
    reason: str

    def __str__(self) -> str:
        return f"record {self.offset} of partition {self.partition} of {self.topic}: {self.reason}"


class Provenance(Protocol):
    """Knows which records the platform wrote. Both methods raise ``Transient`` while the event store is out of reach."""

    async def holds(self, event: RawEvent) -> bool:
        """Whether the event store holds this event: the same bytes and the same envelope at the same position."""
        ...

    async def note(self, records: Sequence[ForeignRecord]) -> None:
        """Store foreign records, so that ``zyenta doctor`` shows them."""
        ...


def claim_in(headers: Headers, value: bytes | None) -> Claim | None:
    """Return the claim of a record; None if it cannot be an event of the platform."""
    fields = dict(headers)
    position = number(fields.get("ce_position"))
    version = number(fields.get("ce_streamversion"), most=2**31 - 1)
    if position is None or version is None or value is None:
        return None
    try:
        hash_ = claimed_hash(
            fields["ce_previoushash"] or b"",
            fields["ce_id"] or b"",
            fields["ce_subject"] or b"",
            version,
            fields["ce_type"] or b"",
            value,
        )
        return Claim(position, hash_, tenant_id(fields["ce_tenant"] or b""))
    except (KeyError, ValueError):
        return None


def claimed_hash(previous: bytes, id: bytes, stream: bytes, version: int, type: bytes, data: bytes) -> bytes:
    """Return the hash of an event with these header texts, as ``chain_hash`` does from decoded ones.

    Raises:
        ValueError: one of them is not an id, a hash or a number in range.
    """
    # Without making UUIDs, and with arguments by position: a third of the time.
    if len(previous) != 64 or not len(id) == len(stream) == 36 or not 0 <= version < 2**31:
        raise ValueError("a hash has 64 digits, an id 36 characters, a version 31 bits")
    before = unhexlify(previous + (id + stream).replace(b"-", b""))
    if len(before) != 64:
        raise ValueError("an id has 32 digits")
    return sha256(b"%b%b%b\0%b" % (before, version.to_bytes(4), type, data)).digest()


@lru_cache(maxsize=65_536)
def tenant_id(text: bytes) -> UUID:
    """Return a tenant's id.

    Raises:
        ValueError: the text is not an id.
    """
    return UUID(text.decode())
