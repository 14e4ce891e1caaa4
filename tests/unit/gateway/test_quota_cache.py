"""A cache that one owner cannot fill alone."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.graphql.persisted_queries import InvalidPersistedQuery, PersistedQueries, PersistedQueryNotFound
from gateway.graphql.quota_cache import Quota, QuotaCache
from tests.support.examples import drawn

TOTAL, SHARE, ANONYMOUS_SHARE = Quota(entries=8, weight=40), Quota(entries=3, weight=20), Quota(entries=2, weight=10)


def a_cache() -> QuotaCache[int]:
    return QuotaCache(total=TOTAL, share=SHARE, anonymous_share=ANONYMOUS_SHARE)


OWNERS = st.sampled_from([None, "a", "b", "c", "d"])
PUTS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 25), OWNERS, st.booleans()), max_size=60)


@settings(deadline=None, max_examples=drawn(60))
@given(PUTS)
def test_the_cache_never_exceeds_its_quotas(puts: list[tuple[int, int, str | None, bool]]) -> None:
    cache = a_cache()
    for number, weight, owner, reads in puts:
        key = str(number)
        if reads:
            found = cache.get(key, owner)
            assert found in {None, number}
            continue
        cache.put(key, number, weight, owner)
        kept = dict(cache._entries)
        assert len(cache) <= TOTAL.entries
        assert cache.weight == sum(one.weight for one in kept.values()) <= TOTAL.weight
        for each in {one.owner for one in kept.values()}:
            share = ANONYMOUS_SHARE if each is None else SHARE
            mine = [one for one in kept.values() if one.owner == each]
            assert len(mine) <= share.entries
            assert sum(one.weight for one in mine) <= share.weight


def test_an_owner_evicts_only_its_own_entries_while_there_is_room_for_all() -> None:
    cache = a_cache()
    for number in range(3):
        cache.put(f"trusted {number}", number, 1, "trusted")
    for number in range(1_000):
        cache.put(f"attack {number}", number, 1, "attacker")
        cache.put(f"anonymous {number}", number, 1, None)
    assert [cache.get(f"trusted {number}", "trusted") for number in range(3)] == [0, 1, 2]
    assert len(cache) == 3 + SHARE.entries + ANONYMOUS_SHARE.entries


def test_many_owners_together_cannot_evict_one_that_has_little() -> None:
    cache = a_cache()
    for number in range(2):
        cache.put(f"trusted {number}", number, 1, "trusted")
    for number in range(1_000):
        for attacker in range(3):
            cache.put(f"attack {attacker} {number}", number, 1, attacker)
        cache.put(f"anonymous {number}", number, 1, None)
    assert len(cache) == TOTAL.entries
    assert [cache.get(f"trusted {number}", "trusted") for number in range(2)] == [0, 1]


def test_an_entry_that_a_known_owner_used_is_not_evicted_by_anonymous_callers() -> None:
    cache = a_cache()
    cache.put("shared", 1, 1, None)
    assert cache.get("shared", "a") == 1
    for number in range(100):
        cache.put(str(number), number, 1, None)
    assert cache.get("shared", None) == 1


def test_an_entry_larger_than_the_share_is_not_cached() -> None:
    cache = a_cache()
    cache.put("large", 1, 11, None)
    assert cache.get("large", None) is None
    cache.put("large", 1, 11, "a")
    assert cache.get("large", None) == 1


QUERY = "{ me { id } }"
HASH = hashlib.sha256(QUERY.encode()).hexdigest()


def extension(digest: object = HASH, version: object = 1) -> dict[str, object]:
    return {"persistedQuery": {"version": version, "sha256Hash": digest}}


def test_a_hash_is_unknown_until_its_text_is_sent_with_it() -> None:
    persisted = PersistedQueries()
    with pytest.raises(PersistedQueryNotFound) as unknown:
        persisted.resolve(None, extension(), None)
    assert unknown.value.formatted == {
        "message": "PersistedQueryNotFound",
        "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
    }
    # A text without a hash is not stored.
    assert persisted.resolve(QUERY, None, None) == QUERY
    with pytest.raises(PersistedQueryNotFound):
        persisted.resolve(None, extension(), None)
    assert persisted.resolve(QUERY, extension(), None) == QUERY
    assert persisted.resolve(None, extension(HASH.upper()), None) == QUERY


@pytest.mark.parametrize(
    ("query", "extensions"),
    [
        ("{ me { email } }", extension()),
        ("", extension()),
        (QUERY, extension("0" * 63)),
        (QUERY, extension(5)),
        (None, extension(["0" * 64])),
        (None, extension(version=2)),
        (None, extension(version="1")),
        (None, {"persistedQuery": "x"}),
        (None, {"persistedQuery": {}}),
        ("\ud800", extension()),
    ],
)
def test_a_wrong_hash_is_rejected_and_not_stored(query: str | None, extensions: dict[str, object]) -> None:
    persisted = PersistedQueries()
    with pytest.raises(InvalidPersistedQuery) as refusal:
        persisted.resolve(query, extensions, None)
    assert refusal.value.message.startswith("Invalid persistedQuery")
    with pytest.raises(PersistedQueryNotFound):
        persisted.resolve(None, extension(), None)
