"""A browser's part in its cart: a signed cookie with the cart's key and count. The cart itself is kept on the server.

The count is in the cookie, so that no page has to ask for it. Earlier releases kept the whole cart in the cookie.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from domain.cart.contents import MOST_LINES, CartEntry, ShopperCart, bounded
from domain.cart.ports import Carts, KeptCart
from domain.kernel import Clock
from storefront.visit.cookies import CART, Cookies
from storefront.visit.signing import Signer, Tampered


@dataclass(frozen=True, slots=True)
class CartCookie:
    """What the cookie says."""

    key: UUID | None = None
    """Names the cart on the server; None if the browser has none there."""
    count: int = 0
    """The cart's count when this browser saw it last. Another device may have changed it since."""
    own: ShopperCart | None = None
    """The cart itself, in a cookie of an earlier release."""

    def sealed(self, signer: Signer) -> str:
        """Return the cookie's value."""
        assert self.key is not None
        return signer.seal(f"v3~{_short(self.key)}~{self.count}")

    @classmethod
    def read(cls, value: str | None, signer: Signer) -> "CartCookie":
        """Return what a cookie's value says; nothing if it is missing, too old or forged."""
        if not value:
            return cls()
        try:
            version, *parts = signer.open(value).split("~")
            if version == "v3":
                key, count = parts
                return cls(_long(key), max(0, int(count)))
            own = _read_former(version, parts)
        except (Tampered, ValueError):
            return cls()
        return cls(None, own.count, own) if own else cls()


class BrowserCart:
    """The cart of one browser, during one request.

    Args:
        cookies: of the request and the response.
        signer: signs the cookie.
        carts: keeps the carts.
        store_id: the store.
        clock: the present time.
    """

    def __init__(self, cookies: Cookies, signer: Signer, carts: Carts, store_id: UUID, clock: Clock) -> None:
        self._cookies, self._signer = cookies, signer
        self._carts, self._store_id, self._clock = carts, store_id, clock
        self.cookie = CartCookie.read(cookies.sent(CART), signer)
        self._cart: ShopperCart | None = ShopperCart() if self.cookie == CartCookie() else None
        self.vanished = False
        """Whether the browser had a cart with goods that is gone: too old, or emptied on another device."""

    def of(self, cookies: Cookies) -> "BrowserCart":
        """Return the cart of another browser of the same store."""
        return BrowserCart(cookies, self._signer, self._carts, self._store_id, self._clock)

    @property
    def count(self) -> int:
        """The sum of all quantities."""
        return self.cookie.count if self._cart is None else self._cart.count

    @property
    def is_new(self) -> bool:
        """Whether the browser has no cart yet."""
        return self.cookie == CartCookie()

    @property
    def cart(self) -> ShopperCart:
        """The cart, after :meth:`load`."""
        if self._cart is None:
            raise RuntimeError("The cart was not loaded. Call load() before its contents are read.")
        return self._cart

    async def load(self) -> None:
        """Read the cart. A cart of an earlier release is carried over to the server, once. A browser without one asks nothing."""
        if self._cart is not None:
            return
        now, own = self._clock.now(), self.cookie.own
        if own is not None:
            # A second window with the same old cookie finds the cart that the first one carried over.
            key = own.id or uuid4()
            self._keep(await self._carts.adopt(self._store_id, key, ShopperCart(own.entries, key), at=now))
            return
        assert self.cookie.key is not None
        kept = await self._carts.read(self._store_id, self.cookie.key, at=now)
        if kept is None:
            self.vanished = self.cookie.count > 0
            self._keep(KeptCart(self.cookie.key, ShopperCart(), shared=False))
        else:
            self.vanished = self.cookie.count > 0 and not kept.cart
            self._keep(kept)

    async def change(self, change: Callable[[ShopperCart], ShopperCart]) -> None:
        """Change the cart, also against other windows and devices that change it at the same time."""
        await self.load()
        key = self.cookie.key or uuid4()
        self._keep(await self._carts.change(self._store_id, key, change, at=self._clock.now()))

    async def join(self, into: UUID, merge: Callable[[ShopperCart, ShopperCart], ShopperCart]) -> bool:
        """Make this cart part of another one. False if that one is gone."""
        await self.load()
        key = self.cookie.key or uuid4()
        kept = await self._carts.join(self._store_id, key, into, merge, at=self._clock.now())
        if kept is not None:
            self._keep(kept)
        return kept is not None

    async def note_order(self, shopper_id: UUID) -> None:
        """Remember whose order was placed from the cart, so that the order's link leads back to it."""
        if self.cookie.key is not None:
            await self._carts.note_order(self._store_id, self.cookie.key, shopper_id)

    def _keep(self, kept: KeptCart) -> None:
        self._cart = kept.cart
        if not kept.cart and not kept.shared:
            before, self.cookie = self.cookie, CartCookie()
            if before != self.cookie:
                self._cookies.delete(CART)
            return
        self.cookie = CartCookie(kept.key, kept.cart.count)
        self._cookies.set(CART, self.cookie.sealed(self._signer))


@dataclass(frozen=True, slots=True)
class LastOrder:
    """The order that a browser placed last, as its cookie has it."""

    order_id: UUID
    cart_id: UUID | None = None
    """The cart it was placed from; None in a cookie of an earlier release."""
    replaced: UUID | None = None
    """The order of the same cart before it."""

    def is_of(self, cart: ShopperCart) -> bool:
        """Whether it was placed from this cart."""
        return bool(cart) and (self.cart_id is None or self.cart_id == cart.id)

    def sealed(self, signer: Signer) -> str:
        """Return the cookie's value."""
        parts = (self.order_id, self.cart_id, self.replaced)
        return signer.seal("~".join("" if part is None else part.hex for part in parts))

    @classmethod
    def read(cls, value: str, signer: Signer) -> "LastOrder | None":
        """Return what :meth:`sealed` wrote; None if the value is missing, too old or forged."""
        try:
            order, *more = signer.open(value).split("~")
            cart, replaced = [UUID(part) if part else None for part in (*more, "", "")[:2]]
            return cls(UUID(order), cart, replaced)
        except (Tampered, ValueError):
            return None


def _read_former(version: str, parts: list[str]) -> ShopperCart:
    """Return the cart of a cookie of an earlier release.

    Raises:
        ValueError: it is not one.
    """
    if version not in {"v1", "v2"}:
        raise ValueError(version)
    # Carts of the first release have no id.
    id = _long(parts.pop(0)) if version == "v2" and parts else None
    entries = [CartEntry(_long(part[:22]), _long(part[22:44]), bounded(int(part[44:]))) for part in parts if part]
    return ShopperCart(tuple(entries[:MOST_LINES]), id)


def _short(id: UUID) -> str:
    return base64.urlsafe_b64encode(id.bytes).rstrip(b"=").decode()


def _long(text: str) -> UUID:
    return UUID(bytes=base64.urlsafe_b64decode(text + "=="))
