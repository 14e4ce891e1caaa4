"""A mail when a sold-out variant is back: confirmed twice, sent once, erased after."""

import re
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx

from commands.ports import Context
from commands.product import CountStock
from consumers.policies.erasure import ForgettingPolicy
from consumers.policies.mail import KINDS
from domain.mail.ports import Mail
from domain.stock_notice.aggregate import CONFIRM_WITHIN, KEPT_AFTER_MAIL, WAIT_AT_MOST
from infra.adapters.postgres.accounts import PostgresAccounts
from infra.adapters.postgres.carts import PostgresCarts
from infra.adapters.postgres.discount_shoppers import PostgresDiscountShoppers
from infra.adapters.postgres.evidence_files import PostgresEvidenceFiles
from infra.adapters.postgres.shoppers import ReadModelShoppers
from schemas.envelope import Envelope
from storefront.mail.sources import MailSources
from storefront.mail.writer import StoreMailWriter
from storefront.read_models import ReadModelMailQueries
from tests.integration.storefront.shopping import hidden
from tests.support.platforms.storefront import BRAND, SECRET, Product, StorefrontPlatform, Variant

ANNA = "Anna@Example.com"


class Post:
    """Writes the mails of events, and erases what events erase."""

    def __init__(self, floor: StorefrontPlatform) -> None:
        self._floor = floor
        self._seen = 0
        sources = MailSources(
            queries=ReadModelMailQueries(floor.readers),
            personal=floor.personal,
            clock=floor.clock,
            secrets=[SECRET],
            scheme="http",
            public_domain="shops.test",
            dashboard_url="http://gateway.test/dashboard",
            mail_domain="shops.test",
            sandbox=True,
        )
        self._writer = StoreMailWriter(sources)
        self._erasure = ForgettingPolicy(
            floor.personal,
            PostgresCarts(floor._pool),
            PostgresDiscountShoppers(floor._pool),
            PostgresAccounts(floor._pool),
            PostgresEvidenceFiles(floor._pool, floor.personal),
        )

    async def deliver(self) -> Sequence[Mail]:
        """Return the mails of the events since the last call."""
        mails: list[Mail] = []
        envelopes: list[Envelope] = [raw.decode() for raw in await self._floor.log.read_settled(self._seen, 10_000)]
        for envelope in envelopes:
            self._seen = envelope.position
            for kind in KINDS.get(type(envelope.event), ()):
                mail = await self._writer.write(kind, envelope)
                mails += [] if mail is None else [mail]
            await self._erasure(envelope)
        return mails


async def count(floor: StorefrontPlatform, store: UUID, product: Product, on_hand: int, variant: int = 1) -> None:
    view = await floor.queries.store_by_slug("fern")
    assert view is not None
    command = CountStock(
        product_id=product.id, variant_id=product.variants[variant], merchant_id=view.merchant_id, on_hand=on_hand
    )
    await floor.dispatch(command, Context(command_id=uuid4(), correlation_id=store))


async def ask(browser: httpx.AsyncClient, product: Product, email: str = ANNA, variant: int = 1) -> str:
    """Send the form, and return what the page says then."""
    page = await browser.get(f"/products/{product.slug}")
    form = {
        "csrf": hidden(page, "csrf"),
        "product": str(product.id),
        "variant": str(product.variants[variant]),
        "email": email,
    }
    answer = await browser.post("/stock-notice", data=form)
    assert answer.status_code == 303, answer.text
    shown = await browser.get(answer.headers["location"])
    notice = re.search(r'<p class="notice" role="status">(.*?)</p>', shown.text)
    assert notice is not None
    return notice[1]


def path_in(mail: Mail) -> str:
    found = re.search(r"http://fern\.shops\.test(/stock-notice/\S+)", mail.text)
    assert found is not None, mail.text
    return found[1]


async def press(browser: httpx.AsyncClient, path: str, button: str) -> httpx.Response:
    page = await browser.get(path)
    assert f'action="{path}/{button}"' in page.text, page.text
    await browser.post(f"{path}/{button}", data={"csrf": hidden(page, "csrf")})
    return await browser.get(path)


async def sold_out_shirt(floor: StorefrontPlatform) -> tuple[UUID, Product]:
    store = await floor.open_store("fern", BRAND)
    shirt = await floor.stock(
        store,
        "Linen Shirt",
        slug="shirt",
        variants=(Variant("Small", 4900, 3, {"Size": "Small"}), Variant("Large", 5200, 0, {"Size": "Large"})),
    )
    return store, shirt


