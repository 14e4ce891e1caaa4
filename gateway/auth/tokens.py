"""Access and device tokens (JWT, signed with a named key) and refresh tokens (opaque, stored as hashes).

Access tokens are signed with Ed25519, so that others can verify them by the published keys (RFC 8037). Device tokens and
tickets are read by the gateway only; they are signed with HMAC.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.kernel import Clock
from gateway.auth.errors import Unauthenticated

ISSUER, AUDIENCE, DEVICES = "zyenta", "zyenta-api", "zyenta-device"
ALGORITHM, ACCESS_ALGORITHM = "HS256", "EdDSA"
ACCESS_FOR = timedelta(minutes=15)
REFRESH_FOR = timedelta(days=30)
DEVICE_FOR = timedelta(days=180)
VERIFIED_MOST = 4096
"""Tokens that are known to be valid until they expire. Invalid ones are not remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeys:
    """Secrets of signing keys by id. The active key signs and every key verifies, so that keys can be rotated."""

    active: str
    keys: Mapping[str, bytes]

    def __post_init__(self) -> None:
        if self.active not in self.keys:
            raise ValueError(f"the active signing key {self.active!r} is not among {sorted(self.keys)}")
        for kid, key in self.keys.items():
            if len(key) < 32:
                raise ValueError(f"signing key {kid!r} has {len(key)} bytes; HS256 needs 32 or more")

    def __repr__(self) -> str:
        return f"SigningKeys(active={self.active!r}, keys={sorted(self.keys)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The merchant and the session of an access token."""

    merchant_id: UUID
    session_id: UUID | None
    """The family of the session's refresh tokens. None if the token was signed without one."""


@lru_cache(maxsize=64)
def _access_key(secret: bytes) -> Ed25519PrivateKey:
    """Return the key of a secret. It is another one than the secret itself, which signs device tokens."""
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(secret, b"zyenta access tokens, Ed25519", "sha256"))


class AccessTokens:
    """Signs and reads access tokens."""

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        # A request reads its token for limits and for access, and the next request has the same token.
        self._verified = lru_cache(VERIFIED_MOST)(self._verify)

    def replace(self, keys: SigningKeys) -> None:
        """Use other keys from now on. No-op if they are the same."""
        if keys != self._keys:
            self._keys = keys
            self._verified.cache_clear()

    def published_keys(self) -> Sequence[Mapping[str, str]]:
        """Return the public keys as JSON Web Keys (RFC 8037, section 2)."""
        return [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "use": "sig",
                "alg": ACCESS_ALGORITHM,
                "kid": kid,
                "x": base64.urlsafe_b64encode(_access_key(secret).public_key().public_bytes_raw())
                .rstrip(b"=")
                .decode(),
            }
            for kid, secret in self._keys.keys.items()
        ]

    def sign(self, merchant_id: UUID, session_id: UUID | None = None) -> tuple[str, datetime]:
        """Return an access token for a merchant, and its expiry time."""
        session = {} if session_id is None else {"sid": str(session_id)}
        claims, expires_at = _new_claims(self._clock, AUDIENCE, merchant_id, ACCESS_FOR, **session)
        key, headers = _access_key(self._keys.keys[self._keys.active]), {"kid": self._keys.active}
        return jwt.encode(claims, key, algorithm=ACCESS_ALGORITHM, headers=headers), expires_at

    def read(self, token: str) -> Identity:
        """Return the token's identity. Does not check that the session is live.

        Raises:
            Unauthenticated: the token is foreign, altered or expired.
        """
        identity, expires = self._verified(token)
        if expires <= self._clock.now().timestamp():
            raise Unauthenticated("The access token has expired. Use the refresh token, or log in again.")
        return identity

    def _verify(self, token: str) -> tuple[Identity, int]:
        """Return the token's identity, and the second in which it expires.

        Raises:
            Unauthenticated: the token is foreign or altered.
        """
        try:
            claims = _claims(self._keys, AUDIENCE, token, ACCESS_ALGORITHM)
            session_id = claims.get("sid")
            identity = Identity(
                merchant_id=UUID(claims["sub"]), session_id=None if session_id is None else UUID(session_id)
            )
            return identity, int(claims["exp"])
        except _UnknownKey as error:
            raise Unauthenticated("The access token's signing key is not in use any more. Log in again.") from error
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
            raise Unauthenticated("The access token is not valid. Log in again.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device on which a merchant logged in before."""

    merchant_id: UUID
    id: str


class DeviceTokens:
    """Signs and reads device tokens. A device token proves an earlier log-in; it does not log in."""

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def sign(self, merchant_id: UUID, device: Device | None = None) -> str:
        """Return a token for a merchant's device. A new device if ``device`` is None."""
        known = {} if device is None else {"jti": device.id}
        return _signed(self._keys, self._clock, DEVICES, merchant_id, DEVICE_FOR, **known)[0]

    def read(self, token: str | None) -> Device | None:
        """Return the token's device. None if the token is missing, altered or expired."""
        if not token:
            return None
        try:
            claims = _claims(self._keys, DEVICES, token)
            device = Device(merchant_id=UUID(claims["sub"]), id=str(claims["jti"]))
            return device if int(claims["exp"]) > self._clock.now().timestamp() else None
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, KeyError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A merchant's way back from a page outside."""

    merchant_id: UUID
    id: str
    """Differs between tickets, so that one can be used once."""
    proof: str | None = None
    """What the signer said of the proof that the ticket was given for."""


class Tickets:
    """Signs and reads tickets for one purpose. A ticket travels in addresses and is no log-in."""

    def __init__(self, keys: SigningKeys, clock: Clock, *, purpose: str, lifetime: timedelta) -> None:
        self._keys, self._clock, self._lifetime = keys, clock, lifetime
        self._audience = f"zyenta-ticket-{purpose}"

    def sign(self, merchant_id: UUID, *, proof: str | None = None) -> str:
        """Return a new ticket for a merchant."""
        more = {} if proof is None else {"proof": proof}
        return _signed(self._keys, self._clock, self._audience, merchant_id, self._lifetime, **more)[0]

    def read(self, token: str) -> Ticket | None:
        """Return the ticket. None if it is altered, expired or of another purpose."""
        try:
            claims = _claims(self._keys, self._audience, token)
            ticket = Ticket(merchant_id=UUID(claims["sub"]), id=str(claims["jti"]), proof=claims.get("proof"))
            return ticket if int(claims["exp"]) > self._clock.now().timestamp() else None
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, KeyError):
            return None


