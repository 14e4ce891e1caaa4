"""Writes the platform's mails about how a merchant logs in."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from domain.accounts.links import LinkPurpose, LinkSigner
from domain.accounts.ports import Account
from domain.kernel import DomainEvent, Transient
from domain.mail.aggregate import mail_id
from domain.mail.events import MailKind
from domain.mail.ports import Mail
from domain.merchant.account_events import (
    ApiKeyMade,
    EmailConfirmationRequested,
    EmailVerified,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordChanged,
    PasswordResetRequested,
    RecoveryCodeUsed,
    SecondFactorDisabled,
    SecondFactorEnabled,
    SignInLinked,
    SignInUnlinked,
)
from domain.merchant.events import MerchantRegistered
from domain.privacy import PersonalData, Sealed
from schemas.envelope import Envelope
from storefront.mail.platform_writer import PLATFORM, MailWriter, MerchantQueries
from storefront.mail.templates import mail_templates
from storefront.mail.text_form import text_form

WORDS = Path(__file__).with_name("account_mails.toml")

NOTICES: Mapping[type[DomainEvent], str] = {
    SecondFactorEnabled: "second_factor_enabled",
    SecondFactorDisabled: "second_factor_disabled",
    RecoveryCodeUsed: "recovery_code_used",
    SignInLinked: "sign_in_linked",
    SignInUnlinked: "sign_in_unlinked",
    PasskeyAdded: "passkey_added",
    PasskeyRemoved: "passkey_removed",
    ApiKeyMade: "api_key_made",
}
"""Events of which the merchant gets a notice, with its section of the words."""
PROVIDERS = {"GOOGLE": "Google", "GITHUB": "GitHub"}


class Claims(Protocol):
    """Who owns an address."""

    async def claimant(self, email: str) -> Account | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """A mail before it is written: its words and its recipient."""

    section: str
    to: Sealed
    token: str | None = None


class AccountMailWriter:
    """Implements :class:`consumers.policies.mail.MailWriter` for mails about accounts, and passes the others on."""

    def __init__(
        self,
        queries: MerchantQueries,
        personal: PersonalData,
        others: MailWriter,
        *,
        accounts: Claims,
        signer: LinkSigner,
        dashboard_url: str,
        mail_domain: str,
        sandbox: bool,
    ) -> None:
        """Take the sources of mails.

        Args:
            queries: finds the merchant.
            personal: opens addresses, just before a mail is sent.
            others: writes all other mails.
            accounts: says whether an address has an account already.
            signer: makes the tokens of links.
            dashboard_url: the address of the pages that links open.
            mail_domain: the right side of message ids.
            sandbox: whether no real money moves; every mail then says so.
        """
        self._queries, self._personal, self._others = queries, personal, others
        self._accounts, self._signer, self._dashboard_url = accounts, signer, dashboard_url
        self._mail_domain, self._sandbox = mail_domain, sandbox
        self._templates = mail_templates()
        self._words = tomllib.loads(WORDS.read_text())

    async def write(self, kind: MailKind, envelope: Envelope) -> Mail | None:
        match kind:
            case MailKind.EMAIL_TO_CONFIRM:
                letter = await self._confirmation(envelope)
            case MailKind.PASSWORD_RESET | MailKind.EMAIL_CHANGED | MailKind.ACCOUNT_CHANGED:
                letter = await self._notice(envelope)
            case _:
                return await self._others.write(kind, envelope)
        recipient = None if letter is None else await self._personal.open(letter.to)
        if letter is None or recipient is None:
            return None
        words = self._words[letter.section]
        page = words.get("page")
        query = "" if letter.token is None else f"?token={letter.token}"
        named = {
            "when": envelope.event.occurred_at.strftime("%-d %B %Y, %H:%M UTC"),
            "provider": PROVIDERS.get(getattr(envelope.event, "provider", ""), ""),
            "prefix": getattr(envelope.event, "prefix", ""),
            "left": _left(envelope.event) if isinstance(envelope.event, PasswordChanged) else "",
        }
        context = {
            "subject": words["subject"],
            "text": _filled(words["text"], named),
            "button": words.get("button"),
            "link": None if page is None else f"{self._dashboard_url}/{page}{query}",
            "after": _filled(words["after"], named),
            "platform": PLATFORM,
            "because": "because of an account",
            "sandbox": self._sandbox,
        }
        return Mail(
            message_id=f"{mail_id(envelope.id, kind).hex}@{self._mail_domain}",
            sender_name=PLATFORM,
            recipient=recipient,
            subject=words["subject"],
            text=text_form(self._templates.get_template("mail/account.txt").render(context)),
            html=self._templates.get_template("mail/account.html").render(context),
            at=envelope.recorded_at,
        )

    async def _confirmation(self, envelope: Envelope) -> _Letter | None:
        """Return the link that confirms an address, or the news that another account has it."""
        event = envelope.event
        if not isinstance(event, MerchantRegistered | EmailConfirmationRequested) or event.link_id is None:
            return None
        address = await self._personal.open(event.email)
        owner = None if address is None else await self._accounts.claimant(address)
        if owner is not None and owner.merchant_id != event.originator_id:
            return _Letter(section="taken", to=event.email)
        token = self._signer.sign(event.link_id, LinkPurpose.CONFIRM_EMAIL)
        return _Letter(section="confirm", to=event.email, token=token)

    async def _notice(self, envelope: Envelope) -> _Letter | None:
        event = envelope.event
        if isinstance(event, EmailVerified):
            return None if event.former is None else _Letter(section="email_changed", to=event.former)
        merchant = await self._queries.merchant(envelope.tenant)
        if merchant is None:
            raise Transient("the merchants", "do not show the merchant yet")
        if isinstance(event, PasswordResetRequested):
            token = self._signer.sign(event.link_id, LinkPurpose.RESET_PASSWORD)
            return _Letter(section="reset", to=merchant.email, token=token)
        if isinstance(event, PasswordChanged):
            return _Letter(section=_password_section(event), to=merchant.email)
        section = NOTICES.get(type(event))
        return None if section is None else _Letter(section=section, to=merchant.email)


def _password_section(event: PasswordChanged) -> str:
    """Return the words about a new password: what ended with the old one, or what still opens the account."""
    if _left(event):
        return "password_changed_others_left"
    return "password_reset" if event.by_link else "password_changed"


def _left(event: PasswordChanged) -> str:
    """Return what opens an account beside its password, such as “2 API keys and GitHub”. Empty if nothing does."""
    counts = ((event.api_keys_left, "API key"), (event.passkeys_left, "passkey"))
    parts = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count]
    parts += [PROVIDERS[each] for each in event.providers_left]
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _filled(paragraphs: Sequence[str], named: Mapping[str, str]) -> list[str]:
    return [paragraph.format_map(named) for paragraph in paragraphs]
