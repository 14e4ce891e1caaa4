"""A live shop while its brand is made again, and what preview links show before anybody else sees it."""

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from commands.brand import EditStore
from commands.bus import CommandBus
from commands.draft import AcceptDraft, ProposeDraft, RequestDraft
from commands.ports import ConcurrencyConflict, Context
from commands.presentation import WriteCollection
from domain.draft import waiting
from domain.draft.errors import TooManyDrafts
from domain.draft.events import DraftTarget, FieldChange, TargetKind, category_id
from domain.editing import EditField
from domain.media.events import ImageVersion, Operation, Rendition
from domain.media.picture import Picture
from domain.store.aggregate import STORE
from domain.store.events import PageType
from domain.store.texts import brand_values
from infra.bootstrap import handlers
from infra.web.preview_links import PREVIEW_AGE, Preview, PreviewLinks
from tests.integration.storefront.shopping import checkout_form, notice_of, put_in_cart, session_at, to_payment
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.storefront import BRAND, StorefrontPlatform

NEW_PICTURE = Picture(
    picture_id=uuid4(),
    renditions=[
        Rendition(name=name, key="sha256/bb/bb.webp", width=width, height=width, size_bytes=9)
        for name, width in (("thumbnail", 320), ("medium", 800), ("large", 1600))
    ],
    shown=ImageVersion.CUTOUT,
    source_sha256="ab" * 32,
    source_width=1600,
    source_height=1600,
    operations=list(Operation),
    alt_text="A lamp on a red ground",
)
TOKEN = re.compile(r'(?<=name="csrf" value=")[0-9a-f]+')
SECRET = bytes(range(32))
GREEN = BRAND.palette.model_copy(update={"primary": "#14532d"}).model_dump(mode="json")


async def send(floor: StorefrontPlatform, command: object) -> None:
    await floor.dispatch(command, Context(command_id=uuid4(), correlation_id=uuid4()))


async def draft(floor: StorefrontPlatform, owner: dict[str, Any], target: DraftTarget, *changes: FieldChange) -> UUID:
    id = uuid4()
    await send(floor, RequestDraft(draft_id=id, **owner, target=target))
    await send(floor, ProposeDraft(draft_id=id, changes=list(changes), written_by="house"))
    return id


