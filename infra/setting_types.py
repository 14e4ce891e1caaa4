"""The types of settings: what a variable's text becomes, and the sentence for people if it cannot.

A message follows the variable's name. It never shows a value that may contain a secret.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from domain.numbers import whole_number

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def _parts(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _prices(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    prices = dict(part.partition("=")[::2] for part in _parts(value))
    for model, price in prices.items():
        if not re.fullmatch(r"\d+(\.\d+)?/\d+(\.\d+)?", price):
            raise ValueError(f"has the price {price!r} of {model!r}, but must be like gpt-5=1.25/10,my-model=0/0.")
    return prices


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
                f"has a key (number {number}, {len(key)} characters) without 64 hexadecimal digits. "
                "Make one with “openssl rand -hex 32”."
            )
    return keys


def _log_level(value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise ValueError(f"is {value!r}, but must be one of {', '.join(LOG_LEVELS)}.")
    return value.upper()


def _database_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("is not a PostgreSQL URL. Write it like postgresql://user:password@host:5432/database.")
    return value


def _addresses(values: Sequence[str]) -> Sequence[str]:
    for value in values:
        try:
            ip_address(value)
        except ValueError as error:
            raise ValueError(f"names {value!r}, which is not an IP address. Use addresses such as 9.9.9.9.") from error
    return values


def _smtp_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        # Reading the port checks it.
        is_right = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_right = False
    if not is_right or parts.path.strip("/") or parts.query or "@" in parts.netloc:
        raise ValueError(
            "is not the address of a mail server. Write it like smtp://host:587 or smtps://host:465, and the log-in into "
            "ZYENTA_SMTP_USERNAME and ZYENTA_SMTP_PASSWORD."
        )
    return value


def _mail_address(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", value):
        raise ValueError(f"is {value!r}, but must be one e-mail address such as orders@example.com.")
    return value


def _site(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+/?", value):
        raise ValueError(f"is {value!r}, but must be an address without a path, such as https://shops.example.")
    return value.rstrip("/")


def _domain(value: str) -> str:
    if not re.fullmatch(r"[^\s/?#@:]+(:\d{1,5})?", value):
        raise ValueError(f"is {value!r}, but must be a domain without a scheme, such as shops.example.")
    return value


def _bootstrap_servers(value: str) -> str:
    if not all(re.fullmatch(r"(\[[^]]+]|[^\s/:]+)(:\d{1,5})?", part.strip()) for part in value.split(",")):
        raise ValueError(f"is {value!r}, but must be host:port, or several separated by commas.")
    return value


def _whole(value: object) -> object:
    if isinstance(value, str) and whole_number(value.strip()) is None:
        raise ValueError(f"is {value!r}, but must be a whole number.")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
BasisPoints = Annotated[Whole, Field(ge=0, le=10_000)]
Port = Annotated[Whole, Field(ge=1, le=65_535)]
Texts = Annotated[list[str], NoDecode, BeforeValidator(_parts)]
Secrets = Annotated[list[SecretStr], NoDecode, BeforeValidator(_parts)]
SecretKey = Annotated[SecretStr, AfterValidator(_secret)]
SecretKeys = Annotated[Secrets, AfterValidator(_master_keys)]
Prices = Annotated[dict[str, str], NoDecode, BeforeValidator(_prices)]
LogLevel = Annotated[str, AfterValidator(_log_level)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
BootstrapServers = Annotated[str, AfterValidator(_bootstrap_servers)]
IpAddresses = Annotated[Texts, AfterValidator(_addresses)]
SmtpUrl = Annotated[str, AfterValidator(_smtp_url)]
Site = Annotated[str, AfterValidator(_site)]
Domain = Annotated[str, AfterValidator(_domain)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
Writer = Literal["openai", "anthropic", "rules"]
Writers = Annotated[list[Writer], NoDecode, BeforeValidator(_parts)]
