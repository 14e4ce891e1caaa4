"""One catalog per supplier, whichever merchant asks."""

from collections.abc import Mapping
from uuid import UUID

from domain.merchant.events import SupplierProvider
from domain.sourcing.ports import SupplierCatalog


class SharedCatalogs:
    """Implements :class:`domain.sourcing.ports.SupplierCatalogs` where suppliers need no account of the merchant."""

    def __init__(self, catalogs: Mapping[SupplierProvider, SupplierCatalog]) -> None:
        self._catalogs = catalogs

    @property
    def providers(self) -> frozenset[SupplierProvider]:
        return frozenset(self._catalogs)

    async def of(self, merchant_id: UUID, provider: SupplierProvider) -> SupplierCatalog | None:  # noqa: ARG002
        return self._catalogs.get(provider)
