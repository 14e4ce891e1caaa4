"""Everything the storefront is given; ``infra.bootstrap`` fills it in."""

from dataclasses import dataclass
from typing import Literal

from commands.ports import Dispatcher
from domain.accounts.ports import RateLimits
from domain.kernel import Clock
from domain.media.ports import MediaStore
from domain.order.ports import PaymentGateways
from domain.privacy import PersonalData
from projections.catalog.views import StoreView
from projections.reading.consistency import Consistency
from storefront.ports import StorefrontQueries


@dataclass(frozen=True, slots=True, kw_only=True)
class StorefrontDependencies:
    """Ports and narrow values, nothing else."""

    queries: StorefrontQueries
    """``ReadModelQueries(pool)``."""
    commands: Dispatcher
    """The command bus."""
    barrier: Consistency
    payments: PaymentGateways
    personal: PersonalData
    media: MediaStore
    clock: Clock
    limits: RateLimits
    """How often an order may be asked for by its number."""
    secret: bytes
    """Signs carts, order links and form tokens; 32 random bytes that all storefront processes share and keep."""
    behind_proxy: bool = False
    """Whether a proxy of ours has written the caller's address last into ``X-Forwarded-For``."""
    scheme: Literal["http", "https"] = "http"
    """What shoppers' browsers speak, be it to a proxy in front of us."""
    base_domains: tuple[str, ...] = ("localhost",)
    """``<slug>.<base domain>`` is a store; the base domain itself is the platform."""
    public_domain: str = ""
    """The first base domain as browsers write it, its port included: ``localhost:8080``. Empty: without a port."""
    payment_origins: tuple[str, ...] = ()
    """Origins the checkout may send a browser to, such as ``https://checkout.stripe.com``."""
    media_origins: tuple[str, ...] = ()
    """Origins images come from when the media store's addresses are absolute."""
    platform_fee_basis_points: int = 500
    """Our share of a payment, in hundredths of a per cent."""
    sandbox: bool = True
    """Whether payments are sandboxed: then every page says that no real money moves."""
    store_cache_seconds: float = 3.0
    """The longest that a paused store still answers."""

    def origin_of(self, store: StoreView) -> str:
        """Return a store's one address, ``http://neon-haven.localhost:8080``, whatever host a request named."""
        host = store.custom_domain or f"{store.slug}.{self.public_domain or self.base_domains[0]}"
        return f"{self.scheme}://{host}"
