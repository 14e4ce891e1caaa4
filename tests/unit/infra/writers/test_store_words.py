"""The lint finds what an editor would send back, and nothing in the stores that the house writers write."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.store.ports import StoreFacts
from infra.bench.words.stores import niches, write_store
from infra.writers.copykit.claims import Evidence, store_evidence, unsupported
from infra.writers.copykit.lint import ProductTexts, StoreTexts, lint
from tests.support.fakes.copywriting import brand

FACTS = Evidence.of(["Stoneware mug", "Holds 350 ml", "Dishwasher safe"], names=["Tea Room"])
MUG = ProductTexts(
    id="mug",
    title="Stoneware Mug, 350 ml",
    description="This stoneware mug holds 350 ml.\n\n## Features\n\n- Dishwasher safe.\n\nAdd it to your cart when you like.",
    features=["Dishwasher safe."],
    benefits=["The dishwasher does the cleaning."],
    call_to_action="Add it to your cart when you like.",
    meta_title="Stoneware Mug, 350 ml | Tea Room",
    meta_description="Stoneware Mug, 350 ml at Tea Room. Dishwasher safe.",
    evidence=FACTS,
)
STORE = StoreTexts(
    name="Tea Room",
    tagline="Sit down first.",
    story="Tea is a reason to sit down.",
    categories=["Mugs"],
    products=[MUG],
    evidence=FACTS,
    pages={"about": "We sell mugs. Write to us."},
)


def with_mug(**changes: Any) -> StoreTexts:
    return replace(STORE, products=[replace(MUG, **changes)])


def opening(text: str) -> StoreTexts:
    return with_mug(description=f"{text}\n\n{MUG.description.partition(chr(10))[2]}")


def test_a_store_without_faults_has_no_findings() -> None:
    assert lint(STORE) == []


@pytest.mark.parametrize(
    ("rule", "store"),
    [
        ("unsupported claim", opening("This stoneware mug is waterproof.")),
        ("unsupported claim", replace(STORE, pages={"about": "Two friends founded the shop in their workshop."})),
        ("unsupported claim", replace(STORE, tagline="The best tea in town.")),
        ("a or an", opening("This is an usable mug for a hour of tea.")),
        ("a or an", opening("You get a stoneware.")),
        ("plural", opening("Bonsais like this mug.")),
        ("plural", opening("This stoneware mugs hold 350 ml.")),
        ("plural", opening("These stoneware mugs holds 350 ml.")),
        ("doubled word", opening("This mug holds holds 350 ml.")),
        ("spelling", opening("This mug has a grey colour.")),
        ("keyword string", with_mug(title="Stoneware Mug Coffee Cup Tea Gift Home Kitchen Office")),
        ("keyword string", with_mug(title="Stoneware Mug Hot Sale")),
        ("title without its goods", with_mug(title="Hanafuda Japanese Calm")),
        (
            "title without its goods",
            with_mug(title="Brass Desk", evidence=Evidence.of(["Desk bell service bell brass"])),
        ),
        ("title without its goods", with_mug(title="Bicycle", evidence=Evidence.of(["Bicycle bell in brass"]))),
        ("title ends in a modifier", with_mug(title="Stoneware Mug with Lid Airtight")),
        ("title ends in a modifier", with_mug(title="Stoneware Mug with Handle Black, 350 ml")),
        ("title case", with_mug(title="Stoneware mug, 350 ml")),
        ("meta title length", with_mug(meta_title="Stoneware Mug " * 5)),
        ("meta title cut", with_mug(title="Stoneware Mug with Lid", meta_title="Stoneware Mug with")),
        ("meta title cut", with_mug(title="Stoneware Mug Set", meta_title="Stoneware Mug | Tea Room")),
        ("meta description cut", with_mug(meta_description="A stoneware mug that")),
        ("meta description length", with_mug(meta_description="Tea. " * 40)),
        ("fragment", with_mug(benefits=["so nice"])),
        ("fragment", with_mug(features=["dishwasher"])),
        ("emptiness", with_mug(description="A mug.")),
        ("emptiness", replace(STORE, story="")),
        ("exclamation marks", opening("This mug! It holds 350 ml!")),
        (
            "joke on dear goods",
            replace(STORE, products=[replace(opening("Beige is no mug.").products[0], is_dear=True)]),
        ),
        ("unexpanded placeholder", opening("This mug [holds/hold] 350 ml.")),
        ("unexpanded placeholder", opening("This mug is from {brand}.")),
        ("goods that are not in the shop", replace(STORE, pages={"about": "We sell mugs and skateboards."})),
        ("repeated benefit", replace(STORE, products=[MUG, replace(MUG, id="other")])),
        ("repeated title", replace(STORE, products=[MUG, replace(MUG, id="other")])),
        ("repeated meta title", replace(STORE, products=[MUG, replace(MUG, id="other")])),
        ("repeated opening", replace(STORE, products=[MUG, replace(MUG, id="other")])),
    ],
)
def test_a_fault_is_found(rule: str, store: StoreTexts) -> None:
    assert rule in {finding.rule for finding in lint(store)}


def test_a_store_may_be_named_after_a_material() -> None:
    named = Evidence.of(["Stoneware mug", "350 ml", "Dishwasher safe"], names=["Copper Frame"])
    product = replace(MUG, evidence=named, description=MUG.description.replace("This", "At Copper Frame, this", 1))
    assert lint(replace(STORE, products=[product])) == []


def test_a_title_says_its_goods_once() -> None:
    title = "Rotary Card File for Business Cards"
    assert "keyword string" in {finding.rule for finding in lint(with_mug(title=title))}
    assert "keyword string" in {finding.rule for finding in lint(with_mug(title="Card File Cards for Business"))}


def test_digits_of_the_shops_own_address_are_no_claim() -> None:
    facts = StoreFacts(
        name="Tea Room",
        host="tea.localhost",
        niche="Tea",
        brand=brand("Tea Room", "calm"),
        contact_email="tea-7061@tearoom.example",
        products=["Mugs"],
        price_range=None,
        shipping_days=None,
        effective_on=datetime(2026, 1, 1, tzinfo=UTC),
    )
    evidence = store_evidence(facts)
    assert unsupported("Write to tea-7061@tearoom.example.", evidence) == []
    assert unsupported("Write to tea-7062@tearoom.example.", evidence) != []


def hold_to_the_lint(chosen: list[str], read: Callable[[str], Any] = write_store) -> None:
    found = {niche: [str(finding) for finding in read(niche).findings()] for niche in chosen}
    assert {niche: faults for niche, faults in found.items() if faults} == {}


def test_the_list_of_niches_is_wide() -> None:
    assert len(set(niches())) >= 40
    assert {"Saxophone reeds", "Beekeeping supplies", "Toys for senior cats"} <= set(niches()), "outside the catalog"


@pytest.mark.long
def test_stores_of_a_dozen_niches_have_no_fault() -> None:
    hold_to_the_lint(niches()[:12])


@pytest.mark.long
def test_stores_of_all_niches_have_no_fault() -> None:
    hold_to_the_lint(niches()[12:])


@pytest.mark.long
def test_other_seeds_have_no_fault_either() -> None:
    hold_to_the_lint(niches()[::4], lambda niche: write_store(niche, seed="another"))
