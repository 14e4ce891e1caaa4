"""A shop with delivery rates and discount codes, from the product page to the payment page."""

import json
import re
from uuid import UUID, uuid4

import httpx
import pytest

from commands.discount import CreateDiscount, PauseDiscount
from commands.ports import Context
from commands.shipping import SetShipping
from commands.taxes import SetTaxes
from domain.discount.events import DiscountKind, DiscountTerms
from domain.discount.terms import discount_id
from domain.money import Money
from domain.order.aggregate import PAY_WITHIN
from domain.order.ports import PaymentConfirmed
from domain.shipping.rates import RateBand, RateBasis, ShippingRates, ShippingZone
from domain.shopper.aggregate import shopper_of
from domain.store.taxes import TaxMode, TaxRate, TaxSettings
from infra.adapters.postgres.discount_shoppers import PostgresDiscountShoppers
from storefront.rendering.formatting import moment_words
from tests.integration.storefront.shopping import (
    checkout_form,
    hidden,
    notice_of,
    put_in_cart,
    session_at,
    to_payment,
)
from tests.support.builders.samples import identity
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform

RATES = ShippingRates(
    zones=[
        ShippingZone(
            name="Home",
            countries=["US"],
            bands=[RateBand(price=Money(minor=490))],
            free_from=Money(minor=9000),
        ),
        ShippingZone(
            name="Neighbors",
            countries=["CA"],
            basis=RateBasis.SUBTOTAL,
            bands=[RateBand(price=Money(minor=1290), up_to=5000), RateBand(price=Money(minor=990))],
        ),
    ]
)
TENTH = DiscountTerms(kind=DiscountKind.PERCENTAGE, basis_points=1000)
CANADA = {"country": "CA", "region": "Ontario", "postcode": "M5V 1A1"}


@pytest.fixture
async def shop(floor: StorefrontPlatform) -> UUID:
    store_id = await floor.open_store("fern", BRAND)
    await do(floor, SetShipping(store_id=store_id, merchant_id=await owner(floor), rates=RATES))
    return store_id


@pytest.fixture
async def vase(floor: StorefrontPlatform, shop: UUID) -> Product:
    return await floor.stock(shop, "Blue Vase", slug="blue-vase")


async def owner(floor: StorefrontPlatform) -> UUID:
    store = await floor.queries.store_by_slug("fern")
    assert store is not None
    return store.merchant_id


async def do(floor: StorefrontPlatform, command: object) -> None:
    await floor.dispatch(command, Context(command_id=uuid4(), correlation_id=uuid4()))


async def create(floor: StorefrontPlatform, shop: UUID, terms: DiscountTerms = TENTH, code: str = "SPRING10") -> None:
    await do(floor, CreateDiscount(store_id=shop, merchant_id=await owner(floor), code=code, terms=terms))


async def test_the_price_of_the_delivery_is_on_every_page_before_the_order(
    vase: Product, browser: httpx.AsyncClient
) -> None:
    assert "Plus delivery from $4.90" in (await browser.get("/products/blue-vase")).text
    assert "Delivery included" not in (await browser.get("/")).text
    await put_in_cart(browser, vase)
    cart = (await browser.get("/cart")).text
    assert "Delivery to United States" in cart
    assert "$53.90" in cart
    checkout = await browser.get("/checkout")
    assert "Buy now and pay $53.90" in checkout.text
    assert '<option value="CA">' in checkout.text
    assert '<option value="DE">' not in checkout.text


