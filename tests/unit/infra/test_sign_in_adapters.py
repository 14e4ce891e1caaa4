"""Which persons Google and GitHub name: verified addresses only, and errors of every kind."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from domain.accounts.sign_in import IdentityProvider, SignInFailed
from domain.kernel import Transient
from domain.merchant.account_events import SignInProvider
from infra.adapters.sign_in.github import GitHubSignIn
from infra.adapters.sign_in.google import GoogleSignIn
from infra.adapters.sign_in.oauth import OAuthClient

Answers = Mapping[str, httpx.Response]
ISSUER = "https://accounts.google.com"
BACK = "https://zyenta.example/back"


def provider(which: SignInProvider, answers: Answers) -> IdentityProvider:
    """Return an adapter whose provider answers each path."""

    def answer(request: httpx.Request) -> httpx.Response:
        return answers[request.url.path]

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    client = OAuthClient(provider=which, http=http, client_id="id", secret="hush")
    return GitHubSignIn(client) if which is SignInProvider.GITHUB else GoogleSignIn(client)


def github(emails: Any, *, person: Any = None, token: Any = None) -> IdentityProvider:
    return provider(
        SignInProvider.GITHUB,
        {
            "/login/oauth/access_token": httpx.Response(200, json=token or {"access_token": "t"}),
            "/user": httpx.Response(200, json=person or {"id": 7, "login": "ada", "name": None}),
            "/user/emails": httpx.Response(200, json=emails),
        },
    )


def google(person: Any) -> IdentityProvider:
    names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")
    endpoints = {name: f"{ISSUER}/{name}" for name in names}
    return provider(
        SignInProvider.GOOGLE,
        {
            "/.well-known/openid-configuration": httpx.Response(200, json=endpoints),
            "/token_endpoint": httpx.Response(200, json={"access_token": "t"}),
            "/userinfo_endpoint": httpx.Response(200, json=person),
        },
    )


async def email_of(provider: IdentityProvider) -> str | None:
    return (await provider.identify(code="c", verifier="v", redirect_uri=BACK)).email


@pytest.mark.parametrize(
    ("emails", "email"),
    [
        ([{"email": "ada@x.example", "primary": True, "verified": True}], "ada@x.example"),
        ([{"email": "ada@x.example", "primary": True, "verified": False}], None),
        ([{"email": "old@x.example", "primary": False, "verified": True}], None),
        ([{"email": "ada@x.example", "primary": True, "verified": "true"}], None),
        ([{"primary": True, "verified": True}], None),
        ([], None),
        ({"message": "Not Found"}, None),
    ],
)
async def test_github_names_the_primary_address_only_if_it_is_verified(emails: Any, email: str | None) -> None:
    assert await email_of(github(emails)) == email


@pytest.mark.parametrize(
    ("person", "email"),
    [
        ({"sub": "1", "email": "ada@x.example", "email_verified": True}, "ada@x.example"),
        ({"sub": "1", "email": "ada@x.example", "email_verified": False}, None),
        ({"sub": "1", "email": "ada@x.example", "email_verified": "true"}, None),
        ({"sub": "1", "email": "ada@x.example"}, None),
        ({"sub": "1", "email_verified": True}, None),
    ],
)
async def test_google_names_an_address_only_if_it_is_verified(person: Any, email: str | None) -> None:
    assert await email_of(google(person)) == email


@pytest.mark.parametrize(
    "make",
    [
        lambda: github([], person={"login": "ada"}),
        lambda: github([], token={"error": "bad_verification_code"}),
        lambda: google({"email": "ada@x.example", "email_verified": True}),
        lambda: google(["no person"]),
    ],
    ids=["no id", "refused with status 200", "no subject", "no object"],
)
async def test_a_person_without_a_subject_is_refused(make: Callable[[], IdentityProvider]) -> None:
    with pytest.raises(SignInFailed):
        await email_of(make())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), SignInFailed),
        (httpx.Response(200, text="<html>"), SignInFailed),
        (httpx.Response(503), Transient),
        (httpx.Response(429), Transient),
    ],
)
async def test_an_answer_without_a_token_is_a_refusal_or_an_outage(
    answer: httpx.Response, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await email_of(provider(SignInProvider.GITHUB, {"/login/oauth/access_token": answer}))


async def test_the_address_of_the_provider_s_page_carries_state_and_challenge() -> None:
    url = await github([]).authorization_url(state="s", challenge="c", redirect_uri=BACK)
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith("https://github.com/login/oauth/authorize?")
    assert query == {
        "response_type": "code",
        "client_id": "id",
        "redirect_uri": BACK,
        "scope": "read:user user:email",
        "state": "s",
        "code_challenge": "c",
        "code_challenge_method": "S256",
    }
