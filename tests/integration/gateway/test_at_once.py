"""Two gateways decide about one order at once: money and goods leave once, in either order of the commands.

Each gateway is a command bus with a log of its own on one PostgreSQL, so nothing but the database can keep them apart.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.after_sale import CancelOrderByMerchant, ShipParcel
from commands.bus import CommandBus
from commands.checkout import CartLine, PlaceOrder
from commands.disputes import RecordDispute, RecordPayout
from commands.order import CancelOrder, RecordPayment, WithdrawFromOrder
from commands.ports import ConcurrencyConflict, Context
from commands.product import CountStock
from commands.refunds import RecordRefund, RefundOrder
from commands.returns import ApproveReturn, ReceiveReturn, RefundReturn, ReplaceReturn, RequestReturn
from domain.kernel import DomainError
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.after_sale.events import Pieces, RefundedPieces
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.after_sale.state import RefundStatus
from domain.order.aggregate import ORDER, Order
from domain.order.disputes import DisputeReport
from domain.order.refund_ports import RefundAnswer
from domain.payout.aggregate import PAYOUT, PayoutReport, PayoutStatus, payout_stream
from domain.product.aggregate import PRODUCT
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.bootstrap import handlers
from tests.integration.gateway.test_queries import an_order
from tests.support.builders.samples import sealed
from tests.support.platforms.gateway import Merchant, Platform

ROUNDS = 3
PAID, HALF = Money(minor=5800), Money(minor=2900)


@dataclass(frozen=True)
class Sale:
    """An order of two pieces of one variant."""

    order_id: UUID
    store_id: UUID
    merchant_id: UUID
    product_id: UUID
    variant_id: UUID

    @property
    def intent_id(self) -> str:
        return f"pi_{self.order_id}"

    @property
    def of_merchant(self) -> dict[str, Any]:
        return {"order_id": self.order_id, "merchant_id": self.merchant_id}

    def pay(self) -> RecordPayment:
        return RecordPayment(order_id=self.order_id, paid=PAID, fee=Money(minor=290), intent_id=self.intent_id)

    def refund(self, amount: Money | None = None, *, pieces: int = 0) -> RefundOrder:
        lines = [RefundedPieces(variant_id=self.variant_id, quantity=pieces, restock=True)] if pieces else []
        return RefundOrder(**self.of_merchant, refund_id=uuid4(), amount=amount, lines=lines, restock=not pieces)

    def cancel(self) -> CancelOrderByMerchant:
        return CancelOrderByMerchant(**self.of_merchant, refund_id=uuid4())

    def ship(self, pieces: int) -> ShipParcel:
        lines = [Pieces(variant_id=self.variant_id, quantity=pieces)]
        return ShipParcel(**self.of_merchant, lines=lines, carrier="DHL", tracking_number=None)

    def withdraw(self) -> WithdrawFromOrder:
        who = sealed(uuid4())
        return WithdrawFromOrder(order_id=self.order_id, store_id=self.store_id, lines=[], name=who, email=who)

    def give_back(self, pieces: int) -> RequestReturn:
        lines = [ReturnedPieces(variant_id=self.variant_id, quantity=pieces)]
        return RequestReturn(order_id=self.order_id, store_id=self.store_id, lines=lines, reason="I changed my mind")

    def dispute(self) -> RecordDispute:
        report = DisputeReport(
            dispute_id=f"du_{self.order_id}",
            intent_id=self.intent_id,
            amount=PAID,
            reason="fraudulent",
            status=DisputeStatus.NEEDS_RESPONSE,
            evidence_due=None,
            movements=1,
            taken=PAID,
            fee=Money(minor=1500),
        )
        return RecordDispute(order_id=self.order_id, report=report)

    def refunded_elsewhere(self) -> RecordRefund:
        answer = RefundAnswer(
            refund_id=None,
            external_id=f"re_{self.order_id}",
            intent_id=self.intent_id,
            amount=HALF,
            status=RefundStatus.SUCCEEDED,
        )
        return RecordRefund(order_id=self.order_id, answer=answer)


@dataclass(frozen=True)
class Outcome:
    """What is so after all commands have had an answer."""

    order: Order
    accepted: int
    types: Counter[str]
    """The events of the order by name, since the commands began."""
    stock: int
    """How many more pieces are in stock than before the commands."""

    @property
    def refunded(self) -> int:
        """Minor units that refunds name, those that are on their way included."""
        refunds = self.order.after.refunds.values()
        return sum(each.amount.minor for each in refunds if each.status is not RefundStatus.FAILED)

    @property
    def unsent(self) -> int:
        """Pieces that are paid back instead of sent."""
        return sum(line.unsent for each in self.order.after.refunds.values() for line in each.lines)


Case = tuple[Callable[[Sale], Sequence[object]], Callable[[Sale], Sequence[object]], Callable[[Outcome], bool]]
SHIPPED_BACK: Callable[[Sale], Sequence[object]] = lambda sale: [  # noqa: E731
    sale.pay(),
    sale.ship(2),
    sale.give_back(2),
    ApproveReturn(**sale.of_merchant, number=1),
]
CASES: dict[str, Case] = {
    "two refunds that are too much together": (
        lambda sale: [sale.pay()],
        lambda sale: [sale.refund(Money(minor=4000)), sale.refund(Money(minor=4000))],
        lambda out: (out.accepted, out.refunded) == (1, 4000),
    ),
    "two refunds of everything": (
        lambda sale: [sale.pay()],
        lambda sale: [sale.refund(), sale.refund()],
        lambda out: (out.accepted, out.refunded, out.stock) == (1, 5800, 2),
    ),
    "a refund here and one in the provider's dashboard": (
        lambda sale: [sale.pay()],
        lambda sale: [sale.refund(), sale.refunded_elsewhere()],
        # The provider decides which of them it carries out; the stream never names more than it may have to.
        lambda out: out.refunded in {5800, 5800 + 2900} and out.types["RefundReported"] == 1,
    ),
    "a refund and a cancellation": (
        lambda sale: [sale.pay()],
        lambda sale: [sale.refund(HALF), sale.cancel()],
        lambda out: out.refunded == 5800 and out.stock == 2 and out.order.status == "CANCELLED",
    ),
    "a cancellation twice": (
        lambda sale: [sale.pay()],
        lambda sale: [sale.cancel(), sale.cancel()],
        lambda out: (out.refunded, out.stock, out.types["PaidOrderCancelled"]) == (5800, 2, 1),
    ),
    "a cancellation and a parcel": (
        lambda sale: [sale.pay()],
        lambda sale: [sale.cancel(), sale.ship(1)],
        lambda out: out.accepted == 1 and (out.refunded, len(out.order.after.parcels)) in {(5800, 0), (0, 1)},
    ),
    "a refund of pieces and a parcel of all": (
        lambda sale: [sale.pay()],
        lambda sale: [sale.refund(pieces=1), sale.ship(2)],
        lambda out: out.order.after.shipped_items + out.unsent <= 2 and out.refunded in {0, 2900},
    ),
    "two parcels of the same pieces": (
        lambda sale: [sale.pay()],
        lambda sale: [sale.ship(2), sale.ship(2)],
        lambda out: (out.accepted, out.order.after.shipped_items) == (1, 2),
    ),
    "webhook, browser's return and expiry of the cart": (
        lambda sale: [],
        lambda sale: [sale.pay(), sale.pay(), CancelOrder(order_id=sale.order_id, reason="Not paid in time")],
        lambda out: (
            out.types["OrderPaid"] + out.types["PaymentUnmatched"] == 1
            and (out.order.status, out.stock) in {("PAID", 0), ("CANCELLED", 2)}
        ),
    ),
    "two payments of one order": (
        lambda sale: [],
        lambda sale: [sale.pay(), replace(sale.pay(), intent_id=f"{sale.intent_id}_again")],
        lambda out: (out.types["OrderPaid"], out.types["PaymentUnmatched"], out.order.status) == (1, 1, "PAID"),
    ),
    "a dispute and a refund": (
        lambda sale: [sale.pay()],
        lambda sale: [sale.dispute(), sale.dispute(), sale.refund()],
        lambda out: (out.types["DisputeFundsMoved"], out.types["RefundRequested"], out.refunded) == (1, 1, 5800),
    ),
    "a return of the same pieces twice": (
        lambda sale: [sale.pay(), sale.ship(2)],
        lambda sale: [sale.give_back(2), sale.give_back(2)],
        lambda out: (out.accepted, len(out.order.after.returns)) == (1, 1),
    ),
    "a return that is received twice": (
        SHIPPED_BACK,
        lambda sale: [ReceiveReturn(**sale.of_merchant, number=1, restock=True) for _ in range(2)],
        lambda out: (out.types["ReturnReceived"], out.stock) == (1, 2),
    ),
    "a return that is paid back twice": (
        SHIPPED_BACK,
        lambda sale: [RefundReturn(**sale.of_merchant, number=1, refund_id=uuid4()) for _ in range(2)],
        lambda out: (out.types["RefundRequested"], out.refunded <= 5800) == (1, True),
    ),
    "a return that is paid back and replaced": (
        lambda sale: [*SHIPPED_BACK(sale), ReceiveReturn(**sale.of_merchant, number=1)],
        lambda sale: [
            RefundReturn(**sale.of_merchant, number=1, refund_id=uuid4()),
            ReplaceReturn(**sale.of_merchant, number=1),
        ],
        lambda out: out.types["RefundRequested"] + out.types["ReplacementSent"] == 1,
    ),
    "a withdrawal twice": (
        lambda sale: [sale.pay()],
        lambda sale: [sale.withdraw(), sale.withdraw()],
        lambda out: (out.types["WithdrawalReceived"], sum(out.order.withdrawn.values())) == (1, 2),
    ),
    "a withdrawal and a return": (
        lambda sale: [sale.pay(), sale.ship(2)],
        lambda sale: [sale.withdraw(), sale.give_back(2)],
        lambda out: sum(line.quantity for each in out.order.after.returns.values() for line in each.lines) == 2,
    ),
}
"""What happened before, what happens at once, and what must be so afterwards."""


class Gateways:
    """Two command buses that share nothing but the database."""

    def __init__(self, platform: Platform) -> None:
        reader: Any = platform.deps.reader
        self._buses = [
            CommandBus(PostgresEventLog(reader.present, platform.clock), handlers(platform.clock)) for _ in range(2)
        ]

    async def send(self, commands: Sequence[object]) -> list[bool]:
        """Send commands at once, each to the next gateway, and return which were accepted."""
        return list(await asyncio.gather(*(self._one(n, command) for n, command in enumerate(commands))))

    async def _one(self, n: int, command: object) -> bool:
        context = Context(command_id=uuid4(), correlation_id=uuid4())
        while True:
            try:
                await self._buses[n % 2].dispatch(command, context)
            except ConcurrencyConflict:
                await asyncio.sleep(0)
            except DomainError:
                return False
            else:
                return True


@pytest.fixture(scope="module")
async def merchant(shared_platform: Platform) -> Merchant:
    return await shared_platform.merchant()


@pytest.fixture(scope="module")
async def product(shared_platform: Platform, merchant: Merchant) -> Sale:
    """Any order of the store in which all cases play."""
    store_id = await shared_platform.stocked_store(merchant)
    id = await an_order(shared_platform, merchant, store_id, quantity=1)
    order = await shared_platform.log.load(ORDER, id)
    assert order is not None
    (line,) = order.state.lines
    await shared_platform.send(CancelOrder(order_id=id, reason=""))
    plenty = CountStock(product_id=line.product_id, merchant_id=merchant.id, variant_id=line.variant_id, on_hand=1_000)
    await shared_platform.send(plenty)
    return Sale(id, store_id, merchant.id, line.product_id, line.variant_id)


async def stock_of(platform: Platform, sale: Sale) -> int:
    loaded = await platform.log.load(PRODUCT, sale.product_id)
    assert loaded is not None
    available: int = loaded.state.variants[sale.variant_id].available
    return available


async def order_of(platform: Platform, sale: Sale) -> Order:
    loaded = await platform.log.load(ORDER, sale.order_id)
    assert loaded is not None
    order: Order = loaded.state
    return order


@pytest.mark.parametrize("case", CASES)
async def test_of_what_two_gateways_decide_at_once_no_money_or_goods_leave_twice(
    platform: Platform, product: Sale, case: str
) -> None:
    before, at_once, holds = CASES[case]
    gateways = Gateways(platform)
    for n in range(ROUNDS):
        sale, shopper = replace(product, order_id=uuid4()), uuid4()
        await platform.bus.dispatch(
            PlaceOrder(
                order_id=sale.order_id,
                store_id=sale.store_id,
                lines=[CartLine(product_id=sale.product_id, variant_id=sale.variant_id, quantity=2)],
                shopper_id=shopper,
                shopper_name=sealed(shopper),
                shopper_email=sealed(shopper),
                shipping_address=sealed(shopper),
            ),
            Context(command_id=uuid4(), correlation_id=uuid4()),
        )
        for command in before(sale):
            assert await gateways.send([command]) == [True], command
        version, stock = (await order_of(platform, sale)).version, await stock_of(platform, sale)
        commands = list(at_once(sale))
        answers = await gateways.send(commands[::-1] if n % 2 else commands)
        events = [raw.decode().event for raw in await platform.log.read_streams([sale.order_id])]
        outcome = Outcome(
            await order_of(platform, sale),
            sum(answers),
            Counter(type(event).__name__ for event in events if event.originator_version > version),
            await stock_of(platform, sale) - stock,
        )
        assert holds(outcome), outcome


async def test_reports_about_a_payout_in_any_order_at_two_gateways_end_in_the_bank_s_word(
    platform: Platform, merchant: Merchant
) -> None:
    gateways = Gateways(platform)
    for n in range(ROUNDS):
        paid = PayoutReport(payout_id=f"po_{n}", amount=PAID, arrival_on=date(2026, 11, 30), status=PayoutStatus.PAID)
        failed = replace(paid, status=PayoutStatus.FAILED, reason="account closed")
        reports = [paid, failed, paid, failed]
        ordered = reports[::-1] if n % 2 else reports
        await gateways.send([RecordPayout(merchant_id=merchant.id, report=each) for each in ordered])
        stream = payout_stream(merchant.id, paid.payout_id)
        loaded = await platform.log.load(PAYOUT, stream)
        assert loaded is not None
        assert loaded.state.status is PayoutStatus.FAILED
        events = [raw.decode().event for raw in await platform.log.read_streams([stream])]
        assert len(events) == (1 if not events[-1].after_paid else 2)  # type: ignore[attr-defined]