class _UnknownKey(jwt.InvalidTokenError):
    """The token's key id is not in use."""


def _signed(
    keys: SigningKeys, clock: Clock, audience: str, subject: UUID, lifetime: timedelta, **more: str
) -> tuple[str, datetime]:
    claims, expires_at = _new_claims(clock, audience, subject, lifetime, **more)
    return jwt.encode(claims, keys.keys[keys.active], algorithm=ALGORITHM, headers={"kid": keys.active}), expires_at


def _new_claims(
    clock: Clock, audience: str, subject: UUID, lifetime: timedelta, **more: str
) -> tuple[dict[str, Any], datetime]:
    now = clock.now()
    expires_at = (now + lifetime).replace(microsecond=0)
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "sub": str(subject),
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
        "jti": secrets.token_urlsafe(12),
    } | more
    return claims, expires_at


def _claims(keys: SigningKeys, audience: str, token: str, algorithm: str = ALGORITHM) -> Mapping[str, Any]:
    """Return a token's claims after checking its signature. The caller checks the expiry.

    Raises:
        jwt.InvalidTokenError, ValueError, TypeError, AttributeError: the token is invalid or for another audience.
    """
    kid = jwt.get_unverified_header(token).get("kid")
    secret = keys.keys.get(kid) if isinstance(kid, str) else None
    if secret is None:
        raise _UnknownKey
    # The algorithm is the reader's, never the token's: a public key must not verify an HMAC, and “none” verifies nothing.
    key = _access_key(secret).public_key() if algorithm == ACCESS_ALGORITHM else secret
    # The caller checks the expiry with the injected clock, so that tests control the time.
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        audience=audience,
        issuer=ISSUER,
        options={"require": ["sub", "exp", "iat"], "verify_exp": False, "verify_iat": False},
    )
    return claims


def new_refresh_token() -> str:
    """Return a new opaque token of 256 random bits."""
    return secrets.token_urlsafe(32)


def refresh_hash(token: str) -> bytes:
    """Return the stored hash of a refresh token. The token is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def successor_of(token: str, key: bytes) -> str:
    """Return a refresh token's successor. The same token and key always give the same successor.

    A repeated exchange can therefore get the same answer, although only hashes are stored.
    """
    return base64.urlsafe_b64encode(hmac.digest(key, token.encode(), "sha256")).rstrip(b"=").decode()
