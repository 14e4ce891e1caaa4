"""Mutations of returns."""

from decimal import Decimal
from uuid import UUID

import strawberry

from commands.ports import Receipt
from commands.returns import (
    ApproveReturn,
    DeclineReturn,
    ReceiveReturn,
    RefundReturn,
    ReplaceReturn,
    SetReturnPolicy,
)
from domain.kernel import InvalidInput
from domain.order.after_sale.return_events import ReceivedPieces
from domain.store.return_policy import ReturnPolicy
from gateway.api.command_request import CommandRequest
from gateway.api.validation import as_id, check_text, money
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import MutationInput, StoreEditInput
from gateway.graphql.mutations.payloads import OrderPayload, Send, StorePayload, change
from gateway.graphql.mutations.refunds import LINES_MAX, REASON_MAX, currency_of_payment
from gateway.graphql.queries.root import find_order, find_store

INSTRUCTIONS_MAX = 1000
ADDRESS_MAX = 500


@strawberry.input(description="A store's rules for returns. They replace all former rules.")
class SetReturnPolicyInput(StoreEditInput):
    days: int = strawberry.field(description="Calendar days after the delivery, 14 to 365.")
    reasons: list[str] = strawberry.field(
        description="What a shopper can choose: 1 to 20, each of at most 80 characters."
    )
    merchant_pays: bool = strawberry.field(
        default=False, description="Whether you pay for sending goods back that are as ordered."
    )


@strawberry.input
class ReturnInput(MutationInput):
    order_id: strawberry.ID
    number: int = strawberry.field(description="The number of the return.")


@strawberry.input
class ApproveReturnInput(ReturnInput):
    instructions: str | None = strawberry.field(
        default=None, description="For the shopper. At most 1000 characters. Send again to correct them."
    )
    address: str | None = strawberry.field(
        default=None, description="Where the goods go, with line breaks. If omitted, the address of your business."
    )
    expected_revision: str | None = strawberry.field(
        default=None,
        description="For a correction: the `revision` of the return that you saw. If it was corrected since, nothing is saved and "
        "the code is CHANGED_MEANWHILE. Omitted: yours replaces any.",
    )


@strawberry.input
class DeclineReturnInput(ReturnInput):
    reason: str = strawberry.field(description="The shopper reads it. At most 500 characters.")


@strawberry.input(description="Returned pieces that you have.")
class ReceivedLineInput:
    variant_id: strawberry.ID
    quantity: int
    restock: bool = strawberry.field(default=False, description="Put the pieces back into stock.")


@strawberry.input
class ReceiveReturnInput(ReturnInput):
    lines: list[ReceivedLineInput] | None = strawberry.field(
        default=None, description="What came back. If omitted, everything."
    )
    restock: bool = strawberry.field(
        default=False, description="Without lines: put everything that came back into stock."
    )


@strawberry.input
class RefundReturnInput(ReturnInput):
    shipping: Decimal | None = strawberry.field(
        default=None,
        description="How much of the delivery's price is paid back. "
        "If omitted, all of it for a withdrawal from the whole order, else nothing.",
    )
    reason: str | None = strawberry.field(default=None, description="The shopper reads it. At most 500 characters.")


@strawberry.input
class ReplaceReturnInput(ReturnInput):
    carrier: str | None = None
    tracking_number: str | None = None


@strawberry.type
class ReturnMutations:
    @mutation("Set a store's rules for returns. Its refund policy, its product pages and its return form show them.")
    async def set_return_policy(self, info: Info, input: SetReturnPolicyInput) -> StorePayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            policy = ReturnPolicy(days=input.days, reasons=input.reasons, merchant_pays=input.merchant_pays)
            return await request.send(
                SetReturnPolicy(
                    store_id=store_id, merchant_id=request.merchant_id, policy=policy, seen=input.expected_revision
                )
            )

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"store": await find_store(reading, store_id)}

        return await change(info, StorePayload, input, send, show)

    @mutation("Accept a return and tell the shopper where the goods go. Send it again to correct that.")
    async def approve_return(self, info: Info, input: ApproveReturnInput) -> OrderPayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            address = _address(input.address)
            personal = request.services.deps.personal
            return await request.send(
                ApproveReturn(
                    order_id=order_id,
                    merchant_id=request.merchant_id,
                    number=input.number,
                    instructions=check_text("instructions", input.instructions, INSTRUCTIONS_MAX) or "",
                    address=None if address is None else await personal.seal(request.merchant_id, address),
                    seen=input.expected_revision,
                )
            )

        return await _changed(info, input, order_id, send)

    @mutation("Decline a return. A withdrawal can be declined only if it is late.")
    async def decline_return(self, info: Info, input: DeclineReturnInput) -> OrderPayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            reason = check_text("reason", input.reason, REASON_MAX) or ""
            return await request.send(
                DeclineReturn(order_id=order_id, merchant_id=request.merchant_id, number=input.number, reason=reason)
            )

        return await _changed(info, input, order_id, send)

    @mutation("Record that returned goods are with you. Then refund or replace them.")
    async def receive_return(self, info: Info, input: ReceiveReturnInput) -> OrderPayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            lines = input.lines or []
            if len(lines) > LINES_MAX:
                raise InvalidInput("lines", f"lines has {len(lines)} entries. Use at most {LINES_MAX}.")
            received = [
                ReceivedPieces(
                    variant_id=as_id("variant", line.variant_id), quantity=line.quantity, restock=line.restock
                )
                for line in lines
            ]
            return await request.send(
                ReceiveReturn(
                    order_id=order_id,
                    merchant_id=request.merchant_id,
                    number=input.number,
                    lines=received,
                    restock=input.restock,
                )
            )

        return await _changed(info, input, order_id, send)

    @mutation("Pay a return back: what came back, or what is to come back. It is REFUNDED when the provider has paid.")
    async def refund_return(self, info: Info, input: RefundReturnInput) -> OrderPayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            shipping = None
            if input.shipping is not None:
                reader = info.context.deps.reader
                currency = await currency_of_payment(reader, order_id, request.scope, None)
                shipping = money("shipping", input.shipping, currency)
            return await request.send(
                RefundReturn(
                    order_id=order_id,
                    merchant_id=request.merchant_id,
                    number=input.number,
                    refund_id=request.new_id("refund"),
                    shipping=shipping,
                    reason=check_text("reason", input.reason, REASON_MAX) or "",
                )
            )

        return await _changed(info, input, order_id, send)

    @mutation(
        "Record that a carrier has new goods for returned ones. They cost the shopper nothing, and the return ends."
    )
    async def replace_return(self, info: Info, input: ReplaceReturnInput) -> OrderPayload | None:
        order_id = as_id("order", input.order_id)

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                ReplaceReturn(
                    order_id=order_id,
                    merchant_id=request.merchant_id,
                    number=input.number,
                    carrier=check_text("carrier", input.carrier, 100),
                    tracking_number=check_text("trackingNumber", input.tracking_number, 100),
                )
            )

        return await _changed(info, input, order_id, send)


def _address(text: str | None) -> str | None:
    """Return an address with one part a line; None if it is empty."""
    parts = [check_text("address", part, ADDRESS_MAX) for part in (text or "").splitlines()]
    address = "\n".join(part for part in parts if part is not None)
    if len(address) > ADDRESS_MAX:
        raise InvalidInput("address", f"address has {len(address)} characters. Use at most {ADDRESS_MAX}.")
    return address or None


async def _changed(info: Info, input: MutationInput, order_id: UUID, send: Send) -> OrderPayload:
    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        return {"order": await find_order(reading, order_id)}

    return await change(info, OrderPayload, input, send, show)
