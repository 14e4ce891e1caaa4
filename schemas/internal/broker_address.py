"""Where the log's brokers are and how to log in there: what every Kafka client is opened with."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSecurity:
    """How a client proves who it is, and whether the connection is encrypted."""

    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism = "SCRAM-SHA-256"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    """PEM file of the authorities that the broker's certificate is checked against; None for the system's own."""

    @property
    def uses_sasl(self) -> bool:
        """Whether the client logs in with a name and a password."""
        return self.protocol.startswith("SASL_")

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return what TLS connections are opened with; None without TLS.

        Raises:
            OSError: the file of authorities cannot be read; retrying does not help.
        """
        return ssl.create_default_context(cafile=self.ca_file) if self.protocol.endswith("SSL") else None


NO_SECURITY = BrokerSecurity()


class BrokerAddress(str):
    """``host:port,...`` of the brokers, with how to log in there.

    It is a ``str`` so that a message, a log line or a ``repr`` shows the address alone: the password stays out. A plain
    ``str`` in its place means a broker that asks for no log-in. It can be handed to a worker process.
    """

    security: BrokerSecurity

    def __new__(cls, bootstrap_servers: str, security: BrokerSecurity = NO_SECURITY) -> Self:
        address = super().__new__(cls, bootstrap_servers)
        address.security = security
        return address


def security_of(bootstrap_servers: str) -> BrokerSecurity:
    """Return how to log in at an address."""
    return bootstrap_servers.security if isinstance(bootstrap_servers, BrokerAddress) else NO_SECURITY


def client_settings(bootstrap_servers: str) -> dict[str, Any]:
    """Return the arguments about the connection that every aiokafka client takes.

    Raises:
        OSError: the file of authorities cannot be read; retrying does not help.
    """
    security = security_of(bootstrap_servers)
    settings: dict[str, Any] = {
        "bootstrap_servers": str(bootstrap_servers),
        "security_protocol": security.protocol,
        "ssl_context": security.ssl_context(),
    }
    if security.uses_sasl:
        settings |= {
            "sasl_mechanism": security.mechanism,
            "sasl_plain_username": security.username,
            "sasl_plain_password": security.password,
        }
    return settings


def address_variables(bootstrap_servers: str) -> Mapping[str, str]:
    """Return the environment variables from which another process of the platform reads an address and its log-in."""
    security = security_of(bootstrap_servers)
    variables = {
        "KAFKA_BOOTSTRAP_SERVERS": str(bootstrap_servers),
        "KAFKA_SECURITY_PROTOCOL": security.protocol,
        "KAFKA_SASL_MECHANISM": security.mechanism,
        "KAFKA_SASL_USERNAME": security.username,
        "KAFKA_SASL_PASSWORD": security.password,
        "KAFKA_SSL_CA_FILE": security.ca_file,
    }
    return {name: value or "" for name, value in variables.items()}
