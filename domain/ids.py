"""Ids: time-ordered for new things, derived for reactions, so that a repeat is recognized."""

import secrets
from uuid import UUID, uuid5

SLUG_NAMESPACE = UUID("6f6b9d53-2c1e-5b0a-9d6a-0d5f5b1d7a01")
"""Namespace of the stream ids of slugs. Each slug has one stream, which makes it unique."""

HOSTNAME_NAMESPACE = UUID("0c7e4f0e-6a55-5d0f-8f0b-3d1c5f1e9b02")
"""Namespace of the stream ids of domain names. Each name has one stream, so that one store has it at a time."""


def uuid7(unix_ms: int, entropy: int | None = None) -> UUID:
    """Return a UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits.

    Args:
        unix_ms: milliseconds since 1970.
        entropy: 74 bits, for repeatable tests; by default the system's random bits.
    """
    bits = secrets.randbits(74) if entropy is None else entropy & ((1 << 74) - 1)
    value = (unix_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & ((1 << 62) - 1)
    return UUID(int=value)


def derived(cause: UUID, *names: str) -> UUID:
    """Return the id derived from a cause and names. It is always the same, so that a repeat is harmless."""
    return uuid5(cause, "|".join(names))


def slug_stream(slug: str) -> UUID:
    """Return the id of a slug's stream."""
    return uuid5(SLUG_NAMESPACE, slug)


def hostname_stream(name: str) -> UUID:
    """Return the id of a domain name's stream; ``name`` is in its normal form."""
    return uuid5(HOSTNAME_NAMESPACE, name)
