"""Finds one person among a store's shoppers.

The vault finds addresses by their digests. Those that were sealed before it kept digests are opened for the comparison and
not kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.accounts.email import email_key
from domain.order.events import OrderStatus
from domain.privacy import PersonalData
from projections.reading.paging import Reader
from projections.reading.scope import Scope
from projections.sales.customer_queries import (
    ShopperAddress,
    addresses_of_notices,
    addresses_of_orders,
    notices_of_shoppers,
    orders_of_shoppers,
)

BATCH = 1_000
SEARCHED = 20_000
"""Most orders, and most stock notices, that a search opens: the newest without a digest."""
_LAST_ID = UUID(int=2**128 - 1)
FOUND = 200
"""Most orders of a person that one erasure names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCustomer:
    """The orders and stock notices of one e-mail address in a store."""

    order_ids: Sequence[UUID]
    """The newest first; at most ``FOUND``."""
    notice_ids: Sequence[UUID]
    has_open_order: bool
    """Whether an order is not finished, so that its address is needed."""
    searched_since: datetime | None
    """Orders from before this time were not searched. None if all were."""


async def find_customer(
    db: Reader, store_id: UUID, email: str, *, scope: Scope, personal: PersonalData
) -> KnownCustomer | None:
    """Return what a store knows of an e-mail address, in any spelling. None if it knows nothing."""
    key, matches = email_key(email), await personal.with_address(store_id, email)
    orders = await orders_of_shoppers(db, store_id, matches.person_ids, scope=scope, limit=FOUND)
    notices = await notices_of_shoppers(db, store_id, matches.person_ids, scope=scope, limit=FOUND)
    before = None if matches.complete_since is None else (matches.complete_since, _LAST_ID)
    known = {each.id for each in (*orders, *notices)}
    older = await addresses_of_notices(db, store_id, scope=scope, before=before, limit=SEARCHED)
    notices += [each for each in await _matching(older, key, personal) if each.id not in known]
    searched, is_whole = 0, False
    while searched < SEARCHED and len(orders) < FOUND and not is_whole:
        rows = await addresses_of_orders(db, store_id, scope=scope, before=before, limit=BATCH)
        orders += [each for each in await _matching(rows, key, personal) if each.id not in known]
        searched, is_whole = searched + len(rows), len(rows) < BATCH
        if rows:
            before = rows[-1].at, rows[-1].id
    if not orders and not notices:
        return None
    return KnownCustomer(
        order_ids=[order.id for order in orders[:FOUND]],
        notice_ids=[notice.id for notice in notices[:FOUND]],
        has_open_order=any(order.status in _OPEN for order in orders),
        searched_since=None if is_whole or before is None else before[0],
    )


_OPEN = frozenset({OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.PARTLY_FULFILLED})


async def _matching(rows: Sequence[ShopperAddress], key: str, personal: PersonalData) -> list[ShopperAddress]:
    opened = await personal.open_many([row.email for row in rows])
    return [row for row, email in zip(rows, opened, strict=True) if email is not None and email_key(email) == key]
