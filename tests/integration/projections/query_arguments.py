"""Arguments of every query of the read models, for the rows that a history made."""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import projections
from domain.generation.events import Step
from domain.ids import derived
from domain.stock_notice.aggregate import StockNoticeStatus
from domain.store.collection_events import AddressKind
from domain.store.domain_events import DomainStatus
from projections.catalog import queries as catalog
from projections.catalog.queries.counts import counts_of_store
from projections.jobs import calls, drafts
from projections.jobs import queries as jobs
from projections.merchants import plan_queries as plans
from projections.merchants import queries as merchants
from projections.merchants import team_queries as teams
from projections.reading.paging import Window
from projections.sales import (
    customer_queries,
    discount_queries,
    dispute_queries,
    ledger_queries,
    owed_fees,
    part_queries,
    statistics,
    stock_notice_queries,
    unfinished_queries,
)
from projections.sales import queries as sales
from tests.support.builders.histories import History

Query = Any
"""A function of a read model."""

FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def name_of(query: Query) -> str:
    """Return a query's name with that of its module."""
    module: str = query.__module__
    return f"{module.removeprefix('projections.')}.{query.__qualname__}"


def every_query() -> set[Query]:
    """Return the functions of the read models that read rows within a scope."""
    found: set[Query] = set()
    for module in pkgutil.walk_packages(projections.__path__, "projections."):
        loaded = importlib.import_module(module.name)
        for name, function in inspect.getmembers(loaded, inspect.iscoroutinefunction):
            parameters = inspect.signature(function).parameters
            if function.__module__ == module.name and not name.startswith("_") and {"db", "scope"} <= set(parameters):
                found.add(function)
    return found


def arguments_of(history: History, store: UUID, merchant: UUID) -> Mapping[Query, tuple[Any, ...]]:
    """Return the arguments of the queries that everybody may ask, for rows of a store and its merchant."""
    product = next(p for p in history.shows.values() if history.state(p).store_id == store)
    image = next(i for i, p in history.shows.items() if p == product)
    order = next(id for id in history.orders if history.state(id).store_id == store)
    generation = derived(store, "generation")
    variant = next(iter(history.state(product).variants))
    return {
        catalog.stores_of_merchant: (merchant, Window()),
        catalog.count_stores: (merchant,),
        catalog.store_by_id: (store,),
        catalog.stores_by_ids: ([store],),
        catalog.store_by_slug: ("brand-0",),
        catalog.store_by_domain: ("fern.example",),
        catalog.domains_by_stores: ([store],),
        catalog.sitemap_parts: (store,),
        catalog.sitemap_entries: (store, 1),
        catalog.pages_changed_at: (store,),
        catalog.domains_to_check: (DomainStatus.VERIFIED,),
        catalog.all_domains: (),
        catalog.collections_by_stores: ([store],),
        catalog.collection_by_slug: (store, "gifts-0"),
        catalog.collections_by_ids: ([derived(store, "collection", "0")],),
        catalog.collection_by_id: (derived(store, "collection", "0"),),
        catalog.category_texts_by_stores: ([store],),
        catalog.present_address: (store, AddressKind.CATEGORY, "lamps"),
        catalog.products_of_store: (store, Window()),
        catalog.count_products: (store,),
        catalog.categories_of_store: (store,),
        catalog.catalog_tasks: ([store],),
        catalog.delivery_of_store: (store,),
        catalog.product_by_id: (product,),
        catalog.product_by_slug: (store, "fern"),
        catalog.products_by_ids: ([product],),
        catalog.images_by_products: ([product],),
        catalog.variants_by_products: ([product],),
        catalog.variants_by_ids: ([variant],),
        catalog.pages_by_stores: ([store],),
        catalog.pages_by_ids: ([derived(store, "fern")],),
        catalog.page_by_id: (derived(store, "fern"),),
        catalog.page_by_slug: (store, "fern"),
        catalog.versions_of_page: (derived(store, "fern"),),
        catalog.versions_of_pages: ([derived(store, "fern")],),
        catalog.page_versions: ([(derived(store, "fern"), 1)],),
        catalog.page_facts: (store,),
        catalog.store_products_for_sale: (store, 14),
        catalog.media_of_store: (store, Window()),
        catalog.count_media: (store,),
        catalog.media_by_id: (image,),
        catalog.media_by_ids: ([image],),
        jobs.generation_by_id: (generation,),
        jobs.generations_by_stores: ([store],),
        jobs.generations_by_ids: ([generation],),
        jobs.jobs_by_ids: ([derived(generation, Step.BRAND)],),
        jobs.generations_of_merchant: (merchant, Window()),
        jobs.jobs_by_stores: ([store],),
        jobs.job_by_id: (derived(generation, Step.BRAND),),
        jobs.job_logs: (generation,),
        jobs.jobs_past_deadline: (FAR_AHEAD,),
        merchants.merchant_by_id: (merchant,),
        merchants.business_identity: (merchant,),
        merchants.former_stripe_account: (merchant,),
        merchants.merchant_with_own_key: ("acct_2",),
        merchants.merchant_of_stripe_account: ("acct_1",),
        sales.orders_of_store: (store, Window()),
        sales.count_orders: (store,),
        sales.order_by_id: (order,),
        sales.orders_by_ids: ([order],),
        sales.orders_by_number: (store, "FERN"),
        sales.pending_orders_before: (FAR_AHEAD,),
        sales.pending_orders_of_archived_stores: (),
        sales.mails_of_order: (order,),
        sales.mails_of_orders: ([order],),
        sales.rejected_webhooks_of_store: (store, Window()),
    }


