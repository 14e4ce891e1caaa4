"""A store's own domains: their state, and how events change it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.ids import hostname_stream
from domain.kernel import CorruptStream, StreamKind
from domain.store.domain_events import (
    DomainConnected,
    DomainFailed,
    DomainOfStoreEvent,
    DomainProblem,
    DomainProofFound,
    DomainProofLost,
    DomainProofMissing,
    DomainRemoved,
    DomainStatus,
    DomainVerified,
    HostnameEvent,
    HostnameReleased,
    HostnameTaken,
    PrimaryDomainChosen,
)

PROOF_LABEL = "_zyenta"
"""The label below which a domain proves its store, so that the domain itself may be an alias (CNAME)."""
PROOF_PREFIX = "zyenta-store="


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomDomain:
    """One domain of one store."""

    name: str
    status: DomainStatus
    token: str
    connected_at: datetime
    check_until: datetime
    problem: DomainProblem | None = None
    """What the last check found wrong; None if nothing, or before the first check."""
    off_at: datetime | None = None
    """When it is switched off because the proof is lost; None unless that is so."""

    @property
    def is_live(self) -> bool:
        """Whether it is verified, or may become so."""
        return self.status in {DomainStatus.PENDING, DomainStatus.VERIFIED}


def token_of(store_id: UUID, name: str) -> str:
    """Return the value that proves a domain for a store. It is not a secret: only the domain's owner can publish it."""
    return hashlib.sha256(f"{store_id} {name}".encode()).hexdigest()[:40]


def proof_name(name: str) -> str:
    """Return the name whose TXT record proves a domain."""
    return f"{PROOF_LABEL}.{name}"


def proof_value(token: str) -> str:
    """Return the text of the TXT record that proves a domain."""
    return PROOF_PREFIX + token


def canonical_host(slug: str | None, domain: str | None, *, platform: str) -> str:
    """Return the host of a store's canonical address, with its port if the platform's address has one.

    Args:
        slug: the store's slug.
        domain: its primary domain; None if that is the one below the platform's.
        platform: the platform's domain as browsers write it, such as ``localhost:8080``.
    """
    if domain is None:
        return f"{slug}.{platform}"
    _, colon, port = platform.partition(":")
    return f"{domain}{colon}{port}"


def with_event(domains: Mapping[str, CustomDomain], event: DomainOfStoreEvent) -> Mapping[str, CustomDomain]:
    """Return a store's domains after an event. ``PrimaryDomainChosen`` changes none of them."""
    match event:
        case PrimaryDomainChosen():
            return domains
        case DomainConnected():
            changed = CustomDomain(
                name=event.name,
                status=DomainStatus.PENDING,
                token=event.token,
                connected_at=event.occurred_at,
                check_until=event.check_until,
            )
        case DomainProofMissing():
            changed = replace(domains[event.name], problem=event.problem)
        case DomainVerified():
            changed = replace(domains[event.name], status=DomainStatus.VERIFIED, problem=None)
        case DomainProofLost():
            changed = replace(domains[event.name], problem=event.problem, off_at=event.off_at)
        case DomainProofFound():
            changed = replace(domains[event.name], problem=None, off_at=None)
        case DomainFailed():
            changed = replace(domains[event.name], status=DomainStatus.FAILED, problem=event.problem, off_at=None)
        case DomainRemoved():
            changed = replace(domains[event.name], status=DomainStatus.REMOVED, problem=None, off_at=None)
    return {**domains, event.name: changed}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostnameOwner:
    """The owner of a domain name."""

    id: UUID
    version: int
    name: str
    store_id: UUID | None
    """None if the last owner lost or removed it."""


def evolve_hostname(owner: HostnameOwner | None, event: HostnameEvent) -> HostnameOwner:
    """Apply one recorded event."""
    match owner, event:
        case _, HostnameTaken():
            return HostnameOwner(
                id=hostname_stream(event.name),
                version=event.originator_version,
                name=event.name,
                store_id=event.store_id,
            )
        case HostnameOwner(), HostnameReleased():
            return replace(owner, version=event.originator_version, store_id=None)
        case _:
            raise CorruptStream(event)


HOSTNAME = StreamKind("hostname", HostnameOwner, evolve_hostname)
