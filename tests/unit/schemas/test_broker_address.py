"""The broker's address carries the log-in and never shows it."""

import pickle

import pytest

from infra.settings import BadSettings, read_settings, variables
from schemas.internal.broker_address import (
    BrokerAddress,
    BrokerSecurity,
    address_variables,
    client_settings,
    security_of,
)

SECURITY = BrokerSecurity(protocol="SASL_PLAINTEXT", mechanism="PLAIN", username="zyenta", password="hush")
ADDRESS = BrokerAddress("broker:9092", SECURITY)


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)


def test_no_way_of_printing_it_shows_the_password() -> None:
    for printed in (str(ADDRESS), repr(ADDRESS), f"{ADDRESS!r} {SECURITY}"):
        assert "broker:9092" in printed
        assert "hush" not in printed


def test_it_reaches_a_worker_process_and_a_client_whole() -> None:
    assert security_of(pickle.loads(pickle.dumps(ADDRESS))) == SECURITY
    assert client_settings(ADDRESS) == {
        "bootstrap_servers": "broker:9092",
        "security_protocol": "SASL_PLAINTEXT",
        "ssl_context": None,
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "zyenta",
        "sasl_plain_password": "hush",
    }


def test_a_bare_address_asks_for_no_log_in() -> None:
    assert client_settings("broker:9092") == {
        "bootstrap_servers": "broker:9092",
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
    }


def test_another_process_reads_the_same_log_in_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in address_variables(ADDRESS).items():
        monkeypatch.setenv(name, value)
    found = read_settings(_env_file=None).broker_address
    assert found == "broker:9092"
    assert security_of(found) == SECURITY


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"PROTOCOL": "SASL_SSL"}, "KAFKA_SECURITY_PROTOCOL is 'SASL_SSL', which needs a log-in."),
        ({"PROTOCOL": "SASL_SSL", "USERNAME": "me"}, "KAFKA_SECURITY_PROTOCOL is 'SASL_SSL', which needs a log-in."),
        ({"PASSWORD": "hush"}, "KAFKA_SASL_PASSWORD is set, but KAFKA_SECURITY_PROTOCOL is 'PLAINTEXT'"),
        ({"PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL is 'TLS', but must be"),
        ({"MECHANISM": "GSSAPI"}, "KAFKA_SASL_MECHANISM is 'GSSAPI', but must be"),
        ({"CA": "/nowhere/ca.pem"}, "KAFKA_SSL_CA_FILE is '/nowhere/ca.pem', where there is no file."),
    ],
)
def test_settings_that_cannot_log_in_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], told: str
) -> None:
    variable = {
        "PROTOCOL": "KAFKA_SECURITY_PROTOCOL",
        "MECHANISM": "KAFKA_SASL_MECHANISM",
        "USERNAME": "KAFKA_SASL_USERNAME",
        "PASSWORD": "KAFKA_SASL_PASSWORD",
        "CA": "KAFKA_SSL_CA_FILE",
    }
    for name, value in given.items():
        monkeypatch.setenv(variable[name], value)
    with pytest.raises(BadSettings) as refused:
        read_settings(_env_file=None)
    assert str(refused.value).startswith(told)
    assert "hush" not in str(refused.value)
