"""Notices: one sentence that a page leaves for the next one."""

from collections.abc import Sequence

from itsdangerous import BadSignature, URLSafeSerializer

from gateway.dashboard.backend import signing_keys


class Notices:
    """Signs notices, so that a cookie of another origin's making shows nothing."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._serializer = URLSafeSerializer(signing_keys(secrets, b"zyenta-notice"), salt="dashboard-notice")

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
