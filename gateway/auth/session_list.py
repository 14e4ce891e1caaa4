"""A merchant's open sessions: listed, and ended from another one."""

from collections.abc import Sequence
from uuid import UUID

from commands.account import RecordSessionEnd
from commands.ports import Receipt
from domain.accounts.ports import OpenSession, RefreshTokens
from domain.kernel import Clock, NotFound
from gateway.auth.account_log import AccountLog
from gateway.auth.sessions import Sessions
from gateway.auth.tokens import Identity


class SessionList:
    """Lists and ends sessions."""

    def __init__(self, refresh_tokens: RefreshTokens, sessions: Sessions, log: AccountLog, clock: Clock) -> None:
        self._refresh_tokens, self._sessions, self._log, self._clock = refresh_tokens, sessions, log, clock

    async def of(self, merchant_id: UUID) -> Sequence[OpenSession]:
        """Return a merchant's sessions, the last used first."""
        return await self._refresh_tokens.open_sessions(merchant_id, at=self._clock.now())

    async def end(self, merchant_id: UUID, session_id: UUID) -> Receipt | None:
        """End one session.

        Raises:
            NotFound: the merchant has no such session, or it has ended.
        """
        if not await self._refresh_tokens.end(merchant_id, session_id, at=self._clock.now()):
            raise NotFound("session", session_id)
        self._sessions.forget()
        return await self._log.record(RecordSessionEnd(merchant_id=merchant_id, session_id=session_id))

    async def end_all(self, identity: Identity, *, keep_this: bool) -> Receipt | None:
        """End all sessions of a merchant. No-op if there are none.

        Args:
            identity: the caller.
            keep_this: whether the caller's own session goes on.
        """
        keep = identity.session_id if keep_this else None
        if not await self._sessions.end_all(identity.merchant_id, keep=keep):
            return None
        return await self._log.record(RecordSessionEnd(merchant_id=identity.merchant_id, session_id=None, kept=keep))
