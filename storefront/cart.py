"""The cart: what a shopper wants, kept in a signed cookie of this store and nowhere else."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from storefront.signing import Signer, Tampered

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
        return Cart((*self.entries, CartEntry(product_id, variant_id, _bounded(quantity))))

    def set(self, variant_id: UUID, quantity: int) -> "Cart":
        """Return the cart with exactly so many of a variant; none of it at zero or below."""
        if quantity <= 0:
            return self.without([variant_id])
        return Cart(
            tuple(
                CartEntry(entry.product_id, entry.variant_id, _bounded(quantity))
                if entry.variant_id == variant_id
                else entry
                for entry in self.entries
            )
        )

    def less(self, ordered: Mapping[UUID, int]) -> "Cart":
        """Return the cart with so many fewer of some variants."""
        cart = self
        for entry in self.entries:
            cart = cart.set(entry.variant_id, entry.quantity - ordered.get(entry.variant_id, 0))
        return cart

    def without(self, variant_ids: Iterable[UUID]) -> "Cart":
        """Return the cart without some variants."""
        gone = frozenset(variant_ids)
        return Cart(tuple(entry for entry in self.entries if entry.variant_id not in gone))


def _bounded(quantity: int) -> int:
    return max(1, min(quantity, MOST_OF_ONE))


def write_cart(cart: Cart, signer: Signer) -> str:
    """Return the cookie's value."""
    parts = (f"{_short(entry.product_id)}{_short(entry.variant_id)}{entry.quantity}" for entry in cart)
    return signer.seal("v1~" + "~".join(parts))


def read_cart(value: str | None, signer: Signer) -> Cart:
    """Return the cart of a cookie's value; an empty one if it is missing, foreign or was tampered with."""
    if not value:
        return Cart()
    try:
        version, *parts = signer.open(value).split("~")
        if version != "v1":
            return Cart()
        entries = [CartEntry(_long(part[:22]), _long(part[22:44]), _bounded(int(part[44:]))) for part in parts if part]
    except (Tampered, ValueError):
        return Cart()
    return Cart(tuple(entries[:MOST_LINES]))


def _short(id: UUID) -> str:
    return base64.urlsafe_b64encode(id.bytes).rstrip(b"=").decode()


def _long(text: str) -> UUID:
    return UUID(bytes=base64.urlsafe_b64decode(text + "=="))
