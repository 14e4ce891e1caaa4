"""Webhooks that come before the account they are about: they end as if they had come after."""

from collections.abc import Sequence
from datetime import date
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from commands.inbox import ReceiveUnmatchedWebhook
from commands.merchant import ConnectStripe, DisconnectStripe, RegisterMerchant
from commands.order import RecordPayment
from consumers.policies.payments import PaymentsPolicy
from domain.inbox.events import SubjectKind, WebhookReceived
from domain.kernel import NotFound
from domain.merchant.aggregate import MERCHANT
from domain.merchant.ports import StripeStatus
from domain.order.aggregate import ORDER
from domain.order.ports import NoticeReader
from domain.payout.aggregate import PAYOUT, PayoutReport, PayoutStatus, payout_stream
from gateway.webhooks.payments import command_of
from infra.adapters.payments.stripe.endpoint import StripeNotices, StripePlatformNotices
from tests.support.builders.samples import dollars, sealed
from tests.support.fakes.stripe_reports import READER, Provider, webhook
from tests.support.platforms.write_side import Platform

CONNECT = "connect"
WEBHOOKS = {
    "refund": webhook("refund.created", 1),
    "payout": webhook("payout.paid", 2),
    "account": webhook("account.updated", 3),
}
TYPES = {"refund": "refund.created", "payout": "payout.paid", "account": "account.updated"}
STATUS = StripeStatus(charges_enabled=True, payouts_enabled=False)


class AskedAccounts:
    """Says of every account the same."""

    async def status(self, account_id: str) -> StripeStatus | None:
        return STATUS


class Desk:
    """A merchant without an account at Stripe, with an order paid into it; and the policy, which gets all twice."""

    def __init__(self, platform: Platform, order_id: UUID) -> None:
        self.platform, self.order_id = platform, order_id
        self.provider = Provider(platform, order_id)
        self.provider.in_dashboard(500)
        self.provider.paid_out = PayoutReport(
            payout_id="po_1", amount=dollars("19.00"), arrival_on=date(2026, 11, 30), status=PayoutStatus.PAID
        )
        readers: dict[str, NoticeReader] = {
            "stripe": StripeNotices(live=False),
            "stripe-platform": StripePlatformNotices(live=False),
        }
        self._policy = PaymentsPolicy(
            platform,
            platform,
            readers,
            accounts=AskedAccounts(),  # type: ignore[arg-type]
            reports=(self.provider, self.provider),
            history=platform.log,
        )
        self._handled = len(platform.log.raw)

    @classmethod
    async def open(cls) -> "Desk":
        platform = Platform()
        order_id = await platform.order_a_lamp("stripe")
        due = (await platform.get(ORDER, order_id)).total
        await platform.send(
            RecordPayment(
                order_id=order_id, paid=due, fee=dollars("1.00"), intent_id="pi_1", account_id="acct_1", tax=None
            )
        )
        return cls(platform, order_id)

    async def keep(self, body: str, *, source: str = "stripe") -> None:
        """Do what the gateway does with a webhook about an account that it does not know."""
        notice = READER.read_body(body)
        assert notice is not None
        command = ReceiveUnmatchedWebhook(
            source=source, external_id=notice.external_id, type=notice.type, body=READER.recordable(body)
        )
        await self.platform.send(command, id=command_of(source, notice.external_id))

    async def connect(self, account_id: str = "acct_1") -> None:
        await self.platform.send(
            ConnectStripe(merchant_id=self.platform.merchant_id, account_id=account_id, live=False)
        )

    async def handle(self) -> None:
        """Deliver every new event twice, and those that follow."""
        while self._handled < len(self.platform.log.raw):
            envelope = self.platform.log.raw[self._handled].decode()
            self._handled += 1
            for _ in range(2):
                if type(envelope.event) in self._policy.handles:
                    await self._policy(envelope)

    def matched(self) -> Sequence[str]:
        """Return the webhooks that the merchant got, in order."""
        received = [event for event in self.platform.log.events if isinstance(event, WebhookReceived)]
        return [event.type for event in received if event.subject.kind is SubjectKind.MERCHANT]

    async def state(self) -> tuple[object, ...]:
        order = await self.platform.get(ORDER, self.order_id)
        merchant = await self.platform.get(MERCHANT, self.platform.merchant_id)
        payout = await self.platform.get(PAYOUT, payout_stream(self.platform.merchant_id, "po_1"))
        refunds = [(one.amount, one.status) for one in order.after.refunds.values()]
        return order.status, refunds, merchant.stripe, payout.status


@pytest.mark.parametrize("handled_late", [False, True])
async def test_a_webhook_that_comes_before_its_account_ends_as_if_it_came_after(handled_late: bool) -> None:
    usual = await Desk.open()
    await usual.connect()
    for body in WEBHOOKS.values():
        await usual.keep(body)
        await usual.handle()
    for arrival in permutations([CONNECT, *WEBHOOKS]):
        desk = await Desk.open()
        for one in arrival:
            await (desk.connect() if one == CONNECT else desk.keep(WEBHOOKS[one]))
            if not handled_late:
                await desk.handle()
        await desk.handle()
        assert await desk.state() == await usual.state()
        assert desk.matched() == [TYPES[one] for one in arrival if one != CONNECT], "each once, as they came"


async def test_a_webhook_of_another_account_stays_and_an_account_that_comes_back_changes_nothing() -> None:
    desk = await Desk.open()
    await desk.keep(WEBHOOKS["refund"])
    await desk.connect("acct_10")
    await desk.handle()
    assert desk.matched() == []
    merchant_id = desk.platform.merchant_id
    for account_id, former in (("acct_1", "acct_10"), ("acct_10", "acct_1"), ("acct_1", "acct_10")):
        await desk.platform.send(DisconnectStripe(merchant_id=merchant_id, account_id=former, by_merchant=True))
        await desk.connect(account_id)
        await desk.handle()
    assert desk.matched() == ["refund.created"]


async def test_a_webhook_of_the_platforms_account_waits_for_the_merchant_or_the_account_that_it_names() -> None:
    desk, merchant_id = await Desk.open(), uuid4()
    fee = '{"id": "fee_1", "account": "acct_1", "amount": 100, "currency": "usd"}'
    plan = f'{{"id": "sub_1", "metadata": {{"merchant_id": "{merchant_id}"}}}}'
    for number, (type, about) in enumerate(
        [("application_fee.created", fee), ("customer.subscription.updated", plan), ("invoice.paid", plan)]
    ):
        if type == "invoice.paid":
            assert desk.matched() == []
            await desk.platform.send(RegisterMerchant(merchant_id=merchant_id, email=sealed(merchant_id), name=None))
        body = f'{{"id": "evt_{number}", "type": "{type}", "livemode": false, "data": {{"object": {about}}}}}'
        await desk.platform.send(
            ReceiveUnmatchedWebhook(source="stripe-platform", external_id=f"evt_{number}", type=type, body=body)
        )
        await desk.handle()
    assert desk.matched() == ["invoice.paid"]
    await desk.connect()
    await desk.handle()
    assert desk.matched() == ["invoice.paid", "application_fee.created"]


async def test_a_webhook_whose_merchant_never_comes_is_given_to_no_other() -> None:
    desk = await Desk.open()
    await desk.keep(WEBHOOKS["payout"])
    await desk.handle()
    assert desk.matched() == []
    with pytest.raises(NotFound):
        await desk.state()
