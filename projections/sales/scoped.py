"""Which rows of the sales read model a scope covers."""

from uuid import UUID

from projections.reading.conditions import Conditions
from projections.reading.scope import Scope, owned, restrict


def within(scope: Scope, where: Conditions, store: str, *, shoppers: bool = True) -> Conditions:
    """Keep a query of rows that belong to a store within a scope.

    Args:
        scope: whose rows.
        where: the query's conditions.
        store: SQL expression of the store's id.
        shoppers: whether shoppers of the store see the rows.
    """
    merchant = owned(store, owners="store_owners", id="store_id")
    return restrict(where, scope, merchant=merchant, store=store if shoppers else None, team=store)


def of_store(scope: Scope, column: str, store_id: UUID, *, shoppers: bool = True) -> Conditions:
    """Return the conditions of a list of one store's rows, whose scope is checked once and not for each row."""
    where = Conditions()
    store = f"{where.value(store_id)}::uuid"
    return within(scope, where.add(f"{column} = {store}"), store, shoppers=shoppers)
