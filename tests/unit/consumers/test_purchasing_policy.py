"""The purchasing policy: the supplier is asked after the payment, and the order is placed once if the merchant wants it."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from commands.order import RecordPayment
from commands.product import ActivateProduct, AddProduct, EditProduct
from commands.purchasing import (
    BuyAnyway,
    CheckSupplierAgain,
    PlaceSupplierOrder,
    RefundHeldOrder,
    SetSupplierOrdering,
    SubstituteLines,
    Substitution,
)
from commands.refunds import RefundOrder
from consumers.policies.purchasing import CHECK_WITHIN, UNCERTAIN, PurchasingPolicy
from domain.kernel import DomainError, Transient
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order.after_sale.events import RefundedPieces
from domain.order.after_sale.sourcing_events import HoldReason, SupplierOrderFailed, SupplierOrderPlaced
from domain.order.after_sale.sourcing_state import SupplierOrderStatus
from domain.order.aggregate import ORDER, Order
from domain.order.purchase_ports import SupplierPurchase, TakenPurchase
from domain.order.sourcing_errors import NotToBeBought, SupplierRefused
from domain.privacy import Sealed
from domain.product.errors import InsufficientStock, NotForSale
from domain.product.events import ProductImported
from domain.sourcing.listing import Listing, ListingVariant
from infra.adapters.suppliers.shared import SharedCatalogs
from infra.retry import RetryPolicy
from tests.support.builders.samples import dollars
from tests.support.fakes.supply import MemoryCatalog
from tests.support.fakes.supply import listing as supplied
from tests.support.fakes.vault import MemoryPersonalData
from tests.support.platforms.write_side import Platform

SAMPLE = SupplierProvider.SAMPLE
AT_ONCE = RetryPolicy(attempts=2, first_pause=0.0)


@dataclass
class Supplier:
    """Implements ``SupplierOrders``: takes an order once for its key."""

    taken: dict[str, SupplierPurchase] = field(default_factory=dict)
    trouble: BaseException | None = None
    late_trouble: BaseException | None = None
    """What happens after it took the order and before its answer arrives."""
    asked: int = 0

    async def place(self, order: SupplierPurchase) -> TakenPurchase:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        taken = self.taken.setdefault(order.idempotency_key, order)
        if self.late_trouble is not None:
            raise self.late_trouble
        return TakenPurchase(external_id="SO-1", pieces=sum(line.quantity for line in taken.lines))


class Opened(MemoryPersonalData):
    """Opens the name and the address of the one shopper, until they are erased."""

    texts: Sequence[str | None] = ("Anna", json.dumps({"line1": "Main St 1", "city": "Portland", "country": "US"}))

    async def open_many(self, sealed: Sequence[Sealed]) -> Sequence[str | None]:
        return self.texts[: len(sealed)]


class Shop:
    """A store with one paid order of two lamps, its policy and its supplier."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self.supplier, self.catalog = platform, Supplier(), MemoryCatalog([])
        self.personal = Opened()
        self.policy = PurchasingPolicy(
            platform,
            platform,
            SharedCatalogs({SAMPLE: self.catalog}),
            {SAMPLE: self.supplier},
            self.personal,
            platform.clock,
            asking=AT_ONCE,
        )
        self.order_id = uuid4()

    async def open(self, *, places: bool = False, beside: Sequence[Listing] = ()) -> None:
        self.order_id = await self.platform.order_a_lamp(pieces=2, beside=beside)
        order = await self.order()
        product = await self.platform.product(order.lines[0].product_id)
        assert product.source is not None
        self.source_id = product.source[1]
        await self.offer(cost=500)
        if places:
            await self.do(SetSupplierOrdering, store_id=self.platform.store_id, enabled=True)

    async def offer(self, *, cost: int = 500, freight: int = 100, stock: int = 9, listed: bool = True) -> None:
        product = await self.platform.product((await self.order()).lines[0].product_id)
        (variant,) = product.variants.values()
        form = ListingVariant(sku=variant.sku, title=variant.title, cost=Money(minor=cost), stock=stock)
        whole = supplied(self.source_id, cost=cost, shipping_cost=freight, variants=[form])
        self.catalog.listings = [whole] if listed else []

    async def order(self) -> Order:
        return await self.platform.get(ORDER, self.order_id)

    async def do(self, command: type, **fields: object) -> None:
        await self.platform.send(command(merchant_id=self.platform.merchant_id, **fields))
        await self.deliver()

    async def floor_lamp(self, *, stock: int) -> UUID:
        """Add other goods of the merchant's own, not yet on sale."""
        id = uuid4()
        await self.platform.send(
            AddProduct(
                product_id=id,
                store_id=self.platform.store_id,
                merchant_id=self.platform.merchant_id,
                title="Floor lamp",
                description="It glows.",
                cost=dollars("4"),
                price=dollars("25"),
                compare_at=None,
                stock=stock,
                image_urls=[],
            )
        )
        return id

    async def pay(self) -> None:
        order = await self.order()
        await self.platform.send(
            RecordPayment(order_id=order.id, paid=order.total, fee=Money(minor=200), intent_id="pi_1")
        )
        await self.deliver()

    async def deliver(self) -> None:
        """Hand every event to the policy, each twice, until no new one comes."""
        seen = 0
        while seen < len(self.platform.log.raw):
            raw = self.platform.log.raw[seen]
            seen += 1
            for _ in range(2):
                envelope = raw.decode()
                if type(envelope.event) in self.policy.handles:
                    await self.policy(envelope)


