"""A merchant who changes a store at random: every part of it that shoppers see."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from commands.discount import CreateDiscount, PauseDiscount, ResumeDiscount
from commands.domains import ChoosePrimaryDomain, ConnectDomain, RecordDomainCheck, RemoveDomain
from commands.draft import AcceptDraft, OfferDraft
from commands.ports import Context
from commands.presentation import DescribeCategory, MoveAddress, RemoveCollection, WriteCollection
from commands.shipping import SetShipping
from domain.discount.aggregate import DISCOUNT
from domain.discount.events import DiscountKind, DiscountTerms
from domain.discount.terms import discount_id
from domain.draft.events import DraftTarget, FieldChange, TargetKind, category_id
from domain.editing import EditField, FieldValues
from domain.money import Money
from domain.product.aggregate import PRODUCT
from domain.product.events import PriceChanged, ProductActivated, ProductDeactivated, ProductRetitled, StockCounted
from domain.shipping.rates import RateBand, ShippingRates, ShippingZone
from domain.store.aggregate import STORE, Store
from domain.store.collection_events import AddressKind, CollectionRule
from domain.store.domain_events import DomainStatus
from domain.store.events import BrandGenerated, PageType, StorePaused, StorePublished, StoreStatus
from domain.store.settings import promise_delivery
from domain.store.texts import brand_values, category_values, collection_values
from tests.support.builders.samples import identity
from tests.support.platforms.storefront import BRAND, Product, StorefrontPlatform, Variant

CATEGORIES = ("Pots", "Vases", "Lamps")
CODES = ("SPRING", "AUTUMN")


class RandomMerchant:
    """Changes a store at random.

    Args:
        floor: the parts below the storefronts.
        store: the store.
        dice: decides.
        slug: the store's host label, below ``domain``.
        domain: the platform's.
        currency: the store's.
    """

    def __init__(
        self, floor: StorefrontPlatform, store: UUID, dice: random.Random, *, slug: str, domain: str, currency: str
    ) -> None:
        self._floor, self._store, self._dice, self._slug, self._currency = floor, store, dice, slug, currency
        self.products: list[Product] = []
        self.own_host, self.domains = f"{slug}.{domain}", [f"{slug}-one.com", f"{slug}-two.com"]
        self._inactive: set[UUID] = set()
        self._collections = [uuid4(), uuid4()]
        self._paused_codes: set[UUID] = set()
        self._texts = 0

    async def open(self) -> None:
        await self._state_business()
        await self._write_page_of(PageType.ABOUT, "about")
        # Two of each category: a category with fewer products has no page.
        for _ in range(2 * len(CATEGORIES)):
            await self._add()

    async def _add(self) -> None:
        number = len(self.products)
        variants = [Variant(f"Size {n}", 1_000 + 500 * n, self._dice.randrange(4)) for n in range(1 + number % 3)]
        self.products.append(
            await self._floor.stock(
                self._store,
                f"Pot {number}",
                slug=f"pot-{number}",
                variants=variants,
                category=CATEGORIES[number % len(CATEGORIES)],
                currency=self._currency,
            )
        )

    async def _change(self, event: type[Any], **fields: Any) -> None:
        product = self._dice.choice(self.products)
        state = await self._floor.log.load(PRODUCT, product.id)
        assert state is not None
        if event is StockCounted:
            fields = {"variant_id": self._dice.choice(product.variants), "on_hand": self._dice.randrange(3)}
        elif event is ProductDeactivated:
            event = ProductActivated if product.id in self._inactive else ProductDeactivated
            self._inactive ^= {product.id}
        changed = event(
            originator_id=product.id,
            originator_version=state.version + 1,
            occurred_at=self._floor.clock.now(),
            **fields,
        )
        await self._floor.record(PRODUCT, self._store, changed)

    async def _reprice(self) -> None:
        price = Money(minor=self._dice.randrange(500, 9_000), currency=self._currency)
        await self._change(PriceChanged, price=price, compare_at=None)

    async def _present(self) -> Store:
        loaded = await self._floor.log.load(STORE, self._store)
        assert loaded is not None
        store: Store = loaded.state
        return store

    async def _owner(self) -> dict[str, Any]:
        return {"store_id": self._store, "merchant_id": (await self._present()).merchant_id}

    async def _send(self, command: object) -> None:
        await self._floor.dispatch(command, Context(command_id=uuid4(), correlation_id=uuid4()))

    def _text(self, what: str) -> str:
        """Return a text that the store never had."""
        self._texts += 1
        return f"{what} {self._texts}"

    async def _pause_or_open(self) -> None:
        store = await self._present()
        event = StorePublished if store.status is StoreStatus.PAUSED else StorePaused
        base = {"originator_id": self._store, "occurred_at": self._floor.clock.now()}
        await self._floor.record(STORE, self._store, event(**base, originator_version=store.version + 1))

    async def _write_page(self) -> None:
        await self._write_page_of(*self._dice.choice([(PageType.ABOUT, "about"), (PageType.FAQ, "faq")]))

    async def _write_page_of(self, type: PageType, slug: str) -> None:
        text = f"{self._text('Text')}. We deliver within {{delivery.promise}}."
        await self._floor.write_page(self._store, type, self._text("Title"), slug, text)

    async def _write_collection(self) -> None:
        """Make a collection or change it: with listed products, or with a rule."""
        rule = self._dice.choice([None, CollectionRule(categories=[self._dice.choice(CATEGORIES)])])
        listed = [] if rule else self._dice.sample(self.products, k=2)
        await self._send(
            WriteCollection(
                **await self._owner(),
                collection_id=self._dice.choice(self._collections),
                title=self._text("Shelf"),
                text=f"{self._text('About')}.",
                product_ids=[product.id for product in listed],
                rule=rule,
            )
        )

    async def _remove_collection(self) -> None:
        for collection in (await self._present()).assortment.collections:
            await self._send(RemoveCollection(**await self._owner(), collection_id=collection))
            return

    async def _move_collection(self) -> None:
        for collection in (await self._present()).assortment.collections:
            kind, slug = AddressKind.COLLECTION, self._text("Moved")
            await self._send(MoveAddress(**await self._owner(), kind=kind, target=str(collection), slug=slug))
            return

    async def _describe_category(self) -> None:
        category, title, text = self._dice.choice(CATEGORIES), self._text("Kind"), f"{self._text('Text')}."
        await self._send(DescribeCategory(**await self._owner(), category=category, title=title, text=text))

    async def _accept_draft(self, kind: TargetKind) -> None:
        """Accept a draft of the brand, of a category, or of each collection."""
        store = await self._present()
        assert store.brand is not None
        drafts: list[tuple[DraftTarget, FieldValues, EditField]] = []
        match kind:
            case TargetKind.BRAND:
                drafts.append((DraftTarget(kind=kind, id=store.id), brand_values(store.brand), EditField.TAGLINE))
            case TargetKind.CATEGORY:
                slug = self._dice.choice(CATEGORIES).lower()
                category = DraftTarget(kind=kind, id=category_id(store.id, slug), category=slug)
                drafts.append((category, category_values(store.assortment.described.get(slug)), EditField.TITLE))
            case _:
                drafts += [
                    (DraftTarget(kind=kind, id=id), collection_values(collection), EditField.TITLE)
                    for id, collection in store.assortment.collections.items()
                ]
        for target, values, field in drafts:
            change, id = FieldChange(field=field, base=values[field], proposed=self._text("Draft")), uuid4()
            await self._send(
                OfferDraft(
                    draft_id=id, store_id=store.id, target=target, changes=[change], written_by="house", note="New."
                )
            )
            await self._send(AcceptDraft(draft_id=id, merchant_id=store.merchant_id))

    async def _change_discount(self) -> None:
        """Create a code, pause it, or resume it."""
        code, owner = self._dice.choice(CODES), await self._owner()
        id = discount_id(self._store, code)
        if await self._floor.log.load(DISCOUNT, id) is None:
            terms = DiscountTerms(kind=DiscountKind.PERCENTAGE, basis_points=self._dice.randrange(500, 5_000))
            await self._send(CreateDiscount(**owner, code=code, terms=terms))
            return
        change = ResumeDiscount if id in self._paused_codes else PauseDiscount
        await self._send(change(discount_id=id, merchant_id=owner["merchant_id"]))
        self._paused_codes ^= {id}

    async def _verified(self, *, verified: bool) -> str | None:
        """Return a domain of the store that is verified, or one that is not; None if there is none."""
        store = await self._present()
        named = [
            domain
            for domain in self.domains
            if verified is (domain in store.domains and store.domains[domain].status is DomainStatus.VERIFIED)
        ]
        return self._dice.choice(named) if named else None

    async def _connect_domain(self) -> None:
        """Connect a domain and prove it."""
        if domain := await self._verified(verified=False):
            await self._send(ConnectDomain(**await self._owner(), domain=domain))
            await self._send(RecordDomainCheck(store_id=self._store, domain=domain, problem=None))

    async def _choose_domain(self) -> None:
        """Make a domain or the platform's address the primary one."""
        if domain := await self._verified(verified=True):
            chosen = self._dice.choice([None, domain])
            await self._send(ChoosePrimaryDomain(**await self._owner(), domain=chosen))

    async def _remove_domain(self) -> None:
        if domain := await self._verified(verified=True):
            await self._send(RemoveDomain(**await self._owner(), domain=domain))

    async def _set_shipping(self) -> None:
        price = Money(minor=self._dice.randrange(1_000), currency=self._currency)
        countries = self._dice.choice([["US"], ["CA", "US"], ["DE"]])
        zone = ShippingZone(name="Zone", countries=countries, bands=[RateBand(price=price)])
        await self._send(SetShipping(**await self._owner(), rates=ShippingRates(zones=[zone])))

    async def _state_delivery(self) -> None:
        state = await self._floor.log.load(STORE, self._store)
        assert state is not None
        zone = self._dice.choice(["UTC", "Asia/Tokyo", "America/New_York"])
        days, now = self._dice.randrange(5, 40), self._floor.clock.now()
        events = promise_delivery(state.state, days, time_zone=zone, at=now)
        if events:
            await self._floor.record(STORE, self._store, *events)

    async def _rename_brand(self) -> None:
        state = await self._floor.log.load(STORE, self._store)
        assert state is not None
        voice = BRAND.voice.model_copy(update={"tagline": f"Pots since {self._dice.randrange(1900, 2000)}"})
        renamed = BrandGenerated(
            originator_id=self._store,
            originator_version=state.version + 1,
            occurred_at=self._floor.clock.now(),
            generation_id=uuid4(),
            attempt=1,
            brand=BRAND.model_copy(update={"voice": voice}),
            options=[],
            reason="It fits better.",
            slug=self._slug,
            written_by="house",
        )
        await self._floor.record(STORE, self._store, renamed)

    async def _state_business(self) -> None:
        await self._floor.state_business(self._slug, identity(note=f"{self._text('Note')}."))

    async def _move_product(self) -> None:
        number = self._dice.randrange(len(self.products))
        product, slug = self.products[number], self._text("pot").replace(" ", "-")
        await self._send(
            MoveAddress(**await self._owner(), kind=AddressKind.PRODUCT, target=str(product.id), slug=slug)
        )
        self.products[number] = replace(product, slug=slug)

    @property
    def edits(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """All kinds of edits, by name."""
        return {
            "write collection": self._write_collection,
            "write another collection": self._write_collection,
            "write page": self._write_page,
            "add product": self._add,
            "reprice": self._reprice,
            "count stock": lambda: self._change(StockCounted),
            "hide or show product": lambda: self._change(ProductDeactivated),
            "retitle": lambda: self._change(ProductRetitled, title=f"Pot named {self._dice.randrange(99)}"),
            "move product": self._move_product,
            "state delivery": self._state_delivery,
            "rename brand": self._rename_brand,
            "move collection": self._move_collection,
            "describe category": self._describe_category,
            "accept draft of brand": lambda: self._accept_draft(TargetKind.BRAND),
            "accept draft of category": lambda: self._accept_draft(TargetKind.CATEGORY),
            "accept draft of collection": lambda: self._accept_draft(TargetKind.COLLECTION),
            "remove collection": self._remove_collection,
            "change discount": self._change_discount,
            "set shipping": self._set_shipping,
            "state business": self._state_business,
            "pause": self._pause_or_open,
            "open again": self._pause_or_open,
            # Last: the other pages are at another host then.
            "connect domain": self._connect_domain,
            "connect another domain": self._connect_domain,
            "choose domain": self._choose_domain,
            "remove domain": self._remove_domain,
        }

    async def edit(self) -> None:
        """Make one edit."""
        # A paused store opens soon: most of its pages are the same.
        is_paused = (await self._present()).status is StoreStatus.PAUSED
        choices = [edit for edit in self.edits.values() if edit != self._pause_or_open]
        await (self._pause_or_open if is_paused or self._dice.random() < 0.05 else self._dice.choice(choices))()

    async def address(self) -> tuple[str, str]:
        """Return a host of the store, most often the one that others redirect to, and a path with its query."""
        store, product = await self._present(), self._dice.choice(self.products)
        variant = self._dice.choice(product.variants)
        host = store.primary_domain or self.own_host
        if self._dice.random() < 0.2:
            host = self._dice.choice([self.own_host, *self.domains])
        return host, self._dice.choice(
            [
                "/",
                "/products",
                "/products?sort=price-low",
                "/products?sort=title&max=40",
                "/products?category=vases",
                "/products?stock=in&min=15",
                "/products?q=pot&utm_source=letter",
                "/c/pots",
                "/c/lamps?sort=newest",
                f"/products/{product.slug}",
                f"/products/{product.slug}?variant={variant}",
                "/pages/about",
                "/accessibility",
                "/imprint",
                "/sitemap.xml",
                "/sitemap-pages.xml",
                "/sitemap-1.xml",
                "/cart",
                "/checkout",
                "/nowhere",
                *(f"/collections/{each.slug}" for each in store.assortment.collections.values()),
            ]
        )
