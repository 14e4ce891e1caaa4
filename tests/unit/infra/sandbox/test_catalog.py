"""The sample supplier's catalog has the listings and faults that it documents."""

import io
import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from infra.sandbox.sample_supplier.catalog import Echo, Fault, offers
from infra.sandbox.sample_supplier.goods import all_goods, department_of, departments
from infra.sandbox.sample_supplier.pictures import PHOTOS, Shot, photo_size, render
from infra.sandbox.sample_supplier.printing import Print
from infra.sandbox.sample_supplier.search import search


def test_notebooks_are_the_only_goods_of_their_category() -> None:
    ids = {offer.goods.id for offer in offers() if offer.goods.category == "Notebooks"}
    assert not ids & {"card-index", "envelopes", "parchment-paper"}


def test_there_are_many_listings_and_all_faults() -> None:
    faults = Counter(offer.fault for offer in offers())
    echoes = Counter(offer.echo for offer in offers())
    assert len(offers()) >= 1200
    assert len({offer.goods.category for offer in offers()}) >= 120
    assert all(faults[fault] >= 5 for fault in Fault)
    assert all(echoes[echo] >= 10 for echo in Echo)
    assert sum(shot.watermark for offer in offers() for shot in offer.shots) >= 20
    assert sum(len(offer.skus) > 1 for offer in offers()) >= 100


def test_all_goods_but_prints_have_one_listing_without_a_fault() -> None:
    sound = {offer.goods.id for offer in offers() if offer.fault is None and offer.echo is None}
    assert {goods.id for goods in all_goods() if goods.printed_on is None} <= sound


def test_old_listings_keep_their_ids() -> None:
    first = Path(__file__).with_name("first_listings.txt").read_text("utf-8").split()
    assert set(first) <= {offer.id for offer in offers()}


def test_a_fault_shows_in_the_numbers() -> None:
    for offer in offers():
        stock = sum(sku.available for sku in offer.skus)
        assert (stock == 0) == (offer.fault is Fault.SOLD_OUT)
        if offer.fault is Fault.POOR_RATING:
            assert offer.rating is not None
            assert offer.rating < 3.5


def test_every_category_is_in_a_department_and_every_department_exists() -> None:
    for goods in all_goods():
        department_of(goods.category)
    for department in departments().values():
        assert set(department.related) <= set(departments())


def test_every_photo_is_licensed_and_credited() -> None:
    credited = {entry["file"] for entry in json.loads((PHOTOS / "manifest.json").read_text("utf-8"))}
    assert (PHOTOS / "LICENCE.md").exists()
    assert {path.name for path in PHOTOS.glob("*.jpg")} == credited
    assert {f"{goods.photo}.jpg" for goods in all_goods() if goods.photo is not None} <= credited


@pytest.mark.parametrize("kind", [None, *Print])
def test_a_picture_has_the_announced_size(kind: Print | None) -> None:
    offer = next(offer for offer in offers() if offer.goods.printed_on is kind)
    for shot in offer.shots:
        with Image.open(io.BytesIO(render(shot))) as picture:
            assert picture.size == shot.size
            assert picture.format == "JPEG"


def test_the_same_picture_has_the_same_bytes() -> None:
    shot = offers()[0].shots[0]
    first = render(shot)
    render.cache_clear()
    assert render(shot) == first


def test_a_watermark_changes_the_picture_and_nothing_else() -> None:
    plain = Shot(photo="football", long_edge=600)
    marked = Shot(photo="football", long_edge=600, watermark=True)
    assert plain.size == marked.size
    assert render(plain) != render(marked)
    assert photo_size("football") == (1200, 765)


@pytest.mark.parametrize("keyword", ["ceramic planter", "neon", "zzz", "", "   ", "\u0000"])
def test_a_search_ends_with_everything_once(keyword: str) -> None:
    found = search(keyword)
    assert len(found) == len(offers())
    assert len({offer.id for offer in found}) == len(offers())


def test_a_synonym_finds_the_same_as_the_word() -> None:
    assert {offer.goods.id for offer in search("jump rope")[:2]} == {"skipping-rope"}
    assert search("couch")[0].goods.category == "Sofas"


@pytest.mark.parametrize(
    ("keyword", "goods"),
    [
        ("dog rope toy", "dog-rope-tug"),
        ("enamel teapot", "enamel-teapot"),
        ("kids microscope", "kids-microscope"),
        ("set of espresso cups", "espresso-cup-set"),
        ("merino wool yarn", "merino-yarn"),
        ("couch", "floor-lamp-sofa"),
    ],
)
def test_listings_with_all_words_come_first(keyword: str, goods: str) -> None:
    assert goods in {offer.goods.id for offer in search(keyword)[:4]}


def test_every_listing_states_its_weight_and_another_fact() -> None:
    for goods in all_goods():
        assert "Weight" in goods.attributes, goods.id
        assert len(goods.attributes) >= 2, goods.id


def test_prints_are_never_in_the_category_of_what_they_show() -> None:
    printed = {goods.category for goods in all_goods() if goods.printed_on is not None}
    assert printed == {
        "Wall Art", "Canvas Art", "Desk Mats", "Coasters", "Wall Clocks", "Light Boxes", "Cushions", "Notebooks"
    }  # fmt: skip
    assert sum(offer.goods.printed_on is not None for offer in offers()) < len(offers()) / 8


def test_prices_freight_and_margins_are_plausible() -> None:
    for goods in all_goods():
        assert goods.cost < goods.market, goods.id
        assert goods.fee < goods.market, goods.id
        assert 1 <= goods.days[0] < goods.days[1] <= 30, goods.id
