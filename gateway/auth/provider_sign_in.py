"""Log-ins by Google and GitHub, and the link between such an account and a merchant's."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_urlsafe
from uuid import UUID, uuid4

from commands.account import RecordSignInLink
from commands.ports import Receipt
from domain.accounts.ports import Account, Accounts
from domain.accounts.sign_in import (
    ExternalIdentity,
    IdentityProvider,
    LinkedSignIn,
    SignIns,
    SignInState,
)
from domain.ids import derived
from domain.kernel import Clock, NotFound
from domain.merchant.account_events import SignInProvider
from domain.merchant.errors import EmailTaken
from domain.signing import SigningSecrets
from domain.text import clean_line
from gateway.auth.account_log import AccountLog
from gateway.auth.accounts import NAME_MAX, Authenticator, Challenge, Session
from gateway.auth.addresses import EmailAddresses
from gateway.auth.attempts import PER_ADDRESS, Attempts, network_of
from gateway.auth.errors import (
    AccountHasAddress,
    EmailNotVerified,
    ProviderEmailNotVerified,
    ProviderNotOffered,
    SignInDenied,
    SignInStateNotValid,
    SignInTaken,
    Unauthenticated,
)
from gateway.auth.fresh_proof import FreshProof
from gateway.auth.tokens import Identity
from gateway.auth.ways_to_log_in import WaysToLogIn

STATE_FOR = timedelta(minutes=10)
"""Time to agree on the provider's page."""
_MARK = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where the browser goes, and what it keeps until it comes back."""

    url: str = field(repr=False)
    browser_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What the provider sent the browser back with."""

    provider: SignInProvider
    state: str = field(repr=False)
    browser_token: str | None = field(repr=False)
    code: str | None = field(repr=False)
    error: str | None
    """The provider's name of a refusal, such as ``access_denied``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A provider that may log the merchant in from now on."""

    merchant_id: UUID
    provider: SignInProvider
    receipt: Receipt | None


