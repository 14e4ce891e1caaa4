"""E-mail addresses of accounts: confirmed by a link in a mail, and changed."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from commands.account import ConfirmEmail, RequestEmailConfirmation
from commands.ports import Receipt
from domain.accounts.email import email_key
from domain.accounts.links import LIFETIME, AccountLink, AccountLinks, LinkNotValid, LinkPurpose, LinkSigner
from domain.accounts.ports import Account, Accounts
from domain.ids import derived
from domain.kernel import Clock
from domain.merchant.errors import EmailTaken
from domain.privacy import PersonalData
from gateway.auth.account_log import AccountLog
from gateway.auth.accounts import clean_email
from gateway.auth.attempts import MAILS, PER_ADDRESS, Attempts, network_of
from gateway.auth.errors import PasswordNeeded
from gateway.auth.fresh_proof import FreshProof
from gateway.auth.tokens import Identity

PURPOSE = LinkPurpose.CONFIRM_EMAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPorts:
    """What links in mails need."""

    links: AccountLinks
    signer: LinkSigner
    accounts: Accounts
    personal: PersonalData


class EmailAddresses:
    """Confirms and changes addresses.

    A link alone confirms nothing: the account's session or password is needed too. Otherwise a stranger could register
    somebody's address, wait until its owner clicks, and share the account.
    """

    def __init__(self, ports: LinkPorts, proof: FreshProof, attempts: Attempts, log: AccountLog, clock: Clock) -> None:
        self._ports, self._proof, self._attempts = ports, proof, attempts
        self._log, self._clock = log, clock

    async def request(self, merchant_id: UUID) -> Receipt | None:
        """Send another link to the account's address. No-op if it is confirmed.

        Raises:
            TooManyAttempts: a retry may succeed after the wait.
        """
        account = await self._proof.account(merchant_id)
        if account.verified_at is not None:
            return None
        return await self._send(account, account.email)

    async def change(self, owner: Identity, *, email: str, password: str) -> Receipt | None:
        """Send a link to another address. The account keeps its address until the link is used.

        The answer is the same whether another account owns the address; the mail then says so, and has no link.

        Raises:
            InvalidInput: the text is not an e-mail address.
            WrongPassword, LogInAgain, TooManyAttempts: see :meth:`FreshProof.by_owner`.
        """
        email = clean_email(email)
        account = await self._proof.by_owner(owner, password)
        return await self._send(account, email)

    async def confirm(
        self, token: str, *, caller: UUID | None, password: str | None, address: str
    ) -> tuple[UUID, Receipt | None]:
        """Make the link's address the account's, and return the account.

        Args:
            token: from the link.
            caller: the merchant who is logged in; None without a session.
            password: the account's password, if another browser than the registration's opened the link.
            address: the caller's network address, for the rate limit.

        Raises:
            LinkNotValid: ask for another mail.
            PasswordNeeded, WrongPassword: the caller has not shown that the account is theirs.
            EmailTaken: another account confirmed the address since.
        """
        await self._attempts.take("link", network_of(address), PER_ADDRESS)
        now, ports = self._clock.now(), self._ports
        link = await ports.links.find(ports.signer.read(token, PURPOSE), PURPOSE, at=now)
        if link is None:
            raise LinkNotValid
        account = await self._proof.account(link.merchant_id)
        if caller != link.merchant_id:
            # An account without a password is confirmed by its owner's session.
            if password is None or account.password_hash is None:
                raise PasswordNeeded
            await self._proof.by_password(link.merchant_id, password)
        receipt = await self.claim(account, link.email, id=derived(link.id, "confirmed"))
        await ports.links.use(link.id, at=now)
        return account.merchant_id, receipt

    async def claim(self, account: Account, email: str, *, id: UUID) -> Receipt | None:
        """Make an address that the merchant proved the account's, and record it under a command id.

        Raises:
            EmailTaken: another account owns it.
        """
        ports = self._ports
        if not await ports.accounts.claim(account.merchant_id, email, at=self._clock.now()):
            raise EmailTaken
        is_other = email_key(account.email) != email_key(email)
        return await self._log.record(
            ConfirmEmail(
                merchant_id=account.merchant_id,
                email=await ports.personal.seal(account.merchant_id, email),
                former=await ports.personal.seal(account.merchant_id, account.email) if is_other else None,
            ),
            id=id,
        )

    async def _send(self, account: Account, email: str) -> Receipt | None:
        await self._attempts.take("mail", email_key(email), MAILS)
        now, ports = self._clock.now(), self._ports
        link = AccountLink(
            id=uuid4(),
            merchant_id=account.merchant_id,
            purpose=PURPOSE,
            email=email,
            expires_at=now + LIFETIME[PURPOSE],
        )
        await ports.links.add(link, at=now)
        sealed = await ports.personal.seal(account.merchant_id, email)
        return await self._log.record(
            RequestEmailConfirmation(merchant_id=account.merchant_id, link_id=link.id, email=sealed)
        )
