"""Signed text that a browser carries for a store: carts, order links, notices, checkout tickets, form tokens.

A token is ``<text>.<time>.<signature>``, as ``itsdangerous`` writes it. Earlier releases wrote ``<text>.<signature>``.
Such tokens are still read, because shoppers keep order links. They have no age.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from itsdangerous import BadSignature, TimestampSigner

from domain.kernel import Clock
from storefront.visit.cookies import DAY, MINUTE, MONTH

ORDER_LINK_AGE = timedelta(days=3 * 365)
"""Longer than the two years in which a shopper in the EU may claim a defect."""
NOTICE_LINK_AGE = timedelta(days=400)
"""Longer than a stock notice waits, so that its link can always withdraw it."""
SECRET_BYTES = 16


class Tampered(Exception):
    """The store did not sign this text for this purpose; treat it as missing."""


class Expired(Tampered):
    """The store signed this text too long ago."""


class Signer:
    """Signs text for one purpose in one store; text signed for another purpose or store does not verify.

    Args:
        secrets: random bytes, the current secret first, then former ones. The current one signs, all of them verify.
        purpose: what the text is for, and the store's id.
        max_age: the longest that a token is valid.
        clock: says how old a token is.
    """

    def __init__(self, secrets: Sequence[bytes], purpose: str, *, max_age: timedelta, clock: Clock) -> None:
        if not secrets or any(len(secret) < SECRET_BYTES for secret in secrets):
            raise ValueError(f"A storefront secret needs at least {SECRET_BYTES} bytes. Set a longer one.")
        self._secrets, self._max_age, self._clock = secrets, max_age, clock
        self._salt = b"zyenta.storefront.timed." + purpose.encode()
        self._keys = [
            hmac.new(secret, b"zyenta.storefront." + purpose.encode(), hashlib.sha256).digest() for secret in secrets
        ]

    def seal(self, text: str, *, at: datetime | None = None) -> str:
        """Return a token, safe in a cookie or an address if ``text`` is.

        Args:
            text: what the browser carries.
            at: from when its age counts, now by default. The same text and time make the same token.
        """
        return self._timestamp_signer(at or self._clock.now()).sign(text).decode()

    def open(self, token: str) -> str:
        """Return the text of :meth:`seal`.

        Raises:
            Expired: the token is too old.
            Tampered: the signature is wrong.
        """
        text, end = self.open_with_end(token)
        if end is not None and self._clock.now() > end:
            raise Expired
        return text

    def open_with_end(self, token: str) -> tuple[str, datetime | None]:
        """Return the text of :meth:`seal`, also if the token is too old, and until when it is valid.

        Tokens of earlier releases have no end.

        Raises:
            Tampered: the signature is wrong.
        """
        if token.count(".") == 1:
            return self._open_without_time(token), None
        try:
            text, signed_at = self._timestamp_signer(self._clock.now()).unsign(token, return_timestamp=True)
        except BadSignature as error:
            raise Tampered from error
        # ``unsign(max_age=...)`` also rejects times in the future: another host's clock may be a second ahead.
        return text.decode(), signed_at + self._max_age

    def fingerprint(self, text: str) -> str:
        """Return a keyed digest: equal for equal texts, and not computable without the secret."""
        return next(self.fingerprints(text))

    def fingerprints(self, text: str) -> Iterator[str]:
        """Yield the fingerprint under each secret, the current one first."""
        for key in self._keys:
            yield hmac.digest(key, b"fingerprint\0" + text.encode(), "sha256").hex()

    def is_fingerprint(self, masked: str, text: str) -> bool:
        """Whether :func:`mask_fingerprint` made this of the text's fingerprint, under any of the secrets."""
        try:
            both = bytes.fromhex(masked)
        except ValueError:
            return False
        size = hashlib.sha256().digest_size
        if len(both) != 2 * size:
            return False
        plain = _xor(both[:size], both[size:])
        return any(hmac.compare_digest(plain, bytes.fromhex(known)) for known in self.fingerprints(text))

    def digest(self, text: str) -> bytes:
        """Return a keyed digest as bytes: a key that counts something without storing it."""
        return hmac.new(self._keys[0], b"digest\0" + text.encode(), hashlib.sha256).digest()

    def _timestamp_signer(self, now: datetime) -> "_TimestampSigner":
        # itsdangerous wants former secrets first and signs with the last.
        return _TimestampSigner(list(reversed(self._secrets)), salt=self._salt, now=now)

    def _open_without_time(self, token: str) -> str:
        text, _, signature = token.rpartition(".")
        for key in self._keys:
            digest = hmac.new(key, text.encode(), hashlib.sha256).digest()[:16]
            if hmac.compare_digest(signature.encode(), base64.urlsafe_b64encode(digest).rstrip(b"=")):
                return text
        raise Tampered


class Signers:
    """The signers of one store."""

    def __init__(self, secrets: Sequence[bytes], store_id: UUID, clock: Clock) -> None:
        self._secrets, self._store_id, self._clock = secrets, store_id, clock

    def _signer(self, purpose: str, max_age: timedelta) -> Signer:
        return Signer(self._secrets, f"{purpose}.{self._store_id}", max_age=max_age, clock=self._clock)

    @cached_property
    def cart(self) -> Signer:
        return self._signer("cart", MONTH)

    @cached_property
    def csrf(self) -> Signer:
        return self._signer("csrf", MONTH)

    @cached_property
    def notice(self) -> Signer:
        return self._signer("notice", MINUTE)

    @cached_property
    def order_link(self) -> Signer:
        return self._signer("order", ORDER_LINK_AGE)

    @cached_property
    def last_order(self) -> Signer:
        return self._signer("order", DAY)

    @cached_property
    def find(self) -> Signer:
        return self._signer("find", DAY)

    @cached_property
    def cart_link(self) -> Signer:
        return self._signer("cart link", DAY)

    @cached_property
    def stock_notice(self) -> Signer:
        return self._signer("stock notice", NOTICE_LINK_AGE)

    @cached_property
    def checkout(self) -> Signer:
        return self._signer("checkout", DAY)


class _TimestampSigner(TimestampSigner):
    """The library's signer with the platform's clock."""

    def __init__(self, secrets: list[bytes], *, salt: bytes, now: datetime) -> None:
        super().__init__(secrets, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now.timestamp())


def mask_fingerprint(fingerprint: str) -> str:
    """Return a fingerprint under a new random mask, so that no two pages contain the same characters.

    Pages are compressed, and the length of a compressed page reveals whether a guess repeats a part of it (BREACH).
    """
    plain = bytes.fromhex(fingerprint)
    mask = secrets.token_bytes(len(plain))
    return (mask + _xor(mask, plain)).hex()


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(len(left))
