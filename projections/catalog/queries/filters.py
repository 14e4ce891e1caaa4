"""Which products a filter keeps, as conditions on a table ``p`` of products."""

from uuid import UUID

from domain.product.events import ProductStatus
from projections.catalog.queries.scoped import within
from projections.catalog.views import ProductFilter
from projections.reading.paging import Conditions, parts_of
from projections.reading.scope import Scope

_ALL_PARTS = parts_of(ProductStatus)


def in_parts(
    store_id: UUID, filter: ProductFilter, scope: Scope, *, joins: str = "", by_category: bool = False
) -> Conditions:
    """Return the conditions of a filter apart from its text, for a list that is split by status, and by category if asked."""
    where = Conditions()
    parts = parts_of(filter.statuses) if filter.statuses else _ALL_PARTS
    where.add("p.store_id = {}", store_id).add("p.status = part.name")
    categories = categories_of(filter)
    if categories and by_category:
        parts += f" cross join unnest({where.value(categories)}::text[]) c (category)"
        where.add("p.category = c.category")
    elif categories:
        where.add("p.category = any({})", categories)
    return within(scope, _with_price(where, filter), "p.store_id").split(parts, joins)


def categories_of(filter: ProductFilter) -> list[str]:
    """Return the categories that a filter keeps; none if it keeps all."""
    one = () if filter.category is None else (filter.category,)
    return sorted(filter.categories.intersection(one) if one and filter.categories else filter.categories or one)


def filtered(store_id: UUID, filter: ProductFilter, scope: Scope) -> Conditions:
    """Return the conditions of a filter apart from its text, for a table ``p``."""
    where = within(scope, Conditions().add("p.store_id = {}", store_id), "p.store_id")
    if filter.statuses:
        where.add("p.status = any({})", sorted(filter.statuses))
    if categories := categories_of(filter):
        where.add("p.category = any({})", categories)
    return _with_price(where, filter)


def _with_price(where: Conditions, filter: ProductFilter) -> Conditions:
    if filter.price_min is not None:
        where.add("p.price_minor >= {}", filter.price_min)
    if filter.price_max is not None:
        where.add("p.price_minor <= {}", filter.price_max)
    return where
