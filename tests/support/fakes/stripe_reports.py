"""Stripe as webhooks and questions show it: a provider that knows one order's refunds and dispute, and its webhooks."""

import json
from dataclasses import replace
from uuid import UUID

from commands.inbox import ReceiveAccountWebhook, ReceiveWebhook
from consumers.policies.payments import PaymentsPolicy
from domain.inbox.events import WebhookReceived
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.disputes import DisputeReport
from domain.order.ports import PaymentConfirmed, PaymentDeclined
from domain.order.refund_ports import ChargeNotice, ChargeReport, RefundAnswer, RefundOrderRequest
from domain.order.report_ports import DisputeNotice, OrderDispute, PayoutNotice
from domain.payout.aggregate import PayoutReport
from gateway.webhooks.payments import command_of
from infra.adapters.payments.stripe.endpoint import StripeNotices, StripeWebhooks
from tests.support.builders.samples import dollars
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.write_side import Platform

READER = StripeWebhooks(["whsec_tests"], live=False, clock=FixedClock())


class Provider:
    """Pays back, or fails as often as the test says; and knows what it paid back."""

    def __init__(self, platform: Platform, order_id: UUID, *failures: Exception) -> None:
        self.asked: list[RefundOrderRequest] = []
        self.accounts: list[str | None] = []
        self.status = RefundStatus.SUCCEEDED
        self.refunds: dict[str, RefundAnswer] = {}
        self.said: DisputeReport | None = None
        self.paid_out: PayoutReport | None = None
        self._platform, self._order_id, self._failures = platform, order_id, list(failures)

    async def refund(self, request: RefundOrderRequest, *, account_id: str | None) -> RefundAnswer:
        self.asked.append(request)
        self.accounts.append(account_id)
        if self._failures:
            raise self._failures.pop(0)
        return self.refunds.setdefault(
            request.idempotency_key,
            RefundAnswer(
                refund_id=request.refund_id,
                external_id=f"re_{len(self.refunds) + 1}",
                intent_id=request.intent_id,
                amount=request.amount,
                status=self.status,
            ),
        )

    def in_dashboard(self, minor: int, status: RefundStatus = RefundStatus.SUCCEEDED) -> str:
        id = f"re_{len(self.refunds) + 1}"
        self.refunds[id] = RefundAnswer(
            refund_id=None, external_id=id, intent_id="pi_1", amount=Money(minor=minor), status=status
        )
        return id

    async def dispute(self, account_id: str, dispute_id: str) -> OrderDispute | None:
        return (
            None
            if self.said is None
            else OrderDispute(store_id=self._platform.store_id, order_id=self._order_id, report=self.said)
        )

    async def payout(self, account_id: str, payout_id: str) -> PayoutReport:
        assert self.paid_out is not None
        return self.paid_out

    async def of(self, account_id: str, intent_id: str) -> ChargeReport | None:
        listed = [each for each in self.refunds.values() if each.intent_id == intent_id]
        return ChargeReport(store_id=self._platform.store_id, order_id=self._order_id, refunds=listed)


def webhook(type: str, number: int, intent_id: str = "pi_1") -> str:
    about = {"id": f"re_{number}", "object": "refund", "payment_intent": intent_id, "amount": 1, "currency": "usd"}
    return json.dumps(
        {"id": f"evt_{type}_{number}", "type": type, "account": "acct_1", "livemode": False, "data": {"object": about}}
    )


def stages() -> list[DisputeReport]:
    """Return what the provider says about one dispute, from the inquiry to its end."""
    inquiry = DisputeReport(
        dispute_id="du_1",
        intent_id="pi_1",
        amount=dollars("20.00"),
        reason="product_not_received",
        status=DisputeStatus.INQUIRY,
        evidence_due=None,
        movements=0,
        taken=dollars("0.00"),
        fee=dollars("0.00"),
    )
    opened = replace(
        inquiry,
        status=DisputeStatus.NEEDS_RESPONSE,
        movements=1,
        taken=dollars("20.00"),
        fee=dollars("15.00"),
    )
    review = replace(opened, status=DisputeStatus.UNDER_REVIEW)
    won = replace(review, status=DisputeStatus.WON, movements=2, taken=dollars("0.00"))
    return [inquiry, opened, review, won]


async def deliver(platform: Platform, provider: Provider, body: str) -> None:
    """Do what the gateway and the payments policy do with a webhook. The policy gets it twice, as after a crash."""
    notice = READER.read_body(body)
    received: ReceiveWebhook | ReceiveAccountWebhook
    match notice:
        case PaymentConfirmed() | PaymentDeclined():
            received = ReceiveWebhook(
                source="stripe",
                external_id=notice.external_id,
                type=notice.type,
                store_id=notice.store_id,
                body=READER.recordable(body),
            )
        case ChargeNotice() | DisputeNotice() | PayoutNotice():
            received = ReceiveAccountWebhook(
                source="stripe",
                external_id=notice.external_id,
                type=notice.type,
                merchant_id=platform.merchant_id,
                body=READER.recordable(body),
            )
        case _:
            return
    before = len(platform.log.raw)
    await platform.send(received, id=command_of("stripe", notice.external_id))
    payments = PaymentsPolicy(platform, platform, {"stripe": StripeNotices(live=False)}, reports=(provider, provider))
    for raw in platform.log.raw[before:]:
        envelope = raw.decode()
        if isinstance(envelope.event, WebhookReceived):
            await payments(envelope)
            await payments(envelope)
