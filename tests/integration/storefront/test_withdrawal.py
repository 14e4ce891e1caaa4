"""A consumer withdraws over HTTP: by the order's link or as a guest, in parts, twice, late."""

import re
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from commands.order import FulfilOrder, MarkOrderDelivered
from commands.ports import Context
from domain.order.delivery import day_in
from infra.adapters.payments.sandbox import SandboxSession
from projections.sales.views import OrderView
from storefront.pages.find_order import PER_NUMBER, UNKNOWN
from storefront.pages.withdraw import NOTHING_CHOSEN, UNPAID
from storefront.rendering.formatting import whole_numbers
from tests.integration.storefront.shopping import (
    ANNA,
    checkout_form,
    hidden,
    notice_of,
    put_in_cart,
    session_at,
    to_payment,
)
from tests.support.platforms.storefront import BRAND, StorefrontPlatform


@pytest.fixture
async def session(floor: StorefrontPlatform, browser: httpx.AsyncClient) -> SandboxSession:
    store = await floor.open_store("fern", BRAND)
    vase = await floor.stock(store, "Blue Vase", slug="blue-vase", shipping_days=(4, 8))
    await put_in_cart(browser, vase, quantity=2)
    return session_at(floor, await to_payment(browser, await checkout_form(browser)))


@pytest.fixture
async def order(floor: StorefrontPlatform, session: SandboxSession) -> OrderView:
    await floor.apply_notice(notice_of(floor, session))
    return await current(floor, session)


async def current(floor: StorefrontPlatform, session: SandboxSession) -> OrderView:
    order = await floor.queries.order(session.store_id, session.order_id)
    assert order is not None
    return order


def link_of(session: SandboxSession) -> str:
    return urlsplit(session.success_url).path.rpartition("/")[2]


async def begin(browser: httpx.AsyncClient, **fields: str) -> httpx.Response:
    page = await browser.get("/withdraw")
    return await browser.post("/withdraw", data={"csrf": hidden(page, "csrf"), **fields})


async def confirm(browser: httpx.AsyncClient, page: httpx.Response, quantity: int) -> httpx.Response:
    address = re.search(r'action="(/withdraw/[^"]+/confirm)"', page.text)
    select = re.search(r'name="(q-[^"]+)"', page.text)
    assert address is not None
    assert select is not None
    form = {name: hidden(page, name) for name in ("csrf", "name", "email")}
    return await browser.post(address[1], data={**form, select[1]: str(quantity)})


async def test_a_part_is_withdrawn_by_the_orders_link_and_a_repeat_changes_nothing(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession, order: OrderView
) -> None:
    link = link_of(session)
    assert f'value="{link}"' in (await browser.get(f"/withdraw?order={link}")).text
    page = await begin(browser, order=link, name="Anna Prüfer", email="anna@example.com")
    assert "Confirm withdrawal here" in page.text
    assert (await current(floor, session)).withdrawals == ()
    for _ in range(2):
        answer = await confirm(browser, page, 1)
        assert answer.headers["location"] == f"/withdraw/{link}/received"
    (first,) = (await current(floor, session)).withdrawals[:1]
    assert [line.quantity for line in first.lines] == [1]
    assert await floor.personal.open_many([first.name, first.email]) == ["Anna Prüfer", "anna@example.com"]
    received = (await browser.get(f"/withdraw/{link}/received")).text
    assert "You withdrew from a part of this contract" in received
    assert "1 × <bdi>Blue Vase</bdi>" in received
    shown = (await browser.get(f"/checkout/success/{link}")).text
    assert "You withdrew from a part of this contract" in shown
    assert f'href="/withdraw/{link}/received"' in shown


@pytest.mark.usefixtures("order")
async def test_a_guest_must_name_the_orders_number_and_address(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    number = session.order_number
    wrong = [
        await begin(browser, name="Eve", number=number, email="eve@example.com"),
        await begin(browser, name="Eve", number="ZY-222222", email=ANNA["email"]),
    ]
    for answer in wrong:
        assert answer.status_code == 422
        assert whole_numbers(UNKNOWN) in answer.text
    page = await begin(browser, name="Anna", number=number.lower(), email=ANNA["email"].upper())
    answer = await confirm(browser, page, 2)
    assert answer.status_code == 303
    order = await current(floor, session)
    assert order.withdrawn == {order.lines[0].variant_id: 2}
    shown = (await browser.get(f"/checkout/success/{link_of(session)}")).text
    assert "You withdrew from this order</h1>" in shown
    assert 'tag-inline">Withdrawn</span>' in shown
    assert "tag-good" not in shown, "The badge says how the order stands."


@pytest.mark.usefixtures("order")
async def test_guesses_at_one_order_are_limited(browser: httpx.AsyncClient, session: SandboxSession) -> None:
    answers = [
        await begin(browser, name="Eve", number=session.order_number, email=f"eve{n}@example.com")
        for n in range(PER_NUMBER.burst + 1)
    ]
    assert [answer.status_code for answer in answers] == [422] * PER_NUMBER.burst + [429]
    assert "retry-after" in answers[-1].headers


async def test_a_late_withdrawal_is_received_and_says_so(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession, order: OrderView
) -> None:
    store = await floor.queries.store_by_slug("fern")
    assert store is not None
    today = day_in("UTC", floor.clock.now())
    context = {"order_id": order.id, "merchant_id": store.merchant_id}
    for command in (
        FulfilOrder(**context, carrier=None, tracking_number=None, seen=None),
        MarkOrderDelivered(**context, delivered_on=today - timedelta(days=30), seen=None),
    ):
        await floor.dispatch(command, Context(command_id=uuid4(), correlation_id=order.id))
    page = await begin(browser, order=link_of(session), name="Anna", email="anna@example.com")
    assert "The last day for a withdrawal was" in page.text
    await confirm(browser, page, 2)
    (withdrawal,) = (await current(floor, session)).withdrawals
    assert withdrawal.is_late
    assert "It came after the last day for it" in (await browser.get(f"/withdraw/{link_of(session)}/received")).text


async def test_bad_input_is_named_by_field_and_appends_nothing(
    floor: StorefrontPlatform, browser: httpx.AsyncClient, session: SandboxSession, order: OrderView
) -> None:
    link = link_of(session)
    answer = await begin(browser, name="https://evil.example/", number="nothing", email="anna")
    assert answer.status_code == 422
    assert len(re.findall(r'class="problem" id="(?:name|number|email)-problem"', answer.text)) == 3
    page = await begin(browser, order=link, name="Anna", email="anna@example.com")
    none = await confirm(browser, page, 0)
    assert none.status_code == 422
    assert NOTHING_CHOSEN in none.text
    assert re.findall(r'<option value="(\d+)" selected>', none.text) == ["0"], "what was chosen stays chosen"
    assert (await browser.post(f"/withdraw/{link}/confirm", data={"name": "Anna"})).status_code == 403
    assert (await browser.get("/withdraw?order=forged.link")).status_code == 200
    assert (await current(floor, session)).withdrawals == ()


async def test_an_unpaid_order_has_nothing_to_withdraw_from(
    browser: httpx.AsyncClient, session: SandboxSession
) -> None:
    page = await begin(browser, order=link_of(session), name="Anna", email="anna@example.com")
    assert page.status_code == 409
    assert UNPAID in page.text
