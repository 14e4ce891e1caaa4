"""What belongs to one order: shopper, address, lines, withdrawals, mails and moments."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.mail.events import MailKind
from domain.order.events import UnmatchedReason
from domain.shipping.town_lines import address_lines
from gateway.api.event_words import EventSource, words_of
from gateway.api.order_timeline import Moment, MomentKind
from gateway.graphql.context import ReadContext
from gateway.graphql.fields import field
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.money import MoneyType
from gateway.graphql.types.node import Node
from gateway.graphql.types.product import Product
from infra.web.countries import country_name
from projections.sales.views import OrderLineView, OrderView, UnmatchedPaymentView, WithdrawalView


@strawberry.type(description="A shipping address.")
class Address:
    line1: str | None
    line2: str | None
    city: str | None
    region: str | None
    postcode: str | None
    country: str | None

    @field(
        "The address as its country writes it, line by line: street, town, and the country's name in English last. "
        "Print these lines on a parcel."
    )
    def printed_lines(self) -> list[str]:
        country = self.country or ""
        return address_lines(
            (self.line1, self.line2),
            country=country,
            country_name=country_name(country),
            city=self.city,
            region=self.region,
            postcode=self.postcode,
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an order's address, a JSON object."""
        fields = json.loads(text)
        return cls(**{name: fields.get(name) for name in ("line1", "line2", "city", "region", "postcode", "country")})


@strawberry.type(
    description="The shopper who placed an order. Fields are null after the shopper's personal data was erased."
)
class Shopper(Node):
    id: strawberry.ID
    name: str | None
    email: str | None
    shipping_address: Address | None

    @classmethod
    async def of_order(cls, view: OrderView, reading: ReadContext) -> Self:
        """Return the shopper of an order."""
        name, email, address = await reading.loaders.personal.load_many(
            [view.shopper_name, view.shopper_email, view.shipping_address]
        )
        return cls(
            id=as_gid(view.shopper_id),
            name=name,
            email=email,
            shipping_address=None if address is None else Address.parse(address),
        )


@strawberry.type(description="One line of an order, at the price when the order was placed.")
class OrderLine:
    product_id: strawberry.ID
    variant_id: strawberry.ID
    title: str
    variant_title: str
    quantity: int
    unit_price: Decimal
    unit_price_money: MoneyType
    total: Decimal
    total_money: MoneyType
    currency: str
    short: int = strawberry.field(description="Units of this line that were not in stock when the order was paid.")
    to_ship: int = strawberry.field(
        description="Units that were neither sent nor refunded instead. 0 until it is paid."
    )
    to_refund: int = strawberry.field(description="Units that no refund names. 0 until the order is paid.")
    view: strawberry.Private[OrderLineView]
    reading: strawberry.Private[ReadContext]

    @field("The product in its current state.")
    async def product(self) -> Product | None:
        view = await self.reading.loaders.product.load(self.view.product_id)
        return None if view is None else Product.of(view, self.reading)

    @classmethod
    def of(cls, view: OrderLineView, order: OrderView, reading: ReadContext) -> Self:
        return cls(
            product_id=as_gid(view.product_id),
            variant_id=as_gid(view.variant_id),
            title=view.title,
            variant_title=view.variant_title,
            quantity=view.quantity,
            unit_price=view.unit_price.decimal,
            unit_price_money=MoneyType.of(view.unit_price),
            total=view.total.decimal,
            total_money=MoneyType.of(view.total),
            currency=view.unit_price.currency,
            short=view.short,
            to_ship=order.to_send.get(view.variant_id, 0),
            to_refund=order.to_refund.get(view.variant_id, 0),
            view=view,
            reading=reading,
        )


@strawberry.type(
    description="A payment that pays for no order. Refund it at the provider or settle it with the shopper."
)
class UnmatchedPayment:
    intent_id: str = strawberry.field(description="The provider's id for the payment.")
    amount: Decimal
    amount_money: MoneyType
    currency: str
    reason: UnmatchedReason
    at: datetime

    @classmethod
    def of(cls, view: UnmatchedPaymentView) -> Self:
        return cls(
            intent_id=view.intent_id,
            amount=view.amount.decimal,
            amount_money=MoneyType.of(view.amount),
            currency=view.amount.currency,
            reason=view.reason,
            at=view.at,
        )


@strawberry.type(description="The first and the last day on which an order arrives, in the store's time zone.")
class ArrivalWindow:
    earliest: date
    latest: date


@strawberry.type(description="Pieces of one line that a consumer withdrew.")
class WithdrawnLine:
    variant_id: strawberry.ID
    quantity: int


@strawberry.type(description="A consumer's withdrawal from the contract or a part of it. Pay back within 14 days.")
class Withdrawal:
    number: int = strawberry.field(description="1 for the order's first withdrawal.")
    lines: list[WithdrawnLine]
    deadline: date | None = strawberry.field(
        description="The last day of the period when the withdrawal came. Null if the delivery was unknown."
    )
    late: bool = strawberry.field(description="Whether it came after the deadline. You decide whether to accept it.")
    received_at: datetime
    view: strawberry.Private[WithdrawalView]
    reading: strawberry.Private[ReadContext]

    @field("The name that the consumer gave. Null after the shopper's personal data was erased.")
    async def name(self) -> str | None:
        (value,) = await self.reading.loaders.personal.load_many([self.view.name])
        return value

    @field("The address that the receipt went to. Null after the shopper's personal data was erased.")
    async def email(self) -> str | None:
        (value,) = await self.reading.loaders.personal.load_many([self.view.email])
        return value

    @classmethod
    def of(cls, view: WithdrawalView, reading: ReadContext) -> Self:
        return cls(
            number=view.number,
            lines=[WithdrawnLine(variant_id=as_gid(line.variant_id), quantity=line.quantity) for line in view.lines],
            deadline=view.deadline,
            late=view.is_late,
            received_at=view.at,
            view=view,
            reading=reading,
        )


@strawberry.type(description="A mail about an order.")
class OrderMail:
    kind: MailKind
    refusal: str | None = strawberry.field(
        description="The status code with which the mail server refused it for good. Null if the mail was sent."
    )
    at: datetime


@strawberry.type(description="Something that happened to an order.")
class OrderMoment:
    at: datetime
    kind: MomentKind
    message: str = strawberry.field(description="One sentence, without personal data.")
    detail: str | None = strawberry.field(description="A reason, a parcel's number, or what a provider said.")
    position: strawberry.ID | None = strawberry.field(
        description="The event's position in the log, for `asOf`. Null for a mail."
    )
    by: EventSource = strawberry.field(description="Who caused it.")
    person_id: strawberry.ID | None = strawberry.field(description="Null if no person's request caused it.")
    moment: strawberry.Private[Moment]
    reading: strawberry.Private[ReadContext]

    @field(
        "The person's name, or else their address. Null if no person's request caused it, after they deleted their "
        "account, and for everyone but the owner of the store."
    )
    async def person(self) -> str | None:
        if self.moment.actor is None or self.moment.tenant in self.reading.visitor.roles:
            return None
        return await self.reading.loaders.person.load(self.moment.actor.person_id)

    @classmethod
    def of(cls, moment: Moment, reading: ReadContext) -> Self:
        return cls(
            at=moment.at,
            kind=moment.kind,
            message=moment.message,
            detail=moment.detail,
            position=None if moment.position is None else strawberry.ID(str(moment.position)),
            by=words_of(moment.type).by if moment.actor is None else EventSource.PERSON,
            person_id=None if moment.actor is None else as_gid(moment.actor.person_id),
            moment=moment,
            reading=reading,
        )
