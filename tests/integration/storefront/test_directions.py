"""Right-to-left text of merchants and suppliers does not reorder the text beside it."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx

from domain.store.events import PageType
from infra.sandbox.payments.app import sandbox_payment_app
from tests.integration.storefront.shopping import checkout_form, notice_of, put_in_cart, session_at, to_payment
from tests.support.platforms.storefront import BRAND, StorefrontPlatform, Variant

NAME, LAMP, SIZE, KIND, PAGE = "متجر", "مصباح (قطعتان) 12 cm", "كبير", "إضاءة", "עלינו (C++)"
STORY = "نبيع المصابيح."
USER_TEXTS = (NAME, LAMP, SIZE, KIND, PAGE, STORY)
VOID = {"meta", "link", "img", "input", "br", "hr", "path", "circle", "rect"}
FSI, PDI = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


class DirectionAudit(HTMLParser):
    """Finds right-to-left text in the body that is not isolated, and counts the isolated texts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.bare: list[str] = []
        self.isolated = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append((tag, tag == "bdi" or dict(attrs).get("dir") == "auto"))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(text in data for text in USER_TEXTS) or {"title", "script"} & {tag for tag, _ in self.open}:
            return
        if any(isolates for _, isolates in self.open) or any(f"{FSI}{text}{PDI}" in data for text in USER_TEXTS):
            self.isolated += 1
        else:
            self.bare.append(data.strip())


def check(page: httpx.Response, *, at_least: int) -> None:
    assert page.status_code in {200, 503}, page.text
    seen = DirectionAudit()
    seen.feed(page.text)
    assert seen.bare == [], page.url
    assert seen.isolated >= at_least, page.url


async def test_right_to_left_text_is_isolated_on_every_page(
    floor: StorefrontPlatform, browser: httpx.AsyncClient
) -> None:
    voice = BRAND.voice.model_copy(update={"tagline": STORY, "story": STORY})
    store = await floor.open_store("fern", BRAND.model_copy(update={"name": NAME, "voice": voice}))
    for type, slug in ((PageType.REFUND_POLICY, "refunds"), (PageType.ABOUT, "about")):
        await floor.write_page(store, type, PAGE, slug, f"{STORY}\n\n- {LAMP}\n\n> {KIND}")
    lamp = await floor.stock(
        store,
        LAMP,
        slug="lamp",
        category=KIND,
        features=[STORY],
        description=STORY,
        variants=[Variant(SIZE, 4900, 3), Variant("Small", 4900, 3)],
    )
    await floor.stock(store, "Plain lamp", slug="plain", category="Lamps")
    check(await browser.get("/"), at_least=10)
    check(await browser.get("/products"), at_least=5)
    check(await browser.get("/products", params={"category": KIND}), at_least=6)
    check(await browser.get("/products/lamp"), at_least=10)
    check(await browser.get("/pages/refunds"), at_least=5)
    await put_in_cart(browser, lamp)
    check(await browser.get("/cart"), at_least=5)
    check(await browser.get("/checkout"), at_least=3)
    session = session_at(floor, address := await to_payment(browser, await checkout_form(browser)))
    app = sandbox_payment_app(floor.payments, webhook_url="http://gateway.test/webhooks/payments/sandbox")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://payments.test") as payer:
        check(await payer.get(f"/{address.rpartition('/')[2]}"), at_least=3)
    await floor.apply_notice(notice_of(floor, session))
    check(await browser.get(urlsplit(session.success_url).path), at_least=3)
    await floor.pause_store(store)
    check(await browser.get("/"), at_least=3)
