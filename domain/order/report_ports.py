"""Port of payment providers: what they say about disputes and payouts, and how evidence reaches them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from domain.order.after_sale.dispute_events import EvidenceFileKind
from domain.order.disputes import DisputeReport
from domain.order.evidence.fields import EvidenceField
from domain.order.ports import AccountNotice
from domain.payout.aggregate import PayoutReport


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeNotice(AccountNotice):
    """Something changed in a dispute. Notices come in any order: ask the provider what is true now."""

    dispute_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutNotice(AccountNotice):
    """Something changed in a payout. Notices come in any order: ask the provider what is true now."""

    payout_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDispute:
    """A dispute, and the order that its payment names."""

    store_id: UUID
    order_id: UUID
    report: DisputeReport


class ProviderReports(Protocol):
    """Asks a provider about disputes and payouts of a merchant's account."""

    async def dispute(self, account_id: str, dispute_id: str) -> OrderDispute | None:
        """Return a dispute; None if its payment was not made through this platform.

        Raises:
            DomainError: the provider refused; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...

    async def payout(self, account_id: str, payout_id: str) -> PayoutReport:
        """Return a payout.

        Raises:
            DomainError: the provider refused; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """A file for the bank."""

    file_id: UUID
    mime_type: str
    """``application/pdf``, ``image/jpeg`` or ``image/png``."""
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRequest:
    """Evidence that a provider is asked to pass on to the bank."""

    dispute_id: str
    texts: Mapping[EvidenceField, str]
    idempotency_key: str
    files: Mapping[EvidenceFileKind, FileContent] = field(default_factory=dict)


class DisputeEvidence(Protocol):
    """The half of a payment provider that takes evidence for disputes."""

    async def submit(self, request: EvidenceRequest, *, account_id: str | None) -> None:
        """Submit evidence with its files; a repeat with the same idempotency key changes nothing.

        Args:
            request: the evidence.
            account_id: the merchant's account at the provider; None if they have none.

        Raises:
            DomainError: the provider refused; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...
