"""The dashboard's pages of customers, discounts, delivery, settings, suppliers, billing and jobs over real HTTP."""

import re
from datetime import timedelta

from commands.after_sale import CancelOrderByMerchant
from domain.generation.aggregate import generation_of
from tests.integration.gateway.test_dashboard_weight import pages_of_a_store
from tests.integration.gateway.test_roles_in_the_dashboard import live_forms
from tests.integration.gateway.test_trade_pages import Trade, trade
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import Merchant

__all__ = ["trade"]

BUSINESS = {
    "name": "Fern & Sons",
    "legalForm": "GmbH",
    "addressLines": "Hafen 1",
    "postalCode": "20095",
    "city": "Hamburg",
    "country": "de",
    "phone": "+49 40 1234567",
    "email": "shop@fern.example",
}


async def test_a_customer_is_shown_and_erased(trade: Trade) -> None:
    pages = f"{trade.path}/customers"
    assert "grace@example.com" in await trade.dashboard.get(pages)
    person = f"{pages}?email=Grace@Example.com"
    assert "An order is not finished" in await trade.dashboard.get(person)
    await trade.pay()
    await trade.platform.send(
        CancelOrderByMerchant(
            order_id=trade.order_id, merchant_id=trade.dashboard.merchant.id, refund_id=trade.order_id
        )
    )
    then = await trade.platform.log.last_position()
    assert "grace@example.com" in await trade.dashboard.get(f"{pages}?as-of={then}")
    assert "You see the store as it was" in await trade.dashboard.get(f"{person}&as-of={then}")
    doubtful = await trade.dashboard.submit(person, f"{pages}/erase", {"email": "grace@example.com", "again": "x@y.z"})
    assert doubtful.status_code == 422
    assert "The addresses differ" in doubtful.text
    erased = await trade.dashboard.change(
        person, f"{pages}/erase", {"email": "grace@example.com", "again": "grace@example.com"}
    )
    assert "The personal data of 1 order is erased" in erased
    assert "grace@example.com" not in await trade.dashboard.get(pages)
    assert "personal data was erased" in await trade.dashboard.get(trade.order)
    # What is erased is erased in the past too.
    assert "grace@example.com" not in await trade.dashboard.get(f"{pages}?as-of={then}")
    assert "Nothing is known of" in await trade.dashboard.get(f"{person}&as-of={then}")
    assert "Nothing is known of" in await trade.dashboard.get(f"{pages}?email=%3Cscript%3E@example.com")


async def test_a_discount_code_is_made_paused_and_refused(trade: Trade) -> None:
    pages, dashboard = f"{trade.path}/discounts", trade.dashboard
    code = {"code": "spring 10", "kind": "PERCENTAGE", "percentage": "10", "amount": "5", "endsAt": "2027-01-01T00:00"}
    made = await dashboard.change(pages, pages, code)
    assert "SPRING10" in made
    assert "10%" in made
    assert "until Jan 1, 2027" in made
    twice = await dashboard.submit(pages, pages, code)
    assert twice.status_code == 422
    for wrong in ({"mostUses": "many"}, {"startsAt": "soon"}, {"kind": "NONE"}, {"code": "?"}):
        assert (await dashboard.submit(pages, pages, {**code, "code": "OTHER", **wrong})).status_code == 422, wrong
    action = made.partition(f'action="{pages}/')[2].partition('"')[0]
    assert "Resume" in await dashboard.change(pages, f"{pages}/{action}")


async def test_zones_and_taxes_are_saved_as_they_were_typed(trade: Trade) -> None:
    dashboard, shipping, taxes = trade.dashboard, f"{trade.path}/shipping", f"{trade.path}/taxes"
    zones = {
        "zones.0.name": "Europe",
        "zones.0.countries": "de, at  ch",
        "zones.0.basis": "WEIGHT",
        "zones.0.freeFrom": "50",
        "zones.0.bands.0.upTo": "1000",
        "zones.0.bands.0.price": "4.90",
        "zones.0.bands.1.price": "9.90",
        "unknownWeight": "400",
    }
    saved = await dashboard.change(shipping, shipping, zones)
    shown = ('value="1000"', 'value="4.90"', "Austria, Switzerland, Germany", 'value="400"')
    assert all(text in saved for text in shown)
    wrong = await dashboard.submit(shipping, shipping, {**zones, "zones.0.countries": "XX", "zones.0.name": "<b>"})
    assert wrong.status_code == 422
    assert "XX" in wrong.text
    assert "&lt;b&gt;" in wrong.text
    heavy = await dashboard.submit(shipping, shipping, {**zones, "zones.0.bands.0.upTo": "a ton"})
    assert "is not a weight" in heavy.text

    rates = {"mode": "INCLUSIVE", "rates.0.country": "de", "rates.0.percent": "19", "code": "left out"}
    assert 'name="rates.0.country" type="text" value="Germany"' in await dashboard.change(taxes, taxes, rates)
    assert (await dashboard.submit(taxes, taxes, {**rates, "rates.0.percent": "190"})).status_code == 422
    # Sandbox payments compute a tax of their own, so nothing must be set up at Stripe.
    assert (await dashboard.submit(taxes, taxes, {"mode": "AT_PAYMENT", "included": "yes"})).status_code in {200, 303}
    assert (await dashboard.submit(taxes, taxes, {"mode": "INCLUSIVE", "rates": "x"})).status_code == 422


