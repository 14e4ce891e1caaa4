"""What a merchant sets for a store besides its pages and rates."""

from collections.abc import Sequence
from datetime import datetime

from domain.kernel import next_header
from domain.store.aggregate import Store
from domain.store.events import ReturnPolicySet, StoreEvent, SupplierOrderingSet, TaxesSet
from domain.store.return_policy import ReturnPolicy, checked_policy
from domain.store.taxes import TaxSettings, checked_taxes


def set_return_policy(store: Store, policy: ReturnPolicy, *, at: datetime) -> Sequence[StoreEvent]:
    """Set a store's rules for returns. No-op if they are set so.

    Raises:
        InvalidInput: names the field.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("edited")
    policy = checked_policy(policy)
    return () if policy == store.returns else (ReturnPolicySet(**next_header(store, at), policy=policy),)


def set_taxes(store: Store, taxes: TaxSettings, *, at: datetime) -> Sequence[StoreEvent]:
    """Decide how a store's taxes are known. No-op if it is decided so.

    Raises:
        InvalidInput: names the field.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("edited")
    taxes = checked_taxes(taxes)
    return () if taxes == store.taxes else (TaxesSet(**next_header(store, at), taxes=taxes),)


def set_supplier_ordering(store: Store, *, enabled: bool, at: datetime) -> Sequence[StoreEvent]:
    """Decide whether paid orders are placed at suppliers without asking. No-op if it is decided so.

    Raises:
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("edited")
    if enabled == store.orders_at_suppliers:
        return ()
    return (SupplierOrderingSet(**next_header(store, at), enabled=enabled),)
