"""Which rows of the catalog a scope covers."""

from uuid import UUID

from projections.reading.conditions import Conditions
from projections.reading.scope import Scope, owned, restrict


def within(scope: Scope, where: Conditions, store: str) -> Conditions:
    """Keep a query of rows that belong to a store within a scope; ``store`` is the SQL expression of the store's id."""
    return restrict(where, scope, merchant=owned(store, owners="stores", id="id"), store=store, team=store)


def of_store(scope: Scope, column: str, store_id: UUID) -> Conditions:
    """Return the conditions of a list of one store's rows, whose scope is checked once and not for each row."""
    where = Conditions()
    store = f"{where.value(store_id)}::uuid"
    return within(scope, where.add(f"{column} = {store}"), store)
