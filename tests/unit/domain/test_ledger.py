"""The ledger: every event balances, and the balance is what the provider has."""

from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import settings

from domain.ledger.books import Books, Unbalanced
from domain.ledger.postings import Account, Entry, EntryKind, Posting, entry_of
from domain.order.after_sale.events import RefundFailed, RefundSucceeded
from domain.order.events import OrderPaid
from tests.support.builders.month import DISPUTE_FEE, Month
from tests.support.builders.samples import NOON, dollars
from tests.support.examples import drawn
from tests.support.strategies.months import MonthMachine

TestMonth = MonthMachine.TestCase
TestMonth.settings = settings(max_examples=drawn(30), stateful_step_count=60, deadline=None)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_month_of_ten_thousand_orders_balances_after_every_event(seed: int) -> None:
    chance, month = Random(seed), Month()
    while len(month.orders) < 10_000:
        move = chance.random()
        place = chance.randrange(len(month.orders)) if month.orders else 0
        minor = chance.randint(1, 100_000)
        if move < 0.5 or not month.orders:
            month.order(minor, minor // 20, chance.choice(["USD", "EUR", "JPY"]), off=chance.choice([0] * 9 + [1]))
        elif move < 0.62:
            month.refund(place, chance.choice([None, minor]))
        elif move < 0.66:
            month.refund_in_dashboard(place, minor)
        elif move < 0.88:
            month.settle(place, minor, fails=chance.random() < 0.2)
        elif move < 0.92:
            month.dispute(place, minor, inquiry=chance.random() < 0.3)
        elif move < 0.96 and month.disputes:
            month.close_dispute(chance.randrange(len(month.disputes)), won=chance.random() < 0.4)
        elif move < 0.99:
            month.pay_out(chance.choice(["USD", "EUR", "JPY"]))
        elif month.payouts:
            month.return_payout(chance.randrange(len(month.payouts)))
        month.check()
    assert month.books.entries > 12_000
    assert min(len(month.disputes), len(month.payouts), month.refused) > 100


def head() -> dict[str, Any]:
    return {"originator_id": UUID(int=1), "originator_version": 2, "occurred_at": NOON}


def test_a_charge_gives_the_merchant_the_payment_less_the_fee() -> None:
    paid = OrderPaid(**head(), intent_id="pi_1", amount=dollars("49.98"), platform_fee=dollars("2.50"))
    entry = entry_of(paid)
    assert entry is not None
    assert (entry.kind, entry.reference) == (EntryKind.CHARGE, "pi_1")
    books, store = Books(), uuid4()
    books.post(store, entry)
    assert {account: minor for (_, _, account), minor in books.balances.items()} == {
        Account.BALANCE: 4748,
        Account.SALES: -4998,
        Account.PLATFORM_FEES: 250,
    }


def test_an_owed_fee_leaves_the_merchants_balance_alone_and_is_owed_less_after_a_refund() -> None:
    books, store = Books(), uuid4()
    paid = OrderPaid(
        **head(), intent_id="pi_1", amount=dollars("49.98"), platform_fee=dollars("2.50"), fee_is_owed=True
    )
    back = RefundSucceeded(**refund_fields(), fee_is_owed=True)
    for event in (paid, back):
        entry = entry_of(event)
        assert entry is not None
        books.post(store, entry)
    assert {account: minor for (_, _, account), minor in books.balances.items()} == {
        Account.BALANCE: 3998,
        Account.SALES: -4998,
        Account.REFUNDS: 1000,
        Account.PLATFORM_FEES: 200,
        Account.FEES_OWED: -200,
    }


def refund_fields() -> dict[str, Any]:
    amounts = {"amount": dollars("10.00"), "fee_refund": dollars("0.50")}
    return {**head(), "refund_id": UUID(int=3), "external_id": "re_1", "intent_id": "pi_1", **amounts}


def test_a_refund_that_comes_back_undoes_its_entry() -> None:
    books, store = Books(), uuid4()
    succeeded = entry_of(RefundSucceeded(**refund_fields()))
    failed = entry_of(RefundFailed(**refund_fields(), reason="", after_success=True))
    assert succeeded is not None
    assert failed is not None
    books.post(store, succeeded)
    assert books.balances[store, "USD", Account.BALANCE] == -950
    books.post(store, failed)
    assert not any(books.balances.values())
    assert entry_of(RefundFailed(**refund_fields(), reason="", after_success=False)) is None


def test_the_refund_of_a_payment_without_an_order_settles_what_is_owed_for_it() -> None:
    month = Month()
    month.order(2000, 100, "USD", off=1)
    owed = (month.store_id, "USD", Account.UNMATCHED)
    assert month.books.balances[owed] == -2001
    month.refund(0, None)
    month.settle(0, 0, fails=False)
    assert (month.books.balances[owed], month.books.balances[month.store_id, "USD", Account.REFUNDS]) == (0, 0)
    month.settle(0, 0, fails=True)
    month.check()
    assert month.books.balances[owed] == -2001, "the refund came back"


def test_a_lost_dispute_costs_amount_and_fee_and_a_won_one_the_fee() -> None:
    for won, cost in ((True, DISPUTE_FEE), (False, DISPUTE_FEE + 2000)):
        month = Month()
        month.order(2000, 0, "USD")
        month.dispute(0, 2000, inquiry=False)
        month.close_dispute(0, won=won)
        month.check()
        assert month.books.balances[month.store_id, "USD", Account.BALANCE] == 2000 - cost


def test_an_entry_that_does_not_balance_is_refused() -> None:
    entry = Entry(kind=EntryKind.CHARGE, reference="pi_1", postings=[Posting(Account.BALANCE, 1, "USD")])
    with pytest.raises(Unbalanced, match="off by 1 minor units of USD"):
        Books().post(uuid4(), entry)


def test_amounts_of_one_entry_balance_in_each_currency_apart() -> None:
    postings = [Posting(Account.BALANCE, 1, "USD"), Posting(Account.SALES, -1, "EUR")]
    with pytest.raises(Unbalanced):
        Books().post(uuid4(), Entry(kind=EntryKind.CHARGE, reference="", postings=postings))
