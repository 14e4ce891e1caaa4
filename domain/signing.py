"""Secrets that sign what leaves the platform and comes back: links, keys, forms."""

import hashlib
import hmac
from collections.abc import Sequence


class SigningSecrets:
    """The secrets of one purpose during a rotation of the master keys: the current one signs, and all verify.

    Args:
        keys: random bytes, the current secret first. Every process needs the same.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("A purpose needs at least one secret.")
        self.each = tuple(keys)
        self.current = self.each[0]

    def __repr__(self) -> str:
        return f"SigningSecrets({len(self.each)})"

    def derived(self, purpose: bytes) -> "SigningSecrets":
        """Return the secrets of a narrower purpose, at most 16 bytes long."""
        return SigningSecrets([hashlib.blake2b(key, digest_size=32, person=purpose).digest() for key in self.each])

    def proof(self, body: bytes, length: int) -> bytes:
        """Return the first bytes of a body's signature."""
        return hmac.digest(self.current, body, "sha256")[:length]

    def prove(self, body: bytes, proof: bytes) -> bool:
        """Whether one of the secrets signed a body."""
        fits = [hmac.compare_digest(proof, hmac.digest(key, body, "sha256")[: len(proof)]) for key in self.each]
        return len(proof) > 0 and any(fits)
