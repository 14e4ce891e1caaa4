"""The sandbox's subscriptions of merchants to the platform: pages and signed webhooks, but no money.

It is stateless like the sandbox's payments: the address of a page has everything that the page shows, and a webhook says
everything about its subscription.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field, ValidationError

from domain.kernel import Clock
from domain.order.ports import InvalidSignature, PlatformNotice, UnusableWebhook
from domain.subscription.aggregate import SubscriptionReport
from domain.subscription.ports import MerchantSubscription, PlanCheckout, PlanNotice, PlanPortal
from infra.adapters.payments.signatures import sign, verify
from infra.adapters.payments.webhook_parts import Name, Part, why
from infra.clock import SystemClock

NAME = "sandbox-platform"
"""The provider's name in the address of its webhooks and on them."""
SIGNATURE_HEADER = "sandbox-signature"
MONTH = timedelta(days=30)
TYPE = "customer.subscription.updated"
"""The kind of all of its webhooks; Stripe has one of this name."""
Moment = Annotated[AwareDatetime, Field(strict=False)]


class Action(StrEnum):
    """What a merchant lets happen on the page."""

    SUBSCRIBE = "subscribe"
    FAIL = "fail"
    PAY = "pay"
    CANCEL = "cancel"
    RESUME = "resume"
    END = "end"


class _Metadata(Part):
    merchant_id: Annotated[UUID, Field(strict=False)]


class _Subscription(Part):
    id: Name
    customer: Name
    plan: Name
    began_at: Moment
    period_ends_at: Moment
    failed_since: Moment | None
    cancels_at: Moment | None
    ended_at: Moment | None
    as_of: Moment
    metadata: _Metadata


class _Data(Part):
    object: _Subscription


class _Webhook(Part):
    id: Name
    type: Name
    data: _Data


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """The content of a page's address."""

    plan_name: str
    price: str
    subscription: MerchantSubscription
    begun: bool
    """Whether the merchant has the subscription; False on the page that offers it."""
    success_url: str
    cancel_url: str

    @property
    def actions(self) -> tuple[Action, ...]:
        """What can happen next."""
        report = self.subscription.report
        if not self.begun:
            return (Action.SUBSCRIBE,)
        if report.ended_at is not None:
            return ()
        paid = Action.FAIL if report.failed_since is None else Action.PAY
        return (paid, Action.CANCEL if report.cancels_at is None else Action.RESUME, Action.END)


class SandboxPlanNotices:
    """Webhooks about subscriptions, as the gateway recorded them. Implements :class:`domain.order.ports.NoticeReader`."""

    @property
    def name(self) -> str:
        return NAME

    def read_body(self, body: str) -> PlatformNotice | None:
        """Read a webhook.

        Raises:
            UnusableWebhook: its content is invalid.
        """
        return read_plan_notice(body)


