"""Refunds of an order."""

from datetime import datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.order.after_sale.state import RefundStatus
from domain.order.refunds import OVERDUE_AFTER
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.money import MoneyType
from gateway.graphql.types.node import Node
from projections.sales.views import RefundView


@strawberry.type(description="Pieces of one line that are paid back.")
class RefundedLine:
    variant_id: strawberry.ID
    quantity: int
    restock: bool = strawberry.field(description="Whether the pieces went back into stock.")


@strawberry.type(description="Money that goes back to the shopper.")
class Refund(Node):
    id: strawberry.ID
    status: RefundStatus
    amount: Decimal
    amount_money: MoneyType
    currency: str
    fee_refund: Decimal = strawberry.field(
        description="The share of the platform's fee that goes back to you, in proportion to the amount."
    )
    fee_refund_money: MoneyType
    shipping: Decimal = strawberry.field(description="The part of the amount that pays delivery back.")
    shipping_money: MoneyType
    lines: list[RefundedLine] = strawberry.field(description="What it is for. Empty if it is for an amount only.")
    reason: str
    failure: str | None = strawberry.field(description="Why the money did not go back, in the provider's words.")
    intent_id: str = strawberry.field(description="The provider's id for the payment.")
    external_id: str | None = strawberry.field(
        description="The provider's id for the refund. Null until the provider answers, and if it refused to begin one."
    )
    requested_here: bool = strawberry.field(
        description="False if it was made at the provider. The provider keeps the platform's fee then."
    )
    requested_at: datetime
    overdue_at: datetime | None = strawberry.field(
        description="When the provider should have said how it ended: five days after it was requested. Null once it did."
    )
    succeeded_at: datetime | None
    failed_at: datetime | None

    @classmethod
    def of(cls, view: RefundView) -> Self:
        return cls(
            id=as_gid(view.id),
            status=view.status,
            amount=view.amount.decimal,
            amount_money=MoneyType.of(view.amount),
            currency=view.amount.currency,
            fee_refund=view.fee_refund.decimal,
            fee_refund_money=MoneyType.of(view.fee_refund),
            shipping=view.shipping.decimal,
            shipping_money=MoneyType.of(view.shipping),
            lines=[
                RefundedLine(variant_id=as_gid(line.variant_id), quantity=line.quantity, restock=line.restock)
                for line in view.lines
            ],
            reason=view.reason,
            failure=view.failure,
            intent_id=view.intent_id,
            external_id=view.external_id,
            requested_here=view.requested_here,
            requested_at=view.requested_at,
            overdue_at=view.requested_at + OVERDUE_AFTER if view.status is RefundStatus.REQUESTED else None,
            succeeded_at=view.succeeded_at,
            failed_at=view.failed_at,
        )
