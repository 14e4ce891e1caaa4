"""The commands that follow from a payment provider's webhook."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from commands.disputes import RecordDispute
from commands.inbox import RejectWebhook
from commands.order import RecordPayment, RecordPaymentFailure
from consumers.policies.kept_webhooks import KeptWebhooks
from consumers.policies.provider_reports import ReportReaction
from consumers.policies.stripe_accounts import AccountReaction
from consumers.ports import Aggregates, React, TenantHistory
from domain.inbox.events import SubjectKind, WebhookReceived
from domain.kernel import DomainEvent, NotFound
from domain.merchant.aggregate import MERCHANT
from domain.merchant.events import StripeAccountConnected
from domain.merchant.ports import StripeAccounts
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.after_sale.dispute_state import FINAL, Dispute
from domain.order.aggregate import ORDER, Order
from domain.order.disputes import DisputeReport
from domain.order.ports import (
    AccountNotice,
    DisputeDecided,
    Notice,
    NoticeReader,
    PaymentConfirmed,
    PaymentDeclined,
    PaymentDisputed,
    PaymentNotice,
    PlatformNotice,
    UnusableWebhook,
)
from domain.order.refund_ports import ChargeNotice, ChargeReports
from domain.order.report_ports import DisputeNotice, PayoutNotice, ProviderReports
from domain.store.aggregate import STORE
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic

logger = logging.getLogger(__name__)

REASON_MAX = 300
"""Most characters of a rejection's reason."""


class PaymentsPolicy:
    """Turns a verified payment webhook into a payment, a payment failure, or a rejection that a person must look at.

    A webhook about an account that no merchant here had waits in the log until a merchant connects the account.

    Safe to redeliver: the command's id is derived from the event, and a payment counts once by its intent id.
    """

    name = "payments-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset({WebhookReceived, StripeAccountConnected})

    def __init__(
        self,
        react: React,
        aggregates: Aggregates,
        gateways: Mapping[str, NoticeReader],
        *,
        accounts: StripeAccounts | None = None,
        reports: tuple[ChargeReports, ProviderReports] | None = None,
        history: TenantHistory | None = None,
    ) -> None:
        """Take the readers by webhook source (``sandbox``, ``stripe``), and what asks Stripe if there is a key for it.

        Args:
            react: sends commands.
            aggregates: reads aggregates.
            gateways: the readers by webhook source.
            accounts: asks Stripe about accounts.
            reports: ask Stripe about refunds, and about disputes and payouts.
            history: reads webhooks that wait for their merchant; None if no provider has merchants' accounts.
        """
        self._react = react
        self._aggregates = aggregates
        self._gateways = gateways
        self._accounts = None if accounts is None else AccountReaction(react, aggregates, accounts)
        self._reports = None if reports is None else ReportReaction(react, aggregates, *reports)
        self._kept = None if history is None else KeptWebhooks(react, aggregates, gateways, history)

    async def __call__(self, envelope: Envelope) -> None:
        received = envelope.event
        if isinstance(received, StripeAccountConnected) and self._kept is not None:
            merchant_id = received.originator_id
            await self._kept.of_account(received.account_id, merchant_id, cause=envelope, name=self.name)
        if not isinstance(received, WebhookReceived) or received.source not in self._gateways:
            return
        subject, reader = received.subject, self._gateways[received.source]
        if subject.kind is SubjectKind.STORE and subject.id is not None:
            await self._about_payment(envelope, received, subject.id, reader)
        elif subject.kind is SubjectKind.MERCHANT and subject.id is not None:
            await self._about_account(envelope, subject.id, reader.read_body(received.body))
        elif self._kept is not None:
            await self._kept.about(received, cause=envelope, name=self.name)

    async def _about_account(self, envelope: Envelope, merchant_id: UUID, notice: Notice | None) -> None:
        if isinstance(notice, ChargeNotice | DisputeNotice | PayoutNotice):
            if self._reports is not None:
                await self._reports(merchant_id, notice, cause=envelope, name=self.name)
        elif isinstance(notice, AccountNotice) and self._accounts is not None:
            await self._accounts(merchant_id, notice, cause=envelope, name=self.name)

    async def _about_payment(
        self, envelope: Envelope, received: WebhookReceived, store_id: UUID, reader: NoticeReader
    ) -> None:
        try:
            notice = reader.read_body(received.body)
        except ValueError as error:
            # Accepted before the gateway refused such bodies; retrying does not help.
            order_id = error.order_id if isinstance(error, UnusableWebhook) else None
            await self._reject(envelope, received, store_id, order_id, f"It makes no sense: {error}"[:REASON_MAX])
            return
        if notice is None or isinstance(notice, AccountNotice | PlatformNotice):
            return
        try:
            order = await self._aggregates.get(ORDER, notice.order_id)
        except NotFound:
            await self._reject(envelope, received, store_id, notice.order_id, "It names an order that does not exist.")
            return
        if order.store_id != store_id:
            # A merchant's secret signs that merchant's webhooks, which must not change another store's orders. The reason
            # is the same as for an order that does not exist, so that it reveals nothing.
            logger.error("webhook %s is of store %s but names another store's order", envelope.id, store_id)
            await self._reject(envelope, received, store_id, notice.order_id, "It names an order that does not exist.")
            return
        if notice.account_id is not None and not await self._is_paid_into(notice.account_id, order):
            # The owner of another account can write anything into the metadata of their own payments.
            logger.error(
                "webhook %s is about account %s, which is not of store %s", envelope.id, notice.account_id, store_id
            )
            reason = f"It is about the account {notice.account_id}, into which this store is not paid."
            await self._reject(envelope, received, store_id, notice.order_id, reason)
            return
        if (misfit := _why_unfit(order, notice)) is not None:
            await self._reject(envelope, received, store_id, notice.order_id, misfit)
            return
        await self._react(_command(order, notice), cause=envelope, name=self.name)
        if isinstance(notice, PaymentConfirmed):
            await self._ask_about_refunds(envelope, notice)

    async def _ask_about_refunds(self, envelope: Envelope, notice: PaymentConfirmed) -> None:
        """Record refunds that were reported before the payment. No-op if there are none."""
        order = await self._aggregates.get(ORDER, notice.order_id)
        if self._reports is None or notice.account_id is None or not order.after.has_open_reports(notice.intent_id):
            return
        store = await self._aggregates.get(STORE, order.store_id)
        about = ChargeNotice(
            external_id=notice.external_id,
            type=notice.type,
            account_id=notice.account_id,
            intent_id=notice.intent_id,
        )
        await self._reports(store.merchant_id, about, cause=envelope, name=self.name)

    async def _is_paid_into(self, account_id: str, order: Order) -> bool:
        if account_id == order.page_account_id:
            # The merchant may have connected another account since the page was opened.
            return True
        store = await self._aggregates.get(STORE, order.store_id)
        merchant = await self._aggregates.get(MERCHANT, store.merchant_id)
        return merchant.stripe is not None and merchant.stripe.id == account_id

    async def _reject(
        self, envelope: Envelope, received: WebhookReceived, store_id: UUID, order_id: UUID | None, reason: str
    ) -> None:
        logger.warning("webhook %s of %s cannot be used: %s", envelope.id, received.source, reason)
        command = RejectWebhook(
            source=received.source,
            external_id=received.external_id,
            type=received.type,
            store_id=store_id,
            order_id=order_id,
            reason=reason,
        )
        # NotFound: the webhook names no known store, so there is no merchant to report to.
        with suppress(NotFound):
            await self._react(command, cause=envelope, name=self.name)


