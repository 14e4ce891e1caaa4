"""Photographs what the dashboard connects to: Stripe, suppliers, Google, GitHub, passkeys.

``make screenshots OF=connections OUT=DIRECTORY``. It runs ``zyenta up`` in front of the tests' stateful Stripe and of emulate,
and brings each connection into each of its states: none, on the way, there, restricted with reasons, refused, ended.
"""

import argparse
import asyncio
import re
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Route

from infra.clock import SystemClock
from infra.web.http_clients import in_house_client
from tests.support.browser import a_browser
from tests.support.platforms.up import NO_PROXY_THERE, SERVES, data_directory, environment_of, output_of_up
from tests.support.screenshots.camera import Camera
from tests.support.screenshots.studio import PASSWORD, Studio, press, register, send
from tests.support.servers.emulate import ADA, CLIENT_ID, EVE, emulated
from tests.support.servers.emulate import SECRET as OAUTH_SECRET
from tests.support.servers.stripe import SECRET, StripeServer
from tests.support.servers.web_server import served

INTEGRATIONS, SECURITY = "/dashboard/integrations", "/dashboard/account/security"
DEVICE = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
KEY = "rk_test_of_the_merchant"
STANDINGS: Mapping[str, dict[str, Any]] = {
    "questions": {"details_submitted": False, "requirements": {"currently_due": ["business_profile.url", "external_account", "tos_acceptance.date", "representative.first_name"], "disabled_reason": "requirements.past_due"}},
    "checking": {"details_submitted": True, "requirements": {"currently_due": [], "disabled_reason": "requirements.pending_verification"}},
    "ready": {"details_submitted": True, "charges_enabled": True, "payouts_enabled": True, "requirements": {}},
    "more": {"details_submitted": True, "charges_enabled": True, "payouts_enabled": False, "requirements": {"currently_due": ["individual.verification.document", "some.new_requirement"]}},
    "rejected": {"details_submitted": True, "charges_enabled": False, "payouts_enabled": False, "requirements": {"disabled_reason": "rejected.fraud"}},
}  # fmt: skip
"""What Stripe says of an account, by the name of its picture."""


@dataclass(slots=True)
class Connections(Studio):
    """A studio whose platform has companies to connect to."""

    stripe: StripeServer

    @asynccontextmanager
    async def newcomer(self, name: str) -> AsyncIterator[Page]:
        """Open a browser's page with a new account, whose address is confirmed."""
        async with self.visitor() as page:
            await page.context.route(re.compile(r"https://[a-z.]+\.stripe\.com/"), _hosted)
            await register(page, name.capitalize(), f"{name}@zyenta.example")
            await page.goto(await self.link(f"{name}@zyenta.example", "verify"))
            await press(page, "Confirm the address")
            yield page

    @asynccontextmanager
    async def bad_day(self) -> AsyncIterator[None]:
        """Let Stripe fail, however often it is asked."""

        async def fail() -> None:
            while True:
                self.stripe.failing = 503
                await asyncio.sleep(0.01)

        failing = asyncio.create_task(fail())
        try:
            yield
        finally:
            failing.cancel()
            self.stripe.failing = 0

    async def tell(self, type: str, account_id: str, object: dict[str, Any]) -> None:
        """Deliver a signed webhook about an account."""
        body = self.stripe.webhook(type, object, account=account_id)
        headers = {"stripe-signature": self.stripe.sign(body)}
        async with in_house_client() as client:
            answer = await client.post(f"{self.gateway}/webhooks/payments/stripe", content=body, headers=headers)
            assert answer.is_success, answer.text


async def _hosted(route: Route) -> None:
    """Stand in for a page of Stripe's own."""
    await route.fulfill(body=f"<title>Stripe</title><p>{route.request.url}", content_type="text/html")


