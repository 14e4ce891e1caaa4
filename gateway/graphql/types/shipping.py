"""Where a store delivers, and for how much."""

from decimal import Decimal
from typing import Self

import strawberry

from domain.money import Money
from domain.shipping.rates import RateBand as Band
from domain.shipping.rates import RateBasis, ShippingRates, ShippingZone
from gateway.graphql.types.money import MoneyType


@strawberry.type(description="One price of a zone.")
class RateBand:
    up_to_grams: int | None = strawberry.field(
        description="The last weight of a band by weight, in grams. Null if it has no end, and for other zones."
    )
    up_to_subtotal: Decimal | None = strawberry.field(
        description="The last price of the goods of a band by price. Null if it has no end, and for other zones."
    )
    up_to_subtotal_money: MoneyType | None
    price: Decimal
    price_money: MoneyType


@strawberry.type(description="Countries that share their delivery rates.")
class DeliveryZone:
    name: str
    countries: list[str] = strawberry.field(description="ISO 3166-1 alpha-2 codes.")
    basis: RateBasis
    bands: list[RateBand]
    free_from: Decimal | None = strawberry.field(
        description="The price of the goods from which delivery is free. Null if it never is."
    )
    free_from_money: MoneyType | None

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
                    up_to_subtotal=None if (end := _end(band, by_price=by_price)) is None else end.decimal,
                    up_to_subtotal_money=MoneyType.maybe(end),
                    price=band.price.decimal,
                    price_money=MoneyType.of(band.price),
                )
                for band in zone.bands
            ],
            free_from=None if zone.free_from is None else zone.free_from.decimal,
            free_from_money=MoneyType.maybe(zone.free_from),
        )


def _end(band: Band, *, by_price: bool) -> Money | None:
    """Return the last price of a band by price. None if it has no end."""
    return None if not by_price or band.up_to is None else Money.of(band.up_to, band.price.currency)


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
