"""Commands for a store's pages, from its merchant and its agents."""

import asyncio
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

from commands.access import store_of_merchant
from commands.ports import UnboundHandlers, Work
from commands.slugs import free_slug
from domain.generation.aggregate import GENERATION
from domain.generation.events import Step
from domain.ids import derived
from domain.kernel import Clock, InvalidInput
from domain.store.aggregate import STORE, Store
from domain.store.collections import BY_MERCHANT
from domain.store.events import CopyScores, PageType
from domain.store.page_writing import edit_page as decide_edit
from domain.store.page_writing import remove_page as decide_removal
from domain.store.page_writing import write_page
from domain.store.ports import PageDraft, TextMeasure
from domain.store.slugs import slugify
from domain.text import clean_title


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePages:
    """Record the content pages of a store."""

    generation_id: UUID
    attempt: int
    pages: list[PageDraft]


async def write_pages(command: WritePages, work: Work, *, clock: Clock) -> None:
    """Append a ``PageWritten`` for each page and the end of the pages step. No-op if the step ended.

    A page of an existing type is rewritten under its id and address, unless the merchant wrote it or shoppers know it.

    Raises:
        InvalidInput: there are no pages, or one has no title.
        GenerationEnded, StepNotRunning, StoreNotReady: too late; retrying cannot help.
    """
    if not command.pages:
        raise InvalidInput("pages", "There are no pages to write.")
    at = clock.now()
    generation = await work.get(GENERATION, command.generation_id)
    store = await work.get(STORE, generation.store_id)
    own = {page.type for page in store.pages.values() if page.by_merchant or store.was_published}
    own |= {page.type for page in store.removed_pages.values()}
    own -= {PageType.CUSTOM}
    drafts = [draft for draft in command.pages if draft.type not in own]
    summary = f"{len(drafts)} {'page' if len(drafts) == 1 else 'pages'} written"
    if len(drafts) < len(command.pages):
        how = "as shoppers know them" if store.was_published else "in your own words"
        summary += f", {len(command.pages) - len(drafts)} left {how}"
    ended = generation.succeed_step(Step.PAGES, command.attempt, summary=summary, at=at)
    if not ended:
        return
    for draft in drafts:
        page_id, slug = _place_of(draft, store)
        events = write_page(
            store,
            page_id,
            draft.model_copy(update={"slug": slug}),
            at=at,
        )
        store = work.append(STORE, store.id, events, tenant=store.id)
    work.append(GENERATION, generation.id, ended, tenant=store.id)


def _place_of(draft: PageDraft, store: Store) -> tuple[UUID, str]:
    for id, page in store.pages.items():
        if page.type is draft.type and draft.type is not PageType.CUSTOM:
            return id, page.slug
    slug = free_slug(draft.slug, (page.slug for page in store.pages.values()))
    return derived(store.id, "page", slug), slug


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPage:
    """Add a page that the merchant wrote."""

    store_id: UUID
    merchant_id: UUID
    page_id: UUID
    title: str
    content: str
    """Markdown."""


async def add_page(command: AddPage, work: Work, *, clock: Clock, measure: TextMeasure) -> dict[str, str]:
    """Append ``PageWritten`` under an address made from the title.

    Raises:
        InvalidInput: the title is invalid, the content empty, or the id taken.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    if command.page_id in store.pages:
        raise InvalidInput("id", f"The id {command.page_id} is taken. Use a new id.")
    if not command.content.strip():
        raise InvalidInput("content", "The page has no text. Write some.")
    title = clean_title(command.title)
    slug = free_slug(slugify(title, fallback="page"), (page.slug for page in store.pages.values()))
    events = write_page(
        store,
        command.page_id,
        PageDraft(
            type=PageType.CUSTOM,
            title=title,
            slug=slug,
            content=command.content,
            scores=await asyncio.to_thread(measure, command.content),
            written_by=BY_MERCHANT,
        ),
        at=clock.now(),
    )
    work.append(STORE, store.id, events, tenant=store.id)
    return {"page_id": str(command.page_id), "slug": slug}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPage:
    """Change a page; None leaves a part as it is, and the address stays."""

    store_id: UUID
    merchant_id: UUID
    page_id: UUID
    title: str | None
    """None if the title stays."""
    content: str | None
    """Markdown; None if the text stays."""
    # Left out of the digest while unset: repeats of older commands keep their digest.
    expected_version: Annotated[int | None, Field(exclude_if=lambda version: version is None)] = None
    """The number of the version that the editor saw; None to overwrite any."""


async def edit_page(command: EditPage, work: Work, *, clock: Clock, measure: TextMeasure) -> None:
    """Append ``PageWritten``, or ``PageRetitled`` if only the title changes.

    Raises:
        InvalidInput: the title is invalid, or the content empty.
        NotFound, PageNotFound: no store or page has the id, or it is another merchant's.
        PageChanged: the page has another version than the editor saw.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    events = decide_edit(
        store,
        command.page_id,
        expected=command.expected_version,
        title=command.title,
        content=command.content,
        scores=CopyScores() if command.content is None else await asyncio.to_thread(measure, command.content),
        at=clock.now(),
    )
    work.append(STORE, store.id, events, tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePage:
    """Drop a page."""

    store_id: UUID
    merchant_id: UUID
    page_id: UUID


async def remove_page(command: RemovePage, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``PageRemoved``.

    Raises:
        InvalidInput: the law asks for the page.
        NotFound, PageNotFound: no store or page has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    work.append(STORE, store.id, decide_removal(store, command.page_id, at=clock.now()), tenant=store.id)
    return {"store_id": str(store.id)}


HANDLERS: UnboundHandlers = {
    WritePages: write_pages,
    AddPage: add_page,
    EditPage: edit_page,
    RemovePage: remove_page,
}
"""Each command and its handler."""