class ProviderSignIn:
    """Logs merchants in by providers.

    Provider and subject are the identity. Two accounts are never joined because their addresses are equal: the owner logs in
    to the one and asks for the link, with the password, and both addresses are verified.

    Args:
        providers: those of this installation.
        sign_ins: identities and log-ins under way.
        accounts: the accounts table.
        authenticator: opens accounts and sessions.
        addresses: claims the address of a new account.
        proof: asks who the person is before a link.
        ways: keeps the last way to log in.
        attempts: limits of attempts.
        log: records the facts.
        clock: the current time.
        callback: the address that providers send browsers back to; ``{provider}`` is replaced.
        secrets: keys from which the verifiers of PKCE are derived.
    """

    def __init__(  # noqa: PLR0913 - the ports of one flow
        self,
        providers: Mapping[SignInProvider, IdentityProvider],
        sign_ins: SignIns,
        accounts: Accounts,
        authenticator: Authenticator,
        addresses: EmailAddresses,
        proof: FreshProof,
        ways: WaysToLogIn,
        attempts: Attempts,
        log: AccountLog,
        clock: Clock,
        *,
        callback: str,
        secrets: SigningSecrets,
    ) -> None:
        self._providers, self._sign_ins, self._accounts = providers, sign_ins, accounts
        self._authenticator, self._addresses, self._proof = authenticator, addresses, proof
        self._ways, self._attempts, self._log, self._clock = ways, attempts, log, clock
        self._callback = callback
        keys = secrets.derived(b"zyenta-pkce")
        # By a mark in the state, so that a log-in that is under way outlives a rotation.
        self._verifying = {hashlib.sha256(key).hexdigest()[:_MARK]: key for key in keys.each}
        self._mark = hashlib.sha256(keys.current).hexdigest()[:_MARK]

    @property
    def offered(self) -> Sequence[SignInProvider]:
        """The providers of this installation, by name."""
        return sorted(self._providers)

    async def of_merchant(self, merchant_id: UUID) -> Sequence[LinkedSignIn]:
        """Return the providers that may log a merchant in."""
        return await self._sign_ins.of_merchant(merchant_id)

    async def begin(self, provider: SignInProvider, *, address: str) -> Departure:
        """Begin a log-in.

        Raises:
            ProviderNotOffered, TooManyAttempts, Transient: refused.
        """
        await self._attempts.take("sign-in", network_of(address), PER_ADDRESS)
        return await self._depart(provider, None)

    async def begin_link(self, owner: Identity, provider: SignInProvider, *, password: str) -> Departure:
        """Begin to link a provider's account to a merchant's.

        Raises:
            ProviderNotOffered, Transient: refused.
            WrongPassword, LogInAgain, TooManyAttempts: see :meth:`FreshProof.by_owner`.
            EmailNotVerified: the merchant's own address is not confirmed.
        """
        account = await self._proof.by_owner(owner, password)
        if account.verified_at is None:
            raise EmailNotVerified
        return await self._depart(provider, owner.merchant_id)

    async def finish(
        self, arrival: Arrival, *, caller: Identity | None, device_name: str | None = None
    ) -> Session | Challenge | Linked:
        """Finish what :meth:`begin` or :meth:`begin_link` began.

        Args:
            arrival: what came back.
            caller: who is logged in; None without a session.
            device_name: see :func:`gateway.auth.devices.device_name`.

        Raises:
            SignInStateNotValid: it was finished, is too old, or began in another browser.
            SignInDenied: the person did not agree.
            SignInFailed, Transient: the provider did not confirm who the person is.
            ProviderEmailNotVerified: the provider names no verified address.
            AccountHasAddress: log in to that account and link the provider there.
            SignInTaken: the provider's account logs in to another merchant's.
            Unauthenticated: the session of the link has ended at the same time.
        """
        state = await self._sign_ins.take(_hash(arrival.state), at=self._clock.now())
        is_own = state is not None and hmac.compare_digest(state.browser_hash, _hash(arrival.browser_token or ""))
        if state is None or not is_own or state.provider is not arrival.provider:
            raise SignInStateNotValid
        if state.merchant_id is not None and (caller is None or state.merchant_id != caller.merchant_id):
            raise SignInStateNotValid
        if arrival.code is None:
            raise SignInDenied(arrival.provider)
        identity = await self._provider(arrival.provider).identify(
            code=arrival.code, verifier=self._verifier(arrival.state), redirect_uri=self._redirect(arrival.provider)
        )
        if state.merchant_id is not None and caller is not None:
            return await self._link(caller, identity)
        owner = await self._sign_ins.owner(identity.provider, identity.subject)
        if owner is None:
            account, receipt = await self._new_account(identity)
            return await self._authenticator.enter(account, receipt, device_name=device_name)
        account = await self._proof.account(owner)
        # Once more: a reset that unlinks it at the same time changes this account's password afterwards.
        if await self._sign_ins.owner(identity.provider, identity.subject) != owner:
            raise SignInStateNotValid
        return await self._authenticator.enter(account, device_name=device_name)

    async def unlink(self, owner: Identity, provider: SignInProvider, *, password: str) -> Receipt | None:
        """End the log-in by a provider.

        Raises:
            WrongPassword, LogInAgain, TooManyAttempts: see :meth:`FreshProof.by_owner`.
            NotFound: the provider is not linked.
            PasswordNotSet: nothing else logs the merchant in.
        """
        merchant_id = owner.merchant_id
        account = await self._proof.by_owner(owner, password)
        if provider in {each.provider for each in await self._sign_ins.of_merchant(merchant_id)}:
            await self._ways.keep_another(account)
        if not await self._sign_ins.unlink(merchant_id, provider):
            raise NotFound("sign-in", provider)
        return await self._log.record(RecordSignInLink(merchant_id=merchant_id, provider=provider, linked=False))

    async def _depart(self, provider: SignInProvider, merchant_id: UUID | None) -> Departure:
        state, browser, now = token_urlsafe(32) + self._mark, token_urlsafe(32), self._clock.now()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self._verifier(state).encode()).digest()).rstrip(b"=")
        url = await self._provider(provider).authorization_url(
            state=state, challenge=challenge.decode(), redirect_uri=self._redirect(provider)
        )
        await self._sign_ins.begin(
            SignInState(
                state_hash=_hash(state),
                browser_hash=_hash(browser),
                provider=provider,
                merchant_id=merchant_id,
                expires_at=now + STATE_FOR,
            ),
            at=now,
        )
        return Departure(url=url, browser_token=browser)

    async def _link(self, owner: Identity, identity: ExternalIdentity) -> Linked:
        merchant_id = owner.merchant_id
        account = await self._proof.account(merchant_id)
        if account.verified_at is None:
            raise EmailNotVerified
        if identity.email is None:
            raise ProviderEmailNotVerified(identity.provider)
        linked = await self._sign_ins.link(merchant_id, identity.provider, identity.subject, at=self._clock.now())
        if not linked and await self._sign_ins.owner(identity.provider, identity.subject) != merchant_id:
            raise SignInTaken(identity.provider)
        try:
            await self._ways.sessions.check_goes_on(owner.session_id)
        except Unauthenticated:
            if linked:
                await self._sign_ins.unlink(merchant_id, identity.provider)
            raise
        receipt = await self._record_link(merchant_id, identity) if linked else None
        return Linked(merchant_id=merchant_id, provider=identity.provider, receipt=receipt)

    async def _new_account(self, identity: ExternalIdentity) -> tuple[Account, Receipt | None]:
        if identity.email is None:
            raise ProviderEmailNotVerified(identity.provider)
        if await self._accounts.claimant(identity.email) is not None:
            raise AccountHasAddress(identity.provider)
        merchant_id = uuid4()
        account = await self._authenticator.open_without_password(
            merchant_id, email=identity.email, name=clean_line(identity.name or "")[:NAME_MAX] or None
        )
        try:
            await self._addresses.claim(account, identity.email, id=derived(merchant_id, "confirmed"))
        except EmailTaken:
            raise AccountHasAddress(identity.provider) from None
        if not await self._sign_ins.link(merchant_id, identity.provider, identity.subject, at=self._clock.now()):
            raise SignInTaken(identity.provider)
        return account, await self._record_link(merchant_id, identity)

    async def _record_link(self, merchant_id: UUID, identity: ExternalIdentity) -> Receipt | None:
        return await self._log.record(
            RecordSignInLink(merchant_id=merchant_id, provider=identity.provider, linked=True)
        )

    def _provider(self, provider: SignInProvider) -> IdentityProvider:
        if provider not in self._providers:
            raise ProviderNotOffered(provider)
        return self._providers[provider]

    def _redirect(self, provider: SignInProvider) -> str:
        return self._callback.replace("{provider}", provider.lower())

    def _verifier(self, state: str) -> str:
        key = self._verifying.get(state[-_MARK:], self._verifying[self._mark])
        return base64.urlsafe_b64encode(hmac.digest(key, state.encode(), "sha256")).rstrip(b"=").decode()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
