"""Personal data in events: sealed under a key per person, so that deleting the key forgets them everywhere."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.kernel import Value


class Sealed(Value):
    """A personal value, encrypted under its person's key. It travels and rests like this; only a query opens it.

    Because the log, the read models, snapshots and dead letters all hold this form, erasing the person's key
    erases the value in every one of them while every byte and hash chain stays as it was.
    """

    person_id: UUID
    """Whose it is: a shopper or a merchant."""
    ciphertext: str
    """``v1.<key id>.<nonce>.<ciphertext>``, AES-256-GCM, base64url; bound to the person."""


class PersonalData(Protocol):
    """Seals personal values under a key per person, opens them, and forgets people."""

    async def seal(self, person_id: UUID, value: str) -> Sealed:
        """Encrypt a value under the person's key, made at first use."""
        ...

    async def open(self, sealed: Sealed) -> str | None:
        """Return the value, or None if the person was forgotten."""
        ...

    async def open_many(self, sealed: Sequence[Sealed]) -> Sequence[str | None]:
        """Return all values in their order, with one look at the keys of everybody concerned."""
        ...

    async def forget(self, person_id: UUID) -> None:
        """Delete the person's key: everything sealed under it is unreadable for ever, wherever it lies."""
        ...
