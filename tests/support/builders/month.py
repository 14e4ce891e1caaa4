"""A month of a store's money: orders, refunds, disputes and payouts at a provider that keeps its own accounts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from commands.ports import Staged
from domain.fee_payment.aggregate import FEE_PAYMENT, record_fee_payment
from domain.inbox.aggregate import INBOX
from domain.inbox.events import SubjectKind, WebhookReceived, WebhookSubject
from domain.kernel import DomainError, DomainEvent, StreamKind, first_header
from domain.ledger.books import Books
from domain.ledger.postings import Account, entry_of
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import ORDER, Order, OrderPrice, ShopperDetails, place
from domain.order.disputes import DisputeReport, record_dispute
from domain.order.events import OrderLine
from domain.order.refund_ports import RefundAnswer
from domain.order.refunds import RefundWish, record_refund, request_refund
from domain.payout.aggregate import PAYOUT, Payout, PayoutReport, PayoutStatus, record_payout
from domain.store.aggregate import STORE, request_store
from domain.store.events import Preferences
from domain.store.taxes import OrderTax, TaxKind
from infra.adapters.payments.stripe.client import PLATFORM_NAME
from tests.support.builders.samples import NOON, sealed

DISPUTE_FEE = 1500


@dataclass
class ApplicationFee:
    """What the provider took for the platform out of a payment, and what it gave back."""

    amount: int
    currency: str
    refunded: int = 0


@dataclass
class Month:
    """Decides with the aggregates, posts what they decide, and counts the provider's balance on its own."""

    owes_fees: bool = False
    """Whether the merchant has an own key at the provider, which then takes no fee for the platform."""
    books: Books = field(default_factory=Books)
    store_id: UUID = field(default_factory=uuid4)
    merchant_id: UUID = field(default_factory=uuid4)
    orders: list[Order] = field(default_factory=list)
    disputes: list[tuple[int, DisputeReport]] = field(default_factory=list)
    """The place of the order, and what the provider said last."""
    payouts: list[tuple[PayoutReport, Payout | None]] = field(default_factory=list)
    balances: dict[str, int] = field(default_factory=dict)
    """What the provider has of the merchant's, by currency."""
    fees: dict[str, ApplicationFee] = field(default_factory=dict)
    """What the provider took for the platform, by payment."""
    owed: dict[str, int] = field(default_factory=dict)
    """What the merchant owes the platform, by currency."""
    decided: list[Staged] = field(default_factory=list)
    """Every decision, as its command stages it for the log; the first one requests the store."""
    refused: int = 0

    def __post_init__(self) -> None:
        requested = request_store(
            self.store_id, merchant_id=self.merchant_id, niche="Desk lamps", preferences=Preferences(), at=NOON
        )
        self._record(STORE, self.store_id, requested)

    def order(self, minor: int, fee: int, currency: str, *, off: int = 0, tax: int = 0) -> None:
        """Place an order and pay it.

        Args:
            minor: the price.
            fee: the platform's share.
            currency: of both.
            off: minor units paid too much or too little; the payment then matches no order.
            tax: how much of the price is tax.
        """
        line = OrderLine(
            product_id=uuid4(),
            variant_id=uuid4(),
            title="Lamp",
            variant_title="Default",
            quantity=1,
            unit_price=Money(minor=minor, currency=currency),
        )
        who, zero, share = uuid4(), Money.zero(currency), Money(minor=fee, currency=currency)
        included = OrderTax(kind=TaxKind.INCLUDED, basis_points=1900, amount=Money(minor=tax, currency=currency))
        events = place(
            uuid4(),
            store_id=self.store_id,
            lines=[line],
            price=OrderPrice(shipping=zero, tax=zero, taxes=included if tax else None),
            shopper=ShopperDetails(id=who, name=sealed(who), email=sealed(who), address=sealed(who)),
            at=NOON,
        )
        order = ORDER.fold(events)
        assert order is not None
        self.orders.append(order)
        self._record(ORDER, self.store_id, events)
        n, intent_id = len(self.orders) - 1, f"pi_{order.id}"
        if self.owes_fees:
            self._decided(n, order.open_session(provider="stripe", session_id="cs_1", owed_fee=share, at=NOON))
        paid = Money(minor=max(1, minor + off), currency=currency)
        self._decided(n, self.orders[n].record_payment(paid, fee=share, intent_id=intent_id, at=NOON))
        self._add(currency, paid.minor - self._take_fee(intent_id, share))

    def _take_fee(self, intent_id: str, fee: Money) -> int:
        """Return how much of a payment the provider keeps for the platform."""
        if self.owes_fees:
            self.owed[fee.currency] = self.owed.get(fee.currency, 0) + fee.minor
            return 0
        if fee.minor:
            self.fees[intent_id] = ApplicationFee(fee.minor, fee.currency)
        return fee.minor

    def _return_fee(self, intent_id: str, fee: Money) -> int:
        """Return how much of the platform's fee comes back to the merchant with a refund; below zero if it goes again."""
        if self.owes_fees:
            self.owed[fee.currency] -= fee.minor
            return 0
        if fee.minor:
            self.fees[intent_id].refunded += fee.minor
        return fee.minor

    def refund(self, n: int, minor: int | None) -> None:
        """Ask for a refund of an order's payment, or of what is left of it. No-op if it is refused."""
        order = self.orders[n]
        (intent_id,) = order.after.payments
        amount = None if minor is None else Money(minor=minor, currency=order.total.currency)
        wish = RefundWish(refund_id=uuid4(), amount=amount, intent_id=intent_id)
        try:
            self._decided(n, request_refund(order, wish, at=NOON))
        except DomainError:
            self.refused += 1

    def refund_in_dashboard(self, n: int, minor: int) -> None:
        """Let the merchant refund at the provider, which knows what is left."""
        order = self.orders[n]
        ((intent_id, payment),) = order.after.payments.items()
        if minor > payment.amount.minor - order.after.refunded_minor(intent_id):
            return
        self._answer(n, None, f"re_{uuid4()}", intent_id, payment.amount.currency, minor, RefundStatus.SUCCEEDED)
        self._add(payment.amount.currency, -minor)

    def settle(self, n: int, which: int, *, fails: bool, lost: bool = False) -> None:
        """Let the provider carry out or refuse a refund of an order; one that had succeeded can come back.

        Args:
            n: the order's place.
            which: the refund's place.
            fails: whether the money does not go back.
            lost: whether the first answer is lost, and a refusal without an id follows.
        """
        order = self.orders[n]
        open_ones = [(id, each) for id, each in order.after.refunds.items() if each.status is not RefundStatus.FAILED]
        if not open_ones:
            return
        id, refund = open_ones[which % len(open_ones)]
        done = refund.status is RefundStatus.SUCCEEDED
        status = RefundStatus.FAILED if fails else RefundStatus.SUCCEEDED
        currency, minor = refund.amount.currency, refund.amount.minor
        (payment,) = order.after.payments.values()
        taken = order.after.refunded_minor(refund.intent_id)
        if not done and not fails and minor > payment.amount.minor - taken:
            status = RefundStatus.FAILED  # the dashboard was faster, so the provider refuses
        ours = id if refund.requested_here else None
        if lost and ours is not None:
            self._answer(n, ours, None, refund.intent_id, currency, minor, RefundStatus.FAILED)
        self._answer(n, ours, refund.external_id or f"re_{id}", refund.intent_id, currency, minor, status)
        fee = refund.fee_refund
        if status is RefundStatus.SUCCEEDED and not done:
            self._add(currency, self._return_fee(refund.intent_id, fee) - minor)
        elif status is RefundStatus.FAILED and done:
            self._add(currency, self._return_fee(refund.intent_id, Money.of(-fee.minor, currency)) + minor)

    def dispute(self, n: int, minor: int, *, inquiry: bool) -> None:
        """Let a bank question a payment, refunded or not."""
        order = self.orders[n]
        ((intent_id, payment),) = order.after.payments.items()
        currency = payment.amount.currency
        amount = Money(minor=min(minor, payment.amount.minor), currency=currency)
        zero = Money.zero(currency)
        report = DisputeReport(
            dispute_id=f"du_{len(self.disputes)}",
            intent_id=intent_id,
            amount=amount,
            reason="fraudulent",
            status=DisputeStatus.INQUIRY if inquiry else DisputeStatus.NEEDS_RESPONSE,
            evidence_due=None,
            movements=0 if inquiry else 1,
            taken=zero if inquiry else amount,
            fee=zero if inquiry else Money(minor=DISPUTE_FEE, currency=currency),
        )
        self.disputes.append((n, report))
        self._decided(n, record_dispute(order, report, at=NOON))
        if not inquiry:
            self._add(currency, -amount.minor - DISPUTE_FEE)

    def close_dispute(self, d: int, *, won: bool) -> None:
        """Let the bank decide; a won dispute returns the money, not the fee. No-op if it is decided."""
        n, report = self.disputes[d]
        if report.status in {DisputeStatus.WON, DisputeStatus.LOST, DisputeStatus.CLOSED}:
            return
        if report.movements == 0:
            report = replace(report, status=DisputeStatus.CLOSED)
        elif won:
            self._add(report.amount.currency, report.taken.minor)
            back = Money.zero(report.amount.currency)
            report = replace(report, status=DisputeStatus.WON, movements=report.movements + 1, taken=back)
        else:
            report = replace(report, status=DisputeStatus.LOST)
        self.disputes[d] = (n, report)
        self._decided(n, record_dispute(self.orders[n], report, at=NOON))

    def pay_out(self, currency: str) -> None:
        """Pay the whole balance out."""
        minor = self.balances.get(currency, 0)
        if minor <= 0:
            return
        report = PayoutReport(
            payout_id=f"po_{len(self.payouts)}",
            amount=Money(minor=minor, currency=currency),
            arrival_on=date(2026, 11, 30),
            status=PayoutStatus.PAID,
        )
        self.payouts.append((report, None))
        self._record_payout(len(self.payouts) - 1, report)
        self._add(currency, -minor)

    def return_payout(self, p: int) -> None:
        """Let the bank return a payout. No-op if it was returned."""
        report, _ = self.payouts[p]
        if report.status is PayoutStatus.FAILED:
            return
        self._record_payout(p, replace(report, status=PayoutStatus.FAILED, reason="account closed"))
        self._add(report.amount.currency, report.amount.minor)

    def pay_fees(self, minor: int, currency: str) -> None:
        """Pay some of the owed fees. No-op if none are owed."""
        amount = Money.of(min(minor, self.owed.get(currency, 0)), currency)
        if amount.minor <= 0:
            return
        reference = f"INV-{len(self.decided)}"
        events = record_fee_payment(None, merchant_id=self.merchant_id, reference=reference, amount=amount, at=NOON)
        self._record(FEE_PAYMENT, self.merchant_id, events)
        self.owed[currency] -= amount.minor

    def reported_fees(self) -> list[Staged]:
        """Return the provider's webhooks about the platform's fees, as the inbox keeps them.

        Stripe counts US dollars, euros, yen and dinars as ISO 4217 does.
        """
        reports = []
        for intent_id, fee in self.fees.items():
            created = {"id": f"fee_{intent_id}", "account": "acct_1", "amount": fee.amount, "currency": fee.currency}
            reports.append(self._webhook("application_fee.created", created))
            if fee.refunded:
                reports.append(self._webhook("application_fee.refunded", created | {"amount_refunded": fee.refunded}))
        return reports

    def _webhook(self, type: str, fee: dict[str, Any]) -> Staged:
        id = uuid4()
        received = WebhookReceived(
            **first_header(id, NOON),
            source=PLATFORM_NAME,
            external_id=f"evt_{id}",
            type=type,
            subject=WebhookSubject(kind=SubjectKind.MERCHANT, id=self.merchant_id),
            body=json.dumps({"data": {"object": fee}}),
        )
        return staged(INBOX, self.merchant_id, [received])

    def check(self) -> None:
        """Check what must hold after every event."""
        assert not any(self.books.sums().values())
        for account, amounts, sign in ((Account.BALANCE, self.balances, 1), (Account.FEES_OWED, self.owed, -1)):
            for currency, minor in amounts.items():
                books = (self.store_id, self.merchant_id)
                posted = sign * sum(self.books.balances[book, currency, account] for book in books)
                assert posted == minor, f"{account} is {minor} of {currency}, and the ledger has {posted}"

    def _record_payout(self, p: int, report: PayoutReport) -> None:
        payout = self.payouts[p][1]
        for _ in range(2):
            events = record_payout(payout, report, merchant_id=self.merchant_id, at=NOON)
            payout = PAYOUT.fold(events, payout)
            self._record(PAYOUT, self.merchant_id, events)
        self.payouts[p] = (report, payout)

    def _answer(
        self,
        n: int,
        id: UUID | None,
        external: str | None,
        intent: str,
        currency: str,
        minor: int,
        status: RefundStatus,
    ) -> None:
        answer = RefundAnswer(
            refund_id=id,
            external_id=external,
            intent_id=intent,
            amount=Money(minor=minor, currency=currency),
            status=status,
        )
        for _ in range(2):
            self._decided(n, record_refund(self.orders[n], answer, at=NOON))

    def _decided(self, n: int, events: Sequence[Any]) -> None:
        order = ORDER.fold(events, self.orders[n])
        assert order is not None
        self.orders[n] = order
        self._record(ORDER, self.store_id, events)

    def _record(self, kind: StreamKind[Any], book: UUID, events: Sequence[DomainEvent]) -> None:
        if events:
            self.decided.append(staged(kind, book, events))
        for event in events:
            entry = entry_of(event)
            if entry is not None:
                self.books.post(book, entry)

    def _add(self, currency: str, minor: int) -> None:
        self.balances[currency] = self.balances.get(currency, 0) + minor


def staged(kind: StreamKind[Any], tenant: UUID, events: Sequence[DomainEvent]) -> Staged:
    """Return events of one stream as a command stages them."""
    first = events[0]
    before = first.originator_version - 1
    return Staged(
        kind=kind, stream_id=first.originator_id, tenant=tenant, expected_version=before, events=events, state=None
    )
