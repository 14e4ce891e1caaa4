"""Mutations of orders."""

import strawberry

from commands.order import FulfilOrder, MarkOrderDelivered
from commands.ports import Receipt
from gateway.api.command_request import CommandRequest
from gateway.api.validation import as_id, check_text
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import FulfilOrderInput, MarkOrderDeliveredInput
from gateway.graphql.mutations.payloads import OrderPayload, change
from gateway.graphql.queries.root import find_order


@strawberry.type
class OrderMutations:
    @mutation("Mark a paid order as shipped. Send it again to correct the carrier or the tracking number.")
    async def fulfil_order(self, info: Info, input: FulfilOrderInput) -> OrderPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                FulfilOrder(
                    order_id=as_id("order", input.order_id),
                    merchant_id=request.merchant_id,
                    carrier=check_text("carrier", input.carrier, 100),
                    tracking_number=check_text("trackingNumber", input.tracking_number, 100),
                )
            )

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"order": await find_order(reading, as_id("order", input.order_id))}

        return await change(info, OrderPayload, input, send, show)

    @mutation("Record the day on which the shopper got the order; the period for withdrawal ends 14 days later.")
    async def mark_order_delivered(self, info: Info, input: MarkOrderDeliveredInput) -> OrderPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                MarkOrderDelivered(
                    order_id=as_id("order", input.order_id),
                    merchant_id=request.merchant_id,
                    delivered_on=input.delivered_on,
                )
            )

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"order": await find_order(reading, as_id("order", input.order_id))}

        return await change(info, OrderPayload, input, send, show)
