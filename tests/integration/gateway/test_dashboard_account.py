"""The account's pages: register, confirm, forget, reset, and end sessions."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.browser import a_browser, a_page, serious_violations, shots
from tests.support.mailbag import Mailbag
from tests.support.platforms.dashboard import Dashboard, a_dashboard
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform

NEW = "violet lamps glow softly"
SHOTS = os.environ.get("ZYENTA_SHOTS")
"""A folder for screenshots to look at; none are taken without it."""


async def test_a_person_registers_confirms_forgets_and_resets_the_password(
    platform: Platform, owner: Merchant, tmp_path: Path
) -> None:
    mailbag, email = Mailbag(platform, tmp_path), f"ada-{uuid4().hex[:6]}@example.com"
    async with a_dashboard(platform, owner) as dashboard:
        await dashboard.submit("/dashboard", "/dashboard/log-out")
        register = "/dashboard/register"
        refused = await dashboard.submit(register, register, {"email": "x", "password": "password1234", "name": ""})
        assert refused.status_code == 422
        assert "Invalid e-mail address" in refused.text
        fields = {"email": email, "password": PASSWORD, "name": '<b onload="x">Ada</b>'}
        page = await dashboard.change(register, register, fields)
        assert "A mail is on its way" in page
        profile = await dashboard.get("/dashboard/account/profile")
        assert "Not confirmed" in profile
        assert "<b onload" not in profile
        name, long = "/dashboard/account/profile/name", {"name": "A" * 101}
        renamed = await dashboard.change("/dashboard/account/profile", name, {"name": " Ada  Lovelace "})
        assert '<span class="who-name">Ada Lovelace</span>' in renamed
        assert "101 characters" in (await dashboard.submit("/dashboard/account/profile", name, long)).text
        # Looking at the link confirms nothing.
        verify = f"/dashboard/verify?token={await mailbag.token(email)}"
        await dashboard.get(verify)
        assert "Not confirmed" in await dashboard.get("/dashboard/account/profile")
        assert "is confirmed" in await dashboard.change(verify, "/dashboard/verify")
        assert "Not confirmed" not in await dashboard.get("/dashboard/account/profile")
        platform.clock.advance(timedelta(minutes=30))
        await dashboard.submit("/dashboard", "/dashboard/log-out")
        answers = [
            await dashboard.change("/dashboard/forgot", "/dashboard/forgot", {"email": each})
            for each in (email, "unknown@example.com")
        ]
        assert all("If an account owns this address" in answer for answer in answers)
        await platform.app.state.gateway.accounts.close()
        reset = f"/dashboard/reset?token={await mailbag.token(email)}"
        differs = await dashboard.submit(reset, "/dashboard/reset", {"password": NEW, "again": PASSWORD})
        assert "The two passwords differ" in differs.text
        done = await dashboard.change(reset, "/dashboard/reset", {"password": NEW, "again": NEW})
        assert "Your password is changed" in done
        used = await dashboard.submit(reset, "/dashboard/reset", {"password": NEW, "again": NEW})
        assert "Ask for another mail" in used.text


async def test_sessions_and_the_password_change_on_the_security_page(platform: Platform, owner: Merchant) -> None:
    page = "/dashboard/account/security"
    async with a_dashboard(platform, owner) as dashboard:
        assert (await dashboard.get(page)).count("python-httpx") == 2
        await dashboard.change(page, f"{page}/end-session")
        wrong = {"currentPassword": "not this one", "newPassword": NEW, "again": NEW}
        refused = await dashboard.submit(page, f"{page}/password", wrong)
        assert "is not this account&#39;s password" in refused.text
        totp = {"password": "not this one", "asked": "totp-password"}
        marked = (await dashboard.submit(page, f"{page}/totp", totp)).text
        assert marked.count('aria-invalid="true"') == 1, "only the field of the form that was sent"
        assert 'id="totp-password-error"' in marked
        assert "Your password is changed" in await dashboard.change(
            page, f"{page}/password", {**wrong, "currentPassword": PASSWORD}
        )
        response = await dashboard.submit(page, f"{page}/log-out-everywhere")
        assert response.headers["location"] == page
        assert "Your other sessions ended" in await dashboard.get(page)


@pytest.mark.long
async def test_a_browser_registers_confirms_and_logs_in(platform: Platform, owner: Merchant, tmp_path: Path) -> None:
    mailbag, email = Mailbag(platform, tmp_path), f"eve-{uuid4().hex[:6]}@example.com"
    async with a_dashboard(platform, owner) as dashboard, a_browser() as browser:
        if SHOTS:
            await _look(platform, dashboard, mailbag, Path(SHOTS))
        dashboard.client.cookies.clear()
        async with a_page(browser, dashboard) as page:
            await page.goto("/dashboard/log-in")
            await page.click("text=Open an account")
            assert await serious_violations(page) == []
            await page.fill("[name=name]", "Eve")
            await page.fill("[name=email]", email)
            await page.fill("[name=password]", PASSWORD)
            await page.keyboard.press("Enter")
            await page.get_by_text("A mail is on its way").wait_for()
            await page.goto(f"/dashboard/verify?token={await mailbag.token(email)}")
            assert await serious_violations(page) == []
            await page.click("text=Confirm the address")
            await page.get_by_text("Your address is confirmed").wait_for()
            for path in ("profile", "security"):
                await page.goto(f"/dashboard/account/{path}")
                assert await serious_violations(page) == []
            await page.click("text=Log out everywhere")
            async with asyncio.timeout(60):
                await page.click("#end-all .buttons .danger")
                await page.get_by_text("All your sessions ended").wait_for()
            await page.fill("[name=email]", email)
            await page.fill("[name=password]", PASSWORD)
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/dashboard/stores/new")
            assert await page.get_by_text("Eve").count() > 0


async def _look(platform: Platform, dashboard: Dashboard, mailbag: Mailbag, folder: Path) -> None:
    token = await mailbag.token(dashboard.merchant.email)
    async with a_browser() as browser:
        async with a_page(browser, dashboard) as page:
            for path in ("account/profile", "account/security"):
                await shots(page, f"/dashboard/{path}", folder)
        cookies = dict(dashboard.client.cookies)
        dashboard.client.cookies.clear()
        async with a_page(browser, dashboard) as page:
            for path in ("log-in", "register", "forgot", f"reset?token={token}", f"verify?token={token}"):
                await shots(page, f"/dashboard/{path}", folder)
        dashboard.client.cookies.update(cookies)


async def test_a_megabyte_in_any_field_of_a_form_without_session_is_refused(
    platform: Platform, owner: Merchant
) -> None:
    forms = {
        "/dashboard/log-in": ("email", "password", "next"),
        "/dashboard/register": ("email", "password", "name"),
        "/dashboard/forgot": ("email",),
        "/dashboard/reset": ("token", "password"),
        "/dashboard/verify": ("token", "password"),
    }
    known = {"email": owner.email, "password": PASSWORD, "again": PASSWORD, "name": "Ada"}
    just_in, too_large = "<script>" + "x" * 900_000, "x" * 1_000_001
    async with a_dashboard(platform, owner) as dashboard:
        for path, fields in forms.items():
            for field, text in [*((field, just_in) for field in fields), (fields[0], too_large)]:
                platform.clock.advance(timedelta(minutes=11))
                dashboard.client.cookies.clear()
                answer = await dashboard.submit(path, path, known | {field: text})
                assert answer.status_code in ({303} if field == "next" else {403, 413, 422}), (path, field)
                assert "<script>x" not in answer.text
                assert len(answer.headers.get("location", "")) < 1_000
