"""Every query returns its owner's rows and nothing to anybody else."""

import inspect
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from domain.ids import derived
from domain.order.events import OrderStatus
from projections.catalog import queries as catalog
from projections.jobs import queries as jobs
from projections.merchants import queries as merchants
from projections.reading.counting import Count
from projections.reading.paging import Slice
from projections.reading.scope import SYSTEM, MerchantScope, ShopperScope
from projections.sales import queries as sales
from tests.integration.projections.query_arguments import Query, arguments_of
from tests.integration.projections.read_models import build
from tests.support.builders.histories import History
from tests.support.builders.samples import sealed

MOVES = [
    ("supplier", 0),
    ("brand", 0),
    *(("import", n) for n in range(0, 24, 2)),
    *(("edit", n) for n in range(28, 42)),  # activate
    *(("edit", n) for n in range(7)),  # copy
    *(("image", n) for n in range(12)),
    *(("domain", n) for n in (0, 2)),
    *(("presentation", n) for n in (0, 2, 6)),
    ("page", 0),
    ("page", 4),
    *(("order", n) for n in range(6)),
]

HIDDEN_FROM_SHOPPERS: frozenset[Query] = frozenset(
    {
        catalog.all_domains,
        catalog.domains_by_stores,
        catalog.domains_to_check,
        jobs.generation_by_id,
        jobs.generations_by_ids,
        jobs.jobs_by_ids,
        jobs.generations_by_stores,
        jobs.generations_of_merchant,
        jobs.jobs_by_stores,
        jobs.job_by_id,
        jobs.job_logs,
        jobs.jobs_past_deadline,
        merchants.business_identity,
        merchants.merchant_by_id,
        merchants.former_stripe_account,
        merchants.merchant_with_own_key,
        merchants.merchant_of_stripe_account,
        sales.mails_of_order,
        sales.mails_of_orders,
        sales.rejected_webhooks_of_store,
    }
)

ALWAYS_ANSWER: frozenset[Query] = frozenset(
    {jobs.jobs_past_deadline, sales.pending_orders_before, catalog.store_products_for_sale}
)
"""Queries that say something to everybody: what is theirs, or that there is nothing."""


def ids_in(answer: Any) -> set[str]:
    """Return everything in an answer that could be somebody's: an empty set if it holds nothing."""
    match answer:
        case None | 0 | Count(number=0):
            return set()
        case Slice():
            return {str(node) for node in answer.nodes}
        case dict():
            return {str(one) for one in answer.values() if one not in (None, ())}
        case list() | tuple():
            return {str(one) for one in answer}
        case _:
            return {str(answer)}


@pytest.fixture
async def history(db: asyncpg.Connection) -> History:
    """Two merchants with a store each; only the first has anything beyond its profile, store and generation."""
    history = History(2).play(MOVES)
    await build(db, history.raw, batch=500)
    store = history.stores[0]
    await db.execute("update stores set custom_domain = 'fern.example', status = 'ARCHIVED' where id = $1", store)
    await db.execute("update domains set name = 'fern.example', status = 'VERIFIED' where store_id = $1", store)
    await db.execute("update products set slug = 'fern', category = 'Lamps' where store_id = $1", store)
    await db.execute(
        "update pages set slug = 'fern', id = case when id = (select id from pages where store_id = $1 order by id limit 1) "
        "then $2 else id end where store_id = $1",
        store,
        derived(store, "fern"),
    )
    await db.execute(
        "update page_versions set page_id = $1 where store_id = $2 and page_id = (select min(page_id::text)::uuid from "
        "page_versions where store_id = $2)",
        derived(store, "fern"),
        store,
    )
    await db.execute(
        "insert into business_identities (merchant_id, number, country, parts, identity, stated_at) "
        "values ($1, 2, 'DE', '[]', $2, now())",
        history.merchants[0],
        sealed(history.merchants[0]).model_dump_json(),
    )
    await db.execute("delete from stripe_accounts")
    await db.execute(
        "insert into stripe_accounts (merchant_id, account_id, live, link, is_connected, changed) "
        "values ($1, 'acct_1', false, 'OPENED', false, 9), ($1, 'acct_2', false, 'OWN_KEY', true, 10)",
        history.merchants[0],
    )
    await db.execute("update orders set number = 'FERN', status = $2 where store_id = $1", store, OrderStatus.PENDING)
    await db.execute(
        "insert into order_mails (id, order_id, kind, at) "
        "select gen_random_uuid(), id, 'ORDER_SOLD', now() from orders where store_id = $1",
        store,
    )
    await db.execute(
        "insert into rejected_webhooks (id, store_id, source, external_id, type, reason, at) "
        "values ($1, $2, 'stripe', 'evt_1', 'charge.expired', 'unknown order', now())",
        uuid4(),
        store,
    )
    return history


async def test_every_query_keeps_to_its_scope(db: asyncpg.Connection, history: History) -> None:
    (store, other_store), (merchant, other_merchant) = history.stores, history.merchants
    arguments = arguments_of(history, store, merchant)
    every = {
        function
        for module in (catalog, jobs, merchants, sales)
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
        if function.__module__.startswith(module.__name__) and not name.startswith("_")
    }
    # It answers yes or no, without ids: no for an unknown merchant.
    assert set(arguments) == every - {merchants.account_standing}
    for query, args in arguments.items():
        of_system = ids_in(await query(db, *args, scope=SYSTEM))
        of_owner = ids_in(await query(db, *args, scope=MerchantScope(merchant)))
        of_shopper = ids_in(await query(db, *args, scope=ShopperScope(store)))
        assert of_owner, query
        assert of_owner <= of_system, query
        assert not of_shopper if query in HIDDEN_FROM_SHOPPERS else of_shopper <= of_owner, query
        assert query in HIDDEN_FROM_SHOPPERS or of_shopper, query
        for scope in (MerchantScope(other_merchant), ShopperScope(other_store)):
            answer = ids_in(await query(db, *args, scope=scope))
            assert not answer & of_owner, (query, scope)
            assert not answer or query in ALWAYS_ANSWER, (query, scope)
