"""Signed text that a browser carries for us: carts, order links, form tokens."""

import base64
import hashlib
import hmac
import secrets
from functools import cached_property
from uuid import UUID


class Tampered(Exception):
    """The text was not signed by us, or for something else; treat it as if it were not there."""


class Signer:
    """Signs text for one purpose; text signed for another purpose (or store) does not verify."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        if len(secret) < 16:
            raise ValueError("the storefront secret needs at least 16 bytes; set a longer one")
        self._key = hmac.new(secret, b"zyenta.storefront." + purpose.encode(), hashlib.sha256).digest()

    def seal(self, text: str) -> str:
        """Return ``<text>.<signature>``, safe in a cookie or an address if ``text`` is."""
        return f"{text}.{self._signature(text)}"

    def open(self, sealed: str) -> str:
        """Return the text of :meth:`seal`.

        Raises:
            Tampered: the signature is not ours.
        """
        text, dot, signature = sealed.rpartition(".")
        if not dot or not hmac.compare_digest(signature.encode(), self._signature(text).encode()):
            raise Tampered
        return text

    def fingerprint(self, text: str) -> str:
        """Return a keyed digest: the same text gives the same, and nobody else can compute it."""
        return hmac.new(self._key, b"fingerprint\0" + text.encode(), hashlib.sha256).hexdigest()

    def masked_fingerprint(self, text: str) -> str:
        """Return the fingerprint under a fresh mask, so that no two pages carry it in the same letters.

        Pages are compressed, and a compressed page's length tells whether a guess that it repeats was right (BREACH).
        """
        plain = bytes.fromhex(self.fingerprint(text))
        mask = secrets.token_bytes(len(plain))
        return (mask + _xor(mask, plain)).hex()

    def is_fingerprint(self, masked: str, text: str) -> bool:
        """Whether :meth:`masked_fingerprint` made this of the text."""
        plain = bytes.fromhex(self.fingerprint(text))
        try:
            given = bytes.fromhex(masked)
        except ValueError:
            return False
        mask, covered = given[: len(plain)], given[len(plain) :]
        return len(given) == 2 * len(plain) and hmac.compare_digest(_xor(mask, covered), plain)

    def digest(self, text: str) -> bytes:
        """Return a keyed digest as bytes: a key for something to be counted under without being written down."""
        return hmac.new(self._key, b"digest\0" + text.encode(), hashlib.sha256).digest()

    def _signature(self, text: str) -> str:
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).digest()[:16]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Signers:
    """One store's signers: what one store signed means nothing to another."""

    def __init__(self, secret: bytes, store_id: UUID) -> None:
        self._secret, self._store_id = secret, store_id

    def _signer(self, purpose: str) -> Signer:
        return Signer(self._secret, f"{purpose}.{self._store_id}")

    @cached_property
    def cart(self) -> Signer:
        return self._signer("cart")

    @cached_property
    def csrf(self) -> Signer:
        return self._signer("csrf")

    @cached_property
    def notice(self) -> Signer:
        return self._signer("notice")

    @cached_property
    def order(self) -> Signer:
        return self._signer("order")

    @cached_property
    def find(self) -> Signer:
        return self._signer("find")

    @cached_property
    def checkout(self) -> Signer:
        return self._signer("checkout")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
