"""Personal data in events: sealed under one key per person. Deleting the key erases the data everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.kernel import Value


class Sealed(Value):
    """A personal value, encrypted under its person's key. Only a query opens it.

    The log, read models, snapshots and dead letters all hold the encrypted form. Deleting the key therefore erases
    the value in all of them, while every byte and hash chain stays the same.
    """

    person_id: UUID
    """The shopper or merchant whose value it is."""
    ciphertext: str
    """``v1.<key id>.<nonce>.<ciphertext>``, AES-256-GCM, base64url; bound to the person."""


@dataclass(frozen=True, slots=True)
class AddressMatches:
    """The shoppers of a store with one e-mail address."""

    person_ids: Sequence[UUID]
    complete_since: datetime | None
    """Shoppers whose address was sealed before this time may be missing. None if all may be."""


class PersonalData(Protocol):
    """Encryption of personal values under one key per person."""

    async def seal(self, person_id: UUID, value: str) -> Sealed:
        """Encrypt a value under the person's key, which is created at first use."""
        ...

    async def seal_address(self, person_id: UUID, store_id: UUID, email: str) -> Sealed:
        """Encrypt a shopper's e-mail address like :meth:`seal`, and let :meth:`with_address` find the shopper by it."""
        ...

    async def with_address(self, store_id: UUID, email: str) -> AddressMatches:
        """Return a store's shoppers with an e-mail address, in any spelling, without opening a value."""
        ...

    async def open(self, sealed: Sealed) -> str | None:
        """Return the value, or None if the person was forgotten."""
        ...

    async def open_many(self, sealed: Sequence[Sealed]) -> Sequence[str | None]:
        """Return all values in order, None for a forgotten person. The keys are read in one query."""
        ...

    async def forget(self, person_id: UUID) -> None:
        """Delete the person's key. All values sealed under it become permanently unreadable."""
        ...
