"""The demo shop's past orders: placed, paid, sent, delivered, refunded and returned, in the order of their times."""

import json
import tomllib
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from pydantic import TypeAdapter

from commands.checkout import CartLine, PlaceOrder
from commands.discount import CreateDiscount
from commands.inbox import ReceiveWebhook
from commands.order import CancelOrder, FulfilOrder, MarkOrderDelivered, OpenPaymentSession
from commands.reactions import EventLogAggregates
from commands.refunds import RefundOrder
from commands.returns import RequestReturn
from domain.discount.events import DiscountKind, DiscountTerms
from domain.ids import derived
from domain.money import Money
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.aggregate import ORDER, PAY_WITHIN, Order
from domain.order.delivery import day_in
from domain.order.ports import PaymentRequest
from domain.product.aggregate import PRODUCT, Product
from domain.store.aggregate import Store
from infra.adapters.payments.sandbox import SandboxPayments
from infra.bootstrap import Platform
from infra.demo.shop.past import Past

UNPAID = "It was not paid in time."
ADDRESS = ("line1", "line2", "city", "region", "postcode", "country")
FILE = Path(__file__).with_name("orders.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLine:
    """Pieces of one of the shop's products."""

    product: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOrder:
    """An order, and what happened to it. Times are days before the shop is written."""

    placed: float
    shopper: str
    address: Mapping[str, str]
    lines: Sequence[PastLine]
    code: bool = False
    paid: bool = True
    shipped: float | None = None
    carrier: str | None = None
    tracking: str | None = None
    delivered: float | None = None
    refunded: float | None = None
    amount: Decimal | None = None
    """What is paid back; everything if it is left out."""
    reason: str = ""
    returned: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The file of past orders."""

    first_day: float
    """Days before the shop is written: when its generation began."""
    discount_code: str
    discount_percent: int
    orders: Sequence[PastOrder]


def read_history() -> History:
    """Return the past orders."""
    return TypeAdapter(History).validate_python(tomllib.loads(FILE.read_text("utf-8")))


@dataclass(frozen=True, slots=True, order=True)
class Action:
    """Something that happened to an order."""

    days: float
    """Days before the shop is written, as a negative number: actions sort by their time."""
    number: int
    """The order's number in the file."""
    name: str


def actions_of(orders: Sequence[PastOrder]) -> list[Action]:
    """Return everything that happened, the earliest first."""
    minute = 1 / 24 / 60
    found: list[Action] = []
    for number, order in enumerate(orders):
        found.append(Action(-order.placed, number, "place"))
        if order.paid:
            found.append(Action(-order.placed + 3 * minute, number, "pay"))
        else:
            found.append(Action(-order.placed + 90 * minute, number, "cancel"))
        for name, at in {
            "ship": order.shipped, "deliver": order.delivered, "refund": order.refunded, "return": order.returned,
        }.items():  # fmt: skip
            if at is not None:
                found.append(Action(-at, number, name))
    return sorted(found)


class OrderWriter:
    """Carries past orders out, as shoppers, the payment provider and the merchant did."""

    def __init__(self, past: Past, platform: Platform, payments: SandboxPayments, *, store: Store) -> None:
        self._past, self._platform, self._payments, self._store = past, platform, payments, store
        self._name = store.niche if store.brand is None else store.brand.name
        self._steps: Mapping[str, Callable[[UUID, PastOrder], Awaitable[None]]] = {
            "place": self._place,
            "pay": self._pay,
            "cancel": self._cancel,
            "ship": self._ship,
            "deliver": self._deliver,
            "refund": self._refund,
            "return": self._return,
        }

    async def write(self, history: History, now: datetime) -> None:
        """Create the discount code and carry out every action.

        Args:
            history: the orders.
            now: the time that days are counted from.
        """
        terms = DiscountTerms(kind=DiscountKind.PERCENTAGE, basis_points=history.discount_percent * 100)
        create = CreateDiscount(
            store_id=self._store.id, merchant_id=self._store.merchant_id, code=history.discount_code, terms=terms
        )
        await self._past.send(create, id=self._store.id, name="discount")
        self._code = history.discount_code
        for action in actions_of(history.orders):
            # Reactions move the clock too, and time never goes back.
            self._past.clock.at = max(self._past.clock.at, now + timedelta(days=action.days))
            order_id = derived(self._store.id, "demo order", str(action.number))
            await self._steps[action.name](order_id, history.orders[action.number])

    async def _place(self, order_id: UUID, order: PastOrder) -> None:
        shopper, personal = derived(order_id, "shopper"), await self._platform.personal()
        address = {name: order.address.get(name, "") for name in ADDRESS}
        lines = []
        for line in order.lines:
            product = await self._product(self._store.product_ids[line.product])
            variant = next(iter(product.variants))
            lines.append(CartLine(product_id=product.id, variant_id=variant, quantity=line.quantity))
        command = PlaceOrder(
            order_id=order_id,
            store_id=self._store.id,
            lines=lines,
            shopper_id=shopper,
            shopper_name=await personal.seal(shopper, order.shopper),
            shopper_email=await personal.seal_address(shopper, self._store.id, mail_address(order.shopper)),
            shipping_address=await personal.seal(shopper, json.dumps(address, ensure_ascii=False)),
            country=order.address["country"],
            discount_code=self._code if order.code else None,
        )
        await self._send(command, order_id, "place")

    async def _pay(self, order_id: UUID, order: PastOrder) -> None:  # noqa: ARG002 - as all steps
        placed = await self._order(order_id)
        session = await self._payments.open_session(
            PaymentRequest(
                order_id=order_id,
                order_number=placed.number,
                store_id=self._store.id,
                store_name=self._name,
                lines=placed.lines,
                shipping=placed.shipping,
                total=placed.total,
                platform_fee=placed.total.basis_points(self._platform.settings.platform_fee_basis_points),
                success_url=self._platform.settings.storefront_url(self._store.slug or ""),
                cancel_url=self._platform.settings.storefront_url(self._store.slug or ""),
                expires_at=placed.placed_at + PAY_WITHIN,
                idempotency_key=f"checkout:{order_id}",
            )
        )
        opened = OpenPaymentSession(order_id=order_id, provider=session.provider, session_id=session.session_id)
        await self._send(opened, order_id, "open")
        body = self._payments.paid_webhook(self._payments.read_session(session.url.rpartition("/")[2]))
        notice = self._payments.read_body(body)
        assert notice is not None
        webhook = ReceiveWebhook(
            source=self._payments.name,
            external_id=notice.external_id,
            type=notice.type,
            store_id=self._store.id,
            body=body,
        )
        await self._send(webhook, order_id, "pay")

    async def _cancel(self, order_id: UUID, order: PastOrder) -> None:  # noqa: ARG002
        await self._send(CancelOrder(order_id=order_id, reason=UNPAID), order_id, "cancel")

    async def _ship(self, order_id: UUID, order: PastOrder) -> None:
        command = FulfilOrder(
            order_id=order_id,
            merchant_id=self._store.merchant_id,
            carrier=order.carrier,
            tracking_number=order.tracking,
        )
        await self._send(command, order_id, "ship")

    async def _deliver(self, order_id: UUID, order: PastOrder) -> None:  # noqa: ARG002
        today = day_in(self._store.time_zone, self._past.clock.now())
        command = MarkOrderDelivered(order_id=order_id, merchant_id=self._store.merchant_id, delivered_on=today)
        await self._send(command, order_id, "deliver")

    async def _refund(self, order_id: UUID, order: PastOrder) -> None:
        currency = (await self._order(order_id)).total.currency
        command = RefundOrder(
            order_id=order_id,
            merchant_id=self._store.merchant_id,
            refund_id=derived(order_id, "refund"),
            amount=None if order.amount is None else Money.parse(order.amount, currency),
            restock=order.amount is None,
            reason=order.reason,
        )
        await self._send(command, order_id, "refund")

    async def _return(self, order_id: UUID, order: PastOrder) -> None:  # noqa: ARG002
        line = (await self._order(order_id)).lines[0]
        command = RequestReturn(
            order_id=order_id,
            store_id=self._store.id,
            lines=[ReturnedPieces(variant_id=line.variant_id, quantity=1)],
            reason=self._store.returns.reasons[0],
        )
        await self._send(command, order_id, "return")

    async def _send(self, command: object, order_id: UUID, name: str) -> None:
        await self._past.send(command, id=order_id, name=name)

    async def _order(self, id: UUID) -> Order:
        return await EventLogAggregates(self._past.log).get(ORDER, id)

    async def _product(self, id: UUID) -> Product:
        return await EventLogAggregates(self._past.log).get(PRODUCT, id)


def mail_address(name: str) -> str:
    """Return an address at a reserved domain for a shopper's name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return f"{plain.replace(' ', '.')}@shopper.example"
