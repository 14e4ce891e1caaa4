"""Stripe Checkout as a payment gateway: direct charges on the merchant's own account, with the platform's fee."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import stripe
from stripe.params.checkout import (
    SessionCreateParams,
    SessionCreateParamsLineItem,
    SessionCreateParamsPaymentIntentData,
)

from domain.kernel import Clock, Transient
from domain.money import Money
from domain.order.errors import PaymentsNotReady
from domain.order.events import OrderLine
from domain.order.ports import Notice, PaymentGateway, PaymentRequest, PaymentSession, UnusableWebhook
from infra.adapters.payments.signatures import verify
from infra.adapters.payments.stripe.client import WHO, ask
from infra.adapters.payments.stripe.currencies import rounded_down, to_stripe
from infra.adapters.payments.stripe.webhooks import read_notice, recordable

NAME = "stripe"
SIGNATURE_HEADER = "stripe-signature"
NAME_MAX = 250
"""Most characters of a line's name."""


class StripeWebhooks:
    """The half of :class:`domain.order.ports.PaymentGateway` that reads webhooks. It needs no network."""

    def __init__(self, secrets: Sequence[str], *, live: bool, clock: Clock) -> None:
        """Take the endpoint's secrets; while one is rotated, both count.

        Args:
            secrets: ``whsec_...``, at least one.
            live: whether this installation takes real money.
            clock: for the age of webhooks.
        """
        if not secrets:
            raise ValueError("STRIPE_WEBHOOK_SECRET is not set. Copy it from the endpoint in Stripe's dashboard.")
        self._secrets = [secret.encode() for secret in secrets]
        self._live = live
        self._clock = clock

    @property
    def name(self) -> str:
        return NAME

    @property
    def signature_header(self) -> str:
        return SIGNATURE_HEADER

    def read_webhook(self, body: bytes, signature: str) -> Notice | None:
        """Verify a webhook and read it; None if its kind does not matter here.

        Raises:
            InvalidSignature: made with another secret, changed on the way, or too old or too new.
            UnusableWebhook: it is signed, but its content is invalid.
        """
        verify(body, signature, self._secrets, self._clock.now())
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise UnusableWebhook("The body is not UTF-8.") from error
        return self.read_body(text)

    def recordable(self, body: str) -> str:
        """Return the body without personal data."""
        return recordable(body)

    def read_body(self, body: str) -> Notice | None:
        """Read a webhook that was verified on arrival; None if its kind does not matter here.

        Raises:
            UnusableWebhook: the body is invalid.
        """
        return read_notice(body, live=self._live)


class StripeCheckout(StripeWebhooks):
    """Implements :class:`domain.order.ports.PaymentGateway` for one merchant's account."""

    def __init__(
        self,
        client: stripe.StripeClient,
        account_id: str,
        secrets: Sequence[str],
        *,
        live: bool,
        clock: Clock,
    ) -> None:
        super().__init__(secrets, live=live, clock=clock)
        self._client = client
        self._account_id = account_id

    async def open_session(self, request: PaymentRequest) -> PaymentSession:
        """Open a page at Stripe; the same idempotency key gives the same page.

        Raises:
            NotChargeable: Stripe has no exact number for the amount.
            StripeRefused: Stripe refused it; retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        # Rounded in the merchant's favor where Stripe knows fewer decimal places.
        fee = rounded_down(request.platform_fee)
        metadata = {
            "order_id": str(request.order_id),
            "store_id": str(request.store_id),
            "platform_fee": str(fee.minor),
        }
        intent: SessionCreateParamsPaymentIntentData = {
            "metadata": metadata,
            "description": f"{request.store_name}, order {request.order_number}",
        }
        if fee.minor:
            # Stripe refuses a fee of zero.
            intent["application_fee_amount"] = to_stripe(fee)
        params: SessionCreateParams = {
            "mode": "payment",
            # Cards and their wallets pay at once. For a method that pays days later, stock would wait as long.
            "allowed_payment_method_types": ["card"],
            "line_items": _lines(request),
            "payment_intent_data": intent,
            "client_reference_id": str(request.order_id),
            "metadata": metadata,
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "expires_at": int(request.expires_at.timestamp()),
        }
        session = await ask(
            self._client.v1.checkout.sessions.create_async(
                params=params,
                options={"stripe_account": self._account_id, "idempotency_key": request.idempotency_key},
            )
        )
        if session.url is None:
            raise Transient(WHO, "it opened a page without an address")
        return PaymentSession(provider=NAME, session_id=session.id, url=session.url)


class StripeGateways:
    """Implements :class:`domain.order.ports.PaymentGateways`: each merchant is paid on their own account."""

    def __init__(
        self,
        client: stripe.StripeClient,
        accounts: Callable[[UUID], Awaitable[str | None]],
        secrets: Sequence[str],
        *,
        live: bool,
        clock: Clock,
    ) -> None:
        """Take what all gateways share.

        Args:
            client: the platform's client.
            accounts: returns a merchant's account if it can be paid, else None.
            secrets: the webhook endpoint's secrets.
            live: whether this installation takes real money.
            clock: for the age of webhooks.
        """
        self._client = client
        self._accounts = accounts
        self._secrets = secrets
        self._live = live
        self._clock = clock

    async def of(self, merchant_id: UUID) -> PaymentGateway:
        """Return the gateway of a merchant's account.

        Raises:
            PaymentsNotReady: the merchant has none that can be paid.
        """
        account_id = await self._accounts(merchant_id)
        if account_id is None:
            raise PaymentsNotReady
        return StripeCheckout(self._client, account_id, self._secrets, live=self._live, clock=self._clock)


def _lines(request: PaymentRequest) -> "list[SessionCreateParamsLineItem]":
    lines = [_line(_title(line), line.unit_price, line.quantity) for line in request.lines]
    rest = request.total - Money.total((line.total for line in request.lines), request.total.currency)
    if rest.minor:
        lines.append(_line("Shipping and tax", rest, 1))
    return lines


def _line(name: str, price: Money, quantity: int) -> "SessionCreateParamsLineItem":
    return {
        "quantity": quantity,
        "price_data": {
            "currency": price.currency.lower(),
            "unit_amount": to_stripe(price),
            "product_data": {"name": name[:NAME_MAX]},
        },
    }


def _title(line: OrderLine) -> str:
    return line.title if line.variant_title in {"", "Default"} else f"{line.title} · {line.variant_title}"
