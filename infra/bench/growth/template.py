"""The small platform, written through the read models' own folds: one store with its orders, and other tenants."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg

from domain.ids import uuid7
from domain.kernel import DomainEvent
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeFundsMoved, DisputeOpened, DisputeStatus
from domain.order.after_sale.events import RefundRequested, RefundSucceeded
from domain.order.events import OrderCancelled, OrderFulfilled, OrderLine, OrderPaid, OrderPlaced, PaymentSessionOpened
from domain.privacy import Sealed
from domain.product.events import ProductRetitled
from domain.store.events import StoreRequested
from infra.bench.figures import ReportPhase, Sizes
from infra.bench.filling import copy_events
from infra.bench.one_store import BATCH, dress, fill_with_one_store
from infra.bench.workload import BEGIN, catalog_events
from projections.registry import READ_MODELS, SEARCH_PATH

SHARING_A_WORD = 20
"""Products whose titles end with the same word: as many as a search for it finds, however large the store is."""
SPAN = timedelta(days=3 * 365)
"""The time in which the store's orders were placed, until now."""
OF_THOUSAND = {"pending": 25, "cancelled": 40, "paid": 30, "refunded": 30, "disputed": 3}
"""How many orders of a thousand are not simply paid and sent. Of those that are listed, a thousand orders have a page."""


async def fill_template(
    dsn: str, sizes: Sizes, *, merchant_id: UUID, store_id: UUID, seed: int, report: ReportPhase
) -> None:
    """Write a platform into an empty database.

    Args:
        dsn: the database.
        sizes: ``products`` and ``orders`` of the store, and ``tenants`` beside it with their ``events``.
        merchant_id: the store's merchant.
        store_id: the store.
        seed: the same seed gives the same rows, apart from the orders' times.
        report: receives the phase.
    """
    orders, tenants, events = sizes["orders"], sizes["tenants"], sizes["events"]
    await fill_with_one_store(
        dsn, merchant_id=merchant_id, store_id=store_id, products=sizes["products"], seed=seed, report=report
    )
    await dress(dsn, store_id=store_id)
    connection = await asyncpg.connect(dsn, server_settings={"search_path": f"{SEARCH_PATH}, public"})
    try:
        titles = await connection.fetch("select id, title from products order by created_at, id")
        await _apply(connection, store_id, ("catalog",), _with_words(titles))
        await _apply(connection, store_id, ("sales",), [_store(store_id, merchant_id)])
        variants = await connection.fetch("select id, product_id from variants order by id")
        now = await connection.fetchval("select now()")
        report(f"{orders:,} orders")
        sales = _orders(store_id, variants, orders, now, random.Random(seed))  # noqa: S311  # repeatable on purpose
        await _apply(connection, store_id, ("catalog", "sales"), sales)
        report(f"{tenants:,} other tenants")
        others = catalog_events(events, seed=seed, side_by_side=tenants, per_store=events)
        while batch := list(islice(others, BATCH)):
            await copy_events(connection, batch)
            async with connection.transaction():
                for model in READ_MODELS.values():
                    decoded = [event for event in map(model.decoder.decode_stored, batch) if event is not None]
                    if decoded:
                        await model.apply(decoded, connection)
        await connection.execute("select setval('public.events_position', $1)", events)
        await connection.execute("vacuum (analyze)")
    finally:
        await connection.close()


async def _apply(
    connection: asyncpg.Connection, store_id: UUID, models: Sequence[str], events: Iterable[DomainEvent]
) -> None:
    left = iter(events)
    while batch := list(islice(left, BATCH)):
        async with connection.transaction():
            for model in map(READ_MODELS.__getitem__, models):
                handled = [(event, store_id) for event in batch if type(event) in model.handles]
                if handled:
                    await model.apply(handled, connection)


