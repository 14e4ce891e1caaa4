"""Commands for a store's own domains."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commands.access import store_of_merchant
from commands.ports import UnboundHandlers, Work
from domain.editing import SeenValue, refuse_overwriting_value
from domain.ids import hostname_stream
from domain.kernel import Clock
from domain.store import domain_connection as decide
from domain.store.aggregate import STORE, Store
from domain.store.domain_events import DomainFailed, DomainProblem, DomainRemoved, DomainVerified
from domain.store.domain_names import checked_domain, shown_domain
from domain.store.domains import HOSTNAME
from domain.store.errors import DomainTaken
from domain.store.events import StoreEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectDomain:
    """Connect a domain to a store."""

    store_id: UUID
    merchant_id: UUID
    domain: str
    """As the merchant typed it."""


async def connect_domain(
    command: ConnectDomain, work: Work, *, clock: Clock, platform_domains: Sequence[str]
) -> dict[str, str]:
    """Append ``DomainConnected``, so that the domain's proof is looked for. No-op if it is verified.

    Raises:
        InvalidInput: it cannot be a store's domain, or the store has too many.
        DomainTaken: another store proved it.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    name = checked_domain(command.domain, platform=platform_domains)
    owner = await work.find(HOSTNAME, hostname_stream(name))
    if owner is not None and owner.store_id not in {None, store.id}:
        raise DomainTaken(shown_domain(name))
    work.append(STORE, store.id, decide.connect_domain(store, name, at=clock.now()), tenant=store.id)
    return {"domain": name}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDomainCheck:
    """Record what a check of a domain's proof found."""

    store_id: UUID
    domain: str
    """In its normal form."""
    problem: DomainProblem | None
    """None if the proof was found."""


async def record_domain_check(command: RecordDomainCheck, work: Work, *, clock: Clock) -> None:
    """Append what changed: verified, missing, lost, found again, or failed. No-op if nothing did.

    A verified domain's name is taken in the same transaction, so that one store has it.

    Raises:
        NotFound: no store has the id; retrying cannot help.
        ConcurrencyConflict: another store took the name first; the bus retries, and the domain fails.
    """
    at = clock.now()
    store = await work.get(STORE, command.store_id)
    owner = await work.find(HOSTNAME, hostname_stream(command.domain))
    taken = owner is not None and owner.store_id not in {None, store.id}
    events = decide.record_check(store, command.domain, command.problem, taken=taken, at=at)
    await _append(work, store, command.domain, events, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoosePrimaryDomain:
    """Choose a store's canonical address."""

    store_id: UUID
    merchant_id: UUID
    domain: str | None
    """A verified domain as the merchant typed it; None for the address below the platform's domain."""
    seen: SeenValue[str] = None
    """The primary domain that the editor saw, empty for the platform's address; None to overwrite any."""


async def choose_primary_domain(
    command: ChoosePrimaryDomain, work: Work, *, clock: Clock, platform_domains: Sequence[str]
) -> None:
    """Append ``PrimaryDomainChosen``. No-op if it is chosen.

    Raises:
        ChangedMeanwhile: the primary domain is not what the editor saw.
        InvalidInput: it is not a domain name.
        DomainNotFound, DomainNotVerified: it is not a verified domain of the store.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    name = None if command.domain is None else checked_domain(command.domain, platform=platform_domains)
    refuse_overwriting_value(command.seen, store.primary_domain or "", "PRIMARY_DOMAIN", field="expectedDomain")
    work.append(STORE, store.id, decide.choose_primary(store, name, at=clock.now()), tenant=store.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDomain:
    """Remove a domain from a store."""

    store_id: UUID
    merchant_id: UUID
    domain: str
    """As the merchant typed it."""


async def remove_domain(command: RemoveDomain, work: Work, *, clock: Clock, platform_domains: Sequence[str]) -> None:
    """Append ``DomainRemoved``; another store may prove the domain then.

    Raises:
        InvalidInput: it is not a domain name.
        DomainNotFound: the store does not have it.
        NotFound: no store has the id, or it is another merchant's.
    """
    at = clock.now()
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    name = checked_domain(command.domain, platform=platform_domains)
    await _append(work, store, name, decide.remove_domain(store, name, at=at), at=at)


async def _append(work: Work, store: Store, name: str, events: Sequence[StoreEvent], *, at: datetime) -> None:
    """Append events of a store, and what they mean for the owner of the name."""
    work.append(STORE, store.id, events, tenant=store.id)
    owner = await work.find(HOSTNAME, hostname_stream(name))
    if any(isinstance(event, DomainVerified) for event in events):
        taken = decide.take_hostname(owner, name, store, at=at)
        work.append(HOSTNAME, hostname_stream(name), taken, tenant=store.id)
    elif owner is not None and any(isinstance(event, DomainFailed | DomainRemoved) for event in events):
        work.append(HOSTNAME, owner.id, decide.release_hostname(owner, store, at=at), tenant=store.id)


HANDLERS: UnboundHandlers = {
    ConnectDomain: connect_domain,
    RecordDomainCheck: record_domain_check,
    ChoosePrimaryDomain: choose_primary_domain,
    RemoveDomain: remove_domain,
}
"""Each command and its handler."""
