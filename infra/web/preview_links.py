"""Signed links to a store, or to a draft of it, that no shopper sees yet.

The gateway signs them for the merchant, and the storefront opens them: ``/-/preview/<token>``.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from domain.kernel import Clock

PREVIEW_AGE = timedelta(days=7)
"""How long a link opens."""
_SECRET_BYTES = 16


class PreviewGone(Exception):
    """The link opens nothing: it is too old, it was made up, or it is for another store. All read the same."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a link shows."""

    store_id: UUID
    draft_id: UUID | None
    """None for the store as it is."""


class PreviewLinks:
    """Signs and opens preview links.

    Args:
        secrets: random bytes of this purpose, the current secret first, then former ones. The current one signs, all open.
        clock: says how old a link is.
    """

    def __init__(self, secrets: Sequence[bytes], clock: Clock) -> None:
        if not secrets or any(len(secret) < _SECRET_BYTES for secret in secrets):
            raise ValueError(f"A preview secret needs at least {_SECRET_BYTES} bytes. Set a longer one.")
        self._clock = clock
        # itsdangerous wants former secrets first and signs with the last.
        self._serializer = URLSafeSerializer(
            list(reversed(secrets)),
            salt=b"zyenta.preview",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def token(self, preview: Preview) -> str:
        """Return the token of a link that opens for a week."""
        draft = None if preview.draft_id is None else preview.draft_id.hex
        until = int((self._clock.now() + PREVIEW_AGE).timestamp())
        return self._serializer.dumps([preview.store_id.hex, draft, until])

    def open(self, token: str, *, store_id: UUID) -> Preview:
        """Return what a token shows.

        Args:
            token: as it stands in the address.
            store_id: of the store that was asked.

        Raises:
            PreviewGone: it is too old, guessed, or of another store.
        """
        try:
            of_store, draft, until = self._serializer.loads(token)
            preview = Preview(UUID(of_store), None if draft is None else UUID(draft))
        except (BadData, ValueError, TypeError, AttributeError) as error:
            raise PreviewGone from error
        if preview.store_id != store_id or self._clock.now().timestamp() > until:
            raise PreviewGone
        return preview