def _with_words(products: Sequence[asyncpg.Record]) -> Iterator[DomainEvent]:
    """Yield new titles. They end with a word that few products share."""
    for number, product in enumerate(products):
        letters = number // SHARING_A_WORD
        word = "Q" + "".join(chr(ord("a") + letters // 26**place % 26) for place in (2, 1, 0)) + "x"
        yield ProductRetitled(
            originator_id=product["id"], originator_version=4, occurred_at=BEGIN, title=f"{product['title']} {word}"
        )


def _store(store_id: UUID, merchant_id: UUID) -> StoreRequested:
    return StoreRequested(
        originator_id=store_id, originator_version=1, occurred_at=BEGIN, merchant_id=merchant_id, niche="Desk lamps"
    )


def _orders(
    store_id: UUID, variants: Sequence[asyncpg.Record], count: int, now: datetime, dice: random.Random
) -> Iterator[DomainEvent]:
    shares = OF_THOUSAND | {"sent": 1000 - sum(OF_THOUSAND.values())}
    # Each kind evenly over the thousand: a store of a few dozen orders has its share, too.
    places = sorted((1000 * (each + 0.5) / share, kind) for kind, share in shares.items() for each in range(share))
    kinds = [kind for _, kind in places]
    for number in range(count):
        at = now - SPAN + SPAN * (number + 1) / (count + 1)
        bought = [(each["product_id"], each["id"]) for each in dice.sample(variants, k=2)]
        yield from _order(store_id, number, at, bought, kinds[number % 1000], dice)


def _order(
    store_id: UUID, number: int, at: datetime, bought: Sequence[tuple[UUID, UUID]], kind: str, dice: random.Random
) -> Iterator[DomainEvent]:
    """Yield the events of one order."""
    id, shopper = uuid7(int(at.timestamp() * 1000), dice.getrandbits(74)), uuid7(number, dice.getrandbits(74))
    sealed = Sealed(person_id=shopper, ciphertext=f"v1.0.{dice.getrandbits(96):x}.{dice.getrandbits(320):x}")
    lines = [
        OrderLine(
            product_id=product,
            variant_id=variant,
            title="A lamp for the desk",
            variant_title=f"Option {place}",
            quantity=1,
            unit_price=Money(minor=dice.randrange(900, 9000)),
        )
        for place, (product, variant) in enumerate(bought)
    ]
    total, zero = Money(minor=sum(line.unit_price.minor for line in lines)), Money(minor=0)
    version = 0

    def base() -> dict[str, Any]:
        nonlocal version
        version += 1
        return {"originator_id": id, "originator_version": version, "occurred_at": at + timedelta(minutes=version)}

    yield OrderPlaced(
        **base(),
        store_id=store_id,
        number=f"ZY-{number:06}",
        lines=lines,
        subtotal=total,
        shipping=zero,
        tax=zero,
        total=total,
        shopper_id=shopper,
        shopper_name=sealed,
        shopper_email=sealed,
        shipping_address=sealed,
    )
    yield PaymentSessionOpened(**base(), provider="stripe", session_id=f"cs_{number}")
    if kind == "pending":
        return
    if kind == "cancelled":
        yield OrderCancelled(**base(), reason="It was not paid in time.")
        return
    intent, fee = f"pi_{number}", Money(minor=total.minor // 50)
    yield OrderPaid(**base(), intent_id=intent, amount=total, platform_fee=fee)
    if kind == "paid":
        return
    yield OrderFulfilled(**base(), carrier="DHL", tracking_number=f"JD{number:08}")
    if kind == "refunded":
        refund = {"refund_id": uuid7(number, dice.getrandbits(74)), "intent_id": intent, "amount": lines[0].unit_price}
        yield RefundRequested(
            **base(), **refund, fee_refund=zero, lines=[], shipping=zero, reason="Broken", idempotency_key=f"r{number}"
        )
        yield RefundSucceeded(**base(), **refund, external_id=f"re_{number}", fee_refund=zero)
    if kind == "disputed":
        dispute = {"dispute_id": f"du_{number}", "intent_id": intent}
        yield DisputeOpened(
            **base(),
            **dispute,
            amount=total,
            reason="fraudulent",
            status=DisputeStatus.NEEDS_RESPONSE,
            evidence_due=None,
        )
        yield DisputeFundsMoved(**base(), **dispute, taken=total, fee=Money(minor=1500), movements=1)
