"""What a store's trade has beside orders: payouts, discount codes, stock notices, rejected webhooks."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.discount.events import DiscountTerms
from domain.money import Money
from domain.payout.aggregate import PayoutStatus
from domain.privacy import Sealed
from domain.stock_notice.aggregate import StockNoticeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutView:
    """A payout to a merchant's bank."""

    payout_id: str
    """The provider's id."""
    amount: Money
    status: PayoutStatus
    arrival_on: date | None
    reason: str | None
    """Why it failed, in the provider's words."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountView:
    """A discount code with its uses."""

    id: UUID
    store_id: UUID
    code: str
    terms: DiscountTerms
    paused: bool
    reserved: int
    """Uses of orders that wait for their payment."""
    used: int
    """Uses of paid orders."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StockNoticeView:
    """A shopper's request for a mail when a variant is back."""

    id: UUID
    store_id: UUID
    product_id: UUID
    variant_id: UUID
    email: Sealed
    status: StockNoticeStatus
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedWebhookView:
    """A payment provider's webhook that was rejected; the merchant can look it up at the provider."""

    source: str
    external_id: str
    type: str
    order_id: UUID | None
    reason: str
    at: datetime
