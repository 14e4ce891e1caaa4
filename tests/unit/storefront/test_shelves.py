"""A store's categories become a few broad shelves in a shopper's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from infra.sandbox.sample_supplier.goods import all_goods
from projections.catalog.views import CategoryCount
from storefront.rendering.offer import offer_line
from storefront.shelves.grouping import FEWEST, MOST, REST, category_name, find_shelf, shelf_of, shelves_of


def counts(**products: int) -> list[CategoryCount]:
    return [CategoryCount(category=name.replace("_", " "), products=number) for name, number in products.items()]


def grouped(*categories: CategoryCount) -> dict[str, int]:
    return {shelf.name: shelf.products for shelf in shelves_of(categories)}


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("Home > Kitchen > Mugs", "Mugs"),
        ("Home & Garden/Kitchen/TEA POTS", "Tea pots"),
        ("Pet Supplies » Cat Toys", "Cat toys"),
        ("LED Lights", "LED lights"),
        ("usb_cables", "USB cables"),
        ("iPhone Cases", "iPhone cases"),
        ("Bags & Wallets", "Bags and wallets"),
        ("Mugs >", "Mugs"),
        (" > ", "More"),
        ("日本の茶碗", "日本の茶碗"),
    ],
)
def test_a_suppliers_category_is_named_in_a_shoppers_words(category: str, name: str) -> None:
    assert category_name(category) == (name[:1].upper() + name[1:])


def test_small_categories_share_the_shelf_of_their_department() -> None:
    found = grouped(
        *counts(Mugs=5, Teapots=4, Tea_Tins=3, Kettles=1, Coasters=1, Wall_Art=1, Cushions=1, Skateboards=1)
    )
    assert found == {"Mugs": 5, "Teapots": 4, "Tea tins": 3, "Home and decor": 2, "More for the kitchen": 2}


def test_what_shares_nothing_goes_to_more() -> None:
    assert grouped(*counts(Mugs=6, Widgets=1, Gizmos=1)) == {"Mugs": 6, "More": 2}


def test_spellings_of_one_category_are_one_shelf() -> None:
    (shelf,) = shelves_of([*counts(Mugs=1, MUGS=1), CategoryCount(category="Home > Kitchen > Mugs", products=2)])
    assert (shelf.name, shelf.slug, shelf.products) == ("Mugs", "mugs", 4)
    assert shelf.categories == {"Mugs", "MUGS", "Home > Kitchen > Mugs"}


def test_a_store_without_categories_has_no_shelves() -> None:
    assert shelves_of([]) == ()
    assert shelves_of(counts(Mugs=1)) == ()


def test_an_address_of_a_merged_category_finds_its_shelf() -> None:
    shelves = shelves_of(counts(Mugs=9, Kettles=1, Coasters=1))
    kettles = find_shelf(shelves, "kettles")
    assert kettles is not None
    assert kettles.name == "More for the kitchen"
    assert shelf_of(shelves, "Coasters") is kettles
    assert find_shelf(shelves, "sofas") is None
    assert shelf_of(shelves, None) is None


@given(st.lists(st.builds(CategoryCount, category=st.text(max_size=30), products=st.integers(1, 40)), max_size=60))
def test_shelves_are_few_broad_and_never_overlap(categories: list[CategoryCount]) -> None:
    by_name = {one.category: one for one in categories}
    shelves = shelves_of(by_name.values())
    assert len(shelves) <= MOST
    assert all(shelf.products >= FEWEST for shelf in shelves)
    assert len({shelf.slug for shelf in shelves}) == len(shelves)
    taken = [category for shelf in shelves for category in shelf.categories]
    assert len(taken) == len(set(taken))
    for shelf in shelves:
        assert shelf.products == sum(by_name[category].products for category in shelf.categories)


def test_the_offer_states_goods_lowest_price_and_delivery() -> None:
    line = offer_line(counts(Tea_Tins=3, Mugs=5, Teapots=4), Money(minor=1200), (6, 12))
    assert line == "Mugs, teapots and tea tins, from $12. Delivery included; most parcels take 6–12 days."
    assert offer_line(counts(Mugs=5, Teapots=4), Money(minor=1249), None) == (
        "Mugs and teapots, from $12.49. Delivery included."
    )
    many = offer_line(counts(Mugs=5, Teapots=4, LED_Lights=3, Rugs=1), Money(minor=1200), (3, 3))
    assert many == "Mugs, teapots, LED lights and more, from $12. Delivery included; most parcels take 3 days."


def test_the_offer_names_what_fits_the_niche_before_what_there_is_most_of() -> None:
    stock = counts(Desk_Mats=9, Teapots=2, Tea_Cups=3)
    line = offer_line(stock, Money(minor=1200), None, {"Desk Mats": 0.4, "Teapots": 1.0, "Tea Cups": 0.98})
    assert line == "Tea cups, teapots and desk mats, from $12. Delivery included."


def test_an_empty_store_offers_nothing() -> None:
    assert offer_line([], None, None) is None
    assert offer_line([], Money(minor=900), None) == "Everything, from $9. Delivery included."


def test_nearly_every_category_of_the_sample_supplier_has_a_department() -> None:
    categories = sorted({goods.category for goods in all_goods()})
    alone = []
    for category in categories:
        small = [CategoryCount(category=category, products=1), CategoryCount(category=f"Old {category}", products=1)]
        if REST in grouped(*counts(Widgets=20), *small):
            alone.append(category)
    assert len(categories) >= 60
    assert len(alone) <= 0.05 * len(categories), alone
