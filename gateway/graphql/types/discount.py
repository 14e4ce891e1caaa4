"""Discount codes of a store."""

from datetime import datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.discount.events import DiscountKind
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.money import MoneyType
from gateway.graphql.types.node import Node
from projections.sales.views import DiscountView


@strawberry.type(description="A discount code of a store. Shoppers may write it with spaces and in any case.")
class Discount(Node):
    id: strawberry.ID
    store_id: strawberry.ID
    code: str
    kind: DiscountKind
    percentage: Decimal | None = strawberry.field(description="Percent of the goods' price. Null for other kinds.")
    amount: Decimal | None = strawberry.field(description="The amount taken off. Null for other kinds.")
    amount_money: MoneyType | None
    currency: str | None = strawberry.field(description="The currency of amount and minimum. Null without both.")
    minimum: Decimal | None = strawberry.field(description="The least price of all goods in the order. Null for none.")
    minimum_money: MoneyType | None
    starts_at: datetime | None
    ends_at: datetime | None
    most_uses: int | None = strawberry.field(description="How many orders may use it. Null for any number.")
    most_uses_per_shopper: int | None = strawberry.field(
        description="How many orders of one e-mail address may use it. Null for any number."
    )
    product_ids: list[strawberry.ID] = strawberry.field(
        description="The products that it takes something off. Empty for all."
    )
    paused: bool
    reserved: int = strawberry.field(description="Uses of orders that wait for their payment.")
    used: int = strawberry.field(description="Uses of paid orders.")
    created_at: datetime

    @classmethod
    def of(cls, view: DiscountView) -> Self:
        terms = view.terms
        money = terms.amount or terms.minimum
        return cls(
            id=as_gid(view.id),
            store_id=as_gid(view.store_id),
            code=view.code,
            kind=terms.kind,
            percentage=None if terms.basis_points is None else Decimal(terms.basis_points) / 100,
            amount=None if terms.amount is None else terms.amount.decimal,
            amount_money=MoneyType.maybe(terms.amount),
            currency=None if money is None else money.currency,
            minimum=None if terms.minimum is None else terms.minimum.decimal,
            minimum_money=MoneyType.maybe(terms.minimum),
            starts_at=terms.starts_at,
            ends_at=terms.ends_at,
            most_uses=terms.most_uses,
            most_uses_per_shopper=terms.most_uses_per_shopper,
            product_ids=[as_gid(id) for id in terms.product_ids],
            paused=view.paused,
            reserved=view.reserved,
            used=view.used,
            created_at=view.created_at,
        )
