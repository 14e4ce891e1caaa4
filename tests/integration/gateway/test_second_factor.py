"""The second factor: set up, asked for at a log-in, replaced by recovery codes, and removed."""

import base64
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from domain.kernel import DomainEvent
from domain.merchant.account_events import (
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SecondFactor,
    SecondFactorDisabled,
    SecondFactorEnabled,
)
from domain.merchant.account_events import SignInProvider as Provider
from gateway.auth.errors import WrongCredentials
from gateway.auth.fresh_proof import FRESH_FOR
from tests.support.forgeries import forged
from tests.support.platforms.dashboard import a_dashboard, form_of
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform

ERRORS = "userErrors { code field }"
LOG_IN = f"mutation ($input: LogInInput!) {{ logIn(input: $input) {{ accessToken secondFactorToken {ERRORS} }} }}"
COMPLETE = f"mutation ($input: CompleteLogInInput!) {{ completeLogIn(input: $input) {{ accessToken {ERRORS} }} }}"
BEGIN = f"mutation ($input: BeginTotpInput!) {{ beginTotp(input: $input) {{ secret uri qrSvg {ERRORS} }} }}"
CONFIRM = f"mutation ($input: ConfirmTotpInput!) {{ confirmTotp(input: $input) {{ recoveryCodes {ERRORS} }} }}"
DISABLE = f"mutation ($input: DisableTotpInput!) {{ disableTotp(input: $input) {{ done {ERRORS} }} }}"
NEW_CODES = (
    f"mutation ($input: MakeRecoveryCodesInput!) {{ makeRecoveryCodes(input: $input) {{ recoveryCodes {ERRORS} }} }}"
)
CHANGE_EMAIL = f"mutation ($input: ChangeEmailInput!) {{ changeEmail(input: $input) {{ {ERRORS} }} }}"
CHANGE_PASSWORD = f"mutation ($input: ChangePasswordInput!) {{ changePassword(input: $input) {{ {ERRORS} }} }}"
UNLINK = f"mutation ($input: UnlinkSignInInput!) {{ unlinkSignIn(input: $input) {{ {ERRORS} }} }}"
LINK = f"mutation ($input: BeginSignInLinkInput!) {{ beginSignInLink(input: $input) {{ {ERRORS} }} }}"
REMOVE_PASSKEY = f"mutation ($input: RemovePasskeyInput!) {{ removePasskey(input: $input) {{ {ERRORS} }} }}"
DELETE = f"mutation ($input: DeleteAccountInput!) {{ deleteAccount(input: $input) {{ {ERRORS} }} }}"
SECURITY = "{ security { hasTotp recoveryCodesLeft } }"


def code_of(platform: Platform, secret: str, *, steps: int = 0) -> str:
    """Return what an authenticator app shows now, or some half minutes later."""
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    return totp.generate(int(platform.clock.now().timestamp()) + 30 * steps).decode()


async def ask(platform: Platform, query: str, by: Merchant | None = None, **input: Any) -> Any:
    return await platform.ask(query, {"input": input}, by=by)


async def challenge(platform: Platform, owner: Merchant) -> str:
    platform.clock.advance(timedelta(minutes=6))
    answer = await ask(platform, LOG_IN, email=owner.email, password=PASSWORD)
    assert answer["accessToken"] is None
    token: str = answer["secondFactorToken"]
    return token


async def complete(platform: Platform, token: str, code: str) -> str:
    """Return the code of the refusal; empty if there is a session."""
    answer = await ask(platform, COMPLETE, token=token, code=code)
    assert (answer["accessToken"] is None) is bool(answer["userErrors"])
    return "".join(error["code"] for error in answer["userErrors"])


async def enrolled(platform: Platform, owner: Merchant) -> tuple[str, list[str]]:
    """Turn the second factor on and return secret and recovery codes."""
    begun = await ask(platform, BEGIN, owner, password=PASSWORD)
    assert begun["uri"].startswith("otpauth://totp/Zyenta:")
    assert begun["qrSvg"].startswith("<svg ")
    confirmed = await ask(platform, CONFIRM, owner, code=code_of(platform, begun["secret"]))
    return begun["secret"], confirmed["recoveryCodes"]


