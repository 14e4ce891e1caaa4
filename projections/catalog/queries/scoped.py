"""Which rows of the catalog a scope covers."""

from projections.reading.paging import Conditions
from projections.reading.scope import Scope, restrict


def within(scope: Scope, where: Conditions, store: str) -> Conditions:
    """Keep a query of rows that belong to a store within a scope; ``store`` is the column with the store's id."""
    merchant = f"{store} in (select id from stores where merchant_id = {{}})"  # noqa: S608  # a column's name
    return restrict(where, scope, merchant=merchant, store=store)
