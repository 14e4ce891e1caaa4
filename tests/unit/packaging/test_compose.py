"""``compose.yaml`` is consistent with the settings, the command line and itself. Tests cannot start it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from infra.bootstrap import ROLES
from infra.cli import command_line
from infra.embedded.services import SECRETS
from infra.embedded.services import SERVICES as EMBEDDED
from infra.settings import Settings, variables

ROOT = Path(__file__).parents[3]
COMPOSE: Mapping[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
ROLE_OF_COMMAND = {"projector": "projectors", "consumer": "consumers"}


def roles_of(command: list[str]) -> list[str]:
    """Return the roles that a service's command runs."""
    name, *arguments = command
    if name == "run":
        return arguments
    assert not arguments, f"{command} runs a part of a role"
    return [ROLE_OF_COMMAND.get(name, name)]


def filled_in(value: str | None) -> str | None:
    """Return a value as compose passes it, with plausible values for required variables."""
    if value is None:
        return None
    return re.sub(
        r"\$\{(\w+)[^}]*\}",
        lambda found: "ab" * 32 if re.search("KEYS|SANDBOX", found[1]) else "secret-of-yours",
        value,
    )


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_a_service_is_a_setting(name: str) -> None:
    assert not set(OURS[name]["environment"]) - variables()


@pytest.mark.parametrize("name", OURS)
def test_the_settings_of_a_service_are_valid_and_name_every_real_part(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in OURS[name]["environment"].items():
        if (filled := filled_in(value)) is not None:
            monkeypatch.setenv(variable, filled)
    settings = Settings(_env_file=None)
    if "DATABASE_URL" in OURS[name]["environment"]:
        assert settings.database_url == "postgresql://zyenta:secret-of-yours@postgres:5432/zyenta"
    assert settings.kafka_bootstrap_servers == "redpanda:9092"
    assert settings.broker_address is not None
    log_in = settings.broker_address.security
    if "KAFKA_SASL_PASSWORD" in OURS[name]["environment"]:
        assert (log_in.protocol, log_in.username, log_in.password) == ("SASL_PLAINTEXT", "zyenta", "secret-of-yours")
    assert settings.s3_bucket == "media"


@pytest.mark.parametrize("name", OURS)
def test_a_service_gets_the_secrets_that_it_needs_and_no_others(name: str) -> None:
    embedded = {role: service for service, roles in EMBEDDED.items() for role in roles}
    needed = {
        variable
        for role in roles_of(OURS[name]["command"])
        for variable, services in SECRETS.items()
        if embedded[role] in services
    }
    assert {variable for variable in OURS[name]["environment"] if variable in SECRETS} == needed


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_of_the_command_line(name: str) -> None:
    commands = typer.main.get_command(command_line()).commands  # type: ignore[attr-defined]
    command = OURS[name]["command"]
    assert command[0] in commands
    assert set(roles_of(command)) <= set(ROLES)


def test_the_services_are_all_roles_each_once() -> None:
    assert sorted(role for service in OURS.values() for role in roles_of(service["command"])) == sorted(ROLES)


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_is_in_the_file(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|SECRET|MASTER_KEYS|API_KEY", variable):
            assert value is None or re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), variable
    assert "://zyenta:${POSTGRES_PASSWORD:?" in OURS["gateway"]["environment"]["DATABASE_URL"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_for_the_health_checks_of_its_dependencies(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert (how["condition"], "restart" in SERVICES[other]) == ("service_completed_successfully", False)


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_ports_are_local_and_volumes_declared(name: str) -> None:
    service = SERVICES[name]
    assert "build" in service or re.search(r":v?\w*\.?\d[\w.\-]*$", service["image"]), service["image"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert all(volume.split(":")[0] in COMPOSE["volumes"] for volume in service.get("volumes", ()))


def test_services_listen_on_the_addresses_that_others_use() -> None:
    settings = Settings(_env_file=None)
    environment = OURS["gateway"]["environment"]
    for name, port in (
        ("gateway", settings.gateway_port),
        ("storefront", settings.storefront_port),
        ("sandbox", settings.sandbox_port),
    ):
        assert OURS[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
        assert str(port) in OURS[name]["healthcheck"]["test"][-1]
    for name in ("gateway", "sandbox"):
        host, port = f"{name}.localhost", OURS[name]["ports"][0].rpartition(":")[2]
        assert environment[f"ZYENTA_{name.upper()}_URL"] == f"http://{host}:{port}"
        assert OURS[name]["networks"]["default"]["aliases"] == [host]
    assert environment["ZYENTA_STOREFRONT_DOMAIN"] == f"localhost:{settings.storefront_port}"


def test_every_variable_of_compose_is_in_the_example() -> None:
    required = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
    offered = set(re.findall(r"^#(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert required <= offered
