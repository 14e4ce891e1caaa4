"""What the storefront needs from outside: queries, the command bus, and ``StorefrontDependencies``, which holds all of it."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from commands.ports import Dispatcher
from domain.accounts.ports import RateLimits
from domain.cart.ports import Carts
from domain.discount.ports import DiscountShoppers
from domain.kernel import Clock
from domain.media.ports import MediaStore
from domain.order.ports import PaymentGateways
from domain.privacy import PersonalData
from domain.product.events import ProductStatus
from domain.store.collection_events import AddressKind
from domain.store.domains import canonical_host
from domain.store.visits import VisitCounts
from infra.web.preview_links import PreviewLinks
from projections.catalog.queries.sitemap import SitemapEntry, SitemapPart
from projections.catalog.views import (
    CategoryCount,
    CategoryTextView,
    CollectionView,
    ImageView,
    MediaAssetView,
    PageVersionView,
    PageView,
    ProductFilter,
    ProductSort,
    ProductView,
    StoreView,
    VariantView,
)
from projections.jobs.drafts import DraftView
from projections.merchants.views import BusinessIdentityView
from projections.reading.columns import Only
from projections.reading.consistency import Consistency
from projections.reading.counting import Count
from projections.reading.paging import Slice, Window
from projections.reading.revisions import Revision
from projections.sales.views import DiscountView, OrderView, StockNoticeView


class StorefrontQueries(Protocol):
    """What the storefront reads: for a page, one moment of it (ADR 0043)."""

    @property
    def present(self) -> "StorefrontQueries":
        """The same queries outside the moment of a page."""
        ...

    async def revision(self, store: StoreView) -> Revision:
        """Return the revision of all rows that the store's pages show, orders aside."""
        ...

    async def store_by_slug(self, slug: str) -> StoreView | None: ...

    async def draft(self, store_id: UUID, draft_id: UUID) -> DraftView | None: ...

    async def store_by_domain(self, domain: str) -> StoreView | None: ...

    async def pages(self, store_id: UUID, *, only: Only = None) -> Sequence[PageView]: ...

    async def page(self, store_id: UUID, slug: str) -> PageView | None: ...

    async def business_identity(
        self, store: StoreView, *, at: datetime | None = None
    ) -> BusinessIdentityView | None: ...

    async def page_version(self, store_id: UUID, page_id: UUID, number: int) -> PageVersionView | None: ...

    async def products(
        self, store_id: UUID, window: Window, *, where: ProductFilter, sort: ProductSort, only: Only = None
    ) -> Slice[ProductView]: ...

    async def count(self, store_id: UUID, *, where: ProductFilter) -> Count: ...

    async def categories(self, store_id: UUID, *, statuses: Collection[ProductStatus]) -> Sequence[CategoryCount]: ...

    async def delivery(self, store_id: UUID, *, statuses: Collection[ProductStatus]) -> tuple[int, int] | None: ...

    async def category_texts(self, store_id: UUID) -> Sequence[CategoryTextView]: ...

    async def collections(self, store_id: UUID) -> Sequence[CollectionView]: ...

    async def collection(self, store_id: UUID, slug: str) -> CollectionView | None: ...

    async def present_address(self, store_id: UUID, kind: AddressKind, slug: str) -> str | None:
        """Return the present slug of what had a former one; None if nothing had it."""
        ...

    async def media(self, store_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, MediaAssetView]: ...

    async def product(self, store_id: UUID, slug: str) -> ProductView | None: ...

    async def products_by_ids(self, store_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, ProductView]: ...

    async def images(
        self, store_id: UUID, product_ids: Sequence[UUID], *, only: Only = None
    ) -> Mapping[UUID, Sequence[ImageView]]: ...

    async def variants(self, store_id: UUID, product_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[VariantView]]: ...

    async def sitemap_parts(self, store_id: UUID) -> Sequence[SitemapPart]: ...

    async def sitemap_entries(self, store_id: UUID, number: int) -> Sequence[SitemapEntry]: ...

    async def pages_changed_at(self, store_id: UUID) -> datetime | None: ...

    async def discount(self, store_id: UUID, discount_id: UUID) -> DiscountView | None: ...

    async def has_discounts(self, store_id: UUID) -> bool:
        """Whether the store has a discount code in use."""
        ...

    async def stock_notice(self, store_id: UUID, notice_id: UUID) -> StockNoticeView | None: ...

    async def order(self, store_id: UUID, order_id: UUID) -> OrderView | None: ...

    async def orders_by_number(self, store_id: UUID, number: str) -> Sequence[OrderView]: ...


