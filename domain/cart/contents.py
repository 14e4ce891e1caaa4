"""What a shopper put into a cart, before it is an order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from domain.money import Money

MOST_LINES = 30
"""Lines of a cart."""
MOST_OF_ONE = 20
"""Pieces of one variant."""


@dataclass(frozen=True, slots=True)
class CartEntry:
    """A quantity of one variant."""

    product_id: UUID
    variant_id: UUID
    quantity: int
    seen_price: Money | None = None
    """The price of one piece when the shopper last chose it; None in carts of earlier releases. It decides nothing."""


@dataclass(frozen=True, slots=True)
class ShopperCart:
    """The variants in a cart, oldest first. What they cost comes from the store."""

    entries: tuple[CartEntry, ...] = ()
    id: UUID | None = None
    """At most one paid order has it. None while the cart is new."""

    @property
    def count(self) -> int:
        """The sum of all quantities."""
        return sum(entry.quantity for entry in self.entries)

    def __iter__(self) -> Iterator[CartEntry]:
        return iter(self.entries)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def add(self, product_id: UUID, variant_id: UUID, quantity: int, price: Money | None = None) -> "ShopperCart":
        """Return the cart with more of a variant, at most ``MOST_OF_ONE``; unchanged if all lines are taken."""
        for entry in self.entries:
            if entry.variant_id == variant_id:
                added = self.set(variant_id, entry.quantity + quantity)
                return added if price is None else added.with_prices({variant_id: price})
        if len(self.entries) >= MOST_LINES:
            return self
        return replace(self, entries=(*self.entries, CartEntry(product_id, variant_id, bounded(quantity), price)))

    def set(self, variant_id: UUID, quantity: int) -> "ShopperCart":
        """Return the cart with this quantity of a variant; without the variant at zero or below."""
        if quantity <= 0:
            return self.without([variant_id])
        entries = tuple(
            replace(entry, quantity=bounded(quantity)) if entry.variant_id == variant_id else entry
            for entry in self.entries
        )
        return replace(self, entries=entries)

    def less(self, ordered: Mapping[UUID, int]) -> "ShopperCart":
        """Return the cart with its quantities reduced by those that were ordered."""
        cart = self
        for entry in self.entries:
            cart = cart.set(entry.variant_id, entry.quantity - ordered.get(entry.variant_id, 0))
        return cart

    def without(self, variant_ids: Iterable[UUID]) -> "ShopperCart":
        """Return the cart without some variants."""
        gone = frozenset(variant_ids)
        return replace(self, entries=tuple(entry for entry in self.entries if entry.variant_id not in gone))

    def with_prices(self, prices: Mapping[UUID, Money]) -> "ShopperCart":
        """Return the cart with the prices that its shopper sees now."""
        entries = tuple(replace(e, seen_price=prices.get(e.variant_id, e.seen_price)) for e in self.entries)
        return replace(self, entries=entries)

    def merged(self, other: "ShopperCart", stock: Mapping[UUID, int]) -> "ShopperCart":
        """Return this cart with the goods of another cart of the same shopper.

        Of a variant in both, the larger quantity counts: the shopper wanted it once, on two devices. What comes from the
        other cart is bounded by the stock, with one piece at least, so that the page can say that it is sold out.

        Args:
            other: the other cart.
            stock: pieces for sale, by variant. Unknown variants have none.
        """
        merged = self
        for entry in other.entries:
            mine = next((one.quantity for one in self.entries if one.variant_id == entry.variant_id), 0)
            theirs = min(entry.quantity, max(1, stock.get(entry.variant_id, 0)))
            if mine == 0:
                merged = merged.add(entry.product_id, entry.variant_id, theirs, entry.seen_price)
            elif theirs > mine:
                merged = merged.set(entry.variant_id, theirs)
        return merged

    def renewed(self) -> "ShopperCart":
        """Return a cart with the same contents and a new id, after the old one became an order."""
        return replace(self, id=uuid4())

    @property
    def contents(self) -> str:
        """Its contents as text: carts with equal texts make equal orders."""
        return ";".join(f"{entry.variant_id}x{entry.quantity}" for entry in self.entries)


def bounded(quantity: int) -> int:
    """Return a quantity that a line may have."""
    return max(1, min(quantity, MOST_OF_ONE))
