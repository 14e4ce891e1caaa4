"""Guessing passwords is slow, and does not lock merchants out."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gateway.auth.attempts import PER_ACCOUNT
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform

LOG_IN = (
    "mutation ($input: LogInInput!) { logIn(input: $input) { accessToken deviceToken userErrors { code message } } }"
)
REGISTER = "mutation ($input: RegisterInput!) { register(input: $input) { userErrors { code field } } }"
WRONG, WAIT = "WRONG_CREDENTIALS", "TOO_MANY_ATTEMPTS"


class Visitor:
    """A client at a network address, with or without a cookie jar."""

    def __init__(self, client: httpx.AsyncClient, *, cookies: bool) -> None:
        self._client, self._cookies = client, cookies

    async def try_password(self, email: str, password: str, **more: str) -> str:
        """Return the error code. Empty on success."""
        errors = (await self.log_in(email, password, **more))["userErrors"]
        return errors[0]["code"] if errors else ""

    async def log_in(self, email: str, password: str, **more: str) -> Any:
        if not self._cookies:
            self._client.cookies.clear()
        variables = {"input": {"email": email, "password": password, **more}}
        answer = await self._client.post("/graphql", json={"query": LOG_IN, "variables": variables})
        assert answer.status_code == 200, answer.text
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]["logIn"]

    def cookie(self) -> Any:
        """Return the device cookie."""
        (cookie,) = self._client.cookies.jar
        return cookie


At = Callable[..., Visitor]


@pytest.fixture
async def at(platform: Platform) -> AsyncIterator[At]:
    """Return a factory of visitors by network address."""
    async with AsyncExitStack() as stack:
        made: list[httpx.AsyncClient] = []

        def visitor(address: str, *, cookies: bool = False) -> Visitor:
            transport = httpx.ASGITransport(app=platform.app, client=(address, 1))
            made.append(httpx.AsyncClient(transport=transport, base_url="http://gateway.localhost"))
            stack.push_async_callback(made[-1].aclose)
            return Visitor(made[-1], cookies=cookies)

        yield visitor


async def use_up(visitor: Visitor, email: str) -> None:
    """Try wrong passwords until the limit is exhausted."""
    codes = [await visitor.try_password(email, "not the password") for _ in range(11)]
    assert codes == [WRONG] * 10 + [WAIT]


async def test_guessing_an_account_s_password_is_slowed_down(platform: Platform, owner: Merchant, at: At) -> None:
    attacker = at("203.0.113.1")
    await use_up(attacker, owner.email)
    platform.clock.advance(timedelta(seconds=31))
    assert await attacker.try_password(owner.email, "not the password") == WRONG
    assert await attacker.try_password(owner.email, PASSWORD) == WAIT


async def test_an_attacker_s_guesses_do_not_lock_the_owner_out(platform: Platform, owner: Merchant, at: At) -> None:
    attacker, home = at("203.0.113.2"), at("198.51.100.2")
    await use_up(attacker, owner.email)
    for _ in range(20):
        platform.clock.advance(timedelta(seconds=30))
        assert await attacker.try_password(owner.email, "not the password") == WRONG
    assert await home.try_password(owner.email, PASSWORD) == ""


async def test_guessing_from_many_addresses_is_slow_and_a_known_device_can_log_in(
    platform: Platform, owner: Merchant, at: At
) -> None:
    browser, program = at("198.51.100.3", cookies=True), at("198.51.100.4")
    await browser.log_in(owner.email, PASSWORD)
    token = (await program.log_in(owner.email, PASSWORD))["deviceToken"]
    guesses = [await at(f"203.0.113.{n}").try_password(owner.email, "wrong password") for n in range(PER_ACCOUNT.burst)]
    # The owner used two attempts of the limit.
    assert guesses == [WRONG] * (PER_ACCOUNT.burst - 2) + [WAIT] * 2
    assert await at("198.51.100.5").try_password(owner.email, PASSWORD) == WAIT
    assert await browser.try_password(owner.email, PASSWORD) == ""
    assert await program.try_password(owner.email, PASSWORD, deviceToken=token) == ""
    # Also from the attackers' network: the device has a separate limit.
    assert await at("203.0.113.1").try_password(owner.email, PASSWORD, deviceToken=token) == ""


async def test_a_known_device_has_its_own_limit_for_its_own_account_only(
    owner: Merchant, stranger: Merchant, at: At
) -> None:
    thief = at("203.0.113.5")
    token = (await at("198.51.100.6").log_in(owner.email, PASSWORD))["deviceToken"]
    again = (await at("198.51.100.6").log_in(owner.email, PASSWORD, deviceToken=token))["deviceToken"]
    codes = [await thief.try_password(owner.email, "wrong password", deviceToken=again) for _ in range(10)]
    assert codes == [WRONG] * 9 + [WAIT]
    codes = [await thief.try_password(stranger.email, "wrong password", deviceToken=token) for _ in range(11)]
    assert codes == [WRONG] * 10 + [WAIT]


async def test_scripts_cannot_read_the_device_cookie(owner: Merchant, at: At) -> None:
    browser = at("198.51.100.7", cookies=True)
    await browser.log_in(owner.email, PASSWORD)
    cookie = browser.cookie()
    assert (cookie.name, cookie.path) == ("zyenta_device", "/graphql")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"


async def test_all_spellings_of_an_email_share_one_limit(owner: Merchant, at: At) -> None:
    attacker, name = at("203.0.113.6"), owner.email.partition("@")[0]
    wide = "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in owner.email)
    spellings = [owner.email, owner.email.upper(), f" {owner.email} ", wide, owner.email.replace("@", "＠"),
                 f"{name}@example．com", f"{name}@example。com", f"{name}@ⓔxample.com", wide.upper(),
                 f"{name}@EXAMPLE.com", f"{name}@example｡com"]  # fmt: skip
    codes = [await attacker.try_password(spelling, "wrong password") for spelling in spellings]
    assert codes == [WRONG] * 10 + [WAIT]
    # All are spellings of the account's address.
    assert [
        await at(f"198.51.100.{20 + n}").try_password(spelling, PASSWORD) for n, spelling in enumerate(spellings)
    ] == [""] * len(spellings)


async def test_the_addresses_of_an_ipv6_network_share_one_limit(owner: Merchant, at: At) -> None:
    codes = [await at(f"2001:db8:7:7::{n:x}").try_password(owner.email, "wrong password") for n in range(11)]
    assert codes == [WRONG] * 10 + [WAIT]
    assert await at("2001:db8:7:8::1").try_password(owner.email, PASSWORD) == ""


async def test_a_domain_and_its_punycode_are_one_account(platform: Platform, at: At) -> None:
    platform.clock.advance(timedelta(minutes=1))
    one, other = "ada@bücher.example", "Ada@xn--bcher-kva.example"
    registered = await platform.ask(REGISTER, {"input": {"email": one, "password": PASSWORD}})
    assert registered["userErrors"] == []
    again = await platform.ask(REGISTER, {"input": {"email": other, "password": PASSWORD}})
    assert again == registered
    assert await at("198.51.100.40").try_password(other, PASSWORD) == ""


async def test_an_account_under_an_old_key_is_found_and_stored_under_the_new_key(
    platform: Platform, owner: Merchant, at: At
) -> None:
    unique = uuid4().hex[:8]
    former, decoded = f"{unique}@xn--bcher-kva.example", f"{unique}@bücher.example"
    await platform.deps.reader.fetch(
        "update accounts set email = $1, email_key = $1, claimed = true where merchant_id = $2", former, owner.id
    )
    assert await at("198.51.100.41").try_password(former, PASSWORD) == ""
    assert await at("198.51.100.42").try_password(decoded, PASSWORD) == ""
    assert (
        await platform.deps.reader.fetchval("select email_key from accounts where merchant_id = $1", owner.id)
        == decoded
    )
