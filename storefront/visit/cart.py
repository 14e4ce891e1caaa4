"""The cart. It is kept in a signed cookie of its store and nowhere else."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from storefront.visit.signing import Signer, Tampered

MOST_LINES = 30
"""A line takes about 50 bytes; browsers keep 4,096 bytes per cookie."""
MOST_OF_ONE = 20


@dataclass(frozen=True, slots=True)
class CartEntry:
    """A quantity of one variant."""

    product_id: UUID
    variant_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Cart:
    """The variants in a cart, oldest first. It has no prices; those come from the store."""

    entries: tuple[CartEntry, ...] = ()
    id: UUID | None = None
    """Identifies the cart in every window of the browser; at most one paid order has it. None while it is new."""

    @property
    def count(self) -> int:
        """The sum of all quantities."""
        return sum(entry.quantity for entry in self.entries)

    def __iter__(self) -> Iterator[CartEntry]:
        return iter(self.entries)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def add(self, product_id: UUID, variant_id: UUID, quantity: int) -> "Cart":
        """Return the cart with more of a variant, at most ``MOST_OF_ONE``; unchanged if all lines are taken."""
        for entry in self.entries:
            if entry.variant_id == variant_id:
                return self.set(variant_id, entry.quantity + quantity)
        if len(self.entries) >= MOST_LINES:
            return self
        return replace(self, entries=(*self.entries, CartEntry(product_id, variant_id, _bounded(quantity))))

    def set(self, variant_id: UUID, quantity: int) -> "Cart":
        """Return the cart with this quantity of a variant; without the variant at zero or below."""
        if quantity <= 0:
            return self.without([variant_id])
        entries = tuple(
            replace(entry, quantity=_bounded(quantity)) if entry.variant_id == variant_id else entry
            for entry in self.entries
        )
        return replace(self, entries=entries)

    def less(self, ordered: Mapping[UUID, int]) -> "Cart":
        """Return the cart with its quantities reduced by those that were ordered."""
        cart = self
        for entry in self.entries:
            cart = cart.set(entry.variant_id, entry.quantity - ordered.get(entry.variant_id, 0))
        return cart

    def without(self, variant_ids: Iterable[UUID]) -> "Cart":
        """Return the cart without some variants."""
        gone = frozenset(variant_ids)
        return replace(self, entries=tuple(entry for entry in self.entries if entry.variant_id not in gone))

    def renewed(self) -> "Cart":
        """Return a cart with the same contents and a new id, after the old one became an order."""
        return replace(self, id=uuid4())

    @property
    def contents(self) -> str:
        """Its contents as text: carts with equal texts make equal orders."""
        return ";".join(f"{entry.variant_id}x{entry.quantity}" for entry in self.entries)


@dataclass(frozen=True, slots=True)
class LastOrder:
    """The order that a browser placed last, as its cookie has it."""

    order_id: UUID
    cart_id: UUID | None = None
    """The cart it was placed from; None in a cookie of an earlier release."""
    replaced: UUID | None = None
    """The order of the same cart before it."""

    def is_of(self, cart: Cart) -> bool:
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


def _bounded(quantity: int) -> int:
    return max(1, min(quantity, MOST_OF_ONE))


def write_cart(cart: Cart, signer: Signer) -> str:
    """Return the cookie's value; a cart without an id gets one."""
    parts = (f"{_short(entry.product_id)}{_short(entry.variant_id)}{entry.quantity}" for entry in cart)
    return signer.seal("~".join(("v2", _short(cart.id or uuid4()), *parts)))


def read_cart(value: str | None, signer: Signer) -> Cart:
    """Return the cart of a cookie's value; an empty one if the value is missing, too old or forged."""
    if not value:
        return Cart()
    try:
        version, *parts = signer.open(value).split("~")
        if version not in {"v1", "v2"}:
            return Cart()
        # Carts of the first release have no id; :func:`write_cart` gives them one.
        id = _long(parts.pop(0)) if version == "v2" and parts else None
        entries = [CartEntry(_long(part[:22]), _long(part[22:44]), _bounded(int(part[44:]))) for part in parts if part]
    except (Tampered, ValueError):
        return Cart()
    return Cart(tuple(entries[:MOST_LINES]), id)


def _short(id: UUID) -> str:
    return base64.urlsafe_b64encode(id.bytes).rstrip(b"=").decode()


def _long(text: str) -> UUID:
    return UUID(bytes=base64.urlsafe_b64decode(text + "=="))
