"""Ports of supplier catalogs, search phrases and photo fingerprints."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.merchant.events import SupplierProvider
from domain.sourcing.listing import Listing


class SupplierCatalog(Protocol):
    """A supplier's catalog. Every implementation passes the same contract tests."""

    @property
    def provider(self) -> SupplierProvider: ...

    async def search(self, keywords: Sequence[str], *, limit: int) -> Sequence[Listing]:
        """Return up to ``limit`` different listings that match any keyword, the best match first.

        Raises:
            Transient: an outage, a time-out, a rate limit or a senseless answer; retrying may help.
        """
        ...

    async def find(self, source_id: str) -> Listing | None:
        """Return a listing as it is now; None if the supplier has no such listing any more.

        Raises:
            Transient: an outage, a time-out, a rate limit or a senseless answer; retrying may help.
        """
        ...


class SupplierCatalogs(Protocol):
    """The catalogs that merchants' accounts at suppliers give access to."""

    @property
    def providers(self) -> frozenset[SupplierProvider]:
        """Suppliers that this installation can search."""
        ...

    async def of(self, merchant_id: UUID, provider: SupplierProvider) -> SupplierCatalog | None:
        """Return a supplier's catalog as a merchant sees it; None if this installation cannot search that supplier."""
        ...


class KeywordWriter(Protocol):
    """Writer of search phrases."""

    async def keywords(self, niche: str, *, seed: str) -> Sequence[str]:
        """Return 20 to 30 different search phrases for a niche, the most specific first.

        Raises:
            Transient: the writer cannot be reached; retrying may help.
        """
        ...


class ImageFingerprints(Protocol):
    """Perceptual hashes of photos, to find near-duplicates."""

    async def fingerprint(self, url: str) -> int | None:
        """Return a 64-bit perceptual hash of the image; None if it cannot be read.

        Two photos whose hashes differ in at most 6 bits show the same thing.
        """
        ...