async def test_a_business_with_a_vat_number_says_that_prices_include_it(
    floor: StorefrontPlatform, vase: Product, browser: httpx.AsyncClient
) -> None:
    await put_in_cart(browser, vase)

    async def say(words: str) -> list[bool]:
        """Return which pages say some words. What forms carry is random: any three letters may be in it."""
        pages = [await browser.get(address) for address in ("/products/blue-vase", "/cart", "/checkout")]
        return [words in re.sub('value="[^"]*"', "", page.text) for page in pages]

    assert await say("VAT") == [False] * 3
    await floor.state_business("fern", identity(vat_id=None))
    assert await say("VAT") == [False] * 3
    await floor.state_business("fern", identity())
    assert await say("VAT included") == [True] * 3
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    order = await floor.queries.order(session.store_id, session.order_id)
    assert order is not None
    unpaid, cart = (await browser.get(session.cancel_url)).text, (await browser.get("/cart")).text
    # Its time has a zone, because shoppers live in many.
    until = moment_words(order.placed_at + PAY_WITHIN)
    assert f"reserved for you until {until}." in cart
    assert re.search(rf'for you until <time datetime="[^"]+">{until}</time>\.', unpaid)
    await floor.apply_notice(notice_of(floor, session))
    # The number that counts is that of the day of the order.
    await floor.state_business("fern", identity(vat_id=None))
    for page in (unpaid, (await browser.get(session.success_url)).text):
        assert "VAT included" in page