async def test_settings_domains_and_the_business_are_kept(trade: Trade) -> None:
    dashboard, at = trade.dashboard, f"{trade.path}/settings"
    promise = await dashboard.change(at, f"{at}/promise", {"promiseDays": "21", "timeZone": "Europe/Berlin"})
    assert 'value="Europe/Berlin"' in promise
    assert (await dashboard.submit(at, f"{at}/promise", {"promiseDays": "some"})).status_code == 422
    wrong = await dashboard.submit(at, f"{at}/promise", {"promiseDays": "21", "timeZone": "berlin"})
    assert (wrong.status_code, "such as Europe/Berlin." in wrong.text) == (422, True)
    assert '<option value="Europe/Berlin">' in wrong.text
    policy = {"returnDays": "30", "reasons": "Too small\n\nToo large", "merchantPays": "on"}
    assert "Too small\nToo large" in await dashboard.change(at, f"{at}/returns", policy)
    assert (await dashboard.submit(at, f"{at}/returns", {**policy, "returnDays": "3"})).status_code == 422
    assert "checked" in await dashboard.change(at, f"{at}/suppliers", {"enabled": "on"})
    assert "Open the store again" in await dashboard.change(at, f"{at}/pause")
    assert "Pause the store" in await dashboard.change(at, f"{at}/resume")

    await trade.pay()
    month = trade.platform.clock.now().strftime("%Y-%m")
    assert f'value="{month}"' in await dashboard.get(at)
    statement = await dashboard.get(f"{trade.path}/statement.csv?month={month}")
    lines = statement.splitlines()
    assert lines[0].startswith("time,book,kind,order")
    assert any("CHARGE" in line and "58.00" in line for line in lines), statement
    assert "Invalid month" in await dashboard.get(f"{trade.path}/statement.csv?month=11-2026", status=422)

    domain = f"{trade.path}/domain"
    assert "_zyenta" in (connected := await dashboard.change(domain, domain, {"domain": "Shop.Fern.Example"}))
    assert "shop.fern.example" in connected
    assert (await dashboard.submit(domain, domain, {"domain": "localhost"})).status_code == 422
    assert "No domain of your own" in await dashboard.change(
        domain, f"{domain}/remove", {"domain": "shop.fern.example"}
    )

    legal = f"{trade.path}/legal"
    assert 'value="Fern &amp; Sons"' in await dashboard.change(legal, legal, BUSINESS)
    refused = await dashboard.submit(legal, legal, {**BUSINESS, "phone": "call me"})
    assert refused.status_code == 422
    assert "call me" in refused.text

    named = await dashboard.submit(at, f"{at}/archive", {"again": "another"})
    assert named.status_code == 422
    archived = await dashboard.submit(at, f"{at}/archive", {"again": "Neon Haven"})
    assert archived.headers["location"] == "/dashboard"


async def test_a_supplier_is_connected_and_its_key_is_shown_by_no_page(trade: Trade) -> None:
    dashboard, at = trade.dashboard, "/dashboard/integrations"
    connected = await dashboard.change(at, f"{at}/suppliers/SPOCKET", {"apiKey": "very-secret", "accountId": "fern"})
    assert "account fern" in connected
    assert "very-secret" not in connected
    assert "Spocket is disconnected" in await dashboard.change(at, f"{at}/suppliers/SPOCKET/disconnect")
    missing = await dashboard.submit(at, f"{at}/suppliers/SPOCKET", {"apiKey": ""})
    assert missing.status_code == 422
    assert "sandbox payments" in await dashboard.get(at)
    assert "nothing is limited" in await dashboard.get("/dashboard/billing")


