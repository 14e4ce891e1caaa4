"""A platform for real money starts only without the parts that are made for trying it."""

from typing import Any

import pytest
from pydantic import SecretStr

from infra.production import NotForProduction, faults, is_local, refuse_unready
from infra.settings import Settings

READY: dict[str, Any] = {
    "production": True,
    "stripe_secret_key": SecretStr("sk_live_1"),
    "sample_supplier": False,
    "smtp_url": "smtps://mail.example.com:465",
    "mail_from": "orders@example.com",
    "storefront_scheme": "https",
    "gateway_url": "https://api.example.com",
    "storefront_domain": "shops.example.com",
    "master_keys": ["ab" * 32],
    "kafka_bootstrap_servers": "broker.example.com:9092",
}


def settings(**changes: Any) -> Settings:
    return Settings(_env_file=None, **(READY | changes))


def test_a_platform_without_sandboxes_starts() -> None:
    assert faults(settings()) == []
    refuse_unready(settings())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stripe_secret_key": None}, "Payments are the sandbox"),
        ({"stripe_secret_key": SecretStr("rk_test_1")}, "is a test key"),
        ({"sample_supplier": True}, "sample supplier"),
        ({"smtp_url": None, "mail_from": None}, "mailbox in the data directory"),
        ({"storefront_scheme": "http"}, "Storefronts are plain http"),
        ({"gateway_url": "http://api.example.com"}, "The gateway is plain http"),
        ({"gateway_url": "https://10.0.0.1"}, "private network reaches '10.0.0.1'; set ZYENTA_GATEWAY_URL"),
        ({"storefront_domain": "localhost:8080"}, "reaches 'localhost'; set ZYENTA_STOREFRONT_DOMAIN"),
        ({"master_keys": []}, "made itself"),
        ({"kafka_bootstrap_servers": None}, "embedded one"),
    ],
)
def test_each_part_for_trying_refuses_the_start_with_one_sentence(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(NotForProduction) as refusal:
        refuse_unready(settings(**changes))
    (fault,) = refusal.value.faults
    assert said in fault
    assert fault.count(".\n") == 0
    assert fault in str(refusal.value)


def test_all_of_them_are_named_at_once_and_are_only_advice_without_the_setting() -> None:
    fresh = Settings(_env_file=None)
    assert len(faults(fresh)) == 9
    refuse_unready(fresh)


@pytest.mark.parametrize(
    ("service", "count"), [("gateway", 8), ("storefront", 7), ("consumers", 9), ("publisher", 1), ("imager", 1)]
)
def test_a_service_of_its_own_judges_only_the_settings_that_it_gets(service: str, count: int) -> None:
    assert len(faults(Settings(_env_file=None), [service])) == count


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("shop.localhost", True),
        ("nas.local", True),
        ("10.0.0.7", True),
        ("::1", True),
        ("", True),
        ("8.8.8.8", False),
        ("shops.example.com", False),
        ("localhost.example.com", False),
    ],
)
def test_an_address_is_public_if_others_can_reach_it(host: str, local: bool) -> None:
    assert is_local(host) is local
