"""Invalid settings are rejected in a sentence: the variable, its value unless secret, and what to do."""

import pytest

from infra.settings import BadSettings, read_settings, variables


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
    ],
)
def test_every_valid_form_of_a_setting_is_accepted(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    read_settings(_env_file=None)