def more_arguments_of(
    rows: Mapping[str, Mapping[str, Any]], store: UUID, merchant: UUID
) -> Mapping[Query, tuple[Any, ...]]:
    """Return the arguments of the other queries.

    Args:
        rows: a row of the store in each table, by name.
        store: the store.
        merchant: its owner.
    """
    order, product, draft = rows["orders"]["id"], rows["products"]["id"], rows["drafts"]
    notice, discount, generation = rows["stock_notices"]["id"], rows["discounts"]["id"], rows["generations"]["id"]
    month = LONG_AGO, FAR_AHEAD
    span = statistics.SalesSpan(
        store_id=store, first=date(2026, 1, 1), last=date(2026, 12, 31), time_zone="Asia/Kathmandu", currency="USD"
    )
    return {
        counts_of_store: (store,),
        calls.calls_by_id: ([store],),
        calls.calls_of_generation: (generation,),
        calls.usage_of_generations: ([generation],),
        calls.usage_of_month: (date(2026, 11, 1),),
        drafts.accepted_drafts: ([draft["target_id"]],),
        drafts.draft_by_id: (draft["id"],),
        drafts.drafts_by_ids: ([draft["id"]],),
        drafts.drafts_of_store: (store, Window()),
        plans.merchants_past_grace: (FAR_AHEAD,),
        plans.subscription_by_merchant: (merchant,),
        plans.usage_of_merchant: (merchant,),
        merchants.account_standing: (merchant,),
        teams.invitation_by_id: (store,),
        teams.invitations_of_store: (store,),
        teams.people_of_store: (store,),
        customer_queries.addresses_of_notices: (store,),
        customer_queries.notices_of_shoppers: (store, [rows["stock_notices"]["shopper_id"]]),
        customer_queries.orders_of_shoppers: (store, [rows["orders"]["shopper_id"]]),
        customer_queries.addresses_of_orders: (store,),
        customer_queries.orders_by_ids: (store, [order]),
        discount_queries.discount_by_id: (discount,),
        discount_queries.discounts_by_ids: ([discount],),
        discount_queries.discounts_of_store: (store, Window()),
        discount_queries.has_discounts: (store,),
        dispute_queries.dispute_rate: (store, date(2026, 1, 1)),
        dispute_queries.disputes_near_deadline: (),
        dispute_queries.disputes_of_orders: ([order],),
        dispute_queries.disputes_by_ids: ([rows["disputes"]["dispute_id"]],),
        dispute_queries.disputes_of_store: (store, Window()),
        dispute_queries.payouts_by_ids: (["po_1"],),
        dispute_queries.payouts_of_merchant: (merchant, Window()),
        ledger_queries.balances_of_store: (store,),
        owed_fees.owed_fees: (),
        ledger_queries.statement: month,
        ledger_queries.statement_page: (*month, Window()),
        part_queries.orders_by_refunds: ([order],),
        part_queries.orders_by_shoppers: ([rows["orders"]["shopper_id"]],),
        unfinished_queries.unfinished_in_store: (store,),
        unfinished_queries.overdue_refunds: (FAR_AHEAD,),
        owed_fees.owed_fees_of: (merchant, *month),
        statistics.sales_by_day: ([span],),
        statistics.sales_tasks: ([store],),
        stock_notice_queries.notices_to_announce: (),
        stock_notice_queries.notices_unchanged_since: (FAR_AHEAD, StockNoticeStatus.REQUESTED),
        stock_notice_queries.stock_notice_by_id: (notice,),
        stock_notice_queries.waiting_by_products: ([product],),
    }


NAMED: Mapping[Query, Mapping[str, Any]] = {
    drafts.drafts_of_store: {"statuses": ["REQUESTED", "PROPOSED"]},
    teams.invitations_of_store: {"now": LONG_AGO},
    customer_queries.addresses_of_notices: {"before": None, "limit": 20},
    customer_queries.notices_of_shoppers: {"limit": 20},
    customer_queries.orders_of_shoppers: {"limit": 20},
    customer_queries.addresses_of_orders: {"before": None, "limit": 20},
    dispute_queries.disputes_near_deadline: {
        "after": LONG_AGO,
        "before": FAR_AHEAD,
        "opened_before": FAR_AHEAD,
    },
    ledger_queries.statement: {"limit": 20},
    statistics.sales_tasks: {"refunds_before": FAR_AHEAD},
    stock_notice_queries.notices_to_announce: {"limit": 20},
    unfinished_queries.overdue_refunds: {"limit": 20},
    stock_notice_queries.notices_unchanged_since: {"limit": 20},
}
"""Further arguments of queries by name."""
