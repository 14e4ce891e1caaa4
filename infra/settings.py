"""Every setting there is, from the environment. Read by the bootstrap alone, which hands narrow values down."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.numbers import whole_number
from schemas.internal.broker_address import BrokerAddress, BrokerSecurity, Mechanism, Protocol

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class BadSettings(Exception):
    """Settings that cannot be meant; the message names each variable, its value unless that is secret, and the remedy."""


def _parts(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


# What these say follows the variable's name. They show no value that may have a secret in it.


def _secret(secret: SecretStr) -> SecretStr:
    if not re.fullmatch("[0-9a-fA-F]{64}", secret.get_secret_value()):
        raise ValueError(
            f"has {len(secret)} characters, but must be 64 hexadecimal digits. Make it with “openssl rand -hex 32”."
        )
    return secret


def _master_keys(keys: Sequence[SecretStr]) -> Sequence[SecretStr]:
    for number, key in enumerate(keys, start=1):
        if not re.fullmatch("[0-9a-fA-F]{64}", key.get_secret_value()):
            raise ValueError(
                f"has a key (number {number}, {len(key)} characters) that is not of 64 hexadecimal digits. "
                "Make one with “openssl rand -hex 32”."
            )
    return keys


def _log_level(value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise ValueError(f"is {value!r}, but must be one of {', '.join(LOG_LEVELS)}.")
    return value.upper()


def _database_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("is no address of a PostgreSQL. Write it like postgresql://user:password@host:5432/database.")
    return value


def _bootstrap_servers(value: str) -> str:
    if not all(re.fullmatch(r"(\[[^]]+]|[^\s/:]+)(:\d{1,5})?", part.strip()) for part in value.split(",")):
        raise ValueError(f"is {value!r}, but must be host:port, or several of that separated by commas.")
    return value


def _whole(value: object) -> object:
    if isinstance(value, str) and whole_number(value.strip()) is None:
        raise ValueError(f"is {value!r}, but must be a whole number.")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Port = Annotated[Whole, Field(ge=1, le=65_535)]


class Settings(BaseSettings):
    """Leave everything out and ``zyenta up`` starts an embedded platform under ``.zyenta/``."""

    # Empty is left out: so says .env.example, where a line that is only uncommented has no value yet.
    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", env_prefix="ZYENTA_", populate_by_name=True, env_ignore_empty=True
    )

    data_dir: Path = Path(".zyenta")
    """Where the embedded platform keeps its data; created with access for its owner only."""
    master_keys: Annotated[list[SecretStr], NoDecode, BeforeValidator(_parts), AfterValidator(_master_keys)] = []
    """Comma-separated, 64 hexadecimal digits each, the current one first. Left out: one is made in ``data_dir``."""
    log_level: Annotated[str, AfterValidator(_log_level)] = "WARNING"

    database_url: Annotated[str, AfterValidator(_database_url)] | None = Field(
        default=None, validation_alias=AliasChoices("DATABASE_URL")
    )
    """``postgresql://...``; left out: the embedded PostgreSQL."""
    kafka_bootstrap_servers: Annotated[str, AfterValidator(_bootstrap_servers)] | None = Field(
        default=None, validation_alias=AliasChoices("KAFKA_BOOTSTRAP_SERVERS")
    )
    """``host:port,...``; left out: the embedded broker."""
    kafka_security_protocol: Protocol = Field(
        default="PLAINTEXT", validation_alias=AliasChoices("KAFKA_SECURITY_PROTOCOL")
    )
    """How every Kafka client of the platform connects; ``SASL_...`` needs a user name and a password."""
    kafka_sasl_mechanism: Mechanism = Field(
        default="SCRAM-SHA-256", validation_alias=AliasChoices("KAFKA_SASL_MECHANISM")
    )
    kafka_sasl_username: str | None = Field(default=None, validation_alias=AliasChoices("KAFKA_SASL_USERNAME"))
    """The platform's principal: the one name that the broker lets write."""
    kafka_sasl_password: SecretStr | None = Field(default=None, validation_alias=AliasChoices("KAFKA_SASL_PASSWORD"))
    kafka_ssl_ca_file: Path | None = Field(default=None, validation_alias=AliasChoices("KAFKA_SSL_CA_FILE"))
    """PEM file of the authorities that the broker's certificate is checked against; left out: the system's own."""

    host: str = "127.0.0.1"
    """Address the services listen on."""
    gateway_port: Port = 8000
    storefront_port: Port = 8080
    sandbox_port: Port = 8090
    """Of the sample supplier and the sandbox payment page."""
    gateway_url: str = "http://127.0.0.1:8000"
    """How others reach the gateway."""
    storefront_domain: str = "localhost:8080"
    """What a store's slug is put before: ``<slug>.localhost:8080``."""
    storefront_scheme: Literal["http", "https"] = "http"
    """``https`` where something in front of the storefront speaks TLS."""
    sandbox_url: str = "http://127.0.0.1:8090"
    sandbox_former_urls: Annotated[list[str], NoDecode, BeforeValidator(_parts)] = []
    """Where the sandbox was before: photos that were imported from there are fetched from where it is now."""
    sandbox_secret: Annotated[SecretStr, AfterValidator(_secret)] | None = None
    """What the sandbox signs payments with; left out: derived from the master keys. 64 hexadecimal digits."""
    behind_proxy: bool = False
    """Whether the last entry of ``X-Forwarded-For`` is the caller, as a proxy of ours has written it."""
    max_connections: Annotated[int, Field(ge=1)] = 1_000
    """Of one server at a time, WebSockets included; one more is answered 503."""
    max_connections_per_address: Annotated[int, Field(ge=1)] = 100
    """Of one network address (IPv6: one /64) at a time. Not counted behind a proxy."""
    cors_origins: Annotated[list[str], NoDecode, BeforeValidator(_parts)] = []
    platform_fee_basis_points: Whole = 500
    """The platform's share of a sale; 500 are 5 %."""

    openai_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("OPENAI_API_KEY"))
    """Left out: the house writer."""
    openai_base_url: str | None = Field(default=None, validation_alias=AliasChoices("OPENAI_BASE_URL"))
    openai_model: str = Field(default="gpt-5-mini", validation_alias=AliasChoices("OPENAI_MODEL"))

    s3_endpoint: str | None = Field(default=None, validation_alias=AliasChoices("S3_ENDPOINT"))
    s3_access_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("S3_ACCESS_KEY"))
    s3_secret_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("S3_SECRET_KEY"))
    s3_bucket: str | None = Field(default=None, validation_alias=AliasChoices("S3_BUCKET"))
    """Left out: the local disk, under ``data_dir``."""
    s3_region: str = Field(default="us-east-1", validation_alias=AliasChoices("S3_REGION"))

    rembg_model_path: Path | None = Field(default=None, validation_alias=AliasChoices("REMBG_MODEL_PATH"))
    """``u2netp.onnx``; left out: the one ``make`` has fetched."""

    @model_validator(mode="after")
    def _kafka_log_in(self) -> Self:
        has_log_in = bool(self.kafka_sasl_username and self.kafka_sasl_password)
        if self.kafka_security_protocol.startswith("SASL_") and not has_log_in:
            raise BadSettings(
                f"KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol!r}, which needs a log-in. "
                "Set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD."
            )
        if self.kafka_sasl_password and not self.kafka_security_protocol.startswith("SASL_"):
            raise BadSettings(
                f"KAFKA_SASL_PASSWORD is set, but KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol!r}, which "
                "never sends it. Set KAFKA_SECURITY_PROTOCOL to SASL_SSL or SASL_PLAINTEXT."
            )
        if self.kafka_ssl_ca_file is not None and not self.kafka_ssl_ca_file.is_file():
            raise BadSettings(f"KAFKA_SSL_CA_FILE is '{self.kafka_ssl_ca_file}', where no file is. Name a PEM file.")
        return self

    @property
    def broker_address(self) -> BrokerAddress | None:
        """The broker's address with the log-in of the platform; None for the embedded broker."""
        if self.kafka_bootstrap_servers is None:
            return None
        password = self.kafka_sasl_password
        security = BrokerSecurity(
            protocol=self.kafka_security_protocol,
            mechanism=self.kafka_sasl_mechanism,
            username=self.kafka_sasl_username,
            password=None if password is None else password.get_secret_value(),
            ca_file=None if self.kafka_ssl_ca_file is None else str(self.kafka_ssl_ca_file),
        )
        return BrokerAddress(self.kafka_bootstrap_servers, security)

    def storefront_url(self, slug: str) -> str:
        """Return where shoppers find the store of this slug."""
        return f"{self.storefront_scheme}://{slug}.{self.storefront_domain}"

    @property
    def media_dir(self) -> Path:
        return self.data_dir / "media"


