"""Finds the brands of a merchant's stores in the catalog read model."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from domain.store.brand import BrandIdentity
from projections.catalog.queries import stores_of_merchant
from projections.reading.paging import Window
from projections.reading.scope import MerchantScope


class ReadModelBrands:
    """Implements :class:`domain.store.ports.MerchantBrands`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def newest(self, merchant_id: UUID, *, other_than: UUID, limit: int) -> Sequence[BrandIdentity]:
        scope, window = MerchantScope(merchant_id), Window(first=limit + 1)
        try:
            stores = await stores_of_merchant(self._pool, merchant_id, window, scope=scope)
        except asyncpg.UndefinedTableError:
            # The read model has not been built yet. A brand must not wait for it: any look is good then.
            return ()
        brands = [store.brand.identity for store in stores.nodes if store.brand is not None and store.id != other_than]
        return brands[:limit]
