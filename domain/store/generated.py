"""What a generation decides about its store: its brand, its goods, its subject, and that it is ready for review."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from domain.kernel import next_header
from domain.store.aggregate import Store
from domain.store.brand import BrandProposal
from domain.store.events import (
    BrandGenerated,
    NicheChanged,
    ProductsScouted,
    StoreEvent,
    StoreReadyForReview,
    StoreStatus,
    SupplierReport,
)
from domain.store.niche import sellable_niche


def record_brand(
    store: Store, proposal: BrandProposal, *, generation_id: UUID, attempt: int, slug: str, at: datetime
) -> Sequence[StoreEvent]:
    """Adopt a proposed brand under a slug that the caller has reserved."""
    store.refuse_archived("rebranded")
    return (
        BrandGenerated(
            **next_header(store, at),
            generation_id=generation_id,
            attempt=attempt,
            brand=proposal.brand,
            options=proposal.options,
            reason=proposal.reason,
            slug=slug,
            written_by=proposal.written_by,
        ),
    )


def record_scouting(  # noqa: PLR0913 - each is a field of the event
    store: Store,
    *,
    generation_id: UUID,
    attempt: int,
    keywords: list[str],
    suppliers: list[SupplierReport],
    duplicates: int,
    product_ids: list[UUID],
    fitting: int | None = None,
    rejected: Mapping[str, int] | None = None,
    at: datetime,
) -> Sequence[StoreEvent]:
    """Record a scouting and the products it imported."""
    store.refuse_archived("restocked")
    return (
        ProductsScouted(
            **next_header(store, at),
            generation_id=generation_id,
            attempt=attempt,
            keywords=keywords,
            suppliers=suppliers,
            candidates=sum(report.candidates for report in suppliers),
            duplicates=duplicates,
            product_ids=product_ids,
            fitting=fitting,
            rejected=dict(rejected or {}),
        ),
    )


def change_niche(store: Store, niche: str, *, at: datetime) -> Sequence[StoreEvent]:
    """Change the store's subject. No-op if it is the same.

    Raises:
        InvalidInput: the niche is empty, too long, has control characters, or asks for goods that are not sold.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("changed")
    niche = sellable_niche(niche)
    return () if niche == store.niche else (NicheChanged(**next_header(store, at), niche=niche),)


def mark_ready(store: Store, generation_id: UUID, *, at: datetime) -> Sequence[StoreEvent]:
    """Hand the store to its merchant for review. No-op if that was done."""
    if store.status is not StoreStatus.CREATING:
        return ()
    return (StoreReadyForReview(**next_header(store, at), generation_id=generation_id),)