ENV_FILE = "ZYENTA_ENV_FILE"
"""Names another file than ``.env``; empty: no file. The supervisor gives every setting to its services itself."""


def read_settings(**given: Any) -> Settings:
    """Return the settings of the environment and of ``.env``; what is given wins over them.

    Raises:
        BadSettings: some make no sense.
    """
    if ENV_FILE in os.environ:
        given.setdefault("_env_file", os.environ[ENV_FILE] or None)
    try:
        return Settings(**given)
    except ValidationError as error:
        raise BadSettings(" ".join(_sentence(each) for each in error.errors())) from None


def variable_of(field: str) -> str:
    """Return the environment variable that a setting is read from."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return f"{Settings.model_config['env_prefix']}{field}".upper()


def environment_of(settings: Settings) -> dict[str, str]:
    """Return every setting that somebody set, as text under its environment variable."""
    found = {}
    for field in settings.model_fields_set:
        value = getattr(settings, field)
        if value is not None:
            found[variable_of(field)] = _text(value)
    return found


def _text(value: Any) -> str:
    match value:
        case list():
            return ",".join(map(_text, value))
        case SecretStr():
            return value.get_secret_value()
        case bool():
            return str(value).lower()
        case Path():
            return str(value.absolute())
        case _:
            return str(value)


def variables() -> frozenset[str]:
    """Return the environment variables of all settings."""
    return frozenset(variable_of(field) for field in Settings.model_fields)


_WANTED: Mapping[str, str] = {
    "int_parsing": "a whole number",
    "bool_parsing": "true or false",
    "literal_error": "{expected}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
}
"""What a kind of error of pydantic's says was wanted."""


def _sentence(error: Any) -> str:
    name, context = str(error["loc"][0]), error.get("ctx", {})
    variable = variable_of(name) if name in Settings.model_fields else name
    if error["type"] == "value_error":
        return f"{variable} {context['error']}"
    wanted = _WANTED.get(error["type"])
    if wanted is None:
        return f"{variable} cannot be used: {error['msg']}."
    return f"{variable} is {error['input']!r}, but must be {wanted.format_map(context)}."
