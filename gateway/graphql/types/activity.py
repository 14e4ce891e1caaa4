"""The audit trail: what people did, from the log."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Self
from uuid import UUID

import strawberry

from domain.kernel import InvalidInput
from domain.numbers import whole_number
from domain.team.actors import Actor, Means
from gateway.api.event_words import EventSource, title_and_message, words_of
from gateway.graphql.context import ReadContext
from gateway.graphql.fields import field
from gateway.graphql.types.history import subject_name_of
from gateway.graphql.types.media import as_gid
from projections.reading.paging import Edge, Slice, Window
from schemas.envelope import RawEvent


@strawberry.type(description="What a person did in a store or to their account, by which session or API key.")
class Activity:
    id: strawberry.ID
    position: str = strawberry.field(description="Its position in the log.")
    at: datetime
    type: str = strawberry.field(description="Wire name of the event, such as `product.price_changed.v1`.")
    title: str = strawberry.field(description="What happened, in a few words.")
    message: str = strawberry.field(description="What happened this time, in a sentence without personal data.")
    subject_kind: str = strawberry.field(description="What it is about: `store`, `product`, `order`, ...")
    subject_id: strawberry.ID
    request_id: strawberry.ID | None = strawberry.field(description="Equal for all events of one request.")
    by: EventSource = strawberry.field(description="Who caused it.")
    person_id: strawberry.ID | None = strawberry.field(description="Null if no person's request did it.")
    means: Means | None = strawberry.field(description="What the person used.")
    means_id: strawberry.ID | None = strawberry.field(description="Id of the session or API key.")
    raw: strawberry.Private[RawEvent]
    reading: strawberry.Private[ReadContext]

    @field("The person's name, or else their address. Null after they deleted their account.")
    async def person(self) -> str | None:
        return None if self.person_id is None else await self.reading.loaders.person.load(UUID(self.person_id))

    @field(
        "The name of what it is about: the title of a product, of a photo's product or of a page, the number of an order, "
        "the code of a discount, a domain, the kind of a mail. Null for what has none."
    )
    async def subject_name(self) -> str | None:
        return await subject_name_of(self.raw, self.reading)

    @classmethod
    def of(cls, event: RawEvent, reading: ReadContext) -> Self:
        actor = None if event.actor is None else Actor.parse(event.actor)
        title, message = title_and_message(event)
        return cls(
            id=as_gid(event.id),
            position=str(event.position),
            at=event.recorded_at,
            type=event.type,
            title=title,
            message=message,
            subject_kind=event.type.partition(".")[0],
            subject_id=as_gid(event.stream_id),
            request_id=None if event.command_id is None else as_gid(event.command_id),
            by=words_of(event.type).by if actor is None else EventSource.PERSON,
            person_id=None if actor is None else as_gid(actor.person_id),
            means=None if actor is None else actor.means,
            means_id=None if actor is None or actor.means_id is None else as_gid(actor.means_id),
            raw=event,
            reading=reading,
        )


async def activity_of_store(
    reading: ReadContext, store_id: UUID, first: int | None, after: str | None
) -> Slice[RawEvent]:
    """Return a page of what people did in a store, the newest first.

    Raises:
        InvalidInput: the page's size or the cursor is invalid.
    """
    window, before = _page(first, after, reading)
    return _slice(await reading.deps.history.read_people(store_id, before, window.size + 1), window)


async def activity_of_account(
    reading: ReadContext, person_id: UUID, first: int | None, after: str | None
) -> Slice[RawEvent]:
    """Return a page of everything that happened to an account, the newest first.

    Raises:
        InvalidInput: the page's size or the cursor is invalid.
    """
    window, before = _page(first, after, reading)
    return _slice(await reading.deps.history.read_back(person_id, before, window.size + 1), window)


def _page(first: int | None, after: str | None, reading: ReadContext) -> tuple[Window, int | None]:
    window = Window(first=first, after=after)
    window.check()
    before = None if after is None else whole_number(after)
    if after is not None and before is None:
        raise InvalidInput("after", f"Invalid cursor {after[:80]!r}. Use an `endCursor` that this list returned.")
    return window, reading.last_before(before)


def _slice(events: Sequence[RawEvent], window: Window) -> Slice[RawEvent]:
    shown = events[: window.size]
    edges = tuple(Edge(partial(str, event.position), event) for event in shown)
    return Slice(edges=edges, has_next=len(events) > len(shown), has_previous=window.after is not None)
