"""The storefront, wired."""
# ruff: noqa: PLC0415

from typing import TYPE_CHECKING

from infra.bootstrap.consumers import origin
from infra.bootstrap.platform import Platform

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from domain.store.visits import VisitCounts


async def storefront_app(platform: Platform, visits: "VisitCounts | None" = None) -> "Starlette":
    """Return the storefront, wired. ``visits`` takes what it counts; None discards that."""
    from domain.store.visits import VisitCounts
    from infra.adapters.media.logo_picture import logo_card, logo_png
    from infra.adapters.media.social_picture import social_jpeg
    from infra.adapters.postgres.accounts import PostgresRateLimits
    from infra.adapters.postgres.carts import PostgresCarts
    from infra.adapters.postgres.discount_shoppers import PostgresDiscountShoppers
    from infra.web.preview_links import PreviewLinks
    from storefront.app import create_app
    from storefront.ports import LogoPictures, StorefrontDependencies
    from storefront.read_models import ReadModelQueries

    settings = platform.settings
    return create_app(
        StorefrontDependencies(
            visits=visits or VisitCounts(),
            queries=ReadModelQueries(await platform.reader()),
            commands=await platform.bus(),
            barrier=await platform.barrier(),
            carts=PostgresCarts(await platform.pool()),
            discount_shoppers=PostgresDiscountShoppers(await platform.pool()),
            payments=await platform.payments.gateways(),
            personal=await platform.personal(),
            media=await platform.media(),
            clock=platform.clock,
            limits=PostgresRateLimits(await platform.pool()),
            secrets=platform.keys().derive_each("storefront"),
            previews=PreviewLinks(platform.keys().derive_each("preview"), platform.clock),
            rate_factor=settings.rate_factor,
            behind_proxy=settings.behind_proxy,
            scheme=settings.storefront_scheme,
            base_domains=(settings.storefront_domain.partition(":")[0],),
            public_domain=settings.storefront_domain,
            payment_origins=(origin(platform.payments.payment_pages),),
            platform_fee_basis_points=settings.platform_fee_basis_points,
            page_cache_bytes=settings.page_cache_bytes,
            logo_pictures=LogoPictures(png=logo_png, card=logo_card),
            social_jpeg=social_jpeg,
            cdn=settings.cdn_url,
        )
    )
