"""Which rows of the catalog a scope covers."""

from projections.reading.paging import Conditions
from projections.reading.scope import Scope, owned, restrict


def within(scope: Scope, where: Conditions, store: str) -> Conditions:
    """Keep a query of rows that belong to a store within a scope; ``store`` is the SQL expression of the store's id."""
    return restrict(where, scope, merchant=owned(store, owners="stores", id="id"), store=store)
