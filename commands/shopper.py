"""Commands for shoppers as persons."""

from dataclasses import dataclass
from uuid import UUID

from commands.ports import UnboundHandlers, Work
from domain.kernel import Clock
from domain.shopper.aggregate import SHOPPER, forget
from domain.store.aggregate import STORE


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetShopper:
    """Erase a shopper's personal data permanently."""

    shopper_id: UUID
    store_id: UUID
    """The store that the shopper ordered from."""


async def forget_shopper(command: ForgetShopper, work: Work, *, clock: Clock) -> None:
    """Append ``ShopperForgotten``; the erasure policy then deletes the key. No-op if the shopper is forgotten.

    Raises:
        NotFound: no store has the id.
    """
    store = await work.get(STORE, command.store_id)
    if await work.find(SHOPPER, command.shopper_id) is None:
        work.append(
            SHOPPER, command.shopper_id, forget(command.shopper_id, store_id=store.id, at=clock.now()), tenant=store.id
        )


HANDLERS: UnboundHandlers = {ForgetShopper: forget_shopper}
"""Each command and its handler."""
