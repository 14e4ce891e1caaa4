"""Mails: one for each event and reader, however often the event comes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from commands.checkout import CartLine, PlaceOrder
from commands.disputes import RecordDispute, RecordPayout
from commands.order import FulfilOrder, RecordPayment
from commands.refunds import RecordRefund, RefundOrder
from commands.subscription import EndGrace
from consumers.policies.mail import MAIL_WITHIN, MailPolicy
from domain.kernel import DomainEvent, Transient
from domain.mail.events import MailKind, MailRefused, MailSent
from domain.mail.ports import Mail, MailServerRefused
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import ORDER
from domain.order.disputes import DisputeReport
from domain.order.refund_ports import RefundAnswer
from domain.payout.aggregate import PayoutReport, PayoutStatus
from infra.retry import RetryPolicy
from schemas.envelope import Envelope
from tests.support.builders.samples import sealed
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.write_side import Platform
from tests.unit.commands.test_plan_limits import register, selling
from tests.unit.commands.test_plan_limits import report as plan_report

AT_ONCE = RetryPolicy(attempts=3, first_pause=0.0)


class Letters:
    """Writes a mail for each kind but those without a recipient."""

    def __init__(self, *without: MailKind) -> None:
        self._without = without

    async def write(self, kind: MailKind, envelope: Envelope) -> Mail | None:
        if kind in self._without:
            return None
        id = f"{envelope.id.hex}.{kind.lower()}@shops.example"
        return Mail(
            message_id=id,
            sender_name="Fern",
            recipient="anna@example.com",
            subject=kind,
            text="",
            html="",
            at=envelope.recorded_at,
        )


class Carrier:
    """Takes mails, or fails as often as the test says."""

    def __init__(self, *failures: Exception) -> None:
        self.sent: list[Mail] = []
        self._failures: Iterator[Exception] = iter(failures)

    async def send(self, mail: Mail) -> None:
        failure = next(self._failures, None)
        if failure is not None:
            raise failure
        self.sent.append(mail)


@pytest.fixture
def platform() -> Platform:
    return Platform()


async def paid_order(platform: Platform) -> UUID:
    """Order a lamp, pay it, and return the order's id."""
    (lamp,) = await platform.publish()
    (variant,) = (await platform.product(lamp)).variants
    order_id, shopper = uuid4(), uuid4()
    line = CartLine(product_id=lamp, variant_id=variant, quantity=1)
    await platform.send(
        PlaceOrder(
            order_id=order_id,
            store_id=platform.store_id,
            lines=[line],
            shopper_id=shopper,
            shopper_name=sealed(shopper),
            shopper_email=sealed(shopper),
            shipping_address=sealed(shopper),
        )
    )
    total = (await platform.get(ORDER, order_id)).total
    await platform.send(RecordPayment(order_id=order_id, paid=total, fee=Money(minor=100), intent_id="pi_1"))
    return order_id


async def deliver(platform: Platform, policy: MailPolicy) -> Sequence[DomainEvent]:
    """Deliver every event twice, and return the events that follow."""
    before = len(platform.log.raw)
    for envelope in platform.log.envelopes[:before]:
        if type(envelope.event) in policy.handles:
            await policy(envelope)
            await policy(envelope)
    return platform.log.events[before:]


def policy_of(platform: Platform, carrier: Carrier, letters: Letters | None = None) -> MailPolicy:
    return MailPolicy(platform, letters or Letters(), carrier, platform.clock, sending=AT_ONCE)


async def test_both_sides_learn_once_of_a_paid_order(platform: Platform) -> None:
    await paid_order(platform)
    carrier = Carrier()
    recorded = await deliver(platform, policy_of(platform, carrier))
    assert [mail.subject for mail in carrier.sent] == [MailKind.ORDER_CONFIRMED, MailKind.ORDER_SOLD]
    assert [(type(event), event.kind) for event in recorded if isinstance(event, MailSent)] == [
        (MailSent, MailKind.ORDER_CONFIRMED),
        (MailSent, MailKind.ORDER_SOLD),
    ]
    assert len(recorded) == 2
    assert await deliver(platform, policy_of(platform, carrier)) == []
    assert len(carrier.sent) == 2


async def test_a_busy_server_is_tried_again(platform: Platform) -> None:
    await paid_order(platform)
    carrier = Carrier(Transient("the mail server", "answered 450"), Transient("the mail server", "answered 450"))
    await deliver(platform, policy_of(platform, carrier))
    assert len(carrier.sent) == 2


async def test_a_refusal_is_recorded_and_not_tried_again(platform: Platform) -> None:
    await paid_order(platform)
    carrier = Carrier(MailServerRefused("550 5.1.1"))
    refused, sent = await deliver(platform, policy_of(platform, carrier))
    assert isinstance(refused, MailRefused)
    assert (refused.kind, refused.reason) == (MailKind.ORDER_CONFIRMED, "550 5.1.1")
    assert isinstance(sent, MailSent)
    assert [mail.subject for mail in carrier.sent] == [MailKind.ORDER_SOLD]


async def test_a_mail_without_a_recipient_is_not_sent(platform: Platform) -> None:
    await paid_order(platform)
    carrier = Carrier()
    await deliver(platform, policy_of(platform, carrier, Letters(MailKind.ORDER_CONFIRMED)))
    assert [mail.subject for mail in carrier.sent] == [MailKind.ORDER_SOLD]