def _report(notice: PaymentDisputed) -> DisputeReport:
    return DisputeReport(
        dispute_id=notice.dispute_id,
        intent_id=notice.intent_id,
        amount=notice.amount,
        reason=notice.reason,
        status=DisputeStatus.NEEDS_RESPONSE,
        evidence_due=notice.evidence_due,
        movements=1,
        taken=notice.amount,
        fee=Money.zero(notice.amount.currency),
    )


def _command(order: Order, notice: PaymentNotice) -> RecordPayment | RecordPaymentFailure | RecordDispute:
    match notice:
        case PaymentConfirmed(amount=paid, platform_fee=fee, intent_id=intent_id, tax=tax):
            return RecordPayment(
                order_id=order.id, paid=paid, fee=fee, intent_id=intent_id, account_id=notice.account_id, tax=tax
            )
        case PaymentDeclined(intent_id=intent_id, reason=reason):
            return RecordPaymentFailure(order_id=order.id, intent_id=intent_id, reason=reason)
        case PaymentDisputed():
            return RecordDispute(order_id=order.id, report=_report(notice))
        case DisputeDecided():
            report = _decision(order.after.disputes[notice.dispute_id], notice)
            return RecordDispute(order_id=order.id, report=report)


def _why_unfit(order: Order, notice: PaymentNotice) -> str | None:
    """Return why a notice about a dispute does not fit the order; None if it fits."""
    match notice:
        case PaymentDisputed(intent_id=intent_id) if intent_id not in order.after.payments:
            return f"It disputes the payment {intent_id}, which the order does not have."
        case DisputeDecided(dispute_id=dispute_id):
            known = order.after.disputes.get(dispute_id)
            if known is None:
                return f"It decides the dispute {dispute_id}, which the order does not have."
            if known.status in FINAL and known.status is not _outcome(notice):
                return f"It decides the dispute {dispute_id} as {_outcome(notice)}, but it is {known.status} already."
    return None


def _outcome(notice: DisputeDecided) -> DisputeStatus:
    return DisputeStatus.WON if notice.is_won else DisputeStatus.LOST


def _decision(known: Dispute, notice: DisputeDecided) -> DisputeReport:
    returned = Money.zero(known.amount.currency)
    return DisputeReport(
        dispute_id=notice.dispute_id,
        intent_id=known.intent_id,
        amount=known.amount,
        reason=known.reason,
        status=_outcome(notice),
        evidence_due=known.evidence_due,
        # The bank took the amount when the dispute was opened, so its return is the second movement.
        movements=2 if notice.is_reinstated else known.movements,
        taken=returned if notice.is_reinstated else known.taken,
        fee=known.fee,
    )
