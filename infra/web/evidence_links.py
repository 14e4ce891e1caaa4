"""Addresses of evidence files, signed for a short time, so that a browser can open one without the API's log-in."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from domain.kernel import Clock

PATH = "/evidence-files/"
OPEN_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class EvidenceLink:
    """The file that an address shows."""

    file_id: UUID
    mime_type: str


class EvidenceLinks:
    """Signs and opens addresses of evidence files.

    Args:
        secrets: random bytes of this purpose, the current secret first, then former ones. The current one signs, all open.
        clock: says how old an address is.
    """

    def __init__(self, secrets: Sequence[bytes], clock: Clock) -> None:
        self._clock = clock
        # itsdangerous wants former secrets first and signs with the last.
        self._serializer = URLSafeSerializer(
            list(reversed(secrets)),
            salt=b"zyenta.evidence",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def path(self, link: EvidenceLink) -> str:
        """Return the address of a file, as a path of the gateway."""
        until = int((self._clock.now() + OPEN_FOR).timestamp())
        token = self._serializer.dumps([link.file_id.hex, link.mime_type, until])
        return PATH + (token if isinstance(token, str) else token.decode())

    def open(self, token: str) -> EvidenceLink | None:
        """Return the file of an address; None if the address is too old or made up."""
        try:
            file_id, mime_type, until = self._serializer.loads(token)
            link = EvidenceLink(UUID(file_id), str(mime_type))
        except (BadData, ValueError, TypeError, AttributeError):
            return None
        return None if self._clock.now().timestamp() > until else link
