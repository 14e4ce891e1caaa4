"""A platform for real money starts only without the parts that are made for trying it."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from infra.cli import command_line
from infra.production import NotForProduction, faults, is_local, refuse_unready
from infra.settings import Settings, variables

READY: dict[str, Any] = {
    "production": True,
    "stripe_secret_key": SecretStr("sk_live_1"),
    "stripe_webhook_secrets": [SecretStr("whsec_1")],
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
        ({"stripe_webhook_secrets": []}, "set STRIPE_WEBHOOK_SECRET"),
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


VARIABLES = {
    "ZYENTA_PRODUCTION": "true",
    "STRIPE_SECRET_KEY": "sk_live_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
    "ZYENTA_SAMPLE_SUPPLIER": "false",
    "ZYENTA_SMTP_URL": "smtps://mail.example.com:465",
    "ZYENTA_MAIL_FROM": "orders@example.com",
    "ZYENTA_STOREFRONT_SCHEME": "https",
    "ZYENTA_GATEWAY_URL": "https://api.example.com",
    "ZYENTA_STOREFRONT_DOMAIN": "shops.example.com",
    "ZYENTA_MASTER_KEYS": "ab" * 32,
    "KAFKA_BOOTSTRAP_SERVERS": "broker.example.com:9092",
}
"""A platform that is ready, as an operator configures it."""


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("STRIPE_SECRET_KEY", "", "Payments are the sandbox; set STRIPE_SECRET_KEY to a live key."),
        ("ZYENTA_SAMPLE_SUPPLIER", "", "The sample supplier's goods do not exist; set ZYENTA_SAMPLE_SUPPLIER=false."),
        (
            "ZYENTA_SMTP_URL",
            "",
            "Mails stay in a mailbox in the data directory; set ZYENTA_SMTP_URL and ZYENTA_MAIL_FROM.",
        ),
        (
            "ZYENTA_STOREFRONT_SCHEME",
            "http",
            "Storefronts are plain http; set ZYENTA_STOREFRONT_SCHEME=https behind a proxy with TLS.",
        ),
        (
            "ZYENTA_GATEWAY_URL",
            "https://localhost",
            "Only this machine or its private network reaches 'localhost'; set ZYENTA_GATEWAY_URL to a public address.",
        ),
        (
            "ZYENTA_MASTER_KEYS",
            "",
            "The master key is one that the platform made itself; set ZYENTA_MASTER_KEYS and keep a copy elsewhere.",
        ),
        (
            "KAFKA_BOOTSTRAP_SERVERS",
            "",
            "The broker is the embedded one, without replicas; set KAFKA_BOOTSTRAP_SERVERS.",
        ),
    ],
)
def test_the_command_refuses_to_start_in_one_sentence_and_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    for name, each in (VARIABLES | {variable: value, "ZYENTA_DATA_DIR": str(tmp_path / "data")}).items():
        monkeypatch.setenv(name, each)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command_line("up"), ["up"])
    assert result.exit_code == 1
    assert result.output.splitlines()[1:] == [f"  - {said}"]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [["demo", "Dog toys"], ["up", "--demo-shop"]])
def test_no_shop_is_invented_where_money_is_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    for name, each in (VARIABLES | {"ZYENTA_DATA_DIR": str(tmp_path / "data")}).items():
        monkeypatch.setenv(name, each)
    result = CliRunner().invoke(command_line(command[0]), command)
    assert result.exit_code == 1
    assert "money is real, so no demo runs here" in result.output
    assert not (tmp_path / "data").exists()


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
        ("nas", True),
        ("zyenta.lan", True),
        ("shops.test", True),
        ("box.home.arpa", True),
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
