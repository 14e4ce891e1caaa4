"""Which states stay in memory: of streams that are used again, and of the newest."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from commands.ports import Loaded
from infra.adapters.postgres.state_cache import Remembered, StateCache


def known(version: int, *, fingerprint: str = "f") -> Remembered:
    return Remembered(fingerprint, Loaded(None, version, version), 0)


def stream(number: int) -> UUID:
    return UUID(int=number)


def test_a_flood_of_new_streams_pushes_out_none_that_is_used() -> None:
    cache = StateCache(8)
    cache.keep(stream(0), known(1))
    assert cache.use(stream(0)) == known(1)
    for number in range(1, 100):
        cache.keep(stream(number), known(1))
    assert cache.use(stream(0)) == known(1)
    assert cache.use(stream(99)) == known(1)
    assert cache.use(stream(50)) is None


def test_what_was_not_used_for_longest_is_pushed_out_by_what_is() -> None:
    cache = StateCache(8)
    for number in range(8):
        cache.keep(stream(number), known(1))
        cache.use(stream(number))
    assert [number for number in range(8) if cache.look(stream(number))] == list(range(8))
    cache.keep(stream(8), known(1))
    cache.use(stream(8))
    assert cache.look(stream(0)) is None


def test_what_is_known_later_stays() -> None:
    cache = StateCache(8)
    cache.keep(stream(1), known(3))
    cache.keep(stream(1), known(2))
    assert cache.look(stream(1)) == known(3)
    cache.keep(stream(1), known(1, fingerprint="another shape"))
    assert cache.look(stream(1)) == known(1, fingerprint="another shape")
    cache.forget(stream(1))
    assert cache.use(stream(1)) is None


@given(
    size=st.integers(0, 9), moves=st.lists(st.tuples(st.sampled_from(["keep", "use", "forget"]), st.integers(0, 20)))
)
def test_it_never_holds_more_than_it_may(size: int, moves: list[tuple[str, int]]) -> None:
    cache = StateCache(size)
    for move, number in moves:
        if move == "keep":
            cache.keep(stream(number), known(1))
        elif move == "use":
            cache.use(stream(number))
        else:
            cache.forget(stream(number))
        assert sum(cache.look(stream(each)) is not None for each in range(21)) <= size
