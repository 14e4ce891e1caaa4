"""Photographs every dashboard page in each of its states, to look at: ``make screenshots OF=dashboard OUT=DIRECTORY``.

It runs ``zyenta up --demo-shop`` with plans and a GitHub log-in, acts as visitors, merchants, shoppers and a team, and
writes each page and dialog at 360 and 1440 px, light and dark.
"""

import argparse
import asyncio
import re
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from PIL import Image
from playwright.async_api import Page

from tests.support.browser import a_browser
from tests.support.dashboard_walk import walk
from tests.support.platforms.up import SERVES_A_SHOP, data_directory, environment_of, output_of_up
from tests.support.screenshots.account_scenes import account, outside, team
from tests.support.screenshots.camera import Camera
from tests.support.screenshots.studio import PASSWORD, Studio, buy, decide, press, register, send, until

NOWHERE = "00000000-0000-7000-8000-000000000000"
GITHUB = {
    "GITHUB_CLIENT_ID": "photographed", "GITHUB_CLIENT_SECRET": "photographed",
    "GITHUB_SITE": "http://127.0.0.1:9", "GITHUB_API": "http://127.0.0.1:9",
}  # fmt: skip
"""A log-in that is offered and that nothing answers."""


async def first_store(studio: Studio) -> None:
    """A new account: nothing yet, the wizard, a store that is made, reviewed and published."""
    who = ("new@zyenta.example", PASSWORD)
    async with studio.visitor() as page:
        await register(page, "Nova Example", who[0])
        for path in ("", "/stores", "/jobs", "/account/profile", "/account/security", "/billing", "/team", "/api-keys", "/activity", "/integrations"):  # fmt: skip
            await studio.shoot(page, f"/dashboard{path}", f"nothing{path.replace('/', '-') or '-home'}")
        link = await studio.link(who[0], "verify")
        await studio.shoot(page, link, "nothing-verify")
        await press(page, "Confirm the address")
        await studio.camera.take(page, "nothing-confirmed")
        await studio.shoot(page, "/dashboard/stores/new", "wizard-1-niche")
        await page.goto("/dashboard/stores/new?niche=xqzv+blorp")
        await press(page, "Continue")
        await studio.camera.take(page, "wizard-2-not-understood")
        await page.goto("/dashboard/stores/new")
        await page.fill("#f-niche", "Toys for senior cats")
        await press(page, "Continue")
        await studio.camera.take(page, "wizard-2-suppliers")
        await press(page, "Continue")
        await studio.camera.take(page, "wizard-3-payments")
        await press(page, "Continue")
        await studio.camera.take(page, "wizard-4-summary")
        await press(page, "Make my shop")
        store = page.url.removesuffix("/progress").partition("?")[0]
        await studio.camera.take(page, "making-progress-1")
        for path in (
            "",
            "/review",
            "/products",
            "/media",
            "/pages",
            "/brand",
            "/orders",
            "/shipping",
            "/domain",
            "/seo",
        ):
            await studio.shoot(page, f"{store}{path}", f"making{path.replace('/', '-') or '-summary'}")
        await studio.shoot(page, f"{store}/progress", "making-progress-2")
        await studio.shoot(page, "/dashboard/jobs", "making-jobs")
        await page.goto(f"{store}/progress")
        await page.locator("text=Review the shop").wait_for(timeout=240_000)
        await studio.camera.take(page, "made-progress")
        await page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        await studio.camera.take(page, "made-progress-open")
        for path in ("/review", "/customers", "/discounts", "/collections", "/drafts", "/disputes", "/timeline", "/taxes", "/settings", "/legal", "/team", "/orders", "/domain", ""):  # fmt: skip
            await studio.shoot(page, f"{store}{path}", f"made{path.replace('/', '-') or '-summary'}")
        await page.goto(f"{store}/review")
        await press(page, "Approve")
        await studio.camera.take(page, "made-approved")
        await press(page, "Publish")
        await studio.camera.take(page, "published-live")
        await studio.shoot(page, f"{store}/orders", "published-orders")
        await studio.shoot(page, store, "published-summary")


async def running_store(studio: Studio) -> None:
    """Every page that the demo shop's dashboard links to."""
    async with studio.visitor(studio.merchant()) as page:

        async def open_page(path: str) -> list[str]:
            await page.goto(path)
            addresses: list[str] = await page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.href)")
            return [each.removeprefix(studio.gateway) for each in addresses]

        never = {f"/dashboard/{path}" for path in ("log-in", "account/data/export.json", "stores/{store_id:uuid}/statement.csv", "stores/{store_id:uuid}/drafts/{id:uuid}/preview", "verify", "register", "forgot")}  # fmt: skip
        async for stop in walk(open_page, ["/dashboard", f"/dashboard/stores/{studio.store}"], never=never):
            await studio.camera.take(page, f"shop-{stop.name}")
        await studio.shoot(page, f"/dashboard/stores/{NOWHERE}", "problem-404-store")


