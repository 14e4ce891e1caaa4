"""Whole stores of the house writers over the sample catalog, made in this process without a server."""

import asyncio
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import resources

from domain.money import Money
from domain.product.ports import CopyBrief, ProductCopy, options_of
from domain.store.brand import Availability, BrandIdentity
from domain.store.events import PageType, Preferences
from domain.store.ports import BrandBrief, PageDraft, StoreFacts
from infra.sandbox.sample_supplier.catalog import Offer
from infra.sandbox.sample_supplier.search import search
from infra.writers.copykit.claims import store_evidence
from infra.writers.copykit.lint import Finding, ProductTexts, StoreTexts, lint
from infra.writers.rules.brand.writer import RuleBrandWriter
from infra.writers.rules.copy.copywriter import compose
from infra.writers.rules.copy.pages import RulePageWriter
from infra.writers.rules.niche.reader import read_niche

PRODUCTS = 18
PAGES = (PageType.ABOUT, PageType.FAQ, PageType.CONTACT)
"""Pages whose words are the store's own. The law asks for the others."""
_NO_ORDER = datetime(2026, 1, 1, tzinfo=UTC)


class NoRegistry:
    """Implements ``domain.store.ports.DomainRegistry`` without the network: nothing is known."""

    async def availability(self, domains: Sequence[str]) -> Mapping[str, Availability]:
        return dict.fromkeys(domains, Availability.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenStore:
    """A store's texts as the house writers wrote them."""

    niche: str
    brand: BrandIdentity
    briefs: Sequence[CopyBrief]
    copies: Sequence[ProductCopy]
    pages: Sequence[PageDraft]
    facts: StoreFacts

    def texts(self) -> StoreTexts:
        """Return the texts in the form that the lint reads."""
        voice = self.brand.voice
        return StoreTexts(
            name=self.brand.name,
            tagline=voice.tagline,
            story=voice.story,
            categories=self.facts.products,
            products=[
                ProductTexts.of(brief.seed.rpartition("#")[2], copy, brief)
                for brief, copy in zip(self.briefs, self.copies, strict=True)
            ],
            evidence=store_evidence(self.facts),
            pages={page.slug: page.content for page in self.pages},
        )

    def findings(self) -> list[Finding]:
        """Return the lint's findings."""
        return lint(self.texts())

    def read_aloud(self) -> str:
        """Return all texts of the store, to read them as a person."""
        voice = self.brand.voice
        parts = [f"# {self.brand.name} ({self.niche})\n\n{voice.tagline}\n\n{voice.story}"]
        for brief, copy in zip(self.briefs, self.copies, strict=True):
            parts.append(
                f"## {copy.title} ({brief.price})\n\nsupplier: {brief.original_title}\n\n{copy.description}\n\n"
                f"meta: {copy.meta_title}\n\nmeta: {copy.meta_description}"
            )
        return "\n\n".join([*parts, *(page.content for page in self.pages)])


def niches() -> list[str]:
    """Return the niches that the lint reads, in an order that gives every part of a short run something of each kind."""
    data = tomllib.loads(resources.files(__package__).joinpath("niches.toml").read_text(encoding="utf-8"))
    return [niche for row in data["niches"] for niche in row["names"]]


def write_store(niche: str, *, seed: str = "words", products: int = PRODUCTS) -> WrittenStore:
    """Return a store with the first goods that the sample supplier finds for a niche."""
    brand = asyncio.run(
        RuleBrandWriter(NoRegistry()).propose(
            BrandBrief(niche=niche, preferences=Preferences(), seed=seed, reading=read_niche(niche))
        )
    ).brand
    chosen: dict[str, Offer] = {}
    for offer in search(niche):
        chosen.setdefault(offer.goods.id, offer)
        if len(chosen) >= products:
            break
    ranks: Counter[str] = Counter()
    shelf: list[CopyBrief] = []
    for place, offer in enumerate(chosen.values()):
        shelf.append(
            CopyBrief(
                original_title=offer.title,
                original_description=offer.description,
                category=offer.goods.category,
                tags=offer.tags,
                options=options_of([sku.name for sku in offer.skus]),
                niche=niche,
                brand=brand,
                seed=f"{seed}:1#{place}.{ranks[offer.goods.category]}",
                attributes=offer.goods.attributes,
                price=Money(minor=offer.goods.market),
            )
        )
        ranks[offer.goods.category] += 1
    briefs = [replace(brief, shelf=tuple(shelf)) for brief in shelf]
    facts = StoreFacts(
        name=brand.name,
        host="sample.localhost",
        niche=niche,
        brand=brand,
        contact_email="hello@shop.example",
        products=[category for category, _ in Counter(offer.goods.category for offer in chosen.values()).most_common()],
        price_range=_range([brief.price for brief in shelf if brief.price is not None]),
        shipping_days=(7, 13),
        effective_on=_NO_ORDER,
        product_count=len(shelf),
    )
    pages = [RulePageWriter().compose(type, facts, f"{seed}:1") for type in PAGES]
    return WrittenStore(
        niche=niche, brand=brand, briefs=briefs, copies=[compose(brief) for brief in briefs], pages=pages, facts=facts
    )


def _range(prices: Sequence[Money]) -> tuple[Money, Money] | None:
    return (min(prices), max(prices)) if prices else None
