"""The timeline of a store: its events in the log, the newest first."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Self

import strawberry

from domain.kernel import InvalidInput
from domain.numbers import whole_number
from gateway.graphql.context import ReadContext
from gateway.graphql.types.media import as_gid
from projections.catalog.views import StoreView
from projections.reading.paging import Edge, Slice, Window
from schemas.contracts.meanings import meaning_of
from schemas.envelope import RawEvent
from schemas.registry import EVENTS

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


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
    subject_kind: str = strawberry.field(description="What it is about: `store`, `product`, `media`, `order`, ...")
    subject_id: strawberry.ID

    @classmethod
    def of(cls, event: RawEvent) -> Self:
        title, meaning = described(event.type)
        return cls(
            id=as_gid(event.id),
            position=str(event.position),
            at=event.recorded_at,
            type=event.type,
            title=title,
            meaning=meaning,
            subject_kind=event.type.partition(".")[0],
            subject_id=as_gid(event.stream_id),
        )


@lru_cache(maxsize=1_000)
def described(wire_name: str) -> tuple[str, str]:
    """Return a type's title and meaning. Types of older releases have their name's words only."""
    known = EVENTS.get(wire_name)
    if known is None:
        words = wire_name.split(".")[1].replace("_", " ") if "." in wire_name else wire_name
        return words.capitalize(), ""
    title = _WORD.sub(" ", known.__name__).capitalize().replace("Api ", "API ")
    sentence, _, _ = " ".join(meaning_of(known).split()).partition(". ")
    return title, sentence.replace("``", "").rstrip(".") + "."


async def timeline(
    reading: ReadContext, store: StoreView, first: int | None, after: str | None, kinds: Sequence[str] | None
) -> Slice[RawEvent]:
    """Return a page of a store's events, the newest first.

    Raises:
        InvalidInput: the page's size or the cursor is invalid.
    """
    window = Window(first=first, after=after)
    window.check()
    before = None if after is None else whole_number(after)
    if after is not None and before is None:
        raise InvalidInput("after", f"Invalid cursor {after[:80]!r}. Use an `endCursor` that this list returned.")
    before = reading.last_before(before)
    events = await reading.deps.history.read_back(store.id, before, window.size + 1, kinds=tuple(kinds or ()))
    shown = events[: window.size]
    edges = tuple(Edge(lambda event=event: str(event.position), event) for event in shown)  # type: ignore[misc]
    return Slice(edges=edges, has_next=len(events) > len(shown), has_previous=after is not None)
