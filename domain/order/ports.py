"""Port of payment providers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.money import Money
from domain.order.events import OrderLine
from domain.store.taxes import OrderTax


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Where an order goes. Personal data: it is passed on to the provider and never logged."""

    name: str
    line1: str
    line2: str
    city: str
    region: str
    postcode: str
    country: str
    """ISO 3166-1 alpha-2."""

    def __repr__(self) -> str:
        return f"Recipient(country={self.country!r}, …)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """The order that a payment page is opened for."""

    order_id: UUID
    order_number: str
    store_id: UUID
    store_name: str
    lines: tuple[OrderLine, ...]
    shipping: Money | None = None
    """The delivery; None or zero if it is free."""
    discount: Money | None = None
    """What a code takes off the lines; None or zero if nothing."""
    discount_code: str | None = None
    total: Money
    """The lines less the discount, delivery and tax."""
    taxes: OrderTax | None = None
    """How the tax is known; the provider computes it where it is known at the payment."""
    recipient: Recipient | None = None
    """Who gets the goods, for taxes that the provider computes; None if it is not needed or was erased."""
    platform_fee: Money
    success_url: str
    cancel_url: str
    expires_at: datetime
    """When the page stops taking payments, because the order may be cancelled from then on."""
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSession:
    """A provider's page for an order's payment."""

    provider: str
    session_id: str
    url: str
    account_id: str | None = None
    """The merchant's account that is paid; None if the provider has one account for all merchants."""
    owed_fee: Money | None = None
    """The platform's share, if the provider does not take it and the merchant is billed for it apart."""
    taken_fee: Money | None = None
    """The platform's share, if the provider takes it out of the payment."""


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
    account_id: str | None = None
    """The account that was paid; None if the provider has one account for all merchants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentConfirmed(_NoticeHeader):
    """The provider took a payment."""

    amount: Money
    """What the shopper paid, tax included."""
    platform_fee: Money
    """The platform's share of ``amount``."""
    tax: Money | None = None
    """What the provider computed of taxes; None if it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDeclined(_NoticeHeader):
    """The provider declined a payment; the order can be paid by another one."""

    reason: str
    """In the provider's words, for people; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDisputed(_NoticeHeader):
    """A shopper's bank questions a payment. Only of a provider that tells it whole; others are asked by ``ProviderReports``."""

    dispute_id: str
    amount: Money
    """The disputed amount, which the bank took."""
    reason: str
    """In the bank's words, such as ``product_not_received``."""
    evidence_due: datetime
    """The last moment for evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeDecided(_NoticeHeader):
    """A bank decided a dispute. Only of a provider that tells it whole; others are asked by ``ProviderReports``."""

    dispute_id: str
    is_won: bool
    """Whether the bank decided for the merchant."""
    is_reinstated: bool
    """Whether this notice says that the disputed amount came back. A won dispute has one such notice and one without."""


PaymentNotice = PaymentConfirmed | PaymentDeclined | PaymentDisputed | DisputeDecided
"""A provider's webhook about a payment. A new kind of notice is a new member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNotice:
    """Something changed in a merchant's account at the provider. Notices arrive in any order: ask the provider what it is now."""

    external_id: str
    """The provider's id of the notice; a repeat has the same one."""
    type: str
    """The provider's name for the kind of notice."""
    account_id: str
    """The provider's id of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformNotice:
    """Something changed in the platform's own account at the provider. Notices arrive in any order: ask what is true now."""

    external_id: str
    """The provider's id of the notice; a repeat has the same one."""
    type: str
    """The provider's name for the kind of notice."""
    object_id: str
    """The provider's id of the thing that changed, such as a subscription or a fee."""
    merchant_id: UUID | None = None
    """The merchant that the thing names; None if it names an account."""
    account_id: str | None = None
    """The merchant's account that the thing names; None if it names a merchant."""
    subscription_id: str | None = None
    """The provider's id of the merchant's subscription to the platform; None if the thing is about none."""


Notice = PaymentNotice | AccountNotice | PlatformNotice
"""A provider's webhook, verified and read."""


class InvalidSignature(Exception):
    """A webhook's signature is wrong. The webhook is refused and not recorded."""


class UnusableWebhook(ValueError):
    """A signed webhook makes no sense: an amount out of range, an unknown currency, a malformed id.

    The exception carries the parts that could be read, for the report to the merchant.
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


class NoticeReader(Protocol):
    """Reads webhooks that were verified when they were received. It needs no secret."""

    @property
    def name(self) -> str:
        """The provider's name, the source of its webhooks."""
        ...

    def read_body(self, body: str) -> Notice | None:
        """Read a recorded webhook; None if its kind is not used here.

        Raises:
            UnusableWebhook: the body makes no sense.
        """
        ...


class WebhookReader(NoticeReader, Protocol):
    """Verifies the webhooks of a payment provider. Only the gateway has its secret."""

    @property
    def signature_header(self) -> str:
        """The header of a webhook's signature, in small letters."""
        ...

    def read_webhook(self, body: bytes, signature: str) -> Notice | None:
        """Verify a webhook and read it; None if its kind is not used here.

        Raises:
            InvalidSignature: the signature is wrong; retrying cannot help.
            UnusableWebhook: the signature is valid, but the body makes no sense.
        """
        ...

    def recordable(self, body: str) -> str:
        """Return the part of a verified webhook that the log keeps: all that :meth:`read_body` reads, no personal data."""
        ...


class PaymentGateway(Protocol):
    """The half of a payment provider that opens payment pages. Sandbox and Stripe pass the same contract tests."""

    @property
    def name(self) -> str: ...

    async def open_session(self, request: PaymentRequest) -> PaymentSession:
        """Open a payment page; the same idempotency key gives the same session.

        Raises:
            DomainError: the merchant or the amount cannot be paid here; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...

    async def close_session(self, session_id: str) -> bool:
        """Close a payment page, so that its order can be cancelled without a payment that follows.

        Returns:
            Whether the page takes no payment. False if it was paid: its webhook follows, and the order must not be cancelled.
            A provider whose pages cannot be closed returns True; a payment after the cancellation is then unmatched. So does
            one that has no such page at this account.

        Raises:
            PaymentAccountGone: the platform may no longer use the account; retrying cannot help.
            DomainError: the provider refused, and the page is open; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...


class PaymentGateways(Protocol):
    """The gateways through which merchants are paid."""

    async def of(self, merchant_id: UUID) -> PaymentGateway:
        """Return the gateway of a merchant's payment account.

        Raises:
            PaymentsNotReady: the merchant has no account that can be paid.
        """
        ...

    def at(self, account_id: str | None) -> PaymentGateway | None:
        """Return the gateway of an account, for pages that were opened there; None if it takes an account and has none.

        Args:
            account_id: the provider's id of the account, connected or former.
        """
        ...
