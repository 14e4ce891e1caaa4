"""The port of second factors: secrets of authenticator apps, and recovery codes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    """The secret that a merchant's app shares with the platform (RFC 6238)."""

    secret: bytes = field(repr=False)
    confirmed: bool
    """Whether a first code showed that the merchant has it. Log-ins need it only then."""


class SecondFactorStore(Protocol):
    """Secrets and recovery codes, outside the log."""

    async def totp(self, merchant_id: UUID) -> Totp | None:
        """Return a merchant's secret; None if there is none."""
        ...

    async def begin(self, merchant_id: UUID, secret: bytes) -> None:
        """Store a secret that is not confirmed yet, in place of an earlier one. No-op if one is confirmed."""
        ...

    async def confirm(self, merchant_id: UUID, *, at: datetime) -> None:
        """Confirm the secret."""
        ...

    async def take_step(self, merchant_id: UUID, step: int) -> bool:
        """Use a time step up. False if it, or a later one, was used before."""
        ...

    async def remove(self, merchant_id: UUID) -> None:
        """Delete the secret and all recovery codes."""
        ...

    async def replace_codes(self, merchant_id: UUID, hashes: Sequence[bytes]) -> None:
        """Store the hashes of new recovery codes in place of the earlier ones."""
        ...

    async def use_code(self, merchant_id: UUID, hashes: Sequence[bytes], *, at: datetime) -> bool:
        """Use a recovery code up. False if none has one of these hashes, or it was used before."""
        ...

    async def codes_left(self, merchant_id: UUID) -> int:
        """Return the number of unused recovery codes."""
        ...
