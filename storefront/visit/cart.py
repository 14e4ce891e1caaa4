"""The cart: what a shopper wants, kept in a signed cookie of this store and nowhere else."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from storefront.visit.signing import Signer, Tampered

MOST_LINES = 30
"""A signed line takes some 50 bytes; browsers keep 4,096 per cookie."""
MOST_OF_ONE = 20


@dataclass(frozen=True, slots=True)
class CartEntry:
    """So many of one variant."""

    product_id: UUID
    variant_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Cart:
    """What a shopper wants, in the order they put it in. No prices: those are the store's."""

    entries: tuple[CartEntry, ...] = ()
    id: UUID | None = None
    """Under which it is ordered, in every window of this browser; None while nothing was put in."""

    @property
    def count(self) -> int:
        """How many pieces there are in all."""
        return sum(entry.quantity for entry in self.entries)

    def __iter__(self) -> Iterator[CartEntry]:
        return iter(self.entries)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def add(self, product_id: UUID, variant_id: UUID, quantity: int) -> "Cart":
        """Return the cart with more of a variant in it, never over the most of one."""
        for entry in self.entries:
            if entry.variant_id == variant_id:
                return self.set(variant_id, entry.quantity + quantity)
        if len(self.entries) >= MOST_LINES:
            return self
        return replace(self, entries=(*self.entries, CartEntry(product_id, variant_id, _bounded(quantity))))

    def set(self, variant_id: UUID, quantity: int) -> "Cart":
        """Return the cart with exactly so many of a variant; none of it at zero or below."""
        if quantity <= 0:
            return self.without([variant_id])
        entries = tuple(
            replace(entry, quantity=_bounded(quantity)) if entry.variant_id == variant_id else entry
            for entry in self.entries
        )
        return replace(self, entries=entries)

    def less(self, ordered: Mapping[UUID, int]) -> "Cart":
        """Return the cart with so many fewer of some variants."""
        cart = self
        for entry in self.entries:
            cart = cart.set(entry.variant_id, entry.quantity - ordered.get(entry.variant_id, 0))
        return cart

    def without(self, variant_ids: Iterable[UUID]) -> "Cart":
        """Return the cart without some variants."""
        gone = frozenset(variant_ids)
        return replace(self, entries=tuple(entry for entry in self.entries if entry.variant_id not in gone))

    def renewed(self) -> "Cart":
        """Return the cart as another one with the same things in it: what became of the old one is over."""
        return replace(self, id=uuid4())

    @property
    def contents(self) -> str:
        """What is in it as one text: two carts with the same text are ordered alike."""
        return ";".join(f"{entry.variant_id}x{entry.quantity}" for entry in self.entries)


@dataclass(frozen=True, slots=True)
class LastOrder:
    """The order a browser placed last, as its cookie says."""

    order_id: UUID
    cart_id: UUID | None = None
    """The cart it was placed from; None in a cookie of an earlier release."""
    replaced: UUID | None = None
    """The order of the same cart before it."""

    def is_of(self, cart: Cart) -> bool:
        """Return whether it was placed from this cart."""
        return bool(cart) and (self.cart_id is None or self.cart_id == cart.id)

    def sealed(self, signer: Signer) -> str:
        """Return the cookie's value."""
        parts = (self.order_id, self.cart_id, self.replaced)
        return signer.seal("~".join("" if part is None else part.hex for part in parts))

    @classmethod
    def read(cls, value: str, signer: Signer) -> "LastOrder | None":
        """Return what :meth:`sealed` wrote; None if the value is not ours."""
        try:
            order, *more = signer.open(value).split("~")
            cart, replaced = [UUID(part) if part else None for part in (*more, "", "")[:2]]
            return cls(UUID(order), cart, replaced)
        except (Tampered, ValueError):
            return None


def _bounded(quantity: int) -> int:
    return max(1, min(quantity, MOST_OF_ONE))


def write_cart(cart: Cart, signer: Signer) -> str:
    """Return the cookie's value. A cart gets its id here, when the browser is first given it."""
    parts = (f"{_short(entry.product_id)}{_short(entry.variant_id)}{entry.quantity}" for entry in cart)
    return signer.seal("~".join(("v2", _short(cart.id or uuid4()), *parts)))


def read_cart(value: str | None, signer: Signer) -> Cart:
    """Return the cart of a cookie's value; an empty one if it is missing, foreign or was tampered with."""
    if not value:
        return Cart()
    try:
        version, *parts = signer.open(value).split("~")
        if version not in {"v1", "v2"}:
            return Cart()
        # The first release's carts have no id; they get one when they are written again.
        id = _long(parts.pop(0)) if version == "v2" and parts else None
        entries = [CartEntry(_long(part[:22]), _long(part[22:44]), _bounded(int(part[44:]))) for part in parts if part]
    except (Tampered, ValueError):
        return Cart()
    return Cart(tuple(entries[:MOST_LINES]), id)


def _short(id: UUID) -> str:
    return base64.urlsafe_b64encode(id.bytes).rstrip(b"=").decode()


def _long(text: str) -> UUID:
    return UUID(bytes=base64.urlsafe_b64decode(text + "=="))