async def stripe_account(studio: Connections) -> None:
    """An account opened through the platform, from the first question to the end."""
    async with studio.newcomer("opener") as page:
        await studio.shoot(page, INTEGRATIONS, "stripe-none")
        await studio.shoot(page, "/dashboard/stores/new/payments?niche=dog+toys", "stripe-wizard-none")
        await page.goto(INTEGRATIONS)
        async with studio.bad_day():
            await send(page, "/stripe/connect")
        await studio.camera.take(page, "stripe-away", dialogs=False)
        await page.route("**/stripe/connect", _stay)
        await page.goto(INTEGRATIONS)
        await send(page, "/stripe/connect")
        await studio.camera.take(page, "stripe-leaving", dialogs=False)
        account_id = next(reversed(studio.stripe.accounts))
        for name, standing in STANDINGS.items():
            studio.stripe.accounts[account_id] |= {"charges_enabled": False, "payouts_enabled": False} | standing
            await page.goto(f"{INTEGRATIONS}/stripe/return")
            await studio.camera.take(page, f"stripe-{name}")
            await studio.shoot(page, "/dashboard/stores/new/payments?niche=dog+toys", f"stripe-wizard-{name}")
        studio.stripe.accounts[account_id] |= STANDINGS["ready"]
        await page.goto(f"{INTEGRATIONS}/stripe/return")
        now = int(time.time())
        for number, (status, failure) in enumerate((("paid", None), ("failed", "account_closed"))):
            payout = {"id": f"po_{number}", "object": "payout", "amount": 12_345, "currency": "usd", "status": status, "arrival_date": now, "failure_code": failure, "failure_message": None}  # fmt: skip
            studio.stripe.payouts[str(payout["id"])] = payout
            await studio.tell(f"payout.{status}", account_id, payout)
        await asyncio.sleep(3)
        await studio.shoot(page, INTEGRATIONS, "stripe-payouts")
        await send(page, "/stripe/disconnect")
        await studio.camera.take(page, "stripe-disconnected", dialogs=False)


async def _stay(route: Route) -> None:
    """Keep a page that leads away on the screen."""
    answer = await route.fetch()
    body = re.sub(r'<meta http-equiv="refresh"[^>]*>', "", await answer.text())
    await route.fulfill(response=answer, body=body)


async def own_accounts(studio: Connections) -> None:
    """An account that the merchant has already: linked, and by a key."""
    async with studio.newcomer("linker") as page:
        await page.goto(INTEGRATIONS)
        await send(page, "/stripe/link")
        await page.wait_for_url("https://connect.stripe.com/**")
        state = re.findall(r"state=([^&]+)", page.url)[0]
        back = f"{INTEGRATIONS}/stripe/linked?state={state}"
        await studio.shoot(page, f"{back}&error=access_denied", "stripe-link-denied")
        await page.goto(INTEGRATIONS)
        await send(page, "/stripe/link")
        await page.wait_for_url("https://connect.stripe.com/**")
        state = re.findall(r"state=([^&]+)", page.url)[0]
        studio.stripe.accounts["acct_linked"] = {"id": "acct_linked", "object": "account"} | STANDINGS["ready"]
        studio.stripe.codes["ac_1"] = {"stripe_user_id": "acct_linked", "livemode": False, "scope": "read_write", "token_type": "bearer", "access_token": "sk_test_of_the_merchant", "refresh_token": "rt_1"}  # fmt: skip
        await studio.shoot(page, f"{INTEGRATIONS}/stripe/linked?state={state}&code=ac_1", "stripe-linked")
        await studio.shoot(page, f"{INTEGRATIONS}/stripe/linked?state={state}&code=ac_1", "stripe-link-again")
    async with studio.newcomer("keeper") as page:
        for name, key in (("wrong", "sk_test_everything"), ("live", "rk_live_key"), ("unknown", "rk_test_unknown")):
            await page.goto(INTEGRATIONS)
            await send(page, "/stripe/key", {"secretKey": key})
            await studio.camera.take(page, f"stripe-key-{name}", dialogs=False)
        studio.stripe.accounts["acct_own"] = {"id": "acct_own", "object": "account"} | STANDINGS["ready"]
        studio.stripe.keys[KEY] = ("acct_own", frozenset({"refunds", "webhook_endpoints"}))
        await page.goto(INTEGRATIONS)
        await send(page, "/stripe/key", {"secretKey": KEY})
        await studio.camera.take(page, "stripe-key-narrow", dialogs=False)
        studio.stripe.keys[KEY] = ("acct_own", frozenset())
        await page.goto(INTEGRATIONS)
        await send(page, "/stripe/key", {"secretKey": KEY})
        await studio.camera.take(page, "stripe-key-used")
        del studio.stripe.keys[KEY]
        await send(page, "/stripe/check")
        await studio.camera.take(page, "stripe-key-revoked")