async def test_a_confirmed_notice_leads_to_one_mail_when_its_variant_is_back(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store, shirt = await sold_out_shirt(floor)
    post = Post(floor)
    page = (await browser.get("/products/shirt")).text
    assert "Is yours sold out? Get a mail when it is back" in page
    assert f'name="variant" value="{shirt.variants[1]}"' in page
    # A double click is one notice, and nothing counts before the address is confirmed.
    assert "Check your mail" in await ask(browser, shirt)
    assert "Check your mail" in await ask(browser, shirt)
    [mail] = await post.deliver()
    assert (mail.recipient, mail.subject) == (ANNA, "Confirm: a mail when “Linen Shirt” is back")
    assert "(Large)" in mail.text
    path = path_in(mail)
    await count(floor, store, shirt, 2)
    await floor.enforce_deadlines()
    await count(floor, store, shirt, 0)
    assert await post.deliver() == []
    # Opening the link confirms nothing: programs open links too.
    assert "Shall we write when it is back?" in (await browser.get(path)).text
    assert "We write when it is back." in (await press(browser, path, "confirm")).text
    await floor.enforce_deadlines()
    assert await post.deliver() == []
    # Another browser of the same person: confirmed too, but one mail is enough.
    async with httpx.AsyncClient(transport=browser._transport, base_url="http://fern.shops.test") as phone:
        await ask(phone, shirt, "anna@example.com")
        [again] = await post.deliver()
        await press(phone, path_in(again), "confirm")
    await count(floor, store, shirt, 5)
    for _ in range(2):
        await floor.enforce_deadlines()
    [back] = await post.deliver()
    assert (back.recipient, back.subject) == (ANNA, "Back in stock: Linen Shirt")
    assert "$52.00" in back.text
    assert f"/products/shirt?variant={shirt.variants[1]}" in back.text
    assert back.unsubscribe_url == f"http://fern.shops.test{path}/stop"
    known = [one async for one in ReadModelShoppers(floor.readers, floor.personal).with_email("ANNA@example.com")]
    assert [one.what for one in known] == [f"stock notice {await only_notice(floor, store)}"]
    # It was the only one.
    for stock in (0, 4):
        await count(floor, store, shirt, stock)
        await floor.enforce_deadlines()
    assert await post.deliver() == []
    assert "It is back." in (await browser.get(path)).text
    # A mail program stops it with one click, without a form token, and the address is gone.
    stopped = await browser.post(urlsplit(back.unsubscribe_url).path, data={"List-Unsubscribe": "One-Click"})
    assert stopped.status_code == 303
    assert "your address is deleted" in (await browser.get(path)).text
    await post.deliver()
    view = await floor.queries.stock_notice(store, await only_notice(floor, store))
    assert view is not None
    assert await floor.personal.open(view.email) is None
    stored = [raw.data.decode() for raw in await floor.log.read_tenant(store, 2**62)]
    assert not any("anna@example" in text.lower() for text in stored)


async def only_notice(floor: StorefrontPlatform, store: UUID) -> UUID:
    """Return the first notice of a store."""
    id: UUID = await floor.readers.fetchval(
        "select id from stock_notices where store_id = $1 order by created_at limit 1", store
    )
    return id


async def test_notices_that_cannot_be_are_refused_and_end_by_themselves(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    store, shirt = await sold_out_shirt(floor)
    post = Post(floor)
    assert "not an e-mail address" in await ask(browser, shirt, "anna")
    assert "is in stock" in await ask(browser, shirt, variant=0)
    page = await browser.get("/products/shirt")
    strange = {"csrf": hidden(page, "csrf"), "product": str(uuid4()), "variant": str(uuid4()), "email": ANNA}
    assert (await browser.post("/stock-notice", data=strange)).status_code == 404
    assert (await browser.post("/stock-notice", data={**strange, "csrf": "x"})).status_code == 403
    assert await post.deliver() == []
    await count(floor, store, shirt, 0, variant=0)
    page = await browser.get("/products/shirt")
    assert f'<option value="{shirt.variants[0]}" selected>Small</option>' in page.text
    assert "Order today" not in page.text
    assert "arrives" not in page.text
    for _ in range(3):
        await ask(browser, shirt)
    assert "Too many mails" in await ask(browser, shirt)
    [mail] = await post.deliver()
    path = path_in(mail)
    other = await floor.open_store("other", BRAND)
    assert (await browser.get(path, headers={"host": "other.shops.test"})).status_code == 404
    assert (await browser.get(f"{path}x")).status_code == 404
    assert (await browser.post(f"{path}/stop", data={"csrf": "x"})).status_code == 403
    assert await floor.queries.stock_notice(other, await only_notice(floor, store)) is None
    # Without a confirmation it ends within a week; the same for a mail that was sent, and after a year of waiting.
    for age, end in ((CONFIRM_WITHIN, "NOT_CONFIRMED"), (WAIT_AT_MOST, "EXPIRED"), (KEPT_AFTER_MAIL, "SENT")):
        if end != "NOT_CONFIRMED":
            await ask(browser, shirt, f"{end}@example.com")
            [mail] = await post.deliver()
            await press(browser, path_in(mail), "confirm")
        if end == "SENT":
            await count(floor, store, shirt, 1)
            await floor.enforce_deadlines()
            assert [one.subject for one in await post.deliver()] == ["Back in stock: Linen Shirt"]
        await floor.enforce_deadlines()
        assert "notice.stock_notice_ended.v1" not in (await floor.events_of(store))[-1:]
        await floor._pool.execute(
            "update sales.stock_notices set updated_at = updated_at - $1::interval", age + timedelta(minutes=1)
        )
        await floor.enforce_deadlines()
        assert (await floor.log.read_tenant(store, 2**62))[-1].decode().event.model_dump()["end"] == end
