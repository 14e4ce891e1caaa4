"""Generated events of many stores: valid catalog events in any number, the same for the same seed.

For benches and for tests of rebuilds. Each store gets a brand, products, texts and photos, and is published. Then it trades:
stock moves, prices change, texts are edited. Many stores exist at the same time, so that their events are interleaved as in
a real log.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.kernel import DomainEvent
from domain.media.events import ImageProcessed, ImageProcessingRequested, ImageRejected, Operation, Rendition
from domain.media.events import RejectionReason as Reason
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.events import (
    ImportedImage,
    ImportedVariant,
    PriceChanged,
    ProductActivated,
    ProductArchived,
    ProductCopyWritten,
    ProductDeactivated,
    ProductDescribed,
    ProductImported,
    ProductMetaWritten,
    ProductRetitled,
    StockCounted,
    StockReleased,
    StockReserved,
    StockSold,
    WinningScore,
)
from domain.store.brand import Availability, BrandIdentity, FontPair, Logo, NameOption, Palette, Voice
from domain.store.events import (
    BrandGenerated,
    CopyScores,
    PageType,
    PageWritten,
    ProductsScouted,
    StoreApproved,
    StorePublished,
    StoreReadyForReview,
    StoreRequested,
    SupplierReport,
)
from schemas.envelope import GENESIS, RawEvent, chain_hash
from schemas.registry import encode

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
"""Time of the first event; the others follow at intervals of 20 ms."""
STEP = timedelta(milliseconds=20)
WORDS = (
    "lamp",
    "neon",
    "glass",
    "desk",
    "walnut",
    "ceramic",
    "brass",
    "linen",
    "planter",
    "stool",
    "shelf",
    "mirror",
    "rug",
    "candle",
    "clock",
    "vase",
    "matte",
    "woven",
    "studio",
    "corner",
    "evening",
    "quiet",
    "bright",
    "hand-made",
    "sturdy",
    "slim",
    "round",
    "tall",
    "small",
    "everyday",
    "gift",
)


@dataclass(slots=True)
class _Product:
    id: UUID
    variants: list[UUID]
    images: list[UUID]
    price: int
    stock: dict[UUID, int]
    active: bool = False
    attempt: int = 1
    """Attempt of its first image."""
    open: list[tuple[UUID, UUID, int]] = field(default_factory=list)
    """Reservations: order, variant, quantity."""


@dataclass(frozen=True, slots=True)
class _Fact:
    """An event before it has a version in its stream."""

    kind: type[DomainEvent]
    stream: UUID
    fields: dict[str, Any]


def catalog_events(
    count: int, *, seed: int = 1, side_by_side: int = 200, per_store: int = 500, after: int = 0
) -> Iterator[RawEvent]:
    """Yield ``count`` events in the order of the log, with hash chains.

    Args:
        count: number of events; the last stores are incomplete.
        seed: the same seed gives the same bytes.
        side_by_side: number of stores that exist at the same time.
        per_store: events per store. At least 170 of them create it; after the last one, a new store replaces it.
        after: position before the first event.
    """
    dice = random.Random(seed)  # noqa: S311  # repeatable on purpose
    at = BEGIN + after * STEP
    versions: dict[UUID, tuple[int, bytes]] = {}
    living = [_Life(dice, per_store) for _ in range(side_by_side)]
    for position in range(after + 1, after + count + 1):
        place = dice.randrange(side_by_side)
        fact = living[place].next()
        while fact is None:
            for stream in living[place].streams:
                versions.pop(stream, None)
            living[place] = _Life(dice, per_store)
            fact = living[place].next()
        life = living[place]
        version, previous = versions.get(fact.stream, (0, GENESIS))
        version += 1
        at += STEP
        event = fact.kind(originator_id=fact.stream, originator_version=version, occurred_at=at, **fact.fields)
        id, data = _id(dice), encode(event)
        digest = chain_hash(previous, id=id, type=event.wire_name, stream_id=fact.stream, version=version, data=data)
        versions[fact.stream] = version, digest
        life.streams.add(fact.stream)
        yield RawEvent(
            position=position,
            id=id,
            type=event.wire_name,
            stream_id=fact.stream,
            version=version,
            tenant=life.store_id,
            correlation_id=life.generation_id,
            causation_id=None,
            recorded_at=at,
            traceparent=None,
            data=data,
            previous_hash=previous,
            hash=digest,
            command_id=_id(dice),
            command_digest=dice.randbytes(32),
        )


def _id(dice: random.Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)


class _Life:
    """The events of one store, in order."""

    def __init__(self, dice: random.Random, events: int) -> None:
        self._dice, self._left = dice, events
        self._talk = dice.choices(WORDS, k=2048)
        self.store_id, self.generation_id = _id(dice), _id(dice)
        self.streams: set[UUID] = set()
        self._products: list[_Product] = []
        self._facts = self._all()

    def next(self) -> _Fact | None:
        self._left -= 1
        return None if self._left < 0 else next(self._facts)

    def _all(self) -> Iterator[_Fact]:
        yield from self._creation()
        while True:
            yield self._trade()

    def _words(self, count: int) -> str:
        begin = self._dice.randrange(len(self._talk) - count)
        return " ".join(self._talk[begin : begin + count]).capitalize()

    def _creation(self) -> Iterator[_Fact]:
        dice, store = self._dice, self.store_id
        yield _Fact(StoreRequested, store, {"merchant_id": _id(dice), "niche": self._words(3)})
        yield _Fact(BrandGenerated, store, self._brand())
        for n in range(18):
            yield self._imported(n)
        ids = [product.id for product in self._products]
        yield _Fact(
            ProductsScouted,
            store,
            {
                "generation_id": self.generation_id,
                "attempt": 1,
                "keywords": [self._words(2) for _ in range(24)],
                "suppliers": [SupplierReport(provider=SupplierProvider.SAMPLE, candidates=243)],
                "candidates": 243,
                "duplicates": 12,
                "product_ids": ids,
            },
        )
        for n, product in enumerate(self._products):
            yield self._copy(product, n)
        for product in self._products:
            for position, image in enumerate(product.images):
                yield self._requested(product, image, position)
        for product in self._products:
            for image in product.images:
                yield self._processed(image)
        for type in PageType:
            yield self._page(type)
        yield _Fact(StoreReadyForReview, store, {"generation_id": self.generation_id})
        yield _Fact(StoreApproved, store, {})
        yield _Fact(StorePublished, store, {})
        for product in self._products:
            product.active = True
            yield _Fact(ProductActivated, product.id, {})

    def _brand(self) -> dict[str, Any]:
        name = self._words(2)
        options = [
            NameOption(
                name=self._words(2),
                domain=f"{self._words(1).lower()}.com",
                availability=Availability.UNKNOWN,
                rationale=self._words(12),
            )
            for _ in range(5)
        ]
        palette = Palette(
            primary="#112233",
            secondary="#445566",
            accent="#aa2255",
            background="#ffffff",
            surface="#f4f4f6",
            text="#101014",
        )
        brand = BrandIdentity(
            name=name,
            logo=Logo(
                concept=self._words(14), svg=f'<svg xmlns="http://www.w3.org/2000/svg"><title>{name}</title></svg>'
            ),
            palette=palette,
            fonts=FontPair(heading="Sora", body="Inter"),
            voice=Voice(tone=["calm", "knowing"], tagline=self._words(6), story=self._words(40)),
        )
        return {
            "generation_id": self.generation_id,
            "attempt": 1,
            "brand": brand,
            "options": options,
            "reason": self._words(20),
            "slug": f"{name.lower().replace(' ', '-')}-{self.store_id.hex[:8]}",
            "written_by": "house",
        }

    def _imported(self, n: int) -> _Fact:
        dice = self._dice
        price = dice.randrange(900, 9000)
        variants = [_id(dice) for _ in range(dice.randrange(1, 5))]
        images = [_id(dice) for _ in range(dice.randrange(1, 4))]
        product = _Product(_id(dice), variants, images, price, {id: dice.randrange(0, 60) for id in variants})
        self._products.append(product)
        title = self._words(4)
        terms = [round(dice.random(), 4) for _ in range(7)]
        names = ("total", "reviews", "orders", "price_point", "shipping", "image_quality", "margin")
        return _Fact(
            ProductImported,
            product.id,
            {
                "store_id": self.store_id,
                "generation_id": self.generation_id,
                "source_provider": SupplierProvider.SAMPLE,
                "source_id": f"S-{dice.randrange(10**6)}",
                "source_url": f"https://supplier.example/items/{product.id.hex[:12]}",
                "original_title": title,
                "original_description": self._words(45),
                "slug": f"product-{n}",
                "category": WORDS[n % 6],
                "tags": self._words(4).lower().split(),
                "cost": Money(minor=price // 3),
                "price": Money(minor=price),
                "compare_at": Money(minor=price + 500) if n % 2 else None,
                "shipping_days": (4, 9),
                "images": [
                    ImportedImage(
                        image_id=id, url=f"https://supplier.example/p/{id.hex}.jpg", alt_text=title, position=p
                    )
                    for p, id in enumerate(images)
                ],
                "variants": [
                    ImportedVariant(
                        variant_id=id,
                        sku=f"SKU-{id.hex[:8]}",
                        title=f"Option {p}",
                        options={"size": str(p)},
                        price=Money(minor=price + 100 * p),
                        cost=Money(minor=price // 3),
                        stock=product.stock[id],
                    )
                    for p, id in enumerate(variants)
                ],
                "score": WinningScore(**dict(zip(names, terms, strict=True))),
            },
        )

    def _copy(self, product: _Product, n: int) -> _Fact:
        return _Fact(
            ProductCopyWritten,
            product.id,
            {
                "title": self._words(4),
                "slug": f"{WORDS[n % len(WORDS)]}-{n}",
                "description": self._words(110),
                "features": [self._words(8) for _ in range(4)],
                "benefits": [self._words(8) for _ in range(3)],
                "call_to_action": self._words(5),
                "meta_title": self._words(5),
                "meta_description": self._words(14),
                "scores": CopyScores(keyword_density={"lamp": 0.02}, reading_ease=61.2, words=110),
                "written_by": "house",
            },
        )

    def _requested(self, product: _Product, image: UUID, position: int) -> _Fact:
        return _Fact(
            ImageProcessingRequested,
            image,
            {
                "store_id": self.store_id,
                "product_id": product.id,
                "generation_id": self.generation_id,
                "attempt": product.attempt,
                "source_url": f"https://supplier.example/p/{image.hex}.jpg",
                "alt_text": self._words(4),
                "position": position,
                "operations": list(Operation),
                "ground": "#f4f4f6",
            },
        )

    def _processed(self, image: UUID) -> _Fact:
        if self._dice.random() < 0.03:
            return _Fact(ImageRejected, image, {"reason": Reason.CORRUPT, "message": "The file is damaged."})
        digest = f"{self._dice.getrandbits(256):064x}"
        return _Fact(
            ImageProcessed,
            image,
            {
                "renditions": [
                    Rendition(
                        name=name,
                        key=f"sha256/{digest[:2]}/{digest}{size}.webp",
                        width=size,
                        height=size,
                        size_bytes=size * 90,
                    )
                    for name, size in (("thumbnail", 200), ("medium", 800), ("large", 1600))
                ],
                "source_sha256": digest,
                "source_width": 2000,
                "source_height": 2000,
                "operations": list(Operation),
                "seconds": 1.5,
            },
        )

    def _page(self, type: PageType) -> _Fact:
        return _Fact(
            PageWritten,
            self.store_id,
            {
                "page_id": _id(self._dice),
                "type": type,
                "title": type.replace("_", " ").title(),
                "slug": type.lower().replace("_", "-"),
                "content": self._words(200),
                "written_by": "house",
            },
        )

    def _trade(self) -> _Fact:
        dice = self._dice
        product, luck = dice.choice(self._products), dice.random()
        if product.open and luck < 0.35:
            order, variant, quantity = product.open.pop(dice.randrange(len(product.open)))
            sold = dice.random() < 0.8
            product.stock[variant] += 0 if sold else quantity
            kind = StockSold if sold else StockReleased
            return _Fact(kind, product.id, {"order_id": order, "variant_id": variant, "quantity": quantity})
        variant = dice.choice(product.variants)
        if luck < 0.70:
            if product.active and product.stock[variant] > 0:
                quantity = min(product.stock[variant], dice.randrange(1, 4))
                product.stock[variant] -= quantity
                order = _id(dice)
                product.open.append((order, variant, quantity))
                return _Fact(
                    StockReserved, product.id, {"order_id": order, "variant_id": variant, "quantity": quantity}
                )
            on_hand = dice.randrange(5, 80)
            kept = sum(quantity for _, id, quantity in product.open if id == variant)
            product.stock[variant] = on_hand
            return _Fact(StockCounted, product.id, {"variant_id": variant, "on_hand": on_hand + kept})
        if luck < 0.88:
            product.price = dice.randrange(900, 9000)
            return _Fact(
                PriceChanged,
                product.id,
                {"price": Money(minor=product.price), "compare_at": Money(minor=product.price + 400)},
            )
        return self._edited(product, luck)

    def _edited(self, product: _Product, luck: float) -> _Fact:
        if luck < 0.92:
            return _Fact(ProductRetitled, product.id, {"title": self._words(4)})
        if luck < 0.95:
            return _Fact(ProductDescribed, product.id, {"description": self._words(90)})
        if luck < 0.97:
            texts = {"meta_title": self._words(5), "meta_description": self._words(12)}
            return _Fact(ProductMetaWritten, product.id, texts)
        if luck < 0.98:
            product.attempt += 1
            return self._requested(product, product.images[0], 0)
        if luck < 0.985 and len(self._products) > 6:
            self._products.remove(product)
            return _Fact(ProductArchived, product.id, {})
        product.active = not product.active
        return _Fact(ProductActivated if product.active else ProductDeactivated, product.id, {})
