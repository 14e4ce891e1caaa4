"""A store's pages: their state, and how events change it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from domain.editing import fingerprint
from domain.store.collections import BY_MERCHANT
from domain.store.events import PageRemoved, PageRetitled, PageType, PageWritten
from domain.store.legal_text import NAMES_BUSINESS, has_blanks

LEGAL_PAGES = (PageType.TERMS_OF_SERVICE, PageType.REFUND_POLICY, PageType.PRIVACY_POLICY)
"""The pages that an order is placed under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRef:
    """The parts of a page that the store's decisions need."""

    type: PageType
    title: str
    slug: str
    by_merchant: bool = False
    """Whether the merchant wrote it; agents do not overwrite such a page."""
    content: str = ""
    """The fingerprint of its text."""
    number: int = 1
    """How often its text or title was written; the number of its present version."""
    has_blanks: bool = False
    """Whether an earlier release left blanks in it for the merchant."""
    names_business: bool = False
    """Whether it has a placeholder for the trader's details."""


def with_event(
    pages: Mapping[UUID, PageRef], removed: Mapping[UUID, PageRef], event: PageWritten | PageRetitled | PageRemoved
) -> tuple[Mapping[UUID, PageRef], Mapping[UUID, PageRef]]:
    """Return the pages and the removed pages after an event."""
    match event:
        case PageRemoved():
            left = {id: page for id, page in pages.items() if id != event.page_id}
            return left, {**removed, event.page_id: pages[event.page_id]}
        case PageWritten():
            former = pages.get(event.page_id) or removed.get(event.page_id)
            page = PageRef(
                type=event.type,
                title=event.title,
                slug=event.slug,
                by_merchant=event.written_by == BY_MERCHANT,
                content=fingerprint(event.content),
                number=1 if former is None else former.number + 1,
                has_blanks=has_blanks(event.content),
                names_business=NAMES_BUSINESS in event.content,
            )
        case PageRetitled():
            former = pages[event.page_id]
            page = replace(former, title=event.title, by_merchant=True, number=former.number + 1)
    return {**pages, event.page_id: page}, removed
