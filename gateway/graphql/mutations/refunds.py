"""Mutations of refunds."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import strawberry

from commands.ports import Receipt
from commands.refunds import RefundOrder
from domain.kernel import InvalidInput
from domain.money import Money
from domain.order.after_sale.events import RefundedPieces
from gateway.api.command_request import CommandRequest
from gateway.api.validation import as_id, check_text, money, require
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import MutationInput
from gateway.graphql.mutations.payloads import OrderPayload, change
from gateway.graphql.queries.root import find_order
from projections.reading.paging import Reader
from projections.reading.scope import MerchantScope
from projections.sales import queries as sales_queries
from projections.sales.views import OrderView

LINES_MAX = 100
REASON_MAX = 500


@strawberry.input(description="Pieces of one line to pay back.")
class RefundLineInput:
    variant_id: strawberry.ID
    quantity: int
    restock: bool = strawberry.field(default=False, description="Put the pieces back into stock.")


@strawberry.input(
    description="A refund. Without lines, shipping and amount it is everything that is left of the payment."
)
class RefundOrderInput(MutationInput):
    order_id: strawberry.ID
    lines: list[RefundLineInput] | None = strawberry.field(
        default=None, description="Pieces that are paid back at the price of the order."
    )
    shipping: Decimal | None = strawberry.field(
        default=None, description="How much of the delivery's price is paid back."
    )
    amount: Decimal | None = strawberry.field(
        default=None, description="An amount instead of the price of lines and shipping."
    )
    restock: bool = strawberry.field(
        default=False, description="For a refund of everything: put all pieces back into stock."
    )
    reason: str | None = strawberry.field(default=None, description="The shopper reads it. At most 500 characters.")
    intent_id: str | None = strawberry.field(
        default=None,
        description="An unmatched payment to pay back, by amount or whole. If omitted, the payment that paid the order.",
    )


@strawberry.type
class RefundMutations:
    @mutation(
        "Pay an order back, whole or in part. The platform's fee goes back in proportion. "
        "The refund is REQUESTED until the payment provider answers."
    )
    async def refund_order(self, info: Info, input: RefundOrderInput) -> OrderPayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            currency = await currency_of_payment(info.context.deps.reader, order_id, request.scope, input.intent_id)
            return await request.send(
                RefundOrder(
                    order_id=order_id,
                    merchant_id=request.merchant_id,
                    refund_id=request.new_id("refund"),
                    lines=refunded_pieces(input.lines or ()),
                    shipping=_money("shipping", input.shipping, currency),
                    amount=_money("amount", input.amount, currency),
                    restock=input.restock,
                    reason=check_text("reason", input.reason, REASON_MAX) or "",
                    intent_id=input.intent_id,
                )
            )

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"order": await find_order(reading, order_id)}

        return await change(info, OrderPayload, input, send, show)


def refunded_pieces(lines: Sequence[RefundLineInput]) -> list[RefundedPieces]:
    """Return the lines of an input.

    Raises:
        InvalidInput: there are too many.
        NotFound: an id does not have the form of an id.
    """
    if len(lines) > LINES_MAX:
        raise InvalidInput("lines", f"lines has {len(lines)} entries. Use at most {LINES_MAX}.")
    return [
        RefundedPieces(variant_id=as_id("variant", line.variant_id), quantity=line.quantity, restock=line.restock)
        for line in lines
    ]


async def currency_of_payment(db: Reader, order_id: UUID, scope: MerchantScope, intent_id: str | None) -> str:
    """Return the currency of a payment. It never changes, so an old read model is good enough."""
    view = await sales_queries.order_by_id(db, order_id, scope=scope)
    return _currency_of(require(view, "order", order_id), intent_id)


def _currency_of(order: OrderView, intent_id: str | None) -> str:
    amounts = {payment.intent_id: payment.amount for payment in order.unmatched_payments}
    return amounts.get(intent_id or "", order.total).currency


def _money(field: str, amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else money(field, amount, currency)
