"""Mutations of orders."""

from typing import Any
from uuid import UUID

import strawberry

from commands.after_sale import CancelOrderByMerchant, CorrectParcel, ShipParcel
from commands.checkout import LINES_MAX
from commands.order import FulfilOrder, MarkOrderDelivered
from commands.ports import Receipt
from domain.kernel import InvalidInput
from domain.order.after_sale.events import Pieces
from gateway.api.command_request import CommandRequest
from gateway.api.validation import as_id, check_text
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import CancelOrderInput, FulfilOrderInput, MarkOrderDeliveredInput
from gateway.graphql.mutations.payloads import OrderPayload, change
from gateway.graphql.queries.root import find_order

REASON_MAX = 500


@strawberry.type
class OrderMutations:
    @mutation(
        "Record that a carrier has all that is left of a paid order, or the pieces of one parcel. Send it again to correct "
        "carrier or tracking number."
    )
    async def fulfil_order(self, info: Info, input: FulfilOrderInput) -> OrderPayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(_shipment(order_id, request.merchant_id, input))

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"order": await find_order(reading, order_id)}

        return await change(info, OrderPayload, input, send, show)

    @mutation(
        "Cancel an order of which nothing was sent. A paid one is refunded whole, and its stock goes back. "
        "Use refundOrder after something was sent."
    )
    async def cancel_order(self, info: Info, input: CancelOrderInput) -> OrderPayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                CancelOrderByMerchant(
                    order_id=order_id,
                    merchant_id=request.merchant_id,
                    refund_id=request.new_id("refund"),
                    reason=check_text("reason", input.reason, REASON_MAX) or "",
                )
            )

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"order": await find_order(reading, order_id)}

        return await change(info, OrderPayload, input, send, show)

    @mutation("Record the day on which the shopper got the order; the period for withdrawal ends 14 days later.")
    async def mark_order_delivered(self, info: Info, input: MarkOrderDeliveredInput) -> OrderPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                MarkOrderDelivered(
                    order_id=as_id("order", input.order_id),
                    merchant_id=request.merchant_id,
                    delivered_on=input.delivered_on,
                    seen=input.expected_delivered_on,
                )
            )

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"order": await find_order(reading, as_id("order", input.order_id))}

        return await change(info, OrderPayload, input, send, show)


def _shipment(order_id: UUID, merchant_id: UUID, input: FulfilOrderInput) -> FulfilOrder | ShipParcel | CorrectParcel:
    """Return the command of an input.

    Raises:
        InvalidInput: a text is too long, there are too many lines, or both lines and a parcel are named.
    """
    carrier = check_text("carrier", input.carrier, 100)
    number = check_text("trackingNumber", input.tracking_number, 100)
    owned: dict[str, Any] = {"order_id": order_id, "merchant_id": merchant_id}
    if input.parcel is not None:
        if input.lines is not None:
            raise InvalidInput("parcel", "Name lines for a new parcel or the number of a sent one, not both.")
        seen = input.expected_revision
        return CorrectParcel(**owned, number=input.parcel, carrier=carrier, tracking_number=number, seen=seen)
    if input.lines is None:
        return FulfilOrder(**owned, carrier=carrier, tracking_number=number, seen=input.expected_revision)
    if len(input.lines) > LINES_MAX:
        raise InvalidInput("lines", f"lines has {len(input.lines)} entries. Use at most {LINES_MAX}.")
    lines = [Pieces(variant_id=as_id("variant", line.variant_id), quantity=line.quantity) for line in input.lines]
    return ShipParcel(**owned, lines=lines, carrier=carrier, tracking_number=number)
