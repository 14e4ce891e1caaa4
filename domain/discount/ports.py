"""Port of what counts a shopper's uses of discount codes."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID


class DiscountShoppers(Protocol):
    """Random names of shoppers, kept outside the log, so that forgetting a shopper reaches what the log says of them."""

    async def name_of(self, store_id: UUID, digests: Sequence[str], *, shopper_id: UUID) -> str:
        """Return a shopper's name in a store; the same e-mail address has the same one.

        Args:
            store_id: the store. A shopper has another name in each.
            digests: keyed digests of the e-mail address, under the current key first.
            shopper_id: the person of this order; erasing this person forgets the name.
        """
        ...

    async def release(self, shopper_id: UUID) -> None:
        """Delete what belongs to an order that uses no code after all, and the name if no other order has it."""
        ...

    async def forget(self, shopper_id: UUID) -> None:
        """Delete what leads to a shopper's name. No-op if they have none."""
        ...
