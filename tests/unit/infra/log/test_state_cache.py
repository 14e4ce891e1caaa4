"""The cache of states keeps streams that are used again, and the newest."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from commands.ports import Loaded
from infra.adapters.postgres.state_cache import CachedState, StateCache


def state(version: int, *, fingerprint: str = "f") -> CachedState:
    return CachedState(fingerprint, Loaded(None, version, version), 0)


def stream(number: int) -> UUID:
    return UUID(int=number)


def test_a_flood_of_new_streams_does_not_evict_a_used_one() -> None:
    cache = StateCache(8)
    cache.put(stream(0), state(1))
    assert cache.get(stream(0)) == state(1)
    for number in range(1, 100):
        cache.put(stream(number), state(1))
    assert cache.get(stream(0)) == state(1)
    assert cache.get(stream(99)) == state(1)
    assert cache.get(stream(50)) is None


def test_the_least_recently_used_stream_is_evicted_first() -> None:
    cache = StateCache(8)
    for number in range(8):
        cache.put(stream(number), state(1))
        cache.get(stream(number))
    assert [number for number in range(8) if cache.peek(stream(number))] == list(range(8))
    cache.put(stream(8), state(1))
    cache.get(stream(8))
    assert cache.peek(stream(0)) is None


def test_a_later_version_is_not_replaced_by_an_earlier_one() -> None:
    cache = StateCache(8)
    cache.put(stream(1), state(3))
    cache.put(stream(1), state(2))
    assert cache.peek(stream(1)) == state(3)
    cache.put(stream(1), state(1, fingerprint="another shape"))
    assert cache.peek(stream(1)) == state(1, fingerprint="another shape")
    cache.drop(stream(1))
    assert cache.get(stream(1)) is None


@given(size=st.integers(0, 9), moves=st.lists(st.tuples(st.sampled_from(["put", "get", "drop"]), st.integers(0, 20))))
def test_the_cache_never_exceeds_its_size(size: int, moves: list[tuple[str, int]]) -> None:
    cache = StateCache(size)
    for move, number in moves:
        if move == "put":
            cache.put(stream(number), state(1))
        elif move == "get":
            cache.get(stream(number))
        else:
            cache.drop(stream(number))
        assert sum(cache.peek(stream(each)) is not None for each in range(21)) <= size
