"""Tokens have an age, survive a rotation of the secret, and are read in the format of earlier releases."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from domain.cart.contents import ShopperCart
from infra.adapters.master_keys import MasterKeys
from storefront.visit.cart import CartCookie
from storefront.visit.errors import OrderLinkExpired, PageMissing
from storefront.visit.order_links import OrderLinks
from storefront.visit.signing import ORDER_LINK_AGE, Expired, Signer, Signers, Tampered, mask_fingerprint
from tests.support.fakes.event_log import FixedClock

SECRET, FORMER = b"0123456789abcdef", b"fedcba9876543210"
STORE, ORDER = UUID(int=9), UUID(int=1)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
OLD_CART = "v2~AAAAAAAAAAAAAAAAAAAABw~AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAg3.n9WFUkG8bUd4R8wbzRtDGQ"
OLD_ORDER_LINK = "00000000000000000000000000000001.5pbi-FnKYTQfqZl9jrGgqQ"
"""Made with ``SECRET`` for ``STORE`` by the release before tokens had an age."""


def signer(clock: FixedClock, secrets: Sequence[bytes] = (SECRET,), purpose: str = "cart.one") -> Signer:
    return Signer(secrets, purpose, max_age=DAY, clock=clock)


def test_a_token_is_valid_for_its_age_and_no_longer() -> None:
    clock = FixedClock()
    token = signer(clock).seal("x")
    clock.advance(DAY)
    assert signer(clock).open(token) == "x"
    clock.advance(SECOND)
    with pytest.raises(Expired):
        signer(clock).open(token)


def test_a_token_of_a_host_whose_clock_is_ahead_is_valid() -> None:
    clock = FixedClock()
    token = signer(clock).seal("x", at=clock.now() + 5 * SECOND)
    assert signer(clock).open(token) == "x"


def test_the_same_text_and_time_make_the_same_token() -> None:
    clock = FixedClock()
    placed_at = clock.now()
    links = OrderLinks(Signers([SECRET], STORE, clock).order_link)
    first = links.to(ORDER, at=placed_at)
    clock.advance(DAY)
    assert links.to(ORDER, at=placed_at) == first
    assert links.to(ORDER) != first


@pytest.mark.parametrize("position", range(3))
def test_a_change_to_text_time_or_signature_is_noticed(position: int) -> None:
    clock = FixedClock()
    parts = signer(clock).seal("text").split(".")
    parts[position] = ("A" if parts[position][0] != "A" else "B") + parts[position][1:]
    with pytest.raises(Tampered):
        signer(clock).open(".".join(parts))


@pytest.mark.parametrize("token", ["", ".", "..", "x", "x.y", "x.y.z", "é.é.é", "a.b.c.d"])
def test_other_text_is_not_a_token(token: str) -> None:
    with pytest.raises(Tampered):
        signer(FixedClock()).open(token)


def test_a_token_without_its_time_is_rejected() -> None:
    clock = FixedClock()
    text, time, signature = signer(clock).seal("text").split(".")
    for without_time in (f"{text}.{signature}", f"{text}.{signature[:22]}", f"{text}.{time}.{signature[:22]}"):
        with pytest.raises(Tampered):
            signer(clock).open(without_time)


def test_tokens_of_the_release_before_are_read_under_the_current_and_a_former_secret() -> None:
    for secrets in ([SECRET], [FORMER, SECRET]):
        signers = Signers(secrets, STORE, FixedClock())
        cart = CartCookie.read(OLD_CART, signers.cart).own
        assert cart == ShopperCart(id=UUID(int=7)).add(UUID(int=1), UUID(int=2), 3)
        assert OrderLinks(signers.order_link).order_of(OLD_ORDER_LINK) == ORDER
    with pytest.raises(PageMissing):
        OrderLinks(Signers([FORMER], STORE, FixedClock()).order_link).order_of(OLD_ORDER_LINK)


def test_an_order_link_is_too_old_after_years() -> None:
    clock = FixedClock()
    links = OrderLinks(Signers([SECRET], STORE, clock).order_link)
    link = links.to(ORDER)
    clock.advance(ORDER_LINK_AGE)
    assert links.order_of(link) == ORDER
    clock.advance(SECOND)
    with pytest.raises(OrderLinkExpired):
        links.order_of(link)


def test_a_former_secret_verifies_and_the_current_one_signs() -> None:
    clock = FixedClock()
    before, after = signer(clock, [FORMER]), signer(clock, [SECRET, FORMER])
    assert after.open(before.seal("x")) == "x"
    assert after.is_fingerprint(mask_fingerprint(before.fingerprint("x")), "x")
    assert before.fingerprint("x") in after.fingerprints("x")
    assert after.fingerprint("x") != before.fingerprint("x")
    for call in (before, signer(clock, [b"another secret, long enough"])):
        with pytest.raises(Tampered):
            call.open(after.seal("x"))


def test_every_master_key_gives_a_secret_and_the_current_one_comes_first() -> None:
    old, new = bytes(32), bytes([1]) * 32
    assert list(MasterKeys([new, old]).derive_each("storefront")) == [
        MasterKeys([new]).derive("storefront"),
        MasterKeys([old]).derive("storefront"),
    ]
