"""Whose rows a query may return. Every query takes a scope; rows outside it do not exist for the caller.

A scope has no default, so that leaving it out is a type error and never means everybody's rows.
"""

from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from projections.reading.conditions import Conditions

__all__ = ["SYSTEM", "MerchantScope", "Scope", "ShopperScope", "SystemScope", "owned", "restrict"]


@dataclass(frozen=True, slots=True)
class MerchantScope:
    """What one person sees: what belongs to them, and the stores in which they have a role."""

    merchant_id: UUID
    shared: tuple[UUID, ...] = ()
    """Stores of other merchants in which the person has a role."""


@dataclass(frozen=True, slots=True)
class ShopperScope:
    """What one store shows to its shoppers; statuses and order ownership are the storefront's to check."""

    store_id: UUID


@dataclass(frozen=True, slots=True)
class SystemScope:
    """Everything: for schedules, operators and requests that have yet to be matched to a store."""


SYSTEM = SystemScope()

Scope = MerchantScope | ShopperScope | SystemScope


def owned(store: str, *, owners: str, id: str) -> str:
    """Return the condition that a merchant owns a store; ``{}`` stands for the merchant's id.

    It only checks the rows that other conditions find, which a join would be a way to find.

    Args:
        store: SQL expression of the store's id.
        owners: the table of stores, with a column ``merchant_id``.
        id: its column with the store's id.
    """
    return f"(select owning.merchant_id from {owners} owning where owning.{id} = {store}) = {{}}"  # noqa: S608  # names only


def restrict(
    where: Conditions, scope: Scope, *, merchant: str, store: str | None, team: str | None = None
) -> Conditions:
    """Add the condition that keeps a query within a scope.

    Args:
        where: the query's conditions.
        scope: whose rows.
        merchant: the condition for a merchant; ``{}`` stands for the merchant's id.
        store: the column with the store's id; None if shoppers see nothing of this table.
        team: the same for people with a role in the store; None if the table is about a merchant and not a store.
    """
    match scope:
        case MerchantScope(merchant_id, shared):
            if shared and team is not None:
                return where.add(f"({merchant} or {team} = any({{}}))", merchant_id, list(shared))
            return where.add(merchant, merchant_id)
        case ShopperScope(store_id):
            if store is None:
                return where.add("false")
            # No index can serve this condition, so it only checks the rows that other conditions find. PostgreSQL expects
            # an average number of rows of a store: it would read all of a large one to find three images of a product.
            return where.add(f"{store} is not distinct from {{}}", store_id)
        case SystemScope():
            return where
        case _:
            assert_never(scope)