@pytest.fixture
async def shop() -> Shop:
    return Shop(Platform())


async def test_a_paid_order_is_checked_once_and_not_placed_until_the_merchant_wants_it(shop: Shop) -> None:
    await shop.open()
    asked = shop.catalog.asked
    await shop.pay()
    order = await shop.order()
    assert (order.after.sourcing.is_checked, order.after.sourcing.orders) == (True, {})
    assert shop.catalog.asked == asked + 1
    assert shop.supplier.asked == 0
    await shop.do(PlaceSupplierOrder, order_id=shop.order_id)
    (purchase,) = shop.supplier.taken.values()
    assert (purchase.recipient, purchase.address["city"], purchase.number) == ("Anna", "Portland", order.number)
    assert [(line.source_id, line.quantity) for line in purchase.lines] == [(shop.source_id, 2)]
    with pytest.raises(NotToBeBought):
        await shop.do(PlaceSupplierOrder, order_id=shop.order_id)


async def test_a_store_that_wants_it_places_its_orders_without_asking(shop: Shop) -> None:
    await shop.open(places=True)
    await shop.pay()
    (known,) = (await shop.order()).after.sourcing.orders.values()
    assert (known.status, known.external_id, shop.supplier.asked) == (SupplierOrderStatus.PLACED, "SO-1", 1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cost": 2_100}, HoldReason.LOSS),
        ({"cost": 500, "freight": 1_600}, HoldReason.LOSS),
        ({"stock": 1}, HoldReason.UNAVAILABLE),
        ({"listed": False}, HoldReason.UNAVAILABLE),
    ],
)
async def test_what_the_supplier_changed_holds_the_order_until_the_merchant_decides(
    shop: Shop, change: dict[str, int], reason: HoldReason
) -> None:
    await shop.open(places=True)
    await shop.offer(**change)  # type: ignore[arg-type]
    await shop.pay()
    assert (await shop.order()).after.sourcing.held is reason
    assert shop.supplier.asked == 0
    await shop.do(BuyAnyway, order_id=shop.order_id)
    order = await shop.order()
    assert (order.after.sourcing.held, shop.supplier.asked) == (None, 1)