async def standings(studio: Studio) -> None:
    """An order in each standing, and disputes from the question to the decision."""
    shop = f"/dashboard/stores/{studio.store}"
    async with studio.visitor(studio.merchant()) as page:
        unpaid, _ = await buy(studio, pay=False)
        held = await cheap_product(page, shop)
        orders, pay_pages = {"unpaid": unpaid, "held": (await buy(studio, product=held))[0]}, dict[str, str]()
        for name, reason in (("dispute-open", "product_not_received"), ("dispute-won", "fraudulent"), ("dispute-lost", "duplicate")):  # fmt: skip
            orders[name], pay_pages[name] = await buy(studio)
            await decide(pay_pages[name], "dispute", reason=reason)
        await page.goto(f"{shop}/orders")
        seen = set[str]()
        for name, number in orders.items():
            await page.goto(f"{shop}/orders?q={number}")
            await until(page, {"held": "Held", "unpaid": "Waiting"}.get(name, "bank questions"))
            await studio.camera.take(page, f"order-{name}")
            if name.startswith("dispute"):
                await page.locator("main a:text-is('Evidence for the bank')").click()
                await page.locator("h1:has-text('Dispute')").wait_for()
                await dispute(studio, page, name, pay_pages[name])
        await studio.shoot(page, f"{shop}/disputes", "order-disputes")
        await page.goto(f"{shop}/orders")
        rows = await page.evaluate(
            "[...document.querySelectorAll('tbody tr')].map((row) => [row.querySelector('a').href, row.querySelector('.badge').textContent.trim()])"
        )
        for address, label in rows:
            if label not in seen:
                seen.add(label)
                await studio.shoot(page, address, "order-is-" + re.sub("[^a-z]+", "-", label.lower()))
        await after_sale(studio, page, rows)
        await studio.shoot(page, f"{shop}/customers?email=robin@example.com", "order-customer")
        await studio.shoot(page, f"{shop}/customers?email=nobody@example.com", "order-customer-unknown")
        await studio.shoot(page, f"{shop}/orders?q=ZY-222222", "order-none-found")
        await studio.shoot(page, shop, "order-summary-with-tasks")
        await studio.shoot(page, "/dashboard", "order-home-with-tasks")


async def dispute(studio: Studio, page: Page, name: str, pay_page: str) -> None:
    """Add a file and words, submit, and have the bank decide."""
    await studio.camera.take(page, f"{name}-1-evidence")
    proof = studio.data_dir / "proof.png"
    Image.new("RGB", (400, 300), "navy").save(proof)
    await page.set_input_files("input[type=file]", proof)
    try:
        await page.locator("main >> text=proof.png").first.wait_for(timeout=8000)
    except Exception:  # noqa: BLE001 - the picture shows what happened
        await page.reload()
    await studio.camera.take(page, f"{name}-2-with-file")
    await send(page, "/submit")
    await until(page, "Submitted")
    await studio.camera.take(page, f"{name}-3-submitted")
    if name != "dispute-open":
        await decide(pay_page, "won" if name.endswith("won") else "lost")
        await until(page, "The bank decided")
        await studio.camera.take(page, f"{name}-4-decided")


async def after_sale(studio: Studio, page: Page, rows: list[list[str]]) -> None:
    """Ship in part, approve a return, receive it, refund it; each order while it stands so."""
    to_ship = [address for address, label in rows if label == "To ship"]
    if to_ship:
        await page.goto(to_ship[0])
        await send(page, "/ship", {"carrier": "DHL", "tracking": "JD0146"})
        await until(page, "Parcel 1")
        await studio.camera.take(page, "order-shipped-now")
        await send(page, "/refund", {"what": "AMOUNT", "amount": "1.00", "reason": "It came late."})
        await until(page, "1.00")
        await studio.camera.take(page, "order-refunded-in-part")
    if len(to_ship) > 1:
        await page.goto(to_ship[-1])
        await send(page, "/cancel", {"reason": "Sold out."})
        await studio.camera.take(page, "order-cancelled-now")
    coming = [address for address, label in rows if label in ("Coming back", "Shipped", "Delivered")]
    for address in coming:
        await page.goto(address)
        if await page.locator("[id^='approve-']").count():
            await send(page, "/approve", {"instructions": "Put the order number into the parcel.", "address": "Fern GmbH\nDock 4\n24103 Kiel"})  # fmt: skip
            await studio.camera.take(page, "order-return-approved")
            await send(page, "/receive")
            await studio.camera.take(page, "order-return-received")
            await send(page, "/returns/1/refund", {"reason": "As you asked."})
            await studio.camera.take(page, "order-return-refunded")
            return


