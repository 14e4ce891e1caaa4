"""API keys: made, listed, rotated and revoked by the person who is logged in."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from commands.account import RecordApiKey, RecordApiKeyEnd
from domain.accounts.keys import ApiKey, ApiKeys
from domain.ids import derived
from domain.kernel import Clock, InvalidInput, NotFound
from domain.team.roles import KeyScope
from domain.text import check_readable, clean_line
from gateway.auth.account_log import AccountLog
from gateway.auth.errors import Unauthenticated
from gateway.auth.fresh_proof import FreshProof
from gateway.auth.key_tokens import SHOWN, KeyTokens, key_hash
from gateway.auth.sessions import Sessions
from gateway.auth.visitor import Visitor

NAME_MAX = 60
KEYS_MOST = 50
"""The most keys of a person."""
LONGEST = timedelta(days=366)
"""The longest life of a key that expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key and its text, which is shown once."""

    key: ApiKey
    token: str = field(repr=False)


class KeyRing:
    """Makes and changes a person's API keys.

    A key acts as its maker, within its scopes. So it never may do more than its maker at that moment, and keys cannot
    make or change keys.
    """

    def __init__(
        self,
        keys: ApiKeys,
        tokens: KeyTokens,
        sessions: Sessions,
        proof: FreshProof,
        log: AccountLog,
        clock: Clock,
    ) -> None:
        self._keys, self._tokens, self._sessions, self._proof = keys, tokens, sessions, proof
        self._log, self._clock = log, clock

    async def of_person(self, person_id: UUID) -> tuple[ApiKey, ...]:
        """Return a person's keys that are not revoked, the newest first."""
        return await self._keys.of_person(person_id)

    async def make(
        self,
        visitor: Visitor,
        *,
        name: str,
        scopes: Collection[KeyScope],
        days: int | None = None,
        password: str,
    ) -> NewKey:
        """Make a key.

        Args:
            visitor: its maker.
            name: tells people what uses it.
            scopes: what it may do.
            days: after which it expires; None if it does not.
            password: of the maker's account; see :meth:`FreshProof.by_owner`.

        Raises:
            WrongPassword, LogInAgain, TooManyAttempts: see :meth:`FreshProof.by_owner`.
            InvalidInput: names the field.
            Unauthenticated: the session has ended at the same time.
        """
        person_id = visitor.person_id
        if len(await self._keys.of_person(person_id)) >= KEYS_MOST:
            raise InvalidInput("name", f"You have {KEYS_MOST} API keys, which is the most. Revoke one of them first.")
        new = self._new(person_id, _clean_name(name), _checked(scopes), self._expiry(days))
        await self._proof.by_owner(visitor.identity, password)
        await self._keys.add(new.key, key_hash(new.token))
        await self._check_goes_on(visitor, new.key)
        await self._record(new.key, visitor)
        return new

    async def rotate(
        self, visitor: Visitor, key_id: UUID, *, scopes: Collection[KeyScope] | None = None, password: str
    ) -> NewKey:
        """Replace a key by one with the same or fewer scopes. The old one ends at once.

        Raises:
            WrongPassword, LogInAgain, TooManyAttempts: see :meth:`FreshProof.by_owner`.
            NotFound: the person has no such key, or it is revoked.
            InvalidInput: the old key lacks one of the scopes.
        """
        person_id = visitor.person_id
        old = next((key for key in await self._keys.of_person(person_id) if key.id == key_id), None)
        if old is None:
            raise NotFound("API key", key_id)
        chosen = old.scopes if scopes is None else _checked(scopes)
        if not chosen <= old.scopes:
            more = ", ".join(sorted(chosen - old.scopes))
            raise InvalidInput("scopes", f"scopes has {more}, which the key lacks. Make a new key for more.")
        await self._proof.by_owner(visitor.identity, password)
        at = self._clock.now()
        life = None if old.expires_at is None else old.expires_at - old.created_at
        new = self._new(person_id, old.name, chosen, None if life is None else at + life)
        if not await self._keys.replace(new.key, key_hash(new.token), instead_of=key_id, at=at):
            raise NotFound("API key", key_id)
        self._sessions.forget()
        await self._check_goes_on(visitor, new.key)
        await self._record(new.key, visitor, instead_of=key_id)
        return new

    async def revoke(self, visitor: Visitor, key_id: UUID) -> None:
        """Revoke a key. No-op if it is revoked.

        Raises:
            NotFound: the person has no such key.
        """
        if not await self._keys.revoke(key_id, visitor.person_id, at=self._clock.now()):
            raise NotFound("API key", key_id)
        self._sessions.forget()
        await self._log.record(
            RecordApiKeyEnd(merchant_id=visitor.person_id, key_id=key_id),
            id=derived(key_id, "revoked"),
            actor=str(visitor.actor),
        )

    async def _check_goes_on(self, visitor: Visitor, made: ApiKey) -> None:
        """Revoke a key again if a new password has ended the session that made it."""
        try:
            await self._sessions.check_goes_on(visitor.session_id)
        except Unauthenticated:
            await self._keys.revoke(made.id, made.person_id, at=self._clock.now())
            raise

    async def _record(self, key: ApiKey, visitor: Visitor, *, instead_of: UUID | None = None) -> None:
        command = RecordApiKey(
            merchant_id=visitor.person_id,
            key_id=key.id,
            prefix=key.prefix,
            scopes=sorted(key.scopes),
            instead_of=instead_of,
        )
        await self._log.record(command, actor=str(visitor.actor))

    def _new(self, person_id: UUID, name: str, scopes: frozenset[KeyScope], expires_at: datetime | None) -> NewKey:
        # Random, because its first characters are shown to tell keys apart.
        key_id = uuid4()
        token = self._tokens.make(key_id, person_id, scopes)
        key = ApiKey(
            id=key_id,
            person_id=person_id,
            name=name,
            prefix=token[:SHOWN],
            scopes=scopes,
            created_at=self._clock.now(),
            expires_at=expires_at,
            last_used_at=None,
        )
        return NewKey(key=key, token=token)

    def _expiry(self, days: int | None) -> datetime | None:
        if days is None:
            return None
        if not 1 <= days <= LONGEST.days:
            raise InvalidInput("expiresInDays", f"Invalid expiresInDays {days}. Use 1 to {LONGEST.days}, or omit it.")
        return self._clock.now() + timedelta(days=days)


def _clean_name(name: str) -> str:
    check_readable("name", name)
    cleaned = clean_line(name)
    if not 0 < len(cleaned) <= NAME_MAX:
        raise InvalidInput("name", f"name has {len(cleaned)} characters. Use 1 to {NAME_MAX}.")
    return cleaned


def _checked(scopes: Collection[KeyScope]) -> frozenset[KeyScope]:
    if not scopes:
        raise InvalidInput("scopes", "scopes is empty. Choose at least one.")
    return frozenset(scopes)
