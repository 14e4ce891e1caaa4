"""Slugs: the labels of stores in addresses, each of one store."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.ids import slug_stream
from domain.kernel import CorruptStream, StreamKind, first_header
from domain.store.events import SlugReserved
from domain.text import transliterate


def slugify(text: str, *, fallback: str = "store", most: int = 48) -> str:
    """Return a host label: lower-case ASCII letters, digits and single hyphens, at most ``most`` characters.

    Other scripts are transliterated; ``fallback`` replaces an empty result.
    """
    label = re.sub(r"[^a-z0-9]+", "-", transliterate(text).lower()).strip("-")[:most].strip("-")
    return label or fallback


def reserve_slug(slug: str, store_id: UUID, *, at: datetime) -> Sequence[SlugReserved]:
    """Reserve a slug for a store. The slug's own stream makes it unique: a second version 1 conflicts."""
    return (SlugReserved(**first_header(slug_stream(slug), at), slug=slug, store_id=store_id),)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlugOwner:
    """The owner of a slug."""

    id: UUID
    version: int
    slug: str
    store_id: UUID


def evolve_slug(owner: SlugOwner | None, event: SlugReserved) -> SlugOwner:
    """Apply the one event a slug's stream can have."""
    match owner, event:
        case None, SlugReserved():
            return SlugOwner(
                id=event.originator_id, version=event.originator_version, slug=event.slug, store_id=event.store_id
            )
        case _:
            raise CorruptStream(event)


SLUG = StreamKind("slug", SlugOwner, evolve_slug)
