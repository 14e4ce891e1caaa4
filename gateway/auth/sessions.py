"""Sessions: the merchant of an access token, and whether the token's session is live."""

from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts.ports import RefreshTokens
from domain.kernel import Clock
from gateway.auth.errors import Unauthenticated
from gateway.auth.tokens import AccessTokens, Identity

LIVE_CACHE_FOR = timedelta(seconds=1)
"""How long a lookup of a live session is trusted. Other processes notice a log-out after this time."""
CACHED_MOST = 10_000
"""Maximum number of cached sessions."""


class Sessions:
    """Reads access tokens and rejects those of ended sessions.

    Args:
        tokens: reads access tokens.
        refresh_tokens: knows which sessions are live.
        clock: the current time.
    """

    def __init__(self, tokens: AccessTokens, refresh_tokens: RefreshTokens, clock: Clock) -> None:
        self._tokens, self._refresh_tokens, self._clock = tokens, refresh_tokens, clock
        self._live: OrderedDict[UUID, datetime] = OrderedDict()

    async def merchant(self, authorization: str | None) -> UUID:
        """Return the logged-in merchant.

        Args:
            authorization: the header, ``Bearer <access token>``.

        Raises:
            Unauthenticated: the token is missing or invalid, or its session has ended.
        """
        identity = self._identity(authorization)
        await self._check(identity)
        return identity.merchant_id

    def token_owner(self, authorization: str | None) -> UUID:
        """Return the access token's merchant, for limits. Does not check that the session is live.

        Raises:
            Unauthenticated: the token is missing or invalid.
        """
        return self._identity(authorization).merchant_id

    async def check(self, authorization: str | None) -> None:
        """Check that a session is live, even if its access token has expired.

        Raises:
            Unauthenticated: the session has ended.
        """
        await self._check(self._identity(authorization, allow_expired=True))

    def forget(self) -> None:
        """Empty the cache, because this process ended a session."""
        self._live.clear()

    def _identity(self, authorization: str | None, *, allow_expired: bool = False) -> Identity:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated
        return self._tokens.read(token.strip(), allow_expired=allow_expired)

    async def _check(self, identity: Identity) -> None:
        id, now = identity.session_id, self._clock.now()
        if id is None:
            return
        looked_up = self._live.get(id)
        if looked_up is not None and timedelta(0) <= now - looked_up < LIVE_CACHE_FOR:
            return
        if not await self._refresh_tokens.is_live(id):
            self._live.pop(id, None)
            raise Unauthenticated("The session has ended. Log in again.")
        self._live[id] = now
        self._live.move_to_end(id)
        if len(self._live) > CACHED_MOST:
            self._live.popitem(last=False)
