"""A payment provider in memory: notices are short JSON, signed with a key that tests know."""

import hashlib
import hmac
import json
from uuid import UUID

from domain.money import Money
from domain.order.ports import InvalidSignature, PaymentNotice, PaymentRequest, PaymentSession, UnusableWebhook

KEY = b"a key that only tests know"


class SignedPayments:
    """Implements ``PaymentGateway``. A notice is JSON with ``id``, ``type``, ``store`` and ``order``.

    The type ``paid`` reports a payment and ``declined`` a failure; other types do not matter. ``amount`` and ``fee`` are
    cents.
    """

    name = "sandbox"

    async def open_session(self, request: PaymentRequest) -> PaymentSession:
        return PaymentSession(provider=self.name, session_id=request.idempotency_key, url="http://pay.localhost/")

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

    def read_body(self, body: str) -> PaymentNotice | None:
        try:
            fields = json.loads(body)
            if str.strip(fields["type"]) not in {"paid", "declined"}:
                return None
            succeeded = fields["type"] == "paid"
            return PaymentNotice(
                external_id=fields["id"],
                type=fields["type"],
                store_id=UUID(fields["store"]),
                order_id=UUID(fields["order"]),
                succeeded=succeeded,
                intent_id=fields["id"],
                amount=Money(minor=fields.get("amount", 100)),
                platform_fee=Money(minor=fields.get("fee", 5)),
                reason="" if succeeded else "The card was declined.",
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UnusableWebhook(f"The body is invalid: {error}.") from error
