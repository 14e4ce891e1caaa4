"""A read model with one large store, written through the models' own folds: no broker is needed."""

import random
from collections.abc import Iterator
from itertools import islice
from uuid import UUID

import asyncpg

from domain.ids import uuid7
from domain.kernel import DomainEvent
from domain.media.events import ImageProcessed, Rendition
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.product.events import (
    ImportedImage,
    ImportedVariant,
    ProductActivated,
    ProductCopyWritten,
    ProductImported,
    WinningScore,
)
from domain.store.brand import BrandIdentity, FontPair, Logo, Palette, Voice
from domain.store.events import BrandGenerated, CopyScores, PageType, PageWritten, StorePublished, StoreRequested
from infra.bench.figures import ReportPhase
from infra.bench.workload import BEGIN, STEP, WORDS
from projections.registry import READ_MODELS, SEARCH_PATH

BATCH = 3000
"""Events that are applied at a time."""


async def fill_with_one_store(
    dsn: str, *, merchant_id: UUID, store_id: UUID, products: int, seed: int, report: ReportPhase
) -> None:
    """Create the read models' tables and write a published store into them. The same seed gives the same products."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": f"{SEARCH_PATH}, public"})
    try:
        for model in READ_MODELS.values():
            await connection.execute(f"create schema {model.name}")
            await connection.execute(f"set search_path to {model.name}, public")
            await connection.execute(model.ddl)
        await connection.execute(f"set search_path to {SEARCH_PATH}, public")
        events = _store(merchant_id, store_id, products, random.Random(seed))  # noqa: S311  # repeatable on purpose
        done = 0
        while batch := list(islice(events, BATCH)):
            async with connection.transaction():
                await READ_MODELS["catalog"].apply([(event, store_id) for event in batch], connection)
            done += len(batch)
            report(f"{done:,} of {3 * products + 2:,} events applied")
        await connection.execute("vacuum (analyze)")
    finally:
        await connection.close()


SLUG = "lamps"
"""The store's host label once it is dressed."""

_BRAND = BrandIdentity(
    name="Lumen & Oak",
    logo=Logo(
        concept="A lamp", svg='<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 8h7z"/></svg>'
    ),
    palette=Palette(
        primary="#3f5d43",
        secondary="#c9b79c",
        accent="#c8643c",
        background="#fbf8f2",
        surface="#f1ebdf",
        text="#22261f",
    ),
    fonts=FontPair(heading="Fraunces", body="Work Sans"),
    voice=Voice(tone=["calm", "warm"], tagline="Light where you sit", story="We choose lamps by the light they give."),
)


async def dress(dsn: str, *, store_id: UUID) -> None:
    """Give the store a brand and content pages, and its products finished photos, as storefronts show them."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": f"{SEARCH_PATH}, public"})
    try:
        images = await connection.fetch("select id from media where store_id = $1 order by id", store_id)
        events = iter([*_look(store_id), *(_finished(record["id"]) for record in images)])
        while batch := list(islice(events, BATCH)):
            async with connection.transaction():
                await READ_MODELS["catalog"].apply([(event, store_id) for event in batch], connection)
        await connection.execute("vacuum (analyze)")
    finally:
        await connection.close()


def _look(store_id: UUID) -> Iterator[DomainEvent]:
    base = {"originator_id": store_id, "occurred_at": BEGIN}
    yield BrandGenerated(
        **base,
        originator_version=3,
        generation_id=store_id,
        attempt=1,
        brand=_BRAND,
        options=[],
        reason="It fits.",
        slug=SLUG,
        written_by="house",
    )
    for version, type in enumerate((PageType.ABOUT, PageType.FAQ, PageType.CONTACT, PageType.REFUND_POLICY), 4):
        yield PageWritten(
            **base,
            originator_version=version,
            page_id=uuid7(0, version),
            type=type,
            title=type.value.replace("_", " ").capitalize(),
            slug=type.value.lower().replace("_", "-"),
            content="Some words about lamps. " * 80,
            written_by="house",
        )


def _finished(image_id: UUID) -> ImageProcessed:
    sizes = {"thumbnail": 240, "medium": 800, "large": 1600}
    return ImageProcessed(
        originator_id=image_id,
        originator_version=2,
        occurred_at=BEGIN,
        renditions=[
            Rendition(
                name=name, key=f"renditions/{image_id.hex}-{size}.webp", width=size, height=size, size_bytes=9_000
            )
            for name, size in sizes.items()
        ],
        source_sha256="0" * 64,
        source_width=1600,
        source_height=1600,
        operations=[],
        seconds=0.1,
    )


def _store(merchant_id: UUID, store_id: UUID, products: int, dice: random.Random) -> Iterator[DomainEvent]:
    yield StoreRequested(
        originator_id=store_id, originator_version=1, occurred_at=BEGIN, merchant_id=merchant_id, niche="Desk lamps"
    )
    yield StorePublished(originator_id=store_id, originator_version=2, occurred_at=BEGIN)
    for number in range(products):
        yield from _product(store_id, number, dice)


def _product(store_id: UUID, number: int, dice: random.Random) -> Iterator[DomainEvent]:
    """Yield the events of a product on sale: imported with one to four variants, described, and activated."""
    id, at = uuid7(dice.getrandbits(40), number), BEGIN + number * STEP
    price, cost = Money(minor=dice.randrange(900, 9000)), Money(minor=dice.randrange(300, 800))
    names = ("total", "reviews", "orders", "price_point", "shipping", "image_quality", "margin")
    yield ProductImported(
        originator_id=id,
        originator_version=1,
        occurred_at=at,
        store_id=store_id,
        generation_id=store_id,
        source_provider=SupplierProvider.SAMPLE,
        source_id=f"S-{number}",
        source_url=f"https://supplier.example/items/{number}",
        original_title=_words(dice, 4),
        original_description=_words(dice, 45),
        slug=f"item-{number}",
        category=WORDS[number % 6],
        tags=_words(dice, 4).lower().split(),
        cost=cost,
        price=price,
        compare_at=None,
        shipping_days=(4, 9),
        images=[
            ImportedImage(
                image_id=uuid7(dice.getrandbits(40), 10 * number + place),
                url=f"https://supplier.example/p/{number}-{place}.jpg",
                alt_text=_words(dice, 4),
                position=place,
            )
            for place in range(dice.randrange(1, 4))
        ],
        variants=[
            ImportedVariant(
                variant_id=uuid7(dice.getrandbits(40), 10 * number + place),
                title=f"Option {place}",
                options={"size": str(place)},
                price=price,
                cost=cost,
                stock=dice.randrange(0, 60),
            )
            for place in range(dice.randrange(1, 5))
        ],
        score=WinningScore(**{name: round(dice.random(), 4) for name in names}),
    )
    yield ProductCopyWritten(
        originator_id=id,
        originator_version=2,
        occurred_at=at,
        title=_words(dice, 4).title(),
        slug=f"{WORDS[number % len(WORDS)]}-{number}",
        description=_words(dice, 110),
        features=[_words(dice, 8) for _ in range(4)],
        benefits=[_words(dice, 8) for _ in range(3)],
        call_to_action=_words(dice, 5),
        meta_title=_words(dice, 5),
        meta_description=_words(dice, 14),
        scores=CopyScores(keyword_density={"lamp": 0.02}, reading_ease=61.2, words=110),
        written_by="house",
    )
    yield ProductActivated(originator_id=id, originator_version=3, occurred_at=at)


def _words(dice: random.Random, count: int) -> str:
    return " ".join(dice.choices(WORDS, k=count))
