"""Moves of products, their photos, and notices about their stock."""

from collections.abc import Callable, Sequence

from domain.ids import derived
from domain.kernel import DomainEvent
from domain.media.aggregate import IMAGE, SourcePhoto, StudioJob, request_processing
from domain.media.events import ImageVersion, Operation, RejectionReason, Rendition
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.privacy import Sealed
from domain.product import aggregate as products
from domain.product.creation import ProductDraft, add_by_hand
from domain.product.edit import ProductEdit, edit_product
from domain.product.events import ImportedImage, ImportedVariant
from domain.sourcing.importing import ListingDraft, import_listing
from domain.sourcing.listing import ListingVariant
from domain.stock_notice.aggregate import STOCK_NOTICE, StockNoticeStatus, request_notice
from domain.stock_notice.events import StockNoticeEnd
from domain.store import aggregate as stores
from domain.store.events import SupplierReport
from domain.store.generated import record_scouting
from domain.store.settings import choose_currency
from tests.support.builders.moves.log import HistoryLog
from tests.support.builders.samples import SCORE, copy, listing


def import_product(log: HistoryLog, number: int) -> None:
    store, id = log.pick(log.stores, number), log.new_id()
    forms = [
        ListingVariant(title=f"Size {n}", options={"size": str(n)}, cost=Money(minor=500), stock=n + number % 4)
        for n in range(1 + number % 3)
    ]
    found = listing(str(number), images=number % 3, variants=forms)
    images = [
        ImportedImage(image_id=log.new_id(), url=url, alt_text="“Lamp”", position=n)
        for n, url in enumerate(found.image_urls)
    ]
    price = Money(minor=1000 + 10 * (number % 90))
    variants = [
        ImportedVariant(
            variant_id=log.new_id(),
            title=each.title,
            options=each.options,
            stock=each.stock,
            price=price + Money(minor=100 * n),
            cost=each.cost,
        )
        for n, each in enumerate(forms)
    ]
    events = import_listing(
        id,
        ListingDraft(
            listing=found, slug=f"product-{number}", price=price, images=images, variants=variants, score=SCORE
        ),
        store_id=store,
        generation_id=derived(store, "generation"),
        at=log.at,
    )
    log.append(products.PRODUCT, store, events)
    log.products.append(id)
    log.images += [image.image_id for image in images]
    log.shows.update({image.image_id: id for image in images})
    log.append(stores.STORE, store, choose_currency(log.state(store), price.currency, existing=None, at=log.at))
    scouting = record_scouting(
        log.state(store),
        generation_id=derived(store, "generation"),
        attempt=1,
        keywords=["lamp"],
        duplicates=1,
        product_ids=[id],
        suppliers=[SupplierReport(provider=SupplierProvider.SAMPLE, candidates=3, error="500" if number % 2 else None)],
        at=log.at,
    )
    log.append(stores.STORE, store, scouting)


def add_product(log: HistoryLog, number: int) -> None:
    store, id = log.pick(log.stores, number), log.new_id()
    price = Money(minor=1500 + number)
    events = add_by_hand(
        id,
        ProductDraft(
            title=f"Hand-made {number}",
            slug=f"hand-{number}",
            description="Mine.",
            cost=Money(minor=500),
            price=price,
            compare_at=None,
            images=[],
            variant_id=log.new_id(),
            stock=number % 5,
        ),
        store_id=store,
        at=log.at,
    )
    log.append(products.PRODUCT, store, events)
    log.products.append(id)


def change_product(log: HistoryLog, number: int) -> None:
    id = log.pick(log.products, number)
    product, kind = log.state(id), number // 7 % 8
    at = log.at
    variants = list(product.variants)
    decisions: list[Callable[[], Sequence[DomainEvent]]] = [
        lambda: product.write_copy(copy(f"Copy {number}"), slug=f"copy-{number}", at=at),
        lambda: edit_product(
            product, ProductEdit(title=f"Title {number}", price=Money(minor=900 + number % 500)), at=at
        ),
        lambda: edit_product(
            product,
            ProductEdit(description=f"About {number}", features=["USB"], meta_title="T", meta_description="D"),
            at=at,
        ),
        lambda: product.count_stock(variants[number % len(variants)], number % 6, at=at),
        lambda: product.activate(at=at),
        lambda: product.activate(at=at),
        lambda: product.deactivate(at=at),
        lambda: product.archive(at=at) if number % 5 == 0 else (),
    ]
    log.append(products.PRODUCT, product.store_id, decisions[kind]())


def change_image(log: HistoryLog, number: int) -> None:
    store = log.pick(log.stores, number)
    if number % 4 == 0 or not log.images:
        id, known, product = log.new_id(), None, None
        log.images.append(id)
    else:
        id = log.pick(log.images, number)
        known = log.find(id)
        product = log.shows.get(id)
        store = log.state(id if product is None else product).store_id
    if known is None or number % 3 == 0:
        events = request_processing(
            known,
            id,
            SourcePhoto(
                store_id=store,
                product_id=product,
                url=f"https://images.example/a%20b/{number}.jpg",
                alt_text="Lamp",
                position=number % 3,
            ),
            StudioJob(
                generation_id=None,
                attempt=1 if known is None else known.attempt + 1,
                operations=list(Operation),
                ground="#ffffff",
            ),
            at=log.at,
        )
    elif number % 3 == 1:
        sizes = [
            Rendition(name=name, key=f"sha256/ab/{number}-{name}.webp", width=size, height=size, size_bytes=size)
            for name, size in (("thumbnail", 200), ("medium", 800), ("large", 1600))
        ]
        events = known.process(
            attempt=known.attempt,
            renditions=sizes,
            source_sha256="ab",
            source_size=(900, 800),
            operations=[Operation.SHARPEN],
            seconds=0.5,
            at=log.at,
        )
    else:
        events = known.reject(attempt=known.attempt, reason=RejectionReason.CORRUPT, message="Damaged.", at=log.at)
    log.append(IMAGE, store, events)
    if number % 5 == 2 and known is not None:
        # The merchant accepted the picture of a draft.
        picture = {
            "picture_id": derived(id, str(number)),
            "renditions": [Rendition(name="large", key=f"sha256/cd/{number}.webp", width=9, height=9, size_bytes=9)],
            "shown": ImageVersion.CUTOUT,
            "source_sha256": "cd",
            "source_width": 900,
            "source_height": 800,
            "operations": list(Operation),
        }
        log.append(IMAGE, store, log.state(id).replace_picture(picture, at=log.at))


def change_stock_notice(log: HistoryLog, number: int) -> None:
    if not log.notices or number % 3 == 0:
        product = log.state(log.pick(log.products, number))
        notice_id, shopper_id = log.new_id(), log.new_id()
        events = request_notice(
            notice_id,
            store_id=product.store_id,
            product_id=product.id,
            variant_id=next(iter(product.variants)),
            shopper_id=shopper_id,
            email=Sealed(person_id=shopper_id, ciphertext=f"v1.k.{number}.c"),
            consent="One mail.",
            at=log.at,
        )
        log.append(STOCK_NOTICE, product.store_id, events)
        log.notices.append(notice_id)
        return
    notice = log.state(log.pick(log.notices, number))
    if notice.status is StockNoticeStatus.ENDED:
        return
    step = number % 4
    events = (
        notice.confirm(at=log.at)
        if step < 2
        else notice.announce(at=log.at)
        if step == 2
        else notice.finish(list(StockNoticeEnd)[number % len(StockNoticeEnd)], at=log.at)
    )
    log.append(STOCK_NOTICE, notice.store_id, events)
