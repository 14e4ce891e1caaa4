"""Access tokens and passwords."""

import base64
import hmac
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pwdlib.hashers.argon2 import Argon2Hasher

from gateway.auth.errors import Unauthenticated
from gateway.auth.passwords import Passwords
from gateway.auth.tokens import AccessTokens, DeviceTokens, Identity, SigningKeys, successor_of
from tests.support.fakes.event_log import FixedClock

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_token_identifies_its_merchant_until_it_expires() -> None:
    clock = FixedClock()
    tokens, merchant_id = AccessTokens(SigningKeys(active="new", keys={"new": NEW}), clock), uuid4()
    token, expires_at = tokens.sign(merchant_id)
    assert tokens.read(token) == Identity(merchant_id=merchant_id, session_id=None)
    assert jwt.get_unverified_header(token)["kid"] == "new"
    clock.at = expires_at - timedelta(seconds=1)
    assert tokens.read(token) == Identity(merchant_id=merchant_id, session_id=None)
    clock.at = expires_at
    with pytest.raises(Unauthenticated, match="expired"):
        tokens.read(token)


def test_tokens_of_a_replaced_key_are_valid_until_the_key_is_removed() -> None:
    clock, merchant_id = FixedClock(), uuid4()
    token, _ = AccessTokens(SigningKeys(active="old", keys={"old": OLD}), clock).sign(merchant_id)
    both = AccessTokens(SigningKeys(active="new", keys={"new": NEW, "old": OLD}), clock)
    assert both.read(token).merchant_id == merchant_id
    with pytest.raises(Unauthenticated, match="key"):
        AccessTokens(SigningKeys(active="new", keys={"new": NEW}), clock).read(token)


def test_a_token_with_a_foreign_signature_is_rejected() -> None:
    clock = FixedClock()
    forged, _ = AccessTokens(SigningKeys(active="new", keys={"new": OLD}), clock).sign(uuid4())
    with pytest.raises(Unauthenticated):
        AccessTokens(SigningKeys(active="new", keys={"new": NEW}), clock).read(forged)


def _forged(key: object, algorithm: str, kid: str = "new", **changes: object) -> str:
    claims = {"iss": "zyenta", "aud": "zyenta-api", "sub": str(uuid4()), "iat": 1, "exp": 9_999_999_999} | changes
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})  # type: ignore[arg-type]


def test_a_token_of_another_algorithm_key_or_audience_is_rejected() -> None:
    tokens = AccessTokens(SigningKeys(active="new", keys={"new": NEW}), FixedClock())
    (published,) = tokens.published_keys()
    public = base64.urlsafe_b64decode(published["x"] + "=")
    own = Ed25519PrivateKey.from_private_bytes(hmac.digest(NEW, b"zyenta access tokens, Ed25519", "sha256"))
    tokens.read(_forged(own, "EdDSA"))  # the helper makes tokens that are otherwise right
    for token in (
        _forged(None, "none"),
        _forged(NEW, "HS256"),
        _forged(public, "HS256"),
        _forged(Ed25519PrivateKey.generate(), "EdDSA"),
        _forged(own, "EdDSA", kid="old"),
        _forged(own, "EdDSA", aud="zyenta-device"),
        _forged(own, "EdDSA", iss="elsewhere"),
        _forged(own, "EdDSA", sub="nobody"),
    ):
        with pytest.raises(Unauthenticated):
            tokens.read(token)


def test_a_published_key_verifies_a_token_elsewhere_and_a_replaced_one_is_no_longer_remembered() -> None:
    clock = FixedClock()
    tokens = AccessTokens(SigningKeys(active="old", keys={"old": OLD}), clock)
    token, _ = tokens.sign(merchant_id := uuid4())
    (key,) = tokens.published_keys()
    options = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(token, jwt.PyJWK(dict(key)), algorithms=["EdDSA"], audience="zyenta-api", options=options)  # type: ignore[arg-type]
    assert claims["iss"] == "zyenta"
    assert "d" not in key
    assert tokens.read(token).merchant_id == merchant_id
    tokens.replace(SigningKeys(active="new", keys={"new": NEW}))
    with pytest.raises(Unauthenticated, match="key"):
        tokens.read(token)


def test_device_tokens_and_access_tokens_are_not_interchangeable() -> None:
    clock, keys, merchant_id = FixedClock(), SigningKeys(active="new", keys={"new": NEW}), uuid4()
    access, devices = AccessTokens(keys, clock), DeviceTokens(keys, clock)
    token = devices.sign(merchant_id)
    with pytest.raises(Unauthenticated):
        access.read(token)
    assert devices.read(access.sign(merchant_id, uuid4())[0]) is None
    assert [devices.read(nonsense) for nonsense in (None, "", "x", "a.b.c", "\ud800")] == [None] * 5
    device = devices.read(token)
    assert device is not None
    assert device.merchant_id == merchant_id
    assert devices.read(devices.sign(merchant_id, device)) == device
    clock.advance(timedelta(days=181))
    assert devices.read(token) is None


def test_a_refresh_token_has_one_successor_that_depends_on_the_key() -> None:
    first = successor_of("a token", NEW)
    assert first == successor_of("a token", NEW)
    assert (
        len({"a token", first, successor_of("a token", OLD), successor_of("another", NEW), successor_of(first, NEW)})
        == 5
    )


def test_weak_or_missing_signing_keys_are_rejected_at_start() -> None:
    with pytest.raises(ValueError, match="32 or more"):
        SigningKeys(active="new", keys={"new": b"short"})
    with pytest.raises(ValueError, match="not among"):
        SigningKeys(active="new", keys={"old": OLD})
    assert "nnn" not in repr(SigningKeys(active="new", keys={"new": NEW}))


async def test_a_hash_of_lower_cost_is_replaced_when_its_password_is_verified() -> None:
    weak = Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
    strong = Passwords(Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1))
    stored = await weak.hash("a long enough one")
    fits, stronger = await strong.verify("a long enough one", stored)
    assert fits
    assert stronger is not None
    assert await strong.verify("a long enough one", stronger) == (True, None)
    assert await strong.verify("another password", stored) == (False, None)


async def test_no_password_matches_without_an_account() -> None:
    passwords = Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
    assert await passwords.verify("a decoy, so that no account takes as long as one", None) == (False, None)
