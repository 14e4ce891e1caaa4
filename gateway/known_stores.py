"""Which merchants own which stores, as far as this process has seen it. A store never changes its owner."""

from collections import OrderedDict
from uuid import UUID

MOST = 10_000
"""Maximum number of remembered stores."""


class KnownStores:
    """Remembers stores that exist and their owners, so that a query that needs nothing else of a store reads no row."""

    def __init__(self) -> None:
        self._owners: OrderedDict[UUID, UUID] = OrderedDict()

    def is_owner(self, merchant_id: UUID, store_id: UUID) -> bool:
        """Whether the merchant is known to own the store. False if that is unknown."""
        if self._owners.get(store_id) != merchant_id:
            return False
        self._owners.move_to_end(store_id)
        return True

    def remember(self, merchant_id: UUID, store_id: UUID) -> None:
        """Remember a store's owner."""
        self._owners[store_id] = merchant_id
        self._owners.move_to_end(store_id)
        if len(self._owners) > MOST:
            self._owners.popitem(last=False)
