"""The services of ``zyenta up``, and the secrets that each of them gets (ADR 0015, 0016)."""

import re
from collections.abc import Mapping

SERVICES: Mapping[str, tuple[str, ...]] = {
    "gateway": ("gateway",),
    "storefront": ("storefront",),
    "sandbox": ("sandbox",),
    "log": ("publisher", "projectors"),
    "agents": ("consumers",),
    "imager": ("imager",),
}
"""Roles by process. In production each role is its own process; here roles share a process to save memory."""

WEB = ("gateway", "storefront", "sandbox")
"""Services that listen on a port."""

SANDBOX_CLIENTS = frozenset({"agents", "imager"})
"""Services that load photos and listings from the sandbox. They stop first, so that the sandbox answers their last requests."""

LOG_IN = ("KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD")
"""Settings for the log-in at the broker."""

SECRETS: Mapping[str, frozenset[str]] = {
    "ZYENTA_MASTER_KEYS": frozenset({"gateway", "storefront", "agents"}),
    "ZYENTA_SANDBOX_SECRET": frozenset({"gateway", "storefront", "sandbox", "agents"}),
    "DATABASE_URL": frozenset({"gateway", "storefront", "log", "agents", "imager"}),
    **{name: frozenset({"gateway", "log", "agents", "imager"}) for name in LOG_IN},
    "STRIPE_SECRET_KEY": frozenset({"gateway", "storefront", "agents"}),
    "STRIPE_WEBHOOK_SECRET": frozenset({"gateway"}),
    "STRIPE_PLATFORM_WEBHOOK_SECRET": frozenset({"gateway"}),
    "GOOGLE_CLIENT_SECRET": frozenset({"gateway"}),
    "GITHUB_CLIENT_SECRET": frozenset({"gateway"}),
    "ZYENTA_SMTP_USERNAME": frozenset({"agents"}),
    "ZYENTA_SMTP_PASSWORD": frozenset({"agents"}),
    "OPENAI_API_KEY": frozenset({"agents"}),
    "ANTHROPIC_API_KEY": frozenset({"agents"}),
    "S3_ACCESS_KEY": frozenset({"gateway", "storefront", "imager"}),
    "S3_SECRET_KEY": frozenset({"gateway", "storefront", "imager"}),
}
"""Settings with a secret, and the services that need each."""

SANDBOX_PURPOSE = "sandbox payments"
"""The purpose under which the sandbox's secret is derived from the master key."""

_S3_CREDENTIALS = re.compile("AWS_.+")
"""Variables from which botocore reads credentials."""

_INHERITED = re.compile(
    "PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.+|TZ|TERM|TMPDIR|TEMP|TMP|VIRTUAL_ENV|LD_LIBRARY_PATH|DYLD_.+"
    "|PYTHON.+|COVERAGE_.+|COV_.+|XDG_.+|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    "|(HTTP|HTTPS|ALL|NO)_PROXY|(OMP|OPENBLAS|MKL|ORT|NUMBA)_.+|MALLOC_.+|U2NET_HOME",
    re.IGNORECASE,
)
"""Variables of the shell that a process may need. Processes get no other variables of it."""

# Not passed on, because services start several times faster from compiled modules.
_NOT_PASSED_ON = frozenset({"PYTHONDONTWRITEBYTECODE"})


def environment_of(name: str, settings: Mapping[str, str], shell: Mapping[str, str]) -> dict[str, str]:
    """Return a service's whole environment: variables of the shell, and settings without other services' secrets.

    Args:
        name: a name in ``SERVICES``.
        settings: all settings of the platform, by variable.
        shell: the environment of the supervisor.
    """
    credentials = {
        variable: value
        for variable, value in shell.items()
        if name in SECRETS["S3_SECRET_KEY"] and _S3_CREDENTIALS.fullmatch(variable)
    }
    own = {variable: value for variable, value in settings.items() if name in SECRETS.get(variable, {name})}
    # No settings file: it would contain the secrets of every service.
    return {**inherited_environment(shell), **credentials, **own, "ZYENTA_ENV_FILE": ""}


def inherited_environment(shell: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the shell that a process may need, without settings and secrets."""
    return {
        variable: value
        for variable, value in shell.items()
        if _INHERITED.fullmatch(variable) and variable not in _NOT_PASSED_ON
    }
