"""All settings, read from the environment and ``.env``. Only ``infra.bootstrap`` and ``infra.cli`` read them."""

import os
import re
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.setting_types import (
    BasisPoints,
    BootstrapServers,
    DatabaseUrl,
    Domain,
    IpAddresses,
    LogLevel,
    MailAddress,
    Port,
    Prices,
    SecretKey,
    SecretKeys,
    Secrets,
    Site,
    SmtpUrl,
    Texts,
    Whole,
    Writers,
)
from schemas.internal.broker_address import BrokerAddress, BrokerSecurity, Mechanism, Protocol

_NAME = re.compile(r"^\s*(?:export\s+)?(\w+)\s*=", re.MULTILINE)
SHA256 = re.compile("[0-9a-fA-F]{64}")


class BadSettings(Exception):
    """Some settings are invalid. The message names each variable, its value unless secret, and what to do."""


class Settings(BaseSettings):
    """The settings of one process. Without any, ``zyenta up`` starts an embedded platform under ``.zyenta/``."""

    # An empty value counts as not set: a line of .env.example that is only uncommented has no value yet.
    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", env_prefix="ZYENTA_", populate_by_name=True, env_ignore_empty=True
    )

    data_dir: Path = Path(".zyenta")
    """Directory for the embedded platform's data, created with access for its owner only."""
    master_keys: SecretKeys = []
    """Keys that seal secrets and personal data, 64 hexadecimal digits each; the current key first.

    If not set, ``zyenta up`` makes one in ``data_dir``.
    """
    log_level: LogLevel = "WARNING"
    """``DEBUG``, ``INFO``, ``WARNING`` or ``ERROR``."""

    database_url: DatabaseUrl | None = Field(default=None, validation_alias=AliasChoices("DATABASE_URL"))
    """``postgresql://...`` of the event store; the embedded PostgreSQL if not set."""
    kafka_bootstrap_servers: BootstrapServers | None = Field(
        default=None, validation_alias=AliasChoices("KAFKA_BOOTSTRAP_SERVERS")
    )
    """``host:port,...`` of the broker; the embedded broker if not set."""
    kafka_security_protocol: Protocol = Field(
        default="PLAINTEXT", validation_alias=AliasChoices("KAFKA_SECURITY_PROTOCOL")
    )
    """How the platform's Kafka clients connect; ``SASL_...`` needs a user name and a password."""
    kafka_sasl_mechanism: Mechanism = Field(
        default="SCRAM-SHA-256", validation_alias=AliasChoices("KAFKA_SASL_MECHANISM")
    )
    """How the platform logs in: ``PLAIN``, ``SCRAM-SHA-256`` or ``SCRAM-SHA-512``."""
    kafka_sasl_username: str | None = Field(default=None, validation_alias=AliasChoices("KAFKA_SASL_USERNAME"))
    """The platform's principal, the only one that may write to the broker."""
    kafka_sasl_password: SecretStr | None = Field(default=None, validation_alias=AliasChoices("KAFKA_SASL_PASSWORD"))
    """The principal's password."""
    kafka_ssl_ca_file: Path | None = Field(default=None, validation_alias=AliasChoices("KAFKA_SSL_CA_FILE"))
    """PEM file of the authorities that sign the broker's certificate; the system's authorities if not set."""

    host: str = "127.0.0.1"
    """The address that services listen on."""
    gateway_port: Port = 8000
    """The port of GraphQL, REST and webhooks."""
    storefront_port: Port = 8080
    """The port of the storefronts."""
    sandbox_port: Port = 8090
    """The port of the sample supplier and the sandbox payment page."""
    gateway_url: Site = "http://127.0.0.1:8000"
    """The gateway's address for browsers and webhooks."""
    storefront_domain: Domain = "localhost:8080"
    """The domain below which every store has its slug as a subdomain: ``<slug>.localhost:8080``."""
    dns_servers: IpAddresses = []
    """IP addresses of the resolvers that look up the proofs of stores' own domains; those of the system if not set."""
    dns_port: Port = 53
    """The port of ``dns_servers``."""
    storefront_scheme: Literal["http", "https"] = "http"
    """``https`` if a proxy in front of the storefront terminates TLS."""
    cdn_url: Annotated[str, Field(pattern=r"^(https?://[^/\s;,'\"]+)?$")] = ""
    """The address of a CDN in front of a storefront, ``https://cdn.example``. Pages then load static files and media there."""
    page_cache_bytes: Annotated[int, Field(ge=0)] = 64_000_000
    """The most memory of one storefront process for rendered pages; 0 renders every page."""
    sandbox_url: Site = "http://127.0.0.1:8090"
    """The sandbox's address for the scout and for shoppers' browsers."""
    sandbox_former_urls: Texts = []
    """Former addresses of the sandbox; photos imported from them are downloaded from ``sandbox_url``."""
    sandbox_secret: SecretKey | None = None
    """Key that signs sandbox payments, 64 hexadecimal digits; derived from the master keys if not set."""
    introspection: bool = True
    """Whether clients may read the schema through GraphQL introspection."""
    trusted_documents: Path | None = None
    """A JSON object of GraphQL documents by their SHA-256. If set, only these and the dashboard's own run."""
    rate_factor: Annotated[float, Field(ge=0)] = 1.0
    """Multiplies the rate limits of persons and networks, at gateway and storefront; 0 switches them off."""
    behind_proxy: bool = False
    """Whether a trusted proxy writes the caller's address as the last entry of ``X-Forwarded-For``."""
    max_connections: Annotated[int, Field(ge=1)] = 1_000
    """The most connections of one server, WebSockets included; further ones get 503."""
    max_connections_per_address: Annotated[int, Field(ge=1)] = 100
    """The most connections of one network address (IPv6: one /64). Not counted behind a proxy."""
    cors_origins: Texts = []
    """Origins whose pages may call the gateway from a browser."""
    platform_fee_basis_points: BasisPoints = 500
    """The platform's share of a sale in basis points; 500 is 5 %."""
    plans: str | None = None
    """The plans that merchants pay the platform for: ``default``, or a TOML file like ``domain/subscription/plans.toml``.

    If not set, no plans are sold, and nothing limits merchants.
    """
    strict_publication: bool = False
    """Whether a store with publication blockers is refused although payments are a sandbox."""
    production: bool = False
    """Whether money is real. The platform then refuses to start with parts that are not made for it."""
    sample_supplier: bool = True
    """Whether merchants can connect the sample supplier, whose goods do not exist."""

    stripe_secret_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("STRIPE_SECRET_KEY"))
    """The platform's key at Stripe, ``sk_...`` or ``rk_...``; payments are the sandbox if not set."""
    stripe_webhook_secrets: Secrets = Field(default=[], validation_alias=AliasChoices("STRIPE_WEBHOOK_SECRET"))
    """Secrets of the Connect webhook endpoint, ``whsec_...``; two while one is rotated."""
    stripe_platform_webhook_secrets: Secrets = Field(
        default=[], validation_alias=AliasChoices("STRIPE_PLATFORM_WEBHOOK_SECRET")
    )
    """Secrets of the platform's own webhook endpoint, ``whsec_...``; two while one is rotated. Without one there is none."""
    stripe_client_id: str | None = Field(default=None, validation_alias=AliasChoices("STRIPE_CLIENT_ID"))
    """The platform's ``ca_...`` at Stripe, with which merchants link accounts that they have; none can be linked if not set."""
    stripe_accounts: Literal["auto", "v1", "v2"] = "auto"
    """Stripe's interface for merchants' accounts; ``auto`` takes the second, and the first where Stripe offers no second."""
    stripe_api_base: str | None = Field(default=None, validation_alias=AliasChoices("STRIPE_API_BASE"))
    """Another address than Stripe's API, for tests."""

    openai_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("OPENAI_API_KEY"))
    """With a key, a model writes brands, keywords, copy and pages; the rule writers do without any model's key."""
    openai_base_url: str | None = Field(default=None, validation_alias=AliasChoices("OPENAI_BASE_URL"))
    """A server with OpenAI's chat API; OpenAI itself if not set."""
    openai_model: str = Field(default="gpt-5-mini", validation_alias=AliasChoices("OPENAI_MODEL"))
    """The model's name."""
    anthropic_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("ANTHROPIC_API_KEY"))
    """With a key, a model of Anthropic writes; see ``writers``."""
    anthropic_base_url: str | None = Field(default=None, validation_alias=AliasChoices("ANTHROPIC_BASE_URL"))
    """Another address of Anthropic's API; Anthropic itself if not set."""
    anthropic_model: str = Field(default="claude-sonnet-4-5", validation_alias=AliasChoices("ANTHROPIC_MODEL"))
    """The model's name."""
    writers: Writers = ["openai", "anthropic", "rules"]
    """Who writes, the first choice first: ``openai``, ``anthropic``, ``rules``. Models without a key are left out. Without
    ``rules``, a step fails if no model gives a usable answer."""
    model_prices: Prices = {}
    """Prices of models in US dollars for a million tokens of prompt and answer: ``gpt-5=1.25/10,my-model=0/0``."""
    model_requests: Annotated[int, Field(ge=1)] = 8
    """The most requests to models at the same time."""
    generation_token_budget: Whole = 1_000_000
    """The most tokens that the models may use for one generation."""
    generation_cost_budget: Annotated[Decimal, Field(ge=0)] = Decimal(5)
    """The most US dollars that the models may cost for one generation."""
    monthly_token_budget: Whole = 50_000_000
    """The most tokens that the models may use for one merchant in a calendar month (UTC)."""
    monthly_cost_budget: Annotated[Decimal, Field(ge=0)] = Decimal(200)
    """The most US dollars that the models may cost for one merchant in a calendar month (UTC)."""

    smtp_url: SmtpUrl | None = None
    """``smtp://host:587`` (STARTTLS) or ``smtps://host:465`` of a mail server; mails go to a mailbox in ``data_dir`` if not
    set."""
    smtp_username: SecretStr | None = None
    """The user that logs in to the mail server; no log-in if not set."""
    smtp_password: SecretStr | None = None
    """The user's password."""
    smtp_ca_file: Path | None = None
    """PEM file of the authorities that sign the mail server's certificate; the system's authorities if not set."""
    mail_from: MailAddress | None = None
    """The address that mails come from, which needs ``smtp_url``; ``orders@`` the storefront's domain if not set."""

    google_client_id: str | None = Field(default=None, validation_alias=AliasChoices("GOOGLE_CLIENT_ID"))
    """The platform's OAuth client at Google; merchants cannot log in by Google if not set."""
    google_client_secret: SecretStr | None = Field(default=None, validation_alias=AliasChoices("GOOGLE_CLIENT_SECRET"))
    """The client's secret."""
    google_issuer: str = Field(default="https://accounts.google.com", validation_alias=AliasChoices("GOOGLE_ISSUER"))
    """Another OpenID Connect issuer than Google, for tests."""
    github_client_id: str | None = Field(default=None, validation_alias=AliasChoices("GITHUB_CLIENT_ID"))
    """The platform's OAuth app at GitHub; merchants cannot log in by GitHub if not set."""
    github_client_secret: SecretStr | None = Field(default=None, validation_alias=AliasChoices("GITHUB_CLIENT_SECRET"))
    """The app's secret."""
    github_site: str = Field(default="https://github.com", validation_alias=AliasChoices("GITHUB_SITE"))
    """Another site than GitHub, such as an own GitHub Enterprise Server."""
    github_api: str = Field(default="https://api.github.com", validation_alias=AliasChoices("GITHUB_API"))
    """The API of ``github_site``."""

    s3_endpoint: str | None = Field(default=None, validation_alias=AliasChoices("S3_ENDPOINT"))
    """An S3 server's address; Amazon S3 if not set."""
    s3_access_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("S3_ACCESS_KEY"))
    """Access key for the bucket; botocore finds credentials if not set."""
    s3_secret_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("S3_SECRET_KEY"))
    """Secret key for the bucket; see ``s3_access_key``."""
    s3_bucket: str | None = Field(default=None, validation_alias=AliasChoices("S3_BUCKET"))
    """The bucket for media, which must exist; the local disk below ``data_dir`` if not set."""
    s3_region: str = Field(default="us-east-1", validation_alias=AliasChoices("S3_REGION"))
    """The bucket's region."""

    rembg_model_path: Path | None = Field(default=None, validation_alias=AliasChoices("REMBG_MODEL_PATH"))
    """``u2netp.onnx``, the weights of the background model; the file from ``make setup`` if not set."""

    studio_model: str | None = None
    """Path or web address of a stronger background model as ONNX; it needs ``studio_model_sha256``."""
    studio_model_sha256: str | None = None
    """SHA-256 of the stronger model's file, in hexadecimal digits. Another file is refused."""
    studio_model_kind: Literal["isnet", "birefnet"] = "isnet"
    """The stronger model's network."""

    @model_validator(mode="after")
    def _pinned_model(self) -> Self:
        if self.studio_model is not None and not SHA256.fullmatch(self.studio_model_sha256 or ""):
            raise BadSettings(
                f"ZYENTA_STUDIO_MODEL is {self.studio_model!r}, but ZYENTA_STUDIO_MODEL_SHA256 is "
                f"{self.studio_model_sha256!r}. Set it to the file's SHA-256, 64 hexadecimal digits."
            )
        return self

    @model_validator(mode="after")
    def _stripe_keys(self) -> Self:
        key = "" if self.stripe_secret_key is None else self.stripe_secret_key.get_secret_value()
        if key and not re.fullmatch(r"(sk|rk)_(live|test)_\w+", key):
            raise BadSettings(
                f"STRIPE_SECRET_KEY has {len(key)} characters, but must begin with sk_live_, sk_test_, rk_live_ or rk_test_. "
                "Copy it from Stripe's dashboard."
            )
        return self

    @model_validator(mode="after")
    def _mail(self) -> Self:
        if self.smtp_url is not None and self.mail_from is None:
            raise BadSettings(
                "ZYENTA_MAIL_FROM is not set, but ZYENTA_SMTP_URL is. Set it to the address that mails come from."
            )
        if (self.smtp_username is None) != (self.smtp_password is None):
            raise BadSettings("ZYENTA_SMTP_USERNAME and ZYENTA_SMTP_PASSWORD belong together. Set both, or neither.")
        if self.smtp_ca_file is not None and not self.smtp_ca_file.is_file():
            raise BadSettings(f"ZYENTA_SMTP_CA_FILE is '{self.smtp_ca_file}', where there is no file. Name a PEM file.")
        return self

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
            raise BadSettings(
                f"KAFKA_SSL_CA_FILE is '{self.kafka_ssl_ca_file}', where there is no file. Name a PEM file."
            )
        return self

    @property
    def broker_address(self) -> BrokerAddress | None:
        """The broker's address with the platform's log-in; None for the embedded broker."""
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
        """Return the address of the store with this slug."""
        return f"{self.storefront_scheme}://{slug}.{self.storefront_domain}"

    @property
    def platform_domains(self) -> tuple[str, ...]:
        """Domains that no merchant may connect to a store, those below them included."""
        hosts = (urlsplit(address).hostname for address in (f"//{self.storefront_domain}", self.gateway_url))
        return tuple(sorted({host for host in hosts if host}))

    @property
    def media_dir(self) -> Path:
        """Directory for media on the local disk."""
        return self.data_dir / "media"

    @property
    def mailbox_dir(self) -> Path:
        """Directory for mails of a platform without a mail server."""
        return self.data_dir / "mailbox"

    @property
    def mail_sender(self) -> str:
        """The address that mails come from."""
        return self.mail_from or f"orders@{self.storefront_domain.partition(':')[0]}"

    @property
    def handover_dir(self) -> Path:
        """Directory for photos on their way from the scout to the imager."""
        return self.data_dir / "handover"


