"""Returns of an order, and a store's rules for them."""

from datetime import date, datetime
from typing import Self

import strawberry

from domain.editing import revision_of
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from domain.order.returns import return_parts
from domain.store.return_policy import ReturnPolicy as Policy
from gateway.graphql.context import ReadContext
from gateway.graphql.fields import field
from gateway.graphql.types.media import as_gid
from projections.sales.views import ReturnView


@strawberry.type(description="A store's rules for returns.")
class ReturnPolicy:
    days: int = strawberry.field(
        description="Calendar days after the delivery in which a shopper can ask for a return. At least the law's 14."
    )
    reasons: list[str] = strawberry.field(description="What a shopper can choose.")
    merchant_pays: bool = strawberry.field(
        description="Whether you pay for sending goods back that are as ordered. You always pay for faulty ones."
    )
    is_default: bool = strawberry.field(description="Whether you set no rules. Then those of the law hold.")

    @classmethod
    def of(cls, policy: Policy | None) -> Self:
        known = policy or Policy()
        return cls(days=known.days, reasons=known.reasons, merchant_pays=known.merchant_pays, is_default=policy is None)


@strawberry.type(description="Pieces of one line that come back.")
class ReturnLine:
    variant_id: strawberry.ID
    quantity: int


@strawberry.type(description="Returned pieces that you have.")
class ReceivedLine:
    variant_id: strawberry.ID
    quantity: int
    restock: bool = strawberry.field(description="Whether the pieces went back into stock.")


@strawberry.type(description="Goods of an order that come back. A withdrawal is a return with the law's own period.")
class Return:
    number: int = strawberry.field(description="1 for the order's first return. Withdrawals count.")
    kind: ReturnKind
    status: ReturnStatus
    lines: list[ReturnLine]
    reason: str = strawberry.field(description="What the shopper chose. Empty for a withdrawal.")
    deadline: date | None = strawberry.field(
        description="The last day of the period when the return was asked for. Null if the delivery was unknown."
    )
    late: bool = strawberry.field(description="Whether a withdrawal came after the deadline. You may decline it then.")
    instructions: str
    decline_reason: str | None
    received: list[ReceivedLine] = strawberry.field(description="What came back. Empty until you receive it.")
    refund_id: strawberry.ID | None = strawberry.field(description="The return's latest refund. Null if it has none.")
    carrier: str | None = strawberry.field(description="The carrier of the replacement.")
    tracking_number: str | None = strawberry.field(description="The tracking number of the replacement.")
    revision: str = strawberry.field(
        description="What an editor saw of instructions and address: send it as `expectedRevision` with a correction."
    )
    requested_at: datetime
    decided_at: datetime | None
    received_at: datetime | None
    replaced_at: datetime | None
    view: strawberry.Private[ReturnView]
    reading: strawberry.Private[ReadContext]

    @field("The shopper's own words. Null if there are none, or after the shopper's personal data was erased.")
    async def note(self) -> str | None:
        return await self._opened("note")

    @field("Where the goods go. Null if that is the address of the business.")
    async def address(self) -> str | None:
        return await self._opened("address")

    async def _opened(self, name: str) -> str | None:
        sealed = getattr(self.view, name)
        if sealed is None:
            return None
        (value,) = await self.reading.loaders.personal.load_many([sealed])
        return value

    @classmethod
    def of(cls, view: ReturnView, reading: ReadContext) -> Self:
        return cls(
            number=view.number,
            kind=view.kind,
            status=view.status,
            lines=[ReturnLine(variant_id=as_gid(line.variant_id), quantity=line.quantity) for line in view.lines],
            reason=view.reason,
            deadline=view.deadline,
            late=view.is_late,
            instructions=view.instructions,
            decline_reason=view.decline_reason,
            received=[
                ReceivedLine(variant_id=as_gid(line.variant_id), quantity=line.quantity, restock=line.restock)
                for line in view.received
            ],
            refund_id=None if view.refund_id is None else as_gid(view.refund_id),
            carrier=view.carrier,
            tracking_number=view.tracking_number,
            revision=revision_of(return_parts(view.instructions, view.address)),
            requested_at=view.requested_at,
            decided_at=view.decided_at,
            received_at=view.received_at,
            replaced_at=view.replaced_at,
            view=view,
            reading=reading,
        )
