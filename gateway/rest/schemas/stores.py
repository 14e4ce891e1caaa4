"""Bodies of stores and their brands."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from domain.store.brand import BrandIdentity, FontPair, HexColor, Logo, Voice
from domain.store.events import StoreStatus
from gateway.api.store_address import storefront_address
from gateway.api.validation import settings_of
from gateway.ports import GatewayDependencies
from gateway.rest.schemas.body import Body
from projections.catalog.views import (
    StoreView,
)


class PaletteBody(Body):
    """A brand's colors, as ``#rrggbb``."""

    primary: HexColor
    secondary: HexColor
    accent: HexColor
    background: HexColor
    surface: HexColor
    text: HexColor
    on_primary: HexColor
    on_accent: HexColor


class BrandBody(Body):
    """A store's brand."""

    name: str
    logo: Logo
    colors: PaletteBody
    fonts: FontPair
    voice: Voice

    @classmethod
    def of(cls, brand: BrandIdentity) -> Self:
        return cls(
            name=brand.name,
            logo=brand.logo,
            colors=PaletteBody(**brand.palette.model_dump()),
            fonts=brand.fonts,
            voice=brand.voice,
        )


class StoreBody(Body):
    """A store."""

    id: UUID
    user_id: UUID
    name: str
    slug: str | None
    description: str | None
    niche: str
    status: StoreStatus
    approved: bool
    brand_identity: BrandBody | None
    custom_domain: str | None
    subdomain: str | None
    url: str | None
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    currency: str | None
    """Currency of the store. Null while it has no products."""

    @classmethod
    def of(cls, view: StoreView, deps: GatewayDependencies) -> Self:
        brand = view.brand
        return cls(
            id=view.id,
            user_id=view.merchant_id,
            name=view.name,
            slug=view.slug,
            description=view.description,
            niche=view.niche,
            status=view.status,
            approved=view.approved,
            brand_identity=None if brand is None else BrandBody.of(brand.identity),
            custom_domain=view.custom_domain,
            subdomain=view.slug,
            url=storefront_address(view, deps.storefront_url),
            settings=settings_of(view.preferences),
            created_at=view.created_at,
            updated_at=view.updated_at,
            published_at=view.published_at,
            currency=view.currency,
        )
