"""Plans as data: their prices and limits, and the terms that all share."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any

from domain.money import CURRENCIES, Money

DEFAULT = Path(__file__).with_name("plans.toml")
"""The plans that ship with the platform."""


class Limit(StrEnum):
    """What a plan limits."""

    STORES = "STORES"
    """Stores that are not archived."""
    PRODUCTS = "PRODUCTS"
    """Products of one store that are not archived."""
    GENERATIONS = "GENERATIONS"
    """Stores that are made, or made again for another niche, in a calendar month (UTC)."""
    TEAM_MEMBERS = "TEAM_MEMBERS"
    """People who share the merchant's account, the owner included."""


NAMES: Mapping[Limit, str] = {
    Limit.STORES: "stores",
    Limit.PRODUCTS: "products_per_store",
    Limit.GENERATIONS: "generations_per_month",
    Limit.TEAM_MEMBERS: "team_members",
}
"""The name of each limit in a file of plans."""


BUDGETS = tuple(
    f"{what}_per_{period}"
    for what in ("tokens", "cents", "supplier_calls", "image_seconds")
    for period in ("generation", "month")
)
"""What the work of agents may use: names in a file of plans. Cents are of a US dollar, for language models."""


class BadPlans(ValueError):
    """A file of plans makes no sense. The message names the key, its value and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan."""

    id: str
    name: str
    price: Money | None
    """The price of a month; None if it costs nothing."""
    stripe_price: str | None
    """The id of the price at Stripe."""
    limits: Mapping[Limit, int] = field(default_factory=dict)
    """A limit that is not here does not exist."""
    budgets: Mapping[str, int] = field(default_factory=dict)
    """By a name of ``BUDGETS``; one that is not here does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """The plans that a platform sells, with their terms."""

    by_id: Mapping[str, Plan]
    trial_plan: str
    trial: timedelta
    free_plan: str
    grace: timedelta
    """How long nothing changes after a failed payment."""
    shops_stay: timedelta
    """How long published stores stay online at least, after that."""

    def plan(self, id: str) -> Plan:
        """Return a plan; the free one if it is not sold any more."""
        return self.by_id.get(id) or self.by_id[self.free_plan]

    def of_price(self, stripe_price: str) -> Plan | None:
        """Return the plan of a price at Stripe; None if no plan has it."""
        return next((plan for plan in self.by_id.values() if plan.stripe_price == stripe_price), None)


def read_plans(text: str) -> Plans:
    """Return the plans of a TOML document.

    Raises:
        BadPlans: it makes no sense.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadPlans(f"is not a TOML document: {error}") from error
    terms = document.get("terms", {})
    plans = [_plan(each) for each in document.get("plans", [])]
    by_id = {plan.id: plan for plan in plans}
    if len(by_id) != len(plans):
        raise BadPlans("has two plans with the same id. Give each its own.")
    for key in ("trial_plan", "free_plan"):
        if terms.get(key) not in by_id:
            raise BadPlans(f"has terms.{key} {terms.get(key)!r}, which is not a plan. Use one of: {', '.join(by_id)}.")
    return Plans(
        by_id=by_id,
        trial_plan=terms["trial_plan"],
        trial=_days(terms, "trial_days"),
        free_plan=terms["free_plan"],
        grace=_days(terms, "grace_days"),
        shops_stay=_days(terms, "shops_stay_days"),
    )


def _plan(table: Mapping[str, Any]) -> Plan:
    id = table.get("id")
    if not isinstance(id, str) or not id:
        raise BadPlans(f"has a plan with the id {id!r}. Use a short text.")
    limits = table.get("limits", {})
    unknown = sorted(set(limits) - set(NAMES.values()))
    if unknown:
        raise BadPlans(f"has the unknown limit {unknown[0]!r} in {id}. Use one of: {', '.join(NAMES.values())}.")
    budgets = table.get("budgets", {})
    strange = sorted(set(budgets) - set(BUDGETS))
    if strange:
        raise BadPlans(f"has the unknown budget {strange[0]!r} in {id}. Use one of: {', '.join(BUDGETS)}.")
    known = {limit: _count(limits, name, f"{id}.limits") for limit, name in NAMES.items() if name in limits}
    return Plan(
        id=id,
        name=str(table.get("name") or id),
        price=_price(id, table),
        stripe_price=table.get("stripe_price") or None,
        limits=known,
        budgets={name: _count(budgets, name, f"{id}.budgets") for name in budgets},
    )


def _price(id: str, table: Mapping[str, Any]) -> Money | None:
    if "price" not in table:
        return None
    price, currency = table["price"], table.get("currency")
    if currency not in CURRENCIES:
        raise BadPlans(f"has the currency {currency!r} in {id}. Use an ISO 4217 code such as USD.")
    try:
        return Money.parse(Decimal(str(price)), str(currency))
    except (InvalidOperation, ValueError) as error:
        raise BadPlans(f'has the price {price!r} in {id}. Write it like "29.00".') from error


def _days(table: Mapping[str, Any], key: str) -> timedelta:
    return timedelta(days=_count(table, key, "terms"))


def _count(table: Mapping[str, Any], key: str, where: str) -> int:
    value = table.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadPlans(f"has {where}.{key} {value!r}. Use a whole number, 0 or more.")
    return value
