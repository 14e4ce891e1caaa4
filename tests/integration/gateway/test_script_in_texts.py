"""A script in every text field that the public API takes: pages of the dashboard, the storefront and mails show it as text."""

import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette

from commands.checkout import CartLine, PlaceOrder
from commands.disputes import RecordDispute
from commands.order import FulfilOrder, RecordPayment
from commands.returns import ApproveReturn, RequestReturn
from consumers.policies.mail import KINDS
from domain.accounts.links import LinkSigner
from domain.mail.ports import Mail
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.disputes import DisputeReport
from storefront.mail.account_writer import AccountMailWriter
from storefront.mail.sources import MailSources
from storefront.mail.team_writer import TeamMailWriter
from storefront.mail.writer import StoreMailWriter
from storefront.read_models import ReadModelMailQueries
from tests.integration.gateway.test_any_input import Known, Place, places, the_ids
from tests.support.dashboard_walk import walk
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import Merchant, Platform, a_platform
from tests.support.platforms.storefront import READER_SETTINGS, SECRET, StorefrontPlatform
from tests.support.schema import published_schema

SCHEMA = published_schema()
RAW = re.compile(r"<script>(\d+)</script>", re.IGNORECASE)
AS_TEXT = re.compile(r"&lt;script&gt;(\d+)&lt;/script&gt;|\\u003cscript\\u003e(\d+)\\u003c/script", re.IGNORECASE)
LAST = ("archive", "cancel", "disconnect", "refund", "pause", "remove", "withdraw")
"""Beginnings of the names of mutations that end something. They come after all others."""
NEVER = re.compile(
    "deleteAccount|deletePage|removePage|logOut|endSession|leaveStore|archive|pauseStore|eraseCustomer|changePassword|changeEmail"
)
"""Mutations that would end the walk."""
AWAY = frozenset(
    {
        "/dashboard/integrations/stripe/refresh",
        "/dashboard/integrations/stripe/return",
        "/dashboard/account/data/export.json",
    }
)
"""Routes that lead to another company, or that are not pages."""
NO_TEXTS = frozenset({"clientMutationId", "expectedRevision"})
"""Fields of requests that keep no text."""
SHOP_PAGES = 60
SENSE: dict[str, Any] = {
    "number": 1,
    "days": 30,
    "disputeId": "du_1",
    "title": "Lamp",
    "countries": "DE",
    "country": "DE",
    "phone": "+49 40 1234567",
    "images": "https://example.com/lamp.jpg",
    "reasons": "Too small",
    "addressLines": "Hafen 1",
    "categories": "Lamps",
    "tags": "neon",
    "code": "SPRING",
    "percentage": "10",
    "kind": "PERCENTAGE",
    "email": "ada@example.com",
    "domain": "shop.fern.example",
    "sellingPrice": "20",
    "currency": "USD",
    "timeZone": "UTC",
    "contactEmail": "hello@example.com",
}
MORE: dict[str, dict[str, Any]] = {
    "setBusinessIdentity": {"postalCode": "20095"},
    "writeCollection": {"rule": {"tags": ["neon"]}, "productIds": []},
    "createDiscount": {"percentage": "10"},
    "refundOrder": {"amount": "1.00"},
    # Each ends or answers a return of its own; the walk approves, receives and replaces the first one.
    "declineReturn": {"number": 2},
    "refundReturn": {"number": 3},
}
"""What some mutations need beside their required fields."""
HIDDEN = frozenset(
    {
        # Keys are shown by no page, and an account that was disconnected neither.
        *(f"connectSupplier {name}" for name in ("accountId", "apiKey", "apiSecret")),
        # Another merchant’s. The walk does not log in as that one.
        *(f"register {name}" for name in ("name", "password")),
        # Its letters and digits are kept, and nothing else.
        "createDiscount code",
        # The writers read them.
        *(f"requestStore preferences.{name}" for name in ("audience", "colors", "colours", "tone")),
        # The key of a category without products. Its page shows the title.
        "describeCategory category",
        "regenerate category",
    }
)
"""Fields whose text no page shows."""
ASKED = {"declineReturn reason", "refundReturn reason", "processImage altText", "setReturnPolicy reasons"}
"""Fields that are accepted only in a certain state, which the walk prepares."""


@pytest.fixture
async def platform(database: str) -> AsyncIterator[Platform]:
    """A platform of its own, whose database a storefront shows too."""
    async with a_platform(database) as whole:
        yield whole