async def test_a_supplier_that_is_away_is_asked_again_then_the_order_is_held_and_can_be_asked_about_again(
    shop: Shop,
) -> None:
    await shop.open(places=True)
    shop.catalog.trouble = Transient("the supplier", "is away")
    asked = shop.catalog.asked
    await shop.pay()
    assert shop.catalog.asked == asked + AT_ONCE.attempts
    assert (await shop.order()).after.sourcing.held is HoldReason.UNREACHABLE
    shop.catalog.trouble = None
    await shop.do(CheckSupplierAgain, order_id=shop.order_id)
    assert (await shop.order()).after.sourcing.held is None
    assert len(shop.supplier.taken) == 1


async def test_a_failed_order_is_clear_and_tried_again_by_hand(shop: Shop) -> None:
    await shop.open(places=True)
    shop.supplier.trouble = SupplierRefused("No such thing.")
    await shop.pay()
    (known,) = (await shop.order()).after.sourcing.orders.values()
    assert (known.status, shop.supplier.asked) == (SupplierOrderStatus.FAILED, 1)
    shop.supplier.trouble = Transient("the supplier", "is away")
    await shop.do(PlaceSupplierOrder, order_id=shop.order_id)
    assert shop.supplier.asked == 1 + AT_ONCE.attempts
    shop.supplier.trouble = None
    await shop.do(PlaceSupplierOrder, order_id=shop.order_id)
    (known,) = (await shop.order()).after.sourcing.orders.values()
    assert (known.status, known.attempt, len(shop.supplier.taken)) == (SupplierOrderStatus.PLACED, 3, 1)


class _Crash(BaseException):
    """The process ends: nothing after it runs."""


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(_Crash(), id="a crash before the answer is recorded"),
        pytest.param(Transient("the supplier", "did not answer within 20 seconds"), id="a time-out"),
        pytest.param(Transient("the supplier", "answered with status 500"), id="a server error"),
    ],
)
async def test_an_order_that_the_supplier_took_without_a_word_is_not_bought_twice(
    shop: Shop, trouble: BaseException
) -> None:
    await shop.open(places=True)
    shop.supplier.late_trouble = trouble
    with contextlib.suppress(_Crash):
        await shop.pay()
    (known,) = (await shop.order()).after.sourcing.orders.values()
    assert len(shop.supplier.taken) == 1
    shop.supplier.late_trouble = None
    if isinstance(trouble, _Crash):
        assert known.status is SupplierOrderStatus.REQUESTED
        await shop.deliver()
    else:
        assert known.status is SupplierOrderStatus.FAILED
        failed = [raw.decode().event for raw in shop.platform.log.raw if raw.type == SupplierOrderFailed.wire_name]
        assert [event.reason.startswith(UNCERTAIN) for event in failed] == [True]  # type: ignore[attr-defined]
        await shop.do(PlaceSupplierOrder, order_id=shop.order_id)
    (known,) = (await shop.order()).after.sourcing.orders.values()
    assert (known.status, known.external_id, len(shop.supplier.taken)) == (SupplierOrderStatus.PLACED, "SO-1", 1)


async def test_pieces_that_an_attempt_without_an_answer_bought_are_recorded_as_surplus(
    shop: Shop,
) -> None:
    await shop.open(places=True)
    shop.supplier.late_trouble = Transient("the supplier", "did not answer within 20 seconds")
    await shop.pay()
    shop.supplier.late_trouble = None
    (line,) = (await shop.order()).lines
    back = RefundedPieces(variant_id=line.variant_id, quantity=1, restock=False)
    await shop.do(RefundOrder, order_id=shop.order_id, refund_id=uuid4(), lines=[back])
    await shop.do(PlaceSupplierOrder, order_id=shop.order_id)
    placed = [raw.decode().event for raw in shop.platform.log.raw if raw.type == SupplierOrderPlaced.wire_name]
    assert [event.surplus for event in placed] == [1]  # type: ignore[attr-defined]
    assert len(shop.supplier.taken) == 1


