"""The reactions to a provider's webhooks about refunds, disputes and payouts; parts of the payments policy."""

import logging
from uuid import UUID

from commands.disputes import RecordDispute, RecordPayout
from commands.refunds import RecordRefund
from consumers.ports import Aggregates, React
from domain.kernel import DomainError, NotFound
from domain.merchant.aggregate import MERCHANT
from domain.order.aggregate import ORDER, Order
from domain.order.ports import AccountNotice
from domain.order.refund_ports import ChargeNotice, ChargeReports
from domain.order.report_ports import DisputeNotice, PayoutNotice, ProviderReports
from domain.store.aggregate import STORE
from schemas.envelope import Envelope

logger = logging.getLogger(__name__)


class ReportReaction:
    """Asks the provider about a thing after each webhook about it, and records what it says now.

    Webhooks come in any order and more than once. What the provider says now is never older than the webhook.
    """

    def __init__(self, react: React, aggregates: Aggregates, charges: ChargeReports, reports: ProviderReports) -> None:
        self._react, self._aggregates, self._charges, self._reports = react, aggregates, charges, reports

    async def __call__(self, merchant_id: UUID, notice: AccountNotice, *, cause: Envelope, name: str) -> None:
        """React to a notice. No-op if it is about no order of this merchant.

        An order that was paid into a former account is followed there.

        Raises:
            Transient: the provider cannot be reached; the webhook is delivered again.
        """
        merchant = await self._aggregates.get(MERCHANT, merchant_id)
        if not merchant.has_or_had(notice.account_id):
            logger.warning(
                "%s is about account %s, which is not of merchant %s", notice.type, notice.account_id, merchant_id
            )
            return
        is_former = notice.account_id in merchant.former_accounts
        try:
            await self._react_to(merchant_id, notice, cause=cause, name=name)
        except DomainError as refusal:
            if not is_former:
                raise
            # Its owner may have taken the platform's access away.
            logger.warning("cannot ask about %s at former account %s: %s", notice.type, notice.account_id, refusal)

    async def _react_to(self, merchant_id: UUID, notice: AccountNotice, *, cause: Envelope, name: str) -> None:
        match notice:
            case ChargeNotice():
                await self._about_charge(merchant_id, notice, cause=cause, name=name)
            case DisputeNotice():
                await self._about_dispute(merchant_id, notice, cause=cause, name=name)
            case PayoutNotice():
                report = await self._reports.payout(notice.account_id, notice.payout_id)
                command = RecordPayout(merchant_id=merchant_id, report=report)
                await self._react(command, cause=cause, name=f"{name}:{report.payout_id}:{report.status}")

    async def _about_charge(self, merchant_id: UUID, notice: ChargeNotice, *, cause: Envelope, name: str) -> None:
        report = await self._charges.of(notice.account_id, notice.intent_id)
        if report is None:
            return
        order = await self._order(merchant_id, report.store_id, report.order_id, notice.intent_id, notice.account_id)
        for answer in () if order is None else report.refunds:
            part = f"{name}:{answer.external_id}:{answer.status}"
            await self._react(RecordRefund(order_id=report.order_id, answer=answer), cause=cause, name=part)

    async def _about_dispute(self, merchant_id: UUID, notice: DisputeNotice, *, cause: Envelope, name: str) -> None:
        found = await self._reports.dispute(notice.account_id, notice.dispute_id)
        if found is None:
            return
        order = await self._order(
            merchant_id, found.store_id, found.order_id, found.report.intent_id, notice.account_id
        )
        if order is not None:
            part = f"{name}:{found.report.dispute_id}:{found.report.status}:{found.report.movements}"
            await self._react(RecordDispute(order_id=order.id, report=found.report), cause=cause, name=part)

    async def _order(
        self, merchant_id: UUID, store_id: UUID, order_id: UUID, intent_id: str, account_id: str
    ) -> Order | None:
        """Return the order that a payment names; None if it is not this merchant's."""
        try:
            order = await self._aggregates.get(ORDER, order_id)
            store = await self._aggregates.get(STORE, order.store_id)
        except NotFound:
            logger.warning("payment %s names an order that does not exist", intent_id)
            return None
        if store.merchant_id != merchant_id or store.id != store_id:
            # A merchant can write any order's id into the metadata of their own payments.
            logger.error("payment %s of merchant %s names another merchant's order", intent_id, merchant_id)
            return None
        if order.account_of(intent_id) not in {None, account_id}:
            logger.error("payment %s at account %s names an order that was paid into another", intent_id, account_id)
            return None
        return order
