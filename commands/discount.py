"""Commands for discount codes, and what orders do with them in their own transactions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commands.access import product_of_store, require_owner, require_role_in_store, store_of_merchant
from commands.ports import UnboundHandlers, Work
from domain.discount.aggregate import DISCOUNT, DiscountCode, create_discount
from domain.discount.errors import CodeTaken, UnknownDiscount
from domain.discount.events import DiscountTerms
from domain.discount.terms import PRODUCTS_MOST, check_terms, checked_code, discount_id
from domain.kernel import Clock
from domain.order.aggregate import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDiscount:
    """Create a discount code of a store."""

    store_id: UUID
    merchant_id: UUID
    code: str
    """As the merchant typed it."""
    terms: DiscountTerms


async def create_discount_code(command: CreateDiscount, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``DiscountCodeCreated`` and return its id.

    Raises:
        InvalidInput: the code or a term cannot be used.
        CodeTaken: the store has a code that is written the same.
        NotFound: no store or product has the id, or it is another merchant's.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    store.refuse_archived("discounted")
    for product_id in command.terms.product_ids[:PRODUCTS_MOST]:
        await product_of_store(work, product_id, store.id)
    code = checked_code(command.code)
    check_terms(command.terms, currency=store.currency)
    id = discount_id(store.id, code)
    if not await work.is_new(DISCOUNT, id):
        raise CodeTaken(code)
    events = create_discount(id, store_id=store.id, code=code, terms=command.terms, at=clock.now())
    work.append(DISCOUNT, id, events, tenant=store.id)
    return {"discount_id": str(id)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseDiscount:
    """Take a discount code out of use."""

    discount_id: UUID
    merchant_id: UUID


async def pause_discount(command: PauseDiscount, work: Work, *, clock: Clock) -> None:
    """Append ``DiscountCodePaused``. No-op if it is paused.

    Raises:
        NotFound: no code has the id, or it is another merchant's.
    """
    discount = await _discount_of_merchant(work, command.discount_id, command.merchant_id)
    work.append(DISCOUNT, discount.id, discount.pause(at=clock.now()), tenant=discount.store_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeDiscount:
    """Put a paused discount code into use again."""

    discount_id: UUID
    merchant_id: UUID


async def resume_discount(command: ResumeDiscount, work: Work, *, clock: Clock) -> None:
    """Append ``DiscountCodeResumed``. No-op if it is in use.

    Raises:
        NotFound: no code has the id, or it is another merchant's.
    """
    discount = await _discount_of_merchant(work, command.discount_id, command.merchant_id)
    work.append(DISCOUNT, discount.id, discount.resume(at=clock.now()), tenant=discount.store_id)


async def _discount_of_merchant(work: Work, discount_id: UUID, merchant_id: UUID) -> DiscountCode:
    discount = await work.get(DISCOUNT, discount_id)
    await require_role_in_store(work, discount.store_id, merchant_id, kind=DISCOUNT.name, id=discount_id)
    return discount


async def reserve_discount(
    work: Work, *, store_id: UUID, typed: str, order_id: UUID, shoppers: Sequence[str], at: datetime
) -> DiscountCode:
    """Reserve a use of a store's code for an order, and return the code.

    Args:
        work: the order's transaction.
        store_id: the store that sells.
        typed: the code as the shopper typed it.
        order_id: the order.
        shoppers: the shopper's random name, then digests as older events have them.
        at: the time of the order.

    Raises:
        DiscountRefused: the code is unknown, paused, out of its time, or used up; retrying cannot help.
    """
    discount = await work.find(DISCOUNT, discount_id(store_id, typed))
    if discount is None:
        raise UnknownDiscount(typed)
    require_owner(DISCOUNT.name, discount.id, owner=discount.store_id, caller=store_id)
    events = discount.reserve(order_id=order_id, shoppers=shoppers, at=at)
    return work.append(DISCOUNT, discount.id, events, tenant=store_id)


async def use_discount(work: Work, order: Order, *, at: datetime) -> None:
    """Count the use of a paid order's code. No-op if the order uses none."""
    if order.discount_id is not None:
        discount = await work.get(DISCOUNT, order.discount_id)
        work.append(DISCOUNT, discount.id, discount.use(order_id=order.id, at=at), tenant=order.store_id)


async def release_discount(work: Work, order: Order, *, at: datetime) -> None:
    """Give the use of a cancelled order's code back. No-op if the order uses none."""
    if order.discount_id is not None:
        discount = await work.get(DISCOUNT, order.discount_id)
        work.append(DISCOUNT, discount.id, discount.release(order_id=order.id, at=at), tenant=order.store_id)


HANDLERS: UnboundHandlers = {
    CreateDiscount: create_discount_code,
    PauseDiscount: pause_discount,
    ResumeDiscount: resume_discount,
}
"""Each command and its handler."""
