"""Registration, log-in, refresh and log-out."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import jwt
import pytest

from domain.accounts.signing_keys import SigningPeriod, keys_at
from gateway.auth.tokens import SigningKeys, refresh_hash
from infra.adapters.postgres.signing_keys import PostgresSigningPeriods
from infra.demo.log_in import LogIn, enter
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform
from tests.support.servers.web_server import served

REGISTER = (
    "mutation ($input: RegisterInput!) { register(input: $input)"
    " { accessToken refreshToken consistencyToken user { id email name } userErrors { code message field } } }"
)
LOG_IN = (
    "mutation ($input: LogInInput!) { logIn(input: $input)"
    " { accessToken refreshToken user { email } userErrors { code message field } } }"
)
REFRESH = (
    "mutation ($input: RefreshTokenInput!) { refreshToken(input: $input)"
    " { accessToken refreshToken userErrors { code field } } }"
)
CHANGE_PASSWORD = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { userErrors { code } } }"
DELETE = "mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { userErrors { code } } }"
LOG_OUT = "mutation ($input: RefreshTokenInput!) { logOut(input: $input) { done } }"
ME = "{ me { id email name supplierAccounts { provider } stores { totalCount } } }"

ENDED = [{"code": "INVALID_REFRESH_TOKEN", "field": "refreshToken"}]


async def refresh(platform: Platform, token: str) -> Any:
    return await platform.ask(REFRESH, {"input": {"refreshToken": token}})


async def test_a_new_merchant_can_read_their_name_and_email(platform: Platform) -> None:
    session = await platform.ask(
        REGISTER, {"input": {"email": " Ada@Example.com ", "password": PASSWORD, "name": "Ada  L"}}
    )
    assert session["userErrors"] == []
    assert session["user"]["email"] == "Ada@Example.com"
    me = await platform.ask(
        ME,
        by=Merchant(id=uuid4(), email="", token=session["accessToken"], refresh_token=session["refreshToken"]),
    )
    assert me == {
        "id": session["user"]["id"],
        "email": "Ada@Example.com",
        "name": "Ada L",
        "supplierAccounts": [],
        "stores": {"totalCount": 0},
    }


async def test_the_log_in_that_a_sandbox_begins_with_works_until_its_owner_changes_it(platform: Platform) -> None:
    first, request_id = LogIn("you@zyenta.example", PASSWORD), uuid4()
    of_owner = {"email": first.email, "password": "the owner's own words"}
    async with served(platform.app) as port:
        address = f"http://127.0.0.1:{port}"
        assert await enter(address, first, request_id=request_id)
        assert await enter(address, first, request_id=request_id)
        assert not await enter(address, LogIn("no address", PASSWORD), request_id=uuid4())
        owner = await logged_in(platform, first.email, PASSWORD)
        change = {"currentPassword": PASSWORD, "newPassword": of_owner["password"]}
        assert (await platform.ask(CHANGE_PASSWORD, {"input": change}, by=owner))["userErrors"] == []
        assert not await enter(address, first, request_id=request_id)
        owner = await logged_in(platform, **of_owner)
        assert (await platform.ask(DELETE, {"input": {"password": of_owner["password"]}}, by=owner))["userErrors"] == []
        assert not await enter(address, first, request_id=request_id)
        assert (await platform.ask(LOG_IN, {"input": of_owner}))["accessToken"] is None
    with pytest.raises(OSError, match="refused"):
        await enter(address, first, request_id=request_id)


async def logged_in(platform: Platform, email: str, password: str) -> Merchant:
    session = await platform.ask(LOG_IN, {"input": {"email": email, "password": password}})
    return Merchant(id=uuid4(), email=email, token=session["accessToken"], refresh_token=session["refreshToken"])


async def test_the_event_log_has_no_name_email_or_password(platform: Platform) -> None:
    name = f"Merchant {platform.numbers + 1}"
    merchant = await platform.merchant()
    everything = b"".join([raw.data async for batch in platform.log.scan() for raw in batch])
    assert merchant.email.encode() not in everything
    assert name.encode() not in everything
    assert PASSWORD.encode() not in everything


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a\u0000@example.com"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"name": "bad\u0007name"}, "name"),
        ({"name": "n" * 101}, "name"),
    ],
)
async def test_an_invalid_registration_names_the_field_and_stores_nothing(
    platform: Platform, change: dict[str, str], field: str
) -> None:
    before = await platform.event_count()
    platform.clock.advance(timedelta(minutes=1))
    fields = {"email": "a@example.com", "password": PASSWORD, "name": None} | change
    session = await platform.ask(REGISTER, {"input": fields})
    assert [error["field"] for error in session["userErrors"]] == [field]
    assert session["accessToken"] is None
    assert await platform.event_count() == before


async def test_a_repeated_registration_opens_one_account(platform: Platform) -> None:
    before = await platform.event_count()
    variables = {"input": {"email": "twice@example.com", "password": PASSWORD, "commandId": str(uuid4())}}
    first, second = await platform.ask(REGISTER, variables), await platform.ask(REGISTER, variables)
    assert second["userErrors"] == []
    assert second["user"] == first["user"]
    assert await platform.event_count() == before + 1


async def test_an_unknown_email_and_a_wrong_password_get_the_same_error(platform: Platform, owner: Merchant) -> None:
    unknown = await platform.ask(LOG_IN, {"input": {"email": "nobody@example.com", "password": PASSWORD}})
    wrong = await platform.ask(LOG_IN, {"input": {"email": owner.email, "password": "not the password"}})
    assert unknown == wrong
    assert unknown["userErrors"][0]["code"] == "WRONG_CREDENTIALS"
    assert unknown["accessToken"] is None


async def test_logging_in_opens_a_session_of_the_same_merchant(platform: Platform, owner: Merchant) -> None:
    session = await platform.ask(LOG_IN, {"input": {"email": owner.email.title(), "password": PASSWORD}})
    assert session["userErrors"] == []
    assert session["user"] == {"email": owner.email}


async def test_an_access_token_expires(platform: Platform, owner: Merchant) -> None:
    platform.clock.advance(timedelta(minutes=16))
    answer = await platform.post(ME, by=owner)
    assert answer["data"] == {"me": None}
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIiwia2lkIjoiazIifQ.eyJzdWIiOiJ4In0."])
async def test_a_foreign_token_is_rejected(platform: Platform, token: str) -> None:
    answer = await platform.post(ME, headers={"authorization": f"Bearer {token}"})
    assert answer["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_a_refresh_token_can_be_exchanged_once(platform: Platform, owner: Merchant) -> None:
    second = await refresh(platform, owner.refresh_token)
    third = await refresh(platform, second["refreshToken"])
    assert third["userErrors"] == []
    assert len({owner.refresh_token, second["refreshToken"], third["refreshToken"]}) == 3
    owner.token = third["accessToken"]
    assert (await platform.ask(ME, by=owner))["id"] == str(owner.id)


async def test_a_refresh_token_repeated_within_seconds_gets_the_same_successor(
    platform: Platform, owner: Merchant
) -> None:
    second = await refresh(platform, owner.refresh_token)
    platform.clock.advance(timedelta(seconds=2))
    again = await refresh(platform, owner.refresh_token)
    assert again["userErrors"] == []
    assert again["refreshToken"] == second["refreshToken"]
    assert (await refresh(platform, again["refreshToken"]))["userErrors"] == []


async def test_a_refresh_token_repeated_later_ends_the_session(platform: Platform, owner: Merchant) -> None:
    second = await refresh(platform, owner.refresh_token)
    platform.clock.advance(timedelta(seconds=31))
    assert (await refresh(platform, owner.refresh_token))["userErrors"] == ENDED
    assert (await refresh(platform, second["refreshToken"]))["userErrors"] == ENDED
    owner.token = second["accessToken"]
    assert (await platform.post(ME, by=owner))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_refresh_token_with_a_used_successor_ends_the_session(platform: Platform, owner: Merchant) -> None:
    second = await refresh(platform, owner.refresh_token)
    third = await refresh(platform, second["refreshToken"])
    assert (await refresh(platform, owner.refresh_token))["userErrors"] == ENDED
    assert (await refresh(platform, third["refreshToken"]))["userErrors"] == ENDED


async def test_concurrent_exchanges_of_a_refresh_token_get_the_same_successor(
    platform: Platform, owner: Merchant
) -> None:
    answers = await asyncio.gather(*(refresh(platform, owner.refresh_token) for _ in range(8)))
    assert [answer["userErrors"] for answer in answers] == [[]] * 8
    (successor,) = {answer["refreshToken"] for answer in answers}
    assert (await refresh(platform, successor))["userErrors"] == []


async def test_neither_a_refresh_token_nor_its_successor_is_stored(platform: Platform, owner: Merchant) -> None:
    second = await refresh(platform, owner.refresh_token)
    stored = await platform.deps.reader.fetch("select t::text as row from refresh_tokens t")
    text = " ".join(row["row"] for row in stored)
    for token in (owner.refresh_token, second["refreshToken"]):
        assert token not in text
        assert token.encode().hex() not in text


async def test_other_sessions_of_the_merchant_survive_a_repeated_refresh_token(
    platform: Platform, owner: Merchant
) -> None:
    other = await platform.ask(LOG_IN, {"input": {"email": owner.email, "password": PASSWORD}})
    await refresh(platform, owner.refresh_token)
    platform.clock.advance(timedelta(seconds=31))
    await refresh(platform, owner.refresh_token)
    assert (await refresh(platform, other["refreshToken"]))["userErrors"] == []
    owner.token = other["accessToken"]
    assert (await platform.ask(ME, by=owner))["id"] == str(owner.id)


async def test_a_refresh_token_expires(platform: Platform, owner: Merchant) -> None:
    platform.clock.advance(timedelta(days=31))
    assert (await refresh(platform, owner.refresh_token))["userErrors"][0]["code"] == "INVALID_REFRESH_TOKEN"


async def test_logging_out_ends_the_session(platform: Platform, owner: Merchant) -> None:
    await platform.ask(LOG_OUT, {"input": {"refreshToken": owner.refresh_token}})
    assert (await refresh(platform, owner.refresh_token))["userErrors"][0]["code"] == "INVALID_REFRESH_TOKEN"


async def test_an_access_token_is_rejected_after_its_session_ends(platform: Platform, owner: Merchant) -> None:
    other = await platform.ask(LOG_IN, {"input": {"email": owner.email, "password": PASSWORD}})
    assert (await platform.ask(ME, by=owner))["id"] == str(owner.id)
    await platform.ask(LOG_OUT, {"input": {"refreshToken": owner.refresh_token}})
    assert (await platform.post(ME, by=owner))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    change = "mutation { disconnectSupplier(input: {provider: SAMPLE}) { userErrors { code } } }"
    assert (await platform.post(change, by=owner))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await platform.call("GET", f"/stores/{uuid4()}", by=owner)).status_code == 401
    owner.token = other["accessToken"]
    assert (await platform.ask(ME, by=owner))["id"] == str(owner.id)


async def test_a_session_ended_by_another_process_is_rejected_within_a_second(
    platform: Platform, owner: Merchant
) -> None:
    assert (await platform.ask(ME, by=owner))["id"] == str(owner.id)
    await platform.deps.refresh_tokens.revoke(refresh_hash(owner.refresh_token), at=platform.clock.now())
    platform.clock.advance(timedelta(seconds=1))
    assert (await platform.post(ME, by=owner))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_rotation_announces_its_key_and_a_leak_withdraws_announced_ones(
    platform: Platform, database: str
) -> None:
    now = platform.clock.now()
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool:
        periods = PostgresSigningPeriods(pool)
        await periods.add(SigningPeriod(kid="old", signs_from=now - timedelta(hours=1)))
        await periods.add(SigningPeriod(kid="next", signs_from=now + timedelta(minutes=2)))
        assert keys_at(await periods.all(), "first", now) == ("old", ("old", "next"))
        await periods.add(SigningPeriod(kid="after leak", signs_from=now, ends_others=True))
        assert keys_at(await periods.all(), "first", now + timedelta(hours=1)) == ("after leak", ("after leak",))


async def test_the_published_keys_follow_a_rotation_and_older_tokens_go_on(platform: Platform, owner: Merchant) -> None:
    async def published() -> list[str]:
        response = await platform.client.get("/.well-known/jwks.json")
        assert response.headers["cache-control"] == "public, max-age=60"
        return [key["kid"] for key in response.json()["keys"]]

    keys, tokens = platform.deps.signing_keys, platform.app.state.gateway.accounts.access_tokens
    assert await published() == ["k1", "k2"]
    tokens.replace(SigningKeys(active="k3", keys={**keys.keys, "k3": b"3" * 32}))
    try:
        assert await published() == ["k1", "k2", "k3"]
        assert (await platform.ask(ME, by=owner))["id"] == str(owner.id)
        assert jwt.get_unverified_header((await platform.merchant()).token)["kid"] == "k3"
    finally:
        tokens.replace(keys)
