"""Five attacks on accounts that other shops published in 2026, each over real HTTP. The storefront's part of the fourth is in
``tests/integration/storefront/test_open_orders.py``.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from commands.order import RecordPayment
from domain.merchant.account_events import SignInProvider
from domain.money import Money
from domain.team.roles import KeyScope, Role
from tests.integration.gateway.test_queries import an_order
from tests.integration.gateway.test_team import codes, joined, mutate
from tests.support.forgeries import forged
from tests.support.mailbag import Mailbag
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform
from tests.support.servers.web_server import served

REGISTER = (
    "mutation ($input: RegisterInput!) { register(input: $input) { accessToken user { id } userErrors { code } } }"
)
LOG_IN = "mutation ($input: LogInInput!) { logIn(input: $input) { user { id } userErrors { code } } }"
FORGOT = (
    "mutation ($input: PasswordResetRequestInput!) { requestPasswordReset(input: $input) { done userErrors { code } } }"
)


@pytest.fixture
async def site(platform: Platform) -> AsyncIterator[Platform]:
    """The platform behind a socket."""
    async with (
        served(platform.app) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        wire = replace(platform, client=client)
        yield wire
        platform.numbers = wire.numbers


async def paid_order(site: Platform, owner: Merchant) -> UUID:
    id = await an_order(site, owner, await site.stocked_store(owner))
    await site.send(RecordPayment(order_id=id, paid=Money(minor=5800), fee=Money(minor=290), intent_id=f"pi_{id}"))
    return id


async def test_registering_over_the_address_of_a_provider_s_account(site: Platform, tmp_path: Path) -> None:
    mailbag, address, accounts = Mailbag(site, tmp_path), f"{uuid4().hex}@example.com", site.app.state.gateway.accounts
    owner = await accounts.authenticator.open_without_password(uuid4(), email=address, name="Ann")
    await accounts.addresses.claim(owner, address, id=uuid4())
    await site.deps.sign_ins.link(owner.merchant_id, SignInProvider.GITHUB, "subject-1", at=site.clock.now())
    site.clock.advance(timedelta(minutes=11))
    made = await site.ask(REGISTER, {"input": {"email": address.upper(), "password": PASSWORD}})
    assert made["user"]["id"] != str(owner.merchant_id), "a new account, which does not own the address"
    (newest, *_) = await mailbag.mails(address.upper())
    assert "token=" not in newest.text, "the owner's mailbox gets no link that would hand the address over"
    entered = await site.ask(LOG_IN, {"input": {"email": address, "password": PASSWORD}})
    assert entered["user"]["id"] == made["user"]["id"], "the password opens the stranger's own account only"
    assert await site.deps.sign_ins.owner(SignInProvider.GITHUB, "subject-1") == owner.merchant_id
    found = await site.deps.accounts.claimant(address)
    assert found is not None
    assert (found.merchant_id, found.password_hash) == (owner.merchant_id, None)


async def test_rotating_a_key_into_a_stronger_one(site: Platform) -> None:
    owner = await site.merchant()
    weak = await mutate(
        site, owner, "createApiKey", {"name": "Weak", "scopes": ["READ"], "password": PASSWORD}, "apiKey { id } token"
    )
    strong = await mutate(
        site, owner, "createApiKey", {"name": "All", "scopes": [*KeyScope], "password": PASSWORD}, "apiKey { id } token"
    )
    key = Merchant(id=owner.id, email="", token=weak["token"], refresh_token="")
    for target, scopes in ((weak, [*KeyScope]), (strong, ["READ"]), (strong, None)):
        id = target["apiKey"]["id"]
        query = "mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { token userErrors { code } } }"
        answer = await site.post(query, {"input": {"keyId": id, "scopes": scopes, "password": PASSWORD}}, by=key)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", "a key rotates no key"
        response = await site.call(
            "POST", f"/api-keys/{id}/rotate", by=key, json={"scopes": scopes, "password": PASSWORD}
        )
        assert response.status_code == 403
    more = {"keyId": weak["apiKey"]["id"], "scopes": [*KeyScope], "password": PASSWORD}
    assert codes(await mutate(site, owner, "rotateApiKey", more)) == ["INVALID_INPUT"], "nor does its maker, into more"
    assert await site.ask("{ me { id } }", by=key) == {"id": str(owner.id)}, "the key is as it was"


async def test_refunding_across_tenants(site: Platform) -> None:
    victim, attacker = await site.merchant(), await site.merchant()
    order_id = await paid_order(site, victim)
    await paid_order(site, attacker)
    made = await mutate(
        site, attacker, "createApiKey", {"name": "All", "scopes": [*KeyScope], "password": PASSWORD}, "token"
    )
    key = Merchant(id=attacker.id, email="", token=made["token"], refresh_token="")
    before = await site.log.last_position()
    for by in (attacker, key):
        for name, input in (
            ("refundOrder", {"amount": "1.00"}),
            ("cancelOrder", {}),
            ("refundHeldOrder", {}),
            ("fulfilOrder", {}),
        ):
            assert codes(await mutate(site, by, name, {"orderId": str(order_id), **input})) == ["NOT_FOUND"], name
        response = await site.call("POST", f"/orders/{order_id}/refunds", by=by, json={"amount": "1.00"})
        assert response.status_code == 404
    assert await site.log.last_position() == before


async def test_editing_an_order_without_log_in(site: Platform) -> None:
    owner = await site.merchant()
    draft = await an_order(site, owner, await site.stocked_store(owner))
    before = await site.log.last_position()
    unpaid: dict[str, dict[str, Any]] = {
        "cancelOrder": {},
        "fulfilOrder": {"trackingNumber": "1"},
        "refundOrder": {},
        "markOrderDelivered": {"deliveredOn": "2026-11-23"},
    }
    for name, input in unpaid.items():
        kind = name[0].upper() + name[1:] + "Input"
        query = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
        for headers in ({}, {"authorization": "Bearer"}, {"cookie": f"cart={draft}; zyenta_access={owner.token}"}):
            answer = await site.post(query, {"input": {"orderId": str(draft), **input}}, headers=headers)
            assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", name
    for method, path in (("POST", "cancel"), ("POST", "fulfil"), ("POST", "refunds"), ("GET", ""), ("PATCH", "")):
        response = await site.call(method, f"/orders/{draft}/{path}".rstrip("/"), json={})
        assert response.status_code in {401, 405}, path
    assert await site.log.last_position() == before


async def test_a_delegate_resetting_the_owner(site: Platform, tmp_path: Path) -> None:
    mailbag, owner = Mailbag(site, tmp_path), await site.merchant()
    link = await mailbag.token(owner.email)
    confirm = "mutation ($input: ConfirmEmailInput!) { confirmEmail(input: $input) { done } }"
    assert (await site.ask(confirm, {"input": {"token": link}}, by=owner))["done"]
    editor = await joined(site, owner, await site.store(owner), Role.EDITOR)
    site.clock.advance(timedelta(minutes=11))
    assert (await site.ask(FORGOT, {"input": {"email": owner.email}}, by=editor))["done"]
    await site.app.state.gateway.accounts.close()
    reset = await mailbag.token(owner.email)
    assert all("new password" not in mail.subject for mail in await mailbag.mails(editor.email)), "not to the delegate"
    wrong = {"password": "violet lamps glow softly"}
    query = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { done userErrors { code } } }"
    for token in (link, forged(reset), str(owner.id)):
        answer = await site.ask(query, {"input": {"token": token, **wrong}}, by=editor)
        assert [error["code"] for error in answer["userErrors"]] == ["LINK_NOT_VALID"]
    for name, input in (("changePassword", {"currentPassword": PASSWORD, "newPassword": wrong["password"]}),):
        # With the editor's session, the only account that it can change is the editor's.
        assert codes(await mutate(site, editor, name, input)) == []
    entered = await site.ask(LOG_IN, {"input": {"email": owner.email, "password": PASSWORD}})
    assert entered["user"]["id"] == str(owner.id), "the owner's password is the one before"
