"""Content pages."""

from datetime import datetime
from typing import Self

import strawberry

from domain.store.events import PageType
from gateway.graphql.context import ReadContext
from gateway.graphql.refs import StoreRef, load_store
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.product import CopyScores
from projections.catalog.views import PageView


@strawberry.type(description="A content page of a store.")
class Page:
    id: strawberry.ID
    store_id: strawberry.ID
    type: PageType
    title: str
    slug: str
    content: str = strawberry.field(description="Markdown.")
    scores: CopyScores
    written_by: str = strawberry.field(
        description="Who wrote it: `house` for the built-in writer, the name of a language model, or `merchant`."
    )
    created_at: datetime
    updated_at: datetime
    view: strawberry.Private[PageView]
    reading: strawberry.Private[ReadContext]

    @strawberry.field
    async def store(self) -> StoreRef | None:
        return await load_store(self.view.store_id, self.reading)

    @classmethod
    def of(cls, view: PageView, reading: ReadContext) -> Self:
        return cls(
            id=as_gid(view.id),
            store_id=as_gid(view.store_id),
            type=view.type,
            title=view.title,
            slug=view.slug,
            content=view.content,
            scores=CopyScores.of(view.scores),
            written_by=view.written_by,
            created_at=view.created_at,
            updated_at=view.updated_at,
            view=view,
            reading=reading,
        )
