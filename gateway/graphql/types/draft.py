"""Drafts: proposals beside the live store, field by field."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from domain.draft.aggregate import DRAFT, DraftStatus
from domain.draft.aggregate import Draft as DraftState
from domain.draft.events import TargetKind
from domain.draft.live import live_values
from domain.editing import EditField, FieldValues, fingerprints
from domain.kernel import DomainEvent
from gateway.graphql.context import ReadContext
from gateway.graphql.fields import field
from gateway.graphql.types.media import MediaAsset, as_gid
from gateway.graphql.types.node import Node
from gateway.graphql.types.usage import OutsideCall, dollars
from projections.catalog import queries as catalog_queries
from projections.jobs.drafts import DraftView


@strawberry.type(description="A proposed value of one field, beside the live one.")
class DraftChange:
    field: EditField
    before: JSON | None = strawberry.field(description="The live value now. Null if the field has none.")
    base: JSON | None = strawberry.field(description="The live value when the draft was made.")
    proposed: JSON | None
    out_of_date: bool = strawberry.field(
        description="Whether the live value was changed after the draft was made. Such a field cannot be accepted."
    )
    accepted: bool


@strawberry.type(description="A proposal beside the live store. Nothing changes until you accept it.")
class Draft(Node):
    id: strawberry.ID
    store_id: strawberry.ID
    target_kind: TargetKind
    target_id: strawberry.ID = strawberry.field(
        description="Of the store for a brand, else of the thing itself. A category has an id for drafts only."
    )
    status: DraftStatus
    fields: list[EditField] = strawberry.field(description="The fields that may change. Empty for all.")
    hint: str | None
    written_by: str | None = strawberry.field(description="`house` or a model's name. Null until it is made.")
    cost_usd: str | None = strawberry.field(description="In US dollars, such as `0.001130`. Null if it is not known.")
    note: str | None = strawberry.field(description="What became of the hint, or why there is no proposal.")
    created_at: datetime
    updated_at: datetime
    view: strawberry.Private[DraftView]
    reading: strawberry.Private[ReadContext]
    live_values: strawberry.Private[list[FieldValues]]
    """Of the target, once they are read."""

    @field("The proposed values, field by field, each with the live value and the value that the draft was made from.")
    async def changes(self) -> list[DraftChange]:
        if not self.view.changes:
            return []
        draft = await self._state()
        if draft is None:
            return []
        live = await self._live(draft)
        stale = draft.out_of_date(fingerprints(live))
        return [
            DraftChange(
                field=change.field,
                before=live.get(change.field),  # type: ignore[arg-type]
                base=change.base,  # type: ignore[arg-type]
                proposed=change.proposed,  # type: ignore[arg-type]
                out_of_date=change.field in stale,
                accepted=change.field in self.view.accepted,
            )
            for change in self.view.changes
        ]

    @field(
        "The name of the thing that it would change, as it is now. Null for a picture, and for what is archived or removed."
    )
    async def target_name(self) -> str | None:
        draft = await self._state()
        live = {} if draft is None else await self._live(draft)
        name = live.get(EditField.NAME) or live.get(EditField.TITLE)
        if draft is not None and draft.target.category and live:
            name = name or draft.target.category.replace("-", " ").capitalize()
        return str(name) if name else None

    @field("Of a draft of a category's page: the category's own slug. Null for other drafts.")
    async def category(self) -> str | None:
        if self.view.target_kind is not TargetKind.CATEGORY:
            return None
        draft = await self._state()
        return None if draft is None else draft.target.category

    async def _live(self, draft: DraftState) -> FieldValues:
        if not self.live_values:
            self.live_values.append(await live_values(draft.target, draft.store_id, self._events))
        return self.live_values[0]

    async def _state(self) -> DraftState | None:
        return DRAFT.fold(await self._events(self.view.id))

    async def _events(self, stream: UUID) -> list[DomainEvent]:
        return [envelope.event for envelope in await self.reading.loaders.stream.load(stream)]

    @field(
        "The live image and the proposed one, of a draft of an image; else empty. The proposed one shows no product."
    )
    async def images(self) -> list[MediaAsset]:
        pictures = [change.proposed for change in self.view.changes if change.field is EditField.PICTURE]
        if self.view.target_kind is not TargetKind.IMAGE:
            return []
        ids = [self.view.target_id, *(UUID(str(one["picture_id"])) for one in pictures if isinstance(one, dict))]
        found = await catalog_queries.media_by_ids(self.reading.db, ids, scope=self.reading.scope)
        return [MediaAsset.of(found[id], self.reading) for id in ids if id in found]

    @field("The recorded call whose answer is the proposal, with its prompt and model. Null until the draft is made.")
    async def call(self) -> OutsideCall | None:
        if self.view.call_id is None:
            return None
        view = await self.reading.loaders.call.load(self.view.call_id)
        return None if view is None else OutsideCall.of(view)

    @classmethod
    def of(cls, view: DraftView, reading: ReadContext) -> Self:
        return cls(
            id=as_gid(view.id),
            store_id=as_gid(view.store_id),
            target_kind=view.target_kind,
            target_id=as_gid(view.target_id),
            status=view.status,
            fields=list(view.wanted),
            hint=view.hint,
            written_by=view.written_by,
            cost_usd=None if view.cost is None else dollars(view.cost),
            note=view.note,
            created_at=view.created_at,
            updated_at=view.updated_at,
            view=view,
            reading=reading,
            live_values=[],
        )
