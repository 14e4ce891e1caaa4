"""Content pages."""

from datetime import datetime
from typing import Self

import strawberry

from domain.store.events import PageType
from gateway.graphql.context import ReadContext
from gateway.graphql.derived import Derived, made, of_view, resolved
from gateway.graphql.fields import field, replaced_field
from gateway.graphql.refs import StoreRef, load_store
from gateway.graphql.types.connection import Connection, sorted_connection
from gateway.graphql.types.media import as_gid
from gateway.graphql.types.node import Node
from gateway.graphql.types.product import CopyScores
from gateway.graphql.types.provenance import FieldProvenance, provenance_of_page
from gateway.graphql.types.sorts import PAGE_VERSION_PLACES, PageVersionSort
from projections.catalog.queries.stores import PAGES
from projections.catalog.views import PageVersionView, PageView
from projections.reading.paging import Window


@strawberry.type(description="The text that a page had at one time. Orders name the versions they were placed under.")
class PageVersion:
    page_id: strawberry.ID
    number: int = strawberry.field(description="1 for the first text, then upwards.")
    type: PageType
    title: str
    content: str = strawberry.field(description="Markdown.")
    written_by: str
    written_at: datetime

    @classmethod
    def of(cls, view: PageVersionView) -> Self:
        return cls(
            page_id=as_gid(view.page_id),
            number=view.number,
            type=view.type,
            title=view.title,
            content=view.content,
            written_by=view.written_by,
            written_at=view.written_at,
        )


@strawberry.type(description="A content page of a store.")
class Page(Derived, Node):
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
    version: int = strawberry.field(description="The number of this text among the page's versions.")
    view: strawberry.Private[PageView]
    reading: strawberry.Private[ReadContext]

    columns = PAGES
    sources = {
        "id": of_view("id", str),
        "store_id": of_view("store_id", str),
        "scores": of_view("scores", CopyScores.of),
        "store": resolved("store_id"),
        **dict.fromkeys(("versions", "versions_connection"), resolved("id")),
        "provenance": resolved("id", "store_id"),
    }

    @strawberry.field
    async def store(self) -> StoreRef | None:
        return await load_store(self.view.store_id, self.reading)

    @field("Where each field of the page came from: event, call, prompt, and approval.")
    async def provenance(self) -> list[FieldProvenance]:
        return await provenance_of_page(self.reading, self.view.id, self.view.store_id)

    @field("All texts that the page had, by default the newest first.")
    async def versions_connection(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        sort: PageVersionSort = PageVersionSort.NEWEST,
    ) -> Connection[PageVersion]:
        views = await self.reading.loaders.page_versions.load(self.view.id)
        window = Window(first=first, after=after, last=last, before=before)
        return sorted_connection(views, window, "page-versions", PAGE_VERSION_PLACES, sort, PageVersion.of)

    @replaced_field("versionsConnection", "All texts that the page had, the newest first.")
    async def versions(self) -> list[PageVersion]:
        views = await self.reading.loaders.page_versions.load(self.view.id)
        return [PageVersion.of(view) for view in views]

    @classmethod
    def of(cls, view: PageView, reading: ReadContext) -> Self:
        return made(cls, view, reading)
