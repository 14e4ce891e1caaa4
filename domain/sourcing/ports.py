"""What sourcing needs from outside: suppliers' catalogs, search phrases and photo fingerprints."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.merchant.events import SupplierProvider
from domain.sourcing.listing import Listing


class SupplierCatalog(Protocol):
    """A supplier's catalogue. Every implementation passes the same contract tests."""

    @property
    def provider(self) -> SupplierProvider: ...

    async def search(self, keywords: Sequence[str], *, limit: int) -> Sequence[Listing]:
        """Return up to ``limit`` different listings that fit any keyword, the best fitting first.

        Raises:
            Transient: no answer, an outage, a limit, or an answer that makes no sense; retrying may help.
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
    """Thinks of what to search for."""

    async def keywords(self, niche: str, *, seed: str) -> Sequence[str]:
        """Return 20 to 30 different search phrases for a niche, the most telling first.

        Raises:
            Transient: the writer could not be reached; retrying may help.
        """
        ...


class ImageFingerprints(Protocol):
    """Tells near-duplicate photos apart."""

    async def fingerprint(self, url: str) -> int | None:
        """Return a 64-bit perceptual hash of the image, or None where it cannot be had.

        Two photos whose hashes differ in at most 6 bits show the same thing.
        """
        ...
