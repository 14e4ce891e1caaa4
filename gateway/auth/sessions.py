"""Sessions: who is behind an access token or an API key, and whether it may still be used."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from domain.accounts.keys import ApiKeys
from domain.accounts.ports import RefreshTokens
from domain.kernel import Clock
from domain.team.permissions import CLOSED
from domain.team.roles import KeyScope, Role
from gateway.auth.errors import Unauthenticated
from gateway.auth.key_tokens import MARK, KeyIdentity, KeyTokens
from gateway.auth.tokens import AccessTokens, Identity
from gateway.auth.visitor import KeyUse, Visitor

LIVE_CACHE_FOR = timedelta(seconds=1)
"""How long a look-up is trusted. A log-out in another process, and a role taken away, are noticed after this time."""
ENDED = "The session has ended. Log in again."
CACHED_MOST = 10_000
"""Maximum number of cached visitors."""

RolesOf = Callable[[UUID], Awaitable[Mapping[UUID, Role]]]
"""Returns a person's roles in stores of other merchants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamAccess:
    """API keys, and roles in stores of other merchants."""

    keys: KeyTokens
    api_keys: ApiKeys
    roles_of: RolesOf


class Caller(NamedTuple):
    """The person of a credential, for limits. Nothing says that the credential may still be used."""

    person_id: UUID | None
    """None if the credential is missing or invalid."""
    scopes: frozenset[KeyScope] | None
    """The scopes of an API key; None for another credential."""
    identity: Identity | KeyIdentity | None
    """What the credential says."""


_STRANGER = Caller(None, None, None)


class Sessions:
    """Reads access tokens and API keys, and rejects those of ended sessions.

    A look-up asks for the session and the roles at once and is kept for a second. So most requests ask nothing.

    Args:
        tokens: reads access tokens.
        refresh_tokens: knows which sessions are live.
        clock: the current time.
        team: knows API keys and roles. Without it there are neither.
    """

    def __init__(
        self, tokens: AccessTokens, refresh_tokens: RefreshTokens, clock: Clock, *, team: TeamAccess | None = None
    ) -> None:
        self._tokens, self._refresh_tokens, self._clock, self._team = tokens, refresh_tokens, clock, team
        self._known: OrderedDict[Identity | KeyIdentity, tuple[datetime, Visitor]] = OrderedDict()

    async def merchant(self, authorization: str | None) -> UUID:
        """Return the person behind a request.

        Raises:
            Unauthenticated: see :meth:`visitor`.
        """
        return (await self.visitor(authorization)).person_id

    async def identity(self, authorization: str | None) -> Identity:
        """Return the person who is logged in, and the session.

        Raises:
            Unauthenticated: see :meth:`visitor`.
            KeyTooWeak: the credential is an API key.
        """
        visitor = await self.visitor(authorization)
        visitor.check_key(CLOSED)
        return visitor.identity

    async def visitor(self, authorization: str | None) -> Visitor:
        """Return the person behind a request.

        Args:
            authorization: the header, ``Bearer <access token or API key>``.

        Raises:
            Unauthenticated: the credential is missing or invalid, its session has ended, or the key was revoked.
        """
        return await self.visitor_of(self._identity(authorization))

    async def visitor_of(self, identity: Identity | KeyIdentity) -> Visitor:
        """Return the person behind a credential that was just read; see :meth:`visitor`."""
        now, known = self._clock.now(), self._known.get(identity)
        if known is not None and timedelta(0) <= now - known[0] < LIVE_CACHE_FOR:
            return known[1]
        try:
            visitor = await self._look_up(identity, now)
        except Unauthenticated:
            self._known.pop(identity, None)
            raise
        self._known[identity] = now, visitor
        self._known.move_to_end(identity)
        if len(self._known) > CACHED_MOST:
            self._known.popitem(last=False)
        return visitor

    def token_owner(self, authorization: str | None) -> UUID:
        """Return the credential's person, for limits. Does not check that it may still be used.

        Raises:
            Unauthenticated: the credential is missing or invalid.
        """
        identity = self._identity(authorization)
        return identity.merchant_id if isinstance(identity, Identity) else identity.person_id

    def key_scopes(self, authorization: str | None) -> frozenset[KeyScope] | None:
        """Return the scopes of an API key; None if the credential is another one. Does not check that it may be used.

        Raises:
            Unauthenticated: the credential is missing or invalid.
        """
        identity = self._identity(authorization)
        return identity.scopes if isinstance(identity, KeyIdentity) else None

    def caller(self, authorization: str | None) -> Caller:
        """Return the credential's person and scopes, for limits."""
        try:
            identity = self._identity(authorization)
        except Unauthenticated:
            return _STRANGER
        if isinstance(identity, KeyIdentity):
            return Caller(identity.person_id, identity.scopes, identity)
        return Caller(identity.merchant_id, None, identity)

    async def check_goes_on(self, session_id: UUID | None) -> None:
        """Ask the database whether a session goes on that has just made another way into its account.

        A look-up is trusted for a second, and a session may end while its request runs.

        Raises:
            Unauthenticated: the session has ended. Take back what it made.
        """
        if session_id is not None and not await self._refresh_tokens.is_live(session_id):
            raise Unauthenticated(ENDED)

    async def end_all(self, merchant_id: UUID, *, keep: UUID | None = None) -> int:
        """End a merchant's sessions, all but ``keep``, and return how many there were."""
        ended = await self._refresh_tokens.end_all(merchant_id, keep=keep, at=self._clock.now())
        self.forget()
        return ended

    def forget(self) -> None:
        """Empty the cache, because this process ended a session or changed a key."""
        self._known.clear()

    def _identity(self, authorization: str | None) -> Identity | KeyIdentity:
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if not token or scheme.lower() != "bearer":
            raise Unauthenticated
        if token.startswith(MARK):
            if self._team is None:
                raise Unauthenticated
            return self._team.keys.read(token)
        return self._tokens.read(token)

    async def _look_up(self, identity: Identity | KeyIdentity, now: datetime) -> Visitor:
        if isinstance(identity, KeyIdentity):
            assert self._team is not None
            key, roles = await asyncio.gather(
                self._team.api_keys.use(identity.key_id, identity.token_hash, at=now),
                self._team.roles_of(identity.person_id),
            )
            if key is None or not key.is_live(now):
                raise Unauthenticated("The API key was revoked or has expired. Make a new one.")
            return Visitor(person_id=key.person_id, key=KeyUse(key.id, key.scopes & identity.scopes), roles=roles)
        person_id, session_id = identity.merchant_id, identity.session_id
        if session_id is None:
            return Visitor(person_id=person_id, roles=await self._roles_of(person_id))
        is_live, roles = await asyncio.gather(self._refresh_tokens.is_live(session_id), self._roles_of(person_id))
        if not is_live:
            raise Unauthenticated(ENDED)
        return Visitor(person_id=person_id, session_id=session_id, roles=roles)

    async def _roles_of(self, person_id: UUID) -> Mapping[UUID, Role]:
        return {} if self._team is None else await self._team.roles_of(person_id)
