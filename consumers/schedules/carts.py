"""Deletes old carts, and the keys of addresses to which links to carts were sent."""

from datetime import datetime

from domain.cart.link import LINK_AGE
from domain.cart.ports import CART_AGE, Carts
from domain.privacy import PersonalData

BATCH = 200
"""Most carts, or addresses, of one round."""


class CartExpiry:
    """One round of deletions. Safe to repeat, and to run in several processes."""

    def __init__(self, carts: Carts, personal: PersonalData) -> None:
        self._carts, self._personal = carts, personal

    async def enforce(self, now: datetime) -> None:
        """Delete what is too old. The key goes first, so that a crash in between leaves nothing readable."""
        for person in await self._carts.old_links(now - LINK_AGE, limit=BATCH):
            await self._personal.forget(person)
            await self._carts.forget_link(person)
        await self._carts.delete_old(now - CART_AGE, limit=BATCH)
