"""The command for a store's delivery rates."""

from dataclasses import dataclass
from uuid import UUID

from commands.access import store_of_merchant
from commands.ports import UnboundHandlers, Work
from domain.editing import Seen, refuse_overwriting
from domain.kernel import Clock
from domain.shipping.rates import ShippingRates
from domain.store.aggregate import STORE
from domain.store.revision import store_parts
from domain.store.settings import set_shipping as decide_shipping


@dataclass(frozen=True, slots=True, kw_only=True)
class SetShipping:
    """Set where a store delivers and for how much."""

    store_id: UUID
    merchant_id: UUID
    rates: ShippingRates
    seen: Seen = None


async def set_shipping(command: SetShipping, work: Work, *, clock: Clock) -> None:
    """Append ``ShippingRatesSet``. No-op if the rates are the same.

    Raises:
        InvalidInput: names the field.
        NotFound: no store has the id, or it is another merchant's.
        ChangedMeanwhile: the rates are not those that the editor saw.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    refuse_overwriting(command.seen, store_parts(store, store.brand), ["SHIPPING"])
    work.append(STORE, store.id, decide_shipping(store, command.rates, at=clock.now()), tenant=store.id)


HANDLERS: UnboundHandlers = {SetShipping: set_shipping}
"""Each command and its handler."""
