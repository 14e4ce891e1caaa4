"""The platform's own mails say what failed, until when nothing changes, and until when shops stay."""

import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from domain.kernel import DomainEvent
from domain.mail.events import MailKind
from domain.mail.ports import Mail
from domain.money import Money
from domain.payout.events import PayoutFailed
from domain.subscription.events import GraceEnded, SubscriptionPaymentFailed
from domain.subscription.plans import DEFAULT, read_plans
from projections.merchants.views import MerchantView
from schemas.envelope import Envelope
from storefront.mail.platform_writer import PlatformMailWriter
from tests.support.fakes.vault import MemoryPersonalData

AT = datetime(2026, 11, 1, tzinfo=UTC)
MERCHANT = UUID(int=7)
FAILED = SubscriptionPaymentFailed(
    originator_id=UUID(int=8),
    originator_version=3,
    occurred_at=AT,
    subscription_id="sub_1",
    plan="store-builder",
    period_ends_at=AT,
    failed_since=AT,
    grace_ends_at=datetime(2026, 11, 15, tzinfo=UTC),
    shops_stay_until=datetime(2026, 12, 15, tzinfo=UTC),
    as_of=AT,
)
ENDED = GraceEnded(
    originator_id=UUID(int=8),
    originator_version=4,
    occurred_at=AT,
    subscription_id="sub_1",
    plan="store-builder",
    failed_since=AT,
    shops_stay_until=datetime(2026, 12, 15, tzinfo=UTC),
)


class Desk:
    """Implements the ports of the writer."""

    def __init__(self) -> None:
        self.personal = MemoryPersonalData()
        self.passed_on: list[MailKind] = []
        plans = read_plans(DEFAULT.read_text())
        self.writer = PlatformMailWriter(
            self,
            self.personal,
            self,
            plans=plans,
            dashboard_url="https://zyenta.example/dashboard",
            mail_domain="shops.example",
            sandbox=True,
        )

    async def merchant(self, merchant_id: UUID) -> MerchantView | None:
        return MerchantView(
            id=merchant_id,
            email=await self.personal.seal(merchant_id, "ada@shop.example"),
            name=None,
            email_verified_at=None,
            image_url=None,
            stripe_account_id=None,
            stripe_onboarded=False,
            stripe=None,
            suppliers=(),
            created_at=AT,
            updated_at=AT,
        )

    async def write(self, kind: MailKind, envelope: Envelope) -> Mail | None:
        self.passed_on.append(kind)
        return None

    async def mail(self, kind: MailKind, event: DomainEvent) -> Mail | None:
        envelope = Envelope(
            id=UUID(int=9),
            position=1,
            tenant=MERCHANT,
            correlation_id=uuid4(),
            causation_id=None,
            recorded_at=AT,
            traceparent=None,
            event=event,
            hash=bytes(32),
        )
        return await self.writer.write(kind, envelope)


async def test_a_failed_payment_names_every_day_that_counts() -> None:
    mail = await Desk().mail(MailKind.PLAN_PAYMENT_FAILED, FAILED)
    assert mail is not None
    assert (mail.recipient, mail.subject) == ("ada@shop.example", "The payment of your plan failed")
    for words in ("Store Builder", "1 November 2026", "15 November 2026", "15 December 2026", "Test mode"):
        assert words in mail.text
        assert words in mail.html
    assert not re.search(r"<(img|script|link|iframe)|url\(|@import", mail.html)


async def test_a_suspended_plan_says_what_still_works() -> None:
    mail = await Desk().mail(MailKind.PLAN_SUSPENDED, ENDED)
    assert mail is not None
    for words in ("Store Builder", "stay online", "15 December 2026", "at once"):
        assert words in mail.text
        assert words in mail.html


@pytest.mark.parametrize(
    ("after_paid", "words"), [(False, "it did not arrive"), (True, "the bank sent it back after it counted as paid")]
)
async def test_a_failed_payout_says_where_the_money_is_and_why(after_paid: bool, words: str) -> None:
    event = PayoutFailed(
        originator_id=UUID(int=8),
        originator_version=1,
        occurred_at=AT,
        merchant_id=MERCHANT,
        payout_id="po_1",
        amount=Money(minor=1900, currency="EUR"),
        reason="The bank account is closed.",
        after_paid=after_paid,
    )
    mail = await Desk().mail(MailKind.PAYOUT_FAILED, event)
    assert mail is not None
    assert mail.subject == "A payout did not reach your bank"
    for part in (mail.text, mail.html):
        for expected in (
            words,
            "€19.00",
            "“The bank account is closed.”",
            "https://zyenta.example/dashboard/integrations",
        ):
            assert expected in part
    bare = await Desk().mail(MailKind.PAYOUT_FAILED, event.model_copy(update={"reason": ""}))
    assert bare is not None
    assert "reason" not in bare.text


async def test_mails_of_stores_are_passed_on_and_erased_merchants_get_none() -> None:
    desk = Desk()
    assert await desk.mail(MailKind.ORDER_SOLD, FAILED) is None
    assert desk.passed_on == [MailKind.ORDER_SOLD]
    view = await desk.merchant(MERCHANT)
    assert view is not None

    async def forget(merchant_id: UUID) -> MerchantView | None:
        await desk.personal.forget(merchant_id)
        return view

    desk.merchant = forget  # type: ignore[method-assign]
    assert await desk.mail(MailKind.PLAN_SUSPENDED, ENDED) is None
