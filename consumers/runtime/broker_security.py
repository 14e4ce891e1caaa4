"""How FastStream logs in at the broker; every other Kafka client takes ``schemas.internal.broker_address.client_settings``."""

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from schemas.internal.broker_address import security_of

_LOG_INS = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def broker_security(bootstrap_servers: str) -> BaseSecurity:
    """Return FastStream's form of an address's log-in.

    Raises:
        OSError: the file of certificate authorities cannot be read; retrying does not help.
    """
    security = security_of(bootstrap_servers)
    context = security.ssl_context()
    if not security.uses_sasl:
        return BaseSecurity(ssl_context=context)
    log_in = _LOG_INS[security.mechanism]
    return log_in(
        username=security.username or "",
        password=security.password or "",
        ssl_context=context,
        use_ssl=context is not None,
    )
