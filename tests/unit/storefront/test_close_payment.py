"""When a shopper's cancellation may go on although the page was not closed, and when it must not."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from domain.money import Money
from domain.order.aggregate import PAY_WITHIN
from domain.order.errors import OrderNotOpen, PaymentsNotReady
from domain.order.ports import PaymentSession
from infra.adapters.payments.stripe.client import AccountGone, StripeRefused
from storefront.checkout.place_order import Checkout, PageEnd
from tests.support.fakes.event_log import FixedClock

STORE: Any = SimpleNamespace(id=uuid4(), merchant_id=uuid4(), name="Fern & Clay")


def order(account_id: str | None = "acct_former", placed_at: datetime | None = None) -> Any:
    return SimpleNamespace(
        id=uuid4(),
        number="ZY-1",
        status="PENDING",
        session_id="cs_former",
        payment_provider="stripe",
        page_account_id=account_id,
        pay_by=None if placed_at is None else placed_at + PAY_WITHIN,
        lines=(),
        shipping=None,
        discount=None,
        taxes=None,
        total=Money(minor=100),
    )


class Gateway:
    """Implements ``PaymentGateway`` for one account, and keeps which pages it closed."""

    name = "stripe"

    def __init__(self, account_id: str, end: bool | Exception = True) -> None:
        self.account_id, self.end, self.closed = account_id, end, list[str]()

    async def open_session(self, _: object) -> PaymentSession:
        return PaymentSession(
            provider=self.name, session_id="cs_present", url="https://pay.test/", account_id=self.account_id
        )

    async def close_session(self, session_id: str) -> bool:
        if isinstance(self.end, Exception):
            raise self.end
        self.closed.append(session_id)
        return self.end


class Accounts:
    """Implements ``PaymentGateways`` of a merchant who connected another account after the page was opened."""

    def __init__(self, former: Gateway, present: Gateway | None = None) -> None:
        self.former, self.present = former, present or Gateway("acct_present")

    async def of(self, _: object) -> Gateway:
        if isinstance(self.present.end, PaymentsNotReady):
            raise self.present.end
        return self.present

    def at(self, account_id: str | None) -> Gateway | None:
        return self.former if account_id == self.former.account_id else None


class Sent:
    """Takes commands."""

    def __init__(self) -> None:
        self.commands = list[Any]()

    async def dispatch(self, command: object, _: object) -> None:
        self.commands.append(command)


def checkout(accounts: Accounts, commands: Sent | None = None) -> Checkout:
    deps: Any = SimpleNamespace(
        payments=accounts, commands=commands, clock=FixedClock(), platform_fee_basis_points=500, personal=None
    )
    return Checkout(deps)


@pytest.mark.parametrize(("was_open", "end"), [(True, PageEnd.CLOSED), (False, PageEnd.PAID)])
async def test_a_page_is_closed_at_the_account_that_it_pays_into(was_open: bool, end: PageEnd) -> None:
    accounts = Accounts(Gateway("acct_former", was_open))
    assert await checkout(accounts).close_payment(STORE, order()) is end
    assert (accounts.former.closed, accounts.present.closed) == (["cs_former"], [])


@pytest.mark.parametrize(
    ("accounts", "account_id"),
    [
        pytest.param(Accounts(Gateway("acct_former", AccountGone("no access"))), "acct_former", id="access is gone"),
        pytest.param(Accounts(Gateway("acct_former")), None, id="the account was not recorded"),
        pytest.param(Accounts(Gateway("x"), Gateway("y", PaymentsNotReady())), None, id="no account is connected"),
    ],
)
async def test_an_order_whose_page_is_out_of_reach_can_be_cancelled_and_the_page_is_not_called_closed(
    accounts: Accounts, account_id: str | None
) -> None:
    assert await checkout(accounts).close_payment(STORE, order(account_id)) is PageEnd.OUT_OF_REACH


async def test_an_order_is_not_cancelled_while_the_provider_keeps_its_page_open() -> None:
    accounts = Accounts(Gateway("acct_former", StripeRefused("the page is open")))
    with pytest.raises(StripeRefused):
        await checkout(accounts).close_payment(STORE, order())


@pytest.mark.parametrize("is_paid", [False, True])
async def test_a_second_page_at_another_account_is_offered_only_if_the_first_takes_no_payment(is_paid: bool) -> None:
    accounts, sent = Accounts(Gateway("acct_former", not is_paid)), Sent()
    asked = order(placed_at=FixedClock().now())
    opened = checkout(accounts, sent).open_payment(STORE, asked, success_url="https://a/", cancel_url="https://b/")
    if is_paid:
        with pytest.raises(OrderNotOpen):
            await opened
        assert (accounts.present.closed, sent.commands) == (["cs_present"], [])
    else:
        assert await opened == "https://pay.test/"
        assert [command.account_id for command in sent.commands] == ["acct_present"]
    assert accounts.former.closed == ["cs_former"]
