"""What orders need from outside: a payment provider, and keys for personal data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.money import Money
from domain.order.events import OrderLine


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """What a payment page is to be opened for."""

    order_id: UUID
    order_number: str
    store_id: UUID
    store_name: str
    lines: tuple[OrderLine, ...]
    total: Money
    platform_fee: Money
    success_url: str
    cancel_url: str
    expires_at: datetime
    """From when on the order may be cancelled, so that the page should take no payment any more."""
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSession:
    """A page on which an order can be paid."""

    provider: str
    session_id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _NoticeHeader:
    """What every kind of payment notice says."""

    external_id: str
    """The provider's id of the notice; a repeat has the same one."""
    type: str
    """The provider's name for the kind of notice."""
    store_id: UUID
    order_id: UUID
    intent_id: str
    """The provider's payment id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentConfirmed(_NoticeHeader):
    """The provider took a payment."""

    amount: Money
    """What the buyer paid, tax included."""
    platform_fee: Money
    """The platform's share of ``amount``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDeclined(_NoticeHeader):
    """The provider declined a payment; the order can be paid by another one."""

    reason: str
    """In the provider's words, for people; may be empty."""


PaymentNotice = PaymentConfirmed | PaymentDeclined
"""A provider's webhook, verified and read. A new kind of notice is a new member."""


class InvalidSignature(Exception):
    """A webhook was not signed by who it says it is from; it is refused and nothing is recorded."""


class UnusableWebhook(ValueError):
    """A webhook makes no sense, whoever signed it: an amount out of range, no such currency, an id that is none.

    It carries what could be read, so that the merchant can be told.
    """

    def __init__(
        self,
        reason: str,
        *,
        external_id: str | None = None,
        type: str = "",
        store_id: UUID | None = None,
        order_id: UUID | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        """For the merchant."""
        self.external_id, self.type = external_id, type
        self.store_id, self.order_id = store_id, order_id


class PaymentGateway(Protocol):
    """A payment provider. Sandbox and Stripe pass the same contract tests."""

    @property
    def name(self) -> str: ...

    async def open_session(self, request: PaymentRequest) -> PaymentSession:
        """Open a payment page; the same idempotency key gives the same session.

        Raises:
            Transient: the provider is out of reach; retrying may help.
        """
        ...

    def read_webhook(self, body: bytes, signature: str) -> PaymentNotice | None:
        """Verify a webhook and read it; None if it is of a kind that is no business of ours.

        Raises:
            InvalidSignature: refused.
            UnusableWebhook: it is signed, but makes no sense.
        """
        ...

    def read_body(self, body: str) -> PaymentNotice | None:
        """Read a webhook that was verified when it was taken in; None if it is of a kind that is no business of ours.

        Raises:
            UnusableWebhook: the body makes no sense.
        """
        ...


class PaymentGateways(Protocol):
    """The gateways through which merchants are paid."""

    async def of(self, merchant_id: UUID) -> PaymentGateway:
        """Return the gateway of a merchant's payment account."""
        ...