async def test_a_log_in_needs_each_code_once_from_the_first_confirmed_code_on(
    platform: Platform, owner: Merchant
) -> None:
    wrong = await ask(platform, BEGIN, owner, password="not this one")
    assert wrong["userErrors"] == [{"code": "WRONG_PASSWORD", "field": "password"}]
    begun = await ask(platform, BEGIN, owner, password=PASSWORD)
    # Nothing is asked before a first code, so a secret that no app has locks no person out.
    assert (await ask(platform, LOG_IN, email=owner.email, password=PASSWORD))["accessToken"]
    assert (await ask(platform, CONFIRM, owner, code="000000"))["userErrors"] == [
        {"code": "WRONG_CODE", "field": "code"}
    ]
    code = code_of(platform, begun["secret"])
    assert len((await ask(platform, CONFIRM, owner, code=code))["recoveryCodes"]) == 10
    assert await platform.ask(SECURITY, by=owner) == {"hasTotp": True, "recoveryCodesLeft": 10}
    again = await ask(platform, BEGIN, owner, password=PASSWORD)
    assert again["userErrors"] == [{"code": "SECOND_FACTOR_IS_ON", "field": None}]
    token = await challenge(platform, owner)
    assert await complete(platform, token, code) == "WRONG_CODE", "it is old"
    late = code_of(platform, begun["secret"], steps=-1)
    assert await complete(platform, token, f"{late[:3]} {late[3:]}") == "", "a phone's clock may be late"
    assert await complete(platform, token, late) == "WRONG_CODE", "it was used"
    assert await complete(platform, token, code_of(platform, begun["secret"])) == ""
    assert await complete(platform, forged(token), code_of(platform, begun["secret"], steps=1)) == "CHALLENGE_NOT_VALID"
    stale = await challenge(platform, owner)
    platform.clock.advance(timedelta(minutes=10))
    assert await complete(platform, stale, code_of(platform, begun["secret"])) == "CHALLENGE_NOT_VALID"
    log = b"".join([raw.data async for batch in platform.log.scan() for raw in batch])
    assert begun["secret"].encode() not in log


async def test_neither_the_password_alone_nor_its_reset_nor_a_repeated_registration_opens_a_session(
    platform: Platform,
) -> None:
    register = (
        "mutation ($input: RegisterInput!) { register(input: $input) "
        f"{{ accessToken secondFactorToken refreshToken user {{ id }} {ERRORS} }} }}"
    )
    platform.clock.advance(timedelta(minutes=6))
    fields: dict[str, Any] = {"email": "twice-guarded@example.com", "password": PASSWORD, "commandId": str(uuid4())}
    first = await ask(platform, register, **fields)
    owner = Merchant(id=first["user"]["id"], email=fields["email"], token=first["accessToken"], refresh_token="")
    await enrolled(platform, owner)
    repeated = await ask(platform, register, **fields)
    assert (repeated["accessToken"], repeated["refreshToken"]) == (None, None)
    assert repeated["secondFactorToken"]


async def test_a_new_password_voids_what_the_old_one_began(platform: Platform, owner: Merchant) -> None:
    secret, _ = await enrolled(platform, owner)
    begun = await challenge(platform, owner)
    stale = await platform.deps.accounts.by_id(owner.id)
    assert stale is not None
    changed = {"currentPassword": PASSWORD, "newPassword": "another horse battery"}
    assert (await ask(platform, CHANGE_PASSWORD, owner, **changed))["userErrors"] == []
    assert await complete(platform, begun, code_of(platform, secret)) == "CHALLENGE_NOT_VALID"
    # A log-in that compared the old password a moment before the change gets no session either.
    sessions = "{ security { sessions { id } } }"
    before = await platform.ask(sessions, by=owner)
    with pytest.raises(WrongCredentials):
        await platform.app.state.gateway.accounts.authenticator.enter_proven(stale)
    assert await platform.ask(sessions, by=owner) == before


async def test_codes_cannot_be_guessed_fast(platform: Platform, owner: Merchant) -> None:
    secret, _ = await enrolled(platform, owner)
    token = await challenge(platform, owner)
    right = {code_of(platform, secret, steps=steps) for steps in range(-2, 3)}
    wrong = [code for number in range(11) if (code := f"{number:06}") not in right]
    answers = [await complete(platform, token, code) for code in wrong[:6]]
    assert answers == ["WRONG_CODE"] * 5 + ["TOO_MANY_ATTEMPTS"]
    assert await complete(platform, token, code_of(platform, secret)) == "TOO_MANY_ATTEMPTS"
    platform.clock.advance(timedelta(minutes=1))
    assert await complete(platform, token, code_of(platform, secret)) == ""


async def test_a_recovery_code_replaces_the_app_once_and_new_ones_void_it(platform: Platform, owner: Merchant) -> None:
    secret, codes = await enrolled(platform, owner)
    token = await challenge(platform, owner)
    assert await complete(platform, token, codes[0].upper().replace("-", " ")) == ""
    assert await complete(platform, token, codes[0]) == "WRONG_CODE"
    owner.token = (await ask(platform, COMPLETE, token=token, code=codes[1]))["accessToken"]
    assert (await platform.ask(SECURITY, by=owner))["recoveryCodesLeft"] == 8
    renewed = (await ask(platform, NEW_CODES, owner, password=PASSWORD))["recoveryCodes"]
    platform.clock.advance(timedelta(minutes=6))
    assert await complete(platform, token, codes[2]) == "WRONG_CODE"
    stored = await platform.deps.reader.fetch("select code_hash::text as row from recovery_codes")
    assert renewed[0] not in " ".join(row["row"] for row in stored)
    off = await ask(platform, DISABLE, owner, password=PASSWORD, code=code_of(platform, secret))
    assert off["done"]
    assert (await ask(platform, LOG_IN, email=owner.email, password=PASSWORD))["accessToken"]
    events = [raw.decode().event async for batch in platform.log.scan() for raw in batch]
    facts = [event for event in events if event.originator_id == owner.id][1:]
    kinds: list[type[DomainEvent]] = [
        SecondFactorEnabled,
        RecoveryCodesMade,
        RecoveryCodeUsed,
        RecoveryCodeUsed,
        RecoveryCodesMade,
        SecondFactorDisabled,
    ]
    assert [type(fact) for fact in facts] == kinds
    assert isinstance(facts[0], SecondFactorEnabled)
    assert facts[0].method is SecondFactor.TOTP


