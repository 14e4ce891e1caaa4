"""What a platform for real money must not have. ``ZYENTA_PRODUCTION`` refuses it, and ``zyenta doctor`` lists it as advice."""

import ipaddress
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from infra.settings import Settings

_NOT_PUBLIC = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".test", ".invalid", ".example")
"""Ends of names that no public server has (RFC 2606, 6761, 6762 and 8375, and common names of private networks)."""
SELLING = frozenset({"gateway", "storefront", "consumers"})
"""Services that see shoppers, merchants or their money."""


class NotForProduction(Exception):
    """Money is real by the settings, and something of the platform is not made for that."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(
            "ZYENTA_PRODUCTION says that money is real, but the platform is not ready for it:\n"
            + "\n".join(f"  - {fault}" for fault in faults)
        )
        self.faults = tuple(faults)


class NoInventedShops(Exception):
    """A command would invent a merchant, a store and an order where money is real."""

    def __init__(self) -> None:
        super().__init__(
            "ZYENTA_PRODUCTION says that money is real, so no demo runs here: it invents a merchant, a store and an order. "
            "Unset ZYENTA_PRODUCTION and use another data directory."
        )


@dataclass(frozen=True, slots=True)
class _Fault:
    message: str
    services: frozenset[str] | None
    """The services whose settings show it; None for all."""


def faults(settings: Settings, services: Collection[str] | None = None) -> list[str]:
    """Return what is not made for real money, one sentence each.

    Args:
        settings: of the platform.
        services: of this process, which has the settings of these only; None for the whole platform.
    """
    return [
        fault.message
        for fault in _faults(settings)
        if services is None or fault.services is None or not fault.services.isdisjoint(services)
    ]


def refuse_unready(settings: Settings, services: Collection[str] | None = None) -> None:
    """Refuse to start for real money with parts that are not made for it. No-op without ``ZYENTA_PRODUCTION``.

    Raises:
        NotForProduction: names each of them.
    """
    found = faults(settings, services) if settings.production else []
    if found:
        raise NotForProduction(found)


def refuse_invented_shops(settings: Settings) -> None:
    """Refuse a demo for real money. No-op without ``ZYENTA_PRODUCTION``.

    Raises:
        NoInventedShops: the settings say that money is real.
    """
    if settings.production:
        raise NoInventedShops


def _faults(settings: Settings) -> Iterator[_Fault]:
    yield from (_Fault(message, SELLING) for message in _payments(settings))
    if settings.stripe_secret_key is not None and not settings.stripe_webhook_secrets:
        yield _Fault(
            "No payment would be recorded without Stripe's webhooks; set STRIPE_WEBHOOK_SECRET.", frozenset({"gateway"})
        )
    if settings.sample_supplier:
        yield _Fault(
            "The sample supplier's goods do not exist; set ZYENTA_SAMPLE_SUPPLIER=false.",
            frozenset({"gateway", "consumers"}),
        )
    if settings.smtp_url is None:
        yield _Fault(
            "Mails stay in a mailbox in the data directory; set ZYENTA_SMTP_URL and ZYENTA_MAIL_FROM.",
            frozenset({"consumers"}),
        )
    if settings.storefront_scheme != "https":
        yield _Fault("Storefronts are plain http; set ZYENTA_STOREFRONT_SCHEME=https behind a proxy with TLS.", SELLING)
    if urlsplit(settings.gateway_url).scheme != "https":
        yield _Fault(
            f"The gateway is plain http ({settings.gateway_url}); set ZYENTA_GATEWAY_URL to https://...", SELLING
        )
    for variable, address in (
        ("ZYENTA_GATEWAY_URL", settings.gateway_url),
        ("ZYENTA_STOREFRONT_DOMAIN", f"//{settings.storefront_domain}"),
    ):
        host = urlsplit(address).hostname or ""
        if is_local(host):
            yield _Fault(
                f"Only this machine or its private network reaches {host!r}; set {variable} to a public address.",
                SELLING,
            )
    if not settings.master_keys:
        yield _Fault(
            "The master key is one that the platform made itself; set ZYENTA_MASTER_KEYS and keep a copy elsewhere.",
            SELLING,
        )
    if settings.kafka_bootstrap_servers is None:
        yield _Fault("The broker is the embedded one, without replicas; set KAFKA_BOOTSTRAP_SERVERS.", None)


def _payments(settings: Settings) -> Iterator[str]:
    if settings.stripe_secret_key is None:
        yield "Payments are the sandbox; set STRIPE_SECRET_KEY to a live key."
    elif "_live_" not in settings.stripe_secret_key.get_secret_value():
        yield "STRIPE_SECRET_KEY is a test key, so payments are not real; set a live key."


def is_local(host: str) -> bool:
    """Whether a host name or address can only mean the machine itself or its private network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.rstrip(".").endswith(_NOT_PUBLIC)
    return not address.is_global
