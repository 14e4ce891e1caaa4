"""Queries about stock notices. Each takes a scope; see :mod:`projections.reading.scope`."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from domain.privacy import Sealed
from domain.stock_notice.aggregate import StockNoticeStatus
from projections.reading.conditions import Conditions
from projections.reading.paging import Reader
from projections.reading.scope import Scope, restrict
from projections.sales.scoped import within
from projections.sales.views import StockNoticeView

COLUMNS = "n.id, n.store_id, n.product_id, n.variant_id, n.email, n.status, n.created_at"
_NEXT_WAITED = "select n.variant_id from stock_notices n where n.status = 'CONFIRMED'{} order by n.variant_id limit 1"
_AVAILABLE = (
    # From each variant that is waited for to the next one, past the notices of both.
    f"with recursive waited (variant_id) as (({_NEXT_WAITED.format('')}) union all "
    f"select ({_NEXT_WAITED.format(' and n.variant_id > waited.variant_id')}) from waited where variant_id is not null) "
    "select {columns} from waited cross join lateral (select n.* from stock_notices n "
    "where n.variant_id = waited.variant_id and {where} order by n.created_at, n.id limit {limit}) n "
    # By a subquery, since PostgreSQL does not know how few these variants are.
    "where (select v.on_hand > v.reserved and p.status = 'ACTIVE' and s.status = 'ACTIVE' from variants v "
    "join products p on p.id = v.product_id join stores s on s.id = p.store_id where v.id = waited.variant_id) "
    "order by n.variant_id, n.created_at, n.id limit {limit}"
)


def _within(scope: Scope, where: Conditions) -> Conditions:
    return restrict(
        where,
        scope,
        merchant="n.store_id in (select w.store_id from store_owners w where w.merchant_id = {})",
        store="n.store_id",
        team="n.store_id",
    )


async def stock_notice_by_id(db: Reader, notice_id: UUID, *, scope: Scope) -> StockNoticeView | None:
    """Return a stock notice."""
    where = _within(scope, Conditions().add("n.id = {}", notice_id))
    record = await db.fetchrow(f"select {COLUMNS} from stock_notices n where {where.sql}", *where.arguments)
    return None if record is None else _view(record)


async def notices_to_announce(db: Reader, *, scope: Scope, limit: int) -> Sequence[StockNoticeView]:
    """Return confirmed notices whose variant can be bought again, those of one variant together, the oldest first."""
    where = _within(scope, Conditions().add("n.status = 'CONFIRMED'"))
    query = _AVAILABLE.format(columns=COLUMNS, where=where.sql, limit=int(limit))
    return [_view(record) for record in await db.fetch(query, *where.arguments)]


async def notices_unchanged_since(
    db: Reader, before: datetime, status: StockNoticeStatus, *, scope: Scope, limit: int
) -> Sequence[UUID]:
    """Return the notices that have had a status since before a time, the oldest first."""
    where = _within(
        scope, Conditions().add("n.status <> 'ENDED'").add("n.status = {}", status).add("n.updated_at < {}", before)
    )
    records = await db.fetch(
        f"select n.id from stock_notices n where {where.sql} order by n.updated_at, n.id limit {int(limit)}",
        *where.arguments,
    )
    return [record["id"] for record in records]


async def waiting_by_products(db: Reader, product_ids: Collection[UUID], *, scope: Scope) -> dict[UUID, int]:
    """Return how many confirmed notices wait for each product; each id is a key. Shoppers see none."""
    where = Conditions().add("n.status = 'CONFIRMED'").add("n.product_id = any({})", list(product_ids))
    where = within(scope, where, "n.store_id", shoppers=False)
    found = dict.fromkeys(product_ids, 0)
    for record in await db.fetch(
        f"select n.product_id, count(*) as waiting from stock_notices n where {where.sql} group by n.product_id",
        *where.arguments,
    ):
        found[record["product_id"]] = record["waiting"]
    return found


def _view(record: Record) -> StockNoticeView:
    return StockNoticeView(
        id=record["id"],
        store_id=record["store_id"],
        product_id=record["product_id"],
        variant_id=record["variant_id"],
        email=Sealed.model_validate_json(record["email"]),
        status=StockNoticeStatus(record["status"]),
        created_at=record["created_at"],
    )
