"""The sandbox payment provider: a payment page and signed webhooks like a real provider's, but no money.

The provider is stateless. A session is a signed token with everything its page shows, so it survives restarts and needs
no table. The page itself is ``infra.sandbox.payments.app``.
"""

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from domain.kernel import Clock
from domain.money import Money
from domain.order.after_sale.state import RefundStatus
from domain.order.ports import InvalidSignature, PaymentNotice, PaymentRequest, PaymentSession, UnusableWebhook
from domain.order.refund_ports import RefundAnswer, RefundOrderRequest
from domain.order.report_ports import EvidenceRequest
from domain.store.taxes import TaxKind, part_of, share
from infra.adapters.payments.sandbox_webhooks import DECIDED, DECLINED, DISPUTED, PAID, REASONS, REINSTATED, read_notice
from infra.adapters.payments.signatures import sign, verify
from infra.clock import SystemClock

SIGNATURE_HEADER = "sandbox-signature"
"""The header of a webhook's signature; see :mod:`infra.adapters.payments.signatures`."""
EVIDENCE_WITHIN = timedelta(days=7)
"""From the end of a payment page to the deadline for evidence, so that repeats say the same."""
TAX = 1_000
"""The sandbox's tax in basis points. It stands in for Stripe Tax and is not a country's: 10 % of goods and delivery everywhere."""
LARGEST_TOKEN = 64 * 1024
"""The most bytes a token may unpack to; the largest possible order needs far fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSession:
    """The content of a token: everything that its page shows and reports."""

    session_id: str
    order_id: UUID
    order_number: str
    store_id: UUID
    store_name: str
    lines: tuple[tuple[str, int, Money], ...]
    """Title, quantity and total price of each line."""
    total: Money
    """What is due, tax included."""
    tax: Money | None
    """The sandbox's tax; None for a store whose taxes are not computed at the payment."""
    adds_tax: bool
    """Whether the tax was added to the prices; they include it otherwise."""
    platform_fee: Money
    success_url: str
    cancel_url: str
    expires_at: datetime


