"""Whose request it is: the access token, and whether its session goes on."""

from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts.ports import RefreshTokens
from domain.kernel import Clock
from gateway.auth.errors import Unauthenticated
from gateway.auth.tokens import AccessTokens, Identity

TRUSTED_FOR = timedelta(seconds=1)
"""How long a session counts as live after it was looked up: so late does another process notice a log-out."""
REMEMBERED = 10_000
"""Sessions remembered at most."""


class Sessions:
    """Reads access tokens, and refuses those of a session that was ended.

    Args:
        tokens: reads access tokens.
        refresh_tokens: knows which sessions are live.
        clock: the time.
    """

    def __init__(self, tokens: AccessTokens, refresh_tokens: RefreshTokens, clock: Clock) -> None:
        self._tokens, self._refresh_tokens, self._clock = tokens, refresh_tokens, clock
        self._live: OrderedDict[UUID, datetime] = OrderedDict()

    async def merchant(self, authorization: str | None) -> UUID:
        """Return who is logged in.

        Args:
            authorization: the header, ``Bearer <access token>``.

        Raises:
            Unauthenticated: nobody is, the token is not valid, or its session was ended.
        """
        identity = self._identity(authorization)
        await self._check(identity)
        return identity.merchant_id

    def token_owner(self, authorization: str | None) -> UUID:
        """Return whose access token this is, for limits: whether its session was ended is not looked up.

        Raises:
            Unauthenticated: there is no token, or it is not valid.
        """
        return self._identity(authorization).merchant_id

    async def check(self, authorization: str | None) -> None:
        """Check that a session goes on, whatever the age of its access token.

        Raises:
            Unauthenticated: it was ended.
        """
        await self._check(self._identity(authorization, aged=True))

    def forget(self) -> None:
        """Look every session up again: one was ended in this process."""
        self._live.clear()

    def _identity(self, authorization: str | None, *, aged: bool = False) -> Identity:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated
        return self._tokens.read(token.strip(), aged=aged)

    async def _check(self, identity: Identity) -> None:
        id, now = identity.session_id, self._clock.now()
        if id is None:
            return
        looked_up = self._live.get(id)
        if looked_up is not None and timedelta(0) <= now - looked_up < TRUSTED_FOR:
            return
        if not await self._refresh_tokens.is_live(id):
            self._live.pop(id, None)
            raise Unauthenticated("The session has ended. Log in again.")
        self._live[id] = now
        self._live.move_to_end(id)
        if len(self._live) > REMEMBERED:
            self._live.popitem(last=False)
