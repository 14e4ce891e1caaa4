"""The niches that wizards and demos suggest find enough goods in the sample supplier's catalog."""

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.sourcing.fit import FitMeasure
from domain.sourcing.landed import Destination
from domain.sourcing.listing import Listing, ListingVariant
from domain.sourcing.pricing import price_listing
from domain.store.events import Preferences
from infra.sandbox.sample_supplier.catalog import Offer, offers
from infra.sandbox.sample_supplier.niches import niche_suggestions
from infra.writers.rules.niche.reader import RuleNicheReader

ROOT = Path(__file__).parents[4]
FEWEST = 12
"""Different goods that a suggested niche must find and that can be sold at a profit."""
IN_THE_EU = Destination(country="DE", on=date(2026, 11, 30))
"""Where parcels cost customs duty."""


def listing_of(offer: Offer) -> Listing:
    """Return an offer as the adapter reads it, as far as the fit is concerned."""
    price = Money(minor=offer.cents, currency="USD")
    return Listing(
        provider=SupplierProvider.SAMPLE,
        source_id=offer.id,
        url=None,
        title=offer.title,
        description=offer.description,
        category=offer.goods.category,
        tags=list(offer.tags),
        attributes=offer.goods.attributes,
        cost=price,
        shipping_days=offer.days,
        shipping_cost=Money(minor=offer.fee_cents, currency="USD"),
        market_price=None if offer.retail_cents is None else Money(minor=offer.retail_cents, currency="USD"),
        image_urls=[],
        variants=[ListingVariant(title=sku.name, options=sku.attributes, cost=price, stock=1) for sku in offer.skus],
    )


@cache
def sound_listings() -> tuple[tuple[str, Listing], ...]:
    """Return one listing without a fault of each goods, with the goods' id."""
    return tuple(
        (offer.goods.id, listing_of(offer)) for offer in offers() if offer.fault is None and offer.echo is None
    )


@pytest.mark.parametrize("niche", niche_suggestions())
async def test_a_suggested_niche_finds_enough_goods(niche: str) -> None:
    reading = await RuleNicheReader().read(niche, preferences=Preferences())
    assert not reading.unknown
    fit = FitMeasure(reading)
    fitting = {goods: listing for goods, listing in sound_listings() if fit(listing).is_enough}
    priced = [goods for goods, listing in fitting.items() if price_listing(listing, IN_THE_EU)]
    assert len(priced) >= FEWEST, (list(fitting), priced)


def test_suggestions_differ_and_begin_with_the_demo() -> None:
    assert len(niche_suggestions()) >= 24
    assert len({niche.casefold() for niche in niche_suggestions()}) == len(niche_suggestions())
    assert niche_suggestions()[0] == "Cyberpunk home decor"


def test_the_help_of_the_demo_names_suggestions_only() -> None:
    source = (ROOT / "infra/cli/demo.py").read_text("utf-8")
    named = re.findall("“([^”]+)”", source.split("niche: Annotated", 1)[1].split("once: Annotated", 1)[0])
    assert len(named) >= 3
    assert set(named) <= set(niche_suggestions())
