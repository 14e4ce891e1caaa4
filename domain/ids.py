"""Ids: time-ordered for new things, derived for reactions, so that a repeat is recognised."""

import secrets
from uuid import UUID, uuid5

SLUG_NAMESPACE = UUID("6f6b9d53-2c1e-5b0a-9d6a-0d5f5b1d7a01")
"""Stream ids of storefront slugs: one stream per slug makes a slug unique."""


def uuid7(unix_ms: int, entropy: int | None = None) -> UUID:
    """Return a UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits.

    Args:
        unix_ms: the time, in milliseconds since 1970.
        entropy: 74 bits, for repeatable tests; drawn from the system when left out.
    """
    bits = secrets.randbits(74) if entropy is None else entropy & ((1 << 74) - 1)
    value = (unix_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & ((1 << 62) - 1)
    return UUID(int=value)


def derived(cause: UUID, *names: str) -> UUID:
    """Return the id of what ``names`` makes out of ``cause``: the same every time, so that a repeat is harmless."""
    return uuid5(cause, "|".join(names))


def slug_stream(slug: str) -> UUID:
    """Return the stream that owns a storefront slug."""
    return uuid5(SLUG_NAMESPACE, slug)
