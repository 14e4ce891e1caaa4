"""The parts of a store by field, for drafts and their comparison with the live store."""

from collections.abc import Iterable
from uuid import UUID

from domain.editing import EditField, FieldValues
from domain.store.brand import BrandIdentity
from domain.store.collection_events import CategoryDescribed, CollectionWritten
from domain.store.events import PageRemoved, PageRetitled, PageWritten, StoreEvent


def brand_values(brand: BrandIdentity) -> FieldValues:
    """Return a brand's parts."""
    return {
        EditField.NAME: brand.name,
        EditField.TAGLINE: brand.voice.tagline,
        EditField.STORY: brand.voice.story,
        EditField.TONE: list(brand.voice.tone),
        EditField.COLORS: brand.palette.model_dump(mode="json"),
        EditField.FONTS: brand.fonts.model_dump(mode="json"),
        EditField.LOGO: brand.logo.model_dump(mode="json"),
        EditField.LOOK: None if brand.look is None else brand.look.model_dump(mode="json"),
    }


def collection_values(collection: CollectionWritten) -> FieldValues:
    """Return a collection's texts."""
    return {EditField.TITLE: collection.title, EditField.TEXT: collection.text}


def category_values(described: CategoryDescribed | None) -> FieldValues:
    """Return the texts of a category's page; empty texts if the page has no own texts."""
    if described is None:
        return {EditField.TITLE: "", EditField.TEXT: ""}
    return {EditField.TITLE: described.title, EditField.TEXT: described.text}


def page_values(page_id: UUID, events: Iterable[StoreEvent]) -> FieldValues:
    """Return a page's texts after a store's events; empty if there is no such page."""
    title = content = None
    for event in events:
        match event:
            case PageWritten() if event.page_id == page_id:
                title, content = event.title, event.content
            case PageRetitled() if event.page_id == page_id:
                title = event.title
            case PageRemoved() if event.page_id == page_id:
                title = content = None
            case _:
                continue
    return {} if title is None else {EditField.TITLE: title, EditField.CONTENT: content}