@dataclass(frozen=True, slots=True)
class LogoPictures:
    """Draws logos for what reads no SVG. Both raise ``ValueError`` for what is not SVG."""

    png: Callable[[str, int, str], bytes]
    """Takes the SVG, the pixels of a side, and the color of the ground."""
    card: Callable[[str, str], bytes]
    """Takes the SVG and the color of the ground; returns a JPEG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorefrontDependencies:
    """Ports and narrow values, nothing else."""

    queries: StorefrontQueries
    """``ReadModelQueries(pool)``."""
    commands: Dispatcher
    """The command bus."""
    barrier: Consistency
    carts: Carts
    discount_shoppers: DiscountShoppers
    payments: PaymentGateways
    personal: PersonalData
    media: MediaStore
    clock: Clock
    limits: RateLimits
    """Limit the tries to find an order by its number."""
    secrets: Sequence[bytes]
    """Sign carts, order links and form tokens: 32 random bytes each, shared by all storefront processes.

    The first one signs. The others are former ones and still verify.
    """
    rate_factor: float = 1.0
    """Multiplies the limits of requests; 0 switches them off."""
    rate_clock: Callable[[], float] = time.monotonic
    """Seconds of a clock that never goes back: the limits of requests recover by it."""
    behind_proxy: bool = False
    """Whether our proxy has written the caller's address last into ``X-Forwarded-For``."""
    scheme: Literal["http", "https"] = "http"
    """What shoppers' browsers use, also if a proxy in front ends TLS."""
    base_domains: tuple[str, ...] = ("localhost",)
    """``<slug>.<base domain>`` is a store; the base domain itself is the platform."""
    public_domain: str = ""
    """The first base domain as browsers write it, its port included: ``localhost:8080``. Empty: without a port."""
    payment_origins: tuple[str, ...] = ()
    """Origins the checkout may send a browser to, such as ``https://checkout.stripe.com``."""
    media_origins: tuple[str, ...] = ()
    """Origins images come from when the media store's addresses are absolute."""
    platform_fee_basis_points: int = 500
    """Our share of a payment, in hundredths of a percent."""
    sandbox: bool = True
    """Whether payments are sandboxed; every page then says that no real money moves."""
    cdn: str = ""
    """Origin of a CDN that has our static files and media; empty if browsers load them from the store's host."""
    logo_pictures: "LogoPictures | None" = None
    """Draws a logo as icons and as a preview of links; None serves the logo as SVG only."""
    social_jpeg: Callable[[bytes], bytes] | None = None
    """Makes a JPEG of a stored picture, for previews of links; None: there are none."""
    previews: PreviewLinks | None = None
    """Opens the links to stores and drafts that shoppers do not see; None opens none."""
    page_cache_bytes: int = 64_000_000
    """The most memory for rendered pages, shared by all stores."""
    visits: VisitCounts = field(default_factory=VisitCounts)
    """Takes the visits until they are written."""

    def media_url(self, key: str) -> str:
        """Return the address of a file of the media store, for pages."""
        address = self.media.url(key)
        return self.cdn + address if address.startswith("/") else address

    def origin_of(self, store: StoreView) -> str:
        """Return a store's canonical address, ``http://neon-haven.localhost:8080``."""
        host = canonical_host(store.slug, store.custom_domain, platform=self.public_domain or self.base_domains[0])
        return f"{self.scheme}://{host}"