async def drafts(studio: Studio) -> None:
    """Drafts of each kind: asked for, proposed, previewed, out of date, accepted and dropped."""
    shop = f"/dashboard/stores/{studio.store}"
    async with studio.visitor(studio.merchant()) as page:
        await page.goto(f"{shop}/collections/new")
        await send(page, "/collections/new", {"title": "Gifts", "text": "Small things to give.", "by": "RULE", "priceTo": "60", "do": "save"})  # fmt: skip
        await studio.camera.take(page, "draft-collections")
        await page.locator("main tbody a").first.click()
        await page.locator("main form[action$='/drafts']").wait_for()
        await studio.camera.take(page, "draft-collection")
        await send(page, "/drafts", {"hint": "warmer"})
        await studio.camera.take(page, "draft-requested")
        for path, first in (("brand", None), ("products", "main tbody a"), ("pages", "main tbody a"), ("collections", None)):  # fmt: skip
            await page.goto(f"{shop}/{path}")
            if first:
                await page.locator(first).first.click()
                await page.locator("main form[action$='/drafts']").first.wait_for()
            await send(page, "/drafts", {"hint": "shorter"})
        await page.goto(f"{shop}/media?status=PROCESSED&type=IMAGE")
        await page.locator("main li a").first.click()
        await page.locator("#again").wait_for()
        media = page.url.partition("?")[0].removeprefix(studio.gateway)
        await send(page, media, {"do": "again", "ground": "#dfe8f4", "altText": "A planter on a blue ground"})
        await studio.camera.take(page, "draft-of-a-photo-requested")
        await page.goto(f"{shop}/drafts")
        async with asyncio.timeout(120):
            while "being made" in await page.inner_text("main"):
                await asyncio.sleep(1)
                await page.reload()
        await studio.camera.take(page, "draft-proposed")
        preview = await page.locator("main a:has-text('Preview ↗')").first.get_attribute("href")
        assert preview is not None
        try:
            await studio.shoot(page, preview, "draft-preview")
        except Exception as error:  # noqa: BLE001 - a browser without *.localhost
            print("preview", error)  # noqa: T201
        await page.goto(f"{shop}/drafts")
        await press(page, "Accept the chosen")
        await studio.camera.take(page, "draft-accepted")
        await page.goto(f"{shop}/drafts")
        await press(page, "Drop")
        await studio.shoot(page, f"{shop}/drafts?all=1", "draft-all")


async def settings(studio: Studio) -> None:
    """Forms of the store's settings, filled in, refused and saved."""
    shop = f"/dashboard/stores/{studio.store}"
    async with studio.visitor(studio.merchant()) as page:
        for path, action, fields in (
            ("legal", "/legal", {"name": "", "country": "XX"}),
            ("shipping", "/shipping", {"zones.0.name": "Europe", "zones.0.countries": "DE, ATT", "zones.0.bands.0.price": "x"}),
            ("taxes", "/taxes", {"mode": "INCLUSIVE", "rates.0.country": "XX", "rates.0.percent": "900"}),
            ("domain", "/domain", {"domain": "no domain"}),
            ("discounts", "/discounts", {"code": "?", "percentage": "900", "do": "save"}),
            ("settings", "/settings/promise", {"days": "0", "timeZone": "Mars/Olympus"}),
            ("products/new", "/products/new", {"title": "A thing", "sellingPrice": "free"}),
            ("team", "/invite", {"email": "nobody"}),
        ):  # fmt: skip
            await page.goto(f"{shop}/{path}")
            await send(page, action, fields)
            await studio.camera.take(page, f"refused-{path.replace('/', '-')}", dialogs=False)
        for path, action, fields in (
            ("legal", "/legal", {"name": "Fern GmbH", "legalForm": "GmbH", "addressLines": "Dock 4", "postalCode": "24103", "city": "Kiel", "country": "DE", "phone": "+49 431 5550199", "email": "hello@fern.example", "vatId": "DE123456789"}),
            ("taxes", "/taxes", {"mode": "INCLUSIVE", "rates.0.country": "DE", "rates.0.percent": "19"}),
            ("domain", "/domain", {"domain": "shop.fern.example"}),
            ("discounts", "/discounts", {"code": "SPRING15", "percentage": "15", "minimum": "40", "mostUses": "100", "do": "save"}),
        ):  # fmt: skip
            await page.goto(f"{shop}/{path}")
            await send(page, action, fields)
            await studio.camera.take(page, f"saved-{path}")
        await page.goto(f"{shop}/products")
        await page.locator("main tbody a").first.click()
        await page.locator("#texts").wait_for()
        path = page.url.removeprefix(studio.gateway)
        await send(page, path, {"title": "Another title", "do": "preview"})
        await studio.camera.take(page, "product-preview", dialogs=False)
        await page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        await studio.camera.take(page, "product-open", dialogs=False)
        await page.goto(f"{shop}/products/new")
        await send(page, "/products/new", {"title": "Hand-made fern stand", "description": "Oak.", "sellingPrice": "49.00", "stockQuantity": "3"})  # fmt: skip
        await studio.camera.take(page, "product-own-draft")
        await page.goto(f"{shop}/pages/new")
        await send(page, "/pages/new", {"title": "Care", "content": "## Water\n\n- once a week\n- in the morning", "do": "preview"})  # fmt: skip
        await studio.camera.take(page, "page-new-preview")
        for path in ("", "/orders", "/products", "/pages", "/media", "/brand", "/settings"):
            for label, as_of in (("before", "2000-01-01T00:00"), ("then", past(10))):
                await studio.shoot(page, f"{shop}{path}?as-of={as_of}", f"past-{label}{path.replace('/', '-') or '-summary'}")  # fmt: skip
        await page.goto(f"{shop}/settings")
        await page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        await send(page, "/settings/pause")
        await studio.camera.take(page, "settings-paused")
        await send(page, "/settings/resume")


