"""The rule-based copy writer on the sample supplier's whole catalog."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from domain.product.ports import CopyBrief, ProductCopy
from infra.sandbox.sample_supplier.catalog import Echo, Offer, offers
from infra.writers.copykit.claims import product_evidence, unsupported
from infra.writers.copykit.title_words import NOISE
from infra.writers.copykit.titles import LONGEST, SHORTEST
from infra.writers.rules.copy.copywriter import compose
from tests.support.fakes.copywriting import brand

STORES = {
    "cyberpunk": ("Neonhaven", "bold"),
    "vintage camera": ("Halide House", "nostalgic"),
    "planter": ("Fern & Fold", "calm"),
    "minimalist": ("Stille", "refined"),
    "sport": ("Courtside", "motivating"),
    "desk setup": ("Deskwise", "practical"),
}


def brief_of(offer: Offer, name: str, tone: str, seed: str) -> CopyBrief:
    titles = [sku.name for sku in offer.skus]
    return CopyBrief(
        original_title=offer.title,
        original_description=offer.description,
        category=offer.goods.category,
        tags=offer.tags,
        options=titles if len(titles) > 1 else (),
        niche="A niche",
        brand=brand(name, tone),
        seed=seed,
        attributes=offer.goods.attributes,
    )


def store(tag: str) -> Sequence[ProductCopy]:
    """Return the copy of a store with up to 18 products, written as by the copy agent."""
    name, tone = STORES[tag]
    chosen = [offer for offer in offers() if tag in offer.tags and offer.echo is not Echo.EXACT][:18]
    shelf = tuple(brief_of(offer, name, tone, f"{tag}:1#{place}.0") for place, offer in enumerate(chosen))
    return [compose(replace(brief, shelf=shelf)) for brief in shelf]


def first_of_each_category() -> Sequence[Offer]:
    return list({offer.goods.category: offer for offer in reversed(offers())}.values())


def faults(offer: Offer) -> Iterator[str]:
    """Yield what is wrong with the copy of one listing."""
    brief = brief_of(offer, "Neonhaven", "bold", f"all:1#{offer.id[-2:]}")
    copy = compose(brief)
    whole = f"{copy.description} {copy.meta_description}"
    if not SHORTEST <= len(copy.title) <= LONGEST:
        yield f"the title has {len(copy.title)} characters: {copy.title}"
    if NOISE.search(copy.title) or re.search(r"[!?#*\[\]<>]", copy.title):
        yield f"the title has noise: {copy.title}"
    if copy.scores.reading_ease < 60:
        yield f"the reading ease is {copy.scores.reading_ease}"
    if found := re.search(r"(?i)monitor\.|manual measurement|feedback|dear friend|shipping(?! box)|category:", whole):
        yield f"the supplier's “{found[0]}” is passed on"
    # One mention of a long name is a large part of a short text.
    if any(
        share > 0.12 and share * copy.scores.words > len(keyword.split()) + 0.5
        for keyword, share in copy.scores.keyword_density.items()
    ):
        yield f"a keyword is stuffed: {copy.scores.keyword_density}"
    for claim in unsupported(f"{copy.title}.\n{copy.description}", product_evidence(brief)):
        yield f"a claim without proof: {claim}"


def hold_to_the_rules(chosen: Sequence[Offer]) -> None:
    found = [f"{offer.id} ({offer.title}): {fault}" for offer in chosen for fault in faults(offer)]
    assert not found, "\n".join(found)


def test_a_listing_of_every_category_gets_a_clean_title_and_true_readable_copy() -> None:
    chosen = first_of_each_category()
    assert len(chosen) >= 60
    hold_to_the_rules(chosen)


@pytest.mark.long
def test_every_listing_gets_a_clean_title_and_true_readable_copy() -> None:
    hold_to_the_rules(offers())


@pytest.mark.parametrize("tag", STORES)
def test_the_products_of_a_store_do_not_read_alike(tag: str) -> None:
    copies = store(tag)
    assert len(copies) >= 12
    openings = [copy.description.split("\n")[0] for copy in copies]
    assert len(set(openings)) == len(openings)
    assert len({opening.split(". ")[0] for opening in openings}) == len(openings)
    benefits = [benefit for copy in copies for benefit in copy.benefits]
    assert len(set(benefits)) == len(benefits)
    assert max(Counter(copy.call_to_action for copy in copies).values()) <= 4
