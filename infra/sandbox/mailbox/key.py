"""The key in the mailbox's address."""

import hashlib
import hmac


def mailbox_key(secret: bytes) -> str:
    """Return the part of the mailbox's address that only its operator can compute, from the sandbox's secret."""
    return hmac.new(secret, b"zyenta.sandbox.mailbox", hashlib.sha256).hexdigest()[:32]