async def test_the_pages_set_it_up_and_ask_for_it_at_a_log_in(platform: Platform, owner: Merchant) -> None:
    security = "/dashboard/account/security"
    async with a_dashboard(platform, owner) as dashboard:
        begun = await dashboard.submit(security, f"{security}/totp", {"password": PASSWORD})
        found = re.search(r'<code class="secret">(\w+)</code>', begun.text)
        assert found is not None
        assert 'src="data:image/svg' in begun.text
        form = form_of(begun.text, f"{security}/totp/confirm")
        wrong = await dashboard.client.post(f"{security}/totp/confirm", data={**form, "code": "000000"})
        assert wrong.status_code == 422
        form = form_of(wrong.text, f"{security}/totp/confirm")
        done = await dashboard.client.post(
            f"{security}/totp/confirm", data={**form, "code": code_of(platform, found[1])}
        )
        assert done.text.count("<li><code>") == 10
        platform.clock.advance(timedelta(minutes=2))
        await dashboard.submit("/dashboard", "/dashboard/log-out")
        login = "/dashboard/log-in"
        step = await dashboard.submit(login, login, {"email": owner.email, "password": PASSWORD})
        assert step.status_code == 200
        assert "Second step" in step.text
        await dashboard.client.get("/dashboard")
        form = form_of(step.text, f"{login}/second-factor")
        inside = await dashboard.client.post(
            f"{login}/second-factor", data={**form, "code": code_of(platform, found[1])}
        )
        assert inside.headers["location"] == "/dashboard/stores/new"
        assert "10 unused recovery codes" in await dashboard.get(security)


async def test_an_account_without_a_password_is_confirmed_by_a_new_log_in(platform: Platform, owner: Merchant) -> None:
    without = "update accounts set password_hash = null where merchant_id = $1 returning true"
    assert await platform.deps.reader.fetchval(without, owner.id)
    secret = (await ask(platform, BEGIN, owner, password=""))["secret"]
    confirmed = await ask(platform, CONFIRM, owner, code=code_of(platform, secret))
    assert confirmed["recoveryCodes"]
    platform.clock.advance(FRESH_FOR + timedelta(seconds=1))
    for query in (NEW_CODES, DELETE):
        late = await ask(platform, query, owner, password="")
        assert late["userErrors"] == [{"code": "LOG_IN_AGAIN", "field": None}], query
    late = await ask(platform, DISABLE, owner, password="", code=code_of(platform, secret, steps=1))
    assert late["userErrors"] == [{"code": "LOG_IN_AGAIN", "field": None}]


async def test_an_account_without_a_password_changes_its_log_in_by_the_same_proof_and_keeps_one_way(
    platform: Platform, owner: Merchant
) -> None:
    async def codes(query: str, **input: Any) -> list[str]:
        return [error["code"] for error in (await ask(platform, query, owner, **input))["userErrors"]]

    async def forget_password() -> None:
        await platform.deps.reader.fetchval(
            "update accounts set password_hash = null where merchant_id = $1 returning true", owner.id
        )

    await forget_password()
    for provider in (Provider.GITHUB, Provider.GOOGLE):
        await platform.deps.sign_ins.link(owner.id, provider, f"{owner.id}", at=platform.clock.now())
    assert await codes(CHANGE_EMAIL, email=f"new-{owner.email}", password="") == []
    assert await codes(UNLINK, provider="GOOGLE", password="") == []
    assert await codes(UNLINK, provider="GOOGLE", password="") == ["NOT_FOUND"]
    assert await codes(UNLINK, provider="GITHUB", password="") == ["PASSWORD_NOT_SET"], "the last way stays"
    assert await codes(CHANGE_PASSWORD, currentPassword="", newPassword="a first long password") == []
    assert await codes(UNLINK, provider="GITHUB", password="a first long password") == []
    await forget_password()
    platform.clock.advance(FRESH_FOR + timedelta(seconds=1))
    for query, more in (
        (CHANGE_EMAIL, {"email": "late@example.com", "password": ""}),
        (UNLINK, {"provider": "GITHUB", "password": ""}),
        (LINK, {"provider": "GITHUB", "password": ""}),
        (REMOVE_PASSKEY, {"passkeyId": str(uuid4()), "password": ""}),
        (CHANGE_PASSWORD, {"currentPassword": "", "newPassword": "another long password"}),
    ):
        assert await codes(query, **more) == ["LOG_IN_AGAIN"], query
