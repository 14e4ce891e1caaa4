"""Refusals because of a plan."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from domain.kernel import DomainError
from domain.subscription.plans import Limit

_WHAT: Mapping[Limit, tuple[str, str]] = {
    Limit.STORES: ("store", "stores"),
    Limit.PRODUCTS: ("product in a store", "products in a store"),
    Limit.GENERATIONS: ("generation a month", "generations a month"),
    Limit.TEAM_MEMBERS: ("team member", "team members"),
}
"""One of each, and several."""
_OTHERWISE: Mapping[Limit, str] = {
    Limit.STORES: "archive a store",
    Limit.PRODUCTS: "archive products of this store",
    Limit.GENERATIONS: "wait for the next month",
    Limit.TEAM_MEMBERS: "remove a member",
}


class PlanLimitReached(DomainError):
    """The merchant's plan allows no more of something."""

    code: ClassVar[str] = "PLAN_LIMIT_REACHED"

    def __init__(self, limit: Limit, *, plan: str, used: int, most: int, asked: int = 1) -> None:
        more = "one more" if asked == 1 else f"{asked} more"
        super().__init__(
            f"Your plan {plan} has {most} {_WHAT[limit][most != 1]}, you use {used}, and this needs {more}. "
            f"Choose a larger plan (openPlanCheckout), or {_OTHERWISE[limit]}."
        )
        self.limit, self.used, self.most = limit, used, most


class PlanSuspended(DomainError):
    """The plan is not paid, and the days of grace are over."""

    code: ClassVar[str] = "PLAN_SUSPENDED"

    def __init__(self, plan: str, *, failed_on: date, grace_ended_on: date, shops_stay_until: date) -> None:
        super().__init__(
            f"Your plan {plan} has not been paid since {failed_on:%Y-%m-%d}, and its grace ended on "
            f"{grace_ended_on:%Y-%m-%d}. Pay it (openPlanPortal) to make new stores, or a store again. Your published "
            f"stores stay online until {shops_stay_until:%Y-%m-%d} at least."
        )


class PlansNotSold(DomainError):
    """This platform sells no plans."""

    code: ClassVar[str] = "PLANS_NOT_SOLD"

    def __init__(self) -> None:
        super().__init__("This platform sells no plans, so nothing limits you. There is nothing to choose or pay.")


class PlanNotForSale(DomainError):
    """The plan cannot be bought."""

    code: ClassVar[str] = "PLAN_NOT_FOR_SALE"
    field = "plan"

    def __init__(self, plan: str, sold: str) -> None:
        super().__init__(f"plan {plan!r} cannot be bought. Use one of: {sold}.")


class AlreadySubscribed(DomainError):
    """The merchant has a subscription; another checkout would charge twice."""

    code: ClassVar[str] = "ALREADY_SUBSCRIBED"

    def __init__(self, plan: str) -> None:
        super().__init__(f"You have the plan {plan} already. Change, pay or cancel it with openPlanPortal.")


class NotSubscribed(DomainError):
    """The merchant has no subscription to manage."""

    code: ClassVar[str] = "NOT_SUBSCRIBED"

    def __init__(self) -> None:
        super().__init__("You have no subscription yet. Choose a plan with openPlanCheckout.")
