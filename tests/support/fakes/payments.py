"""A payment provider in memory: notices are short JSON, signed with a key that tests know."""

import hashlib
import hmac
import json
from typing import Any
from uuid import UUID

from domain.money import Money
from domain.order.ports import (
    InvalidSignature,
    PaymentConfirmed,
    PaymentDeclined,
    PaymentNotice,
    PaymentRequest,
    PaymentSession,
    UnusableWebhook,
)

KEY = b"a key that only tests know"


class SignedPayments:
    """Implements ``PaymentGateway``. A notice is JSON with ``id``, ``type``, ``store`` and ``order``.

    The type ``paid`` reports a payment and ``declined`` a failure; other types do not matter. ``amount`` and ``fee`` are
    cents.
    """

    name = "sandbox"
    signature_header = "sandbox-signature"

    async def open_session(self, request: PaymentRequest) -> PaymentSession:
        return PaymentSession(provider=self.name, session_id=request.idempotency_key, url="http://pay.localhost/")

    async def close_session(self, session_id: str) -> bool:
        return True

    @staticmethod
    def sign(body: bytes) -> str:
        """Return a body's signature."""
        return hmac.new(KEY, body, hashlib.sha256).hexdigest()

    def read_webhook(self, body: bytes, signature: str) -> PaymentNotice | None:
        if signature != self.sign(body):
            raise InvalidSignature
        try:
            return self.read_body(body.decode())
        except UnicodeDecodeError as error:
            raise UnusableWebhook("The body is not UTF-8.") from error

    def recordable(self, body: str) -> str:
        return body

    def read_body(self, body: str) -> PaymentNotice | None:
        try:
            fields = json.loads(body)
            if str.strip(fields["type"]) not in {"paid", "declined"}:
                return None
            ids: dict[str, Any] = {
                "external_id": fields["id"],
                "type": fields["type"],
                "store_id": UUID(fields["store"]),
                "order_id": UUID(fields["order"]),
                "intent_id": fields["id"],
            }
            if fields["type"] == "declined":
                return PaymentDeclined(**ids, reason="The card was declined.")
            amount, fee = Money(minor=fields.get("amount", 100)), Money(minor=fields.get("fee", 5))
            return PaymentConfirmed(**ids, amount=amount, platform_fee=fee)
        except (ValueError, KeyError, TypeError) as error:
            raise UnusableWebhook(f"The body is invalid: {error}.") from error