async def test_an_old_event_leads_to_no_mail(platform: Platform) -> None:
    await paid_order(platform)
    platform.clock.advance(MAIL_WITHIN + timedelta(seconds=1))
    carrier = Carrier()
    assert await deliver(platform, policy_of(platform, carrier)) == []
    assert carrier.sent == []


async def test_a_shopper_learns_of_a_shipped_order(platform: Platform) -> None:
    order_id = await paid_order(platform)
    ship = FulfilOrder(order_id=order_id, merchant_id=platform.merchant_id, carrier="DHL", tracking_number="1Z")
    await platform.send(ship)
    carrier = Carrier()
    await deliver(platform, policy_of(platform, carrier))
    assert [mail.subject for mail in carrier.sent][2:] == [MailKind.ORDER_SHIPPED]


async def test_the_merchant_learns_of_a_failed_refund(platform: Platform) -> None:
    order_id = await paid_order(platform)
    id, amount = uuid4(), Money(minor=500)
    await platform.send(RefundOrder(order_id=order_id, merchant_id=platform.merchant_id, refund_id=id, amount=amount))
    answer = RefundAnswer(
        refund_id=id, external_id=None, intent_id="pi_1", amount=amount, status=RefundStatus.FAILED, reason="no funds"
    )
    await platform.send(RecordRefund(order_id=order_id, answer=answer))
    carrier = Carrier()
    await deliver(platform, policy_of(platform, carrier))
    assert [mail.subject for mail in carrier.sent][2:] == [MailKind.REFUND_FAILED]


@pytest.mark.parametrize(
    ("statuses", "mails"),
    [
        (["INQUIRY", "NEEDS_RESPONSE", "UNDER_REVIEW", "LOST"], 2),
        (["NEEDS_RESPONSE", "UNDER_REVIEW", "WON"], 1),
        (["INQUIRY", "CLOSED"], 1),
    ],
)
async def test_the_merchant_hears_of_a_dispute_whenever_the_bank_asks_for_something_and_once_of_its_end(
    platform: Platform, statuses: list[str], mails: int
) -> None:
    order_id, carrier = await paid_order(platform), Carrier()
    policy = MailPolicy(platform, Letters(), carrier, platform.clock, sending=AT_ONCE)
    before = len(platform.log.raw)
    for status in statuses:
        report = DisputeReport(
            dispute_id="du_1",
            intent_id="pi_1",
            amount=Money(minor=2000),
            reason="fraudulent",
            status=DisputeStatus(status),
            evidence_due=None,
            movements=0,
            taken=Money(minor=0),
            fee=Money(minor=0),
        )
        await platform.send(RecordDispute(order_id=order_id, report=report))
    for raw in [*platform.log.raw[before:]] * 2:
        await policy(raw.decode())
    assert [mail.subject for mail in carrier.sent] == [*[MailKind.DISPUTE_TO_ANSWER] * mails, MailKind.DISPUTE_CLOSED]


async def test_the_merchant_hears_once_of_a_payout_that_failed_and_not_of_one_that_arrived(platform: Platform) -> None:
    await platform.request()
    sent = PayoutReport(
        payout_id="po_1", amount=Money(minor=1900), arrival_on=date(2026, 11, 30), status=PayoutStatus.PAID
    )
    for report in (sent, replace(sent, status=PayoutStatus.FAILED, reason="The bank account is closed.")):
        await platform.send(RecordPayout(merchant_id=platform.merchant_id, report=report))
    carrier = Carrier()
    policy = MailPolicy(platform, Letters(), carrier, platform.clock, sending=AT_ONCE)
    told = [raw.decode() for raw in platform.log.raw if raw.type.startswith("payout.")]
    for envelope in [*told, *told]:
        if type(envelope.event) in policy.handles:
            await policy(envelope)
    assert [mail.subject for mail in carrier.sent] == [MailKind.PAYOUT_FAILED]
    # A replay of the log, days later and without the record of the mail, is not news.
    later = FixedClock(platform.clock.now() + MAIL_WITHIN + timedelta(minutes=1))
    await MailPolicy(Platform(), Letters(), carrier, later, sending=AT_ONCE)(told[-1])
    assert len(carrier.sent) == 1


async def test_the_merchant_hears_once_of_an_unpaid_plan_and_of_its_suspension() -> None:
    platform, carrier = selling({}), Carrier()
    await register(platform)
    await platform.send(plan_report(platform, 0))
    await platform.send(plan_report(platform, 1, failed_since=platform.clock.now()))
    platform.clock.advance(timedelta(days=14))
    await platform.send(EndGrace(merchant_id=platform.merchant_id))
    policy = MailPolicy(platform, Letters(), carrier, platform.clock, sending=AT_ONCE)
    for _ in range(2):
        for raw in [each for each in platform.log.raw if each.type.startswith("subscription.")]:
            # The days of grace are longer than a mail waits.
            await policy(replace(raw.decode(), recorded_at=platform.clock.now()))
    assert [mail.subject for mail in carrier.sent] == [MailKind.PLAN_PAYMENT_FAILED, MailKind.PLAN_SUSPENDED]