async def long_texts(studio: Studio) -> None:
    """A store with long German texts, a Hebrew title, large amounts and a shopper with a long name."""
    shop = f"/dashboard/stores/{studio.store}"
    word = "Teekannenwärmerbezugsstoffmuster"
    async with studio.visitor(studio.merchant()) as page:
        await page.goto(f"{shop}/brand")
        await send(page, "/brand", {"name": "Großmutters Teekannenwärmermanufaktur Oberbayern", "tagline": "Handgefertigte Bezugsstoffe für Teekannen, Kaffeekannen und alles dazwischen"})  # fmt: skip
        await page.goto(f"{shop}/products")
        await page.locator("main tbody a").first.click()
        await page.locator("#texts").wait_for()
        path = page.url.partition("?")[0].removeprefix(studio.gateway)
        in_shop = await page.locator("main a:has-text('In the shop')").get_attribute("href")
        assert in_shop is not None
        long = f"{word} aus Schafwolle mit handgesticktem Blumenmuster, Sonderanfertigung"
        await send(page, path, {"title": long, "sellingPrice": "987654.32", "do": "save"})
        await studio.camera.take(page, "long-product", dialogs=False)
        await buy(studio, product="/products/" + in_shop.rpartition("/")[2], shopper={
            "name": "Maximiliane-Charlotte von Hohenstaufen-Schwarzenberg", "email": "maximiliane-charlotte.von.hohenstaufen@donaudampfschifffahrt.example",
            "line1": "Donaudampfschifffahrtsgesellschaftskapitänsplatz 123, Hinterhaus", "city": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch", "region": "IL", "postcode": "62701",
        })  # fmt: skip
        await page.goto(f"{shop}/products")
        await page.locator("main tbody a").nth(1).click()
        await page.locator("#texts").wait_for()
        path = page.url.partition("?")[0].removeprefix(studio.gateway)
        await send(page, path, {"title": "קומקום תה אמייל עם מכסה, 1.2 ליטר", "description": "קומקום תה. מתאים לכל כיריים.", "do": "save"})  # fmt: skip
        await studio.camera.take(page, "long-from-the-right", dialogs=False)
        await page.goto(f"{shop}/discounts")
        await send(page, "/discounts", {"code": "WEIHNACHTSSONDERRABATT24", "percentage": "12.5", "minimum": "123456.78", "do": "save"})  # fmt: skip
        await studio.camera.take(page, "long-discounts", dialogs=False)
        await page.goto(f"{shop}/collections/new")
        await send(page, "/collections/new", {"title": f"{word} für besondere Gelegenheiten", "text": word, "by": "RULE", "priceTo": "60", "do": "save"})  # fmt: skip
        await studio.camera.take(page, "long-collections", dialogs=False)
        await page.goto(f"{shop}/orders")
        await until(page, "Hohenstaufen")
        await studio.camera.take(page, "long-orders", dialogs=False)
        await page.locator("main tbody a").first.click()
        await page.locator("#timeline").wait_for()
        await until(page, "was paid")
        await studio.camera.take(page, "long-order", dialogs=False)
        for part in ("", "/customers", "/brand", "/review", "/seo", "/settings", "/timeline", "/media", "/team", "/products"):  # fmt: skip
            await studio.shoot(page, f"{shop}{part}", f"long{part.replace('/', '-') or '-summary'}")
        for part in ("", "/stores", "/jobs", "/team"):
            await studio.shoot(page, f"/dashboard{part}", f"long-of-all{part.replace('/', '-') or '-home'}")


