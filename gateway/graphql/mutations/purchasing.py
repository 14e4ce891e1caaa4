"""Mutations of buying an order's goods."""

from collections.abc import Callable
from uuid import UUID

import strawberry

from commands.checkout import LINES_MAX
from commands.ports import Receipt
from commands.purchasing import (
    BuyAnyway,
    CheckSupplierAgain,
    PlaceSupplierOrder,
    RefundHeldOrder,
    SetSupplierOrdering,
    SubstituteLines,
    Substitution,
)
from domain.kernel import InvalidInput
from gateway.api.command_request import CommandRequest
from gateway.api.validation import as_id, check_text
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import MutationInput, StoreEditInput
from gateway.graphql.mutations.payloads import OrderPayload, StorePayload, change
from gateway.graphql.mutations.refunds import REASON_MAX
from gateway.graphql.queries.root import find_order, find_store


@strawberry.input
class PurchaseInput(MutationInput):
    order_id: strawberry.ID


@strawberry.input(description="Other goods of the same store for a line of a held order.")
class SubstitutionInput:
    variant_id: strawberry.ID = strawberry.field(description="The line's variant.")
    product_id: strawberry.ID = strawberry.field(description="The product that is sent.")
    substitute_id: strawberry.ID = strawberry.field(description="Its variant.")


@strawberry.input
class SubstituteLinesInput(PurchaseInput):
    lines: list[SubstitutionInput] = strawberry.field(description="Lines that stay as they are can be omitted.")


@strawberry.input
class RefundHeldOrderInput(PurchaseInput):
    reason: str | None = strawberry.field(default=None, description="The shopper reads it. At most 500 characters.")


@strawberry.input
class SetSupplierOrderingInput(StoreEditInput):
    enabled: bool = strawberry.field(
        description="Whether every paid order that loses no money is placed at its suppliers without asking."
    )


@strawberry.type
class PurchaseMutations:
    @mutation("Decide whether paid orders are placed at suppliers without asking. Off until you switch it on.")
    async def set_supplier_ordering(self, info: Info, input: SetSupplierOrderingInput) -> StorePayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                SetSupplierOrdering(
                    store_id=store_id,
                    merchant_id=request.merchant_id,
                    enabled=input.enabled,
                    seen=input.expected_revision,
                )
            )

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"store": await find_store(reading, store_id)}

        return await change(info, StorePayload, input, send, show)

    @mutation("Have the supplier asked once more about a held order.")
    async def check_supplier_again(self, info: Info, input: PurchaseInput) -> OrderPayload | None:
        return await _decided(
            info,
            input,
            lambda request, order_id: CheckSupplierAgain(order_id=order_id, merchant_id=request.merchant_id),
        )

    @mutation("Buy a held order although it loses money, or although the supplier's answer is unknown.")
    async def buy_anyway(self, info: Info, input: PurchaseInput) -> OrderPayload | None:
        return await _decided(
            info, input, lambda request, order_id: BuyAnyway(order_id=order_id, merchant_id=request.merchant_id)
        )

    @mutation(
        "Send other goods for lines of a held order. You bear the difference, and the shopper gets a mail. Suppliers are asked "
        "about these goods before anything is bought, and the order is held again if they cannot be had."
    )
    async def substitute_lines(self, info: Info, input: SubstituteLinesInput) -> OrderPayload | None:
        def command(request: CommandRequest, order_id: UUID) -> SubstituteLines:
            if len(input.lines) > LINES_MAX:
                raise InvalidInput("lines", f"lines has {len(input.lines)} entries. Use at most {LINES_MAX}.")
            lines = [
                Substitution(
                    variant_id=as_id("variant", line.variant_id),
                    product_id=as_id("product", line.product_id),
                    substitute_id=as_id("variant", line.substitute_id),
                )
                for line in input.lines
            ]
            return SubstituteLines(order_id=order_id, merchant_id=request.merchant_id, lines=lines)

        return await _decided(info, input, command)

    @mutation("Pay a held order back: it is cancelled, or what was not sent is refunded.")
    async def refund_held_order(self, info: Info, input: RefundHeldOrderInput) -> OrderPayload | None:
        def command(request: CommandRequest, order_id: UUID) -> RefundHeldOrder:
            return RefundHeldOrder(
                order_id=order_id,
                merchant_id=request.merchant_id,
                refund_id=request.new_id("refund"),
                reason=check_text("reason", input.reason, REASON_MAX) or "",
            )

        return await _decided(info, input, command)

    @mutation("Place an order at its suppliers by hand, or try those again that failed. A second try never buys twice.")
    async def place_supplier_order(self, info: Info, input: PurchaseInput) -> OrderPayload | None:
        return await _decided(
            info,
            input,
            lambda request, order_id: PlaceSupplierOrder(order_id=order_id, merchant_id=request.merchant_id),
        )


async def _decided(info: Info, input: PurchaseInput, command: Callable[[CommandRequest, UUID], object]) -> OrderPayload:
    order_id = as_id("order", input.order_id)

    async def send(request: CommandRequest) -> Receipt:
        return await request.send(command(request, order_id))

    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        return {"order": await find_order(reading, order_id)}

    return await change(info, OrderPayload, input, send, show)
