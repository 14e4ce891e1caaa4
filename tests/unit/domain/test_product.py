"""Decisions and refusals of a product."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.kernel import CorruptStream, DomainError, InvalidInput, NotFound
from domain.money import Money
from domain.product.aggregate import PRODUCT, Product, evolve
from domain.product.edit import ProductEdit, edit_product
from domain.product.errors import InsufficientStock, NotForSale, ProductIsArchived
from domain.product.events import (
    ImportedImage,
    PhotoRemoved,
    PhotosArranged,
    PriceChanged,
    ProductActivated,
    ProductArchived,
    ProductCopyWritten,
    ProductDeactivated,
    ProductDescribed,
    ProductEvent,
    ProductMetaWritten,
    ProductRetitled,
    ProductStatus,
    StockCounted,
    StockReleased,
    StockReserved,
    StockShort,
    StockSold,
    VariantPriced,
)
from domain.product.prices import lowest_before
from domain.sourcing.listing import ListingVariant
from domain.store.events import CopyScores
from tests.support.builders.samples import NOON, copy, dollars, listing, product_added


def fold(events: Sequence[ProductEvent], product: Product | None = None) -> Product:
    folded = PRODUCT.fold(events, product)
    assert folded is not None
    return folded


def on_sale(stock: int = 10) -> Product:
    draft = fold([product_added(stock=stock)])
    return fold(draft.activate(at=NOON), draft)


def only_variant(product: Product) -> UUID:
    return next(iter(product.variants))


def head(product: Product, offset: int = 1) -> dict[str, object]:
    return {"originator_id": product.id, "originator_version": product.version + offset, "occurred_at": NOON}


def test_stock_is_kept_for_an_order() -> None:
    product, order = on_sale(), uuid4()
    variant = only_variant(product)
    events = product.reserve(variant, 3, order_id=order, at=NOON)
    assert events == (StockReserved(**head(product), order_id=order, variant_id=variant, quantity=3),)
    assert fold(events, product).variants[variant].available == 7


def test_reserving_again_for_the_same_order_changes_nothing() -> None:
    product, order = on_sale(), uuid4()
    variant = only_variant(product)
    product = fold(product.reserve(variant, 3, order_id=order, at=NOON), product)
    assert product.reserve(variant, 3, order_id=order, at=NOON) == ()


def test_more_than_is_left_is_refused_with_what_is_left() -> None:
    product = on_sale(stock=2)
    with pytest.raises(InsufficientStock, match="3 wanted, but only 2 are left") as refusal:
        product.reserve(only_variant(product), 3, order_id=uuid4(), at=NOON)
    assert (refusal.value.requested, refusal.value.available) == (3, 2)


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_quantity_below_one_is_refused(quantity: int) -> None:
    product = on_sale()
    with pytest.raises(InvalidInput) as refusal:
        product.reserve(only_variant(product), quantity, order_id=uuid4(), at=NOON)
    assert refusal.value.field == "quantity"


def test_a_draft_cannot_be_bought() -> None:
    draft = fold([product_added()])
    with pytest.raises(NotForSale):
        draft.reserve(only_variant(draft), 1, order_id=uuid4(), at=NOON)


def test_an_unknown_variant_is_not_found() -> None:
    with pytest.raises(NotFound):
        on_sale().reserve(uuid4(), 1, order_id=uuid4(), at=NOON)


def test_released_stock_can_be_bought_again() -> None:
    product, order = on_sale(stock=2), uuid4()
    variant = only_variant(product)
    product = fold(product.reserve(variant, 2, order_id=order, at=NOON), product)
    events = product.release(variant, order_id=order, at=NOON)
    assert events == (StockReleased(**head(product), order_id=order, variant_id=variant, quantity=2),)
    assert fold(events, product).variants[variant].available == 2


def test_sold_stock_leaves_the_shelf_once() -> None:
    product, order = on_sale(stock=5), uuid4()
    variant = only_variant(product)
    product = fold(product.reserve(variant, 2, order_id=order, at=NOON), product)
    events = product.sell(variant, order_id=order, at=NOON)
    assert events == (StockSold(**head(product), order_id=order, variant_id=variant, quantity=2),)
    product = fold(events, product)
    assert (product.variants[variant].on_hand, product.variants[variant].available) == (3, 3)
    assert product.sell(variant, order_id=order, at=NOON) == ()
    assert product.release(variant, order_id=order, at=NOON) == ()


ACTIONS = st.tuples(
    st.sampled_from(["reserve", "release", "sell"]), st.integers(0, 4), st.integers(1, 6)
)  # what, which order, how many


@for_all(st.integers(0, 12), st.lists(ACTIONS, max_size=40))
def test_stock_is_never_oversold_whatever_comes_in_whatever_order(
    stock: int, actions: list[tuple[str, int, int]]
) -> None:
    product = on_sale(stock)
    variant, orders, sold = only_variant(product), [uuid4() for _ in range(5)], 0
    for what, which, quantity in actions:
        try:
            events: Sequence[ProductEvent]
            match what:
                case "reserve":
                    events = product.reserve(variant, quantity, order_id=orders[which], at=NOON)
                case "release":
                    events = product.release(variant, order_id=orders[which], at=NOON)
                case _:
                    events = product.sell(variant, order_id=orders[which], at=NOON)
        except InsufficientStock:
            assert product.variants[variant].available < quantity
            continue
        sold += sum(event.quantity for event in events if isinstance(event, StockSold))
        product = fold(events, product)
        state = product.variants[variant]
        assert state.available >= 0
        assert state.on_hand == stock - sold
        assert sum(state.reserved.values()) + state.available == state.on_hand


def test_counting_stock_sets_it() -> None:
    product = on_sale()
    variant = only_variant(product)
    assert product.count_stock(variant, 4, at=NOON) == (StockCounted(**head(product), variant_id=variant, on_hand=4),)
    assert product.count_stock(variant, 10, at=NOON) == ()


@pytest.mark.parametrize("count", [-1, 1_000_001, 3_000_000_000, 10**20])
def test_stock_below_zero_or_beyond_what_can_be_counted_is_refused(count: int) -> None:
    product = on_sale()
    with pytest.raises(InvalidInput, match=f"cannot be {count:,}; 0 is the least and 1,000,000 the most") as refusal:
        product.count_stock(only_variant(product), count, at=NOON)
    assert refusal.value.field == "stockQuantity"


def test_copy_brings_a_title_and_an_address() -> None:
    draft = fold([product_added()])
    events = draft.write_copy(copy("Neon Lamp"), slug="neon-lamp", at=NOON)
    assert events == (ProductCopyWritten(**head(draft), **copy("Neon Lamp").model_dump(), slug="neon-lamp"),)
    assert (fold(events, draft).title, fold(events, draft).slug) == ("Neon Lamp", "neon-lamp")


def test_each_kind_of_edit_is_a_fact_of_its_own() -> None:
    product = on_sale()
    events = edit_product(
        product,
        ProductEdit(
            title=" Better ", description="New words", meta_title="T", meta_description="D", price=dollars("25.00")
        ),
        at=NOON,
    )
    assert events == [
        ProductRetitled(**head(product, 1), title="Better"),
        ProductDescribed(**head(product, 2), description="New words"),
        ProductMetaWritten(**head(product, 3), meta_title="T", meta_description="D"),
        PriceChanged(**head(product, 4), price=dollars("25.00"), compare_at=None),
    ]
    edited = fold(events, product)
    assert (edited.title, edited.price, edited.version) == ("Better", dollars("25.00"), product.version + 4)
    assert edited.variants[only_variant(product)].price == dollars("25.00")


def test_an_edit_that_changes_nothing_is_no_fact() -> None:
    product = on_sale()
    assert edit_product(product, ProductEdit(), at=NOON) == []
    assert edit_product(product, ProductEdit(title=product.title, price=product.price), at=NOON) == []


DAY = timedelta(days=1)


def priced(*prices: tuple[int, str], on_sale: int = 0) -> Product:
    """Return a product with its day on sale and its price changes by day."""
    product = fold([product_added(price="20.00")])
    product = fold([ProductActivated(**head(product) | {"occurred_at": NOON + on_sale * DAY})], product)
    for day, price in prices:
        product = fold(edit_product(product, ProductEdit(price=dollars(price)), at=NOON + day * DAY), product)
    return product


def test_a_reduction_may_be_shown_beside_the_lowest_price_of_the_30_days_before() -> None:
    product = priced()
    (event,) = edit_product(
        product, ProductEdit(price=dollars("15.00"), compare_at=dollars("20.00")), at=NOON + 40 * DAY
    )
    assert isinstance(event, PriceChanged)
    assert (event.compare_at, event.compare_at_proven) == (dollars("20.00"), True)
    assert fold([event], product).compare_at == dollars("20.00")


def test_a_price_that_was_reduced_already_may_be_shown_so_later() -> None:
    product = priced((40, "15.00"))
    assert product.compare_at is None
    (event,) = edit_product(product, ProductEdit(compare_at=dollars("20.00")), at=NOON + 45 * DAY)
    assert isinstance(event, PriceChanged)
    assert (event.price, event.compare_at) == (dollars("15.00"), dollars("20.00"))


@pytest.mark.parametrize(
    ("product", "day", "price", "compare_at", "told"),
    [
        (priced(), 10, "15.00", "20.00", "has not had them"),
        (priced(on_sale=20), 40, "15.00", "20.00", "has not had them"),
        (priced(), 40, "15.00", "25.00", "is not the lowest price of the 30 days before, $20.00"),
        (priced(), 40, "15.00", "18.00", "is not the lowest price"),
        (priced((39, "30.00")), 40, "25.00", "30.00", "$25.00 is not below $20.00"),
        (priced((20, "12.00"), (21, "20.00")), 40, "15.00", "20.00", "is not below $12.00"),
        (priced(), 40, "20.00", "25.00", "has not had them"),
        (priced((40, "30.00")), 45, "30.00", "40.00", "is not below $20.00"),
    ],
)
def test_a_former_price_that_never_was_is_refused(
    product: Product, day: int, price: str, compare_at: str, told: str
) -> None:
    with pytest.raises(InvalidInput, match=re.escape(told)) as refusal:
        edit_product(product, ProductEdit(price=dollars(price), compare_at=dollars(compare_at)), at=NOON + day * DAY)
    assert refusal.value.field == "compareAtPrice"


def test_a_price_of_longer_ago_than_30_days_does_not_count() -> None:
    product = priced((5, "12.00"), (9, "20.00"))
    (event,) = edit_product(
        product, ProductEdit(price=dollars("15.00"), compare_at=dollars("20.00")), at=NOON + 40 * DAY
    )
    assert fold([event], product).compare_at == dollars("20.00")


def test_a_break_in_being_on_sale_starts_the_30_days_again() -> None:
    product = priced()
    product = fold(product.deactivate(at=NOON + 20 * DAY), product)
    product = fold(product.activate(at=NOON + 25 * DAY), product)
    assert lowest_before(product.prices, dollars("15.00"), NOON + 40 * DAY, on_sale_since=product.on_sale_since) is None
    assert lowest_before(
        product.prices, dollars("15.00"), NOON + 55 * DAY, on_sale_since=product.on_sale_since
    ) == dollars("20.00")


@pytest.mark.parametrize(("price", "kept"), [("14.00", "20.00"), ("15.01", None), ("20.00", None), ("31.00", None)])
def test_a_further_reduction_keeps_the_former_price_and_a_raise_ends_it(price: str, kept: str | None) -> None:
    product = priced()
    product = fold(
        edit_product(product, ProductEdit(price=dollars("15.00"), compare_at=dollars("20.00")), at=NOON + 40 * DAY),
        product,
    )
    product = fold(edit_product(product, ProductEdit(price=dollars(price)), at=NOON + 41 * DAY), product)
    assert product.compare_at == (None if kept is None else dollars(kept))


def test_a_former_price_of_before_the_rule_is_not_shown() -> None:
    product = fold([product_added(price="19.00", compare_at="30.00")])
    assert product.compare_at is None
    old = PriceChanged(**head(product), price=dollars("18.00"), compare_at=dollars("30.00"))
    assert fold([old], product).compare_at is None


def test_no_more_prices_are_remembered_than_a_former_price_may_come_from() -> None:
    product = priced(*((day, "10.00" if day % 2 else "11.00") for day in range(1, 200)))
    assert len(product.prices) < 40


@for_all(st.lists(st.tuples(st.integers(1, 20), st.integers(500, 4000)), min_size=1, max_size=12), st.integers(1, 500))
def test_no_former_price_is_above_any_price_of_the_30_days_before(changes: list[tuple[int, int]], cut: int) -> None:
    product, day = priced(), 0
    asked = [(0, 2000)]
    for days, minor in changes:
        day += days
        asked.append((day, minor))
        product = fold(edit_product(product, ProductEdit(price=Money(minor=minor)), at=NOON + day * DAY), product)
    end = day + cut % 40 + 1
    lowest = lowest_before(product.prices, Money(minor=cut), NOON + end * DAY, on_sale_since=product.on_sale_since)
    if end < 30:
        assert lowest is None
        return
    until = [*(day for day, _ in asked[1:]), end]
    within = [minor for (_, minor), over in zip(asked, until, strict=True) if over > end - 30]
    if product.price == Money(minor=cut):
        return
    assert lowest == Money(minor=min(within))


def test_a_count_below_what_orders_keep_is_short_and_nothing_is_below_zero() -> None:
    product = on_sale()
    variant = only_variant(product)
    product = fold(product.reserve(variant, 3, order_id=UUID(int=1), at=NOON), product)
    counted, short = product.count_stock(variant, 1, at=NOON)
    assert short == StockShort(**head(product, 2), variant_id=variant, missing=2)
    product = fold([counted, short], product)
    assert (product.variants[variant].on_hand, product.variants[variant].available) == (1, 0)
    sold, missing = product.sell(variant, order_id=UUID(int=1), at=NOON)
    assert missing == StockShort(**head(product, 2), variant_id=variant, missing=2, order_id=UUID(int=1))
    product = fold([sold, missing], product)
    assert (product.variants[variant].on_hand, product.variants[variant].available) == (0, 0)


@for_all(st.lists(st.tuples(st.sampled_from(["reserve", "release", "sell", "count"]), st.integers(0, 5)), max_size=30))
def test_stock_is_never_below_zero_and_all_that_is_sold_was_there_or_is_short(steps: list[tuple[str, int]]) -> None:
    product = on_sale()
    variant = only_variant(product)
    for what, number in steps:
        order = UUID(int=number + 1)
        before = product.variants[variant]
        try:
            match what:
                case "reserve":
                    events = product.reserve(variant, number, order_id=order, at=NOON)
                case "release":
                    events = product.release(variant, order_id=order, at=NOON)
                case "sell":
                    events = product.sell(variant, order_id=order, at=NOON)
                case _:
                    events = product.count_stock(variant, number, at=NOON)
        except DomainError:
            continue
        product = fold(events, product)
        after = product.variants[variant]
        assert after.on_hand >= 0
        assert after.available >= 0
        sold = sum(event.quantity for event in events if isinstance(event, StockSold))
        short = sum(event.missing for event in events if isinstance(event, StockShort) and event.order_id)
        assert sold == (before.on_hand - after.on_hand if what == "sell" else 0) + short


def test_a_price_at_which_a_cheaper_variant_would_cost_nothing_is_refused() -> None:
    product = fold([product_added(price="19.00")])
    ((id, variant),) = product.variants.items()
    product = replace(product, variants={id: replace(variant, price=dollars("9.00"))})
    assert len(edit_product(product, ProductEdit(price=dollars("10.01")), at=NOON)) == 1
    with pytest.raises(InvalidInput, match=r"At \$10\.00, “.+” would cost \$0\.00; every variant must cost") as refusal:
        edit_product(product, ProductEdit(price=dollars("10.00")), at=NOON)
    assert refusal.value.field == "sellingPrice"


def test_a_former_price_is_taken_away_alone_or_with_a_new_price() -> None:
    product = priced()
    product = fold(
        edit_product(product, ProductEdit(price=dollars("15.00"), compare_at=dollars("20.00")), at=NOON + 40 * DAY),
        product,
    )
    assert edit_product(product, ProductEdit(clear_compare_at=True), at=NOON) == [
        PriceChanged(**head(product), price=dollars("15.00"), compare_at=None)
    ]
    assert edit_product(product, ProductEdit(price=dollars("14.00"), clear_compare_at=True), at=NOON) == [
        PriceChanged(**head(product), price=dollars("14.00"), compare_at=None)
    ]
    assert edit_product(on_sale(), ProductEdit(clear_compare_at=True), at=NOON) == []


def test_a_new_description_replaces_what_was_written_beside_it() -> None:
    product = on_sale()
    scores = CopyScores(reading_ease=80.0, words=2)
    (event,) = edit_product(
        product, ProductEdit(description="New words", features=["USB"], call_to_action="Buy.", scores=scores), at=NOON
    )
    assert event == ProductDescribed(
        **head(product), description="New words", features=["USB"], benefits=[], call_to_action="Buy.", scores=scores
    )


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"features": ["USB"]}, "description"),
        ({"call_to_action": ""}, "description"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"description": " "}, "description"),
        ({"meta_title": "only one"}, "metaTitle"),
        ({"meta_title": "x" * 61, "meta_description": "d"}, "metaTitle"),
        ({"meta_title": "t", "meta_description": "x" * 156}, "metaDescription"),
        ({"price": dollars("0.00")}, "sellingPrice"),
        ({"price": dollars("-1.00")}, "sellingPrice"),
        ({"price": dollars("5.00").model_copy(update={"currency": "EUR"})}, "sellingPrice"),
        ({"compare_at": dollars("20.00")}, "compareAtPrice"),
        ({"compare_at": dollars("99.00").model_copy(update={"currency": "EUR"})}, "compareAtPrice"),
    ],
)
def test_a_bad_edit_is_refused_and_names_its_field(edit: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        edit_product(on_sale(), ProductEdit(**edit), at=NOON)  # type: ignore[arg-type]
    assert refusal.value.field == field


def test_a_product_goes_on_and_off_sale() -> None:
    draft = fold([product_added()])
    activated = draft.activate(at=NOON)
    assert activated == (ProductActivated(**head(draft)),)
    product = fold(activated, draft)
    assert product.activate(at=NOON) == ()
    assert product.deactivate(at=NOON) == (ProductDeactivated(**head(product)),)
    assert draft.deactivate(at=NOON) == ()


def test_an_archived_product_is_left_alone() -> None:
    product = on_sale()
    archived_by = product.archive(at=NOON)
    assert archived_by == (ProductArchived(**head(product)),)
    product = fold(archived_by, product)
    assert product.status is ProductStatus.ARCHIVED
    assert product.archive(at=NOON) == ()
    variant = only_variant(product)
    attempts: list[Callable[[], object]] = [
        lambda: product.activate(at=NOON),
        lambda: product.deactivate(at=NOON),
        lambda: edit_product(product, ProductEdit(title="x"), at=NOON),
        lambda: product.count_stock(variant, 1, at=NOON),
        lambda: product.write_copy(copy(), slug="s", at=NOON),
    ]
    for refused in attempts:
        with pytest.raises(ProductIsArchived):
            refused()


def test_stock_kept_for_a_paid_order_is_sold_even_if_the_product_was_archived_since() -> None:
    product, order = on_sale(), uuid4()
    variant = only_variant(product)
    product = fold(product.reserve(variant, 1, order_id=order, at=NOON), product)
    product = fold(product.archive(at=NOON), product)
    assert len(product.sell(variant, order_id=order, at=NOON)) == 1


def test_events_without_a_beginning_are_corrupt() -> None:
    with pytest.raises(CorruptStream):
        evolve(None, ProductActivated(originator_id=uuid4(), originator_version=2, occurred_at=NOON))


def test_refusals_have_stable_codes() -> None:
    codes = {kind.code for kind in (InsufficientStock, NotForSale, ProductIsArchived, InvalidInput, NotFound)}
    assert codes == {"INSUFFICIENT_STOCK", "NOT_FOR_SALE", "PRODUCT_ARCHIVED", "INVALID_INPUT", "NOT_FOUND"}
    assert DomainError.code not in codes


def test_a_listing_has_the_stock_of_all_its_variants() -> None:
    variants = [ListingVariant(title=size, cost=dollars("8.00"), stock=stock) for size, stock in (("S", 2), ("L", 5))]
    assert listing(variants=variants).stock == 7


def test_photos_stand_in_the_order_that_the_merchant_gave_them() -> None:
    photos = [
        ImportedImage(image_id=uuid4(), url=f"https://a.example/{n}.jpg", alt_text="", position=n) for n in range(3)
    ]
    first, second, third = (photo.image_id for photo in photos)
    product = fold([product_added().model_copy(update={"images": photos})])
    own = uuid4()
    (arranged,) = product.arrange_photos([third, own], at=NOON)
    assert arranged == PhotosArranged(**head(product), image_ids=[third, own, first, second])
    product = fold([arranged], product)
    assert [product.position_of(each) for each in (third, own, first, second, uuid4())] == [0, 1, 2, 3, 4]
    assert product.arrange_photos([third, own], at=NOON) == ()
    archived = fold(product.archive(at=NOON), product)
    with pytest.raises(ProductIsArchived):
        archived.arrange_photos([first], at=NOON)


def test_a_removed_photo_leaves_the_product_and_the_order_of_its_photos() -> None:
    photos = [
        ImportedImage(image_id=uuid4(), url=f"https://a.example/{n}.jpg", alt_text="", position=n) for n in range(2)
    ]
    first, second = (photo.image_id for photo in photos)
    product = fold([product_added().model_copy(update={"images": photos})])
    product = fold(product.arrange_photos([second, first], at=NOON), product)
    removed = product.remove_photo(second, at=NOON)
    assert removed == (PhotoRemoved(**head(product), image_id=second),)
    product = fold(removed, product)
    assert (product.images, product.photo_order) == ((photos[0],), (first,))
    assert product.remove_photo(second, at=NOON) == ()
    archived = fold(product.archive(at=NOON), product)
    with pytest.raises(ProductIsArchived):
        archived.remove_photo(first, at=NOON)


def two_variants() -> Product:
    product = fold([product_added(price="20.00")])
    ((id, variant),) = product.variants.items()
    return replace(product, variants={id: variant, uuid4(): replace(variant, price=dollars("25.00"))})


def test_one_variant_has_another_price_and_the_others_stay() -> None:
    product = two_variants()
    blue, green = product.variants
    (priced,) = product.price_variant(blue, Money(minor=2900), at=NOON)
    assert priced == VariantPriced(
        **head(product), variant_id=blue, price=Money(minor=2900), lowest=Money(minor=2500), highest=Money(minor=2900)
    )
    after = evolve(product, priced)
    assert [each.price.minor for each in after.variants.values()] == [2900, 2500]
    assert after.price == product.price
    assert after.price_variant(blue, Money(minor=2900), at=NOON) == ()
    for price, message in ((Money(minor=0), "above zero"), (Money(minor=5, currency="EUR"), "not in USD")):
        with pytest.raises(InvalidInput, match=message):
            product.price_variant(green, price, at=NOON)
    with pytest.raises(NotFound):
        product.price_variant(uuid4(), Money(minor=100), at=NOON)


def test_another_price_of_a_variant_proves_no_former_price_for_30_days() -> None:
    product = two_variants()
    blue, _ = product.variants
    for event in product.activate(at=NOON):
        product = evolve(product, event)
    later = NOON + timedelta(days=40)
    (priced,) = product.price_variant(blue, Money(minor=2900), at=later)
    product = evolve(product, priced)
    assert product.on_sale_since == later


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (ProductEdit(description="x" * 20_001), "description"),
        (ProductEdit(description="It glows.", features=["x"] * 31), "features"),
        (ProductEdit(description="It glows.", benefits=["x" * 501]), "benefits.0"),
        (ProductEdit(description="It glows.", call_to_action="x" * 301), "callToAction"),
    ],
)
def test_a_description_of_any_length_is_refused_by_its_field(edit: ProductEdit, field: str) -> None:
    with pytest.raises(InvalidInput, match="Use at most") as refusal:
        edit_product(on_sale(), edit, at=NOON)
    assert refusal.value.field == field
