"""The token in an invitation's link. It names the invitation and proves that its mail was read."""

import base64
import binascii
from uuid import UUID

from domain.signing import SigningSecrets
from domain.store.membership import InvitationInvalid

_PROOF = 16


class InvitationLinks:
    """Makes and reads tokens.

    Args:
        secrets: sign them. The process that writes the mail and the one that reads the link need the same.
    """

    def __init__(self, secrets: SigningSecrets) -> None:
        self._secrets = secrets

    def token(self, store_id: UUID, invitation_id: UUID) -> str:
        """Return an invitation's token, always the same one."""
        body = store_id.bytes + invitation_id.bytes
        return base64.urlsafe_b64encode(body + self._secrets.proof(body, _PROOF)).decode()

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
        if len(body) != 32 or not self._secrets.prove(body, proof):
            raise InvitationInvalid
        return UUID(bytes=body[:16]), UUID(bytes=body[16:])
