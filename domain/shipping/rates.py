"""Zones and rates: what a delivery costs, by country and by the order's weight or price. Pure, in integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from domain.kernel import InvalidInput, Value
from domain.money import Money
from domain.shipping.countries import DELIVERABLE
from domain.shipping.errors import NoDelivery, TooHeavy
from domain.text import check_readable, clean_line

ZONES_MOST = 20
BANDS_MOST = 20
NAME_MAX = 60
UNKNOWN_WEIGHT = 500
"""Grams that a piece counts with if its weight is unknown and the merchant states none."""
WEIGHT_MOST = 1_000_000
"""Most grams of a band: a ton."""
EVERYWHERE = "Everywhere we deliver"


class RateBasis(StrEnum):
    """What the price of a delivery depends on, besides the country."""

    FLAT = "FLAT"
    """Nothing else."""
    WEIGHT = "WEIGHT"
    """The weight of all pieces, in grams."""
    SUBTOTAL = "SUBTOTAL"
    """The price of all pieces before discounts, in minor units."""


class RateBand(Value):
    """One price of a zone."""

    up_to: int | None = None
    """The last weight or price of the band, in grams or minor units; null if it has no end."""
    price: Money


class ShippingZone(Value):
    """Countries that share their rates."""

    name: str
    countries: list[str]
    """ISO 3166-1 alpha-2 codes, sorted."""
    basis: RateBasis = RateBasis.FLAT
    bands: list[RateBand]
    """At least one, the lowest first; a flat rate has one band without an end."""
    free_from: Money | None = None
    """The price of all pieces from which delivery is free; null if it never is."""


class ShippingRates(Value):
    """All zones of a store."""

    zones: list[ShippingZone]
    unknown_weight: int = UNKNOWN_WEIGHT
    """Grams that a piece counts with if its weight is unknown."""

    @property
    def countries(self) -> frozenset[str]:
        """The countries that the store delivers to."""
        return frozenset(country for zone in self.zones for country in zone.countries)

    @property
    def is_included(self) -> bool:
        """Whether every delivery is free, so that prices include it."""
        return all(band.price.minor == 0 for zone in self.zones for band in zone.bands)

    def zone_of(self, country: str) -> ShippingZone:
        """Return a country's zone.

        Raises:
            NoDelivery: the store does not deliver there.
        """
        for zone in self.zones:
            if country in zone.countries:
                return zone
        raise NoDelivery(country)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a rate is computed from."""

    subtotal: Money
    """All pieces, before discounts."""
    grams: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery's zone and price."""

    zone: str
    price: Money


def default_rates(currency: str) -> ShippingRates:
    """Return the rates of a store whose merchant set none: prices include the freight, so delivery is free everywhere."""
    band = RateBand(price=Money.zero(currency))
    return ShippingRates(zones=[ShippingZone(name=EVERYWHERE, countries=sorted(DELIVERABLE), bands=[band])])


def deliver(rates: ShippingRates, country: str, parcel: Parcel) -> Delivery:
    """Return what it costs to send a parcel to a country.

    Raises:
        NoDelivery: the store does not deliver there.
        TooHeavy: the parcel is above the zone's last weight band.
    """
    zone = rates.zone_of(country)
    if zone.free_from is not None and zone.free_from <= parcel.subtotal:
        return Delivery(zone=zone.name, price=Money.zero(parcel.subtotal.currency))
    measure = parcel.grams if zone.basis is RateBasis.WEIGHT else parcel.subtotal.minor
    for band in zone.bands:
        if band.up_to is None or measure <= band.up_to:
            return Delivery(zone=zone.name, price=band.price)
    raise TooHeavy(zone.name, grams=parcel.grams, most=zone.bands[-1].up_to or 0)


def checked_rates(rates: ShippingRates, *, currency: str | None) -> ShippingRates:
    """Return a merchant's rates in their stored form.

    Args:
        rates: what the merchant sent.
        currency: the store's currency; None if it has none yet.

    Raises:
        InvalidInput: names the field.
    """
    if not 1 <= len(rates.zones) <= ZONES_MOST:
        raise InvalidInput("zones", f"zones has {len(rates.zones)} entries. Use 1 to {ZONES_MOST}.")
    if not 1 <= rates.unknown_weight <= WEIGHT_MOST:
        raise InvalidInput(
            "unknown_weight", f"unknownWeight cannot be {rates.unknown_weight}. Use 1 to {WEIGHT_MOST:,} grams."
        )
    known: dict[str, str] = {}
    zones: list[ShippingZone] = []
    for n, zone in enumerate(rates.zones):
        path = f"zones.{n}"
        checked = _checked_zone(zone, path, currency=currency)
        currency = checked.bands[0].price.currency
        for country in checked.countries:
            if country in known:
                raise InvalidInput(
                    f"{path}.countries",
                    f"{country} is in the zones “{known[country]}” and “{checked.name}”. Keep it in one of them.",
                )
            known[country] = checked.name
        if checked.name in (other.name for other in zones):
            raise InvalidInput(f"{path}.name", f"Two zones have the name “{checked.name}”. Give each its own.")
        zones.append(checked)
    return ShippingRates(zones=zones, unknown_weight=rates.unknown_weight)


def _checked_zone(zone: ShippingZone, path: str, *, currency: str | None) -> ShippingZone:
    check_readable(f"{path}.name", zone.name)
    name = clean_line(zone.name)
    if not 1 <= len(name) <= NAME_MAX:
        raise InvalidInput(f"{path}.name", f"name has {len(name)} characters. Use 1 to {NAME_MAX}.")
    unknown = sorted(set(zone.countries) - DELIVERABLE)
    if unknown or not zone.countries:
        said = f"Checkout does not know the country “{unknown[0][:20]}”." if unknown else "It has no countries."
        raise InvalidInput(f"{path}.countries", f"{said} Use ISO codes such as DE, FR or US.")
    _check_bands(zone, path)
    used = currency or zone.bands[0].price.currency
    for amount in [band.price for band in zone.bands] + ([] if zone.free_from is None else [zone.free_from]):
        if amount.minor < 0 or amount.currency != used:
            raise InvalidInput(
                f"{path}.bands", f"The amount {amount} cannot be used. Use amounts from zero up in {used}."
            )
    return zone.model_copy(update={"name": name, "countries": sorted(set(zone.countries))})


def _check_bands(zone: ShippingZone, path: str) -> None:
    bands, field = zone.bands, f"{path}.bands"
    if zone.basis is RateBasis.FLAT and (len(bands) != 1 or bands[0].up_to is not None):
        raise InvalidInput(field, f"The flat rate of “{zone.name}” needs exactly one price, without upTo.")
    if not 1 <= len(bands) <= BANDS_MOST:
        raise InvalidInput(field, f"bands has {len(bands)} entries. Use 1 to {BANDS_MOST}.")
    if not _rises([band.up_to for band in bands]):
        raise InvalidInput(
            field, f"The bands of “{zone.name}” do not rise. Sort them by upTo; only the last one may have none."
        )
    if zone.basis is RateBasis.SUBTOTAL and bands[-1].up_to is not None:
        raise InvalidInput(
            field, f"The last band of “{zone.name}” has an end. Omit its upTo, so that every order fits."
        )


def _rises(ends: Sequence[int | None]) -> bool:
    numbers = [end for end in ends if end is not None]
    return None not in ends[:-1] and all(a < b for a, b in pairwise([0, *numbers]))
