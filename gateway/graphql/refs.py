"""References to types that are needed before they are defined.

A store has generations, pages, products and orders, and each of them has its store. Only this module imports a type
late, so all other imports between the types go one way.
"""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from gateway.graphql.context import ReadContext

if TYPE_CHECKING:
    from gateway.graphql.types.store import Store

StoreRef = Annotated["Store", strawberry.lazy("gateway.graphql.types.store")]
"""The type ``Store`` in the signature of a field."""


async def load_store(store_id: UUID, reading: ReadContext) -> "Store | None":
    """Return a store of the merchant. None if it is unknown."""
    from gateway.graphql.types.store import Store  # noqa: PLC0415 - see the module's docstring

    view = await reading.loaders.store.load(store_id)
    return None if view is None else Store.of(view, reading)