async def suppliers(studio: Connections) -> None:
    """The sample supplier: connected, disconnected, and in the wizard."""
    async with studio.newcomer("buyer") as page:
        wizard = "/dashboard/stores/new/suppliers?niche=dog+toys"
        await studio.shoot(page, wizard, "supplier-wizard-none")
        await send(page, "/new/suppliers", {"provider": "SAMPLE"})
        await studio.camera.take(page, "supplier-wizard-connected")
        await studio.shoot(page, INTEGRATIONS, "supplier-connected")
        await send(page, "/suppliers/SAMPLE/disconnect")
        await studio.camera.take(page, "supplier-disconnected")


async def sign_ins(studio: Connections) -> None:
    """Log-ins by Google and GitHub: first, denied, without a session, linked and removed."""
    for provider, person in (("github", EVE), ("google", ADA)):
        async with studio.visitor() as page:
            await page.goto("/dashboard/log-in")
            await studio.camera.take(page, f"sign-in-{provider}-begin", dialogs=False)
            await page.route(f"**/dashboard/sign-in/{provider}", _stay)
            await send(page, f"/sign-in/{provider}")
            await studio.camera.take(page, f"sign-in-{provider}-leaving", dialogs=False)
            await page.locator("main a.button").click()
            await page.locator(f"button:has-text('{person if provider == 'google' else 'eve'}')").first.click()
            await page.wait_for_url("**/dashboard/**")
            await studio.camera.take(page, f"sign-in-{provider}-first", dialogs=False)
            await studio.shoot(page, SECURITY, f"sign-in-{provider}-security")
            await send(page, f"/sign-ins/{provider}/remove", {"password": ""})
            await studio.camera.take(page, f"sign-in-{provider}-last-way", dialogs=False)
            await studio.shoot(page, "/dashboard/account/profile", f"sign-in-{provider}-profile")
    async with studio.newcomer("another") as page:
        await page.goto(SECURITY)
        await studio.camera.take(page, "sign-in-none-linked")
        await send(page, "/sign-ins/github", {"password": "wrong"})
        await studio.camera.take(page, "sign-in-link-refused", dialogs=False)
        await page.goto(SECURITY)
        await send(page, "/sign-ins/github", {"password": PASSWORD})
        await page.locator("button:has-text('eve')").first.click()
        await page.wait_for_url("**/dashboard/**")
        await studio.camera.take(page, "sign-in-link-taken", dialogs=False)
    async with studio.visitor() as page:
        await page.goto("/dashboard/log-in")
        await page.route("**/dashboard/sign-in/google", _stay)
        await send(page, "/sign-in/google")
        leaving = await page.locator("main a.button").get_attribute("href") or ""
        (state,) = re.findall(r"[?&]state=([^&]+)", leaving)
        back = "/dashboard/sign-in/google/back"
        await studio.shoot(page, f"{back}?error=access_denied&state={state}", "sign-in-denied")
        await studio.shoot(page, f"{back}?code=void&state=void", "sign-in-late")


