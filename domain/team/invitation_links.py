"""The token in an invitation's link. It names the invitation and proves that its mail was read."""

import base64
import binascii
import hmac
from uuid import UUID

from domain.store.membership import InvitationInvalid

_PROOF = 16


class InvitationLinks:
    """Makes and reads tokens.

    Args:
        key: signs them. The process that writes the mail and the one that reads the link need the same key.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, store_id: UUID, invitation_id: UUID) -> str:
        """Return an invitation's token, always the same one."""
        body = store_id.bytes + invitation_id.bytes
        return base64.urlsafe_b64encode(body + self._proof(body)).decode()

    def read(self, token: str) -> tuple[UUID, UUID]:
        """Return the ids of the store and of the invitation.

        Raises:
            InvitationInvalid: the token was not made here.
        """
        try:
            raw = base64.b64decode(token.strip(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvitationInvalid from error
        body, proof = raw[:-_PROOF], raw[-_PROOF:]
        if len(body) != 32 or not hmac.compare_digest(proof, self._proof(body)):
            raise InvitationInvalid
        return UUID(bytes=body[:16]), UUID(bytes=body[16:])

    def _proof(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_PROOF]