async def trouble(studio: Studio) -> None:
    """The menu on a phone, offline, a form that is too old, and a platform without its database."""
    shop = f"/dashboard/stores/{studio.store}"
    async with studio.visitor(studio.merchant()) as page:
        await page.goto(shop)
        await page.evaluate("document.querySelector('.menu').open = true")
        await studio.camera.take(page, "trouble-menu-open", dialogs=False)
        await page.goto(shop)
        await page.evaluate("document.querySelectorAll('details.travel').forEach((one) => { one.open = true; })")
        await studio.camera.take(page, "trouble-travel-open", dialogs=False)
        await page.context.set_offline(True)
        await studio.camera.take(page, "trouble-offline", dialogs=False)
        await page.context.set_offline(False)
        await page.goto(f"{shop}/shipping")
        await page.evaluate("document.querySelectorAll('[name=csrf]').forEach((one) => { one.value = 'void'; })")
        await send(page, "/shipping")
        await studio.camera.take(page, "trouble-foreign-form")
        (pid, *_) = next(studio.data_dir.rglob("postmaster.pid")).read_text().split()
        server = psutil.Process(int(pid))
        stopped = [server, *server.children(recursive=True)]
        for each in stopped:
            each.suspend()
        # The platform replaces a database that hangs, so nothing has to be woken.
        await page.goto(f"{shop}/orders", timeout=90_000)
        await studio.camera.take(page, "trouble-unavailable")


SECTIONS: Mapping[str, Callable[[Studio], Awaitable[None]]] = {
    each.__name__.replace("_", "-"): each
    for each in (outside, first_store, running_store, drafts, settings, standings, account, team, long_texts, trouble)
}


async def cheap_product(page: Page, shop: str) -> str:
    """Sell a product for less than it costs, so that its order is held; return its path in the shop."""
    await page.goto(f"{shop}/products?sort=PRICE_DESC")
    await page.locator("main tbody a").last.click()
    await page.locator("#texts").wait_for()
    await send(page, page.url.partition("?")[0].partition("/dashboard")[2], {"sellingPrice": "1.00", "do": "save"})
    address = await page.locator("main a:has-text('In the shop')").get_attribute("href")
    assert address is not None
    return "/products/" + address.rpartition("/")[2]


def past(days: float) -> str:
    """Return a time some days ago, as the field for it writes it."""
    return time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() - days * 86_400))


@asynccontextmanager
async def a_studio(folder: Path) -> AsyncIterator[Studio]:
    """Run the demo shop with a browser in front of it."""
    settings = {**GITHUB, "ZYENTA_PLANS": "default", "ZYENTA_RATE_FACTOR": "0"}
    with data_directory() as data_dir:
        environment = environment_of(data_dir, **settings)
        gateway = f"http://localhost:{environment['ZYENTA_GATEWAY_PORT']}"
        shop = output_of_up({**environment, "ZYENTA_GATEWAY_URL": gateway}, "--demo-shop", until=SERVES_A_SHOP)
        async with shop as output, a_browser() as browser:
            print(output)  # noqa: T201 - a tool
            storefront, log_in, password, store = (
                re.findall(rf"{name}: (\S+)", output)[0]
                for name in ("The demo shop is open", "Log-in", "Password", "Store")
            )
            yield Studio(
                browser, Camera(folder), data_dir, gateway, log_in, password, store, storefront.rstrip("/")
            )  # fmt: skip


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", choices=SECTIONS, default=list(SECTIONS))
    options = parser.parse_args()
    async with a_studio(options.out) as studio:
        for name in options.only:
            begun = time.monotonic()
            try:
                await SECTIONS[name](studio)
            except Exception:  # noqa: BLE001 - the other sections are photographed all the same
                traceback.print_exc()
            print(f"{name}: {len(studio.camera.taken)} pages, {time.monotonic() - begun:.0f} s", flush=True)  # noqa: T201
        print("\n".join(studio.camera.faults))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
