"""Writes the platform's own mails to merchants: about their plan and their payouts, and without the look of a store."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from domain.kernel import Transient
from domain.mail.aggregate import mail_id
from domain.mail.events import MailKind
from domain.mail.ports import Mail
from domain.payout.events import PayoutFailed
from domain.privacy import PersonalData
from domain.subscription.events import GraceEnded, SubscriptionPaymentFailed
from domain.subscription.plans import Plans
from projections.merchants.views import MerchantView
from schemas.envelope import Envelope
from storefront.mail.templates import mail_templates
from storefront.mail.text_form import text_form

PLATFORM = "Zyenta"
"""The sender's name."""
SUBJECTS: Mapping[MailKind, str] = {
    MailKind.PLAN_PAYMENT_FAILED: "The payment of your plan failed",
    MailKind.PLAN_SUSPENDED: "Your plan is suspended until it is paid",
    MailKind.PAYOUT_FAILED: "A payout did not reach your bank",
}
"""The platform's mails with their subjects."""


class MerchantQueries(Protocol):
    """What the platform's mails are written from."""

    async def merchant(self, merchant_id: UUID) -> MerchantView | None: ...


class MailWriter(Protocol):
    """Writes the mails of stores."""

    async def write(self, kind: MailKind, envelope: Envelope) -> Mail | None: ...


class PlatformMailWriter:
    """Implements :class:`consumers.policies.mail.MailWriter` for the platform's own mails, and passes the others on."""

    def __init__(
        self,
        queries: MerchantQueries,
        personal: PersonalData,
        stores: MailWriter,
        *,
        plans: Plans | None,
        dashboard_url: str,
        mail_domain: str,
        sandbox: bool,
    ) -> None:
        """Take the sources of mails.

        Args:
            queries: finds the merchant.
            personal: opens their address, just before a mail is sent.
            stores: writes the mails of stores.
            plans: the plans that are sold, for their names.
            dashboard_url: the address of the merchant's dashboard, without a slash at the end.
            mail_domain: the right side of message ids.
            sandbox: whether no real money moves; every mail then says so.
        """
        self._queries, self._personal, self._stores = queries, personal, stores
        self._plans, self._mail_domain, self._sandbox = plans, mail_domain, sandbox
        self._dashboard_url = dashboard_url
        self._templates = mail_templates()

    async def write(self, kind: MailKind, envelope: Envelope) -> Mail | None:
        event = envelope.event
        if kind not in SUBJECTS or not isinstance(event, SubscriptionPaymentFailed | GraceEnded | PayoutFailed):
            return await self._stores.write(kind, envelope)
        merchant = await self._queries.merchant(envelope.tenant)
        if merchant is None:
            raise Transient("the merchants", "do not show the merchant yet")
        recipient = await self._personal.open(merchant.email)
        if recipient is None:
            return None
        context: dict[str, Any] = {
            **(self._of_payout(event) if isinstance(event, PayoutFailed) else self._of_plan(event)),
            "event": event,
            "platform": PLATFORM,
            "sandbox": self._sandbox,
            "subject": SUBJECTS[kind],
        }
        name = kind.lower()
        return Mail(
            message_id=f"{mail_id(envelope.id, kind).hex}@{self._mail_domain}",
            sender_name=PLATFORM,
            recipient=recipient,
            subject=SUBJECTS[kind],
            text=text_form(self._templates.get_template(f"mail/{name}.txt").render(context)),
            html=self._templates.get_template(f"mail/{name}.html").render(context),
            at=envelope.recorded_at,
        )

    def _of_plan(self, event: SubscriptionPaymentFailed | GraceEnded) -> dict[str, str]:
        plan = event.plan if self._plans is None else self._plans.plan(event.plan).name
        return {
            "plan": plan,
            "plan_url": f"{self._dashboard_url}/billing",
            "because": f"because you have the plan {plan}",
        }

    def _of_payout(self, event: PayoutFailed) -> dict[str, str]:
        return {
            "amount": str(event.amount),
            "payouts_url": f"{self._dashboard_url}/integrations",
            "because": "because you are paid through Stripe",
        }
