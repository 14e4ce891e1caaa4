"""Where carts are kept between two requests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.cart.contents import ShopperCart

CART_AGE = timedelta(days=30)
"""How long a cart is kept after its last change."""

Change = Callable[[ShopperCart], ShopperCart]
"""Makes the cart's next state of its present one. It may be called more than once."""


@dataclass(frozen=True, slots=True)
class KeptCart:
    """A cart as it is kept."""

    key: UUID
    """Names it for its browsers. Another one than was asked for, if that cart became part of this one."""
    cart: ShopperCart
    shared: bool
    """Whether another browser may have it, or find it by an order. Such a cart is kept while it is empty."""


class Carts(Protocol):
    """The carts of all stores. A cart without a change for ``CART_AGE`` is gone."""

    async def read(self, store_id: UUID, key: UUID, *, at: datetime) -> KeptCart | None:
        """Return a cart; None if it is gone."""
        ...

    async def adopt(self, store_id: UUID, key: UUID, cart: ShopperCart, *, at: datetime) -> KeptCart:
        """Keep a cart that a browser has kept until now, and return it; return the kept one if there is one."""
        ...

    async def change(self, store_id: UUID, key: UUID, change: Change, *, at: datetime) -> KeptCart:
        """Change a cart, and return it. Changes of one cart happen one after the other; a cart that is gone is empty."""
        ...

    async def join(
        self,
        store_id: UUID,
        key: UUID,
        into: UUID,
        merge: Callable[[ShopperCart, ShopperCart], ShopperCart],
        *,
        at: datetime,
    ) -> KeptCart | None:
        """Make two carts one, for all browsers that have either. None if the target is gone; nothing changes then.

        Args:
            store_id: the store of both.
            key: the cart that ends. It may be gone.
            into: the cart that stays.
            merge: makes the new contents from those of the target and those of the cart that ends.
            at: the present time.
        """
        ...

    async def note_order(self, store_id: UUID, key: UUID, shopper_id: UUID) -> None:
        """Remember whose order was placed from a cart, which is shared then. No-op if the cart is gone."""
        ...

    async def of_shopper(self, store_id: UUID, shopper_id: UUID, *, at: datetime) -> KeptCart | None:
        """Return the cart from which a shopper's order was placed; None if it is gone or had a later order."""
        ...

    async def note_link(self, store_id: UUID, key: UUID, shopper_id: UUID, *, at: datetime) -> bool:
        """Remember who was sent a link to a cart, which is shared then. False if the cart is gone, or has such a link."""
        ...

    async def old_links(self, before: datetime, *, limit: int) -> Sequence[UUID]:
        """Return whose links were sent before a time."""
        ...

    async def forget_link(self, shopper_id: UUID) -> None:
        """Forget who was sent a link, after the key of the address was deleted."""
        ...

    async def forget(self, shopper_id: UUID) -> Sequence[UUID]:
        """Delete the cart from which a shopper's order was placed; return who was sent a link to it."""
        ...

    async def delete_old(self, before: datetime, *, limit: int) -> int:
        """Delete carts without a change since a time; return how many."""
        ...
