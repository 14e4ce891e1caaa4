"""Folds are pure: rows and events in, rows out, no database."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter

from domain.discount.aggregate import DiscountCode
from domain.discount.events import DiscountTerms
from domain.generation.events import JobStatus
from domain.ids import derived
from domain.kernel import CorruptStream, DomainEvent
from domain.ledger.books import Books
from domain.ledger.postings import Account, EntryKind, entry_of
from domain.media.events import (
    CutoutReview,
    ImageProcessed,
    ImageProcessingRequested,
    ImageVersion,
    ImageVersionChosen,
    MediaEvent,
    MediaType,
    Operation,
    Rendition,
)
from domain.order.after_sale.dispute_events import EvidenceStatus
from domain.order.after_sale.events import RefundedPieces
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.after_sale.return_state import ReturnStatus
from domain.order.after_sale.state import Payment, RefundStatus
from domain.order.aggregate import Order
from domain.order.owed_refund import owed_since, refund_owed_since
from domain.order.standing import OrderStanding, standing_of
from domain.product.aggregate import Product
from domain.product.events import ProductStatus
from domain.shipping.rates import ShippingRates
from domain.store.collection_events import AddressKind
from domain.store.events import PageRetitled, PageType, PageWritten
from infra.bench.workload import catalog_events
from projections.catalog import model as catalog
from projections.catalog.rows import CatalogRows
from projections.catalog.views import ImageState
from projections.engine.decoding import DecodedEvent, EventDecoder
from projections.engine.tally import total
from projections.jobs import model as jobs
from projections.jobs.tables import JobsRows
from projections.registry import READ_MODELS, SEARCH_PATH
from projections.sales import model as sales
from projections.sales.rows import SalesRows
from projections.sales.tables.orders import KEPT, TO_SHIP, WITHDRAWN
from schemas.registry import EVENTS, encode
from tests.support.builders.histories import MOVES, History
from tests.support.builders.samples import NOON

MOVES_OF_ALL_KINDS = [(name, number) for number in range(80) for name in sorted(MOVES)]


@pytest.fixture(scope="module")
def history() -> History:
    return History().play(MOVES_OF_ALL_KINDS)


def decoded(history: History) -> list[tuple[Any, UUID]]:
    return [(envelope.event, envelope.tenant) for envelope in history.envelopes]


def as_read(events: Sequence[DomainEvent]) -> list[DecodedEvent]:
    """Return events as projectors read them from the log: with the fields of their classes and no methods."""
    decoder, tenant = EventDecoder({type(event) for event in events}), str(UUID(int=2)).encode()
    read = [
        decoder.decode_record([("ce_type", event.wire_name.encode()), ("ce_tenant", tenant)], encode(event))
        for event in events
    ]
    return [each for each in read if each is not None]


def test_the_catalog_agrees_with_the_aggregates(history: History) -> None:
    rows = catalog.MODEL.fold(CatalogRows(), decoded(history))
    assert set(rows.products) == set(history.products)
    for id, row in rows.products.items():
        product: Product = history.state(id)
        assert (row.store_id, row.title, row.slug) == (product.store_id, product.title, product.slug)
        assert (row.price_minor, row.cost_minor) == (product.price.minor, product.cost.minor)
        sold_out = product.status is ProductStatus.ACTIVE and row.available <= 0
        assert row.status == (ProductStatus.OUT_OF_STOCK if sold_out else product.status)
        stock = {
            each.id: (each.on_hand, max(0, each.on_hand - each.reserved))
            for each in rows.variants.values()
            if each.product_id == id
        }
        assert stock == {id: (variant.on_hand, variant.available) for id, variant in product.variants.items()}
        variants = product.variants.values()
        assert (row.on_hand, row.available, row.short) == (
            sum(variant.on_hand for variant in variants),
            sum(variant.available for variant in variants),
            sum(each.short for each in rows.variants.values() if each.product_id == id),
        )
        assert (row.price_minor + row.lowest_offset_minor, row.price_minor + row.highest_offset_minor) == (
            min(variant.price.minor for variant in variants),
            max(variant.price.minor for variant in variants),
        )
        prices = {v.id: row.price_minor + v.price_offset_minor for v in rows.variants.values() if v.product_id == id}
        assert prices == {id: variant.price.minor for id, variant in product.variants.items()}
    for id in history.stores:
        store, store_row = history.state(id), rows.stores[id]
        assert (store_row.status, store_row.slug, store_row.approved) == (store.status, store.slug, store.approved)
        assert store_row.currency == store.currency
        present = {row.id: row for row in rows.collections.values() if row.store_id == id and not row.removed}
        assert {one.id: (one.title, one.slug) for one in present.values()} == {
            key: (one.title, store.assortment.slugs[AddressKind.COLLECTION, str(key)])
            for key, one in store.assortment.collections.items()
        }
        texts = {row.category for row in rows.category_texts.values() if row.store_id == id and row.title}
        assert texts == set(store.assortment.described)
        assert store_row.custom_domain == store.primary_domain
        domains = {row.name: row for row in rows.domains.values() if row.store_id == id}
        assert {
            name: (row.status, row.problem, row.token, row.connected_at, row.check_until, row.off_at)
            for name, row in domains.items()
        } == {
            name: (d.status, d.problem, d.token, d.connected_at, d.check_until, d.off_at)
            for name, d in store.domains.items()
        }
        shown = [page for page in rows.pages.values() if page.store_id == id and not page.removed]
        assert {page.id: (page.slug, page.title) for page in shown} == {
            id: (page.slug, page.title) for id, page in store.pages.items()
        }
        for page_id, page in store.pages.items():
            kept = [version for version in rows.page_versions.values() if version.page_id == page_id]
            assert sorted(version.number for version in kept) == list(range(1, page.number + 1))
            last = max(kept, key=lambda version: version.number)
            assert (last.title, last.content) == (rows.pages[page_id].title, rows.pages[page_id].content)
        assert (store_row.delivery_promise_days, store_row.time_zone) == (store.delivery_promise_days, store.time_zone)
    assert {row.status for row in rows.products.values()} >= {ProductStatus.DRAFT, ProductStatus.ACTIVE}


def test_every_text_and_title_of_a_page_is_kept_under_its_number() -> None:
    store_id, page_id = uuid4(), uuid4()
    base = {"originator_id": store_id, "page_id": page_id}
    written = {"type": PageType.TERMS_OF_SERVICE, "slug": "terms", "title": "Terms", "written_by": "house"}
    events = [
        PageWritten(**base, **written, originator_version=2, occurred_at=NOON, content="First"),
        PageWritten(**base, **written, originator_version=3, occurred_at=NOON, content="Second"),
        PageRetitled(**base, originator_version=4, occurred_at=NOON, title="Conditions"),
    ]
    rows = CatalogRows()
    for event in events:
        rows = catalog.MODEL.fold(rows, [(event, store_id)])
    kept = {number: (row.title, row.content, row.store_id) for (_, number), row in rows.page_versions.items()}
    assert kept == {
        1: ("Terms", "First", store_id),
        2: ("Terms", "Second", store_id),
        3: ("Conditions", "Second", store_id),
    }
    assert rows.pages[page_id].version == 3


def test_jobs_agree_with_the_aggregates(history: History) -> None:
    rows = jobs.MODEL.fold(JobsRows(), decoded(history))
    for store in history.stores:
        generation = history.state(derived(store, "generation"))
        assert rows.generations[generation.id].status == generation.status
        for step, state in generation.steps.items():
            job = rows.jobs[derived(generation.id, step)]
            ended = generation.status is JobStatus.CANCELLED and state.status is not JobStatus.COMPLETED
            assert job.status == (JobStatus.CANCELLED if ended else state.status)
            assert (job.attempt, job.done) == (state.attempt, len(state.items))
        assert max(number for id, number in rows.job_logs if id == generation.id) == generation.version


def test_orders_agree_with_the_aggregates(history: History) -> None:
    rows = sales.MODEL.fold(SalesRows(), decoded(history))
    assert {id: row.status for id, row in rows.orders.items()} == {
        id: history.state(id).status for id in history.orders
    }


def test_disputes_and_their_evidence_agree_with_the_aggregates() -> None:
    chance = Random(3)
    history = History().play(MOVES_OF_ALL_KINDS)
    history.play([(chance.choice(("order", "payment", "bank", "bank")), chance.randrange(10_000)) for _ in range(3000)])
    rows = sales.MODEL.fold(SalesRows(), decoded(history)).disputes
    seen, filed = set[EvidenceStatus](), set[int]()
    assert {key[0] for key in rows} <= set(history.orders)
    for (order_id, dispute_id), row in rows.items():
        dispute = history.state(order_id).after.disputes[dispute_id]
        seen.add(dispute.evidence)
        assert (row.status, row.evidence_status) == (dispute.status, dispute.evidence)
        assert (row.evidence_edition, row.reminded_at is not None) == (dispute.edition, dispute.reminded)
        assert (row.evidence is None) == (dispute.attempts == 0)
        assert (row.taken_minor, row.fee_minor) == (dispute.taken.minor, dispute.fee.minor)
        files = {each["kind"]: each["id"] for each in json.loads(row.evidence_files)}
        assert files == {kind: str(file.file_id) for kind, file in dispute.files.items()}
        filed.add(len(files))
    assert seen == set(EvidenceStatus)
    assert {0, 1} <= filed


def test_discount_codes_and_delivery_rates_agree_with_the_aggregates(history: History) -> None:
    rows = sales.MODEL.fold(SalesRows(), decoded(history)).discounts
    assert rows
    for id, row in rows.items():
        code: DiscountCode = history.state(id)
        assert (row.store_id, row.code, row.paused) == (code.store_id, code.code, code.paused)
        assert (row.reserved, row.used) == (len(code.reserved), code.used)
        assert DiscountTerms.model_validate_json(row.terms) == code.terms
    assert sum(row.used for row in rows.values()) > 0
    assert sum(row.reserved for row in rows.values()) > 0
    stores = catalog.MODEL.fold(CatalogRows(), decoded(history)).stores
    rates = {
        id: None if row.shipping is None else ShippingRates.model_validate_json(row.shipping)
        for id, row in stores.items()
    }
    assert rates == {id: history.state(id).shipping for id in history.stores}
    assert any(rates.values())


def test_an_event_about_an_unknown_thing_is_corrupt(history: History) -> None:
    late = [each for each in decoded(history) if type(each[0]).__name__ == "PriceChanged"]
    with pytest.raises(CorruptStream, match="price_changed"):
        catalog.MODEL.fold(CatalogRows(), late[:1])


def test_every_event_is_in_a_read_model_except_those_without_a_query() -> None:
    handled = frozenset().union(*(model.handles for model in READ_MODELS.values()))
    assert {event.__name__ for event in EVENTS.values()} - {event.__name__ for event in handled} == {
        "AccountClosed",
        "ApiKeyMade",
        "ApiKeyRevoked",
        "CartLinkRequested",
        "CartOrdered",
        "DraftsQueued",
        "DraftsUnqueued",
        "EmailConfirmationRequested",
        "HostnameReleased",
        "HostnameTaken",
        "PasskeyAdded",
        "PasskeyRemoved",
        "PasswordChanged",
        "PasswordResetRequested",
        "PayeeClaimed",
        "RecoveryCodeUsed",
        "RecoveryCodesMade",
        "SecondFactorDisabled",
        "SecondFactorEnabled",
        "SessionEnded",
        "ShopperForgotten",
        "SignInLinked",
        "SignInUnlinked",
        "SlugReserved",
        "WebhookReceived",
    }


def test_table_names_are_unique_and_unqualified() -> None:
    names = Counter(table.name for model in READ_MODELS.values() for table in model.tables)
    assert set(names.values()) == {1}
    assert SEARCH_PATH == "catalog, jobs, sales, merchants"
    assert all("." not in table.ddl for model in READ_MODELS.values() for table in model.tables)


def test_the_workload_is_lawful_and_the_same_for_the_same_seed() -> None:
    first = list(catalog_events(3000, seed=5, side_by_side=3, per_store=600))
    assert first == list(catalog_events(3000, seed=5, side_by_side=3, per_store=600))
    assert first != list(catalog_events(3000, seed=6, side_by_side=3, per_store=600))
    rows = catalog.MODEL.fold(CatalogRows(), ((raw.decode().event, raw.tenant) for raw in first))
    assert all(variant.on_hand >= variant.reserved >= 0 for variant in rows.variants.values())
    assert {raw.position for raw in first} == set(range(1, 3001))


def test_a_chosen_version_swaps_an_images_renditions_and_closes_its_review() -> None:
    rows = CatalogRows()
    image_id, at = UUID(int=1), NOON
    whole, cut = (
        Rendition(name="large", key=f"sha256/{n}/{n}.webp", width=800, height=800, size_bytes=9) for n in ("aa", "bb")
    )
    review = CutoutReview(confidence=0.4, shown=ImageVersion.ORIGINAL, needs_review=True, reason="A leg is missing.")
    events: list[MediaEvent] = [
        ImageProcessingRequested(
            originator_id=image_id,
            originator_version=1,
            occurred_at=at,
            store_id=UUID(int=2),
            product_id=None,
            generation_id=None,
            attempt=1,
            source_url="https://images.example/1.jpg",
            alt_text="Chair",
            position=0,
            operations=list(Operation),
            ground="#ffffff",
        ),
        ImageProcessed(
            originator_id=image_id,
            originator_version=2,
            occurred_at=at,
            renditions=[whole],
            source_sha256="ab" * 32,
            source_width=1200,
            source_height=1200,
            operations=[Operation.SHARPEN],
            seconds=1.0,
            review=review,
            other_renditions=[cut],
        ),
    ]
    catalog.MODEL.fold(rows, as_read(events))
    row = rows.media[image_id]
    assert (row.status, row.shown) == (ImageState.NEEDS_REVIEW, ImageVersion.ORIGINAL)
    quality = row.quality
    chosen = ImageVersionChosen(
        originator_id=image_id, originator_version=3, occurred_at=at, version=ImageVersion.CUTOUT
    )
    catalog.MODEL.fold(rows, as_read([chosen]))
    assert (row.status, row.shown) == (ImageState.PROCESSED, ImageVersion.CUTOUT)
    assert ("bb" in row.renditions, "aa" in row.other_renditions) == (True, True)
    assert quality is not None
    assert row.quality is not None
    assert row.quality > quality
    assert {key[1:] for key in tallied(rows.media_counts)} == {(MediaType.IMAGE, ImageState.PROCESSED)}


def test_orders_have_the_status_and_sums_that_the_aggregate_has() -> None:
    chance = Random(12)
    sale = (
        "order",
        "payment",
        "payment",
        "parcel",
        "refund",
        "refund",
        "refund",
        "return",
        "return",
        "purchase",
        "purchase",
    )
    history = History().play(MOVES_OF_ALL_KINDS)
    rows, seen = sales.MODEL.fold(sales.MODEL.empty(), decoded(history)), set[str]()
    returned, kept, owing = set[ReturnStatus](), set[tuple[str, bool]](), set[tuple[str, bool]]()
    for _ in range(60):
        before = len(history.raw)
        history.play([(chance.choice(sale), chance.randrange(10_000)) for _ in range(40)])
        new = [raw.decode() for raw in history.raw[before:]]
        sales.MODEL.fold(rows, [(envelope.event, envelope.tenant) for envelope in new])
        for id in history.orders:
            order, row = history.state(id), rows.orders[id]
            seen.add(order.status)
            assert row.status == order.status, order
            assert row.refunded_minor == order.after.refunded_minor(order.intent_id) or order.intent_id is None
            assert (row.shipped_items, row.parcel_count) == (order.after.shipped_items, len(order.after.parcels))
            statuses = {refund_id: refund.status for refund_id, refund in order.after.refunds.items()}
            assert {key[1]: each.status for key, each in rows.refunds.items() if key[0] == id} == statuses
            returns = {number: (each.kind, each.status, each.refund_id) for number, each in order.after.returns.items()}
            assert {
                key[1]: (each.kind, each.status, each.refund_id) for key, each in rows.returns.items() if key[0] == id
            } == returns
            sourcing = order.after.sourcing
            assert (row.hold is not None, row.substitute_count > 0) == (
                sourcing.held is not None,
                bool(sourcing.substitutes),
            )
            assert {key[1]: each.status for key, each in rows.supplier_orders.items() if key[0] == id} == {
                provider: each.status for provider, each in sourcing.orders.items()
            }
            troubled = sourcing.held is not None or any(each.status == "FAILED" for each in sourcing.orders.values())
            asked_for = any(status is ReturnStatus.REQUESTED for _, status, _ in returns.values())
            assert row.to_ship == _is_to_ship(order)
            assert row.refund_owed_since == _owed_since(rows, id, payment_of(order))
            owing.add((order.status, row.refund_owed_since is not None))
            assert row.attention == (asked_for or (row.to_ship and troubled))
            kept |= {(order.status, row.to_ship)}
            returned |= {each.status for each in order.after.returns.values()}
            assert row.returns_to_decide == sum(status is ReturnStatus.REQUESTED for _, status, _ in returns.values())
        tallies = [each.counts for each in rows.order_counts.values()]
        assert sum(total(tally, (), TO_SHIP) for tally in tallies) == sum(row.to_ship for row in rows.orders.values())
    assert {"PAID", "PARTLY_FULFILLED", "FULFILLED", "CANCELLED", "REFUNDED"} <= seen
    assert returned == set(ReturnStatus) - {ReturnStatus.REFUNDED}
    both = {(status, to_ship) for status in ("PAID", "PARTLY_FULFILLED") for to_ship in (True, False)}
    assert both <= kept, "some open orders were given back as a whole"
    assert {(status, owes) for status in ("PAID", "FULFILLED", "CANCELLED") for owes in (True, False)} <= owing


@dataclass(frozen=True)
class _Owing:
    lines: Sequence[ReturnedPieces]
    refund_id: UUID | None
    owed_since: datetime | None


@dataclass(frozen=True)
class _Requested:
    id: UUID
    status: RefundStatus
    lines: Sequence[RefundedPieces]
    requested_at: datetime


def payment_of(order: Order) -> Payment | None:
    """Return the payment that paid an order."""
    return order.after.payments.get(order.intent_id or "")


def _owed_since(rows: SalesRows, order_id: UUID, payment: Payment | None) -> datetime | None:
    """Return since when an order owes a refund, as the rows of its returns and refunds say."""
    returned, refunded = TypeAdapter(list[ReturnedPieces]), TypeAdapter(list[RefundedPieces])
    refunds = [each for key, each in rows.refunds.items() if key[0] == order_id]
    order = rows.orders[order_id]
    gone = sum(
        each.amount_minor
        for each in refunds
        if each.intent_id == order.intent_id and each.status is not RefundStatus.FAILED
    )
    return refund_owed_since(
        cancelled_at=order.cancelled_at,
        is_paid=payment is not None,
        is_all_refunded=payment is not None and gone >= payment.amount.minor,
        returns=[
            _Owing(
                returned.validate_json(each.lines),
                each.refund_id,
                owed_since(each.kind, each.status, decided_at=each.decided_at, received_at=each.received_at),
            )
            for key, each in rows.returns.items()
            if key[0] == order_id
        ],
        refunds=[
            _Requested(each.refund_id, each.status, refunded.validate_json(each.lines), each.requested_at)
            for each in refunds
        ],
    )


@dataclass(frozen=True)
class _PaidBack:
    id: UUID
    status: RefundStatus
    lines: Sequence[RefundedPieces]


def _is_to_ship(order: Order) -> bool:
    """Return whether the shop sends an order, as its whole stream says."""
    refunds, payment = order.after.refunds, payment_of(order)
    gone = sum(
        refund.amount.minor
        for refund in refunds.values()
        if refund.intent_id == order.intent_id and refund.status is not RefundStatus.FAILED
    )
    standing = standing_of(
        order.status,
        items=order.items,
        returns=order.after.returns.values(),
        refunds=[_PaidBack(id, refund.status, refund.lines) for id, refund in refunds.items()],
        is_all_refunded=payment is not None and gone >= payment.amount.minor,
        is_delivered=order.delivered_on is not None,
    )
    return standing in {OrderStanding.PAID, OrderStanding.PARTLY_SENT}


def test_the_postings_of_the_read_model_are_those_of_the_events() -> None:
    chance = Random(5)
    history = History().play(MOVES_OF_ALL_KINDS)
    money = ("order", "payment", "payment", "refund", "refund", "bank", "bank")
    history.play([(chance.choice(money), chance.randrange(10_000)) for _ in range(1000)])
    rows = sales.MODEL.fold(sales.MODEL.empty(), decoded(history))
    books = Books()
    for envelope in history.envelopes:
        entry = entry_of(envelope.event)
        if entry is not None:
            books.post(envelope.tenant, entry)
    sums = Counter[tuple[UUID, str, Account]]()
    for row in rows.ledger_postings.values():
        sums[row.book, row.currency, row.account] += row.minor
    assert {key: minor for key, minor in sums.items() if minor} == {
        key: minor for key, minor in books.balances.items() if minor
    }
    kinds = {row.kind for row in rows.ledger_postings.values()}
    assert kinds == set(EntryKind), set(EntryKind) - kinds


@pytest.mark.parametrize("seed", range(4))
def test_the_numbers_that_are_kept_are_those_of_the_rows(seed: int) -> None:
    chance = Random(seed)
    history = History().play(MOVES_OF_ALL_KINDS)
    moves = [(chance.choice(sorted(MOVES)), chance.randrange(10_000)) for _ in range(1500)]
    events = decoded(history.play(moves))
    sold = sales.MODEL.fold(sales.MODEL.empty(), events)
    shown = catalog.MODEL.fold(catalog.MODEL.empty(), events)

    orders = Counter[Any]()
    for order in sold.orders.values():
        label = KEPT if order.withdrawn_at is None else WITHDRAWN
        orders[order.store_id, order.status, f"{label}-to-ship" if order.to_ship else label] += 1
    assert tallied(sold.order_counts) == orders
    shown = catalog.MODEL.fold(
        shown, filter(None, map(catalog.MODEL.decoder.decode_stored, catalog_events(3000, seed=seed, side_by_side=3)))
    )
    media = Counter((each.store_id, each.type, each.status) for each in shown.media.values())
    assert tallied(shown.media_counts) == media
    paid = Counter((each.store_id, each.paid_at.date()) for each in sold.orders.values() if each.paid_at is not None)
    assert {key: day.orders for key, day in sold.paid_days.items()} == paid
    sums = Counter[Any]()
    for row in sold.ledger_postings.values():
        sums[row.book, row.account, row.currency] += row.minor
    assert {key: balance.minor for key, balance in sold.ledger_balances.items()} == sums
    assert len(orders) > 5
    assert len(media) > 4


def tallied(rows: dict[UUID, Any]) -> dict[Any, int]:
    """Return the numbers in rows of counts by store and labels."""
    return {
        (store_id, first, second): number
        for store_id, row in rows.items()
        for first, numbers in row.counts.items()
        for second, number in numbers.items()
    }
