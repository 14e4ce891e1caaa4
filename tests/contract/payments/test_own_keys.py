"""Merchants' own keys at Stripe: what is asked of a key, and that requests about its account are sent with it."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from stripe import StripeClient

from domain.kernel import DomainError, Transient
from domain.merchant.errors import KeyRefused, WrongMode
from domain.merchant.ports import KeyEndpoint, OwnKey, StripeStatus
from domain.money import Money
from domain.order.ports import AccountNotice, InvalidSignature, UnusableWebhook
from infra.adapters.payments.signatures import sign
from infra.adapters.payments.stripe.accounts import KEY_REFUSED, StripeConnect
from infra.adapters.payments.stripe.checkout import StripeCheckout
from infra.adapters.payments.stripe.client import stripe_client
from infra.adapters.payments.stripe.endpoint import OwnKeyWebhooks
from infra.adapters.payments.stripe.own_keys import StripeOwnKeys
from infra.adapters.payments.stripe.refunds import StripeRefunds
from tests.contract.payments.test_payment_gateways import REQUEST
from tests.contract.payments.test_stripe_requests import refund_request
from tests.support.builders.samples import NOON
from tests.support.fakes.event_log import FixedClock
from tests.support.fakes.vault import MemoryOwnKeys
from tests.support.servers.stripe import StripeServer

KEY = "rk_test_only_tests_know"
MERCHANT = UUID(int=7)


@pytest.fixture
def vault() -> MemoryOwnKeys:
    return MemoryOwnKeys()


@pytest.fixture
async def client(stripe: StripeServer, vault: MemoryOwnKeys) -> AsyncIterator[StripeClient]:
    async with stripe_client("sk_test_1", api_base=stripe.address, own_keys=vault) as client:
        yield client


def with_key(stripe: StripeServer, *forbidden: str) -> None:
    stripe.accounts["acct_own"] = {"id": "acct_own", "object": "account", "charges_enabled": True}
    stripe.keys[KEY] = ("acct_own", frozenset(forbidden))


async def test_a_key_that_may_do_everything_names_its_account(stripe: StripeServer, client: StripeClient) -> None:
    with_key(stripe)
    found = await StripeOwnKeys(client, live=False).check(KEY)
    assert (found.account_id, found.status) == ("acct_own", StripeStatus(charges_enabled=True))
    assert not any((stripe.sessions, stripe.coupons, stripe.refunds, stripe.endpoints)), "a check changes nothing"


async def test_each_permission_that_a_key_lacks_is_named_and_the_key_is_not(
    stripe: StripeServer,
    client: StripeClient,
) -> None:
    with_key(stripe, "refunds", "webhook_endpoints")
    with pytest.raises(KeyRefused) as refusal:
        await StripeOwnKeys(client, live=False).check(KEY)
    assert "it lacks permissions: Charges and Refunds: write; Webhook Endpoints: write. Add" in str(refusal.value)
    assert KEY not in str(refusal.value)


@pytest.mark.parametrize(
    ("key", "live", "kind"),
    [
        ("sk_test_can_do_everything", False, KeyRefused),
        ("pk_test_public", False, KeyRefused),
        ("", False, KeyRefused),
        ("rk_test_unknown", False, KeyRefused),
        (KEY, True, WrongMode),
        ("rk_live_1", False, WrongMode),
    ],
)
async def test_a_key_of_another_kind_or_mode_is_refused_without_repeating_it(
    stripe: StripeServer,
    client: StripeClient,
    key: str,
    live: bool,
    kind: type[DomainError],
) -> None:
    with_key(stripe)
    with pytest.raises(kind) as refusal:
        await StripeOwnKeys(client, live=live).check(key)
    assert not key or key not in str(refusal.value)


async def test_requests_about_the_account_are_sent_with_its_key_and_without_a_fee(
    stripe: StripeServer,
    client: StripeClient,
    vault: MemoryOwnKeys,
) -> None:
    with_key(stripe)
    vault.kept[MERCHANT] = OwnKey(secret_key=KEY, account_id="acct_own", endpoints=())
    session = await StripeCheckout(client, "acct_own", vault).open_session(REQUEST)
    assert (session.account_id, session.owed_fee) == ("acct_own", REQUEST.platform_fee)
    (opened,) = stripe.sessions.values()
    assert (opened["account"], opened["fee"]) == ("acct_own", None)
    answer = await StripeRefunds(client).refund(refund_request(4000, fee=False), account_id="acct_own")
    assert (answer.amount, answer.fee_refunded) == (Money(minor=4000), None)
    connected = await StripeCheckout(client, "acct_1", vault).open_session(REQUEST)
    assert (connected.owed_fee, connected.taken_fee) == (None, REQUEST.platform_fee)
    assert stripe.sessions[connected.session_id]["fee"] == REQUEST.platform_fee.minor


async def test_a_key_that_stripe_does_not_take_any_more_stops_charges_and_says_why(
    stripe: StripeServer,
    client: StripeClient,
    vault: MemoryOwnKeys,
) -> None:
    with_key(stripe)
    vault.kept[MERCHANT] = OwnKey(secret_key=KEY, account_id="acct_own", endpoints=())
    accounts = StripeConnect(client, live=False, own_keys=vault)
    assert await accounts.status("acct_own") == StripeStatus(charges_enabled=True)
    del stripe.keys[KEY]
    assert await accounts.status("acct_own") == StripeStatus(disabled_reason=KEY_REFUSED)


async def test_stripes_description_allows_every_request_about_own_keys(checked: StripeClient) -> None:
    own = StripeOwnKeys(checked, live=False)
    assert (await own.check("rk_test_1")).account_id
    # stripe-mock accepts the request, but its sample answer has no secret.
    with pytest.raises(Transient, match="without a secret"):
        await own.watch("rk_test_1", "https://gateway.example/webhooks")
    await own.unwatch("rk_test_1", "we_1")


def test_webhooks_of_the_account_are_verified_with_its_secrets_and_name_it_from_then_on() -> None:
    endpoints = (KeyEndpoint(id="we_2", secret="whsec_new"), KeyEndpoint(id="we_1", secret="whsec_old"))
    key = OwnKey(secret_key=KEY, account_id="acct_own", endpoints=endpoints)
    reader = OwnKeyWebhooks(key, live=False, clock=FixedClock())
    webhook = {"id": "evt_1", "type": "account.updated", "livemode": False, "data": {"object": {"id": "acct_own"}}}
    body = json.dumps(webhook).encode()
    expected = AccountNotice(external_id="evt_1", type="account.updated", account_id="acct_own")
    for secret in (b"whsec_new", b"whsec_old"):
        assert reader.read_webhook(body, sign(body, secret, NOON)) == expected
    assert reader.read_body(reader.recordable(body.decode())) == expected
    with pytest.raises(InvalidSignature):
        reader.read_webhook(body, sign(body, b"whsec_of_another", NOON))
    foreign = json.dumps(webhook | {"account": "acct_2"}).encode()
    with pytest.raises(UnusableWebhook):
        reader.read_webhook(foreign, sign(foreign, b"whsec_new", NOON))
    assert KEY not in repr(key)
    assert "whsec" not in repr(key)
