"""Addresses, passwords and sessions, with the mails that carry links."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from domain.accounts.passkeys import Passkey
from domain.accounts.sign_in import ExternalIdentity
from domain.kernel import DomainEvent
from domain.merchant.account_events import (
    ApiKeyRevoked,
    EmailVerified,
    PasskeyRemoved,
    PasswordChanged,
    SessionEnded,
    SignInProvider,
    SignInUnlinked,
)
from domain.signing import SigningSecrets
from domain.store.invitation_links import InvitationLinks
from domain.team.roles import KeyScope, Role
from gateway.app import create_app
from gateway.auth.errors import SignInStateNotValid, Unauthenticated, WrongCredentials
from gateway.auth.key_tokens import SHOWN
from gateway.auth.passwords import Passwords
from gateway.auth.provider_sign_in import Arrival
from gateway.auth.tokens import Identity, SigningKeys
from infra.adapters.master_keys import MasterKeys
from infra.web.server import guarded
from tests.integration.gateway.test_second_factor import challenge, complete, enrolled
from tests.integration.gateway.test_team import invited, mutate
from tests.support.fakes.interposed import Interposed, Pause
from tests.support.forgeries import forged
from tests.support.mailbag import Mailbag
from tests.support.platforms.dashboard import form_of
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform

NEW = "violet lamps glow softly"
BASE = "http://gateway.localhost"
ERRORS = "userErrors { code field }"
SECURITY = "{ security { email emailVerifiedAt hasPassword sessions { id device isCurrent } } }"
REGISTER = f"mutation ($input: RegisterInput!) {{ register(input: $input) {{ accessToken user {{ id }} {ERRORS} }} }}"
LOG_IN = f"mutation ($input: LogInInput!) {{ logIn(input: $input) {{ accessToken refreshToken {ERRORS} }} }}"
ME = "{ me { email emailVerified } }"


def mutation(name: str, input: str) -> str:
    return f"mutation ($input: {input}!) {{ {name}(input: $input) {{ done {ERRORS} }} }}"


CONFIRM = mutation("confirmEmail", "ConfirmEmailInput")
FORGOT = mutation("requestPasswordReset", "PasswordResetRequestInput")
RESET = mutation("resetPassword", "ResetPasswordInput")
CHANGE_EMAIL = mutation("changeEmail", "ChangeEmailInput")
CHANGE_PASSWORD = mutation("changePassword", "ChangePasswordInput")
END = mutation("endSession", "EndSessionInput")
ENDED: tuple[type[DomainEvent], ...] = (ApiKeyRevoked, PasskeyRemoved, SignInUnlinked)
EVERYWHERE = mutation("logOutEverywhere", "LogOutEverywhereInput")


@pytest.fixture
def mailbag(platform: Platform, tmp_path: Path) -> Mailbag:
    return Mailbag(platform, tmp_path)


async def do(platform: Platform, query: str, by: Merchant | None = None, **input: Any) -> str:
    """Return the code of the refusal; empty if it was done."""
    platform.clock.advance(timedelta(minutes=11))
    if by is not None:
        by.token = (await log_in(platform, by.email, PASSWORD))["accessToken"] or by.token
    answer = await platform.ask(query, {"input": input}, by=by)
    assert answer["done"] is not bool(answer["userErrors"])
    return "".join(error["code"] for error in answer["userErrors"])


async def log_in(platform: Platform, email: str, password: str) -> Any:
    return await platform.ask(LOG_IN, {"input": {"email": email, "password": password}})


async def opens(platform: Platform, email: str, password: str) -> bool:
    return (await log_in(platform, email, password))["accessToken"] is not None


async def newest_token(platform: Platform, mailbag: Mailbag, address: str, subject: str) -> str:
    async with asyncio.timeout(60):
        # A reset's mail follows its answer.
        while (await mailbag.mails(address))[0].subject != subject:
            await asyncio.sleep(0.01)
    return await mailbag.token(address)


async def facts(platform: Platform, merchant: Merchant) -> Sequence[DomainEvent]:
    events = [raw.decode().event async for batch in platform.log.scan() for raw in batch]
    return [event for event in events if event.originator_id == merchant.id]


async def confirmed(platform: Platform, mailbag: Mailbag) -> Merchant:
    owner = await platform.merchant()
    token = await mailbag.token(owner.email)
    assert (await platform.ask(CONFIRM, {"input": {"token": token}}, by=owner))["done"]
    return owner


async def test_a_registration_answers_the_same_for_a_known_address_and_only_the_mails_differ(
    platform: Platform, mailbag: Mailbag
) -> None:
    owner = await confirmed(platform, mailbag)
    fields = {"password": NEW, "name": "Ada"}
    platform.clock.advance(timedelta(minutes=1))
    new = await platform.ask(REGISTER, {"input": {"email": "new-one@example.com", **fields}})
    known = await platform.ask(REGISTER, {"input": {"email": owner.email.upper(), **fields}})
    assert new["userErrors"] == known["userErrors"] == []
    assert new["accessToken"]
    assert known["accessToken"]
    assert known["user"]["id"] not in {new["user"]["id"], str(owner.id)}
    assert [mail.subject for mail in await mailbag.mails("new-one@example.com")] == ["Confirm your e-mail address"]
    (warning,) = await mailbag.mails(owner.email.upper())
    assert warning.subject == "You already have an account"
    assert "token=" not in warning.text + warning.html
    # Both passwords work, each for its own account.
    assert await opens(platform, owner.email, PASSWORD)
    assert await opens(platform, owner.email, NEW)


async def test_a_link_confirms_an_address_once_and_only_with_its_account(platform: Platform, mailbag: Mailbag) -> None:
    owner, stranger = await platform.merchant(), await platform.merchant()
    token = await mailbag.token(owner.email)
    assert await do(platform, CONFIRM, token=token) == "PASSWORD_NEEDED"
    assert await do(platform, CONFIRM, stranger, token=token) == "PASSWORD_NEEDED"
    assert await do(platform, CONFIRM, token=token, password="not this one") == "WRONG_PASSWORD"
    assert await do(platform, CONFIRM, token=forged(token), password=PASSWORD) == "LINK_NOT_VALID"
    assert await do(platform, RESET, token=token, password=NEW) == "LINK_NOT_VALID"
    assert await do(platform, CONFIRM, token=token, password=PASSWORD) == ""
    assert await do(platform, CONFIRM, token=token, password=PASSWORD) == "LINK_NOT_VALID"
    owner.token = (await log_in(platform, owner.email, PASSWORD))["accessToken"]
    assert (await platform.ask(ME, by=owner))["emailVerified"] is not None
    assert [type(event) for event in await facts(platform, owner)][1:] == [EmailVerified]


async def test_a_confirmation_is_too_late_after_a_day_and_another_can_be_asked_for(
    platform: Platform, mailbag: Mailbag
) -> None:
    owner = await platform.merchant()
    token = await mailbag.token(owner.email)
    platform.clock.advance(timedelta(hours=24))
    assert await do(platform, CONFIRM, owner, token=token) == "LINK_NOT_VALID"
    assert await do(platform, mutation("requestEmailConfirmation", "AccountInput"), owner) == ""
    assert await do(platform, CONFIRM, owner, token=await mailbag.token(owner.email)) == ""


async def test_a_stranger_who_registered_an_address_first_never_shares_its_owner_s_account(
    platform: Platform, mailbag: Mailbag
) -> None:
    """The attack of registering ahead: the owner clicks, resets and registers, and the stranger stays outside."""
    victim = "victim@example.com"
    platform.clock.advance(timedelta(minutes=11))
    early = await platform.ask(REGISTER, {"input": {"email": victim, "password": "the stranger's words"}})
    link = await mailbag.token(victim)
    # The owner has the link, but not the stranger's password; a reset finds no account that owns the address.
    assert await do(platform, CONFIRM, token=link) == "PASSWORD_NEEDED"
    assert await do(platform, FORGOT, email=victim) == ""
    own = await platform.ask(REGISTER, {"input": {"email": victim, "password": PASSWORD}})
    assert own["user"]["id"] != early["user"]["id"]
    assert await do(platform, CONFIRM, token=await mailbag.token(victim), password=PASSWORD) == ""
    assert all("new password" not in mail.subject for mail in await mailbag.mails(victim))
    # The stranger cannot confirm any more, not even with the link.
    assert await do(platform, CONFIRM, token=link, password="the stranger's words") == "EMAIL_TAKEN"


async def test_a_reset_answers_the_same_for_any_address_and_ends_all_sessions_once(
    platform: Platform, mailbag: Mailbag
) -> None:
    owner = await confirmed(platform, mailbag)
    assert await do(platform, FORGOT, email="unknown@example.com") == ""
    assert await do(platform, FORGOT, email=owner.email) == ""
    assert await mailbag.mails("unknown@example.com") == []
    token = await newest_token(platform, mailbag, owner.email, "Choose a new password")
    assert await do(platform, RESET, token=token, password="password1234") == "INVALID_INPUT"
    before = (await log_in(platform, owner.email, PASSWORD))["accessToken"]
    assert (await platform.ask(RESET, {"input": {"token": token, "password": NEW}}))["done"]
    owner.token = before
    assert (await platform.post(ME, by=owner))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert not await opens(platform, owner.email, PASSWORD)
    assert await opens(platform, owner.email, NEW)
    assert await do(platform, RESET, token=token, password=PASSWORD) == "LINK_NOT_VALID"
    assert (await mailbag.mails(owner.email))[0].subject == "Your password was changed"
    assert any(isinstance(event, PasswordChanged) and event.by_link for event in await facts(platform, owner))


async def test_a_link_for_a_new_password_works_half_an_hour_and_only_the_last_one(
    platform: Platform, mailbag: Mailbag
) -> None:
    owner = await confirmed(platform, mailbag)
    tokens = []
    for _ in range(2):
        assert await do(platform, FORGOT, email=owner.email) == ""
        await platform.app.state.gateway.accounts.close()
        tokens.append(await mailbag.token(owner.email))
    first, second = tokens
    assert await do(platform, RESET, token=first, password=NEW) == "LINK_NOT_VALID"
    platform.clock.advance(timedelta(minutes=30))
    assert await do(platform, RESET, token=second, password=NEW) == "LINK_NOT_VALID"


async def with_other_ways(platform: Platform, owner: Merchant) -> str:
    """Give an account an API key, a passkey and a GitHub log-in. Return the key."""
    by_key = await mutate(
        platform, owner, "createApiKey", {"name": "Till", "scopes": ["READ"], "password": PASSWORD}, "token"
    )
    at = platform.clock.now()
    passkey = Passkey(
        id=uuid4(), merchant_id=owner.id, credential_id=owner.id.bytes, credential=b"", sign_count=0, name="Phone", created_at=at
    )  # fmt: skip
    assert await platform.deps.passkeys.add(passkey, most=9)
    assert await platform.deps.sign_ins.link(owner.id, SignInProvider.GITHUB, owner.email, at=at)
    return str(by_key["token"])


async def reset_link(platform: Platform, mailbag: Mailbag, owner: Merchant) -> str:
    assert await do(platform, FORGOT, email=owner.email) == ""
    return await newest_token(platform, mailbag, owner.email, "Choose a new password")


@pytest.mark.parametrize("keep", [False, True])
async def test_a_reset_ends_keys_passkeys_and_sign_ins_unless_the_merchant_keeps_them(
    platform: Platform, mailbag: Mailbag, keep: bool
) -> None:
    owner, other = await confirmed(platform, mailbag), await confirmed(platform, mailbag)
    keys = [await with_other_ways(platform, each) for each in (owner, other)]
    made = (await mailbag.mails(owner.email))[0]
    assert (made.subject, keys[0][:SHOWN] in made.text) == ("An API key was added to your account", True)
    token = await reset_link(platform, mailbag, owner)
    reset = {"token": token, "password": NEW, "keepOtherWays": keep}
    assert (await platform.ask(RESET, {"input": reset}))["done"]
    works = [await by_key(platform, key) for key in keys]
    assert works == [keep, True]
    for merchant, stays in ((owner, keep), (other, True)):
        assert bool(await platform.deps.passkeys.of_merchant(merchant.id)) is stays
        assert bool(await platform.deps.sign_ins.of_merchant(merchant.id)) is stays
    ended = [event for event in await facts(platform, owner) if isinstance(event, ENDED)]
    assert [type(event) for event in ended] == ([] if keep else list(ENDED))
    told = next(mail for mail in await mailbag.mails(owner.email) if mail.subject == "Your password was changed")
    assert ("1 API key, 1 passkey and GitHub" in told.text) is keep
    assert ("API keys, passkeys, and log-ins by Google or GitHub" in told.text) is not keep


async def by_key(platform: Platform, key: str) -> bool:
    answer = await platform.post("{ stores { totalCount } }", headers={"authorization": f"Bearer {key}"})
    return "errors" not in answer


async def test_a_session_that_a_reset_ends_leaves_no_way_in_that_it_made_at_the_same_time(
    platform: Platform, mailbag: Mailbag
) -> None:
    """Another process trusts the look-up of the session for a second."""
    owner = await confirmed(platform, mailbag)
    accounts = platform.app.state.gateway.accounts
    visitor = await accounts.sessions.visitor(f"Bearer {owner.token}")
    identity = Identity(merchant_id=owner.id, session_id=visitor.session_id)
    token = await reset_link(platform, mailbag, owner)
    assert (await platform.ask(RESET, {"input": {"token": token, "password": NEW}}))["done"]
    with pytest.raises(Unauthenticated):
        await accounts.key_ring.make(visitor, name="Till", scopes=[KeyScope.READ], password=NEW)
    with pytest.raises(Unauthenticated):
        await accounts.sign_ins._link(
            identity, ExternalIdentity(provider=SignInProvider.GITHUB, subject=owner.email, email=owner.email)
        )
    assert await platform.deps.api_keys.of_person(owner.id) == ()
    assert await platform.deps.sign_ins.of_merchant(owner.id) == []


class AtGitHub:
    """A provider that knows one person."""

    def __init__(self, person: ExternalIdentity) -> None:
        self._person = person

    async def authorization_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        return state

    async def identify(self, *, code: str, verifier: str, redirect_uri: str) -> ExternalIdentity:
        return self._person


@pytest.mark.parametrize(("port", "call"), [("accounts", "by_id"), ("second_factors", "totp")])
async def test_a_log_in_by_a_provider_does_not_outlive_a_reset_that_unlinks_it(
    platform: Platform, mailbag: Mailbag, port: str, call: str
) -> None:
    owner = await confirmed(platform, mailbag)
    person = ExternalIdentity(provider=SignInProvider.GITHUB, subject=owner.email, email=owner.email)
    await platform.deps.sign_ins.link(owner.id, person.provider, person.subject, at=platform.clock.now())
    token = await reset_link(platform, mailbag, owner)
    ports: dict[str, Any] = {
        name: Interposed(getattr(platform.deps, name)) for name in ("accounts", "second_factors", "sign_ins")
    }
    providers = {SignInProvider.GITHUB: AtGitHub(person)}
    services = create_app(replace(platform.deps, identity_providers=providers, **ports)).state.gateway.accounts
    departure = await services.sign_ins.begin(SignInProvider.GITHUB, address="192.0.2.7")
    arrival = Arrival(
        provider=SignInProvider.GITHUB, state=departure.url, browser_token=departure.browser_token, code="x", error=None
    )
    pause, entering = Pause(), list[asyncio.Task[object]]()

    async def enter() -> None:
        ports[port].after(call, pause)
        entering.append(asyncio.create_task(services.sign_ins.finish(arrival, caller=None)))
        await asyncio.wait([asyncio.create_task(pause.reached.wait()), *entering], return_when="FIRST_COMPLETED")

    # Just before it is unlinked: the new password counts already.
    ports["sign_ins"].after("of_merchant", enter)
    await services.passwords.reset(token, password=NEW, address="192.0.2.8")
    assert pause.reached.is_set()
    pause.over.set()
    with pytest.raises((SignInStateNotValid, WrongCredentials)):
        await entering[0]
    assert list(await platform.deps.refresh_tokens.open_sessions(owner.id, at=platform.clock.now())) == []


class Meanwhile(Passwords):
    """Passwords of which something happens between the check and the answer."""

    happens: Callable[[], Awaitable[None]] | None = None

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        answer = await super().verify(password, stored)
        if answer[0] and self.happens is not None:
            happens, self.happens = self.happens, None
            await happens()
        return answer


async def test_a_stronger_hash_of_the_old_password_never_replaces_a_new_password(platform: Platform) -> None:
    owner = await platform.merchant()
    passwords = Meanwhile(Argon2Hasher(time_cost=2, memory_cost=8, parallelism=1))
    gateway = create_app(replace(platform.deps, passwords=passwords)).state.gateway
    accounts, log_in_here = platform.deps.accounts, partial(gateway.accounts.authenticator.log_in, address="192.0.2.7")

    async def hash_of() -> str:
        account = await accounts.by_id(owner.id)
        assert account is not None
        assert account.password_hash is not None
        return account.password_hash

    weak, new = await hash_of(), await passwords.hash(NEW)

    async def change() -> None:
        await accounts.change_hash(owner.id, new, at=platform.clock.now())

    passwords.happens = change
    with pytest.raises(WrongCredentials):
        await log_in_here(email=owner.email, password=PASSWORD)
    assert await hash_of() == new
    assert (await log_in_here(email=owner.email, password=NEW)).merchant_id == owner.id
    await accounts.change_hash(owner.id, weak, at=platform.clock.now())
    assert (await log_in_here(email=owner.email, password=PASSWORD)).merchant_id == owner.id
    assert await hash_of() not in {weak, new}, "without a change, the hash of the same password is stronger now"


async def test_another_address_counts_from_its_confirmation_and_the_former_one_gets_a_notice(
    platform: Platform, mailbag: Mailbag
) -> None:
    owner = await confirmed(platform, mailbag)
    former, other = owner.email, f"other-{uuid4().hex[:6]}@example.com"
    assert await do(platform, CHANGE_EMAIL, owner, email=other, password="not this one") == "WRONG_PASSWORD"
    assert await do(platform, CHANGE_EMAIL, owner, email=other, password=PASSWORD) == ""
    assert (await platform.ask(ME, by=owner))["email"] == former
    assert await do(platform, CONFIRM, owner, token=await mailbag.token(other)) == ""
    owner.email = other
    owner.token = (await log_in(platform, other, PASSWORD))["accessToken"]
    assert (await platform.ask(ME, by=owner))["email"] == other
    assert not await opens(platform, former, PASSWORD)
    assert (await mailbag.mails(former))[0].subject == "Your account has another e-mail address"
    log = b"".join([raw.data async for batch in platform.log.scan() for raw in batch])
    assert other.encode() not in log


async def test_another_password_needs_the_old_one_and_ends_the_other_sessions(
    platform: Platform, mailbag: Mailbag
) -> None:
    owner = await confirmed(platform, mailbag)
    other = (await log_in(platform, owner.email, PASSWORD))["accessToken"]
    assert await do(platform, FORGOT, email=owner.email) == ""
    await platform.app.state.gateway.accounts.close()
    asked_before = await mailbag.token(owner.email)
    wrong = await platform.ask(
        CHANGE_PASSWORD, {"input": {"currentPassword": "not this one", "newPassword": NEW}}, by=owner
    )
    assert wrong["userErrors"] == [{"code": "WRONG_PASSWORD", "field": "currentPassword"}]
    common = await platform.ask(
        CHANGE_PASSWORD, {"input": {"currentPassword": PASSWORD, "newPassword": "qwertyuiop"}}, by=owner
    )
    assert common["userErrors"] == [{"code": "INVALID_INPUT", "field": "newPassword"}]
    done = await platform.ask(CHANGE_PASSWORD, {"input": {"currentPassword": PASSWORD, "newPassword": NEW}}, by=owner)
    assert done["done"]
    assert (await platform.ask(ME, by=owner))["email"] == owner.email
    assert await do(platform, RESET, token=asked_before, password=PASSWORD) == "LINK_NOT_VALID"
    owner.token = other
    assert (await platform.post(ME, by=owner))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_sessions_are_listed_with_their_device_and_end_one_by_one_or_all(
    platform: Platform, mailbag: Mailbag
) -> None:
    owner, stranger = await confirmed(platform, mailbag), await platform.merchant()
    firefox = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
    answer = await platform.post(
        LOG_IN, {"input": {"email": owner.email, "password": PASSWORD}}, headers={"user-agent": firefox}
    )
    sessions = (await platform.ask(SECURITY, by=owner))["sessions"]
    assert [(each["device"], each["isCurrent"]) for each in sessions] == [
        ("Firefox on Windows", False),
        ("python-httpx", True),
    ]
    theirs = sessions[0]["id"]
    end = {"input": {"sessionId": theirs}}
    assert (await platform.ask(END, end, by=stranger))["userErrors"] == [{"code": "NOT_FOUND", "field": None}]
    assert (await platform.ask(END, end, by=owner))["done"]
    ended = Merchant(id=owner.id, email="", token=answer["data"]["logIn"]["accessToken"], refresh_token="")
    assert (await platform.post(ME, by=ended))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    await log_in(platform, owner.email, PASSWORD)
    assert (await platform.ask(EVERYWHERE, {"input": {"keepThis": True}}, by=owner))["done"]
    assert len((await platform.ask(SECURITY, by=owner))["sessions"]) == 1
    assert (await platform.ask(EVERYWHERE, {"input": {}}, by=owner))["done"]
    assert (await platform.post(ME, by=owner))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    ends = [event for event in await facts(platform, owner) if isinstance(event, SessionEnded)]
    assert [(event.session_id is None, event.kept is None) for event in ends] == [
        (False, True),
        (True, False),
        (True, True),
    ]


async def test_neither_an_editor_nor_an_api_key_touches_the_owner_s_log_in(
    platform: Platform, mailbag: Mailbag
) -> None:
    """A delegate resetting the owner."""
    owner, editor = await confirmed(platform, mailbag), await platform.merchant()
    store_id = await platform.store(owner)
    token = await invited(platform, owner, store_id, editor.email, Role.EDITOR)
    assert (await mutate(platform, editor, "acceptInvitation", {"token": token}))["userErrors"] == []
    made = await mutate(
        platform,
        owner,
        "createApiKey",
        {"name": "All", "scopes": [each.value for each in KeyScope], "password": PASSWORD},
        "token",
    )
    key = Merchant(id=owner.id, email=owner.email, token=made["token"], refresh_token="")
    before = len(await facts(platform, owner))
    sessions = (await platform.ask(SECURITY, by=owner))["sessions"]
    # What the editor changes is the editor's own.
    assert (await platform.ask(SECURITY, by=editor))["email"] == editor.email
    assert await do(platform, CHANGE_EMAIL, editor, email="taken@example.com", password=PASSWORD) == ""
    assert (await platform.ask(END, {"input": {"sessionId": sessions[0]["id"]}}, by=editor))["userErrors"] != []
    assert (await platform.ask(EVERYWHERE, {"input": {"keepThis": True}}, by=editor))["done"]
    # A key acts for the owner in stores, and never on the log-in, not even with the password.
    for query, input in (
        (CHANGE_EMAIL, {"email": "taken@example.com", "password": PASSWORD}),
        (CHANGE_PASSWORD, {"currentPassword": PASSWORD, "newPassword": NEW}),
        (EVERYWHERE, {}),
        (END, {"sessionId": sessions[0]["id"]}),
    ):
        answer = await platform.post(query, {"input": input}, by=key)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", query
    assert (await platform.post(SECURITY, by=key))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    # Both may ask for a reset, as anyone may; the link goes to the owner only.
    assert await do(platform, FORGOT, email=owner.email) == ""
    await platform.app.state.gateway.accounts.close()
    assert [mail.subject for mail in await mailbag.mails(editor.email)] == ["Confirm your e-mail address"]
    assert (await mailbag.mails(owner.email))[0].subject == "Choose a new password"
    changes = [type(event).__name__ for event in (await facts(platform, owner))[before:]]
    assert changes == ["PasswordResetRequested"]


FORMER_KEY, CURRENT_KEY = bytes([1]) * 32, bytes([2]) * 32
"""Master keys."""


@asynccontextmanager
async def under(platform: Platform, *keys: bytes) -> AsyncIterator[Platform]:
    """Return the platform with another gateway, whose secrets come from these master keys, the current one first."""
    master = MasterKeys(keys)

    def secrets(purpose: str) -> SigningSecrets:
        return SigningSecrets(master.derive_each(purpose))

    deps = replace(
        platform.deps,
        secrets=secrets("rate limits"),
        link_secrets=secrets("links"),
        invitation_links=InvitationLinks(secrets("invitations")),
        signing_keys=SigningKeys(active=master.current, keys=master.derive_by_id("access tokens")),
    )
    app = create_app(deps)
    transport = httpx.ASGITransport(app=guarded(app))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway.localhost") as client,
    ):
        other = replace(platform, app=app, client=client, deps=deps)
        yield other
        platform.numbers = other.numbers


async def test_links_keys_codes_and_forms_outlive_a_rotation(platform: Platform, tmp_path: Path) -> None:
    async with under(platform, FORMER_KEY) as before:
        owner, guest = await before.merchant(), await before.merchant()
        store_id = await before.store(owner)
        link = await Mailbag(before, tmp_path).token(owner.email)
        invitation = await invited(before, owner, store_id, guest.email, Role.VIEWER)
        input = {"name": "Program", "scopes": ["READ"], "password": PASSWORD}
        made = await mutate(before, owner, "createApiKey", input, "token")
        _, codes = await enrolled(before, owner)
        half = await challenge(before, owner)
        form = form_of((await before.client.get("/dashboard/log-in")).text, "/dashboard/log-in")
        browser = before.client.cookies

    async with under(platform, CURRENT_KEY, FORMER_KEY) as after:
        assert (await after.ask("{ me { email } }", by=owner)) == {"email": owner.email}, "the session goes on"
        assert (await after.ask(CONFIRM, {"input": {"token": link}}, by=owner))["done"]
        accepted = await mutate(after, guest, "acceptInvitation", {"token": invitation}, "store { role }")
        assert accepted == {"userErrors": [], "store": {"role": "VIEWER"}}
        with_key = {"authorization": f"Bearer {made['token']}"}
        answer = await after.post("{ stores { totalCount } }", headers=with_key)
        assert answer == {"data": {"stores": {"totalCount": 1}}}
        assert await complete(after, half, codes[0]) == ""
        fields = {**form, "email": guest.email, "password": PASSWORD}
        after.client.cookies = browser
        assert (await after.client.post("/dashboard/log-in", data=fields)).status_code == 303

    async with under(platform, CURRENT_KEY) as much_later:
        answer = await much_later.post("{ stores { totalCount } }", headers=with_key)
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await complete(much_later, await challenge(much_later, owner), codes[1]) == "WRONG_CODE"


class CountedHasher(Argon2Hasher):
    """argon2id that counts its hashes."""

    made = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.made += 1
        return super().hash(password, salt=salt)

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:
        self.made += 1
        return super().verify(password, hash)


async def test_no_answer_status_or_work_tells_whether_an_address_has_an_account(
    platform: Platform, mailbag: Mailbag
) -> None:
    """The password hashes are counted, because a time would depend on the machine."""
    owner, unclaimed = await confirmed(platform, mailbag), await platform.merchant()
    asker = await platform.merchant()
    store_id = str(await platform.store(asker))
    hasher = CountedHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords = Passwords(hasher)
    # Not by the start of the application, which does it beside the first requests.
    await passwords.warm_up()
    deps = replace(platform.deps, passwords=passwords)
    app = create_app(deps)
    transport = httpx.ASGITransport(app=guarded(app))

    async def answers(path: str, body: dict[str, Any], by: Merchant | None) -> list[Any]:
        """Return status, answer and hashes for each address."""
        found = []
        for email in (owner.email, unclaimed.email, f"{uuid4().hex}@example.com"):
            platform.clock.advance(timedelta(minutes=11))
            headers = {}
            if by is not None:
                headers["authorization"] = f"Bearer {(await log_in(platform, by.email, PASSWORD))['accessToken']}"
            hasher.made = 0
            response = await client.post(f"/api/v1{path}", json={"email": email, **body}, headers=headers)
            told = {k: v for k, v in response.json().items() if k in {"code", "detail", "field", "done", "userErrors"}}
            found.append((response.status_code, sorted(response.json()), told, hasher.made))
        return found

    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        for path, body, by, hashes in (
            ("/accounts", {"password": NEW}, None, 1),
            ("/sessions", {"password": "of no person here"}, None, 2),
            ("/password-resets", {}, None, 0),
            ("/me/email", {"password": PASSWORD}, asker, 1),
            (f"/stores/{store_id}/invitations", {"role": "VIEWER"}, asker, 0),
        ):
            first, *others = await answers(path, body, by)
            assert all(each == first for each in others), (path, first, others)
            assert first[3] == hashes, path
        await app.state.gateway.accounts.close()
