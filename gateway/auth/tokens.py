"""Access and device tokens (JWT, signed with a named key) and refresh tokens (opaque, kept as hashes)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from domain.kernel import Clock
from gateway.auth.errors import Unauthenticated

ISSUER, AUDIENCE, DEVICES = "zyenta", "zyenta-api", "zyenta-device"
ALGORITHM = "HS256"
ACCESS_FOR = timedelta(minutes=15)
REFRESH_FOR = timedelta(days=30)
DEVICE_FOR = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeys:
    """Keys of access tokens by id: the active one signs, all of them verify, so that keys can be rotated."""

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
    """Whose access token it is, and of which session."""

    merchant_id: UUID
    session_id: UUID | None
    """The refresh tokens' family; None in a token that was signed without one."""


class AccessTokens:
    """Signs and reads access tokens."""

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def sign(self, merchant_id: UUID, session_id: UUID | None = None) -> tuple[str, datetime]:
        """Return a token for a merchant, and until when it is good."""
        session = {} if session_id is None else {"sid": str(session_id)}
        return _signed(self._keys, self._clock, AUDIENCE, merchant_id, ACCESS_FOR, **session)

    def read(self, token: str, *, aged: bool = False) -> Identity:
        """Return whose token it is. It does not say whether the session was ended.

        Args:
            token: what the client sent.
            aged: accept an expired one as well, to find its session.

        Raises:
            Unauthenticated: not ours, altered, or expired.
        """
        try:
            claims = _claims(self._keys, AUDIENCE, token)
            session_id = claims.get("sid")
            identity = Identity(
                merchant_id=UUID(claims["sub"]), session_id=None if session_id is None else UUID(session_id)
            )
            expires = int(claims["exp"])
        except _UnknownKey as error:
            raise Unauthenticated("The access token's signing key is not in use any more. Log in again.") from error
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
            raise Unauthenticated("The access token is not valid. Log in again.") from error
        if not aged and expires <= self._clock.now().timestamp():
            raise Unauthenticated("The access token has expired. Use the refresh token, or log in again.")
        return identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device on which a merchant has logged in before."""

    merchant_id: UUID
    id: str


class DeviceTokens:
    """Signs and reads device tokens. One proves an earlier log-in, and lets nobody in by itself."""

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def sign(self, merchant_id: UUID, device: Device | None = None) -> str:
        """Return a token for a merchant's device: the one that was read, or a new one."""
        known = {} if device is None else {"jti": device.id}
        return _signed(self._keys, self._clock, DEVICES, merchant_id, DEVICE_FOR, **known)[0]

    def read(self, token: str | None) -> Device | None:
        """Return the device; None for no token, and for one that is altered or expired."""
        if not token:
            return None
        try:
            claims = _claims(self._keys, DEVICES, token)
            device = Device(merchant_id=UUID(claims["sub"]), id=str(claims["jti"]))
            return device if int(claims["exp"]) > self._clock.now().timestamp() else None
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, KeyError):
            return None


class _UnknownKey(jwt.InvalidTokenError):
    """The token names no key that is in use."""


def _signed(
    keys: SigningKeys, clock: Clock, audience: str, subject: UUID, good_for: timedelta, **more: str
) -> tuple[str, datetime]:
    now = clock.now()
    expires_at = (now + good_for).replace(microsecond=0)
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "sub": str(subject),
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
        "jti": secrets.token_urlsafe(12),
    } | more
    return jwt.encode(claims, keys.keys[keys.active], algorithm=ALGORITHM, headers={"kid": keys.active}), expires_at


def _claims(keys: SigningKeys, audience: str, token: str) -> dict[str, Any]:
    """Return what a token says once its signature is checked. Its age is the caller's to check.

    Raises:
        jwt.InvalidTokenError, ValueError, TypeError, AttributeError: it is not one of this audience's.
    """
    kid = jwt.get_unverified_header(token).get("kid")
    key = keys.keys.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise _UnknownKey
    # The clock is ours, not the library's, so that expiry is tested like everything else.
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        audience=audience,
        issuer=ISSUER,
        options={"require": ["sub", "exp", "iat"], "verify_exp": False, "verify_iat": False},
    )
    return claims


def new_refresh_token() -> str:
    """Return a fresh opaque token: 256 random bits."""
    return secrets.token_urlsafe(32)


def refresh_hash(token: str) -> bytes:
    """Return what is stored of a refresh token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def successor_of(token: str, key: bytes) -> str:
    """Return a refresh token's successor: the same one each time, and not to be computed without the key.

    So a repeated exchange can be answered alike although nothing but hashes is stored.
    """
    return base64.urlsafe_b64encode(hmac.digest(key, token.encode(), "sha256")).rstrip(b"=").decode()
