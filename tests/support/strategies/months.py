"""Random months of one store's money."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.builders.month import Month

MINOR = st.integers(1, 100_000)
CURRENCY = st.sampled_from(["USD", "JPY", "KWD"])
PLACE = st.integers(0, 10_000)


class MonthMachine(RuleBasedStateMachine):
    """Random orders, refunds, disputes and payouts of one store."""

    def __init__(self) -> None:
        super().__init__()
        self.month = Month()

    @initialize(owes_fees=st.booleans())
    def merchant(self, owes_fees: bool) -> None:
        self.month.owes_fees = owes_fees

    def _n(self, place: int) -> int:
        return place % len(self.month.orders)

    @rule(
        minor=MINOR,
        share=st.integers(0, 1000),
        currency=CURRENCY,
        off=st.sampled_from([0, 0, 0, 0, -1, 1]),
        tax=st.sampled_from([0, 700, 1900]),
    )
    def order(self, minor: int, share: int, currency: str, off: int, tax: int) -> None:
        self.month.order(minor, minor * share // 10_000, currency, off=off, tax=minor * tax // 10_000)

    @precondition(lambda self: self.month.orders)
    @rule(place=PLACE, minor=st.none() | MINOR)
    def refund(self, place: int, minor: int | None) -> None:
        self.month.refund(self._n(place), minor)

    @precondition(lambda self: self.month.orders)
    @rule(place=PLACE, minor=MINOR)
    def refund_in_dashboard(self, place: int, minor: int) -> None:
        self.month.refund_in_dashboard(self._n(place), minor)

    @precondition(lambda self: self.month.orders)
    @rule(place=PLACE, which=PLACE, fails=st.booleans(), lost=st.booleans())
    def settle(self, place: int, which: int, fails: bool, lost: bool) -> None:
        self.month.settle(self._n(place), which, fails=fails, lost=lost)

    @precondition(lambda self: self.month.orders)
    @rule(place=PLACE, minor=MINOR, inquiry=st.booleans())
    def dispute(self, place: int, minor: int, inquiry: bool) -> None:
        self.month.dispute(self._n(place), minor, inquiry=inquiry)

    @precondition(lambda self: self.month.disputes)
    @rule(place=PLACE, won=st.booleans())
    def close_dispute(self, place: int, won: bool) -> None:
        self.month.close_dispute(place % len(self.month.disputes), won=won)

    @rule(currency=CURRENCY)
    def pay_out(self, currency: str) -> None:
        self.month.pay_out(currency)

    @precondition(lambda self: self.month.payouts)
    @rule(place=PLACE)
    def return_payout(self, place: int) -> None:
        self.month.return_payout(place % len(self.month.payouts))

    @precondition(lambda self: self.month.owed)
    @rule(minor=MINOR, currency=CURRENCY)
    def pay_fees(self, minor: int, currency: str) -> None:
        self.month.pay_fees(minor, currency)

    @invariant()
    def every_book_balances(self) -> None:
        self.month.check()
