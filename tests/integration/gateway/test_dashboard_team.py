"""The pages of people, API keys, activity and the account's data, in a browser."""

import os
from pathlib import Path
from uuid import UUID

import pytest

from domain.store.events import StoreStatus
from projections.catalog.queries import store_by_id
from projections.merchants.team_queries import invitations_of_store
from projections.reading.scope import SYSTEM
from tests.support.browser import a_browser, a_page, photograph, serious_violations
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform

SHOTS = os.environ.get("ZYENTA_SHOTS")
"""A folder for screenshots to look at; none are taken without it."""


@pytest.mark.long
async def test_an_invited_editor_edits_and_may_not_publish(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    await platform.finish(store_id)
    editor = await platform.merchant()
    team = f"/dashboard/stores/{store_id}/team"
    async with a_browser() as browser:
        async with a_dashboard(platform, owner) as dashboard, a_page(browser, dashboard) as page:
            await page.goto(team)
            await page.get_by_label("E-mail address").fill(editor.email)
            await page.get_by_label("Editor").check()
            await page.get_by_role("button", name="Send the invitation").click()
            await page.get_by_text(f"An invitation is on its way to {editor.email}.").wait_for()
            assert await serious_violations(page) == []
            await page.get_by_role("cell", name=editor.email).wait_for()
            if SHOTS is not None:
                await photograph(page, Path(SHOTS), "store-team")
        (invitation,) = await invitations_of_store(
            platform.deps.reader, store_id, now=platform.clock.now(), scope=SYSTEM
        )
        link = f"/dashboard/invitation?token={platform.deps.invitation_links.token(store_id, invitation.id)}"
        async with a_dashboard(platform, editor) as dashboard, a_page(browser, dashboard) as page:
            await page.goto(link)
            assert await serious_violations(page) == []
            if SHOTS is not None:
                await photograph(page, Path(SHOTS), "invitation")
            await page.get_by_role("button", name="Accept the invitation").click()
            await page.get_by_text("You work in this store from now on.").wait_for()
            assert await page.get_by_role("button", name="Send the invitation").count() == 0
            await refused_approval(platform, editor, store_id)
            await page.goto(f"{team}/activity")
            await page.get_by_text("This needs the role owner").wait_for()


async def refused_approval(platform: Platform, editor: Merchant, store_id: UUID) -> None:
    for name in ("approveStore", "publishStore"):
        query = f"mutation ($input: StoreInput!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
        payload = await platform.ask(query, {"input": {"storeId": str(store_id)}}, by=editor)
        assert payload["userErrors"] == [{"code": "FORBIDDEN"}]
    view = await store_by_id(platform.deps.reader, store_id, scope=SYSTEM)
    assert view is not None
    assert view.status is StoreStatus.PENDING_REVIEW


@pytest.mark.long
async def test_keys_activity_and_data_have_pages(platform: Platform, owner: Merchant) -> None:
    store_id = await platform.stocked_store(owner)
    keys, data = "/dashboard/api-keys", "/dashboard/account/data"
    folder = None if SHOTS is None else Path(SHOTS)
    async with (
        a_browser() as browser,
        a_dashboard(platform, owner) as dashboard,
        a_page(browser, dashboard) as page,
    ):
        await page.goto(keys)
        await page.get_by_label("Name").fill("<b>Stock sync")
        await page.get_by_label("Products").check()
        await page.get_by_label("Your password").last.fill(PASSWORD)
        await page.get_by_role("button", name="Make the key").click()
        token = await page.get_by_label("API key").input_value()
        assert token.startswith("zyk_")
        assert await serious_violations(page) == []
        if folder is not None:
            await photograph(page, folder, "api-key-shown-once")
        key = Merchant(id=owner.id, email="", token=token, refresh_token="")
        assert await platform.ask("{ me { id } }", by=key) == {"id": str(owner.id)}
        await page.get_by_role("link", name="I have copied it").click()
        assert token not in await page.content(), "a key is shown once"
        assert await page.get_by_role("cell", name="<b>Stock sync").count() == 1
        for path in (
            keys,
            "/dashboard/team",
            "/dashboard/activity",
            data,
            f"/dashboard/stores/{store_id}/team/activity",
        ):
            await page.goto(path)
            assert await serious_violations(page) == [], path
            if folder is not None:
                await photograph(page, folder, path.rpartition("/")[2] + ("-store" if "stores" in path else ""))
        await page.goto("/dashboard/activity")
        await page.get_by_text("API key made").wait_for()
        await page.goto(keys)
        await page.get_by_role("button", name="Revoke").first.click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await page.get_by_text("The key is revoked.").wait_for()

        export = (await dashboard.client.get(f"{data}/export.json")).json()
        assert export["account"]["email"] == owner.email
        refused = await dashboard.submit(data, f"{data}/delete", {"password": "wrong", "sure": "on"})
        assert "is not this account&#39;s password" in refused.text
        unsure = await dashboard.submit(data, f"{data}/delete", {"password": PASSWORD})
        assert "Check the box if you want to delete the account." in unsure.text
        gone = await dashboard.submit(data, f"{data}/delete", {"password": PASSWORD, "sure": "on"})
        assert gone.headers["location"] == "/dashboard/log-in"
        assert await platform.deps.accounts.by_id(owner.id) is None
