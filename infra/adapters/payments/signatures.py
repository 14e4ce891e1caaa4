"""Signatures of webhooks in Stripe's scheme: ``t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">``.

Stripe's own library accepts a time in the future, so a signature could be made today for use next year. This one does not.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from domain.order.ports import InvalidSignature

TOLERANCE_SECONDS = 300
"""How far a webhook's time may be in the past or the future."""
LONGEST_TIME = 12
"""Most digits of a time."""


def sign(body: bytes, secret: bytes, at: datetime) -> str:
    """Return the header of a body that is sent at this time."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_digest(body, secret, seconds)}"


def verify(body: bytes, header: str, secrets: Sequence[bytes], now: datetime) -> None:
    """Verify a webhook's signature.

    Args:
        body: the raw body.
        header: the signature header; while a secret is rotated, Stripe sends one ``v1`` for each.
        secrets: the secrets that count, while one is rotated the old and the new.
        now: the current time.

    Raises:
        InvalidSignature: made with another secret, changed on the way, or outside the tolerance.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for key, _, value in parts if key == "t"]
    signatures = [value.encode() for key, _, value in parts if key == "v1"]
    # One time only: with several, the one that is checked need not be the one that is signed.
    if len(times) != 1 or not (times[0].isascii() and times[0].isdecimal()) or len(times[0]) > LONGEST_TIME:
        raise InvalidSignature("the signature header is not of the form t=...,v1=...")
    at = int(times[0])
    expected = [_digest(body, secret, at).encode() for secret in secrets]
    if not any(hmac.compare_digest(signature, each) for signature in signatures for each in expected):
        raise InvalidSignature("the signature does not fit the body")
    if abs(now.timestamp() - at) > TOLERANCE_SECONDS:
        raise InvalidSignature(f"the signature's time is more than {TOLERANCE_SECONDS} seconds off")


def _digest(body: bytes, secret: bytes, seconds: int) -> str:
    return hmac.new(secret, b"%d." % seconds + body, hashlib.sha256).hexdigest()