class SandboxPayments:
    """Implements the ports of payments: ``PaymentGateway``, ``PaymentRefunds`` and ``DisputeEvidence``."""

    def __init__(self, secret: bytes, *, page_url: str, clock: Clock | None = None) -> None:
        """Derive the signing keys.

        Args:
            secret: at least 16 bytes; the same in every process that opens sessions, shows the page or reads webhooks.
            page_url: the page's address, ``http://127.0.0.1:8090/pay``; a token is appended.
            clock: for the age of webhooks and pages; the system clock if left out.
        """
        if len(secret) < 16:
            raise ValueError("The sandbox payment secret needs at least 16 bytes; set a longer one.")
        self._token_key = hmac.new(secret, b"zyenta.sandbox.session", hashlib.sha256).digest()
        self._webhook_key = hmac.new(secret, b"zyenta.sandbox.webhook", hashlib.sha256).digest()
        self._page_url = page_url.rstrip("/")
        self._now: Callable[[], datetime] = (clock or SystemClock()).now

    @property
    def name(self) -> str:
        return "sandbox"

    @property
    def signature_header(self) -> str:
        return SIGNATURE_HEADER

    async def open_session(self, request: PaymentRequest) -> PaymentSession:
        """Return a payment page without an outside call. The same request gives the same page."""
        for url in (request.success_url, request.cancel_url):
            if urlsplit(url).scheme not in {"http", "https"}:
                raise ValueError(f"Invalid return address {url!r}. Use an http or https URL.")
        digest = hmac.new(self._token_key, request.idempotency_key.encode(), hashlib.sha256).hexdigest()
        session_id = f"cs_sandbox_{digest[:32]}"
        tax = _tax(request)
        adds_tax = tax is not None and request.taxes is not None and request.taxes.is_added
        due = request.total + tax if tax is not None and adds_tax else request.total
        content = {
            "id": session_id,
            "order": request.order_id.hex,
            "number": request.order_number,
            "store": request.store_id.hex,
            "name": request.store_name,
            "lines": [
                *(
                    [_line_title(line.title, line.variant_title), line.quantity, line.total.minor]
                    for line in request.lines
                ),
                *_extras(request),
            ],
            "total": due.minor,
            "tax": None if tax is None else tax.minor,
            "adds_tax": adds_tax,
            "currency": request.total.currency,
            "fee": request.platform_fee.minor,
            "success": request.success_url,
            "cancel": request.cancel_url,
            "expires": int(request.expires_at.timestamp()),
        }
        packed = zlib.compress(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode(), 9)
        body = _text(packed)
        token = f"{body}.{self._sign_token(body)}"
        return PaymentSession(provider=self.name, session_id=session_id, url=f"{self._page_url}/{token}")

    async def refund(self, request: RefundOrderRequest, *, account_id: str | None) -> RefundAnswer:  # noqa: ARG002
        """Pay back at once, without an outside call. The same idempotency key gives the same refund."""
        return RefundAnswer(
            refund_id=request.refund_id,
            external_id=_derived_id("re_sandbox", request.idempotency_key),
            intent_id=request.intent_id,
            amount=request.amount,
            status=RefundStatus.SUCCEEDED,
        )

    async def submit(self, request: EvidenceRequest, *, account_id: str | None) -> None:
        """Take evidence without an outside call. No bank decides about it."""

    async def close_session(self, session_id: str) -> bool:  # noqa: ARG002 - the provider is stateless
        """Return True. The page stays open, because nothing remembers it; its payment would be unmatched."""
        return True

    def read_session(self, token: str) -> SandboxSession:
        """Return the content of a token.

        Raises:
            InvalidSignature: another party made this token.
        """
        body, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign_token(body).encode()):
            raise InvalidSignature("The shop did not open this payment page.")
        unpacker = zlib.decompressobj()
        content: dict[str, Any] = json.loads(unpacker.decompress(_bytes(body), LARGEST_TOKEN))
        currency = content["currency"]
        return SandboxSession(
            session_id=content["id"],
            order_id=UUID(content["order"]),
            order_number=content["number"],
            store_id=UUID(content["store"]),
            store_name=content["name"],
            lines=tuple(
                (title, count, Money(minor=minor, currency=currency)) for title, count, minor in content["lines"]
            ),
            total=Money(minor=content["total"], currency=currency),
            # Tokens from before the sandbox had taxes have neither.
            tax=None if content.get("tax") is None else Money(minor=content["tax"], currency=currency),
            adds_tax=bool(content.get("adds_tax")),
            platform_fee=Money(minor=content["fee"], currency=currency),
            success_url=content["success"],
            cancel_url=content["cancel"],
            # Tokens from before pages expired have no end; they count as expired.
            expires_at=datetime.fromtimestamp(content.get("expires", 0), UTC),
        )

    def is_expired(self, session: SandboxSession) -> bool:
        """Return whether a page is past its end. Its order may be cancelled by now."""
        return self._now() >= session.expires_at

    def paid_webhook(self, session: SandboxSession) -> str:
        """Return the webhook body for a paid session; always the same, so that repeats are recognized."""
        intent = _derived_id("pi_sandbox", session.session_id, "paid")
        return self._body(session, PAID, _derived_id("evt_sandbox", session.session_id, "paid"), intent)

    def declined_webhook(self, session: SandboxSession, attempt: str) -> str:
        """Return the webhook body for a declined attempt; the same for the same attempt."""
        event = _derived_id("evt_sandbox", session.session_id, "declined", attempt)
        intent = _derived_id("pi_sandbox", session.session_id, "declined", attempt)
        return self._body(session, DECLINED, event, intent, reason="The sandbox shopper chose to decline.")

    def disputed_webhook(self, session: SandboxSession, reason: str) -> str:
        """Return the webhook body for a dispute of a paid session, which has one at most.

        Args:
            session: a session that was paid.
            reason: one of ``REASONS``; anything else counts as the first.
        """
        about = {
            "reason": reason if reason in REASONS else REASONS[0],
            "due_by": int((session.expires_at + EVIDENCE_WITHIN).timestamp()),
        }
        return self._dispute_body(session, DISPUTED, ("disputed",), about)

    def decided_webhooks(self, session: SandboxSession, *, is_won: bool) -> tuple[str, ...]:
        """Return the webhook bodies for the end of a dispute, like Stripe's; always the same.

        A dispute that the merchant won has two: it is closed, and the money came back. A lost one is closed.
        """
        about = {"status": "won" if is_won else "lost"}
        closed = self._dispute_body(session, DECIDED, ("decided", about["status"]), about)
        if not is_won:
            return (closed,)
        return closed, self._dispute_body(session, REINSTATED, ("reinstated",), about)

    def _dispute_body(self, session: SandboxSession, type: str, parts: tuple[str, ...], about: dict[str, Any]) -> str:
        intent = _derived_id("pi_sandbox", session.session_id, "paid")
        body = json.loads(self._body(session, type, _derived_id("evt_sandbox", session.session_id, *parts), intent))
        body["data"]["object"]["dispute"] = {"id": _derived_id("du_sandbox", session.session_id), **about}
        return json.dumps(body, separators=(",", ":"))

    def sign_webhook(self, body: str) -> str:
        """Return the signature header of a webhook sent now."""
        return sign(body.encode(), self._webhook_key, self._now())

    def read_webhook(self, body: bytes, signature: str) -> PaymentNotice | None:
        """Verify a webhook and read it; None if its kind does not matter here.

        Raises:
            InvalidSignature: made with another key, changed on the way, or outside the tolerance.
            UnusableWebhook: it is signed, but its content is invalid.
        """
        verify(body, signature, [self._webhook_key], self._now())
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise UnusableWebhook("The body is not UTF-8.") from error
        return self.read_body(text)

    def recordable(self, body: str) -> str:
        """Return the whole body, which has no personal data."""
        return body

    def read_body(self, body: str) -> PaymentNotice | None:
        """Read a webhook that was verified on arrival; None if its kind does not matter here.

        Raises:
            UnusableWebhook: the body is invalid.
        """
        return read_notice(body)

    def _body(self, session: SandboxSession, type: str, event_id: str, intent: str, *, reason: str = "") -> str:
        about: dict[str, Any] = {
            "id": session.session_id,
            "object": "checkout.session",
            "payment_intent": intent,
            "payment_status": "paid" if type == PAID else "unpaid",
            "amount_total": session.total.minor,
            "application_fee_amount": session.platform_fee.minor,
            "currency": session.total.currency.lower(),
            "metadata": {"order_id": str(session.order_id), "store_id": str(session.store_id)},
        }
        if session.tax is not None:
            about["total_details"] = {"amount_tax": session.tax.minor}
        if reason:
            about["failure_message"] = reason
        content = {"id": event_id, "object": "event", "type": type, "livemode": False, "data": {"object": about}}
        return json.dumps(content, separators=(",", ":"))

    def _sign_token(self, body: str) -> str:
        return _text(hmac.new(self._token_key, body.encode(), hashlib.sha256).digest()[:16])


def _line_title(title: str, variant_title: str) -> str:
    return title if variant_title in {"", "Default"} else f"{title} · {variant_title}"


def _tax(request: PaymentRequest) -> Money | None:
    """Return the sandbox's tax of an order; None if the shop knows its taxes itself, or says nothing."""
    if request.taxes is None or request.taxes.kind is TaxKind.INCLUDED:
        return None
    if request.taxes.is_added:
        return share(request.total, TAX, 10_000)
    return part_of(request.total, TAX)


def _extras(request: PaymentRequest) -> list[list[str | int]]:
    """Return the discount and the delivery as lines of the page."""
    extras: list[list[str | int]] = []
    if request.discount is not None and request.discount.minor:
        extras.append([f"Discount {request.discount_code}", 1, -request.discount.minor])
    if request.shipping is not None and request.shipping.minor:
        extras.append(["Delivery", 1, request.shipping.minor])
    return extras


def _derived_id(prefix: str, *parts: str) -> str:
    return f"{prefix}_{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:24]}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise InvalidSignature("This payment page's address is damaged.") from error
