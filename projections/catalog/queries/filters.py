"""Which products a filter keeps, as conditions on a table ``p`` of products."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from uuid import UUID

from domain.product.events import ProductStatus
from projections.catalog.queries.scoped import of_store
from projections.catalog.queries.search import narrow_to, tagged_by
from projections.catalog.views import ProductFilter, ProductSort
from projections.reading.conditions import Conditions, parts_of
from projections.reading.scope import Scope

_ALL_PARTS = parts_of(ProductStatus)
BY_PRICE = frozenset({ProductSort.PRICE_LOW, ProductSort.PRICE_HIGH})


def in_parts(store_id: UUID, filter: ProductFilter, scope: Scope, sort: ProductSort) -> Conditions:
    """Return the conditions of a filter apart from its text, for a list that is split by status.

    A list by score is split by category, too. Tags are left out if there is a text: a search looks for both at once.
    """
    where = of_store(scope, "p.store_id", store_id).add("p.status = part.name")
    parts = parts_of(filter.statuses) if filter.statuses else _ALL_PARTS
    categories = categories_of(filter)
    if categories and sort is ProductSort.SCORE:
        parts += f" cross join unnest({where.value(categories)}::text[]) c (category)"
        where.add("p.category = c.category")
    elif categories:
        where.add("p.category = any({})", categories)
    where.split(parts)
    price = _price(where, filter)
    if filter.tags and filter.text is None:
        narrow_to(where, tagged_by(where, filter.tags, store_id))
        if price:
            where.add(price)
    elif price and filter.text is None and sort not in BY_PRICE:
        statuses = where.value(sorted(filter.statuses or ProductStatus))
        where.narrow(
            f"select p.id from products p where p.store_id = {where.value(store_id)} and p.status = any({statuses}) "
            f"and {price}",
            f"({price})",
        )
    elif price:
        where.add(price)
    return where


def categories_of(filter: ProductFilter) -> list[str]:
    """Return the categories that a filter keeps; none if it keeps all."""
    one = () if filter.category is None else (filter.category,)
    return sorted(filter.categories.intersection(one) if one and filter.categories else filter.categories or one)


def filtered(store_id: UUID, filter: ProductFilter, scope: Scope) -> Conditions:
    """Return the conditions of a filter apart from its text and tags, for a table ``p``."""
    where = of_store(scope, "p.store_id", store_id)
    if filter.statuses:
        where.add("p.status = any({})", sorted(filter.statuses))
    if categories := categories_of(filter):
        where.add("p.category = any({})", categories)
    price = _price(where, filter)
    return where.add(price) if price else where


def _price(where: Conditions, filter: ProductFilter) -> str:
    """Add the arguments of a range of prices to a query's; return its condition, empty if the filter has none."""
    bounds = (("p.price_minor >= ", filter.price_min), ("p.price_minor <= ", filter.price_max))
    return " and ".join(f"{text}{where.value(bound)}" for text, bound in bounds if bound is not None)