class Texts:
    """Writes a script into text fields and remembers which number stands in which field."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}

    def of(self, field: str) -> str:
        """Return the text for a field: it leaves an attribute, and then begins a script."""
        number = str(len(self.fields) + 1)
        self.fields[number] = field
        return f"'\"><script>{number}</script>"


async def write_everywhere(
    platform: Platform, owner: Merchant, known: Known, texts: Texts, more: Mapping[str, Mapping[str, Any]]
) -> set[str]:
    """Send each mutation with a script in all text fields that it accepts. Return the numbers of the accepted ones."""
    mutations = SCHEMA.mutation_type
    assert mutations is not None
    accepted: set[str] = set()
    for name in sorted(mutations.fields, key=lambda each: (each.startswith(LAST), each)):
        argument = mutations.fields[name].args.get("input")
        if argument is None or NEVER.match(name):
            continue
        wanted = {
            place: texts.of(f"{name} {path_of(place)}")
            for place, kind in places("input", argument.type)
            if kind == "String" and place and place[-1] not in {0, *NO_TEXTS}
        }
        query = f"mutation ($input: {argument.type}) {{ {name}(input: $input) {{ userErrors {{ field }} }} }}"
        sane = known.value("input", argument.type) | dict(more.get(name, {}))
        # All fields at once, without those that are refused by their name; then those that are left, one by one.
        tries, alone = [wanted], False
        while tries:
            written = tries.pop()
            sent = sane
            for place, text in written.items():
                sent = written_at(sent, place, text)
            answer = await platform.post(query, {"input": sent}, by=owner)
            payload = (answer.get("data") or {}).get(name) or {"userErrors": [{"field": None}]}
            refused = {re.sub(r"\.\d+", "", each["field"] or "") for each in payload["userErrors"]}
            kept = {place: text for place, text in written.items() if path_of(place) not in refused}
            if not refused:
                accepted.update(found[1] for text in written.values() if (found := RAW.search(text)))
            elif not alone and len(kept) < len(written):
                tries.append(kept)
            elif not alone and len(written) > 1:
                tries, alone = [{place: text} for place, text in written.items()], True
    return accepted


def written_at(value: Any, place: Place, text: str) -> Any:
    """Return a copy of a value with a text at a place. What else the place's list and object have stays."""
    if not place:
        return text
    first, rest = place[0], place[1:]
    if isinstance(first, int):
        head, *others = value or [None]
        return [written_at(head, rest, text), *others]
    return {**(value or {}), first: written_at((value or {}).get(first), rest, text)}


def path_of(place: Place) -> str:
    """Return a place as the API names it in errors. Entries of lists have no number."""
    return ".".join(str(part) for part in place if not isinstance(part, int))


async def sell(platform: Platform, owner: Merchant, ids: dict[str, str], texts: Texts) -> UUID:
    """Place and pay an order whose shopper wrote scripts, as the checkout keeps it; one piece comes back, and the bank asks."""
    order_id, shopper, personal = uuid4(), uuid4(), platform.deps.personal
    store_id, product_id, variant_id = (UUID(ids[name]) for name in ("storeId", "productId", "variantId"))
    parts = ("line1", "line2", "city", "region", "postcode")
    address = {part: texts.of(f"shopper {part}") for part in parts} | {"country": "NO"}
    order = PlaceOrder(
        order_id=order_id,
        store_id=store_id,
        lines=[CartLine(product_id=product_id, variant_id=variant_id, quantity=3)],
        shopper_id=shopper,
        shopper_name=await personal.seal(shopper, texts.of("shopper name")),
        shopper_email=await personal.seal(shopper, "mallory@example.com"),
        shipping_address=await personal.seal(shopper, json.dumps(address)),
    )
    await platform.send(order)
    intent = f"pi_{order_id}"
    payment = RecordPayment(order_id=order_id, paid=Money(minor=8700), fee=Money(minor=435), intent_id=intent)
    await platform.send(payment)
    await platform.send(FulfilOrder(order_id=order_id, merchant_id=owner.id, carrier=None, tracking_number=None))
    back = RequestReturn(
        order_id=order_id,
        store_id=store_id,
        lines=[ReturnedPieces(variant_id=variant_id, quantity=1)],
        reason="I changed my mind",
        note=await personal.seal(shopper, texts.of("shopper note")),
    )
    for number in (1, 2, 3):
        await platform.send(back if number == 1 else replace(back, note=None))
    await platform.send(ApproveReturn(order_id=order_id, merchant_id=owner.id, number=3))
    report = DisputeReport(
        dispute_id="du_1",
        intent_id=intent,
        amount=Money(minor=5800),
        reason="product_not_received",
        status=DisputeStatus.NEEDS_RESPONSE,
        evidence_due=platform.clock.now() + timedelta(days=7),
        movements=1,
        taken=Money(minor=5800),
        fee=Money(minor=1500),
    )
    await platform.send(RecordDispute(order_id=order_id, report=report))
    return order_id


class Pages:
    """Looks through HTML for scripts: none may be one, and each shown one is text."""

    def __init__(self) -> None:
        self.scripts: list[tuple[str, str]] = []
        """Where a script stands as such, and its number."""
        self.shown: set[str] = set()
        """Numbers of the scripts that are shown as text."""

    def look(self, where: str, html: str) -> None:
        self.scripts += [(where, number) for number in RAW.findall(html)]
        self.shown.update(number for found in AS_TEXT.findall(html) for number in found if number)


