"""Disputes of payments, their rate, and payouts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.order.after_sale.dispute_events import DisputeStatus
from domain.payout.aggregate import PayoutStatus
from gateway.graphql.types.media import as_gid
from projections.sales.dispute_queries import DisputeRate as DisputeRateView
from projections.sales.views import DisputeView, PayoutView


@strawberry.type(
    description="A shopper's bank questions a payment. Answer in the provider's dashboard before evidenceDue."
)
class Dispute:
    id: str = strawberry.field(description="The provider's id for the dispute.")
    order_id: strawberry.ID
    intent_id: str = strawberry.field(description="The provider's id for the payment.")
    status: DisputeStatus
    amount: Decimal
    currency: str
    reason: str = strawberry.field(description="In the bank's words, such as product_not_received.")
    evidence_due: datetime | None = strawberry.field(description="The last moment for evidence.")
    opened_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, view: DisputeView) -> Self:
        return cls(
            id=view.dispute_id,
            order_id=as_gid(view.order_id),
            intent_id=view.intent_id,
            status=view.status,
            amount=view.amount.decimal,
            currency=view.amount.currency,
            reason=view.reason,
            evidence_due=view.evidence_due,
            opened_at=view.opened_at,
            closed_at=view.closed_at,
        )


@strawberry.type(description="How many payments of the last 90 days are disputed. Inquiries do not count.")
class DisputeRate:
    payments: int
    disputed: int
    percent: Decimal
    over_line: bool = strawberry.field(description="Whether it is above the 0.75 percent that card networks watch.")

    @classmethod
    def of(cls, view: DisputeRateView) -> Self:
        return cls(
            payments=view.payments,
            disputed=view.disputed,
            percent=Decimal(view.basis_points).scaleb(-2),
            over_line=view.is_over_line,
        )


@strawberry.type(description="A payout from the account at the payment provider to the merchant's bank.")
class Payout:
    id: str = strawberry.field(description="The provider's id for the payout.")
    status: PayoutStatus
    amount: Decimal
    currency: str
    arrival_on: date | None
    reason: str | None = strawberry.field(description="Why it failed, in the provider's words.")
    at: datetime

    @classmethod
    def of(cls, view: PayoutView) -> Self:
        return cls(
            id=view.payout_id,
            status=view.status,
            amount=view.amount.decimal,
            currency=view.amount.currency,
            arrival_on=view.arrival_on,
            reason=view.reason,
            at=view.at,
        )
