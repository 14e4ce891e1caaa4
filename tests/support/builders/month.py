"""A month of a store's money: orders, refunds, disputes and payouts at a provider that keeps its own accounts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from domain.kernel import DomainError, DomainEvent
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
from tests.support.builders.samples import NOON, sealed

DISPUTE_FEE = 1500


@dataclass
class Month:
    """Decides with the aggregates, posts what they decide, and counts the provider's balance on its own."""

    books: Books = field(default_factory=Books)
    store_id: UUID = field(default_factory=uuid4)
    merchant_id: UUID = field(default_factory=uuid4)
    orders: list[Order] = field(default_factory=list)
    disputes: list[tuple[int, DisputeReport]] = field(default_factory=list)
    """The place of the order, and what the provider said last."""
    payouts: list[tuple[PayoutReport, Payout | None]] = field(default_factory=list)
    balances: dict[str, int] = field(default_factory=dict)
    """What the provider has of the merchant's, by currency."""
    refused: int = 0

    def order(self, minor: int, fee: int, currency: str, *, off: int = 0) -> None:
        """Place an order and pay it; ``off`` minor units too much or too little match no order."""
        line = OrderLine(
            product_id=uuid4(),
            variant_id=uuid4(),
            title="Lamp",
            variant_title="Default",
            quantity=1,
            unit_price=Money(minor=minor, currency=currency),
        )
        who, zero = uuid4(), Money.zero(currency)
        events = place(
            uuid4(),
            store_id=self.store_id,
            lines=[line],
            price=OrderPrice(shipping=zero, tax=zero),
            shopper=ShopperDetails(id=who, name=sealed(who), email=sealed(who), address=sealed(who)),
            at=NOON,
        )
        order = ORDER.fold(events)
        assert order is not None
        self.orders.append(order)
        paid, kept = Money(minor=max(1, minor + off), currency=currency), Money(minor=fee, currency=currency)
        self._decided(len(self.orders) - 1, order.record_payment(paid, fee=kept, intent_id=f"pi_{order.id}", at=NOON))
        self._add(currency, paid.minor - fee)

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
        net = minor - refund.fee_refund.minor
        if status is RefundStatus.SUCCEEDED and not done:
            self._add(currency, -net)
        elif status is RefundStatus.FAILED and done:
            self._add(currency, net)

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

    def check(self) -> None:
        """Check what must hold after every event."""
        assert not any(self.books.sums().values())
        for currency, minor in self.balances.items():
            books = (self.store_id, self.merchant_id)
            posted = sum(self.books.balances[book, currency, Account.BALANCE] for book in books)
            assert posted == minor, f"the provider has {minor} of {currency}, the ledger {posted}"

    def _record_payout(self, p: int, report: PayoutReport) -> None:
        payout = self.payouts[p][1]
        for _ in range(2):
            events = record_payout(payout, report, merchant_id=self.merchant_id, at=NOON)
            payout = PAYOUT.fold(events, payout)
            self._post(self.merchant_id, events)
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
        self._post(self.store_id, events)

    def _post(self, book: UUID, events: Sequence[DomainEvent]) -> None:
        for event in events:
            entry = entry_of(event)
            if entry is not None:
                self.books.post(book, entry)

    def _add(self, currency: str, minor: int) -> None:
        self.balances[currency] = self.balances.get(currency, 0) + minor
