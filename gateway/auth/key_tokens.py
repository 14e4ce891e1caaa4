"""The texts of API keys.

A text proves its maker and its scopes without a look-up, so that limits and refusals cost nothing. Only a look-up lets it in.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from secrets import token_bytes
from uuid import UUID

from domain.signing import SigningSecrets
from domain.team.roles import KeyScope
from gateway.auth.errors import Unauthenticated

MARK = "zyk_"
"""How every API key begins, so that people and scanners recognize one."""
SHOWN = len(MARK) + 8
"""Characters of a key that lists show."""
VERIFIED_MOST = 4096
_SECRET, _PROOF = 16, 16


@dataclass(frozen=True, slots=True)
class KeyIdentity:
    """What the text of an API key says."""

    key_id: UUID
    person_id: UUID
    scopes: frozenset[KeyScope]
    token_hash: bytes


class KeyTokens:
    """Makes and reads the texts of API keys.

    Args:
        secrets: sign them. Every process needs the same.
    """

    def __init__(self, secrets: SigningSecrets) -> None:
        self._secrets = secrets.derived(b"zyenta-api-keys")
        self._verified = lru_cache(VERIFIED_MOST)(self._verify)

    def make(self, key_id: UUID, person_id: UUID, scopes: frozenset[KeyScope]) -> str:
        """Return a new text; each one differs."""
        mask = sum(1 << place for place, scope in enumerate(KeyScope) if scope in scopes)
        body = key_id.bytes + person_id.bytes + mask.to_bytes(2) + token_bytes(_SECRET)
        return MARK + base64.urlsafe_b64encode(body + self._secrets.proof(body, _PROOF)).rstrip(b"=").decode()

    def read(self, token: str) -> KeyIdentity:
        """Return what a text says. It may be revoked.

        Raises:
            Unauthenticated: the text was not made here.
        """
        return self._verified(token)

    def _verify(self, token: str) -> KeyIdentity:
        try:
            text = token.removeprefix(MARK)
            # Newer Pythons refuse more padding than a text needs.
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        body, proof = raw[:-_PROOF], raw[-_PROOF:]
        if len(body) != 34 + _SECRET or not self._secrets.prove(body, proof):
            raise Unauthenticated("The API key is not valid. Check that it is complete, or make a new one.")
        mask = int.from_bytes(body[32:34])
        scopes = frozenset(scope for place, scope in enumerate(KeyScope) if mask & 1 << place)
        return KeyIdentity(UUID(bytes=body[:16]), UUID(bytes=body[16:32]), scopes, key_hash(token))


def key_hash(token: str) -> bytes:
    """Return the stored hash of a key's text. The text is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
