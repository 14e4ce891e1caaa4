"""Access: the one place that asks whether a person may do this with a thing.

A command's ``merchant_id`` is the person who sends it. They are the store's owner, or have a role in the store; the role
that a command needs is in ``domain/team/permissions.toml``. The roles are facts of the store's stream, so a command is
decided on the role at that moment.

A thing of another merchant or store is refused like one that does not exist, so that the refusal reveals nothing.
"""

from uuid import UUID

from commands.ports import Work
from domain.generation.aggregate import GENERATION, Generation
from domain.kernel import NotFound
from domain.order.aggregate import ORDER, Order
from domain.product.aggregate import PRODUCT, Product
from domain.store.aggregate import STORE, Store
from domain.team.errors import RoleTooWeak


async def store_of_merchant(work: Work, store_id: UUID, merchant_id: UUID) -> Store:
    """Return a store in which a person has the command's role.

    Raises:
        NotFound: no store has the id, or the person has no role in it.
        RoleTooWeak: the command needs a stronger role.
    """
    return await require_role_in_store(work, store_id, merchant_id, kind=STORE.name, id=store_id)


async def generation_of_merchant(work: Work, generation_id: UUID, merchant_id: UUID) -> Generation:
    """Return a generation of a store in which a person has the command's role.

    Raises:
        NotFound: no generation has the id, or the person has no role in its store.
        RoleTooWeak: the command needs a stronger role.
    """
    generation = await work.get(GENERATION, generation_id)
    if generation.merchant_id != merchant_id:
        await require_role_in_store(work, generation.store_id, merchant_id, kind=GENERATION.name, id=generation_id)
    return generation


async def product_of_merchant(work: Work, product_id: UUID, merchant_id: UUID) -> tuple[Product, Store]:
    """Return a product of a store in which a person has the command's role, and the store.

    Raises:
        NotFound: no product has the id, or the person has no role in its store.
        RoleTooWeak: the command needs a stronger role.
    """
    product = await work.get(PRODUCT, product_id)
    store = await require_role_in_store(work, product.store_id, merchant_id, kind=PRODUCT.name, id=product_id)
    return product, store


async def order_of_merchant(work: Work, order_id: UUID, merchant_id: UUID) -> Order:
    """Return an order placed in a store in which a person has the command's role.

    Raises:
        NotFound: no order has the id, or the person has no role in its store.
        RoleTooWeak: the command needs a stronger role.
    """
    order = await work.get(ORDER, order_id)
    await require_role_in_store(work, order.store_id, merchant_id, kind=ORDER.name, id=order_id)
    return order


async def product_of_store(work: Work, product_id: UUID, store_id: UUID) -> Product:
    """Return a product of a store.

    Raises:
        NotFound: no product has the id, or it is another store's.
    """
    product = await work.get(PRODUCT, product_id)
    require_owner(PRODUCT.name, product_id, owner=product.store_id, caller=store_id)
    return product


async def require_role_in_store(work: Work, store_id: UUID, person_id: UUID, *, kind: str, id: UUID) -> Store:
    """Return a store in which a person has the command's role; see :func:`require_role`."""
    store = await work.get(STORE, store_id)
    require_role(work, store, person_id, kind=kind, id=id)
    return store


def require_role(work: Work, store: Store, person_id: UUID, *, kind: str, id: UUID) -> None:
    """Refuse a person whose role in a store does not suffice for the command.

    Args:
        work: knows what the command needs.
        store: the store.
        person_id: the person who sends the command.
        kind: the word for the thing that the command is about, as :class:`NotFound` reports it.
        id: the thing's id.

    Raises:
        NotFound: the person has no role in the store.
        RoleTooWeak: the command needs a stronger role.
    """
    role = store.role_of(person_id)
    if role is None:
        raise NotFound(kind, id)
    if not role.covers(work.needs):
        raise RoleTooWeak(role, work.needs)


def require_owner(kind: str, id: UUID, *, owner: UUID, caller: UUID) -> None:
    """Refuse a thing of another store.

    Args:
        kind: the word for the thing, as :class:`NotFound` reports it.
        id: the thing's id.
        owner: the store that owns it.
        caller: the store that asks for it.

    Raises:
        NotFound: the owner is another.
    """
    if owner != caller:
        raise NotFound(kind, id)
