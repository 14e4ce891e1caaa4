"""The timeline of a store: its events in the log, the newest first."""

from datetime import datetime
from functools import cache
from typing import Self
from uuid import UUID

import strawberry

from domain.kernel import InvalidInput
from domain.numbers import whole_number
from domain.team.actors import Actor
from gateway.api.event_words import EventSource, name_in, order_of_mail, title_and_message, words_of
from gateway.api.validation import check_length
from gateway.graphql.context import ReadContext
from gateway.graphql.fields import field
from gateway.graphql.types.filters import StoreEventFilter
from gateway.graphql.types.media import as_gid
from projections.catalog.views import StoreView
from projections.reading.paging import Edge, Slice, Window
from schemas.envelope import RawEvent
from schemas.registry import EVENTS

PROGRESS = ("generation.step_progressed.v1",)
KINDS_MOST, KIND_MAX = 50, 50
"""Limits of a filter by kind: entries, and characters of each."""


@strawberry.type(description="An event in a store's history.")
class StoreEvent:
    id: strawberry.ID
    position: str = strawberry.field(
        description="Its position in the log. Pass it to `asOf` to see the store as it was."
    )
    at: datetime
    type: str = strawberry.field(description="Its wire name, such as `product.price_changed.v1`.")
    title: str = strawberry.field(description="What happened, in a few words.")
    meaning: str = strawberry.field(description="What such an event means, in a sentence.")
    message: str = strawberry.field(description="What happened this time, in a sentence without personal data.")
    by: EventSource = strawberry.field(description="Who caused it.")
    person_id: strawberry.ID | None = strawberry.field(description="Null if no person's request caused it.")
    subject_kind: str = strawberry.field(description="What it is about: `store`, `product`, `media`, `order`, ...")
    subject_id: strawberry.ID
    raw: strawberry.Private[RawEvent]
    reading: strawberry.Private[ReadContext]

    @field(
        "The person's name, or else their address. Null if no person's request caused it, after they deleted their "
        "account, and for everyone but the owner of the store."
    )
    async def person(self) -> str | None:
        if self.person_id is None or self.raw.tenant in self.reading.visitor.roles:
            return None
        return await self.reading.loaders.person.load(UUID(self.person_id))

    @field(
        "The name of what it is about: the title of a product, of a photo's product or of a page, the number of an order, "
        "the code of a discount, a domain, the kind of a mail. Null for what has none."
    )
    async def subject_name(self) -> str | None:
        return await subject_name_of(self.raw, self.reading)

    @classmethod
    def of(cls, event: RawEvent, reading: ReadContext) -> Self:
        words, (title, message) = words_of(event.type), title_and_message(event)
        actor = None if event.actor is None else Actor.parse(event.actor)
        return cls(
            id=as_gid(event.id),
            position=str(event.position),
            at=event.recorded_at,
            type=event.type,
            title=title,
            meaning=words.message,
            message=message,
            by=words.by if actor is None else EventSource.PERSON,
            person_id=None if actor is None else as_gid(actor.person_id),
            subject_kind=event.type.partition(".")[0],
            subject_id=as_gid(event.stream_id),
            raw=event,
            reading=reading,
        )


async def subject_name_of(event: RawEvent, reading: ReadContext) -> str | None:
    """Return what people call the subject of an event. A mail about an order has the order's number too."""
    names = reading.loaders.subject_name
    name, order_id = name_in(event), order_of_mail(event)
    if name is None:
        return await names.load((event.type.partition(".")[0], event.stream_id))
    number = None if order_id is None else await names.load(("order", order_id))
    return name if number is None else f"{name}, {number}"


@cache
def _quiet() -> tuple[str, ...]:
    return tuple(wire_name for wire_name in EVENTS if words_of(wire_name).quiet)


async def timeline(
    reading: ReadContext, store: StoreView, first: int | None, after: str | None, filter: StoreEventFilter | None
) -> Slice[RawEvent]:
    """Return a page of a store's events, the newest first.

    Raises:
        InvalidInput: the page's size or the cursor is invalid.
    """
    window = Window(first=first, after=after)
    window.check()
    wanted = filter or StoreEventFilter()
    kinds = tuple(wanted.subject_kinds or ())
    if len(kinds) > KINDS_MOST:
        raise InvalidInput("subjectKinds", f"subjectKinds has {len(kinds)} entries. Use at most {KINDS_MOST}.")
    for kind in kinds:
        check_length("subjectKinds", kind, KIND_MAX)
    before = None if after is None else whole_number(after)
    if after is not None and before is None:
        raise InvalidInput("after", f"Invalid cursor {after[:80]!r}. Use an `endCursor` that this list returned.")
    before = reading.last_before(before)
    events = await reading.deps.history.read_back(
        store.id,
        before,
        window.size + 1,
        kinds=kinds,
        without=_quiet() if wanted.highlights else (),
        newest_of=PROGRESS if wanted.highlights else (),
        until=reading.position,
    )
    shown = events[: window.size]
    edges = tuple(Edge(lambda event=event: str(event.position), event) for event in shown)  # type: ignore[misc]
    return Slice(edges=edges, has_next=len(events) > len(shown), has_previous=after is not None)
