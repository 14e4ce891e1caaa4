"""The addresses of stores, as the gateway shows them."""

from domain.store.domains import canonical_host
from projections.catalog.views import StoreView


def platform_domain(template: str) -> str:
    """Return the domain below which every store has its slug, from ``https://{slug}.shops.example``."""
    return template.partition("{slug}.")[2]


def storefront_address(store: StoreView, template: str) -> str | None:
    """Return the canonical address of a store. None if it has no slug yet.

    Args:
        store: the store.
        template: the addresses below the platform's domain, ``https://{slug}.shops.example``.
    """
    if store.slug is None:
        return None
    scheme = template.partition("://")[0]
    return f"{scheme}://{canonical_host(store.slug, store.custom_domain, platform=platform_domain(template))}"
