"""The webhooks of one order end in the same state in every order of arrival, however often each comes.

``pytest -s`` prints how many orders of arrival were tried.
"""

import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.merchant import ConnectStripe
from domain.ledger.books import Books
from domain.ledger.postings import entry_of
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import ORDER, Order
from domain.order.events import OrderPaid, OrderStatus
from domain.order.ports import PaymentConfirmed, PaymentDeclined
from domain.product.events import StockSold
from tests.support.examples import drawn
from tests.support.fakes.stripe_reports import READER, Provider, deliver, stages, webhook
from tests.support.platforms.write_side import Platform

SESSION = "checkout.session"
KINDS: Sequence[tuple[str, dict[str, Any]]] = (
    (f"{SESSION}.completed", {"payment_status": "paid"}),
    (f"{SESSION}.completed", {"payment_status": "unpaid"}),
    (f"{SESSION}.async_payment_succeeded", {"payment_status": "paid"}),
    (f"{SESSION}.async_payment_failed", {"payment_status": "unpaid"}),
    (f"{SESSION}.expired", {"payment_status": "unpaid"}),
    ("payment_intent.payment_failed", {"id": "pi_1", "last_payment_error": {"message": "No funds."}}),
    ("payment_intent.payment_failed", {"id": "pi_0", "last_payment_error": {"message": "Card declined."}}),
)
"""What Stripe may send about one order that was paid in the end, by a first attempt that failed and a second."""


def webhooks(order_id: UUID, store_id: UUID, total: Money) -> list[str]:
    about = {
        "id": "cs_1",
        "payment_intent": "pi_1",
        "amount_total": total.minor,
        "currency": total.currency.lower(),
        "metadata": {"order_id": str(order_id), "store_id": str(store_id), "platform_fee": "5"},
    }
    return [
        json.dumps(
            {
                "id": f"evt_{n}",
                "type": type,
                "account": "acct_1",
                "livemode": False,
                "data": {"object": about | changes},
            }
        )
        for n, (type, changes) in enumerate(KINDS)
    ]


async def ordered(platform: Platform) -> UUID:
    """Order a lamp from a merchant with an account at Stripe, and return the order's id."""
    order_id = await platform.order_a_lamp("stripe", tax_rate=1900)
    await platform.send(ConnectStripe(merchant_id=platform.merchant_id, account_id="acct_1", live=False))
    return order_id


@settings(max_examples=drawn(40), deadline=None)
@given(
    st.lists(st.sampled_from(range(len(KINDS))), max_size=12).flatmap(
        lambda more: st.permutations([*range(len(KINDS)), *more])
    )
)
async def test_repeated_webhooks_in_any_order_pay_the_order_once(arrival: Sequence[int]) -> None:
    platform = Platform()
    order_id = await ordered(platform)
    sent = webhooks(order_id, platform.store_id, (await platform.get(ORDER, order_id)).total)
    for n in arrival:
        await deliver(platform, Provider(platform, order_id), sent[n])
    order = await platform.get(ORDER, order_id)
    assert (order.status, order.intent_id, order.unmatched_intents) == (OrderStatus.PAID, "pi_1", frozenset())
    assert sum(isinstance(event, OrderPaid) for event in platform.log.events) == 1
    assert sum(isinstance(event, StockSold) for event in platform.log.events) == 1


async def test_every_permutation_of_the_webhooks_of_a_payment_ends_in_the_same_order() -> None:
    """All 5,040 of seven webhooks, decided by the aggregate. Each webhook comes again after the next one."""
    platform = Platform()
    order_id = await ordered(platform)
    placed = await platform.get(ORDER, order_id)
    notices = [READER.read_body(body) for body in webhooks(order_id, platform.store_id, placed.total)]
    ends, tried = set(), 0
    for arrival in permutations(notices):
        order = placed
        for notice in (each for pair in zip(arrival, (None, *arrival), strict=False) for each in pair):
            match notice:
                case PaymentConfirmed():
                    events = order.record_payment(
                        notice.amount, fee=notice.platform_fee, intent_id=notice.intent_id, at=platform.clock.now()
                    )
                case PaymentDeclined():
                    events = order.record_failure(
                        intent_id=notice.intent_id, reason=notice.reason, at=platform.clock.now()
                    )
                case _:
                    events = ()
            folded = ORDER.fold(events, order)
            assert isinstance(folded, Order)
            order = folded
        ends.add((order.status, order.intent_id, order.unmatched_intents))
        tried += 1
    assert ends == {(OrderStatus.PAID, "pi_1", frozenset())}
    assert tried == 5_040
    print(f"{tried:,} permutations of seven webhooks of a payment")  # noqa: T201


class Life:
    """One order from payment to the end of a dispute, at a provider that has done all of it before the first webhook.

    Arrivals with the same beginning share it: the log goes back to where they part.
    """

    def __init__(self, platform: Platform, order_id: UUID, total: Money) -> None:
        self.platform, self.order_id = platform, order_id
        self.provider = Provider(platform, order_id)
        self.provider.in_dashboard(500)
        self.provider.in_dashboard(300, RefundStatus.FAILED)
        self.provider.said = stages()[-1]
        sale = webhooks(order_id, platform.store_id, total)
        self.webhooks = [
            sale[0],
            webhook("refund.created", 1),
            webhook("charge.dispute.created", 2),
            sale[6],
            webhook("charge.refunded", 3),
            webhook("charge.dispute.closed", 4),
            sale[4],
        ]
        self.ends: set[object] = set()
        self.tried = 0

    async def go_on(self, left: Sequence[str], former: str | None = None) -> None:
        """Deliver what is left in every order. Each webhook comes again after the next one."""
        log = self.platform.log
        if not left:
            self.tried += 1
            self.ends.add(await self._end())
        for n, body in enumerate(left):
            begun, receipts = len(log.raw), dict(log.receipts)
            for each in (body, former):
                if each is not None:
                    await deliver(self.platform, self.provider, each)
            await self.go_on([*left[:n], *left[n + 1 :]], body)
            del log.raw[begun:]
            log.receipts = receipts
            log.remembered.clear()

    async def _end(self) -> object:
        order = await self.platform.get(ORDER, self.order_id)
        books = Books()
        for event in self.platform.log.events:
            if (entry := entry_of(event)) is not None:
                books.post(self.platform.store_id, entry)
        return (
            order.status,
            order.intent_id,
            frozenset((refund.external_id, refund.status, refund.tax) for refund in order.after.refunds.values()),
            order.after.disputes["du_1"].status,
            frozenset((account, minor) for (_, _, account), minor in books.balances.items() if minor),
            sum(isinstance(event, StockSold) for event in self.platform.log.events),
        )


@pytest.mark.parametrize(
    ("count", "expected"), [(4, 24), pytest.param(7, 5_040, marks=[pytest.mark.long, pytest.mark.timeout(900)])]
)
async def test_every_permutation_of_the_webhooks_of_an_orders_life_ends_in_the_same_books(
    count: int, expected: int
) -> None:
    """Sale, refunds and dispute, through commands, policy and log."""
    platform = Platform()
    order_id = await ordered(platform)
    life = Life(platform, order_id, (await platform.get(ORDER, order_id)).total)
    await life.go_on(life.webhooks[:count])
    (end,) = life.ends
    assert end[:2] == (OrderStatus.PAID, "pi_1")  # type: ignore[index]
    assert end[3] is DisputeStatus.WON  # type: ignore[index]
    assert life.tried == expected
    print(f"{life.tried:,} permutations of {count} webhooks of an order's life")  # noqa: T201
