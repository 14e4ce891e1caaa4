"""Whether a record is the platform's own: the event store alone is believed (``infra/decisions/0017``)."""

from binascii import unhexlify
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple, Protocol
from uuid import UUID

from schemas.envelope import RawEvent
from schemas.headers import Headers, number


class Claim(NamedTuple):
    """What a record says it is. It is true if the event store has the same."""

    position: int
    hash: bytes
    """Computed from the record's bytes, whatever its ``ce_hash`` says."""
    tenant: UUID


@dataclass(frozen=True, slots=True)
class ForeignRecord:
    """A record that the platform did not write, or not there."""

    topic: str
    partition: int
    offset: int
    reason: str

    def __str__(self) -> str:
        return f"record {self.offset} of partition {self.partition} of {self.topic}: {self.reason}"


class Provenance(Protocol):
    """Knows which records are the platform's own. Both methods raise ``Transient`` while the event store is away."""

    async def holds(self, event: RawEvent) -> bool:
        """Whether the event store has this very event: the same bytes and the same envelope at the same position."""
        ...

    async def note(self, found: Sequence[ForeignRecord]) -> None:
        """Remember foreign records, so that ``zyenta doctor`` shows them."""
        ...


def claim_in(headers: Headers, value: bytes | None) -> Claim | None:
    """Return what a record claims to be; None if it cannot be an event of the platform."""
    said = dict(headers)
    position = number(said.get("ce_position"))
    version = number(said.get("ce_streamversion"), most=2**31 - 1)
    if position is None or version is None or value is None:
        return None
    try:
        return claim(
            position=position,
            previous=said["ce_previoushash"] or b"",
            id=said["ce_id"] or b"",
            stream=said["ce_subject"] or b"",
            version=version,
            type=said["ce_type"] or b"",
            tenant=said["ce_tenant"] or b"",
            data=value,
        )
    except (KeyError, ValueError):
        return None


def claim(
    *, position: int, previous: bytes, id: bytes, stream: bytes, version: int, type: bytes, tenant: bytes, data: bytes
) -> Claim:
    """Return the claim of a record whose headers say these texts.

    Raises:
        ValueError: one of them is no id, no hash or no number that fits.
    """
    # What ``chain_hash`` does, without making ids of texts: a third of the time.
    ids = unhexlify(id.replace(b"-", b"")) + unhexlify(stream.replace(b"-", b""))
    if len(ids) != 32 or not 0 <= version < 2**31:
        raise ValueError("an id has 16 bytes, a version 31 bits")
    computed = sha256(b"%b%b%b%b\0%b" % (unhexlify(previous), ids, version.to_bytes(4), type, data)).digest()
    return Claim(position, computed, _tenant(tenant))


@lru_cache(maxsize=65_536)
def _tenant(text: bytes) -> UUID:
    return UUID(text.decode())
