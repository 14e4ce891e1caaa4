"""The port of passkeys: keys in devices that log a merchant in (WebAuthn). Only their public halves are stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class ChallengePurpose(StrEnum):
    """What a signed challenge allows."""

    ADD = "ADD"
    LOG_IN = "LOG_IN"
    SECOND_FACTOR = "SECOND_FACTOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A merchant's passkey."""

    id: UUID
    merchant_id: UUID
    credential_id: bytes = field(repr=False)
    """The id that the device gave it."""
    credential: bytes = field(repr=False)
    """The attested credential data (WebAuthn, section 6.5.1), with the public key."""
    sign_count: int
    """What the device counted at its last use; 0 if it does not count."""
    name: str
    created_at: datetime
    used_at: datetime | None = None
    """None if it was never used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """Random bytes that a device is to sign once."""

    challenge_hash: bytes = field(repr=False)
    purpose: ChallengePurpose
    merchant_id: UUID | None
    """None for a log-in that names no account."""
    expires_at: datetime


class PasskeyStore(Protocol):
    """Passkeys and open challenges, outside the log."""

    async def begin(self, challenge: Challenge, *, at: datetime) -> None:
        """Store a challenge."""
        ...

    async def take(self, challenge_hash: bytes, *, at: datetime) -> Challenge | None:
        """Use a challenge up and return it. None if it is unknown, used or expired."""
        ...

    async def add(self, passkey: Passkey, *, most: int) -> bool:
        """Store a passkey. False if its credential is known, or the merchant has ``most`` passkeys."""
        ...

    async def of_merchant(self, merchant_id: UUID) -> Sequence[Passkey]:
        """Return a merchant's passkeys, the oldest first."""
        ...

    async def find(self, credential_id: bytes) -> Passkey | None:
        """Return the passkey of a credential; None if there is none."""
        ...

    async def use(self, id: UUID, *, sign_count: int, at: datetime) -> bool:
        """Record a use. False if the count did not grow, so that the device may have been copied. Two zeros are fine."""
        ...

    async def rename(self, id: UUID, merchant_id: UUID, name: str) -> bool:
        """Give a merchant's passkey another name. False if the merchant has none with this id."""
        ...

    async def remove(self, id: UUID, merchant_id: UUID) -> bool:
        """Delete a merchant's passkey. False if the merchant has none with this id."""
        ...
