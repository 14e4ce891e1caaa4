"""Log-ins by Google and GitHub, against emulate: OAuth 2 with PKCE over real HTTP."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from domain.accounts.sign_in import ExternalIdentity, IdentityProvider
from domain.merchant.account_events import SignInLinked, SignInProvider, SignInUnlinked
from gateway.app import create_app
from infra.adapters.sign_in.github import GitHubSignIn
from infra.adapters.sign_in.google import GoogleSignIn
from infra.adapters.sign_in.oauth import OAuthClient
from infra.embedded.process import free_port
from tests.support.browser import a_browser, a_context
from tests.support.mailbag import Mailbag
from tests.support.platforms.dashboard import Dashboard, form_of
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform
from tests.support.servers.emulate import ADA, CLIENT_ID, EVE, SECRET, Emulators, emulated
from tests.support.servers.web_server import served

LOG_IN, SECURITY = "/dashboard/log-in", "/dashboard/account/security"


@dataclass(frozen=True, slots=True)
class Place:
    """The gateway's address, known before it runs, because providers know it."""

    port: int
    emulators: Emulators

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    port = free_port()
    callback = f"http://127.0.0.1:{port}/dashboard/sign-in/{{provider}}/back"
    async with emulated(tmp_path_factory.mktemp("emulate"), callback=callback) as emulators:
        yield Place(port, emulators)


@pytest.fixture(autouse=True)
async def no_account_owns_an_address(platform: Platform) -> None:
    """Forget what other tests left: the persons at the providers are the same in each."""
    await platform.deps.reader.fetch("delete from sign_ins")
    await platform.deps.reader.fetch("update accounts set email_key = merchant_id::text, claimed = false")


@asynccontextmanager
async def visitor(
    platform: Platform, place: Place, *, google: IdentityProvider | None = None
) -> AsyncIterator[Dashboard]:
    """Serve the gateway with both providers, to a browser without a session."""
    async with httpx.AsyncClient() as http:
        at_github, at_google = [
            OAuthClient(provider=provider, http=http, client_id=CLIENT_ID, secret=SECRET)
            for provider in (SignInProvider.GITHUB, SignInProvider.GOOGLE)
        ]
        providers: dict[SignInProvider, IdentityProvider] = {
            SignInProvider.GITHUB: GitHubSignIn(at_github, site=place.emulators.github, api=place.emulators.github),
            SignInProvider.GOOGLE: google or GoogleSignIn(at_google, issuer=place.emulators.google),
        }
        deps = replace(platform.deps, public_url=place.url, identity_providers=providers)
        async with (
            served(create_app(deps), port=place.port),
            httpx.AsyncClient(base_url=place.url, timeout=60) as client,
        ):
            visitor = Merchant(id=UUID(int=0), email="", token="", refresh_token="")
            yield Dashboard(client=client, merchant=visitor, url=place.url)


async def log_in(dashboard: Dashboard, merchant: Merchant) -> None:
    response = await dashboard.submit(LOG_IN, LOG_IN, {"email": merchant.email, "password": PASSWORD})
    assert response.status_code == 303, response.text


async def departure(answer: httpx.Response) -> str:
    """Return the provider's address on the page that leads there."""
    found = re.search(r'<a class="button primary" href="([^"]+)"', answer.text)
    assert answer.status_code == 200, answer.text
    assert found is not None, answer.text
    return unescape(found[1])


