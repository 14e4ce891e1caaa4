"""Events of a store's own domains, and of the names that stores own."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from domain.kernel import DomainEvent


class DomainStatus(StrEnum):
    """The status of a store's own domain."""

    PENDING = "PENDING"
    """Its proof is looked for."""
    VERIFIED = "VERIFIED"
    """The store answers under it."""
    FAILED = "FAILED"
    """The proof did not come in time, or it was lost for too long."""
    REMOVED = "REMOVED"
    """The merchant removed it."""


class DomainProblem(StrEnum):
    """Why a domain is not proved."""

    NO_RECORD = "NO_RECORD"
    """The name of the proof has no TXT record."""
    OTHER_RECORD = "OTHER_RECORD"
    """The name of the proof has TXT records, and none is the store's."""
    DNS_ERROR = "DNS_ERROR"
    """The domain's name servers give no usable answer."""
    TAKEN = "TAKEN"
    """Another store proved the domain first."""


class DomainConnected(DomainEvent, wire_name="store.domain_connected.v1"):
    """The merchant connected a domain; the platform looks for its proof. Again for the same domain: the search restarts."""

    name: str
    """In the ASCII form of DNS, in lower case."""
    token: str
    """The value of the TXT record that proves it, the same for every try of this store."""
    check_until: AwareDatetime
    """When the search ends."""


class DomainProofMissing(DomainEvent, wire_name="store.domain_proof_missing.v1"):
    """A check found no proof of a pending domain, for another reason than the check before. The search goes on."""

    name: str
    problem: DomainProblem


class DomainVerified(DomainEvent, wire_name="store.domain_verified.v1"):
    """A check found the proof of a domain; the store answers under it."""

    name: str


class DomainProofLost(DomainEvent, wire_name="store.domain_proof_lost.v1"):
    """A check no longer found the proof of a verified domain. It still works, and its merchant is warned."""

    name: str
    problem: DomainProblem
    off_at: AwareDatetime
    """When the domain is switched off if the proof does not come back."""


class DomainProofFound(DomainEvent, wire_name="store.domain_proof_found.v1"):
    """The proof of a verified domain came back before the domain was switched off."""

    name: str


class DomainFailed(DomainEvent, wire_name="store.domain_failed.v1"):
    """A domain failed: its proof did not come in time, or was lost for too long. The store does not answer under it."""

    name: str
    problem: DomainProblem


class DomainRemoved(DomainEvent, wire_name="store.domain_removed.v1"):
    """The merchant removed a domain. The store does not answer under it."""

    name: str


class PrimaryDomainChosen(DomainEvent, wire_name="store.primary_domain_chosen.v1"):
    """The store has another canonical address; its other addresses redirect to it."""

    name: str | None = None
    """One of its verified domains; null for the address below the platform's domain."""


class HostnameTaken(DomainEvent, wire_name="hostname.hostname_taken.v1"):
    """A store proved that it owns a domain name. Each name has one stream, so that one store has it at a time."""

    name: str
    store_id: UUID


class HostnameReleased(DomainEvent, wire_name="hostname.hostname_released.v1"):
    """The store that had a domain name lost or removed it, so another store may prove it."""

    store_id: UUID


DomainOfStoreEvent = (
    DomainConnected
    | DomainProofMissing
    | DomainVerified
    | DomainProofLost
    | DomainProofFound
    | DomainFailed
    | DomainRemoved
    | PrimaryDomainChosen
)
"""Events of a store's stream that are about its own domains."""
HostnameEvent = HostnameTaken | HostnameReleased
