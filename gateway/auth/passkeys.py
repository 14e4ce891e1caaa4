"""Passkeys: made in a device of the merchant, and accepted at a log-in in place of password and second factor.

A device asks for a finger, a face or a PIN before it signs, so a passkey is two factors in one. An account's last way to log in
cannot be removed: a passkey stands beside a password, and no request removes a password.
"""

import hashlib
import logging
import secrets
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from uuid import UUID, uuid4

from commands.account import RecordPasskey
from commands.ports import Receipt
from domain.accounts.passkeys import Challenge, ChallengePurpose, Passkey, PasskeyStore
from domain.kernel import Clock, InvalidInput, NotFound
from domain.text import check_readable, clean_line
from gateway.auth.account_log import AccountLog
from gateway.auth.accounts import Authenticator, Session
from gateway.auth.attempts import PER_ADDRESS, Attempts, network_of
from gateway.auth.errors import PasskeyNotValid, PasskeysNotOffered, TooManyPasskeys, Unauthenticated
from gateway.auth.fresh_proof import FreshProof
from gateway.auth.tokens import Identity
from gateway.auth.ways_to_log_in import WaysToLogIn
from gateway.auth.webauthn import (
    Assertion,
    Attestation,
    Options,
    RelyingParty,
    challenge_of,
    credential_of,
    offers_passkeys,
)

CHALLENGED_FOR = timedelta(minutes=5)
"""Time to use the device."""
MOST = 20
NAME_MAX = 60

logger = logging.getLogger(__name__)


