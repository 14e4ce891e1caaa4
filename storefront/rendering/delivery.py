"""What a store's deliveries cost, in words that are true for every shopper."""

from domain.shipping.rates import ShippingRates, default_rates
from infra.web.countries import country_name
from projections.catalog.views import StoreView
from storefront.rendering.formatting import money

INCLUDED = "Delivery included"


def rates_of(store: StoreView) -> ShippingRates:
    """Return where a store delivers and for how much."""
    return store.shipping or default_rates(store.currency or "USD")


def usual_country(store: StoreView) -> str:
    """Return the country that a shopper most probably lives in: that of the business, if the store delivers there."""
    countries = rates_of(store).countries
    for country in (store.business_country, "US"):
        if country in countries:
            return country
    return min(countries)


def country_names(store: StoreView) -> dict[str, str]:
    """Return the countries that a store delivers to, sorted by their names."""
    return {code: country_name(code) for code in sorted(rates_of(store).countries, key=country_name)}


def delivery_words(store: StoreView) -> str:
    """Return ``Delivery included``, or ``Plus delivery from $4.90, free from $50.00``."""
    rates = rates_of(store)
    if rates.is_included:
        return INCLUDED
    prices = sorted({band.price.minor: band.price for zone in rates.zones for band in zone.bands}.items())
    lowest = money(prices[0][1]) if prices[0][0] else ""
    words = f"Plus delivery{' from' if len(prices) > 1 and lowest else ''} {lowest}".rstrip()
    free = [zone.free_from for zone in rates.zones]
    if all(amount is not None for amount in free):
        words += f", free from {money(max((amount for amount in free if amount), key=lambda amount: amount.minor))}"
    return words
