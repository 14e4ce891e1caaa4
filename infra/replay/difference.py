"""What a generation made, as fields with values: their digest, and the difference between two runs."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.kernel import DomainEvent
from domain.media.events import ImageProcessed, ImageProcessingRequested, ImageRejected
from domain.product.events import ProductArchived, ProductCopyWritten, ProductImported, ProductMetaWritten
from domain.store.collection_events import CategoryDescribed
from domain.store.events import BrandGenerated, PageWritten

Fields = Mapping[str, Any]
"""Values by place: ``brand.name``, ``product:<id>.title``, ``page:FAQ.content``. Values are JSON."""

_HEADER = {"originator_id", "originator_version", "occurred_at"}
_NOT_MADE = _HEADER | {"seconds", "generation_id", "attempt", "store_id", "page_id"}
"""Fields that say when and by which run something was made."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field with two values; None where a run has no such field."""

    place: str
    before: Any
    after: Any


def fields_of(events: Iterable[DomainEvent]) -> Fields:
    """Return what the events made: brand, products, texts, pages and photos; the latest value counts."""
    fields: dict[str, Any] = {}
    drafted: set[UUID] = set()
    for event in events:
        if event.originator_id in drafted:
            # The store does not show a picture that waits beside the live one.
            continue
        match event:
            case ImageProcessingRequested(draft_id=UUID()):
                drafted.add(event.originator_id)
            case BrandGenerated():
                fields |= _flat("brand", event)
            case ProductImported():
                fields |= _flat(f"product:{event.originator_id}", event)
            case ProductCopyWritten() | ProductMetaWritten():
                fields |= _flat(f"product:{event.originator_id}", event)
            case ProductArchived():
                gone = f"product:{event.originator_id}."
                fields = {place: value for place, value in fields.items() if not place.startswith(gone)}
            case PageWritten() | CategoryDescribed():
                place = f"page:{event.type}" if isinstance(event, PageWritten) else f"category:{event.category}"
                fields |= _flat(place, event)
            case ImageProcessed() | ImageRejected():
                fields |= _flat(f"image:{event.originator_id}", event)
            case _:
                continue
    return fields


def digest_of(fields: Fields) -> str:
    """Return the SHA-256 of all fields, in hexadecimal digits."""
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def differences(before: Fields, after: Fields) -> list[Change]:
    """Return the fields that differ, by place."""
    places = sorted({*before, *after})
    return [
        Change(place, before.get(place), after.get(place)) for place in places if before.get(place) != after.get(place)
    ]


def _flat(place: str, event: DomainEvent) -> Fields:
    values = event.model_dump(mode="json", exclude=_NOT_MADE)
    return dict(_leaves(place, values))


def _leaves(place: str, value: Any) -> Iterable[tuple[str, Any]]:
    """Yield a value's leaves; a list is a leaf."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _leaves(f"{place}.{name}", part)
    else:
        yield place, value
