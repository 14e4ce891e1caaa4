"""Which services ``zyenta up`` runs, and which secrets each of them is given (ADR 0015, 0016)."""

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
"""Which roles share a process. In production each role is a process of its own; here memory counts."""

WEB = ("gateway", "storefront", "sandbox")
"""Services that listen on a port."""

ASKING = frozenset({"agents", "imager"})
"""Services that ask the sandbox for photos and listings. They end first: the sandbox must answer their last questions."""

LOG_IN = ("KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD")
"""Settings that log in at the broker."""

SECRETS: Mapping[str, frozenset[str]] = {
    "ZYENTA_MASTER_KEYS": frozenset({"gateway", "storefront", "agents"}),
    "ZYENTA_SANDBOX_SECRET": frozenset({"gateway", "storefront", "sandbox", "agents"}),
    "DATABASE_URL": frozenset({"gateway", "storefront", "log", "agents", "imager"}),
    **{name: frozenset({"gateway", "log", "agents", "imager"}) for name in LOG_IN},
    "OPENAI_API_KEY": frozenset({"agents"}),
    "S3_ACCESS_KEY": frozenset({"gateway", "storefront", "imager"}),
    "S3_SECRET_KEY": frozenset({"gateway", "storefront", "imager"}),
}
"""Settings that hold a secret, and the services that need it."""

_S3_CREDENTIALS = re.compile("AWS_.+")
"""Where botocore looks for credentials by itself."""

_SURROUNDINGS = re.compile(
    "PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.+|TZ|TERM|TMPDIR|TEMP|TMP|VIRTUAL_ENV|LD_LIBRARY_PATH|DYLD_.+"
    "|PYTHON.+|COVERAGE_.+|COV_.+|XDG_.+|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    "|(HTTP|HTTPS|ALL|NO)_PROXY|(OMP|OPENBLAS|MKL|ORT|NUMBA)_.+|MALLOC_.+|U2NET_HOME",
    re.IGNORECASE,
)
"""What a process of ours may need of the shell that started the platform. The rest of it is nobody else's business."""

# Services start several times faster from compiled modules, so a setting against keeping those is not handed on.
_NOT_HANDED_ON = frozenset({"PYTHONDONTWRITEBYTECODE"})


def environment_of(name: str, settings: Mapping[str, str], shell: Mapping[str, str]) -> dict[str, str]:
    """Return all of a service's environment: what it needs of the shell, and the settings without others' secrets.

    Args:
        name: a service of ``SERVICES``.
        settings: every setting of the platform, by its variable.
        shell: the environment of the supervisor.
    """
    credentials = {
        variable: value
        for variable, value in shell.items()
        if name in SECRETS["S3_SECRET_KEY"] and _S3_CREDENTIALS.fullmatch(variable)
    }
    own = {variable: value for variable, value in settings.items() if name in SECRETS.get(variable, {name})}
    # All settings are here. A file of settings in the working directory holds the secrets of every service.
    return {**surroundings(shell), **credentials, **own, "ZYENTA_ENV_FILE": ""}


def surroundings(shell: Mapping[str, str]) -> dict[str, str]:
    """Return what any process of ours may need of the shell: no settings and no secrets."""
    return {
        variable: value
        for variable, value in shell.items()
        if _SURROUNDINGS.fullmatch(variable) and variable not in _NOT_HANDED_ON
    }
