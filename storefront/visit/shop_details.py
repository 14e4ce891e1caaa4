"""The trader's details for a store's pages, opened from the merchant's sealed identity."""

from collections import OrderedDict
from datetime import datetime
from uuid import UUID

from domain.merchant.identity import open_identity
from domain.store.legal_text import ShopDetails
from projections.catalog.views import StoreView
from projections.reading.revisions import Revision
from storefront.ports import StorefrontDependencies
from storefront.rendering.formatting import country_name


class ShopDetailsReader:
    """Opens identities. Those of open stores are kept until the store's revision changes.

    Args:
        deps: queries and the vault of personal data.
        most: how many stores' details to keep.
    """

    def __init__(self, deps: StorefrontDependencies, *, most: int = 1_000) -> None:
        self._deps, self._most = deps, most
        self._kept: OrderedDict[UUID, tuple[Revision, ShopDetails]] = OrderedDict()

    async def of(self, store: StoreView, revision: Revision | None) -> ShopDetails:
        """Return a store's present details.

        Args:
            store: the store.
            revision: of the store's rows, read before them; None if nothing is to be kept.
        """
        kept = self._kept.pop(store.id, None)
        if kept is not None and kept[0] == revision:
            self._kept[store.id] = kept
            return kept[1]
        details = await self.at(store, None)
        if revision is not None:
            self._kept[store.id] = revision, details
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return details

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
