"""The trader's details for a store's pages, opened from the merchant's sealed identity."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from domain.merchant.identity import open_identity
from domain.store.legal_text import ShopDetails
from projections.catalog.views import StoreView
from storefront.ports import StorefrontDependencies
from storefront.rendering.formatting import country_name


class ShopDetailsReader:
    """Opens identities. They are kept as long as stores are, so that a product page costs no further query.

    Args:
        deps: queries and the vault of personal data.
        most: how many stores' details to keep.
        now: seconds that never go back.
    """

    def __init__(
        self, deps: StorefrontDependencies, *, most: int = 1_000, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._deps, self._most, self._now = deps, most, now
        self._kept: OrderedDict[UUID, tuple[float, ShopDetails]] = OrderedDict()

    async def of(self, store: StoreView) -> ShopDetails:
        """Return a store's present details."""
        kept = self._kept.pop(store.id, None)
        if kept is None or self._now() - kept[0] >= self._deps.store_cache_seconds:
            kept = self._now(), await self.at(store, None)
        self._kept[store.id] = kept
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return kept[1]

    async def at(self, store: StoreView, at: datetime | None) -> ShopDetails:
        """Return a store's details with the identity that counted at a time; None means the present one."""
        view = await self._deps.queries.business_identity(store, at=at)
        identity = None if view is None else await open_identity(view.identity, self._deps.personal)
        return ShopDetails(
            identity=identity,
            country_name=None if identity is None else country_name(identity.country),
            contact_email=store.contact_email,
            delivery_promise_days=store.delivery_promise_days,
        )
