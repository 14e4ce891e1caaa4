"""Invalid settings are rejected in a sentence: the variable, its value unless secret, and what to do."""

from pathlib import Path

import pytest

from infra.settings import ENV_FILE, BadSettings, misspelled_variables, read_settings, variables


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("ZYENTA_GATEWAY_PORT", "abc", "is 'abc', but must be a whole number."),
        ("ZYENTA_GATEWAY_PORT", "8_000", "is '8_000', but must be a whole number."),
        ("ZYENTA_GATEWAY_PORT", "８０００", "is '８０００', but must be a whole number."),
        ("ZYENTA_PLATFORM_FEE_BASIS_POINTS", "5e2", "is '5e2', but must be a whole number."),
        ("ZYENTA_PLATFORM_FEE_BASIS_POINTS", "-4", "is '-4', but must be 0 or more."),
        ("ZYENTA_PLATFORM_FEE_BASIS_POINTS", "20000", "is '20000', but must be 10000 or less."),
        ("ZYENTA_GATEWAY_URL", "localhost:8000", "is 'localhost:8000', but must be an address without a path, such as"),
        ("ZYENTA_GATEWAY_URL", "http://a.example/x", "is 'http://a.example/x', but must be an address without a path"),
        ("ZYENTA_SANDBOX_URL", "ftp://a.example", "is 'ftp://a.example', but must be an address without a path"),
        (
            "ZYENTA_STOREFRONT_DOMAIN",
            "https://a.example",
            "is 'https://a.example', but must be a domain without a scheme",
        ),
        ("ZYENTA_STOREFRONT_PORT", "99999", "is '99999', but must be 65535 or less."),
        ("ZYENTA_SANDBOX_PORT", "0", "is '0', but must be 1 or more."),
        ("ZYENTA_LOG_LEVEL", "loud", "is 'loud', but must be one of DEBUG, INFO, WARNING, ERROR."),
        ("ZYENTA_BEHIND_PROXY", "perhaps", "is 'perhaps', but must be true or false."),
        ("ZYENTA_STOREFRONT_SCHEME", "ftp", "is 'ftp', but must be 'http' or 'https'."),
        ("DATABASE_URL", "mysql://me:secret@there/shop", "is not a PostgreSQL URL. Write it like postgresql://"),
        ("KAFKA_BOOTSTRAP_SERVERS", "a:1,b:port", "is 'a:1,b:port', but must be host:port, or several separated"),
        (
            "ZYENTA_MASTER_KEYS",
            "ab" * 32 + ",secret",
            "has a key (number 2, 6 characters) without 64 hexadecimal",
        ),
        ("ZYENTA_DNS_SERVERS", "9.9.9.9, dns.example", "names 'dns.example', which is not an IP address."),
        ("ZYENTA_MASTER_KEYS", "zz" * 32, "has a key (number 1, 64 characters) without 64 hexadecimal digits."),
    ],
)
def test_an_invalid_setting_is_rejected_by_name_without_showing_a_secret(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings) as refused:
        read_settings(_env_file=None)
    assert str(refused.value).startswith(f"{variable} {message}")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ZYENTA_LOG_LEVEL", "info"),
        ("DATABASE_URL", "postgres://me@/shop?host=/run/postgresql"),
        ("DATABASE_URL", "postgresql://me@one:1,two:2/shop"),
        ("KAFKA_BOOTSTRAP_SERVERS", "one:9092, two"),
        ("KAFKA_BOOTSTRAP_SERVERS", "[::1]:9092"),
        ("ZYENTA_GATEWAY_URL", "http://[::1]:8000/"),
        ("ZYENTA_STOREFRONT_DOMAIN", "shops.example"),
    ],
)
def test_every_valid_form_of_a_setting_is_accepted(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    read_settings(_env_file=None)


def test_a_variable_that_resembles_a_setting_is_named_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("# ZYENTA_HOSTS=x\nSTRIPE_SECRETKEY = x\nexport ZYENTA_HOST=x\nPATH_OF_MINE=x\n")
    monkeypatch.setenv(ENV_FILE, str(file))
    for name in ("ZYENTA_GATEWAYURL", "ZYENTA_TEST_SEED", "ZYENTA_CHAOS", "DATABASE_URLS"):
        monkeypatch.setenv(name, "1")
    assert misspelled_variables() == {
        "STRIPE_SECRETKEY": "STRIPE_SECRET_KEY",
        "ZYENTA_GATEWAYURL": "ZYENTA_GATEWAY_URL",
    }