def links_of(html: str, url: str) -> list[str]:
    """Return the addresses that a page links to, whole."""
    return [urljoin(url, unescape(each)) for each in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', html)]


async def look_at_dashboard(platform: Platform, owner: Merchant, ids: Mapping[str, str], pages: Pages) -> int:
    """Open every page of the dashboard that a link leads to. Return how many there were."""
    async with a_dashboard(platform, owner) as dashboard:

        async def open_page(path: str) -> Iterable[str]:
            response = await dashboard.client.get(path, follow_redirects=True)
            assert response.status_code == 200, (path, response.status_code)
            pages.look(path, response.text)
            return [each.removeprefix(dashboard.url) for each in links_of(response.text, str(response.url))]

        store = f"/dashboard/stores/{ids['storeId']}"
        changed = [f"/{kind}s/{ids[f'{kind}Id']}" for kind in ("product", "page", "order")]
        start = [*(store + path for path in changed), "/dashboard", store]
        return len([stop async for stop in walk(open_page, start, never=AWAY, most=4)])


async def look_at_storefront(
    floor: StorefrontPlatform, app: Starlette, slug: str, start: Sequence[str], pages: Pages
) -> int:
    """Open the pages of a shop, those of ``start`` first, then what they link to. Return how many there were."""
    host = f"http://{slug}.shops.test"
    waiting, seen = [*start, "/"], set[str]()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=host, follow_redirects=True) as client:
        while waiting and len(seen) < SHOP_PAGES:
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            response = await client.get(path)
            assert response.status_code == 200, (path, response.status_code)
            pages.look(path, response.text)
            waiting += [
                each.removeprefix(host)
                for each in links_of(response.text, str(response.url))
                if each.startswith(f"{host}/")
            ]
    return len(seen)


async def mails_of(platform: Platform, readers: asyncpg.Pool) -> list[Mail]:
    """Return every mail that the log leads to."""
    deps, queries = platform.deps, ReadModelMailQueries(readers)
    common: dict[str, Any] = {
        "dashboard_url": "http://gateway.test/dashboard",
        "mail_domain": "shops.test",
        "sandbox": True,
    }
    stores = StoreMailWriter(
        MailSources(
            queries=queries,
            personal=deps.personal,
            clock=platform.clock,
            secrets=[SECRET],
            scheme="http",
            public_domain="shops.test",
            **common,
        )
    )
    accounts = AccountMailWriter(
        queries, deps.personal, stores, accounts=deps.accounts, signer=LinkSigner(deps.link_secrets), **common
    )
    writer = TeamMailWriter(queries, deps.personal, accounts, deps.invitation_links, **common)
    mails: list[Mail] = []
    async for batch in platform.log.scan():
        for envelope in [raw.decode() for raw in batch]:
            mails += [
                mail for kind in KINDS.get(type(envelope.event), ()) if (mail := await writer.write(kind, envelope))
            ]
    return mails


@pytest.mark.long
async def test_a_script_in_any_text_field_is_text_on_every_page_and_in_every_mail(
    platform: Platform, owner: Merchant, database: str, tmp_path: Path
) -> None:
    texts, pages, ids = Texts(), Pages(), await the_ids(platform, owner)
    order_id = await sell(platform, owner, ids, texts)
    known = Known({**SENSE, **ids, "orderId": str(order_id), "productIds": ids["productId"]})
    more = MORE | {"processImage": {"imageId": ids["imageId"]}}
    accepted = await write_everywhere(platform, owner, known, texts, more)
    assert {texts.fields[number] for number in accepted} >= ASKED
    await platform.barrier.catch_up()
    async with asyncpg.create_pool(database, min_size=1, max_size=4, server_settings=READER_SETTINGS) as readers:
        mails = await mails_of(platform, readers)
        for mail in mails:
            pages.look(f"mail {mail.subject}", mail.html)
            assert RAW.search(mail.subject) is None or "\n" not in mail.subject
        async with asyncpg.create_pool(database, min_size=1, max_size=4) as pool:
            floor = StorefrontPlatform(pool, readers, tmp_path, platform.clock)
            floor.behind = True
            slug = (
                await platform.ask("query ($id: ID!) { store(id: $id) { slug } }", {"id": ids["storeId"]}, by=owner)
            )["slug"]
            links = [urlsplit(each) for mail in mails for each in links_of(mail.html, "") if f"//{slug}." in each]
            start = [each.path + f"?{each.query}" * bool(each.query) for each in links]
            shop = await look_at_storefront(floor, floor.app(personal=platform.deps.personal), slug, start, pages)
    count = await look_at_dashboard(platform, owner, {**ids, "orderId": str(order_id)}, pages)
    assert pages.scripts == []
    assert {texts.fields[number] for number in accepted - pages.shown} <= HIDDEN
    assert (len(accepted) > 50, len(mails) > 10, shop > 20, count > 60) == (True, True, True, True)
