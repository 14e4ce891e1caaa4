"""A typed discount code, looked up for the prices that a page shows. The command decides whether it counts."""

from datetime import datetime
from uuid import UUID

from domain.discount.errors import DiscountUsedUp, UnknownDiscount
from domain.discount.terms import check_time, discount_id
from domain.order.quote import AppliedCode
from storefront.ports import StorefrontQueries


async def applied_code(queries: StorefrontQueries, store_id: UUID, typed: str, at: datetime) -> AppliedCode:
    """Return a store's code.

    Raises:
        DiscountRefused: the code is unknown, paused, out of its time, or used up.
    """
    view = await queries.discount(store_id, discount_id(store_id, typed))
    if view is None or view.paused:
        raise UnknownDiscount(typed)
    check_time(view.code, view.terms, at)
    if view.terms.most_uses is not None and view.used >= view.terms.most_uses:
        # Reserved uses may come back, so the command alone decides about them.
        raise DiscountUsedUp(view.code, by_shopper=False)
    return AppliedCode(code=view.code, terms=view.terms)
