"""Passkeys: added, used alone and as a second factor, renamed and removed, over HTTP."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.merchant.account_events import PasskeyAdded, PasskeyRemoved
from gateway.app import create_app
from gateway.auth.accounts import Session
from gateway.auth.errors import PasskeyNotValid, Unauthenticated, WrongCredentials
from gateway.auth.passkeys import MOST
from gateway.auth.webauthn import Assertion, Attestation
from infra.embedded.process import free_port
from infra.web.server import guarded
from tests.integration.gateway.test_credentials import confirmed, reset_link
from tests.integration.gateway.test_second_factor import challenge, enrolled
from tests.support.browser import a_browser, a_context, photograph, serious_violations
from tests.support.fakes.authenticator import Authenticator
from tests.support.fakes.interposed import Interposed, Pause
from tests.support.mailbag import Mailbag
from tests.support.platforms.dashboard import form_of
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform
from tests.support.servers.web_server import served

ORIGIN = "https://zyenta.example"
SHOTS = os.environ.get("ZYENTA_SHOTS")
"""A folder for screenshots to look at; none are taken without it."""
ERRORS = "userErrors { code field }"
SECURITY = "{ security { passkeys { id name createdAt usedAt } } }"
FIELDS = {
    "beginPasskey": "options",
    "addPasskey": "done",
    "renamePasskey": "done",
    "removePasskey": "done",
    "beginPasskeyLogIn": "options",
    "logInWithPasskey": "accessToken user { id }",
}


@pytest.fixture(scope="module")
async def shared(shared_platform: Platform) -> AsyncIterator[Platform]:
    """The platform behind a public address that browsers make passkeys for."""
    deps = replace(shared_platform.deps, public_url=ORIGIN)
    app = create_app(deps)
    transport = httpx.ASGITransport(app=guarded(app))
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield replace(shared_platform, app=app, client=client, deps=deps)


@pytest.fixture
async def site(platform: Platform, shared: Platform) -> Platform:
    shared.numbers, shared.client.cookies = platform.numbers + 1000, httpx.Cookies()
    platform.numbers += 1
    return shared


@pytest.fixture
async def merchant(site: Platform) -> Merchant:
    return await site.merchant()


async def ask(site: Platform, name: str, by: Merchant | None = None, /, **input: Any) -> Any:
    # Log-ins and proofs are limited, so let time pass between them.
    site.clock.advance(timedelta(seconds=30))
    kind = name[0].upper() + name[1:] + "Input"
    query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {FIELDS[name]} {ERRORS} }} }}"
    return await site.ask(query, {"input": input}, by=by)


def code(payload: Any) -> str:
    return "".join(error["code"] for error in payload["userErrors"])


async def added(site: Platform, by: Merchant, device: Authenticator | None = None) -> Authenticator:
    """Add a passkey of a device and return the device."""
    device = device or Authenticator(ORIGIN)
    begun = await ask(site, "beginPasskey", by, password=PASSWORD)
    assert code(begun) == ""
    assert code(await ask(site, "addPasskey", by, name="  Phone of  Ann ", **device.create(begun["options"]))) == ""
    return device


async def logged_in(site: Platform, device: Authenticator, **changes: str) -> Any:
    begun = await ask(site, "beginPasskeyLogIn")
    return await ask(site, "logInWithPasskey", **{**device.get(begun["options"]), **changes})


async def test_a_passkey_logs_in_alone_until_it_is_removed(site: Platform, merchant: Merchant, tmp_path: Any) -> None:
    assert code(await ask(site, "beginPasskey", merchant, password="not this one")) == "WRONG_PASSWORD"
    begun = (await ask(site, "beginPasskey", merchant, password=PASSWORD))["options"]["publicKey"]
    assert begun["rp"] == {"id": "zyenta.example", "name": "Zyenta"}
    assert begun["authenticatorSelection"]["userVerification"] == "required"
    device = await added(site, merchant)
    await enrolled(site, merchant)

    begun = (await ask(site, "beginPasskeyLogIn"))["options"]["publicKey"]
    assert not begun.get("allowCredentials"), "it names no account"
    session = await logged_in(site, device)
    assert session["user"] == {"id": str(merchant.id)}, "without a code: the device asked for a finger"
    merchant.token = session["accessToken"]
    (passkey,) = (await site.ask(SECURITY, by=merchant))["passkeys"]
    assert passkey["name"] == "Phone of Ann"
    assert passkey["usedAt"] > passkey["createdAt"]

    stranger = await site.merchant()
    for name, input in (("renamePasskey", {"name": "x"}), ("removePasskey", {"password": PASSWORD})):
        refused = await ask(site, name, stranger, passkeyId=passkey["id"], **input)
        assert code(refused) == "NOT_FOUND", "of another account"
    assert code(await ask(site, "renamePasskey", merchant, passkeyId=passkey["id"], name=" ")) == "INVALID_INPUT"
    assert (await ask(site, "renamePasskey", merchant, passkeyId=passkey["id"], name="Key <b>"))["done"]
    assert (await site.ask(SECURITY, by=merchant))["passkeys"][0]["name"] == "Key <b>"
    exported = await site.ask("{ me { export } }", by=merchant)
    assert [each["name"] for each in exported["export"]["passkeys"]] == ["Key <b>"]

    refused = await ask(site, "removePasskey", merchant, passkeyId=passkey["id"], password="not this one")
    assert code(refused) == "WRONG_PASSWORD"
    assert (await ask(site, "removePasskey", merchant, passkeyId=passkey["id"], password=PASSWORD))["done"]
    assert code(await logged_in(site, device)) == "PASSKEY_NOT_VALID"

    events = [raw.decode().event async for batch in site.log.scan() for raw in batch]
    facts = [event for event in events if isinstance(event, PasskeyAdded | PasskeyRemoved)]
    assert [type(fact) for fact in facts if fact.originator_id == merchant.id] == [PasskeyAdded, PasskeyRemoved]
    subjects = [mail.subject for mail in await Mailbag(site, tmp_path).mails(merchant.email)]
    assert "A passkey was added to your account" in subjects
    assert "A passkey was removed from your account" in subjects


async def reset_before(site: Platform, tmp_path: Path) -> tuple[Merchant, Authenticator, str]:
    """Return a merchant with a passkey, its device, and the token of a mail for a new password."""
    mailbag = Mailbag(site, tmp_path)
    owner = await confirmed(site, mailbag)
    device = await added(site, owner)
    return owner, device, await reset_link(site, mailbag, owner)


@pytest.mark.parametrize(("port", "call"), [("accounts", "by_id"), ("passkeys", "use")])
async def test_a_log_in_by_passkey_does_not_outlive_a_reset_that_removes_the_passkey(
    site: Platform, tmp_path: Path, port: str, call: str
) -> None:
    owner, device, token = await reset_before(site, tmp_path)
    ports: dict[str, Any] = {name: Interposed(getattr(site.deps, name)) for name in ("accounts", "passkeys")}
    services = create_app(replace(site.deps, **ports)).state.gateway.accounts
    options = await services.passkeys.begin_log_in(token=None, address="192.0.2.7")
    got = device.get(options)
    answer = Assertion(
        credential_id=got["credentialId"],
        client_data=got["clientDataJson"],
        authenticator_data=got["authenticatorData"],
        signature=got["signature"],
    )
    pause, entering = Pause(), list[asyncio.Task[Session]]()

    async def enter() -> None:
        ports[port].after(call, pause)
        entering.append(asyncio.create_task(services.passkeys.log_in(answer, token=None, address="192.0.2.7")))
        await asyncio.wait([asyncio.create_task(pause.reached.wait()), *entering], return_when="FIRST_COMPLETED")

    # Just before the passkeys are removed: the new password counts already.
    ports["passkeys"].after("of_merchant", enter)
    await services.passwords.reset(token, password="violet lamps glow softly", address="192.0.2.8")
    assert pause.reached.is_set()
    pause.over.set()
    with pytest.raises((PasskeyNotValid, WrongCredentials)):
        await entering[0]
    assert list(await site.deps.refresh_tokens.open_sessions(owner.id, at=site.clock.now())) == []


async def test_a_passkey_that_an_ended_session_adds_is_taken_back(site: Platform, tmp_path: Path) -> None:
    """Another process trusts the look-up of the session for a second."""
    owner, _, token = await reset_before(site, tmp_path)
    services = site.app.state.gateway.accounts
    identity = await services.sessions.identity(f"Bearer {owner.token}")
    device = Authenticator(ORIGIN)
    made = device.create(await services.passkeys.begin(identity, password=PASSWORD))
    await services.passwords.reset(
        token, password="violet lamps glow softly", keep_other_ways=True, address="192.0.2.8"
    )
    answer = Attestation(client_data=made["clientDataJson"], attestation=made["attestationObject"])
    with pytest.raises(Unauthenticated):
        await services.passkeys.add(identity, answer, name="Of a stranger")
    assert [each.name for each in await site.deps.passkeys.of_merchant(owner.id)] == ["Phone of Ann"]


async def test_a_passkey_of_the_account_replaces_the_code_of_a_log_in(site: Platform, merchant: Merchant) -> None:
    device, other = await added(site, merchant), await site.merchant()
    foreign = await added(site, other)
    await enrolled(site, merchant)
    token = await challenge(site, merchant)
    begun = await ask(site, "beginPasskeyLogIn", secondFactorToken=token)
    assert len(begun["options"]["publicKey"]["allowCredentials"]) == 1
    # A passkey of another account, an answer for a log-in by a passkey alone, and one that names no first step.
    mixed = {**begun["options"]["publicKey"], "allowCredentials": []}
    answer = await ask(site, "logInWithPasskey", secondFactorToken=token, **foreign.get({"publicKey": mixed}))
    assert code(answer) == "PASSKEY_NOT_VALID"
    alone = await ask(site, "beginPasskeyLogIn")
    answer = await ask(site, "logInWithPasskey", secondFactorToken=token, **device.get(alone["options"]))
    assert code(answer) == "PASSKEY_NOT_VALID"
    begun = await ask(site, "beginPasskeyLogIn", secondFactorToken=token)
    assert code(await ask(site, "logInWithPasskey", **device.get(begun["options"]))) == "PASSKEY_NOT_VALID"
    begun = await ask(site, "beginPasskeyLogIn", secondFactorToken=token)
    session = await ask(site, "logInWithPasskey", secondFactorToken=token, **device.get(begun["options"]))
    assert session["user"] == {"id": str(merchant.id)}
    assert code(await ask(site, "beginPasskeyLogIn", secondFactorToken=token + "x")) == "CHALLENGE_NOT_VALID"


async def test_an_answer_counts_once_in_time_at_this_site_by_the_person_and_the_device(
    site: Platform, merchant: Merchant
) -> None:
    device = await added(site, merchant)
    begun = await ask(site, "beginPasskeyLogIn")
    answer = device.get(begun["options"])
    assert code(await ask(site, "logInWithPasskey", **answer)) == ""
    assert code(await ask(site, "logInWithPasskey", **answer)) == "PASSKEY_NOT_VALID", "once"
    late = device.get((await ask(site, "beginPasskeyLogIn"))["options"])
    site.clock.advance(timedelta(minutes=5))
    assert code(await ask(site, "logInWithPasskey", **late)) == "PASSKEY_NOT_VALID", "in time"
    for origin in ("https://zyenta.example.evil.example", "https://shop.zyenta.example", "http://zyenta.example"):
        device.origin = origin
        assert code(await logged_in(site, device)) == "PASSKEY_NOT_VALID", origin
    device.origin, device.verifies = ORIGIN, False
    assert code(await logged_in(site, device)) == "PASSKEY_NOT_VALID", "without the person"
    device.verifies = True
    other = await added(site, await site.merchant())
    (id,) = other.keys
    stolen = replace(device, keys={id: next(iter(device.keys.values()))})
    assert code(await logged_in(site, stolen)) == "PASSKEY_NOT_VALID", "another one's key"
    assert code(await logged_in(site, device)) == ""
    device.count -= 5
    assert code(await logged_in(site, device)) == "PASSKEY_NOT_VALID", "a copy of the device counts from where it was"


async def test_a_device_that_does_not_count_is_welcome_and_an_account_has_a_bounded_number(
    site: Platform, merchant: Merchant
) -> None:
    device = Authenticator(ORIGIN, counts=False)
    await added(site, merchant, device)
    for _ in range(2):
        assert code(await logged_in(site, device)) == ""
    begun = await ask(site, "beginPasskey", merchant, password=PASSWORD)
    made = device.create(begun["options"])
    assert code(await ask(site, "addPasskey", await site.merchant(), name="x", **made)) == "PASSKEY_NOT_VALID"
    (first,) = await site.deps.passkeys.of_merchant(merchant.id)
    more = [replace(first, id=uuid4(), credential_id=bytes([number])) for number in range(MOST)]
    stored = [await site.deps.passkeys.add(each, most=MOST) for each in more]
    assert stored == [True] * (MOST - 1) + [False]
    assert code(await ask(site, "beginPasskey", merchant, password=PASSWORD)) == "TOO_MANY_PASSKEYS"


@pytest.mark.parametrize("part", ["clientDataJson", "attestationObject"])
async def test_a_broken_answer_adds_nothing(site: Platform, merchant: Merchant, part: str) -> None:
    device = Authenticator(ORIGIN)
    for broken in ("", "!", "AA", "e30", "W10", "x" * 30_000, "\u0000", "ü"):
        begun = await ask(site, "beginPasskey", merchant, password=PASSWORD)
        answer = {**device.create(begun["options"]), part: broken}
        assert code(await ask(site, "addPasskey", merchant, name="x", **answer)) == "PASSKEY_NOT_VALID", broken
    begun = await ask(site, "beginPasskey", merchant, password=PASSWORD)
    whole = device.create(begun["options"])[part]
    for end in (40, 80, 120, len(whole) - 4):
        begun = await ask(site, "beginPasskey", merchant, password=PASSWORD)
        answer = {**device.create(begun["options"]), part: whole[:end]}
        assert code(await ask(site, "addPasskey", merchant, name="x", **answer)) == "PASSKEY_NOT_VALID", end
    assert (await site.ask(SECURITY, by=merchant))["passkeys"] == []


async def test_no_passkeys_are_offered_at_an_address_that_browsers_make_none_for(
    platform: Platform, owner: Merchant
) -> None:
    assert await platform.ask("{ passkeysOffered }") is False
    assert code(await ask(platform, "beginPasskey", owner, password=PASSWORD)) == "PASSKEYS_NOT_OFFERED"
    assert code(await ask(platform, "beginPasskeyLogIn")) == "PASSKEYS_NOT_OFFERED"
    assert "passkey.js" not in (await platform.client.get("/dashboard/log-in")).text


async def test_the_dashboard_adds_a_passkey_and_logs_in_by_it(site: Platform, merchant: Merchant) -> None:
    device, security = Authenticator(ORIGIN), "/dashboard/account/security"

    async def post(path: str, page: str, fields: Mapping[str, str], form: str | None = None) -> httpx.Response:
        hidden = form_of((await site.client.get(page)).text, form or path)
        headers = {"origin": ORIGIN}
        return await site.client.post(path, data={**hidden, **fields}, headers=headers)

    entered = await post("/dashboard/log-in", "/dashboard/log-in", {"email": merchant.email, "password": PASSWORD})
    assert entered.status_code == 303, entered.text
    passkeys = f"{security}/passkeys"
    refused = await post(f"{passkeys}/begin", security, {"password": "wrong"}, passkeys)
    assert refused.status_code == 422
    assert "password" in refused.json()["message"]
    begun = await post(f"{passkeys}/begin", security, {"password": PASSWORD}, passkeys)
    fields = {"name": "Key <script>", **device.create(json.loads(begun.text))}
    assert (await post(passkeys, security, fields)).status_code == 303
    shown = (await site.client.get(security)).text
    assert "Key &lt;script&gt;" in shown
    assert "Never used." in shown
    site.client.cookies.clear()
    page = "/dashboard/log-in"
    begun = await post(f"{page}/passkey/begin", page, {}, f"{page}/passkey")
    answer = device.get(json.loads(begun.text))
    entered = await post(f"{page}/passkey", page, answer)
    assert entered.status_code == 303, entered.text
    again = await site.client.post(f"{page}/passkey", data={}, headers={"origin": ORIGIN})
    assert again.status_code == 403, "without a token of the form"
    shown = (await site.client.get(security)).text
    assert "Last used" in shown
    (id,) = [each["id"] for each in (await site.ask(SECURITY, by=merchant))["passkeys"]]
    gone = await post(f"{passkeys}/remove", security, {"passkey": id, "password": PASSWORD})
    assert gone.status_code == 303
    assert "Key &lt;script&gt;" not in (await site.client.get(security)).text


@pytest.mark.long
async def test_a_browser_adds_a_passkey_and_logs_in_by_it_alone_and_as_second_factor(platform: Platform) -> None:
    """Chromium makes and signs with a virtual device, so what this project's own one writes is not the judge."""
    port = free_port()
    deps = replace(platform.deps, public_url=f"http://localhost:{port}")
    owner = await platform.merchant()
    site = replace(platform, app=create_app(deps), deps=deps)
    async with (
        served(site.app, port=port),
        a_browser() as browser,
        await a_context(browser, base_url=deps.public_url) as context,
    ):
        page = await context.new_page()
        refused: list[str] = []
        page.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
        devices = await context.new_cdp_session(page)
        await devices.send("WebAuthn.enable")
        device = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        await devices.send("WebAuthn.addVirtualAuthenticator", {"options": device})

        async def log_in() -> None:
            await page.fill("[name=email]", owner.email)
            await page.fill("[name=password]", PASSWORD)
            await page.get_by_role("button", name="Log in", exact=True).click()

        async def out() -> None:
            await page.get_by_role("button", name="Log out", exact=True).click()
            await page.wait_for_url("**/dashboard/log-in")

        await page.goto("/dashboard/log-in?next=/dashboard/account/security")
        assert await serious_violations(page) == []
        await log_in()
        await page.fill("#passkey-name", "This computer")
        await page.fill("#passkey-password", "not this one")
        await page.get_by_role("button", name="Add a passkey").click()
        await page.get_by_text("is not this account's password").wait_for()
        await page.fill("#passkey-password", PASSWORD)
        await page.get_by_role("button", name="Add a passkey").click()
        await page.get_by_text("The passkey is added").wait_for()
        assert await serious_violations(page) == []
        if SHOTS:
            await photograph(page, Path(SHOTS), "security-with-a-passkey")
        # The device has one, and says so itself.
        await page.fill("#passkey-name", "Again")
        await page.fill("#passkey-password", PASSWORD)
        await page.get_by_role("button", name="Add a passkey").click()
        await page.get_by_text("This device has a passkey of your account already").wait_for()
        await out()
        await page.get_by_role("button", name="Log in with a passkey").click()
        await page.wait_for_url("**/dashboard/stores/new")
        await enrolled(platform, owner)
        await out()
        await log_in()
        await page.get_by_label("Code").wait_for()
        assert await serious_violations(page) == []
        if SHOTS:
            await photograph(page, Path(SHOTS), "second-factor-with-a-passkey")
        await page.get_by_role("button", name="Use a passkey instead").click()
        await page.wait_for_url("**/dashboard/stores/new")
        assert refused == []
