"""Turns connection failures into messages that name the server and its setting.

Functions import the clients that they need: ``zyenta up`` only needs the exception as long as it runs.
"""
# ruff: noqa: PLC0415

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from schemas.internal.broker_address import security_of

ANSWER_SECONDS = 5


class Unreachable(Exception):
    """A configured server does not answer, or refuses the log-in. The message names it. Retrying may help."""


@contextmanager
def naming_database(dsn: str) -> Iterator[None]:
    """Name the PostgreSQL server if the block fails to connect.

    Raises:
        Unreachable: the server does not answer, or refuses the log-in.
    """
    import asyncpg

    try:
        yield
    except (
        OSError,
        TimeoutError,
        asyncpg.CannotConnectNowError,
        asyncpg.ClientConfigurationError,
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
    ) as error:
        raise Unreachable(
            f"PostgreSQL at {_address(dsn)} cannot be used ({_reason(error)}). Start it, or correct DATABASE_URL."
        ) from error


@contextmanager
def naming_broker(bootstrap_servers: str) -> Iterator[None]:
    """Name the broker if the block fails to reach it.

    Raises:
        Unreachable: the broker does not answer.
    """
    from aiokafka.errors import KafkaConnectionError

    try:
        yield
    except KafkaConnectionError as error:
        raise Unreachable(_no_broker(bootstrap_servers)) from error


async def require_database(dsn: str) -> None:
    """Check that PostgreSQL answers.

    Raises:
        Unreachable: no answer within seconds.
    """
    import asyncpg

    with naming_database(dsn):
        await (await asyncpg.connect(dsn, timeout=ANSWER_SECONDS)).close()


async def require_broker(bootstrap_servers: str) -> None:
    """Check that the broker answers.

    Raises:
        Unreachable: no answer within seconds.
    """
    from aiokafka.errors import KafkaError

    from infra.adapters.kafka.topic import open_admin

    client_log = logging.getLogger("aiokafka")
    level = client_log.level
    client_log.setLevel(logging.CRITICAL)  # it would log the same failure first
    try:
        async with asyncio.timeout(ANSWER_SECONDS), open_admin(bootstrap_servers, request_ms=ANSWER_SECONDS * 1000):
            pass
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unreachable(_no_broker(bootstrap_servers)) from error
    finally:
        client_log.setLevel(level)


def _no_broker(bootstrap_servers: str) -> str:
    if not security_of(bootstrap_servers).uses_sasl:
        return f"No Kafka broker answers at {bootstrap_servers}. Start it, or correct KAFKA_BOOTSTRAP_SERVERS."
    # The client library does not say which of the two happened.
    return (
        f"No Kafka broker answers at {bootstrap_servers}, or it refuses the log-in. Start it, or correct "
        "KAFKA_BOOTSTRAP_SERVERS, KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD."
    )


def _address(dsn: str) -> str:
    """Return host, port and database; the rest of the URL may be secret."""
    address = urlsplit(dsn)
    return f"{address.netloc.rpartition('@')[2]}{address.path}"


def _reason(error: BaseException) -> str:
    return str(error) or "no answer"
