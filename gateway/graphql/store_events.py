"""Events of a store as subscribers receive them."""

from contextlib import suppress
from typing import Self
from uuid import UUID

import strawberry

from gateway.graphql.context import ReadContext
from gateway.graphql.fields import field
from gateway.graphql.queries.nodes import find_objects
from gateway.graphql.types.history import StoreEvent
from gateway.graphql.types.node import Node
from gateway.graphql.types.order import Order
from schemas.envelope import RawEvent
from schemas.registry import UndecodableEvent, UnknownEvent

_PARTS = ("page_id", "collection_id")
"""Fields that name the changed part of a store, which has no stream of its own."""


@strawberry.type(description="An event that a subscriber receives, with what it changed.")
class FeedEvent:
    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this event.")
    event: StoreEvent
    raw: strawberry.Private[RawEvent]
    reading: strawberry.Private[ReadContext]

    @field("The object that changed, in its current state. Null if `node` finds no such object, or if it was removed.")
    async def node(self) -> Node | None:
        subject = subject_of(self.raw)
        return (await find_objects(self.reading, [subject])).get(subject)

    @field("The order that changed, in its current state. Null if the event is not about an order.")
    async def order(self) -> Order | None:
        node = await self.node()
        return node if isinstance(node, Order) else None

    @classmethod
    def of(cls, raw: RawEvent, reading: ReadContext) -> Self:
        return cls(cursor=str(raw.position), event=StoreEvent.of(raw, reading), raw=raw, reading=reading)


def subject_of(raw: RawEvent) -> UUID:
    """Return the id of the object that an event changed."""
    # An event of a newer release has no known parts.
    with suppress(UndecodableEvent, UnknownEvent):
        event = raw.decode().event
        parts = (getattr(event, name, None) for name in _PARTS)
        return next((id for id in parts if id is not None), event.originator_id)
    return raw.stream_id
