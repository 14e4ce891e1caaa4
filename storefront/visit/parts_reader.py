"""Reads a shopper's parts from cookies."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.requests import cookie_parser

from storefront.visit.cart import CartCookie
from storefront.visit.cookies import CART, LAST_ORDER, NOTICE, Cookies
from storefront.visit.form_tokens import FormTokens
from storefront.visit.parts import ShopperParts
from storefront.visit.signing import Signers

MOST = 5_000
"""Shoppers that a process remembers."""
LONGEST = 2_000
"""Bytes of cookies. Shoppers with more are not remembered."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    parts: ShopperParts
    until: datetime | None
    """When the cart of the cookie becomes too old; None if never."""


class PartsReader:
    """Reads cookies that change nothing: no notice to take, no order that the cart may have become.

    Signatures are checked once for equal cookies of the same store.
    """

    def __init__(self) -> None:
        self._remembered: OrderedDict[tuple[UUID, bytes], _Remembered] = OrderedDict()

    def of(self, cookies: bytes, store_id: UUID, signers: Signers, *, now: datetime) -> ShopperParts | None:
        """Return the parts; None if the response may change a cookie.

        Args:
            cookies: the value of the header, empty if there is none.
            store_id: of the store whose cookies they are.
            signers: of that store.
            now: the present time.
        """
        key = (store_id, cookies)
        remembered = self._remembered.get(key)
        if remembered is not None and (remembered.until is None or now <= remembered.until):
            self._remembered.move_to_end(key)
            return remembered.parts
        read = _read(Cookies(cookie_parser(cookies.decode("latin-1"))), signers)
        if read is None:
            return None
        if len(cookies) <= LONGEST:
            self._remembered[key] = read
            if len(self._remembered) > MOST:
                self._remembered.popitem(last=False)
        return read.parts


def _read(cookies: Cookies, signers: Signers) -> _Remembered | None:
    if cookies.sent(NOTICE) is not None or cookies.sent(LAST_ORDER) is not None:
        return None
    sent = cookies.sent(CART)
    cart = CartCookie.read(sent, signers.cart)
    until = signers.cart.open_with_end(sent)[1] if sent and cart != CartCookie() else None
    return _Remembered(ShopperParts(cart.count, None, FormTokens(cookies, signers.csrf).fingerprint), until)
