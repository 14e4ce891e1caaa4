"""The address of the log's brokers and the log-in there; every Kafka client is opened with it."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSecurity:
    """A client's log-in, and whether its connection is encrypted."""

    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism = "SCRAM-SHA-256"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    """PEM file of the certificate authorities for the broker's certificate; None for the system's own."""

    @property
    def uses_sasl(self) -> bool:
        """Whether the client logs in with a name and a password."""
        return self.protocol.startswith("SASL_")

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return the context of TLS connections; None without TLS.

        Raises:
            OSError: the file of authorities cannot be read; retrying does not help.
        """
        return ssl.create_default_context(cafile=self.ca_file) if self.protocol.endswith("SSL") else None


NO_SECURITY = BrokerSecurity()


class BrokerAddress(str):
    """``host:port,...`` of the brokers, with the log-in.

    As a ``str`` it shows the address without the password in messages, log lines and ``repr``. A plain ``str`` in its
    place means a broker without log-in. It can be sent to a worker process.
    """

    security: BrokerSecurity

    def __new__(cls, bootstrap_servers: str, security: BrokerSecurity = NO_SECURITY) -> Self:
        address = super().__new__(cls, bootstrap_servers)
        address.security = security
        return address


def security_of(bootstrap_servers: str) -> BrokerSecurity:
    """Return the log-in of an address."""
    return bootstrap_servers.security if isinstance(bootstrap_servers, BrokerAddress) else NO_SECURITY


def client_settings(bootstrap_servers: str) -> dict[str, Any]:
    """Return the connection arguments of an aiokafka client.

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
    """Return the environment variables that pass an address and its log-in to another process of the platform."""
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
