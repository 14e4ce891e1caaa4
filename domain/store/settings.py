"""What a merchant sets for a store besides its brand and pages."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import available_timezones

from domain.kernel import InvalidInput, next_header
from domain.nearest import nearest
from domain.shipping.rates import ShippingRates, checked_rates
from domain.store.aggregate import Store
from domain.store.events import (
    CurrencyChosen,
    DeliveryPromised,
    ReturnPolicySet,
    ShippingRatesSet,
    StoreEvent,
    SupplierOrderingSet,
    TaxesSet,
)
from domain.store.return_policy import ReturnPolicy, checked_policy
from domain.store.taxes import TaxSettings, checked_taxes

PROMISE_MOST = 120
"""The longest delivery time that a store can promise, in calendar days."""


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


def choose_currency(store: Store, currency: str, *, existing: str | None, at: datetime) -> Sequence[StoreEvent]:
    """Record the store's currency with its first product. No-op if it has this currency.

    Args:
        store: the store.
        currency: the currency of a new product.
        existing: the currency of existing products, for a store that is older than this rule; None without products.
        at: the time of the decision.

    Raises:
        InvalidInput: the store sells in another currency.
    """
    known = store.currency or existing or currency
    if known != currency:
        raise InvalidInput("currency", f"This store sells in {known}, not in {currency}. Give the prices in {known}.")
    return () if store.currency else (CurrencyChosen(**next_header(store, at), currency=currency),)


def promise_delivery(store: Store, days: int, *, time_zone: str, at: datetime) -> Sequence[StoreEvent]:
    """Set the longest delivery time and the time zone of dates. No-op if both are set so.

    Raises:
        InvalidInput: the days are out of range, or the time zone is unknown.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("edited")
    if not 1 <= days <= PROMISE_MOST:
        raise InvalidInput("days", f"days cannot be {days}. Use 1 to {PROMISE_MOST} calendar days.")
    if time_zone not in available_timezones():
        raise InvalidInput(
            "time_zone",
            f"Invalid timeZone {time_zone[:60]!r}. Use an IANA name such as "
            f"{nearest(time_zone[:60], available_timezones()) or 'Europe/Berlin'}.",
        )
    if (days, time_zone) == (store.delivery_promise_days, store.time_zone):
        return ()
    return (DeliveryPromised(**next_header(store, at), days=days, time_zone=time_zone),)


def set_shipping(store: Store, rates: ShippingRates, *, at: datetime) -> Sequence[StoreEvent]:
    """Set where the store delivers and for how much. No-op if it is set so.

    Raises:
        InvalidInput: names the field.
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("edited")
    rates = checked_rates(rates, currency=store.currency)
    return () if rates == store.shipping else (ShippingRatesSet(**next_header(store, at), rates=rates),)
