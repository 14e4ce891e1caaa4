"""Which keys of access tokens count at a time."""

from datetime import UTC, datetime, timedelta

from domain.accounts.signing_keys import KEPT_FOR, SigningPeriod, keys_at

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
NEXT = SigningPeriod(kid="b", signs_from=NOON)
LAST = SigningPeriod(kid="c", signs_from=NOON + timedelta(hours=1))


def test_the_first_key_signs_until_a_rotation_s_key_which_is_published_before() -> None:
    assert keys_at([], "a", NOON) == ("a", ("a",))
    assert keys_at([NEXT], "a", NOON - timedelta(seconds=1)) == ("a", ("a", "b"))
    assert keys_at([NEXT], "a", NOON) == ("b", ("a", "b"))


def test_a_replaced_key_verifies_until_its_tokens_have_expired() -> None:
    assert keys_at([NEXT], "a", NOON + KEPT_FOR - timedelta(seconds=1)) == ("b", ("a", "b"))
    assert keys_at([NEXT], "a", NOON + KEPT_FOR) == ("b", ("b",))
    assert keys_at([LAST, NEXT], "a", LAST.signs_from) == ("c", ("b", "c"))


def test_a_rotation_after_a_leak_ends_all_older_keys_at_once() -> None:
    leak = SigningPeriod(kid="d", signs_from=NOON + timedelta(minutes=1), ends_others=True)
    assert keys_at([NEXT, leak], "a", leak.signs_from) == ("d", ("d",))
    later = SigningPeriod(kid="e", signs_from=NOON + timedelta(minutes=2))
    assert keys_at([NEXT, leak, later], "a", later.signs_from) == ("e", ("d", "e"))