class Passkeys:
    """Adds, lists and removes passkeys, and logs merchants in by them.

    Args:
        store: passkeys and open challenges.
        authenticator: opens sessions.
        proof: asks who the person is before a change.
        ways: keeps the last way to log in.
        attempts: limits of attempts.
        log: records the facts.
        clock: the current time.
        public_url: the dashboard's address; passkeys are bound to its host.
    """

    def __init__(
        self,
        store: PasskeyStore,
        authenticator: Authenticator,
        proof: FreshProof,
        ways: WaysToLogIn,
        attempts: Attempts,
        log: AccountLog,
        clock: Clock,
        *,
        public_url: str,
    ) -> None:
        self._store, self._authenticator, self._proof = store, authenticator, proof
        self._ways, self._attempts, self._log, self._clock = ways, attempts, log, clock
        self._public_url = public_url

    @property
    def offered(self) -> bool:
        """Whether browsers make passkeys for this installation's address."""
        return offers_passkeys(self._public_url)

    async def of_merchant(self, merchant_id: UUID) -> Sequence[Passkey]:
        """Return a merchant's passkeys, the oldest first."""
        return await self._store.of_merchant(merchant_id)

    async def begin(self, owner: Identity, *, password: str) -> Options:
        """Return what a browser needs to make a passkey.

        Raises:
            PasskeysNotOffered: retrying cannot help.
            WrongPassword, LogInAgain, TooManyAttempts: see :meth:`FreshProof.by_owner`.
            TooManyPasskeys: remove one first.
        """
        party, merchant_id = self._party, owner.merchant_id
        account = await self._proof.by_owner(owner, password)
        known = await self._store.of_merchant(merchant_id)
        if len(known) >= MOST:
            raise TooManyPasskeys(MOST)
        challenge = await self._challenge(ChallengePurpose.ADD, merchant_id)
        ids = [each.credential_id for each in known]
        return party.creation(challenge, user=merchant_id.bytes, name=account.email, known=ids)

    async def add(self, owner: Identity, answer: Attestation, *, name: str) -> Receipt | None:
        """Store the passkey that a browser made.

        Raises:
            PasskeyNotValid: begin again.
            InvalidInput: the name cannot be used.
            Unauthenticated: the session has ended at the same time.
        """
        name, merchant_id = clean_passkey_name(name), owner.merchant_id
        challenge = await self._take(answer, ChallengePurpose.ADD, merchant_id)
        made = self._party.check_new(challenge, answer)
        passkey = Passkey(
            id=uuid4(),
            merchant_id=merchant_id,
            credential_id=made.credential_id,
            credential=made.credential,
            sign_count=made.sign_count,
            name=name,
            created_at=self._clock.now(),
        )
        if not await self._store.add(passkey, most=MOST):
            raise PasskeyNotValid
        try:
            await self._ways.sessions.check_goes_on(owner.session_id)
        except Unauthenticated:
            await self._store.remove(passkey.id, merchant_id)
            raise
        return await self._log.record(RecordPasskey(merchant_id=merchant_id, passkey_id=passkey.id, added=True))

    async def rename(self, merchant_id: UUID, id: UUID, *, name: str) -> None:
        """Give a passkey another name.

        Raises:
            InvalidInput, NotFound: refused.
        """
        if not await self._store.rename(id, merchant_id, clean_passkey_name(name)):
            raise NotFound("passkey", id)

    async def remove(self, owner: Identity, id: UUID, *, password: str) -> Receipt | None:
        """Remove a passkey.

        Raises:
            WrongPassword, LogInAgain, TooManyAttempts: see :meth:`FreshProof.by_owner`.
            NotFound: the merchant has none with the id.
            PasswordNotSet: nothing else logs the merchant in.
        """
        merchant_id = owner.merchant_id
        account = await self._proof.by_owner(owner, password)
        if id in {each.id for each in await self._store.of_merchant(merchant_id)}:
            await self._ways.keep_another(account)
        if not await self._store.remove(id, merchant_id):
            raise NotFound("passkey", id)
        return await self._log.record(RecordPasskey(merchant_id=merchant_id, passkey_id=id, added=False))

    async def begin_log_in(self, *, token: str | None, address: str) -> Options:
        """Return what a browser needs to log in. It names no account, unless a challenge proves the first factor.

        Args:
            token: of the challenge; None to log in by the passkey alone.
            address: the caller's network address, for the rate limit.

        Raises:
            PasskeysNotOffered, ChallengeNotValid, TooManyAttempts: refused.
        """
        party = self._party
        await self._attempts.take("passkey", network_of(address), PER_ADDRESS)
        if token is None:
            return party.request(await self._challenge(ChallengePurpose.LOG_IN, None), known=())
        merchant_id = (await self._authenticator.challenged(token)).merchant_id
        known = [each.credential_id for each in await self._store.of_merchant(merchant_id)]
        return party.request(await self._challenge(ChallengePurpose.SECOND_FACTOR, merchant_id), known=known)

    async def log_in(
        self,
        answer: Assertion,
        *,
        token: str | None,
        address: str,
        device_token: str | None = None,
        device_name: str | None = None,
    ) -> Session:
        """Exchange a passkey's signature for a session.

        Args:
            answer: of the browser.
            token: as for :meth:`begin_log_in`.
            address: the caller's network address, for the rate limit.
            device_token: see :meth:`Authenticator.log_in`.
            device_name: see :func:`gateway.auth.devices.device_name`.

        Raises:
            PasskeyNotValid: begin again.
            ChallengeNotValid, TooManyAttempts: refused.
        """
        party = self._party
        await self._attempts.take("passkey", network_of(address), PER_ADDRESS)
        challenged = None if token is None else await self._authenticator.challenged(token)
        owner = None if challenged is None else challenged.merchant_id
        purpose = ChallengePurpose.LOG_IN if token is None else ChallengePurpose.SECOND_FACTOR
        challenge = await self._take(answer, purpose, owner)
        passkey = await self._store.find(credential_of(answer))
        if passkey is None or (owner is not None and passkey.merchant_id != owner):
            raise PasskeyNotValid
        count = party.check_use(challenge, answer, passkey.credential)
        # Before its use: a reset that removes the passkey at the same time changes this account's password afterwards.
        account = challenged or await self._proof.account(passkey.merchant_id)
        if not await self._store.use(passkey.id, sign_count=count, at=self._clock.now()):
            logger.warning("a passkey counted backwards: its device may have been copied")
            raise PasskeyNotValid
        return await self._authenticator.enter_proven(account, device_token=device_token, device_name=device_name)

    @cached_property
    def _relying_party(self) -> RelyingParty:
        return RelyingParty(self._public_url)

    @property
    def _party(self) -> RelyingParty:
        if not self.offered:
            raise PasskeysNotOffered
        return self._relying_party

    async def _challenge(self, purpose: ChallengePurpose, merchant_id: UUID | None) -> bytes:
        challenge, now = secrets.token_bytes(32), self._clock.now()
        await self._store.begin(
            Challenge(
                challenge_hash=_hash(challenge),
                purpose=purpose,
                merchant_id=merchant_id,
                expires_at=now + CHALLENGED_FOR,
            ),
            at=now,
        )
        return challenge

    async def _take(
        self, answer: Attestation | Assertion, purpose: ChallengePurpose, merchant_id: UUID | None
    ) -> bytes:
        """Use the challenge of an answer up, so that an answer counts once."""
        challenge = challenge_of(answer)
        known = await self._store.take(_hash(challenge), at=self._clock.now())
        if known is None or known.purpose is not purpose or known.merchant_id != merchant_id:
            raise PasskeyNotValid
        return challenge


def clean_passkey_name(name: str) -> str:
    """Return the name with collapsed white space.

    Raises:
        InvalidInput: it is empty, has over 60 characters, or control characters.
    """
    check_readable("name", name)
    cleaned = clean_line(name)
    if not 0 < len(cleaned) <= NAME_MAX:
        raise InvalidInput("name", f"name has {len(cleaned)} characters. Use 1 to {NAME_MAX}.")
    return cleaned


def _hash(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()