async def test_search_engines_read_the_price_of_each_delivery(vase: Product, browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/products/blue-vase")).text
    data = json.loads(page.split('<script type="application/ld+json">', 1)[1].split("</script>", 1)[0])
    offer = data["offers"]
    rates = [
        (each["shippingDestination"]["addressCountry"], each["shippingRate"]["value"], each["shippingRate"]["currency"])
        for each in offer["shippingDetails"]
    ]
    assert rates == [(["US"], "4.90", "USD"), (["CA"], "12.90", "USD")]
    assert offer["shippingDetails"][0]["deliveryTime"]["transitTime"]["maxValue"] == 8


async def test_another_country_shows_its_price_before_it_can_be_ordered(
    floor: StorefrontPlatform, vase: Product, browser: httpx.AsyncClient
) -> None:
    await put_in_cart(browser, vase)
    form = await checkout_form(browser, **CANADA)
    # Without a press on the update button the form shows the price of another country.
    told = await browser.post("/checkout", data=form)
    assert told.status_code == 409
    assert "The total is $61.90 now. It was $53.90 when you saw it." in told.text
    shown = await browser.post("/checkout", data=form | {"action": "update"})
    assert (shown.status_code, "Buy now and pay $61.90" in shown.text) == (200, True)
    assert 'value="Ontario"' in shown.text
    address = await to_payment(browser, form | {"ticket": hidden(shown, "ticket")})
    session = session_at(floor, address)
    assert session.total == Money(minor=6190)
    assert sum(price.minor for _, _, price in session.lines) == 6190


async def test_a_country_that_the_shop_does_not_deliver_to_is_refused_by_name(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    await put_in_cart(browser, vase)
    page = await browser.post("/checkout", data=await checkout_form(browser, country="DE", region=""))
    assert page.status_code == 422
    assert "This shop does not deliver to Germany. Choose another country." in page.text
    assert "order.order_placed.v1" not in await floor.events_of(shop)


async def test_delivery_is_free_from_the_merchants_amount_on(vase: Product, browser: httpx.AsyncClient) -> None:
    await put_in_cart(browser, vase, quantity=2)
    assert "Buy now and pay $98.00" in (await browser.get("/checkout")).text


async def test_a_code_is_shown_applied_and_paid_as_shown(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    await put_in_cart(browser, vase)
    assert "discount code" not in (await browser.get("/checkout")).text.lower()
    await create(floor, shop)
    form = await checkout_form(browser, code=" spring 10")
    shown = await browser.post("/checkout", data=form | {"action": "update"})
    assert "Buy now and pay $49.00" in shown.text
    assert "\N{MINUS SIGN}$4.90" in shown.text
    session = session_at(floor, await to_payment(browser, form | {"ticket": hidden(shown, "ticket")}))
    assert session.total == Money(minor=4900)
    assert sum(price.minor for _, _, price in session.lines) == 4900
    await floor.apply_notice(notice_of(floor, session))
    page = await browser.get(session.success_url)
    assert "SPRING10" in page.text
    assert "$4.90" in page.text
    events = await floor.events_of(shop)
    assert "discount.discount_used.v1" in events


async def test_a_code_that_cannot_be_used_is_shown_and_the_order_can_go_on_without_it(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    await create(floor, shop, TENTH.model_copy(update={"minimum": Money(minor=10_000)}))
    await floor.open_store("moss", BRAND)
    moss = await floor.queries.store_by_slug("moss")
    assert moss is not None
    await do(floor, CreateDiscount(store_id=moss.id, merchant_id=moss.merchant_id, code="MOSS10", terms=TENTH))
    await put_in_cart(browser, vase)
    for typed, said in (
        ("nothing", "is not valid in this shop"),
        ("moss 10", "is not valid in this shop"),
        ("spring10", "it counts for goods from $100.00 on"),
    ):
        form = await checkout_form(browser, code=typed)
        page = await browser.post("/checkout", data=form | {"action": "update"})
        assert page.status_code == 422
        assert said in page.text
        assert "Buy now and pay $53.90" in page.text
        assert said in (await browser.post("/checkout", data=form)).text
    assert "order.order_placed.v1" not in await floor.events_of(shop)
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    assert session.total == Money(minor=5390)


async def test_a_code_that_is_paused_between_two_pages_is_refused_and_nothing_is_ordered(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    await create(floor, shop)
    await put_in_cart(browser, vase)
    form = await checkout_form(browser, code="spring10")
    shown = await browser.post("/checkout", data=form | {"action": "update"})
    paused = PauseDiscount(discount_id=discount_id(shop, "SPRING10"), merchant_id=await owner(floor))
    await do(floor, paused)
    page = await browser.post("/checkout", data=form | {"ticket": hidden(shown, "ticket")})
    assert (page.status_code, "is not valid in this shop" in page.text) == (422, True)
    assert "order.order_placed.v1" not in await floor.events_of(shop)


async def test_a_code_of_one_use_per_shopper_knows_the_address_however_it_is_written(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    await create(floor, shop, TENTH.model_copy(update={"most_uses_per_shopper": 1}))
    await put_in_cart(browser, vase)
    form = await checkout_form(browser, code="spring10")
    shown = await browser.post("/checkout", data=form | {"action": "update"})
    session = session_at(floor, await to_payment(browser, form | {"ticket": hidden(shown, "ticket")}))
    notice = notice_of(floor, session)
    await floor.apply_notice(notice)
    await browser.get("/cart")
    await put_in_cart(browser, vase)
    form = await checkout_form(browser, code="spring10", email="ANNA@Example.com")
    shown = await browser.post("/checkout", data=form | {"action": "update"})
    page = await browser.post("/checkout", data=form | {"ticket": hidden(shown, "ticket")})
    assert (page.status_code, "was used with this e-mail address" in page.text) == (422, True)
    # What the log has of the first use leads to the shopper only until they are forgotten.
    names = PostgresDiscountShoppers(floor._pool)
    (reserved,) = [raw for raw in await floor.log.read_tenant(shop, 2**62) if "use_reserved" in raw.type]
    (kept,) = await floor._pool.fetch("select digest, name from discount_shoppers")
    assert kept["name"] in reserved.data.decode()
    assert kept["digest"] not in reserved.data.decode()
    await names.forget(shopper_of(notice.order_id))
    assert await floor._pool.fetch("select 1 from discount_shoppers") == []
    shown = await browser.post("/checkout", data=form | {"action": "update"})
    await to_payment(browser, form | {"ticket": hidden(shown, "ticket")})


async def test_a_shopper_has_one_name_in_a_store_whichever_key_the_digest_has(
    floor: StorefrontPlatform, shop: UUID
) -> None:
    names, other = PostgresDiscountShoppers(floor._pool), uuid4()
    first = await names.name_of(shop, ["old"], shopper_id=uuid4())
    assert await names.name_of(shop, ["new", "old"], shopper_id=other) == first
    assert await names.name_of(shop, ["new"], shopper_id=uuid4()) == first
    assert await names.name_of(uuid4(), ["new"], shopper_id=uuid4()) != first
    assert await names.name_of(shop, ["another"], shopper_id=uuid4()) != first
    await names.forget(other)
    assert await names.name_of(shop, ["new", "old"], shopper_id=uuid4()) != first


async def test_orders_that_were_not_paid_and_guessed_codes_leave_no_names(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    await create(floor, shop, TENTH.model_copy(update={"most_uses_per_shopper": 1}))
    await put_in_cart(browser, vase)
    guessed = await checkout_form(browser, code="guess")
    shown = await browser.post("/checkout", data=guessed | {"action": "update"})
    await browser.post("/checkout", data=guessed | {"ticket": hidden(shown, "ticket")})
    assert await floor._pool.fetch("select 1 from discount_shoppers") == []
    form = await checkout_form(browser, code="spring10")
    shown = await browser.post("/checkout", data=form | {"action": "update"})
    order_id = session_at(floor, await to_payment(browser, form | {"ticket": hidden(shown, "ticket")})).order_id
    names = PostgresDiscountShoppers(floor._pool)
    (kept,) = await floor._pool.fetch("select digest from discount_shoppers")
    other = uuid4()
    await names.name_of(shop, [kept["digest"]], shopper_id=other)
    for _ in range(2):
        await names.release(shopper_of(order_id))
        assert len(await floor._pool.fetch("select 1 from discount_shoppers")) == 1
    await names.release(other)
    for table in ("discount_shoppers", "discount_shopper_ids"):
        assert await floor._pool.fetch(f"select 1 from {table}") == []


async def test_taxes_are_shown_before_the_order_and_are_on_the_paid_one(
    floor: StorefrontPlatform, shop: UUID, vase: Product, browser: httpx.AsyncClient
) -> None:
    merchant = await owner(floor)
    stated = TaxSettings(mode=TaxMode.INCLUSIVE, rates=[TaxRate(country="US", basis_points=825)])
    await do(floor, SetTaxes(store_id=shop, merchant_id=merchant, taxes=stated))
    await put_in_cart(browser, vase)
    checkout = (await browser.get("/checkout")).text
    assert "Includes 8.25 % sales tax" in checkout
    assert "$4.11" in checkout
    assert "in total with sales tax" in checkout
    assert "Buy now and pay $53.90</button>" in checkout
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    unpaid = await browser.get(session.cancel_url)
    await floor.apply_notice(notice_of(floor, session))
    for shown in (unpaid, await browser.get(session.success_url)):
        assert "Includes 8.25 % sales tax</dt><dd>$4.11</dd>" in shown.text
        assert "$53.90" in shown.text

    # The country of the delivery decides, and what was shown is on the order.
    await put_in_cart(browser, vase)
    untaxed = "includes no tax for deliveries to Canada."
    form = await checkout_form(browser, **CANADA)
    shown = await browser.post("/checkout", data=form | {"action": "update"})
    assert untaxed in shown.text
    session = session_at(floor, await to_payment(browser, form | {"ticket": hidden(shown, "ticket")}))
    unpaid = await browser.get(session.cancel_url)
    await floor.apply_notice(notice_of(floor, session))
    for shown in (unpaid, await browser.get(session.success_url)):
        assert untaxed in shown.text

    await put_in_cart(browser, vase)
    await do(floor, SetTaxes(store_id=shop, merchant_id=merchant, taxes=TaxSettings(mode=TaxMode.AT_PAYMENT)))
    assert "Buy now and pay $53.90 plus taxes</button>" in (await browser.get("/checkout")).text
    session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
    waiting = await browser.get(session.cancel_url)
    assert "Added and shown before you pay" in waiting.text
    assert "before taxes" in waiting.text
    notice = notice_of(floor, session)
    assert isinstance(notice, PaymentConfirmed)
    # The sandbox's rule: 10 % of goods and delivery.
    assert (notice.amount, notice.tax) == (Money(minor=5929), Money(minor=539))
    await floor.apply_notice(notice)
    confirmed = (await browser.get(session.success_url)).text
    assert all(amount in confirmed for amount in ("$5.39", "$59.29"))
