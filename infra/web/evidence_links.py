"""Addresses of evidence files, signed for a short time, so that a browser opens or sends one without the API's log-in."""

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


@dataclass(frozen=True, slots=True)
class EvidenceUpload:
    """The file that an address takes."""

    upload_id: UUID
    person_id: UUID
    """The person under whose key it is sealed."""
    mime_type: str
    size_bytes: int


class EvidenceLinks:
    """Signs and opens addresses of evidence files.

    Args:
        secrets: random bytes of this purpose, the current secret first, then former ones. The current one signs, all open.
        clock: says how old an address is.
    """

    def __init__(self, secrets: Sequence[bytes], clock: Clock) -> None:
        self._clock = clock
        self._shown, self._sent = (_serializer(secrets, salt) for salt in (b"zyenta.evidence", b"zyenta.evidence.sent"))

    def path(self, link: EvidenceLink) -> str:
        """Return the address of a file, as a path of the gateway."""
        return PATH + _text(self._shown.dumps([link.file_id.hex, link.mime_type, self._until()]))

    def open(self, token: str) -> EvidenceLink | None:
        """Return the file of an address; None if the address is too old or made up."""
        try:
            file_id, mime_type, until = self._shown.loads(token)
            link = EvidenceLink(UUID(file_id), str(mime_type))
        except (BadData, ValueError, TypeError, AttributeError):
            return None
        return None if self._clock.now().timestamp() > until else link

    def upload_path(self, upload: EvidenceUpload) -> str:
        """Return the address that takes a file, as a path of the gateway."""
        content = [upload.upload_id.hex, upload.person_id.hex, upload.mime_type, upload.size_bytes, self._until()]
        return PATH + _text(self._sent.dumps(content))

    def open_upload(self, token: str) -> EvidenceUpload | None:
        """Return the file that an address takes; None if the address is too old or made up."""
        try:
            upload_id, person_id, mime_type, size, until = self._sent.loads(token)
            upload = EvidenceUpload(UUID(upload_id), UUID(person_id), str(mime_type), int(size))
        except (BadData, ValueError, TypeError, AttributeError):
            return None
        return None if self._clock.now().timestamp() > until else upload

    def _until(self) -> int:
        return int((self._clock.now() + OPEN_FOR).timestamp())


def _serializer(secrets: Sequence[bytes], salt: bytes) -> URLSafeSerializer:
    # itsdangerous wants former secrets first and signs with the last.
    signer = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(list(reversed(secrets)), salt=salt, signer_kwargs=signer)


def _text(token: str | bytes) -> str:
    return token if isinstance(token, str) else token.decode()
