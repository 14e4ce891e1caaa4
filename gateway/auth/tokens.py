"""Access tokens (JWT, short-lived, signed with a named key) and refresh tokens (opaque, kept as hashes)."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from domain.kernel import Clock
from gateway.auth.errors import Unauthenticated

ISSUER, AUDIENCE = "zyenta", "zyenta-api"
ALGORITHM = "HS256"
ACCESS_FOR = timedelta(minutes=15)
REFRESH_FOR = timedelta(days=30)


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


class AccessTokens:
    """Signs and reads access tokens."""

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def sign(self, merchant_id: UUID) -> tuple[str, datetime]:
        """Return a token for a merchant, and until when it is good."""
        now = self._clock.now()
        expires_at = (now + ACCESS_FOR).replace(microsecond=0)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(merchant_id),
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": secrets.token_urlsafe(12),
        }
        kid = self._keys.active
        return jwt.encode(claims, self._keys.keys[kid], algorithm=ALGORITHM, headers={"kid": kid}), expires_at

    def read(self, token: str) -> UUID:
        """Return whose token it is.

        Raises:
            Unauthenticated: not ours, altered, or expired.
        """
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._keys.keys.get(kid) if isinstance(kid, str) else None
            if key is None:
                raise Unauthenticated("The access token was signed with a key that is not in use. Log in again.")
            # The clock is ours, not the library's, so that expiry is tested like everything else.
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["sub", "exp", "iat"], "verify_exp": False, "verify_iat": False},
            )
            merchant_id, expires = UUID(claims["sub"]), int(claims["exp"])
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
            raise Unauthenticated("The access token is not valid. Log in again.") from error
        if expires <= self._clock.now().timestamp():
            raise Unauthenticated("The access token has expired. Use the refresh token, or log in again.")
        return merchant_id


def new_refresh_token() -> str:
    """Return a fresh opaque token: 256 random bits."""
    return secrets.token_urlsafe(32)


def refresh_hash(token: str) -> bytes:
    """Return what is stored of a refresh token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
