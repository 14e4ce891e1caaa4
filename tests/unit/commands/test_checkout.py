"""Ordering a cart: delivery, discount and total are checked again by the command."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.bus import payload_digest
from commands.checkout import CartLine, PlaceOrder
from commands.discount import CreateDiscount, PauseDiscount
from commands.order import CancelOrder, RecordPayment
from commands.product import ArchiveProduct, EditProduct
from commands.shipping import SetShipping
from domain.discount.aggregate import DISCOUNT, DiscountCode
from domain.discount.errors import CodeTaken, DiscountUsedUp, UnknownDiscount
from domain.discount.events import DiscountKind, DiscountTerms
from domain.discount.terms import discount_id
from domain.kernel import DomainError, InvalidInput, NotFound
from domain.money import Money
from domain.order.aggregate import ORDER
from domain.order.errors import TotalChanged
from domain.order.events import OrderDiscount, OrderPlaced, OrderStatus
from domain.product.errors import NotForSale
from domain.shipping.errors import NoDelivery, TooHeavy
from domain.shipping.rates import RateBand, RateBasis, ShippingRates, ShippingZone
from tests.support.builders.samples import dollars, listing, sealed
from tests.support.platforms.write_side import Platform, kinds

HALF = DiscountTerms(kind=DiscountKind.PERCENTAGE, basis_points=5000)
GERMANY = ShippingZone(
    name="Germany",
    countries=["DE"],
    basis=RateBasis.WEIGHT,
    bands=[RateBand(price=dollars("4.90"), up_to=1000), RateBand(price=dollars("7.90"), up_to=3000)],
)


async def selling(
    platform: Platform, *, weight: str | None = "780 g", stock: int | None = None, **shipping: Any
) -> PlaceOrder:
    """Publish a store that sends lamps to Germany, and return the order of one lamp."""
    offer = listing() if weight is None else listing().model_copy(update={"attributes": {"Weight": weight}})
    if stock is not None:
        offer = offer.model_copy(update={"variants": [offer.variants[0].model_copy(update={"stock": stock})]})
    (lamp,) = await platform.publish(offer)
    rates = ShippingRates(zones=[GERMANY], **shipping)
    await platform.send(SetShipping(store_id=platform.store_id, merchant_id=platform.merchant_id, rates=rates))
    (variant,) = (await platform.product(lamp)).variants
    return order_of(platform, CartLine(product_id=lamp, variant_id=variant, quantity=1))


def order_of(platform: Platform, *lines: CartLine) -> PlaceOrder:
    shopper = uuid4()
    return PlaceOrder(
        order_id=uuid4(),
        store_id=platform.store_id,
        lines=list(lines),
        shopper_id=shopper,
        shopper_name=sealed(shopper),
        shopper_email=sealed(shopper),
        shipping_address=sealed(shopper),
        country="DE",
    )


def again(order: PlaceOrder, **changes: Any) -> PlaceOrder:
    return replace(order, order_id=uuid4(), **changes)


async def create(platform: Platform, code: str = "Half-Price", terms: DiscountTerms = HALF) -> UUID:
    command = CreateDiscount(store_id=platform.store_id, merchant_id=platform.merchant_id, code=code, terms=terms)
    return UUID((await platform.send(command)).result["discount_id"])


async def discount(platform: Platform, id: UUID) -> DiscountCode:
    return await platform.get(DISCOUNT, id)


async def placed(platform: Platform, order: PlaceOrder) -> OrderPlaced:
    event = (await platform.do(order))[-1]
    assert isinstance(event, OrderPlaced)
    return event


async def test_the_delivery_is_computed_from_the_weights_of_the_listings(platform: Platform) -> None:
    order = await selling(platform)
    (line,) = order.lines
    one = await placed(platform, order)
    assert (one.shipping, one.total, one.shipping_zone) == (dollars("4.90"), dollars("24.90"), "Germany")
    two = await placed(platform, again(order, lines=[replace(line, quantity=2)]))
    assert two.shipping == dollars("7.90")
    with pytest.raises(TooHeavy, match=r"3\.12 kg"):
        await platform.send(again(order, lines=[replace(line, quantity=4)]))


async def test_a_piece_without_a_weight_counts_with_the_merchants_weight(platform: Platform) -> None:
    order = await selling(platform, weight=None, unknown_weight=1200)
    assert (await placed(platform, order)).shipping == dollars("7.90")


async def test_a_country_without_a_zone_is_refused_and_nothing_is_reserved(platform: Platform) -> None:
    order = await selling(platform)
    before = len(platform.log.raw)
    with pytest.raises(NoDelivery):
        await platform.send(replace(order, country="US"))
    with pytest.raises(InvalidInput, match="country"):
        await platform.send(replace(order, country=None))
    assert len(platform.log.raw) == before


async def test_a_total_that_the_shopper_did_not_see_is_refused_and_nothing_is_reserved(platform: Platform) -> None:
    order = await selling(platform)
    (line,) = order.lines
    seen = replace(order, quoted=dollars("24.90"))
    await platform.send(
        EditProduct(product_id=line.product_id, merchant_id=platform.merchant_id, price=dollars("25.00"))
    )
    before = len(platform.log.raw)
    with pytest.raises(TotalChanged, match=r"The total is \$29\.90 now, and it was \$24\.90"):
        await platform.send(seen)
    assert len(platform.log.raw) == before
    assert (await placed(platform, replace(seen, quoted=dollars("29.90")))).total == dollars("29.90")


async def test_an_archived_product_in_the_cart_is_refused(platform: Platform) -> None:
    order = await selling(platform)
    await platform.send(ArchiveProduct(product_id=order.lines[0].product_id, merchant_id=platform.merchant_id))
    with pytest.raises(NotForSale):
        await platform.send(order)


@pytest.mark.parametrize("quantity", [0, -1, -(10**9)])
async def test_a_quantity_below_one_is_refused(platform: Platform, quantity: int) -> None:
    order = await selling(platform)
    with pytest.raises(InvalidInput, match="Quantity cannot be"):
        await platform.send(replace(order, lines=[replace(order.lines[0], quantity=quantity)]))


async def test_a_code_is_reserved_with_the_order_and_used_with_the_payment(platform: Platform) -> None:
    order = replace(await selling(platform), discount_code="half price")
    id = await create(platform)
    events = await platform.do(order)
    assert kinds(events) == ["StockReserved", "DiscountUseReserved", "OrderPlaced"]
    placed = events[-1]
    assert isinstance(placed, OrderPlaced)
    assert placed.discount == OrderDiscount(
        discount_id=id,
        code="HALFPRICE",
        kind=DiscountKind.PERCENTAGE,
        amount=dollars("10.00"),
        shares=[dollars("10.00")],
    )
    assert (placed.subtotal, placed.shipping, placed.total) == (dollars("20"), dollars("4.90"), dollars("14.90"))
    paid = RecordPayment(order_id=order.order_id, paid=placed.total, fee=dollars("1"), intent_id="pi_1")
    assert kinds(await platform.do(paid)) == ["OrderPaid", "DiscountUsed", "StockSold"]
    assert await platform.do(paid) == []
    assert ((await discount(platform, id)).used, (await discount(platform, id)).reserved) == (1, {})


async def test_a_cancelled_order_gives_its_code_back(platform: Platform) -> None:
    order = replace(await selling(platform), discount_code="HALFPRICE")
    id = await create(platform, terms=HALF.model_copy(update={"most_uses": 1}))
    await platform.send(order)
    with pytest.raises(DiscountUsedUp):
        await platform.send(again(order))
    events = await platform.do(CancelOrder(order_id=order.order_id, reason="It was not paid in time."))
    assert kinds(events) == ["OrderCancelled", "DiscountUseReleased", "StockReleased"]
    assert (await discount(platform, id)).reserved == {}
    await platform.send(again(order))


async def test_the_same_cart_ordered_again_keeps_the_last_use_of_its_code(platform: Platform) -> None:
    order = replace(await selling(platform), discount_code="HALFPRICE", cart_id=uuid4())
    id = await create(platform, terms=HALF.model_copy(update={"most_uses": 1}))
    await platform.send(order)
    changed = again(order)
    await platform.send(changed)
    assert set((await discount(platform, id)).reserved) == {changed.order_id}


async def test_a_late_payment_of_a_cancelled_order_does_not_count_a_use(platform: Platform) -> None:
    order = replace(await selling(platform), discount_code="HALFPRICE")
    id = await create(platform)
    await platform.send(order)
    await platform.send(CancelOrder(order_id=order.order_id, reason="It was not paid in time."))
    await platform.send(
        RecordPayment(order_id=order.order_id, paid=dollars("14.90"), fee=dollars("1"), intent_id="pi_1")
    )
    assert (await discount(platform, id)).used == 0


async def test_the_last_uses_go_to_as_many_of_100_concurrent_orders(platform: Platform) -> None:
    order = replace(await selling(platform, stock=1_000), discount_code="HALFPRICE")
    id = await create(platform, terms=HALF.model_copy(update={"most_uses": 7}))
    orders = [again(order) for _ in range(100)]
    outcomes = await asyncio.gather(*(platform.send(each) for each in orders), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(refused) == 93
    assert {type(refusal) for refusal in refused} == {DiscountUsedUp}
    winners = [each for each, outcome in zip(orders, outcomes, strict=True) if not isinstance(outcome, BaseException)]
    assert set((await discount(platform, id)).reserved) == {each.order_id for each in winners}
    (variant,) = (await platform.product(order.lines[0].product_id)).variants.values()
    assert variant.available == 993


async def test_a_code_of_another_store_and_a_paused_code_are_refused_alike(platform: Platform) -> None:
    order = await selling(platform)
    other = replace(platform, merchant_id=uuid4(), store_id=uuid4())
    other.log, other.bus = platform.log, platform.bus
    await other.publish()
    await create(other, "ELSEWHERE")
    paused = await create(platform, "PAUSED")
    await platform.send(PauseDiscount(discount_id=paused, merchant_id=platform.merchant_id))
    for code in ("elsewhere", "paused", "never created"):
        with pytest.raises(UnknownDiscount):
            await platform.send(again(order, discount_code=code))
    with pytest.raises(NotFound):
        await platform.send(PauseDiscount(discount_id=paused, merchant_id=other.merchant_id))


async def test_a_code_is_created_once_however_it_is_written(platform: Platform) -> None:
    await selling(platform)
    id = await create(platform, "Half Price")
    assert id == discount_id(platform.store_id, "HALF-PRICE")
    with pytest.raises(CodeTaken, match="HALFPRICE"):
        await create(platform, "half_price")
    with pytest.raises(NotFound):
        await create(platform, "OTHER", HALF.model_copy(update={"product_ids": [uuid4()]}))


async def test_a_shopper_uses_a_code_as_often_as_it_may_be(platform: Platform) -> None:
    order = replace(await selling(platform), discount_code="HALFPRICE", shoppers=["ada"])
    await create(platform, terms=HALF.model_copy(update={"most_uses_per_shopper": 1}))
    await platform.send(order)
    with pytest.raises(DiscountUsedUp, match="with this e-mail address"):
        await platform.send(again(order))
    await platform.send(again(order, shoppers=["ben"]))


async def test_a_refused_code_refuses_the_order_and_keeps_an_unpaid_order_of_the_cart(platform: Platform) -> None:
    order = replace(await selling(platform), cart_id=uuid4())
    await platform.send(order)
    with pytest.raises(DomainError):
        await platform.send(again(order, discount_code="UNKNOWN"))
    assert (await platform.get(ORDER, order.order_id)).status is OrderStatus.PENDING


def test_an_order_without_the_newer_fields_keeps_its_digest() -> None:
    shopper = UUID(int=5)
    order = PlaceOrder(
        order_id=UUID(int=1),
        store_id=UUID(int=2),
        lines=[CartLine(product_id=UUID(int=3), variant_id=UUID(int=4), quantity=1)],
        shopper_id=shopper,
        shopper_name=sealed(shopper),
        shopper_email=sealed(shopper),
        shipping_address=sealed(shopper),
    )
    known = "27bb6570441e1121aaf651a2fa5beb6b6f415372baaa5b97da4b3eb031a55ed5"
    assert payload_digest(order).hex() == known
    assert payload_digest(replace(order, country="DE", quoted=Money(minor=1))).hex() != known
