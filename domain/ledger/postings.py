"""Double-entry postings of events, in minor units. Pure: the same event always has the same postings.

A book belongs to the tenant of its events: a store for orders, a merchant for payouts. An amount above zero is a debit.
The functions read fields only, so they take events and what read models decode in place of events.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from domain.fee_payment.events import OwedFeesPaid
from domain.kernel import DomainEvent
from domain.order.after_sale.dispute_events import DisputeFundsMoved
from domain.order.after_sale.events import RefundFailed, RefundSucceeded
from domain.order.events import OrderPaid, PaymentUnmatched
from domain.payout.events import PayoutFailed, PayoutPaid


class Account(StrEnum):
    """An account of a book."""

    BALANCE = "BALANCE"
    """The merchant's money at the payment provider, before the provider's own fees for payments."""
    SALES = "SALES"
    """What shoppers paid, without the taxes that are known."""
    TAXES = "TAXES"
    """Taxes within payments less those within refunds; the merchant owes them to the tax offices."""
    UNMATCHED = "UNMATCHED"
    """Payments that pay for no order; the merchant owes them."""
    REFUNDS = "REFUNDS"
    PLATFORM_FEES = "PLATFORM_FEES"
    FEES_OWED = "FEES_OWED"
    """Platform fees that the payment provider does not take. The merchant owes them and is billed apart."""
    DISPUTES = "DISPUTES"
    """Money that banks took back for shoppers."""
    DISPUTE_FEES = "DISPUTE_FEES"
    BANK = "BANK"
    """The merchant's bank account."""


FEES = frozenset({Account.PLATFORM_FEES, Account.DISPUTE_FEES})


class EntryKind(StrEnum):
    """What happened."""

    CHARGE = "CHARGE"
    UNMATCHED_CHARGE = "UNMATCHED_CHARGE"
    REFUND = "REFUND"
    REFUND_RETURNED = "REFUND_RETURNED"
    """A refund that had succeeded came back."""
    DISPUTE = "DISPUTE"
    """Money of a dispute moved, in either direction."""
    PAYOUT = "PAYOUT"
    PAYOUT_RETURNED = "PAYOUT_RETURNED"
    FEE_PAYMENT = "FEE_PAYMENT"
    """A merchant paid platform fees that they owed."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A debit (above zero) or a credit (below zero) of an account."""

    account: Account
    minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The postings of one event; in each currency they sum to zero."""

    kind: EntryKind
    reference: str
    """The provider's id of the payment, refund, dispute or payout; of a fee payment the operator's reference."""
    postings: Sequence[Posting]


def _move(amount: Any, *, debit: Account, credit: Account) -> list[Posting]:
    if amount.minor == 0:
        return []
    return [Posting(debit, amount.minor, amount.currency), Posting(credit, -amount.minor, amount.currency)]


def _fee_side(event: Any) -> Account:
    """Return the account that pays the platform's fee: the provider took it from the balance, or the merchant owes it."""
    return Account.FEES_OWED if event.fee_is_owed else Account.BALANCE


def _charge(event: Any, kind: EntryKind, income: Account) -> Entry:
    paid = _move(event.amount, debit=Account.BALANCE, credit=income)
    fee = _move(event.platform_fee, debit=Account.PLATFORM_FEES, credit=_fee_side(event))
    return Entry(kind=kind, reference=event.intent_id, postings=[*paid, *fee])


def _order_paid(event: Any) -> Entry | None:
    entry = _charge(event, EntryKind.CHARGE, Account.SALES)
    return replace(entry, postings=[*entry.postings, *_tax(event, debit=Account.SALES, credit=Account.TAXES)])


def _payment_unmatched(event: Any) -> Entry | None:
    return _charge(event, EntryKind.UNMATCHED_CHARGE, Account.UNMATCHED)


def _tax(event: Any, *, debit: Account, credit: Account) -> list[Posting]:
    return [] if event.tax is None else _move(event.tax, debit=debit, credit=credit)


def _refunded(event: Any) -> Account:
    return Account.UNMATCHED if event.unmatched else Account.REFUNDS


def _refund_succeeded(event: Any) -> Entry | None:
    back = _move(event.amount, debit=_refunded(event), credit=Account.BALANCE)
    fee = _move(event.fee_refund, debit=_fee_side(event), credit=Account.PLATFORM_FEES)
    tax = _tax(event, debit=Account.TAXES, credit=_refunded(event))
    return Entry(kind=EntryKind.REFUND, reference=event.external_id, postings=[*back, *fee, *tax])


def _refund_failed(event: Any) -> Entry | None:
    if not event.after_success:
        return None
    back = _move(event.amount, debit=Account.BALANCE, credit=_refunded(event))
    fee = _move(event.fee_refund, debit=Account.PLATFORM_FEES, credit=_fee_side(event))
    tax = _tax(event, debit=_refunded(event), credit=Account.TAXES)
    return Entry(kind=EntryKind.REFUND_RETURNED, reference=event.external_id or "", postings=[*back, *fee, *tax])


def _dispute_funds_moved(event: Any) -> Entry | None:
    taken = _move(event.taken, debit=Account.DISPUTES, credit=Account.BALANCE)
    fee = _move(event.fee, debit=Account.DISPUTE_FEES, credit=Account.BALANCE)
    return Entry(kind=EntryKind.DISPUTE, reference=event.dispute_id, postings=[*taken, *fee])


def _payout_paid(event: Any) -> Entry | None:
    paid = _move(event.amount, debit=Account.BANK, credit=Account.BALANCE)
    return Entry(kind=EntryKind.PAYOUT, reference=event.payout_id, postings=paid)


def _payout_failed(event: Any) -> Entry | None:
    if not event.after_paid:
        return None
    back = _move(event.amount, debit=Account.BALANCE, credit=Account.BANK)
    return Entry(kind=EntryKind.PAYOUT_RETURNED, reference=event.payout_id, postings=back)


def _owed_fees_paid(event: Any) -> Entry | None:
    paid = _move(event.amount, debit=Account.FEES_OWED, credit=Account.BANK)
    return Entry(kind=EntryKind.FEE_PAYMENT, reference=event.reference, postings=paid)


ENTRIES: Mapping[type[DomainEvent], Callable[[Any], Entry | None]] = {
    OrderPaid: _order_paid,
    PaymentUnmatched: _payment_unmatched,
    RefundSucceeded: _refund_succeeded,
    RefundFailed: _refund_failed,
    DisputeFundsMoved: _dispute_funds_moved,
    PayoutPaid: _payout_paid,
    PayoutFailed: _payout_failed,
    OwedFeesPaid: _owed_fees_paid,
}
"""The entry of each kind of event that moves money; None if this one moved none."""


def entry_of(event: DomainEvent) -> Entry | None:
    """Return an event's entry; None if it moved no money."""
    entry = ENTRIES.get(type(event))
    return None if entry is None else entry(event)
