"""The payee aggregate: an account that shoppers pay into, claimed once by one merchant. It decides between two at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.ids import derived
from domain.kernel import CorruptStream, StreamKind, first_header
from domain.payee.errors import AccountOfAnotherMerchant
from domain.payee.events import PayeeClaimed, PayeeEvent

NAMESPACE = UUID("5a1a3b0e-52f5-4a0e-9d53-7c1f3f0c2b61")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """An account at the payment provider and its merchant."""

    id: UUID
    version: int
    merchant_id: UUID
    account_id: str


def payee_stream(account_id: str) -> UUID:
    """Return the id of an account's stream."""
    return derived(NAMESPACE, account_id)


def claim(account: Payee | None, account_id: str, *, merchant_id: UUID, at: datetime) -> Sequence[PayeeEvent]:
    """Claim an account for a merchant. No-op if it is theirs.

    Raises:
        AccountOfAnotherMerchant: refunds and disputes of another merchant's orders are followed there.
    """
    if account is None:
        header = first_header(payee_stream(account_id), at)
        return (PayeeClaimed(**header, merchant_id=merchant_id, account_id=account_id),)
    if account.merchant_id != merchant_id:
        raise AccountOfAnotherMerchant(account_id)
    return ()


def evolve(account: Payee | None, event: PayeeEvent) -> Payee:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    if account is not None:
        raise CorruptStream(event)
    return Payee(
        id=event.originator_id,
        version=event.originator_version,
        merchant_id=event.merchant_id,
        account_id=event.account_id,
    )


PAYEE = StreamKind("payee", Payee, evolve)
