"""Scenes of the dashboard that belong to no store: pages of guests, an account, its plan, and a team."""

import asyncio
import base64
import re
import time

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.async_api import Page

from tests.support.screenshots.studio import PASSWORD, Studio, log_in, press, register, send

DEVICE = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip


async def outside(studio: Studio) -> None:
    """Pages of visitors who are not logged in, and those for developers."""
    async with studio.visitor() as page:
        for name in ("log-in", "register", "forgot", "reset?token=void", "verify?token=void", "invitation?token=void", "nothing-here"):  # fmt: skip
            await studio.shoot(page, f"/dashboard/{name}", f"guest-{name.partition('?')[0]}")
        await page.goto("/dashboard/log-in")
        await send(page, "/log-in", {"email": "nobody@example.com", "password": "not this one"})
        await studio.camera.take(page, "guest-log-in-refused")
        await page.goto("/dashboard/register")
        await send(page, "/register", {"email": "nobody", "password": "short"})
        await studio.camera.take(page, "guest-register-refused")
        await page.goto("/dashboard/forgot")
        await send(page, "/forgot", {"email": "nobody@example.com"})
        await studio.camera.take(page, "guest-forgot-sent")
        await page.goto("/dashboard/reset?token=void")
        await send(page, "/reset", {"password": PASSWORD, "again": PASSWORD})
        await studio.camera.take(page, "guest-reset-refused")
        await page.goto("/dashboard/verify?token=void")
        await send(page, "/verify", {"password": PASSWORD})
        await studio.camera.take(page, "guest-verify-refused")
        await page.goto("/dashboard/sign-in/github/back?error=access_denied&state=void")
        await studio.camera.take(page, "guest-sign-in-failed")
        for path in ("developers", "quickstart", "reference", "reference/Order", "reference?q=order%20refund", "errors", "events", "api"):  # fmt: skip
            await page.goto(f"/{path}")
            await page.wait_for_timeout(1500)
            await studio.camera.take(page, "docs-" + re.sub("[^a-zA-Z]+", "-", path))
        await page.goto("/graphql", wait_until="networkidle")
        await studio.camera.take(page, "docs-graphiql")


async def account(studio: Studio) -> None:
    """Second factor, passkeys, keys, sign-ins, billing, data."""
    who = ("second@zyenta.example", PASSWORD)
    async with studio.visitor() as page:
        await register(page, "Sam Second", who[0])
        devices = await page.context.new_cdp_session(page)
        await devices.send("WebAuthn.enable")
        await devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        security = "/dashboard/account/security"
        await page.goto(await studio.link(who[0], "verify"))
        await press(page, "Confirm the address")
        await page.goto(security)
        if await page.locator("#passkey-name").count():
            await page.fill("#passkey-name", "This computer")
            await page.fill("#passkey-password", PASSWORD)
            await page.get_by_role("button", name="Add a passkey").click()
            await page.locator("main >> text=Never used").wait_for()
            await studio.camera.take(page, "account-passkeys")
        await page.goto(security)
        await send(page, "/security/totp", {"password": PASSWORD})
        secret = (await page.locator("code.secret").inner_text()).replace(" ", "")
        await studio.camera.take(page, "account-totp")
        await send(page, "/totp/confirm", {"code": "000000"})
        await studio.camera.take(page, "account-totp-refused")
        code = TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(int(time.time())).decode()
        await send(page, "/totp/confirm", {"code": code})
        await studio.camera.take(page, "account-recovery-codes")
        await studio.shoot(page, security, "account-security-on")
        await send(page, "/security/password", {"currentPassword": "wrong", "newPassword": "short", "again": "other"})
        await studio.camera.take(page, "account-security-refused", dialogs=False)
        await page.goto("/dashboard/account/profile")
        await send(page, "/profile/email", {"email": who[0], "password": "wrong"})
        await studio.camera.take(page, "account-profile-refused")
        await page.goto("/dashboard/api-keys")
        await send(page, "/api-keys", {"name": "Stock sync", "scopes": "READ", "password": PASSWORD})
        await studio.camera.take(page, "account-key-shown")
        await studio.shoot(page, "/dashboard/api-keys", "account-keys")
        await send(page, "/api-keys", {"name": "", "days": "900"})
        await studio.camera.take(page, "account-keys-refused")
        await studio.shoot(page, "/dashboard/activity", "account-activity")
        await page.goto("/dashboard/account/data")
        await send(page, "/data/delete", {"password": "wrong"})
        await studio.camera.take(page, "account-data-refused")
        await billing(studio, page)
        await page.goto("/dashboard")
        await page.locator(".top button:text-is('Log out')").click()
        await page.wait_for_url("**/log-in*")
        await studio.camera.take(page, "account-logged-out")
        await log_in(page, *who)
        await studio.camera.take(page, "account-second-factor")
        await send(page, "/second-factor", {"code": "000000"})
        await studio.camera.take(page, "account-second-factor-refused")


async def billing(studio: Studio, page: Page) -> None:
    """The plan on trial, paid, failed and cancelled."""
    await page.goto("/dashboard/billing")
    await studio.camera.take(page, "billing-trial")
    if not await page.locator("form[action$='/billing/checkout']").count():
        return
    await send(page, "/billing/checkout")
    await page.wait_for_url("**/plan/**")
    await studio.camera.take(page, "billing-sandbox")
    await page.click("button[value=subscribe]")
    await page.wait_for_url("**/dashboard/billing*")
    await studio.camera.take(page, "billing-returned")
    for name, action in (("cancelled", "cancel"), ("resumed", "resume"), ("failed", "fail"), ("ended", "end")):
        await page.goto("/dashboard/billing")
        await send(page, "/billing/portal")
        await page.wait_for_url("**/plan/**")
        if not await page.locator(f"button[value={action}]").count():
            await studio.camera.take(page, f"billing-no-{name}")
            continue
        await page.click(f"button[value={action}]")
        await page.wait_for_url("**/dashboard/billing*")
        await asyncio.sleep(2)
        await page.reload()
        await studio.camera.take(page, f"billing-{name}")


async def team(studio: Studio) -> None:
    """A viewer and an editor: invited, accepted, and what they see."""
    shop = f"/dashboard/stores/{studio.store}"
    people = {"VIEWER": "vera@zyenta.example", "EDITOR": "edda@zyenta.example"}
    async with studio.visitor(studio.merchant()) as page:
        for role, address in people.items():
            await page.goto(f"{shop}/team")
            await send(page, "/invite", {"email": address, "role": role})
        await studio.camera.take(page, "team-invited")
    for role, address in people.items():
        async with studio.visitor() as page:
            await register(page, address.partition("@")[0].capitalize(), address)
            await page.goto(await studio.link(address, "verify"))
            await press(page, "Confirm the address")
            await page.goto(await studio.link(address, "invitation"))
            await studio.camera.take(page, f"team-{role.lower()}-invitation")
            await press(page, "Accept the invitation")
            await studio.camera.take(page, f"team-{role.lower()}-accepted")
            for path in ("", "/team", "/products", "/orders", "/settings", "/drafts", "/discounts", "/legal", "/team/activity"):  # fmt: skip
                await studio.shoot(page, f"{shop}{path}", f"team-{role.lower()}{path.replace('/', '-') or '-summary'}")
            await studio.shoot(page, "/dashboard", f"team-{role.lower()}-home")
            await studio.shoot(page, "/dashboard/team", f"team-{role.lower()}-teams")
    async with studio.visitor(studio.merchant()) as page:
        await studio.shoot(page, f"{shop}/team", "team-people")
        await studio.shoot(page, f"{shop}/team/activity", "team-activity")