async def agree(url: str, **person: str) -> str:
    """Agree on the provider's page as a person, and return the address that it sends the browser back to."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    form = {name: query[name] for name in ("redirect_uri", "scope", "state", "client_id")}
    form |= {name: query[name] for name in ("code_challenge", "code_challenge_method")} | person
    path = "/login/oauth/callback" if "login" in person else "/o/oauth2/v2/auth/callback"
    async with httpx.AsyncClient() as client:
        answer = await client.post(urlsplit(url)._replace(path=path, query="").geturl(), data=form)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


async def enter(dashboard: Dashboard, provider: str, **person: str) -> httpx.Response:
    """Log in by a provider, and return the answer to the browser that comes back."""
    begun = await dashboard.submit(LOG_IN, f"/dashboard/sign-in/{provider}")
    return await dashboard.client.get(await agree(await departure(begun), **person))


async def test_a_person_without_an_account_gets_one_and_comes_back_to_the_same(
    platform: Platform, place: Place
) -> None:
    async with visitor(platform, place) as dashboard:
        for person in ({"login": "eve"}, {"email": ADA}):
            provider, ids = ("github" if "login" in person else "google"), set()
            for _ in range(2):
                inside = await enter(dashboard, provider, **person)
                assert inside.headers["location"] == "/dashboard/stores/new", inside.text
                profile = await dashboard.get("/dashboard/account/profile")
                assert "Confirmed" in profile
                assert (EVE if "login" in person else ADA) in profile.replace("<wbr>", "")
                ids.add(await platform.deps.reader.fetchval(
                    "select merchant_id from sign_ins where provider = $1", provider.upper()
                ))  # fmt: skip
                await dashboard.submit("/dashboard", "/dashboard/log-out")
            assert len(ids) == 1
    log = b"".join([raw.data async for batch in platform.log.scan() for raw in batch])
    assert EVE.encode() not in log


async def test_an_account_that_owns_the_address_is_joined_only_by_its_owner(
    platform: Platform, place: Place, tmp_path: Path
) -> None:
    """Registering over an OAuth address, from both sides."""
    mailbag, owner = Mailbag(platform, tmp_path), await platform.merchant()
    async with visitor(platform, place) as dashboard:
        await log_in(dashboard, owner)
        page = f"{SECURITY}/sign-ins/github"
        unconfirmed = await dashboard.submit(SECURITY, page, {"password": PASSWORD})
        assert "Confirm your e-mail address first" in unconfirmed.text
        await platform.deps.accounts.claim(owner.id, EVE, at=platform.clock.now())
        await dashboard.submit("/dashboard", "/dashboard/log-out")
        refused = await enter(dashboard, "github", login="eve")
        assert "An account has the address that GitHub names" in refused.text
        assert refused.status_code == 422
        registered, owner.email = owner.email, EVE
        await log_in(dashboard, owner)
        wrong = await dashboard.submit(SECURITY, page, {"password": "not this one"})
        assert "is not this account&#39;s password" in wrong.text
        begun = await dashboard.submit(SECURITY, page, {"password": PASSWORD})
        linked = await dashboard.client.get(await agree(await departure(begun), login="eve"))
        assert linked.headers["location"] == SECURITY
        assert "GitHub logs you in from now on" in await dashboard.get(SECURITY)
        await dashboard.submit("/dashboard", "/dashboard/log-out")
        assert (await enter(dashboard, "github", login="eve")).headers["location"] == "/dashboard/stores/new"
        removed = await dashboard.submit(SECURITY, f"{page}/remove", {"password": PASSWORD})
        assert removed.headers["location"] == SECURITY
    assert [mail.subject for mail in await mailbag.mails(registered)][:2] == [
        "A way to log in was removed from your account",
        "Another way to log in was added to your account",
    ]
    events = [raw.decode().event async for batch in platform.log.scan() for raw in batch]
    kinds = [type(event) for event in events if event.originator_id == owner.id]
    assert kinds[-2:] == [SignInLinked, SignInUnlinked]


async def test_a_state_counts_once_in_time_and_in_its_browser_and_a_refusal_has_a_page(
    platform: Platform, place: Place
) -> None:
    async with visitor(platform, place) as dashboard:
        begun = await dashboard.submit(LOG_IN, "/dashboard/sign-in/google")
        back = await agree(await departure(begun), email=ADA)
        cookies = list(dashboard.client.cookies.jar)
        dashboard.client.cookies.clear()
        foreign = await dashboard.client.get(back)
        assert "began in another browser" in foreign.text
        for cookie in cookies:
            dashboard.client.cookies.jar.set_cookie(cookie)
        # The foreign browser used the state up, so no other browser can try it.
        assert "cannot be finished" in (await dashboard.client.get(back)).text
        begun = await dashboard.submit(LOG_IN, "/dashboard/sign-in/google")
        back = await agree(await departure(begun), email=ADA)
        assert "cannot be finished" in (await dashboard.client.get(back.replace("/google/", "/github/"))).text
        begun = await dashboard.submit(LOG_IN, "/dashboard/sign-in/github")
        state = parse_qs(urlsplit(await departure(begun)).query)["state"][0]
        denied = await dashboard.client.get(f"/dashboard/sign-in/github/back?error=access_denied&state={state}")
        assert "you did not agree" in denied.text
        assert denied.status_code == 422
        begun = await dashboard.submit(LOG_IN, "/dashboard/sign-in/github")
        state = parse_qs(urlsplit(await departure(begun)).query)["state"][0]
        forged = await dashboard.client.get(f"/dashboard/sign-in/github/back?code=guessed&state={state}")
        assert "did not confirm who you are" in forged.text
        assert (await dashboard.client.get("/dashboard/sign-in/facebook/back")).status_code == 404


@dataclass(frozen=True, slots=True)
class Unverified:
    """A provider that names an address that it did not verify, which the adapters leave out."""

    challenges: list[str] = field(default_factory=list)

    async def authorization_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        self.challenges.append(challenge)
        return f"http://provider.localhost/?state={state}&challenge={challenge}&back={redirect_uri}"

    async def identify(self, *, code: str, verifier: str, redirect_uri: str) -> ExternalIdentity:
        assert (code, redirect_uri[-5:]) == ("c", "/back")
        assert len(verifier) >= 43
        digest = hashlib.sha256(verifier.encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenges[-1], "S256 of RFC 7636"
        return ExternalIdentity(provider=SignInProvider.GOOGLE, subject="s-1", email=None, name="Ada")


async def test_a_log_in_and_both_sides_of_a_link_need_a_verified_address(
    platform: Platform, place: Place, owner: Merchant
) -> None:
    await platform.deps.accounts.claim(owner.id, owner.email, at=platform.clock.now())
    async with visitor(platform, place, google=Unverified()) as dashboard:
        begun = await dashboard.submit(LOG_IN, "/dashboard/sign-in/google")
        state = parse_qs(urlsplit(await departure(begun)).query)["state"][0]
        refused = await dashboard.client.get(f"/dashboard/sign-in/google/back?code=c&state={state}")
        assert "names no verified e-mail address" in refused.text
        await log_in(dashboard, owner)
        begun = await dashboard.submit(SECURITY, f"{SECURITY}/sign-ins/google", {"password": PASSWORD})
        state = parse_qs(urlsplit(await departure(begun)).query)["state"][0]
        refused = await dashboard.client.get(f"/dashboard/sign-in/google/back?code=c&state={state}")
        assert "names no verified e-mail address" in refused.text
        assert form_of(await dashboard.get(SECURITY), f"{SECURITY}/sign-ins/google")


@pytest.mark.long
async def test_a_browser_logs_in_with_github(platform: Platform, place: Place) -> None:
    async with visitor(platform, place) as dashboard, a_browser() as browser:
        context = await a_context(browser, base_url=dashboard.url)
        page = await context.new_page()
        await page.goto("/dashboard/log-in")
        await page.click("text=Continue with GitHub")
        await page.click(f"text={EVE}")
        await page.wait_for_url("**/dashboard/stores/new")
        await page.get_by_text("Eve", exact=True).first.wait_for()
        await context.close()
