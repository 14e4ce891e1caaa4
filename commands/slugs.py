"""Slugs for stores and their pages and products: the first that is free."""

from collections.abc import Iterable
from datetime import datetime
from itertools import count, filterfalse
from uuid import UUID

from commands.ports import Work
from domain.ids import slug_stream
from domain.store.aggregate import Store
from domain.store.labels import is_reserved
from domain.store.slugs import SLUG, reserve_slug, slugify


def free_slug(base: str, taken: Iterable[str]) -> str:
    """Return ``base``, or the first of ``base-2``, ``base-3`` ... that is not taken."""
    taken = frozenset(taken)
    return next(slug for slug in _candidates(base) if slug not in taken)


def _candidates(base: str) -> Iterable[str]:
    yield base
    for number in count(2):
        yield f"{base}-{number}"


async def slug_for(work: Work, store: Store, name: str, *, at: datetime) -> str:
    """Return a store's slug under a name, reserved for it. The address stays once the store was published."""
    if store.was_published and store.slug is not None:
        return store.slug
    return await _reserve_slug(work, name, store.id, at=at)


async def _reserve_slug(work: Work, name: str, store_id: UUID, *, at: datetime) -> str:
    for slug in filterfalse(is_reserved, _candidates(slugify(name))):
        owner = await work.find(SLUG, slug_stream(slug))
        if owner is None:
            work.append(SLUG, slug_stream(slug), reserve_slug(slug, store_id, at=at), tenant=store_id)
            return slug
        if owner.store_id == store_id:
            return slug
    raise AssertionError("unreachable")
