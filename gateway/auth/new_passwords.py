"""New passwords: by a link in a mail, or with the old one."""

import asyncio
import logging
from uuid import UUID, uuid4

from commands.account import RecordPasswordChange, RequestPasswordReset
from commands.ports import Receipt
from domain.accounts.email import email_key
from domain.accounts.links import LIFETIME, AccountLink, LinkNotValid, LinkPurpose
from domain.ids import derived
from domain.kernel import Clock
from gateway.auth.account_log import AccountLog
from gateway.auth.accounts import clean_email
from gateway.auth.addresses import EmailAddresses, LinkPorts
from gateway.auth.attempts import MAILS, PER_ADDRESS, Attempts, network_of
from gateway.auth.fresh_proof import FreshProof
from gateway.auth.passwords import Passwords, check_password
from gateway.auth.tokens import Identity
from gateway.auth.ways_to_log_in import OtherWays, WaysToLogIn

PURPOSE = LinkPurpose.RESET_PASSWORD

logger = logging.getLogger(__name__)


class NewPasswords:
    """Resets and changes passwords.

    Only an account that owns its address can be reset by mail. A stranger who registered the address without confirming it
    owns nothing, so a reset never revives what the stranger prepared.
    """

    def __init__(
        self,
        ports: LinkPorts,
        addresses: EmailAddresses,
        proof: FreshProof,
        *,
        ways: WaysToLogIn,
        passwords: Passwords,
        attempts: Attempts,
        log: AccountLog,
        clock: Clock,
    ) -> None:
        self._ports, self._addresses, self._proof = ports, addresses, proof
        self._ways, self._passwords = ways, passwords
        self._attempts, self._log, self._clock = attempts, log, clock
        self._sending: set[asyncio.Task[None]] = set()

    async def request_reset(self, email: str, *, address: str) -> None:
        """Send a link for a new password if an account owns the address.

        The look-up follows the answer, so neither the answer nor its time tells whether there is such an account.

        Args:
            email: in any spelling.
            address: the caller's network address, for the rate limit.

        Raises:
            InvalidInput: the text is not an e-mail address, so no account can have it.
            TooManyAttempts: a retry may succeed after the wait.
        """
        email = clean_email(email)
        await self._attempts.take("reset", network_of(address), PER_ADDRESS)
        await self._attempts.take("mail", email_key(email), MAILS)
        task = asyncio.create_task(self._send(email))
        self._sending.add(task)
        task.add_done_callback(self._sent)

    async def reset(self, token: str, *, password: str, keep_other_ways: bool = False, address: str) -> Receipt | None:
        """Set the password of the link's account, and end all of its sessions. The link works once.

        Args:
            token: of the link.
            password: the new one.
            keep_other_ways: whether API keys, passkeys and linked log-ins stay. Otherwise they end too.
            address: the caller's network address, for the rate limit.

        Raises:
            LinkNotValid: ask for another mail.
            InvalidInput: the password is too short or common.
        """
        await self._attempts.take("link", network_of(address), PER_ADDRESS)
        now, links = self._clock.now(), self._ports.links
        link = await links.find(self._ports.signer.read(token, PURPOSE), PURPOSE, at=now)
        if link is None:
            raise LinkNotValid
        account = await self._proof.account(link.merchant_id)
        if not account.claimed or email_key(account.email) != email_key(link.email):
            # The address is another one since the mail was sent.
            raise LinkNotValid
        check_password(password, email=account.email, name=account.name)
        stored = await self._passwords.hash(password)
        # Before the link is used up: after a crash in between, the same link completes the change.
        left = await self._ways.beside_password(account.merchant_id) if keep_other_ways else OtherWays()
        receipt = await self._log.record(
            _change_of(account.merchant_id, left, by_link=True), id=derived(link.id, "reset")
        )
        if not await links.use(link.id, at=now):
            raise LinkNotValid
        await self._set(account.merchant_id, stored, keep=None)
        if not keep_other_ways:
            await self._end_others(account.merchant_id, stored, password)
        if account.verified_at is None:
            receipt = await self._addresses.claim(account, account.email, id=derived(link.id, "confirmed"))
        return receipt

    async def change(self, identity: Identity, *, current: str, new: str) -> Receipt | None:
        """Replace the password, or set the first one, and end the merchant's other sessions.

        Raises:
            WrongPassword, LogInAgain, TooManyAttempts: see :meth:`FreshProof.by_owner`.
            InvalidInput: the new password is too short or common.
        """
        account = await self._proof.by_owner(identity, current, field="currentPassword")
        check_password(new, email=account.email, name=account.name, field="newPassword")
        await self._set(account.merchant_id, await self._passwords.hash(new), keep=identity.session_id)
        left = await self._ways.beside_password(account.merchant_id)
        return await self._log.record(_change_of(account.merchant_id, left, by_link=False))

    async def close(self) -> None:
        """Wait for requests whose answers were given already."""
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _set(self, merchant_id: UUID, stored: str, *, keep: UUID | None) -> None:
        await self._ports.accounts.change_hash(merchant_id, stored, at=self._clock.now())
        # A mail that was sent before must not change it again.
        await self._ports.links.void(merchant_id, PURPOSE)
        await self._ways.sessions.end_all(merchant_id, keep=keep)

    async def _end_others(self, merchant_id: UUID, stored: str, password: str) -> None:
        """End the other ways into an account, and what they began at the same time.

        A log-in by one of them may be under way with the new hash. Each log-in compares the hash that it began with
        (:meth:`Authenticator.enter`), so the same password gets another hash once they are gone.
        """
        await self._ways.end_others(merchant_id)
        again = await self._passwords.hash(password)
        await self._ports.accounts.change_hash(merchant_id, again, at=self._clock.now(), instead_of=stored)
        await self._ways.sessions.end_all(merchant_id)

    async def _send(self, email: str) -> None:
        account = await self._ports.accounts.claimant(email)
        if account is None:
            return
        now = self._clock.now()
        link = AccountLink(
            id=uuid4(),
            merchant_id=account.merchant_id,
            purpose=PURPOSE,
            email=account.email,
            expires_at=now + LIFETIME[PURPOSE],
        )
        await self._ports.links.add(link, at=now)
        await self._log.record(RequestPasswordReset(merchant_id=account.merchant_id, link_id=link.id))

    def _sent(self, task: "asyncio.Task[None]") -> None:
        self._sending.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a request for a new password was lost", exc_info=error)


def _change_of(merchant_id: UUID, left: OtherWays, *, by_link: bool) -> RecordPasswordChange:
    return RecordPasswordChange(
        merchant_id=merchant_id,
        by_link=by_link,
        api_keys_left=left.api_keys,
        passkeys_left=left.passkeys,
        providers_left=list(left.providers),
    )
