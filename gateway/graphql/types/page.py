"""Content pages."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from domain.store.events import PageType
from gateway.graphql.context import Reading
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.product import CopyScores
from projections.catalog.views import PageView

if TYPE_CHECKING:
    from gateway.graphql.types.store import Store


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
    reading: strawberry.Private[Reading]

    @strawberry.field
    async def store(self) -> Annotated["Store", strawberry.lazy("gateway.graphql.types.store")] | None:
        from gateway.graphql.types.store import Store  # noqa: PLC0415 - the two types refer to each other

        view = await self.reading.loaders.store.load(self.view.store_id)
        return None if view is None else Store.of(view, self.reading)

    @classmethod
    def of(cls, view: PageView, reading: Reading) -> Self:
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