async def test_a_supplier_that_refused_two_pieces_is_asked_for_one_under_another_key(shop: Shop) -> None:
    await shop.open(places=True)
    shop.supplier.trouble = SupplierRefused("1 is left, and 2 were ordered.")
    await shop.pay()
    (first,) = (await shop.order()).after.sourcing.orders.values()
    (line,) = (await shop.order()).lines
    back = RefundedPieces(variant_id=line.variant_id, quantity=1, restock=False)
    await shop.do(RefundOrder, order_id=shop.order_id, refund_id=uuid4(), lines=[back])
    shop.supplier.trouble = None
    await shop.do(PlaceSupplierOrder, order_id=shop.order_id)
    ((key, purchase),) = shop.supplier.taken.items()
    assert (key != first.key, [line.quantity for line in purchase.lines]) == (True, [1])


async def test_a_refusal_after_a_silence_does_not_say_that_the_supplier_has_no_order(shop: Shop) -> None:
    await shop.open(places=True)
    tries = iter([Transient("the supplier", "did not answer"), SupplierRefused("Sold out.")])

    async def place(_: SupplierPurchase) -> TakenPurchase:
        raise next(tries)

    shop.supplier.place = place  # type: ignore[method-assign, assignment]
    await shop.pay()
    (known,) = (await shop.order()).after.sourcing.orders.values()
    assert (known.status, known.is_refused) == (SupplierOrderStatus.FAILED, False)


async def substituted(shop: Shop) -> UUID:
    """Send other goods of the supplier, priced 25 dollars, for lamps that it does not have; return their variant."""
    imported = [raw.decode().event for raw in shop.platform.log.raw if raw.type == ProductImported.wire_name]
    (other,) = (event.originator_id for event in imported if event.source_id == "2")  # type: ignore[attr-defined]
    (variant,) = (await shop.platform.product(other)).variants
    await shop.platform.send(
        EditProduct(product_id=other, merchant_id=shop.platform.merchant_id, price=dollars("25.00"))
    )
    await shop.pay()
    (line,) = (await shop.order()).lines
    wanted = [Substitution(variant_id=line.variant_id, product_id=other, substitute_id=variant)]
    await shop.do(SubstituteLines, order_id=shop.order_id, lines=wanted)
    return variant


async def test_a_substitute_is_asked_about_before_it_is_ordered_and_may_cost_what_the_supplier_said(shop: Shop) -> None:
    await shop.open(places=True, beside=[supplied("2")])
    shop.catalog.listings = [supplied("2", cost=700, shipping_cost=50)]
    await substituted(shop)
    ((_, purchase),) = shop.supplier.taken.items()
    assert [(line.source_id, line.quantity, line.price_limit) for line in purchase.lines] == [
        ("2", 2, Money(minor=750))
    ]
    # Once after the payment, once about the substitute, however often the events come.
    assert (shop.catalog.asked, shop.supplier.asked) == (2, 1)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        pytest.param([supplied("2", stock=1)], HoldReason.UNAVAILABLE, id="too few are left"),
        pytest.param([], HoldReason.UNAVAILABLE, id="it is gone"),
        pytest.param(
            [supplied("2", cost=2_400, shipping_cost=101)], HoldReason.LOSS, id="it costs more than its price"
        ),
        pytest.param(Transient("the supplier", "is away"), HoldReason.UNREACHABLE, id="the supplier does not answer"),
    ],
)
async def test_a_substitute_that_the_supplier_would_not_send_holds_the_order_again_and_nothing_is_lost(
    shop: Shop, now: Sequence[Listing] | Transient, reason: HoldReason
) -> None:
    await shop.open(places=True, beside=[supplied("2")])
    if isinstance(now, Transient):
        shop.catalog.trouble = now
    else:
        shop.catalog.listings = now
    variant = await substituted(shop)
    order = await shop.order()
    assert (order.after.sourcing.held, shop.supplier.asked) == (reason, 0)
    with pytest.raises(NotToBeBought):
        await shop.do(PlaceSupplierOrder, order_id=shop.order_id)
    shop.catalog.trouble, shop.catalog.listings = None, [supplied("2")]
    await shop.do(CheckSupplierAgain, order_id=shop.order_id)
    (known,) = (await shop.order()).after.sourcing.orders.values()
    assert (known.status, len(shop.supplier.taken)) == (SupplierOrderStatus.PLACED, 1)
    assert (await shop.order()).after.sourcing.substitutes[order.lines[0].variant_id].substitute_id == variant


