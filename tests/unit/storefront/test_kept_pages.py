"""Rendered pages: their compressed form, and the memory that they may take."""

import gzip
from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from storefront.rendering.page_cache import IDLE_SECONDS, PageCache
from storefront.rendering.rendered import RenderedPage
from storefront.visit.parts import Part, split_at_marks

DAY = date(2026, 11, 29)
PARTS = {Part.CART: b"<b>3</b>", Part.NOTICE: b"", Part.TOKEN: b"f" * 128}


@given(st.lists(st.one_of(st.text(max_size=300), st.sampled_from(Part)), max_size=8))
def test_the_compressed_form_of_a_page_is_the_page(pieces: list[str | Part]) -> None:
    html = "".join(piece.mark if isinstance(piece, Part) else piece for piece in pieces)
    expected = b"".join(PARTS[piece] if isinstance(piece, Part) else piece.encode() for piece in pieces)
    page = RenderedPage(split_at_marks(html))
    assert page.plain(PARTS) == expected
    assert gzip.decompress(page.gzipped(PARTS)) == expected


def page_of(number: int, size: int = 20_000) -> RenderedPage:
    # Text that does not shrink, so that sizes are about equal.
    return RenderedPage((number.to_bytes(4) + bytes(size),))


def kept(cache: PageCache, store: UUID, count: int) -> int:
    return sum(cache.get(store, ("r",), number) is not None for number in range(count))


def test_a_store_that_fills_the_cache_takes_room_from_itself() -> None:
    cache = PageCache(1_000_000, now=lambda: 0.0)
    small, large = UUID(int=1), UUID(int=2)
    for number in range(5):
        cache.put(small, ("r",), number, page_of(number))
    for number in range(500):
        cache.put(large, ("r",), number, page_of(number))
        assert cache.size <= 1_000_000
    assert kept(cache, small, 5) == 5
    assert 0 < kept(cache, large, 500) < 50
    assert cache.get(large, ("r",), 499) is not None


def test_a_store_without_requests_makes_room_first() -> None:
    now = 0.0
    cache = PageCache(500_000, now=lambda: now)
    idle, busy = UUID(int=1), UUID(int=2)
    for number in range(5):
        cache.put(idle, ("r",), number, page_of(number))
    now = IDLE_SECONDS + 1
    for number in range(40):
        cache.put(busy, ("r",), number, page_of(number))
    assert kept(cache, idle, 5) == 0


def test_pages_of_an_earlier_revision_are_gone_with_the_next_page() -> None:
    cache, store = PageCache(1_000_000), UUID(int=1)
    cache.put(store, ("before",), "/", page_of(1))
    assert cache.get(store, ("after",), "/") is None
    cache.put(store, ("after",), "/products", page_of(2))
    assert cache.get(store, ("before",), "/") is None
    assert cache.size == page_of(2).size


def test_a_page_larger_than_the_cache_is_not_kept() -> None:
    cache = PageCache(page_of(1).size)
    cache.put(UUID(int=1), ("r",), "/", page_of(1))
    cache.put(UUID(int=1), ("r",), "/products", page_of(2, size=40_000))
    assert cache.get(UUID(int=1), ("r",), "/products") is None
    assert cache.get(UUID(int=1), ("r",), "/") == page_of(1)


def address_of(query: bytes, path: str = "/products") -> tuple[str, bytes, date]:
    return (path, query, DAY)


def test_a_page_has_its_shortest_address_and_no_other() -> None:
    cache, store = PageCache(1_000_000), UUID(int=1)
    cache.put(store, ("r",), "list", page_of(1))
    for query in (b"utm_source=a", b"utm=b", b"utm_source=letter", b"", b"utm=c"):
        cache.name(store, ("r",), "list", address_of(query))
    assert cache.at(store, ("r",), address_of(b"")) == page_of(1)
    for query in (b"utm_source=a", b"utm=b", b"utm=c"):
        assert not cache.has_address(store, address_of(query))


def test_an_address_shows_nothing_of_other_rows_or_of_another_store() -> None:
    cache, store = PageCache(1_000_000), UUID(int=1)
    cache.put(store, ("before",), "list", page_of(1))
    cache.name(store, ("after",), "list", address_of(b"early"))
    assert not cache.has_address(store, address_of(b"early"))
    cache.name(store, ("before",), "list", address_of(b""))
    assert cache.at(store, ("after",), address_of(b"")) is None
    assert cache.at(UUID(int=2), ("before",), address_of(b"")) is None
    cache.put(store, ("after",), "/", page_of(2))
    assert not cache.has_address(store, address_of(b""))


def test_a_page_that_made_room_loses_its_address() -> None:
    cache, store = PageCache(100_000), UUID(int=1)
    for number in range(20):
        cache.put(store, ("r",), number, page_of(number))
        cache.name(store, ("r",), number, address_of(b"", f"/{number}"))
    named = [number for number in range(20) if cache.has_address(store, address_of(b"", f"/{number}"))]
    assert named == [number for number in range(20) if cache.get(store, ("r",), number) is not None]
    assert 0 < len(named) < 5
