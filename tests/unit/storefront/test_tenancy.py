"""Which stores a process remembers."""

from typing import Any, cast
from uuid import UUID

from domain.store.events import StoreStatus
from storefront.visit.tenancy import Tenancy


class Store:
    """A store with what tenancy reads."""

    status = StoreStatus.ACTIVE
    brand = "a brand"
    published_at = "a day"

    def __init__(self, slug: str) -> None:
        self.slug, self.id = slug, UUID(bytes=slug.encode().ljust(16))


class Queries:
    """Every slug is a store whose rows never change."""

    def __init__(self) -> None:
        self.looked_up: list[str] = []

    @property
    def present(self) -> "Queries":
        return self

    async def revision(self, store: Store) -> tuple[str]:
        return (store.slug,)

    async def store_by_slug(self, slug: str) -> Store:
        self.looked_up.append(slug)
        return Store(slug)


async def test_of_too_many_stores_the_longest_unused_is_dropped_and_not_the_oldest() -> None:
    queries = Queries()
    tenancy = Tenancy(cast("Any", queries), base_domains=("test",), most=2)
    await tenancy.store_of("first.test")
    await tenancy.store_of("second.test")
    await tenancy.store_of("first.test")
    await tenancy.store_of("third.test")
    assert tenancy.seen("first.test") is not None
    assert tenancy.seen("second.test") is None
    # A kept page asks only for what was seen. That counts as a use too.
    tenancy.seen("first.test")
    await tenancy.store_of("fourth.test")
    assert tenancy.seen("first.test") is not None
    queries.looked_up.clear()
    await tenancy.store_of("first.test")
    assert queries.looked_up == []