async def test_a_substitute_that_no_supplier_spoke_about_may_cost_its_own_price_at_most(shop: Shop) -> None:
    await shop.open(places=True, beside=[supplied("2")])
    shop.catalog.trouble = Transient("the supplier", "is away")
    await substituted(shop)
    await shop.do(BuyAnyway, order_id=shop.order_id)
    (purchase,) = shop.supplier.taken.values()
    assert [bought.price_limit for bought in purchase.lines] == [Money(minor=2_500)]


async def test_an_order_at_a_supplier_has_the_price_that_it_named_when_it_was_asked(shop: Shop) -> None:
    await shop.open(places=True)
    await shop.offer(cost=500, freight=120)
    await shop.pay()
    (purchase,) = shop.supplier.taken.values()
    assert [line.price_limit for line in purchase.lines] == [Money(minor=620)]


@pytest.mark.parametrize("pieces", [1, 2])
async def test_what_was_refunded_before_the_supplier_was_asked_is_not_bought(shop: Shop, pieces: int) -> None:
    await shop.open()
    await shop.pay()
    order = await shop.order()
    lines = [RefundedPieces(variant_id=order.lines[0].variant_id, quantity=pieces, restock=False)]
    merchant_id = shop.platform.merchant_id
    await shop.platform.send(PlaceSupplierOrder(order_id=order.id, merchant_id=merchant_id))
    await shop.platform.send(RefundOrder(order_id=order.id, merchant_id=merchant_id, refund_id=uuid4(), lines=lines))
    await shop.deliver()
    (known,) = (await shop.order()).after.sourcing.orders.values()
    assert (known.status, shop.supplier.taken) == (SupplierOrderStatus.FAILED, {})


async def test_nothing_is_ordered_for_a_shopper_who_was_erased(shop: Shop) -> None:
    await shop.open(places=True)
    shop.personal.texts = (None, None)
    await shop.pay()
    (known,) = (await shop.order()).after.sourcing.orders.values()
    assert (known.status, shop.supplier.asked) == (SupplierOrderStatus.FAILED, 0)


async def test_a_substitute_comes_from_the_stores_own_goods_and_their_stock(shop: Shop) -> None:
    await shop.open(places=True)
    await shop.offer(stock=0)
    other = await shop.floor_lamp(stock=2)
    await shop.pay()
    (line,) = (await shop.order()).lines
    (variant,) = (await shop.platform.product(other)).variants
    wanted = [Substitution(variant_id=line.variant_id, product_id=other, substitute_id=variant)]
    with pytest.raises(NotForSale):
        await shop.do(SubstituteLines, order_id=shop.order_id, lines=wanted)
    await shop.platform.send(ActivateProduct(product_id=other, merchant_id=shop.platform.merchant_id))
    with pytest.raises(DomainError):
        await shop.do(SubstituteLines, order_id=shop.order_id, lines=wanted * 2)
    await shop.do(SubstituteLines, order_id=shop.order_id, lines=wanted)
    assert (await shop.platform.product(other)).variants[variant].on_hand == 0
    assert (await shop.order()).after.sourcing.held is None
    # Goods of the merchant's own are ordered from no supplier.
    assert shop.supplier.asked == 0
    (sold,) = (await shop.platform.product(line.product_id)).variants.values()
    back = RefundedPieces(variant_id=line.variant_id, quantity=1, restock=True)
    for _ in range(2):
        await shop.do(RefundOrder, order_id=shop.order_id, refund_id=uuid4(), lines=[back])
    # The shopper would have got the floor lamps, so these go back into stock.
    assert (await shop.platform.product(other)).variants[variant].on_hand == 2
    assert (await shop.platform.product(line.product_id)).variants[line.variant_id].on_hand == sold.on_hand


