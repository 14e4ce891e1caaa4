"""Limits of attempts: what one network, address or account may try."""

import hashlib
import ipaddress
from datetime import timedelta

from domain.accounts.ports import Allowance, RateLimits
from domain.kernel import Clock
from gateway.auth.errors import TooManyAttempts

PER_ADDRESS = Allowance(burst=30, interval=timedelta(seconds=6))
"""Attempts of one network address, over all accounts."""
PER_ACCOUNT_AND_ADDRESS = Allowance(burst=10, interval=timedelta(seconds=30))
"""Attempts of one network address at one account."""
PER_ACCOUNT = Allowance(burst=100, interval=timedelta(seconds=20))
"""Attempts of unknown devices at one account, over all addresses: 4,320 a day."""
PER_DEVICE = Allowance(burst=10, interval=timedelta(seconds=30))
"""Attempts of a known device at its own account. The other limits do not apply, so other callers cannot exhaust them."""
MAILS = Allowance(burst=5, interval=timedelta(minutes=10))
"""Mails that callers may send to one address."""
FRESH_PROOFS = Allowance(burst=10, interval=timedelta(seconds=30))
"""Passwords that one account may try in its settings."""

SECOND_FACTORS = Allowance(burst=5, interval=timedelta(minutes=1))
"""Codes that may be tried at one account: of a million codes, three count at a time."""


class Attempts:
    """Counts attempts under keyed digests, so that no address is stored.

    Args:
        limits: the counters.
        clock: the current time.
        secret: key of the digests. Every process needs the same secret.
    """

    def __init__(self, limits: RateLimits, clock: Clock, secret: bytes) -> None:
        self._limits, self._clock = limits, clock
        self._key = hashlib.blake2b(secret, digest_size=32, person=b"zyenta-limits").digest()

    async def take(self, limit: str, subject: str, allowance: Allowance) -> None:
        """Count one attempt.

        Args:
            limit: the limit's name.
            subject: who or what is limited.
            allowance: how many attempts are granted.

        Raises:
            TooManyAttempts: a retry may succeed after the wait.
        """
        key = hashlib.blake2b(f"{limit}\0{subject}".encode(), key=self._key, digest_size=16).digest()
        wait = await self._limits.take(key, allowance, at=self._clock.now())
        if wait is not None:
            raise TooManyAttempts(wait)


def network_of(address: str) -> str:
    """Return the network that limits count as one address: an IPv6 host owns at least a /64.

    A text that is not an IP address is returned unchanged.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((int(ip), 64), strict=False))
    return str(ip)
