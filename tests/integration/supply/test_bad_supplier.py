"""Bad listings reach the scout as the supplier sent them: the adapter neither fails nor repairs them."""

import httpx
import pytest

from domain.sourcing.listing import Listing
from infra.adapters.suppliers.sample import SampleSupplier
from tests.support.fakes.supply import served
from tests.support.servers.bad_supplier import MARKUP, TITLE_CHARACTERS, Spoiling, bad_supplier_app

CHECKS = {
    Spoiling.NO_PHOTOS: lambda listings: all(not listing.image_urls for listing in listings),
    Spoiling.ONE_PHOTO_FOR_ALL: lambda listings: len({tuple(listing.image_urls) for listing in listings}) == 1,
    Spoiling.PRICES_OF_ZERO: lambda listings: all(
        listing.cost.minor == 0 and all(variant.cost.minor == 0 for variant in listing.variants) for listing in listings
    ),
    Spoiling.ENDLESS_TITLES: lambda listings: all(len(listing.title) == TITLE_CHARACTERS for listing in listings),
    Spoiling.HTML: lambda listings: all(
        text.startswith(MARKUP) for listing in listings for text in (listing.title, listing.category, *listing.tags)
    ),
}


async def found(spoiling: Spoiling) -> list[Listing]:
    async with served(bad_supplier_app(spoiling)) as address, httpx.AsyncClient() as client:
        return list(await SampleSupplier(address, client).search(["dog toy"], limit=40))


@pytest.mark.parametrize("spoiling", Spoiling)
async def test_a_bad_supplier_s_listings_arrive_as_they_are(spoiling: Spoiling) -> None:
    listings = await found(spoiling)
    assert len(listings) == 40
    assert CHECKS[spoiling](listings)