async def test_goods_that_cost_too_much_go_back_into_stock_when_others_are_sent(shop: Shop) -> None:
    await shop.open()
    await shop.offer(cost=2_100)
    other = await shop.floor_lamp(stock=2)
    await shop.platform.send(ActivateProduct(product_id=other, merchant_id=shop.platform.merchant_id))
    await shop.pay()
    order = await shop.order()
    assert order.after.sourcing.held is HoldReason.LOSS
    (line,) = order.lines
    (before,) = (await shop.platform.product(line.product_id)).variants.values()
    (variant,) = (await shop.platform.product(other)).variants
    wanted = [Substitution(variant_id=line.variant_id, product_id=other, substitute_id=variant)]
    await shop.do(SubstituteLines, order_id=shop.order_id, lines=wanted)
    (after,) = (await shop.platform.product(line.product_id)).variants.values()
    assert after.on_hand == before.on_hand + line.quantity


async def test_a_substitute_that_is_sold_out_is_refused(shop: Shop) -> None:
    await shop.open()
    await shop.offer(listed=False)
    await shop.pay()
    (line,) = (await shop.order()).lines
    other = uuid4()
    await shop.platform.send(
        AddProduct(
            product_id=other,
            store_id=shop.platform.store_id,
            merchant_id=shop.platform.merchant_id,
            title="Floor lamp",
            description="It glows.",
            cost=dollars("4"),
            price=dollars("25"),
            compare_at=None,
            stock=1,
            image_urls=[],
        )
    )
    await shop.platform.send(ActivateProduct(product_id=other, merchant_id=shop.platform.merchant_id))
    (variant,) = (await shop.platform.product(other)).variants
    wanted = [Substitution(variant_id=line.variant_id, product_id=other, substitute_id=variant)]
    with pytest.raises(InsufficientStock):
        await shop.do(SubstituteLines, order_id=shop.order_id, lines=wanted)
    assert (await shop.order()).after.sourcing.held is HoldReason.UNAVAILABLE
    assert (await shop.platform.product(other)).variants[variant].on_hand == 1


async def test_a_held_order_is_refunded_and_its_pieces_do_not_go_back_into_stock_that_is_not_there(shop: Shop) -> None:
    await shop.open(places=True)
    await shop.offer(listed=False)
    await shop.pay()
    (line,) = (await shop.order()).lines
    before = (await shop.platform.product(line.product_id)).variants[line.variant_id].on_hand
    await shop.do(RefundHeldOrder, order_id=shop.order_id, refund_id=uuid4(), reason="Sold out")
    order = await shop.order()
    assert (order.status, len(order.after.refunds)) == ("CANCELLED", 1)
    assert (await shop.platform.product(line.product_id)).variants[line.variant_id].on_hand == before
    assert shop.supplier.asked == 0


async def test_a_payment_of_long_ago_is_history_that_no_supplier_is_asked_about(shop: Shop) -> None:
    await shop.open(places=True)
    order, asked = await shop.order(), shop.catalog.asked
    await shop.platform.send(RecordPayment(order_id=order.id, paid=order.total, fee=Money(minor=200), intent_id="pi_1"))
    shop.platform.clock.advance(CHECK_WITHIN + timedelta(seconds=1))
    await shop.deliver()
    assert (shop.catalog.asked, (await shop.order()).after.sourcing.is_checked) == (asked, False)
