"""A cart's contents, and the cookie that names it."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.cart.contents import MOST_LINES, MOST_OF_ONE, CartEntry, ShopperCart
from storefront.visit.cart import CartCookie, LastOrder
from storefront.visit.signing import Signer, Tampered
from tests.support.fakes.event_log import FixedClock


def signer_for(purpose: str, secret: bytes = b"0123456789abcdef") -> Signer:
    return Signer([secret], purpose, max_age=timedelta(days=30), clock=FixedClock())


SIGNER = signer_for("cart.one")
ONE, TWO = UUID(int=1), UUID(int=2)
SEVEN = "AAAAAAAAAAAAAAAAAAAABw"
"""``UUID(int=7)`` as cookies write it."""


def former_cookie(version: str, *parts: str) -> str:
    """Return a cookie of an earlier release, which holds the whole cart."""
    return SIGNER.seal("~".join((version, *parts)))


def test_a_cookie_comes_back_as_it_was_written() -> None:
    cookie = CartCookie(UUID(int=7), 4)
    assert CartCookie.read(cookie.sealed(SIGNER), SIGNER) == cookie


def test_a_changed_or_foreign_cookie_is_no_cart() -> None:
    written = CartCookie(UUID(int=7), 3).sealed(SIGNER)
    changed = written.replace("3.", "9.", 1)
    assert changed != written
    foreign = CartCookie(UUID(int=7), 1).sealed(signer_for("cart.two"))
    for value in (changed, written[:-1], "", None, "nonsense", "v1~x.y", foreign):
        assert CartCookie.read(value, SIGNER) == CartCookie()


@pytest.mark.parametrize("text", ["v1~short", "v2~", "v3~", "v3~short~1", f"v3~{SEVEN}~x", f"v3~{SEVEN}", "v4~x"])
def test_a_correctly_signed_cookie_of_another_format_is_no_cart(text: str) -> None:
    assert CartCookie.read(SIGNER.seal(text), SIGNER) == CartCookie()


@pytest.mark.parametrize(("version", "parts", "id"), [("v1", (), None), ("v2", (SEVEN,), UUID(int=7))])
def test_a_cookie_of_an_earlier_release_holds_the_cart(version: str, parts: tuple[str, ...], id: UUID | None) -> None:
    line = f"{'A' * 21}Q{'A' * 21}g"
    cookie = CartCookie.read(former_cookie(version, *parts, f"{line}3"), SIGNER)
    assert (cookie.key, cookie.count, cookie.own) == (None, 3, ShopperCart((CartEntry(ONE, TWO, 3),), id))
    huge = CartCookie.read(former_cookie(version, *parts, f"{line}999999", f"{line}-5"), SIGNER)
    assert huge.own is not None
    assert [entry.quantity for entry in huge.own] == [MOST_OF_ONE, 1]


@pytest.mark.parametrize(
    "last", [LastOrder(ONE), LastOrder(ONE, TWO), LastOrder(ONE, TWO, UUID(int=3))], ids=["old", "first", "later"]
)
def test_the_last_order_comes_back_as_it_was_written(last: LastOrder) -> None:
    assert LastOrder.read(last.sealed(SIGNER), SIGNER) == last


def test_the_last_order_of_the_first_release_is_read_and_a_foreign_one_is_none() -> None:
    assert LastOrder.read(SIGNER.seal(ONE.hex), SIGNER) == LastOrder(ONE)
    for value in ("", "x", SIGNER.seal(""), SIGNER.seal("~~"), SIGNER.seal(f"{ONE.hex}~x~")):
        assert LastOrder.read(value, SIGNER) is None


def test_adding_the_same_variant_makes_one_line_with_a_bounded_quantity() -> None:
    cart = ShopperCart().add(ONE, TWO, 3).add(ONE, TWO, 100)
    assert [(entry.variant_id, entry.quantity) for entry in cart] == [(TWO, MOST_OF_ONE)]


def test_quantity_zero_removes_the_variant() -> None:
    assert ShopperCart().add(ONE, TWO, 3).set(TWO, 0) == ShopperCart()


def test_a_full_cart_accepts_no_more_lines() -> None:
    cart = ShopperCart()
    for _ in range(MOST_LINES + 5):
        cart = cart.add(uuid4(), uuid4(), MOST_OF_ONE)
    assert len(cart.entries) == MOST_LINES


def test_merged_carts_have_the_larger_quantity_of_each_variant_bounded_by_stock_and_limit() -> None:
    three, four = UUID(int=3), UUID(int=4)
    mine = ShopperCart(id=UUID(int=7)).add(ONE, ONE, 2).add(ONE, TWO, 5).add(ONE, three, 1)
    other = ShopperCart(id=UUID(int=8)).add(ONE, TWO, 3).add(ONE, three, 9).add(ONE, four, 2).add(TWO, UUID(int=5), 20)
    merged = mine.merged(other, {three: 4, four: 0, UUID(int=5): 50})
    assert merged.id == mine.id
    assert [(entry.variant_id, entry.quantity) for entry in merged] == [
        (ONE, 2),
        (TWO, 5),
        (three, 4),
        (four, 1),
        (UUID(int=5), MOST_OF_ONE),
    ]


def test_merging_twice_changes_nothing_and_never_makes_too_many_lines() -> None:
    mine = ShopperCart(tuple(CartEntry(ONE, UUID(int=n), 1) for n in range(1, 25)))
    other = ShopperCart(tuple(CartEntry(ONE, UUID(int=n), 2) for n in range(20, 50)))
    stock = {UUID(int=n): 9 for n in range(50)}
    merged = mine.merged(other, stock)
    assert len(merged.entries) == MOST_LINES
    assert merged.merged(other, stock) == merged


def test_a_token_for_one_purpose_is_invalid_for_another() -> None:
    sealed = signer_for("order.one").seal("x")
    with pytest.raises(Tampered):
        SIGNER.open(sealed)


def test_a_short_secret_is_rejected() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        signer_for("cart", b"short")
