"""Compares the fees that Stripe says it took for the platform with those of the ledger.

Stripe's webhooks about fees name the merchant's account and no payment. So both sides are compared as a bag: for each merchant,
as many fees of an amount and a returned amount as the ledger has. That finds each fee that one side lacks, by its id.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from domain.inbox.events import WebhookReceived
from domain.kernel import DomainEvent
from domain.money import Money
from domain.order.after_sale.events import RefundFailed, RefundSucceeded
from domain.order.events import OrderPaid, PaymentUnmatched
from domain.order.ports import UnusableWebhook
from domain.store.events import StoreRequested
from infra.adapters.payments.stripe.client import PLATFORM_NAME
from infra.adapters.payments.stripe.platform_webhooks import FEE_TYPES, read_fee

ON_THE_WAY = timedelta(hours=1)
"""How long the webhooks of one payment may be apart before one of them counts as missing."""

EVENTS: frozenset[type[DomainEvent]] = frozenset(
    {StoreRequested, OrderPaid, PaymentUnmatched, RefundSucceeded, RefundFailed, WebhookReceived}
)
"""The events that a comparison reads."""


@dataclass(slots=True, kw_only=True)
class _Fee:
    """A fee, as one side knows it."""

    id: str
    """Of the fee at Stripe, or of the payment."""
    merchant_id: UUID | None
    amount: Money
    refunded: Money
    at: datetime
    """When it changed last."""


@dataclass(slots=True)
class FeeComparison:
    """The fees of both sides up to a position of the log."""

    owners: dict[UUID, UUID] = field(default_factory=dict)
    """The merchant of each store."""
    ledger: dict[str, _Fee] = field(default_factory=dict)
    """By payment. Fees that merchants owe are not among them, because Stripe takes none."""
    stripe: dict[str, _Fee] = field(default_factory=dict)
    """By Stripe's id."""
    since: datetime | None = None
    """When the first webhook about a fee came; None if none came."""

    def add(self, event: DomainEvent, tenant: UUID) -> None:
        """Take one event of the log."""
        match event:
            case StoreRequested(originator_id=store_id, merchant_id=merchant_id):
                self.owners[store_id] = merchant_id
            case OrderPaid() | PaymentUnmatched():
                if event.platform_fee.minor and not event.fee_is_owed:
                    self.ledger[event.intent_id] = _Fee(
                        id=event.intent_id,
                        merchant_id=self.owners.get(tenant),
                        amount=event.platform_fee,
                        refunded=Money.zero(event.platform_fee.currency),
                        at=event.occurred_at,
                    )
            case RefundSucceeded(intent_id=intent_id, fee_refund=back, occurred_at=at):
                self._refund(intent_id, back.minor, at)
            case RefundFailed(intent_id=intent_id, fee_refund=back, occurred_at=at, after_success=True):
                self._refund(intent_id, -back.minor, at)
            case WebhookReceived(source=source, type=type, body=body, occurred_at=at):
                if source == PLATFORM_NAME and type in FEE_TYPES:
                    self._report(event, body, at)

    def _refund(self, intent_id: str, minor: int, at: datetime) -> None:
        fee = self.ledger.get(intent_id)
        if fee is not None and minor:
            fee.refunded, fee.at = fee.refunded + Money.of(minor, fee.amount.currency), at

    def _report(self, event: WebhookReceived, body: str, at: datetime) -> None:
        try:
            said = read_fee(body)
        except UnusableWebhook:
            # The gateway refuses such bodies; an older release may have recorded one.
            return
        self.since = self.since or at
        known = self.stripe.get(said.fee_id)
        # Webhooks come in any order; what went back only grows.
        refunded = said.refunded if known is None or known.refunded.minor < said.refunded.minor else known.refunded
        self.stripe[said.fee_id] = _Fee(
            id=said.fee_id, merchant_id=event.subject.id, amount=said.amount, refunded=refunded, at=at
        )

    def differences(self, now: datetime) -> list[str]:
        """Return what one side lacks, in sentences; empty if Stripe sent no webhook about a fee.

        Payments from before the first webhook need none, and changes of the last hour may still be on the way.
        """
        if self.since is None:
            return []
        ledger, stripe = self._unmatched(lambda fee: (fee.merchant_id, fee.amount, fee.refunded))
        first, settled = self.since, now - ON_THE_WAY
        differences = []
        for ours, theirs in _pairs(ledger, stripe):
            if max(ours.at, theirs.at) <= settled:
                differences.append(
                    f"Payment {ours.id}, fee {theirs.id} of {theirs.amount}: the ledger has {ours.refunded} returned, "
                    f"Stripe {theirs.refunded}."
                )
        differences.extend(
            f"Payment {fee.id}: the ledger has a fee of {fee.amount}, and Stripe reported none."
            for fee in ledger
            if first < fee.at <= settled
        )
        differences.extend(
            f"Fee {fee.id} at Stripe: {fee.amount} of merchant {fee.merchant_id}, and the ledger has no payment with it."
            for fee in stripe
            if fee.at <= settled
        )
        return differences

    def _unmatched(self, key: Callable[[_Fee], object]) -> tuple[list[_Fee], list[_Fee]]:
        """Return the fees that each side has more of, the oldest payments left out first: they may need no webhook."""
        reported: defaultdict[object, list[_Fee]] = defaultdict(list)
        for fee in self.stripe.values():
            reported[key(fee)].append(fee)
        left = []
        for fee in sorted(self.ledger.values(), key=lambda fee: fee.at, reverse=True):
            same = reported[key(fee)]
            if same:
                same.pop()
            else:
                left.append(fee)
        return left, [fee for fees in reported.values() for fee in fees]


def _pairs(ledger: list[_Fee], stripe: list[_Fee]) -> list[tuple[_Fee, _Fee]]:
    """Take fees of the same merchant and amount, with other returned amounts, out of both lists."""
    reported: defaultdict[object, list[_Fee]] = defaultdict(list)
    for fee in stripe:
        reported[fee.merchant_id, fee.amount].append(fee)
    pairs = [(fee, same.pop()) for fee in ledger if (same := reported.get((fee.merchant_id, fee.amount)))]
    paired = {id(fee) for pair in pairs for fee in pair}
    ledger[:] = [fee for fee in ledger if id(fee) not in paired]
    stripe[:] = [fee for fee in stripe if id(fee) not in paired]
    return pairs
