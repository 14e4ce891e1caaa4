"""The command for a store's taxes."""

from dataclasses import dataclass
from uuid import UUID

from commands.access import store_of_merchant
from commands.ports import UnboundHandlers, Work
from domain.editing import Seen, refuse_overwriting
from domain.kernel import Clock
from domain.store.aggregate import STORE
from domain.store.revision import store_parts
from domain.store.settings import set_taxes
from domain.store.taxes import TaxSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTaxes:
    """Decide how a store's taxes are known."""

    store_id: UUID
    merchant_id: UUID
    taxes: TaxSettings
    seen: Seen = None


async def set_taxes_of_store(command: SetTaxes, work: Work, *, clock: Clock) -> None:
    """Append ``TaxesSet``. No-op if it is decided so.

    Raises:
        InvalidInput: names the field.
        NotFound: the merchant has no such store.
        ChangedMeanwhile: the taxes are not those that the editor saw.
        StoreNotReady: the store is archived.
    """
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    refuse_overwriting(command.seen, store_parts(store, store.brand), ["TAXES"])
    work.append(STORE, store.id, set_taxes(store, command.taxes, at=clock.now()), tenant=store.id)


HANDLERS: UnboundHandlers = {SetTaxes: set_taxes_of_store}
"""Each command and its handler."""
