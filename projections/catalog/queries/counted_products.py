"""How many products a filter keeps. Counts by status and category are kept; others are counted up to a bound."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from uuid import UUID

from projections.catalog.queries.counts import counts_of_store
from projections.catalog.queries.filters import categories_of, filtered, in_parts
from projections.catalog.queries.search import (
    FOUND,
    WALKED,
    SearchTerms,
    found_by,
    search_in,
    tagged_by,
    words_meant,
)
from projections.catalog.tables.products import SCORE_KEY
from projections.catalog.views import ProductFilter, ProductSort
from projections.reading.counting import COUNTED_MOST, Count, count_rows, counted
from projections.reading.paging import Reader
from projections.reading.scope import Scope

_BY_SCORE = f"order by {SCORE_KEY} desc, p.id desc"


async def count_products(
    db: Reader,
    store_id: UUID,
    *,
    scope: Scope,
    where: ProductFilter = ProductFilter(),  # noqa: B008  # frozen
) -> Count:
    """Return how many products :func:`products_of_store` lists.

    Args:
        db: the database.
        store_id: the store.
        scope: whose rows are counted.
        where: which products. With a text, tags or prices, counting stops at ``COUNTED_MOST``.
    """
    if where.text is None and not where.tags:
        if where.price_min is None and where.price_max is None:
            return Count(await _kept(db, store_id, scope, where))
        conditions = filtered(store_id, where, scope)
        return await count_rows(db, f"from products p where {conditions.sql}", *conditions.arguments)
    terms = None if where.text is None else SearchTerms.parse(where.text)
    if where.text is not None and terms is None:
        return Count(0)
    found = await _count_found(db, store_id, terms, scope=scope, where=where)
    meant = None if found.number or terms is None else await words_meant(db, store_id, terms)
    return found if meant is None else await _count_found(db, store_id, meant, scope=scope, where=where)


async def _kept(db: Reader, store_id: UUID, scope: Scope, where: ProductFilter) -> int:
    """Return how many products have the statuses and categories of a filter."""
    counts = (await counts_of_store(db, store_id, scope)).by_category(where.statuses)
    categories = categories_of(where)
    return sum(counts[category] for category in categories) if categories else counts.total()


async def _count_found(
    db: Reader, store_id: UUID, terms: SearchTerms | None, *, scope: Scope, where: ProductFilter
) -> Count:
    """Return how many products a search or some tags find.

    The index of words reads each place of a word, however few rows are counted. So a word that is common in a large store
    is counted among the products with the best score.
    """
    if await _kept(db, store_id, scope, where) > COUNTED_MOST and await _is_found_often(
        db, store_id, terms, scope=scope, where=where
    ):
        return counted(COUNTED_MOST + 1)
    conditions = filtered(store_id, where, scope)
    if terms is None:
        words = tagged_by(conditions, where.tags, store_id)
    else:
        words = found_by(conditions, terms, store_id, where.tags)
    rows = f"from (select p.* from {FOUND} where {words.sql} offset 0) p where {conditions.sql}"
    return await count_rows(db, rows, *conditions.arguments)


async def _is_found_often(
    db: Reader, store_id: UUID, terms: SearchTerms | None, *, scope: Scope, where: ProductFilter
) -> bool:
    """Return whether more than ``COUNTED_MOST`` products are found soon.

    They are looked for among the ``WALKED`` best ones of each status, or in the words of as many if all products count.
    """
    best = in_parts(store_id, where, scope, ProductSort.SCORE)
    tags = where.tags
    words = search_in(best, terms, store_id, tags) if terms is not None else tagged_by(best, tags, store_id)
    list_rows = f"select p.* from products p where {best.sql} {_BY_SCORE}"
    if where == ProductFilter(text=where.text, tags=where.tags):
        # The limit keeps PostgreSQL from the index of words, and from finding all products first.
        of_store = f"select w.document from product_words w where w.store_id = {best.value(store_id)} limit {WALKED}"
        rows = f"from ({of_store}) w where (select yes from common) and {words.sql}"
    else:
        rows = (
            f"from {best.parts} cross join lateral ({list_rows} limit {WALKED}) p "
            f"where (select yes from common) and {best.narrowly}"
        )
    query = (
        f"with {best.commonness(list_rows, 'p')} "
        f"select count(*) > {COUNTED_MOST} from (select {rows} limit {COUNTED_MOST + 1}) found"
    )
    return bool(await db.fetchval(query, *best.arguments))
