"""The cart is stored in a signed cookie."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from storefront.visit.cart import MOST_LINES, MOST_OF_ONE, Cart, LastOrder, read_cart, write_cart
from storefront.visit.signing import Signer, Tampered
from tests.support.fakes.event_log import FixedClock


def signer_for(purpose: str, secret: bytes = b"0123456789abcdef") -> Signer:
    return Signer([secret], purpose, max_age=timedelta(days=30), clock=FixedClock())


SIGNER = signer_for("cart.one")
ONE, TWO = UUID(int=1), UUID(int=2)


def test_a_cart_comes_back_as_it_was_written() -> None:
    cart = Cart(id=UUID(int=7)).add(ONE, TWO, 3).add(TWO, ONE, 1)
    assert read_cart(write_cart(cart, SIGNER), SIGNER) == cart
    assert cart.count == 4


def test_a_changed_or_foreign_cookie_is_an_empty_cart() -> None:
    written = write_cart(Cart().add(ONE, TWO, 3), SIGNER)
    changed = written.replace("3.", "9.", 1)
    assert changed != written
    for value in (
        changed,
        written[:-1],
        "",
        None,
        "nonsense",
        "v1~x.y",
        write_cart(Cart().add(ONE, TWO, 1), signer_for("cart.two")),
    ):
        assert read_cart(value, SIGNER) == Cart()


def test_a_correctly_signed_cookie_of_another_format_is_an_empty_cart() -> None:
    assert read_cart(SIGNER.seal("v1~short"), SIGNER) == Cart()
    assert read_cart(SIGNER.seal("v2~"), SIGNER) == Cart()


def test_a_cart_of_the_first_release_is_read_and_gets_an_id_when_it_is_written() -> None:
    written = write_cart(Cart(id=UUID(int=7)).add(ONE, TWO, 3), SIGNER)
    old = SIGNER.seal("~".join(("v1", *SIGNER.open(written).split("~")[2:])))
    cart = read_cart(old, SIGNER)
    assert (cart.id, cart.entries) == (None, Cart().add(ONE, TWO, 3).entries)
    assert read_cart(write_cart(cart, SIGNER), SIGNER).id is not None


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
    cart = Cart().add(ONE, TWO, 3).add(ONE, TWO, 100)
    assert [(entry.variant_id, entry.quantity) for entry in cart] == [(TWO, MOST_OF_ONE)]


def test_quantity_zero_removes_the_variant() -> None:
    assert Cart().add(ONE, TWO, 3).set(TWO, 0) == Cart()


def test_a_full_cart_accepts_no_more_lines_and_fits_a_cookie() -> None:
    cart = Cart()
    for _ in range(MOST_LINES + 5):
        cart = cart.add(uuid4(), uuid4(), MOST_OF_ONE)
    assert len(cart.entries) == MOST_LINES
    assert len(write_cart(cart, SIGNER)) < 3_000


def test_a_token_for_one_purpose_is_invalid_for_another() -> None:
    sealed = signer_for("order.one").seal("x")
    with pytest.raises(Tampered):
        SIGNER.open(sealed)


def test_a_short_secret_is_rejected() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        signer_for("cart", b"short")
