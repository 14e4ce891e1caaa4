"""Buying an order's goods: why an order is held, what its goods cost, and its orders at suppliers."""

from datetime import datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.merchant.events import SupplierProvider
from domain.order.after_sale.sourcing_events import HoldReason, OrderHeld, SourcedLine, SourcingChecked
from domain.order.after_sale.sourcing_state import SupplierOrderStatus
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.money import MoneyType
from projections.sales.views import SubstituteView, SupplierOrderView


@strawberry.type(
    description="What the goods to send for a line of an order cost now: its own, or those that substitute them. "
    "Costs are of one piece, in their own currency."
)
class SourcedLineCost:
    variant_id: strawberry.ID = strawberry.field(description="The line's variant.")
    quantity: int
    cost: Decimal | None = strawberry.field(description="What the supplier asks. Null if it does not have it any more.")
    cost_money: MoneyType | None
    freight: Decimal | None
    freight_money: MoneyType | None
    duty: Decimal | None
    duty_money: MoneyType | None
    currency: str | None
    stock: int | None = strawberry.field(description="How many the supplier has. Null for goods of your own.")

    @classmethod
    def of(cls, line: SourcedLine) -> Self:
        return cls(
            variant_id=as_gid(line.variant_id),
            quantity=line.quantity,
            cost=None if line.cost is None else line.cost.decimal,
            cost_money=MoneyType.maybe(line.cost),
            freight=None if line.freight is None else line.freight.decimal,
            freight_money=MoneyType.maybe(line.freight),
            duty=None if line.duty is None else line.duty.decimal,
            duty_money=MoneyType.maybe(line.duty),
            currency=None if line.cost is None else line.cost.currency,
            stock=line.stock,
        )


@strawberry.type(
    description="A paid order is not bought until you decide: buyAnyway, substituteLines or refundHeldOrder. "
    "Use checkSupplierAgain to have the supplier asked once more."
)
class OrderHold:
    reason: HoldReason
    message: str
    loss: Decimal | None = strawberry.field(description="How much the order would lose. Null for other reasons.")
    loss_money: MoneyType | None
    currency: str | None
    lines: list[SourcedLineCost] = strawberry.field(description="Empty if the supplier did not answer.")
    held_at: datetime

    @classmethod
    def of(cls, event: OrderHeld) -> Self:
        return cls(
            reason=event.reason,
            message=event.message,
            loss=None if event.loss is None else event.loss.decimal,
            loss_money=MoneyType.maybe(event.loss),
            currency=None if event.loss is None else event.loss.currency,
            lines=[SourcedLineCost.of(line) for line in event.lines],
            held_at=event.occurred_at,
        )


@strawberry.type(
    description="The suppliers' latest answer by which the order loses no money, or no more than substitutes cost above "
    "the price of their lines."
)
class OrderCosts:
    cost: Decimal = strawberry.field(description="Goods, freight and duty of all lines.")
    cost_money: MoneyType
    income: Decimal = strawberry.field(
        description="What the payment leaves for them: goods less discount, delivery, less the platform's fee, without tax. "
        "The payment provider's own fee is not in it."
    )
    income_money: MoneyType
    margin: Decimal = strawberry.field(description="The income less the cost.")
    margin_money: MoneyType
    currency: str
    lines: list[SourcedLineCost]
    checked_at: datetime

    @classmethod
    def of(cls, event: SourcingChecked) -> Self:
        return cls(
            cost=event.cost.decimal,
            cost_money=MoneyType.of(event.cost),
            income=event.income.decimal,
            income_money=MoneyType.of(event.income),
            margin=(event.income - event.cost).decimal,
            margin_money=MoneyType.of(event.income - event.cost),
            currency=event.cost.currency,
            lines=[SourcedLineCost.of(line) for line in event.lines],
            checked_at=event.occurred_at,
        )


@strawberry.type(description="Other goods that are sent for a line, at your cost.")
class Substitute:
    variant_id: strawberry.ID = strawberry.field(description="The line's variant.")
    quantity: int
    product_id: strawberry.ID
    substitute_id: strawberry.ID = strawberry.field(description="The variant that is sent.")
    title: str
    variant_title: str
    extra_cost: Decimal = strawberry.field(
        description="How much more their price is than the line's, for all pieces. Negative if it is less."
    )
    extra_cost_money: MoneyType
    currency: str

    @classmethod
    def of(cls, view: SubstituteView) -> Self:
        return cls(
            variant_id=as_gid(view.variant_id),
            quantity=view.quantity,
            product_id=as_gid(view.product_id),
            substitute_id=as_gid(view.substitute_id),
            title=view.title,
            variant_title=view.variant_title,
            extra_cost=view.extra_cost.decimal,
            extra_cost_money=MoneyType.of(view.extra_cost),
            currency=view.extra_cost.currency,
        )


@strawberry.type(description="An order at a supplier. The supplier takes it once, however often it is tried.")
class SupplierOrder:
    provider: SupplierProvider
    status: SupplierOrderStatus
    attempt: int = strawberry.field(description="1 for the first.")
    external_id: str | None = strawberry.field(description="The supplier's id for it. Null until it is placed.")
    surplus: int = strawberry.field(
        description="Pieces that it has beyond those that were left to send, because an earlier attempt ordered them. "
        "Cancel them at the supplier."
    )
    failure: str | None = strawberry.field(
        description="Why the supplier did not take it. Use placeSupplierOrder again."
    )
    requested_at: datetime
    answered_at: datetime | None

    @classmethod
    def of(cls, view: SupplierOrderView) -> Self:
        return cls(
            provider=view.provider,
            status=view.status,
            attempt=view.attempt,
            external_id=view.external_id,
            surplus=view.surplus,
            failure=view.failure,
            requested_at=view.requested_at,
            answered_at=view.answered_at,
        )
