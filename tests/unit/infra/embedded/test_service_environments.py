"""Every service gets the secrets that it needs and no others."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr

from infra.embedded.services import LOG_IN, SECRETS, SERVICES, environment_of
from infra.settings import Settings, read_settings, variable_of, variables
from infra.settings import environment_of as text_of

MAIL = {"ZYENTA_SMTP_USERNAME", "ZYENTA_SMTP_PASSWORD"}
KEY = "ab" * 32
ALL = dict.fromkeys(variables(), "set")


def holds_a_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(holds_a_secret(part) for part in get_args(annotation))


def test_every_secret_setting_has_a_list_of_services() -> None:
    secret = {variable_of(name) for name, field in Settings.model_fields.items() if holds_a_secret(field.annotation)}
    assert secret | {"DATABASE_URL", *LOG_IN} == set(SECRETS)
    assert set().union(*SECRETS.values()) <= set(SERVICES)


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("imager", {"DATABASE_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY", *LOG_IN}),
        ("sandbox", {"ZYENTA_SANDBOX_SECRET"}),
        ("log", {"DATABASE_URL", *LOG_IN}),
        (
            "agents",
            {
                "DATABASE_URL",
                "ZYENTA_MASTER_KEYS",
                "ZYENTA_SANDBOX_SECRET",
                "STRIPE_SECRET_KEY",
                "OPENAI_API_KEY",
                "ANTHROPIC_API_KEY",
                *MAIL,
                *LOG_IN,
            },
        ),
    ],
)
def test_a_service_gets_its_secrets_and_no_others(service: str, expected: set[str]) -> None:
    environment = environment_of(service, ALL, {})
    assert {name for name in environment if name in SECRETS} == expected
    assert variables() - set(SECRETS) <= set(environment)


def test_other_variables_of_the_shell_are_not_passed_on() -> None:
    shell = {"PATH": "/bin", "https_proxy": "http://proxy", "GITHUB_TOKEN": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    assert set(environment_of("log", {}, shell)) == {"PATH", "https_proxy", "ZYENTA_ENV_FILE"}
    assert "AWS_SECRET_ACCESS_KEY" in environment_of("imager", {}, shell)


def test_a_service_does_not_read_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(f"ZYENTA_MASTER_KEYS={KEY}\n")
    monkeypatch.chdir(tmp_path)
    assert len(read_settings().master_keys) == 1
    for name, value in environment_of("imager", {}, {}).items():
        monkeypatch.setenv(name, value)
    assert read_settings().master_keys == []


def test_settings_survive_the_round_trip_through_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    given: dict[str, Any] = {
        "data_dir": tmp_path,
        "master_keys": [KEY, "cd" * 32],
        "behind_proxy": True,
        "gateway_port": 8123,
        "cors_origins": ["https://a.example", "https://b.example"],
        "openai_api_key": "sk-1",
        "database_url": "postgresql://me@there/shop",
        "rembg_model_path": Path("weights.onnx"),
    }
    settings = Settings(_env_file=None, **given)
    for name, value in text_of(settings).items():
        monkeypatch.setenv(name, value)
    read = Settings(_env_file=None)
    assert read.model_copy(update={"rembg_model_path": None}) == settings.model_copy(update={"rembg_model_path": None})
    assert read.rembg_model_path == Path.cwd() / "weights.onnx"