async def passkeys(studio: Connections) -> None:
    """Passkeys: added, refused, renamed, used for a log-in, removed."""
    async with studio.newcomer("keyholder") as page:
        devices = await page.context.new_cdp_session(page)
        await devices.send("WebAuthn.enable")
        await devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        await studio.shoot(page, SECURITY, "passkey-none")
        for name, password in (("refused", "wrong"), ("added", PASSWORD)):
            await page.goto(SECURITY)
            await page.fill("#passkey-name", "This computer")
            await page.fill("#passkey-password", password)
            await page.get_by_role("button", name="Add a passkey").click()
            await page.locator("text=Never used" if name == "added" else "text=password").first.wait_for()
            await page.wait_for_timeout(1500)
            await studio.camera.take(page, f"passkey-{name}")
        await page.goto(SECURITY)
        await page.fill("#passkey-name", "The same again")
        await page.fill("#passkey-password", PASSWORD)
        await page.get_by_role("button", name="Add a passkey").click()
        await page.wait_for_timeout(2500)
        await studio.camera.take(page, "passkey-again", dialogs=False)
        await page.goto("/dashboard")
        await page.locator(".top button:text-is('Log out')").click()
        await page.wait_for_url("**/log-in*")
        await studio.camera.take(page, "passkey-log-in", dialogs=False)
        await page.get_by_role("button", name="Log in with a passkey").click()
        await page.wait_for_url(re.compile(r"/dashboard(?!/log-in)"))
        await studio.shoot(page, SECURITY, "passkey-used")
        await send(page, "/passkeys/remove", {"password": "wrong"})
        await studio.camera.take(page, "passkey-remove-refused", dialogs=False)
        await page.goto(SECURITY)
        await send(page, "/passkeys/remove", {"password": PASSWORD})
        await studio.camera.take(page, "passkey-removed", dialogs=False)


SECTIONS: Mapping[str, Callable[[Connections], Awaitable[None]]] = {
    each.__name__.replace("_", "-"): each for each in (stripe_account, own_accounts, suppliers, sign_ins, passkeys)
}


@asynccontextmanager
async def connected_studio(browser: Browser, folder: Path) -> AsyncIterator[Connections]:
    """Run a platform in front of the tests' Stripe and emulate."""
    stripe = StripeServer(SystemClock())
    with data_directory() as data_dir:
        environment = environment_of(data_dir)
        gateway = f"http://localhost:{environment['ZYENTA_GATEWAY_PORT']}"
        async with (
            served(stripe.app()) as port,
            emulated(data_dir.parent, callback=f"{gateway}/dashboard/sign-in/{{provider}}/back") as providers,
        ):
            oauth = {f"{name}_CLIENT_{what}": value for name in ("GITHUB", "GOOGLE") for what, value in (("ID", CLIENT_ID), ("SECRET", OAUTH_SECRET))}  # fmt: skip
            companies = {
                "STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_CLIENT_ID": "ca_1",
                "STRIPE_API_BASE": f"http://127.0.0.1:{port}", "GOOGLE_ISSUER": providers.google,
                "GITHUB_SITE": providers.github, "GITHUB_API": providers.github,
            }  # fmt: skip
            # These companies are on this machine, so calls to them take no proxy.
            direct = dict.fromkeys(NO_PROXY_THERE, "")
            more = {"ZYENTA_GATEWAY_URL": gateway, "ZYENTA_RATE_FACTOR": "0"}
            settings = {**environment, **direct, **oauth, **companies, **more}
            async with output_of_up(settings, until=SERVES):
                yield Connections(browser, Camera(folder), data_dir, gateway, "", "", "", "", stripe)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", choices=SECTIONS, default=list(SECTIONS))
    options = parser.parse_args()
    async with a_browser() as browser, connected_studio(browser, options.out) as studio:
        for name in options.only:
            try:
                await SECTIONS[name](studio)
            except Exception:  # noqa: BLE001 - the other sections are photographed all the same
                traceback.print_exc()
        print("\n".join([f"{len(studio.camera.taken)} pages", *studio.camera.faults]))  # noqa: T201 - a tool


if __name__ == "__main__":
    asyncio.run(main())