async def test_shoppers_see_a_new_brand_only_once_it_is_accepted(floor: StorefrontPlatform) -> None:
    store_id = await floor.open_store("fern", BRAND)
    other_id = await floor.open_store("moss", BRAND, published=False)
    await floor.stock(other_id, "Unseen Lamp", slug="unseen")
    lamp = await floor.stock(store_id, "Lamp", slug="lamp")
    await floor.stock(store_id, "Clock", slug="clock")
    await floor.write_page(store_id, PageType.FAQ, "FAQ", "faq", "We send lamps.")
    loaded = await floor.log.load(STORE, store_id)
    assert loaded is not None
    owner: dict[str, Any] = {"store_id": store_id, "merchant_id": loaded.state.merchant_id}
    values, clock = brand_values(BRAND), FixedClock()
    links = PreviewLinks([SECRET], clock)
    brand_draft = await draft(
        floor,
        owner,
        DraftTarget(kind=TargetKind.BRAND, id=store_id),
        FieldChange(field=EditField.NAME, base=values[EditField.NAME], proposed="Glow Den"),
        FieldChange(field=EditField.COLORS, base=values[EditField.COLORS], proposed=GREEN),
    )
    page_id = next(iter(loaded.state.pages))
    page_draft = await draft(
        floor,
        owner,
        DraftTarget(kind=TargetKind.PAGE, id=page_id),
        FieldChange(field=EditField.CONTENT, base="We send lamps.", proposed="We send lamps warmly."),
    )
    product_draft = await draft(
        floor,
        owner,
        DraftTarget(kind=TargetKind.PRODUCT, id=lamp.id),
        FieldChange(field=EditField.TITLE, base="Lamp", proposed="A Lamp for Late Desks"),
    )
    gifts = uuid4()
    write = WriteCollection(**owner, collection_id=gifts, title="Gifts", text="", product_ids=[lamp.id])
    await send(floor, write)
    collection_draft = await draft(
        floor,
        owner,
        DraftTarget(kind=TargetKind.COLLECTION, id=gifts),
        FieldChange(field=EditField.TITLE, base="Gifts", proposed="Gifts for late desks"),
    )
    category_draft = await draft(
        floor,
        owner,
        DraftTarget(kind=TargetKind.CATEGORY, id=category_id(store_id, "things"), category="things"),
        FieldChange(field=EditField.TEXT, base="", proposed="Light for late desks."),
    )
    (image,) = (await floor.queries.images(store_id, [lamp.id]))[lamp.id]
    picture_draft = await draft(
        floor,
        owner,
        DraftTarget(kind=TargetKind.IMAGE, id=image.id),
        FieldChange(field=EditField.PICTURE, base=None, proposed=NEW_PICTURE.model_dump(mode="json")),
    )
    app = floor.app(previews=links)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://fern.shops.test"
    ) as browser:

        def link(of: UUID | None, store: UUID = store_id) -> str:
            return f"/-/preview/{links.token(Preview(store, of))}"

        before = {path: await shown(browser, path) for path in ("/", "/products/lamp", "/pages/faq", "/theme.css")}
        preview = await browser.get(link(brand_draft))
        assert preview.status_code == 200
        assert "Glow Den" in preview.text
        assert (preview.headers["cache-control"], preview.headers["x-robots-tag"]) == ("no-store", "noindex, nofollow")
        assert "#14532d" in (await browser.get(f"{link(brand_draft)}/theme.css")).text
        assert (await browser.get(f"{link(brand_draft)}/logo.svg")).headers["cache-control"] == "no-store"
        assert "warmly" in (await browser.get(link(page_draft))).text
        assert "A Lamp for Late Desks" in (await browser.get(link(product_draft))).text
        assert "Gifts for late desks" in (await browser.get(link(collection_draft))).text
        assert "Light for late desks." in (await browser.get(link(category_draft))).text
        pictured = (await browser.get(link(picture_draft))).text
        assert ("A lamp on a red ground" in pictured, "bb/bb.webp" in pictured) == (True, True)
        inside = f"/-/preview/{link(brand_draft).rpartition('/')[2]}"
        for path in ("home", "products", "products/lamp", "pages/faq", "collections/gifts"):
            linked = await browser.get(f"{inside}/{path}")
            assert (linked.status_code, "Glow Den" in linked.text, linked.headers["cache-control"]) == (
                200,
                True,
                "no-store",
            ), path
            assert not re.search(r'href="/(?:products|pages|collections|")', linked.text), path
        assert f'href="{inside}/products/lamp' in (await browser.get(f"{inside}/products")).text
        for path in ("cart", "checkout", "products/missing", "pages", "..%2fcart"):
            assert (await browser.get(f"{inside}/{path}")).status_code == 404, path
        assert "Fern &amp; Clay" in (await browser.get(link(None))).text
        for path, text in before.items():
            assert await shown(browser, path) == text
            assert "Glow Den" not in text
        for wrong in (link(None, other_id), link(uuid4()), "/-/preview/guess", link(brand_draft)[:-1]):
            assert (await browser.get(wrong)).status_code == 404
        unseen = await browser.get(f"http://moss.shops.test{link(None, other_id)}")
        assert (unseen.status_code, "Unseen Lamp" in unseen.text) == (200, True)
        waiting = await browser.get(f"http://moss.shops.test{link(None, other_id)}/products/unseen")
        assert (waiting.status_code, "Unseen Lamp" in waiting.text) == (200, True)
        assert (await browser.get("http://moss.shops.test/")).status_code == 404
        await put_in_cart(browser, lamp)
        session = session_at(floor, await to_payment(browser, await checkout_form(browser)))
        await floor.apply_notice(notice_of(floor, session))
        seen: list[tuple[bool, bool, bool]] = []
        accepted = asyncio.Event()
        shoppers = [asyncio.create_task(look(app, accepted, seen)) for _ in range(4)]
        while len(seen) < 12:
            await asyncio.sleep(0)
        await send(floor, AcceptDraft(draft_id=brand_draft, merchant_id=owner["merchant_id"]))
        accepted.set()
        while not any(after for after, _, _ in seen):
            await asyncio.sleep(0)
        for shopper in shoppers:
            shopper.cancel()
        await asyncio.gather(*shoppers, return_exceptions=True)
        assert all(new != old for _, new, old in seen), "no page mixes the two names"
        assert all(new for after, new, _ in seen if after), "all shoppers see the new name after the acceptance"
        assert not any(new for _, new, _ in seen[:12])
        order = (await browser.get(urlsplit(session.success_url).path)).text
        assert "You ordered from <bdi>Fern &amp; Clay</bdi>, which is called <bdi>Glow Den</bdi> now." in order
        assert "Glow Den" in await shown(browser, "/")
        assert "Glow Den" in await shown(browser, "/products/lamp")
        assert "#14532d" in await shown(browser, "/theme.css")
        assert "warmly" not in await shown(browser, "/pages/faq")
        await send(floor, EditStore(**owner, tagline="Lamps that wait"))
        clock.at += PREVIEW_AGE * 2
        assert (await browser.get(link(None))).status_code == 200
        old = link(None)
        clock.at += PREVIEW_AGE * 2
        assert (await browser.get(old)).status_code == 404


async def shown(browser: httpx.AsyncClient, path: str) -> Any:
    answer = await browser.get(path)
    assert answer.status_code == 200
    return TOKEN.sub("", answer.text)


async def look(app: Any, accepted: asyncio.Event, seen: list[tuple[bool, bool, bool]]) -> None:
    """Ask for the home page again and again: whether it was asked after the acceptance, and which names it has."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as shopper:
        while True:
            after = accepted.is_set()
            text = (await shopper.get("/")).text
            seen.append((after, "Glow Den" in text, "Fern &amp; Clay" in text))


async def test_of_twenty_requests_at_two_processes_for_the_last_place_one_is_accepted(
    floor: StorefrontPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITING_MOST", 5)
    store_id = await floor.open_store("fern", BRAND)
    loaded = await floor.log.load(STORE, store_id)
    assert loaded is not None
    buses = [CommandBus(floor.log, handlers(floor.clock)) for _ in range(2)]
    target = DraftTarget(kind=TargetKind.BRAND, id=store_id)

    async def ask(n: int) -> bool:
        request = RequestDraft(draft_id=uuid4(), store_id=store_id, merchant_id=loaded.state.merchant_id, target=target)
        context = Context(command_id=uuid4(), correlation_id=uuid4())
        while True:
            try:
                await buses[n % 2].dispatch(request, context)
            except TooManyDrafts:
                return False
            except ConcurrencyConflict:
                await asyncio.sleep(0)
            else:
                return True

    for n in range(4):
        assert await ask(n)
    assert (await asyncio.gather(*map(ask, range(20)))).count(True) == 1
