"""Ownership: the one place that asks whether a thing is the caller's.

A thing of another merchant or store is refused like one that does not exist, so that the refusal reveals nothing.
"""

from uuid import UUID

from commands.ports import Work
from domain.generation.aggregate import GENERATION, Generation
from domain.kernel import NotFound
from domain.order.aggregate import ORDER, Order
from domain.product.aggregate import PRODUCT, Product
from domain.store.aggregate import STORE, Store


async def store_of_merchant(work: Work, store_id: UUID, merchant_id: UUID) -> Store:
    """Return a store of a merchant.

    Raises:
        NotFound: no store has the id, or it is another merchant's.
    """
    store = await work.get(STORE, store_id)
    require_owner(STORE.name, store_id, owner=store.merchant_id, caller=merchant_id)
    return store


async def generation_of_merchant(work: Work, generation_id: UUID, merchant_id: UUID) -> Generation:
    """Return a generation of a merchant.

    Raises:
        NotFound: no generation has the id, or it is another merchant's.
    """
    generation = await work.get(GENERATION, generation_id)
    require_owner(GENERATION.name, generation_id, owner=generation.merchant_id, caller=merchant_id)
    return generation


async def product_of_merchant(work: Work, product_id: UUID, merchant_id: UUID) -> tuple[Product, Store]:
    """Return a product of a merchant, and its store.

    Raises:
        NotFound: no product has the id, or it is another merchant's.
    """
    product = await work.get(PRODUCT, product_id)
    store = await work.get(STORE, product.store_id)
    require_owner(PRODUCT.name, product_id, owner=store.merchant_id, caller=merchant_id)
    return product, store


async def order_of_merchant(work: Work, order_id: UUID, merchant_id: UUID) -> Order:
    """Return an order placed in a merchant's store.

    Raises:
        NotFound: no order has the id, or it is another merchant's.
    """
    order = await work.get(ORDER, order_id)
    store = await work.get(STORE, order.store_id)
    require_owner(ORDER.name, order_id, owner=store.merchant_id, caller=merchant_id)
    return order


async def product_of_store(work: Work, product_id: UUID, store_id: UUID) -> Product:
    """Return a product of a store.

    Raises:
        NotFound: no product has the id, or it is another store's.
    """
    product = await work.get(PRODUCT, product_id)
    require_owner(PRODUCT.name, product_id, owner=product.store_id, caller=store_id)
    return product


def require_owner(kind: str, id: UUID, *, owner: UUID, caller: UUID) -> None:
    """Refuse a thing whose owner is not the caller.

    Args:
        kind: the word for the thing, as :class:`NotFound` reports it.
        id: the thing's id.
        owner: the merchant or store that owns it.
        caller: the merchant or store that asks for it.

    Raises:
        NotFound: the owner is another.
    """
    if owner != caller:
        raise NotFound(kind, id)
