"""Writes the platform's mails about the people of a store, and the last mail of a closed account."""

from typing import Any, Protocol
from uuid import UUID

from domain.kernel import Transient
from domain.mail.aggregate import mail_id
from domain.mail.events import MailKind
from domain.mail.ports import Mail
from domain.merchant.account_events import AccountClosed
from domain.privacy import PersonalData
from domain.store.invitation_links import InvitationLinks
from domain.store.team_events import PersonInvited
from domain.team.roles import Role
from projections.catalog.views import StoreView
from projections.merchants.views import MerchantView
from schemas.envelope import Envelope
from storefront.mail.platform_writer import PLATFORM, MailWriter
from storefront.mail.templates import mail_templates
from storefront.mail.text_form import text_form

ROLE_WORDS = {Role.EDITOR: "edit the store", Role.VIEWER: "see the store"}
"""What a role lets a person do, after “to”."""


class TeamQueries(Protocol):
    """What the mails are written from."""

    async def merchant(self, merchant_id: UUID) -> MerchantView | None: ...

    async def store(self, store_id: UUID) -> StoreView | None: ...


class TeamMailWriter:
    """Implements :class:`consumers.policies.mail.MailWriter` for invitations and closed accounts, and passes other mails on."""

    def __init__(
        self,
        queries: TeamQueries,
        personal: PersonalData,
        others: MailWriter,
        links: InvitationLinks,
        *,
        dashboard_url: str,
        mail_domain: str,
        sandbox: bool,
    ) -> None:
        """Take the sources of mails.

        Args:
            queries: finds the store and its owner.
            personal: opens addresses, just before a mail is sent.
            others: writes all other mails.
            links: makes the tokens of links.
            dashboard_url: the address of the pages that links open.
            mail_domain: the right side of message ids.
            sandbox: whether no real money moves; every mail then says so.
        """
        self._queries, self._personal, self._others, self._links = queries, personal, others, links
        self._dashboard_url, self._mail_domain, self._sandbox = dashboard_url, mail_domain, sandbox
        self._templates = mail_templates()

    async def write(self, kind: MailKind, envelope: Envelope) -> Mail | None:
        event = envelope.event
        if kind is MailKind.ACCOUNT_CLOSED and isinstance(event, AccountClosed):
            return await self._farewell(event, envelope)
        if kind is not MailKind.INVITATION or not isinstance(event, PersonInvited):
            return await self._others.write(kind, envelope)
        store = await self._queries.store(event.originator_id)
        owner = None if store is None else await self._queries.merchant(store.merchant_id)
        if store is None or owner is None:
            raise Transient("the read models", "do not show the store yet")
        recipient = await self._personal.open(event.email)
        if recipient is None:
            return None
        inviter = None if owner.name is None else await self._personal.open(owner.name)
        token = self._links.token(event.originator_id, event.invitation_id)
        context: dict[str, Any] = {
            "subject": f"Work on {store.name or 'a store'} at {PLATFORM}",
            "store": store.name or "a new store",
            "inviter": inviter or await self._personal.open(owner.email) or "The owner of a store",
            "may": ROLE_WORDS[event.role],
            "expires_at": event.expires_at,
            "link": f"{self._dashboard_url}/invitation?token={token}",
            "platform": PLATFORM,
            "because": "because somebody entered your address",
        }
        return self._mail(kind, "invitation", recipient, context, envelope)

    async def _farewell(self, event: AccountClosed, envelope: Envelope) -> Mail | None:
        recipient = await self._personal.open(event.farewell)
        if recipient is None:
            return None
        context = {
            "subject": "Your account is deleted",
            "platform": PLATFORM,
            "because": "because you had an account",
        }
        return self._mail(MailKind.ACCOUNT_CLOSED, "account_closed", recipient, context, envelope)

    def _mail(self, kind: MailKind, template: str, recipient: str, context: dict[str, Any], envelope: Envelope) -> Mail:
        context = {**context, "sandbox": self._sandbox}
        return Mail(
            message_id=f"{mail_id(envelope.id, kind).hex}@{self._mail_domain}",
            sender_name=PLATFORM,
            recipient=recipient,
            subject=context["subject"],
            text=text_form(self._templates.get_template(f"mail/{template}.txt").render(context)),
            html=self._templates.get_template(f"mail/{template}.html").render(context),
            at=envelope.recorded_at,
        )
