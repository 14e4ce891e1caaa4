"""Every setting there is, from the environment. Read by the bootstrap alone, which hands narrow values down."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _keys(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Settings(BaseSettings):
    """Leave everything out and ``zyenta up`` starts an embedded platform under ``.zyenta/``."""

    # Empty is left out: so says .env.example, where a line that is only uncommented has no value yet.
    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", env_prefix="ZYENTA_", populate_by_name=True, env_ignore_empty=True
    )

    data_dir: Path = Path(".zyenta")
    """Where the embedded platform keeps its data; created with access for its owner only."""
    master_keys: Annotated[list[SecretStr], NoDecode, BeforeValidator(_keys)] = []
    """Comma-separated, 64 hexadecimal digits each, the current one first. Left out: one is made in ``data_dir``."""
    log_level: str = "WARNING"

    database_url: str | None = Field(default=None, validation_alias=AliasChoices("DATABASE_URL"))
    """``postgresql://...``; left out: the embedded PostgreSQL."""
    kafka_bootstrap_servers: str | None = Field(default=None, validation_alias=AliasChoices("KAFKA_BOOTSTRAP_SERVERS"))
    """``host:port,...``; left out: the embedded broker."""

    host: str = "127.0.0.1"
    """Address the services listen on."""
    gateway_port: int = 8000
    storefront_port: int = 8080
    sandbox_port: int = 8090
    """Of the sample supplier and the sandbox payment page."""
    gateway_url: str = "http://127.0.0.1:8000"
    """How others reach the gateway."""
    storefront_domain: str = "localhost:8080"
    """What a store's slug is put before: ``<slug>.localhost:8080``."""
    storefront_scheme: Literal["http", "https"] = "http"
    """``https`` where something in front of the storefront speaks TLS."""
    sandbox_url: str = "http://127.0.0.1:8090"
    sandbox_former_urls: Annotated[list[str], NoDecode, BeforeValidator(_keys)] = []
    """Where the sandbox was before: photos that were imported from there are fetched from where it is now."""
    behind_proxy: bool = False
    """Whether the last entry of ``X-Forwarded-For`` is the caller, as a proxy of ours has written it."""
    cors_origins: Annotated[list[str], NoDecode, BeforeValidator(_keys)] = []
    platform_fee_basis_points: int = 500
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

    def storefront_url(self, slug: str) -> str:
        """Return where shoppers find the store of this slug."""
        return f"{self.storefront_scheme}://{slug}.{self.storefront_domain}"

    @property
    def media_dir(self) -> Path:
        return self.data_dir / "media"
