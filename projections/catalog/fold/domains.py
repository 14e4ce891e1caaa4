"""How events change the domains that stores connected."""

from uuid import UUID

from domain.store.domain_events import (
    DomainConnected,
    DomainFailed,
    DomainProofFound,
    DomainProofLost,
    DomainProofMissing,
    DomainRemoved,
    DomainStatus,
    DomainVerified,
    PrimaryDomainChosen,
)
from projections.catalog.rows import CatalogRows
from projections.catalog.tables.stores import DomainRow
from projections.engine.tables import Folds

DOMAIN_FOLDS: Folds[CatalogRows] = Folds()


def _key(event: DomainConnected, _: UUID) -> tuple[UUID, str]:
    return event.originator_id, event.name


@DOMAIN_FOLDS.on(DomainConnected, domains=_key)
def domain_connected(rows: CatalogRows, event: DomainConnected, _: UUID) -> None:
    rows.domains[event.originator_id, event.name] = domain = rows.domains.get(
        (event.originator_id, event.name)
    ) or DomainRow(
        store_id=event.originator_id,
        name=event.name,
        status=DomainStatus.PENDING,
        token=event.token,
        problem=None,
        connected_at=event.occurred_at,
        check_until=event.check_until,
        verified_at=None,
        off_at=None,
    )
    domain.status, domain.token, domain.problem = DomainStatus.PENDING, event.token, None
    domain.connected_at, domain.check_until = event.occurred_at, event.check_until
    domain.verified_at = None


@DOMAIN_FOLDS.on(DomainProofMissing, domains=_key)
def domain_proof_missing(rows: CatalogRows, event: DomainProofMissing, _: UUID) -> None:
    rows.domains[event.originator_id, event.name].problem = event.problem


@DOMAIN_FOLDS.on(DomainVerified, domains=_key)
def domain_verified(rows: CatalogRows, event: DomainVerified, _: UUID) -> None:
    domain = rows.domains[event.originator_id, event.name]
    domain.status, domain.problem, domain.verified_at = DomainStatus.VERIFIED, None, event.occurred_at


@DOMAIN_FOLDS.on(DomainProofLost, domains=_key)
def domain_proof_lost(rows: CatalogRows, event: DomainProofLost, _: UUID) -> None:
    domain = rows.domains[event.originator_id, event.name]
    domain.problem, domain.off_at = event.problem, event.off_at


@DOMAIN_FOLDS.on(DomainProofFound, domains=_key)
def domain_proof_found(rows: CatalogRows, event: DomainProofFound, _: UUID) -> None:
    domain = rows.domains[event.originator_id, event.name]
    domain.problem = domain.off_at = None


@DOMAIN_FOLDS.on(DomainFailed, domains=_key)
def domain_failed(rows: CatalogRows, event: DomainFailed, _: UUID) -> None:
    domain = rows.domains[event.originator_id, event.name]
    domain.status, domain.problem, domain.off_at = DomainStatus.FAILED, event.problem, None


@DOMAIN_FOLDS.on(DomainRemoved, domains=_key)
def domain_removed(rows: CatalogRows, event: DomainRemoved, _: UUID) -> None:
    domain = rows.domains[event.originator_id, event.name]
    domain.status, domain.problem, domain.off_at = DomainStatus.REMOVED, None, None


@DOMAIN_FOLDS.on(PrimaryDomainChosen, stores="originator_id")
def primary_domain_chosen(rows: CatalogRows, event: PrimaryDomainChosen, _: UUID) -> None:
    store = rows.stores[event.originator_id]
    store.custom_domain, store.updated_at = event.name, event.occurred_at
