"""How a store gets and loses its own domains: connected, proved by a TXT record, warned, switched off, removed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.ids import hostname_stream
from domain.kernel import InvalidInput, header_after, next_header
from domain.store.aggregate import Store
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
from domain.store.domain_names import shown_domain
from domain.store.domains import CustomDomain, HostnameOwner, token_of
from domain.store.errors import DomainNotFound, DomainNotVerified
from domain.store.events import StoreEvent

SEARCH_FOR = timedelta(hours=72)
"""How long a proof is looked for. A change in DNS may take 48 hours to be seen everywhere."""
RESTART_AFTER = timedelta(minutes=5)
"""Connecting a pending domain again restarts its search no sooner than this."""
GRACE = timedelta(hours=72)
"""How long a domain works after its proof was lost."""
DOMAINS_MOST = 10
"""Domains of a store that are verified or looked for."""


def connect_domain(store: Store, name: str, *, at: datetime) -> Sequence[StoreEvent]:
    """Begin to look for a domain's proof. No-op if it is verified, or if the search began a moment ago.

    Args:
        store: the store.
        name: the domain in its normal form; see :func:`domain.store.domain_names.checked_domain`.
        at: the time of the decision.

    Raises:
        InvalidInput: the store has too many domains.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("connected to a domain")
    known = store.domains.get(name)
    if known is not None and known.status is DomainStatus.VERIFIED:
        return ()
    if known is not None and known.status is DomainStatus.PENDING:
        if at < known.connected_at + RESTART_AFTER:
            return ()
    elif sum(domain.is_live for domain in store.domains.values()) >= DOMAINS_MOST:
        raise InvalidInput("domain", f"The store has {DOMAINS_MOST} domains, which is the most. Remove one first.")
    return (
        DomainConnected(
            **next_header(store, at), name=name, token=token_of(store.id, name), check_until=at + SEARCH_FOR
        ),
    )


def record_check(
    store: Store, name: str, problem: DomainProblem | None, *, taken: bool = False, at: datetime
) -> Sequence[StoreEvent]:
    """Record what a check of a domain's proof found. No-op if it changes nothing, or if the domain is not checked any more.

    The first domain that is verified becomes the primary one.

    Args:
        store: the store.
        name: the domain.
        problem: what is wrong; None if the proof was found.
        taken: whether another store has proved the domain.
        at: the time of the check.
    """
    domain = store.domains.get(name)
    if domain is None or not domain.is_live:
        return ()
    if domain.status is DomainStatus.VERIFIED:
        return _checked_again(store, domain, problem, at=at)
    if problem is None and taken:
        return (DomainFailed(**next_header(store, at), name=name, problem=DomainProblem.TAKEN),)
    if problem is None:
        verified = DomainVerified(**next_header(store, at), name=name)
        if store.primary_domain is not None:
            return (verified,)
        return verified, PrimaryDomainChosen(**next_header(store, at, 2), name=name)
    if at >= domain.check_until:
        return (DomainFailed(**next_header(store, at), name=name, problem=problem),)
    if problem is domain.problem:
        return ()
    return (DomainProofMissing(**next_header(store, at), name=name, problem=problem),)


def _checked_again(
    store: Store, domain: CustomDomain, problem: DomainProblem | None, *, at: datetime
) -> Sequence[StoreEvent]:
    header = next_header(store, at)
    if problem is None:
        return () if domain.off_at is None else (DomainProofFound(**header, name=domain.name),)
    if domain.off_at is None:
        return (DomainProofLost(**header, name=domain.name, problem=problem, off_at=at + GRACE),)
    if at < domain.off_at:
        return ()
    return _without_primary(store, DomainFailed(**header, name=domain.name, problem=problem), domain.name, at=at)


def remove_domain(store: Store, name: str, *, at: datetime) -> Sequence[StoreEvent]:
    """Remove a domain, also from an archived store, so that another store can have it.

    Raises:
        DomainNotFound: the store does not have it.
    """
    domain = store.domains.get(name)
    if domain is None or domain.status is DomainStatus.REMOVED:
        raise DomainNotFound(name)
    return _without_primary(store, DomainRemoved(**next_header(store, at), name=name), name, at=at)


def _without_primary(store: Store, event: DomainOfStoreEvent, name: str, *, at: datetime) -> Sequence[StoreEvent]:
    if store.primary_domain != name:
        return (event,)
    return event, PrimaryDomainChosen(**next_header(store, at, 2))


def choose_primary(store: Store, name: str | None, *, at: datetime) -> Sequence[StoreEvent]:
    """Make a verified domain the store's canonical address; None for the address below the platform's domain.

    No-op if it is.

    Raises:
        DomainNotFound: the store never had it.
        DomainNotVerified: it is not verified.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("moved to another address")
    if name is not None:
        domain = store.domains.get(name)
        if domain is None:
            raise DomainNotFound(name)
        if domain.status is not DomainStatus.VERIFIED:
            raise DomainNotVerified(shown_domain(name), domain.status)
    return () if name == store.primary_domain else (PrimaryDomainChosen(**next_header(store, at), name=name),)


def take_hostname(owner: HostnameOwner | None, name: str, store: Store, *, at: datetime) -> Sequence[HostnameEvent]:
    """Give a name to a store that proved it. The caller has checked that no other store has it. No-op if the store has it."""
    if owner is not None and owner.store_id == store.id:
        return ()
    return (HostnameTaken(**header_after(owner, hostname_stream(name), at), name=name, store_id=store.id),)


def release_hostname(owner: HostnameOwner | None, store: Store, *, at: datetime) -> Sequence[HostnameEvent]:
    """Take a name from a store. No-op if the store does not have it."""
    if owner is None or owner.store_id != store.id:
        return ()
    return (HostnameReleased(**next_header(owner, at), store_id=store.id),)
