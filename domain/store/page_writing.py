"""Decisions about a store's pages: write, edit, drop."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.kernel import InvalidInput, next_header
from domain.store.aggregate import Store
from domain.store.collections import BY_MERCHANT
from domain.store.errors import PageChanged, PageNotFound
from domain.store.events import CopyScores, PageRemoved, PageRetitled, PageWritten, StoreEvent
from domain.store.pages import LEGAL_PAGES
from domain.store.ports import PageDraft
from domain.text import clean_title

CONTENT_MAX = 100_000
"""Most characters of a page."""


def write_page(store: Store, page_id: UUID, draft: PageDraft, *, at: datetime) -> Sequence[StoreEvent]:
    """Write a page, or rewrite it under the same id.

    Raises:
        InvalidInput: the title is empty, the text is too long, or another page has the slug.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("edited")
    if not draft.title.strip():
        raise InvalidInput("title", "The page has no title. Give it one.")
    if len(draft.content) > CONTENT_MAX:
        raise InvalidInput("content", f"content has {len(draft.content)} characters. Use at most {CONTENT_MAX}.")
    if any(page.slug == draft.slug for id, page in store.pages.items() if id != page_id):
        raise InvalidInput("slug", f"Another page of this store has the address {draft.slug!r}. Choose another one.")
    return (
        PageWritten(
            **next_header(store, at),
            page_id=page_id,
            type=draft.type,
            title=draft.title.strip(),
            slug=draft.slug,
            content=draft.content,
            scores=draft.scores,
            written_by=draft.written_by,
        ),
    )


def edit_page(
    store: Store,
    page_id: UUID,
    *,
    title: str | None,
    content: str | None,
    scores: CopyScores,
    at: datetime,
    expected: int | None = None,
) -> Sequence[StoreEvent]:
    """Apply the merchant's edit of a page; None leaves a part as it is. A new title keeps the text and its author.

    Args:
        store: the store.
        page_id: the page.
        title: its new title.
        content: its new text.
        scores: how the new text measures.
        at: the time.
        expected: the number of the version that the editor saw; None accepts any.

    Raises:
        InvalidInput: the title is invalid, or the content empty.
        PageChanged: the page has another version.
        PageNotFound: the store has no such page.
        StoreNotReady: the store is archived.
    """
    page = store.pages.get(page_id)
    if page is None:
        raise PageNotFound(page_id)
    store.refuse_archived("edited")
    if expected is not None and expected != page.number:
        raise PageChanged(page.title, expected=expected, present=page.number)
    title = page.title if title is None else clean_title(title)
    if content is None:
        return () if title == page.title else (PageRetitled(**next_header(store, at), page_id=page_id, title=title),)
    if not content.strip():
        raise InvalidInput("content", "The page has no text. Write some, or remove the page (removePage).")
    return write_page(
        store,
        page_id,
        PageDraft(
            type=page.type,
            title=title,
            slug=page.slug,
            content=content,
            scores=scores,
            written_by=BY_MERCHANT,
        ),
        at=at,
    )


def remove_page(store: Store, page_id: UUID, *, at: datetime) -> Sequence[StoreEvent]:
    """Drop a page.

    Raises:
        InvalidInput: the law asks for the page.
        PageNotFound: the store has no such page.
        StoreNotReady: the store is archived.
    """
    page = store.pages.get(page_id)
    if page is None:
        raise PageNotFound(page_id)
    store.refuse_archived("edited")
    if page.type in LEGAL_PAGES:
        raise InvalidInput("pageId", f"“{page.title}” is a legal page, which a store must have. Edit it (editPage).")
    return (PageRemoved(**next_header(store, at), page_id=page_id),)
