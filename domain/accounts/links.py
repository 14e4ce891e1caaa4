"""Links in mails that prove a mailbox: signed, for one use and one purpose.

The log names a link by its id only. The part that opens it is computed from the id when the mail is written, so that it is
neither in the log nor in the database.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.kernel import DomainError
from domain.signing import SigningSecrets

_SIGNATURE_BYTES = 16


class LinkPurpose(StrEnum):
    """What a link allows."""

    CONFIRM_EMAIL = "CONFIRM_EMAIL"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105 - a purpose


LIFETIME = {LinkPurpose.CONFIRM_EMAIL: timedelta(days=1), LinkPurpose.RESET_PASSWORD: timedelta(minutes=30)}
"""How long a link works."""


class LinkNotValid(DomainError):
    """A link from a mail is altered, expired, used or replaced by a later one. All read the same."""

    code = "LINK_NOT_VALID"
    field = "token"

    def __init__(self) -> None:
        super().__init__("The link does not work: it was used, replaced or is too old. Ask for another mail.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLink:
    """A link that a mail carries."""

    id: UUID
    merchant_id: UUID
    purpose: LinkPurpose
    email: str
    """The address that the mail goes to."""
    expires_at: datetime


class AccountLinks(Protocol):
    """The links that were sent."""

    async def add(self, link: AccountLink, *, at: datetime) -> None:
        """Store a link, which replaces the merchant's earlier ones of the same purpose. No-op if it is stored."""
        ...

    async def find(self, id: UUID, purpose: LinkPurpose, *, at: datetime) -> AccountLink | None:
        """Return a link that works at ``at``; None if it does not, or has another purpose."""
        ...

    async def use(self, id: UUID, *, at: datetime) -> bool:
        """Use a link up. False if another request was first."""
        ...

    async def void(self, merchant_id: UUID, purpose: LinkPurpose) -> None:
        """Remove a merchant's links of a purpose. No-op without any."""
        ...


class LinkSigner:
    """Makes and reads the token in a link's address.

    Args:
        secrets: sign the tokens. A token opens while its secret is one of them.
    """

    def __init__(self, secrets: SigningSecrets) -> None:
        self._secrets = secrets

    def sign(self, id: UUID, purpose: LinkPurpose) -> str:
        """Return the token of a link."""
        return (
            base64.urlsafe_b64encode(id.bytes + self._secrets.proof(_signed(id, purpose), _SIGNATURE_BYTES))
            .rstrip(b"=")
            .decode()
        )

    def read(self, token: str, purpose: LinkPurpose) -> UUID:
        """Return the id of a token's link. Does not check that the link still works.

        Raises:
            LinkNotValid: the token is altered, or of another purpose.
        """
        try:
            data = base64.b64decode(token.strip() + "=" * (-len(token.strip()) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise LinkNotValid from error
        if len(data) != 16 + _SIGNATURE_BYTES:
            raise LinkNotValid
        id = UUID(bytes=data[:16])
        if not self._secrets.prove(_signed(id, purpose), data[16:]):
            raise LinkNotValid
        return id


def _signed(id: UUID, purpose: LinkPurpose) -> bytes:
    return f"{purpose}\0{id}".encode()
