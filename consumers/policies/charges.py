"""The reaction to a provider's webhooks about refunds; a part of the payments policy."""

import logging
from uuid import UUID

from commands.refunds import RecordRefund
from consumers.ports import Aggregates, React
from domain.kernel import NotFound
from domain.merchant.aggregate import MERCHANT
from domain.order.aggregate import ORDER
from domain.order.refund_ports import ChargeNotice, ChargeReports
from domain.store.aggregate import STORE
from schemas.envelope import Envelope

logger = logging.getLogger(__name__)


class ChargeReaction:
    """Asks the provider about a payment after each webhook about it, and records what it says of the refunds.

    Webhooks come in any order and more than once. What the provider says now is never older than the webhook.
    """

    def __init__(self, react: React, aggregates: Aggregates, charges: ChargeReports) -> None:
        self._react, self._aggregates, self._charges = react, aggregates, charges

    async def __call__(self, merchant_id: UUID, notice: ChargeNotice, *, cause: Envelope, name: str) -> None:
        """React to a notice. No-op if the payment was not for an order of this merchant.

        Raises:
            Transient: the provider cannot be reached; the webhook is delivered again.
        """
        merchant = await self._aggregates.get(MERCHANT, merchant_id)
        if merchant.stripe is None or merchant.stripe.id != notice.account_id:
            return
        report = await self._charges.of(notice.account_id, notice.intent_id)
        if report is None:
            return
        try:
            order = await self._aggregates.get(ORDER, report.order_id)
            store = await self._aggregates.get(STORE, order.store_id)
        except NotFound:
            logger.warning("payment %s names an order that does not exist", notice.intent_id)
            return
        if store.merchant_id != merchant_id or store.id != report.store_id:
            # A merchant can write any order's id into the metadata of their own payments.
            logger.error("payment %s of merchant %s names another merchant's order", notice.intent_id, merchant_id)
            return
        for answer in report.refunds:
            part = f"{name}:{answer.external_id}:{answer.status}"
            await self._react(RecordRefund(order_id=order.id, answer=answer), cause=cause, name=part)
