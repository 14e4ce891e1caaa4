"""The trader's details for a store's pages, opened from the merchant's sealed identity."""

from datetime import datetime

from domain.merchant.identity import open_identity
from domain.store.legal_text import ShopDetails
from domain.store.return_policy import ReturnPolicy
from infra.web.countries import country_name
from projections.catalog.views import StoreView
from storefront.ports import StorefrontDependencies


class ShopDetailsReader:
    """Opens identities."""

    def __init__(self, deps: StorefrontDependencies) -> None:
        self._deps = deps

    async def at(self, store: StoreView, at: datetime | None = None) -> ShopDetails:
        """Return a store's details with the identity that counted at a time; None means the present one."""
        view = await self._deps.queries.business_identity(store, at=at)
        identity = None if view is None else await open_identity(view.identity, self._deps.personal)
        return ShopDetails(
            identity=identity,
            country_name=None if identity is None else country_name(identity.country),
            contact_email=store.contact_email,
            delivery_promise_days=store.delivery_promise_days,
            returns=store.returns or ReturnPolicy(),
        )
