"""Where a store delivers, and for how much."""

from decimal import Decimal
from typing import Self

import strawberry

from domain.money import Money
from domain.shipping.rates import RateBasis, ShippingRates, ShippingZone


@strawberry.type(description="One price of a zone.")
class RateBand:
    up_to_grams: int | None = strawberry.field(
        description="The last weight of a band by weight, in grams. Null if it has no end, and for other zones."
    )
    up_to_subtotal: Decimal | None = strawberry.field(
        description="The last price of the goods of a band by price. Null if it has no end, and for other zones."
    )
    price: Decimal


@strawberry.type(description="Countries that share their delivery rates.")
class DeliveryZone:
    name: str
    countries: list[str] = strawberry.field(description="ISO 3166-1 alpha-2 codes.")
    basis: RateBasis
    bands: list[RateBand]
    free_from: Decimal | None = strawberry.field(
        description="The price of the goods from which delivery is free. Null if it never is."
    )

    @classmethod
    def of(cls, zone: ShippingZone) -> Self:
        by_price = zone.basis is RateBasis.SUBTOTAL
        return cls(
            name=zone.name,
            countries=zone.countries,
            basis=zone.basis,
            bands=[
                RateBand(
                    up_to_grams=None if by_price else band.up_to,
                    up_to_subtotal=None
                    if not by_price or band.up_to is None
                    else Money.of(band.up_to, band.price.currency).decimal,
                    price=band.price.decimal,
                )
                for band in zone.bands
            ],
            free_from=None if zone.free_from is None else zone.free_from.decimal,
        )


@strawberry.type(description="Where a store delivers, and for how much.")
class Shipping:
    zones: list[DeliveryZone]
    currency: str
    unknown_weight: int = strawberry.field(description="Grams that a piece counts with if its weight is unknown.")
    is_default: bool = strawberry.field(
        description="Whether the merchant set no rates. Then prices include the freight, and delivery is free everywhere."
    )

    @classmethod
    def of(cls, rates: ShippingRates, *, is_default: bool) -> Self:
        return cls(
            zones=[DeliveryZone.of(zone) for zone in rates.zones],
            currency=rates.zones[0].bands[0].price.currency,
            unknown_weight=rates.unknown_weight,
            is_default=is_default,
        )