async def test_jobs_are_filtered_cancelled_and_only_the_merchants_own(trade: Trade, stranger: Merchant) -> None:
    dashboard = trade.dashboard
    running = await trade.platform.store(dashboard.merchant, "Dog toys")
    job = f"/dashboard/jobs/{generation_of(running)}"
    assert "Dog toys" in await dashboard.get("/dashboard/jobs?view=running")
    assert ">Neon Haven</a>" not in await dashboard.get(f"/dashboard/jobs?store={running}")
    assert "Nothing here" in await dashboard.get("/dashboard/jobs?view=failed")
    assert 'hx-trigger="every 4s"' in await dashboard.get(job)
    cancelled = await dashboard.change(job, f"{job}/cancel")
    assert "Cancelled" in cancelled
    assert "hx-trigger" not in cancelled
    done = f"/dashboard/jobs/{generation_of(trade.store_id)}"
    page = await dashboard.get(done)
    again = await dashboard.submit(done, f"{done}/steps/COPY/again")
    assert "Do it again" in page
    assert again.status_code == 303
    async with a_dashboard(trade.platform, stranger) as other:
        await other.get(job, status=404)


async def test_every_page_of_a_store_shows_it_as_it_was_and_changes_nothing_there_or_says_why_not(trade: Trade) -> None:
    dashboard, platform = trade.dashboard, trade.platform
    before = await platform.log.last_position()
    settings, discounts, domain, legal, team, orders, disputes = (
        f"{trade.path}/{name}" for name in ("settings", "discounts", "domain", "legal", "team", "orders", "disputes")
    )
    await dashboard.change(settings, f"{settings}/promise", {"promiseDays": "77", "timeZone": "UTC"})
    await dashboard.change(discounts, discounts, {"code": "LATER", "kind": "FREE_SHIPPING"})
    await dashboard.change(domain, domain, {"domain": "later.example"})
    await dashboard.change(legal, legal, BUSINESS)
    await dashboard.change(team, f"{team}/invite", {"email": "late@example.com", "role": "VIEWER"})
    await trade.pay()
    await trade.dispute()
    await platform.barrier.catch_up()
    new = {
        settings: 'value="77"', discounts: "LATER", domain: "later.example", legal: "Fern &amp; Sons",
        team: "late@example.com", orders: ">To ship</span>", disputes: "du_1",
    }  # fmt: skip
    for path, word in new.items():
        assert word in await dashboard.get(path)
        assert word not in await dashboard.get(f"{path}?as-of={before}"), path
    then = {}
    for path in pages_of_a_store():
        answer = await dashboard.client.get(f"{trade.path}{path}?as-of={before}")
        assert answer.status_code in {200, 303}, path
        then[path] = answer.text
        if "This page shows the present. " not in answer.text and answer.status_code == 200:
            assert "You see the store as it was" in answer.text, path
            assert live_forms(answer.text) == []
            assert f'href="{trade.path}/team?as-of={before}"' in answer.text, "the navigation stays in the past"
        assert "You see the store as it was" not in (await dashboard.client.get(trade.path + path)).text
    present = {path for path, text in then.items() if "This page shows the present. " in text}
    assert present == {"/collections/new", "/live", "/pages/new", "/products/new", "/progress", "/review", "/timeline"}
    assert trade.order + f"?as-of={before}" in then["/orders"]
    assert "grace@example.com" in then["/customers"]
    # A search of the past finds what was there.
    number = re.search(r"(ZY-[0-9A-Z]{6})</a>", then["/orders"])
    assert number is not None
    found = await dashboard.client.get(f"{orders}?as-of={before}&q={number[1]}")
    assert found.headers["location"] == f"{trade.order}?as-of={before}"
    searches = re.findall(r'<form [^>]*role="search".*?</form>', "".join(then.values()), re.DOTALL)
    assert len(searches) == 3
    assert all(f'name="as-of" value="{before}"' in each and "disabled" not in each for each in searches)
    # The invitation has ended since. It had not then.
    platform.clock.advance(timedelta(days=9))
    assert "late@example.com" not in await dashboard.get(team)
    assert "late@example.com" in await dashboard.get(f"{team}?as-of={await platform.log.last_position()}")
    dispute = f"{trade.order}/disputes/du_1"
    assert "did not exist" in await dashboard.get(f"{dispute}?as-of={before}", status=404)
    shown = await dashboard.get(f"{dispute}?as-of={await platform.log.last_position()}")
    assert "You see the store as it was" in shown
    assert live_forms(shown) == []
    assert "data-upload" not in shown