ENV_FILE = "ZYENTA_ENV_FILE"
"""Names a file to read instead of ``.env``; if empty, none. The supervisor passes every setting to its services."""


def read_settings(**overrides: Any) -> Settings:
    """Return the settings of the environment and of ``.env``. ``overrides`` win over both.

    Raises:
        BadSettings: some settings are invalid.
    """
    if ENV_FILE in os.environ:
        overrides.setdefault("_env_file", os.environ[ENV_FILE] or None)
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise BadSettings(" ".join(_sentence(each) for each in error.errors())) from None


def variable_of(field: str) -> str:
    """Return the environment variable that a setting is read from."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return f"{Settings.model_config['env_prefix']}{field}".upper()


def environment_of(settings: Settings) -> dict[str, str]:
    """Return every setting that was set, as text by its environment variable."""
    texts = {}
    for field in settings.model_fields_set:
        value = getattr(settings, field)
        if value is not None:
            texts[variable_of(field)] = _text(value)
    return texts


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


def misspelled_variables() -> Mapping[str, str]:
    """Return the variables that no setting is read from, each with the setting whose name it resembles.

    Those of ``.env`` count, and in the environment those of the platform's prefix.
    """
    prefix, known = str(Settings.model_config["env_prefix"]), variables()
    file = Path(os.environ.get(ENV_FILE, ".env") or os.devnull)
    names = set(_NAME.findall(file.read_text("utf-8"))) if file.is_file() else set[str]()
    names |= {name for name in os.environ if name.upper().startswith(prefix)}
    unknown = [name for name in sorted(names) if name.upper() not in known]
    # Without the prefix, which makes any two of the platform's variables resemble each other.
    settings = {variable.removeprefix(prefix): variable for variable in sorted(known)}
    near = {name: get_close_matches(name.upper().removeprefix(prefix), settings, n=1, cutoff=0.85) for name in unknown}
    return {name: settings[matches[0]] for name, matches in near.items() if matches}


_REQUIRED: Mapping[str, str] = {
    "int_parsing": "a whole number",
    "bool_parsing": "true or false",
    "literal_error": "{expected}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
}
"""The required form by pydantic's error type."""


def _sentence(error: Any) -> str:
    name, context = str(error["loc"][0]), error.get("ctx", {})
    variable = variable_of(name) if name in Settings.model_fields else name
    if error["type"] == "value_error":
        return f"{variable} {context['error']}"
    required = _REQUIRED.get(error["type"])
    if required is None:
        return f"{variable} cannot be used: {error['msg']}."
    return f"{variable} is {error['input']!r}, but must be {required.format_map(context)}."
