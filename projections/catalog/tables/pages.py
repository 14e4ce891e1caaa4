"""The rows and tables of content pages."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.engine.tables import Json, Table


@dataclass(slots=True)
class PageRow:
    """A content page."""

    id: UUID
    store_id: UUID
    type: str
    title: str
    slug: str
    content: str
    scores: Json
    written_by: str
    version: int
    removed: bool
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class PageVersionRow:
    """A page's text at one time; orders name the versions that they were placed under."""

    page_id: UUID
    number: int
    store_id: UUID
    type: str
    title: str
    content: str
    written_by: str
    written_at: datetime


PAGES = Table(
    "pages",
    PageRow,
    hot=("type", "title", "slug", "content", "scores", "written_by", "version", "removed", "updated_at"),
    indexes=("create index on pages (store_id, slug)",),
)
PAGE_VERSIONS = Table("page_versions", PageVersionRow, key=("page_id", "number"))
