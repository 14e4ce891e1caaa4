"""Notices: one sentence that a page leaves for the next one."""

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer


class Notices:
    """Signs notices, so that a cookie of another origin's making shows nothing."""

    def __init__(self, secret: bytes) -> None:
        key = hashlib.blake2b(secret, digest_size=32, person=b"zyenta-notice").digest()
        self._serializer = URLSafeSerializer(key, salt="dashboard-notice")

    def sign(self, text: str) -> str:
        """Return a notice as a cookie's value."""
        return str(self._serializer.dumps(text[:500]))

    def read(self, cookie: str | None) -> str | None:
        """Return the notice. None if there is none, or another program made it."""
        if cookie is None:
            return None
        try:
            return str(self._serializer.loads(cookie))
        except BadSignature:
            return None