class SandboxPlans(SandboxPlanNotices):
    """Implements :class:`domain.subscription.ports.PlanPayments`, and ``WebhookReader`` for the platform's endpoint."""

    def __init__(self, secret: bytes, *, page_url: str, clock: Clock | None = None) -> None:
        """Derive the signing keys.

        Args:
            secret: the sandbox's.
            page_url: the address of the pages, ``http://127.0.0.1:8090/plan``; a token is appended.
            clock: the time at the provider; the system clock if left out.
        """
        self._key = hmac.new(secret, b"zyenta.sandbox.plan", hashlib.sha256).digest()
        self._webhook_key = hmac.new(secret, b"zyenta.sandbox.plan.webhook", hashlib.sha256).digest()
        self._page_url = page_url.rstrip("/")
        self._clock = clock or SystemClock()

    @property
    def signature_header(self) -> str:
        return SIGNATURE_HEADER

    def sign_webhook(self, body: str) -> str:
        """Return the signature header of a webhook sent now."""
        return sign(body.encode(), self._webhook_key, self._clock.now())

    def read_webhook(self, body: bytes, signature: str) -> PlatformNotice | None:
        """Verify a webhook and read it.

        Raises:
            InvalidSignature: made with another key, changed on the way, or outside the tolerance.
            UnusableWebhook: it is signed, but its content is invalid.
        """
        verify(body, signature, [self._webhook_key], self._clock.now())
        try:
            return read_plan_notice(body.decode())
        except UnicodeDecodeError as error:
            raise UnusableWebhook("The body is not UTF-8.") from error

    def recordable(self, body: str) -> str:
        """Return the whole body, which has no personal data."""
        return body

    async def checkout_url(self, checkout: PlanCheckout) -> str:
        """Return a page that offers a plan. The same key gives the same subscription."""
        now = self._clock.now()
        digest = hashlib.sha256(checkout.idempotency_key.encode()).hexdigest()[:24]
        report = SubscriptionReport(
            subscription_id=f"sub_sandbox_{digest}",
            customer_id=checkout.customer_id or f"cus_sandbox_{checkout.merchant_id.hex[:24]}",
            plan=checkout.plan.id,
            began_at=now,
            period_ends_at=now + MONTH,
            as_of=now,
        )
        return self._address(
            PlanPage(
                plan_name=checkout.plan.name,
                price="free" if checkout.plan.price is None else str(checkout.plan.price),
                subscription=MerchantSubscription(merchant_id=checkout.merchant_id, report=report),
                begun=False,
                success_url=checkout.success_url,
                cancel_url=checkout.cancel_url,
            )
        )

    async def portal_url(self, portal: PlanPortal) -> str:
        """Return a page on which a subscription changes."""
        return self._address(
            PlanPage(
                plan_name=portal.plan.name,
                price="free" if portal.plan.price is None else str(portal.plan.price),
                subscription=MerchantSubscription(merchant_id=portal.merchant_id, report=_report(portal)),
                begun=True,
                success_url=portal.return_url,
                cancel_url=portal.return_url,
            )
        )

    async def end(self, portal: PlanPortal) -> SubscriptionReport:
        """Return the subscription as ended now."""
        return replace(_report(portal), ended_at=portal.contract.ended_at or self._clock.now(), as_of=self._clock.now())

    async def subscription(self, notice: PlanNotice) -> MerchantSubscription | None:
        """Return what a webhook says; nothing else knows."""
        return _read(notice.body)

    def read_page(self, token: str) -> PlanPage:
        """Return the content of a page's address.

        Raises:
            InvalidSignature: another party made this address.
        """
        body, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            raise InvalidSignature("The platform did not open this page.")
        try:
            content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except (binascii.Error, ValueError) as error:
            raise InvalidSignature("The address of this page is damaged.") from error
        subscription = _read(content.pop("webhook"))
        return PlanPage(subscription=subscription, **content)

    def webhook(self, page: PlanPage, action: Action) -> str:
        """Return the webhook after an action."""
        return _body(MerchantSubscription(merchant_id=page.subscription.merchant_id, report=self._after(page, action)))

    def _after(self, page: PlanPage, action: Action) -> SubscriptionReport:
        now, before = self._clock.now(), page.subscription.report
        failed_since, cancels_at, ended_at = before.failed_since, before.cancels_at, before.ended_at
        period_ends_at = before.period_ends_at
        match action:
            case Action.SUBSCRIBE:
                pass
            case Action.FAIL:
                failed_since, period_ends_at = now, now + MONTH
            case Action.PAY:
                failed_since, period_ends_at = None, now + MONTH
            case Action.CANCEL:
                cancels_at = period_ends_at
            case Action.RESUME:
                cancels_at = None
            case Action.END:
                ended_at = now
        return SubscriptionReport(
            subscription_id=before.subscription_id,
            customer_id=before.customer_id,
            plan=before.plan,
            began_at=before.began_at,
            period_ends_at=period_ends_at,
            failed_since=failed_since,
            cancels_at=cancels_at,
            ended_at=ended_at,
            as_of=now,
        )

    def _address(self, page: PlanPage) -> str:
        content = {
            "plan_name": page.plan_name,
            "price": page.price,
            "begun": page.begun,
            "success_url": page.success_url,
            "cancel_url": page.cancel_url,
            "webhook": _body(page.subscription),
        }
        body = base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
        return f"{self._page_url}/{body}.{self._sign(body)}"

    def _sign(self, body: str) -> str:
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()[:32]


def _report(portal: PlanPortal) -> SubscriptionReport:
    contract = portal.contract
    return SubscriptionReport(
        subscription_id=portal.subscription_id,
        customer_id=contract.customer_id,
        plan=contract.plan,
        began_at=contract.began_at,
        period_ends_at=contract.period_ends_at,
        failed_since=contract.failed_since,
        cancels_at=contract.cancels_at,
        ended_at=contract.ended_at,
        as_of=contract.as_of,
    )


def read_plan_notice(body: str) -> PlatformNotice:
    """Read a webhook about a subscription.

    Raises:
        UnusableWebhook: its content is invalid.
    """
    try:
        webhook = _Webhook.model_validate_json(body)
    except ValidationError as error:
        raise UnusableWebhook(why(error)) from error
    about = webhook.data.object
    return PlatformNotice(
        external_id=webhook.id,
        type=webhook.type,
        object_id=about.id,
        merchant_id=about.metadata.merchant_id,
        subscription_id=about.id,
    )


def _read(body: str) -> MerchantSubscription:
    about = _Webhook.model_validate_json(body).data.object
    report = SubscriptionReport(
        subscription_id=about.id,
        customer_id=about.customer,
        plan=about.plan,
        began_at=about.began_at,
        period_ends_at=about.period_ends_at,
        failed_since=about.failed_since,
        cancels_at=about.cancels_at,
        ended_at=about.ended_at,
        as_of=about.as_of,
    )
    return MerchantSubscription(merchant_id=about.metadata.merchant_id, report=report)


def _body(subscription: MerchantSubscription) -> str:
    report = subscription.report
    about = {
        "id": report.subscription_id,
        "object": "subscription",
        "customer": report.customer_id,
        "plan": report.plan,
        "began_at": report.began_at.isoformat(),
        "period_ends_at": report.period_ends_at.isoformat(),
        "failed_since": _text(report.failed_since),
        "cancels_at": _text(report.cancels_at),
        "ended_at": _text(report.ended_at),
        "as_of": report.as_of.isoformat(),
        "metadata": {"merchant_id": str(subscription.merchant_id)},
    }
    id = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:24]
    content = {"id": f"evt_sandbox_{id}", "object": "event", "type": TYPE, "livemode": False, "data": {"object": about}}
    return json.dumps(content, separators=(",", ":"))


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
