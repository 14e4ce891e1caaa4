"""What the plans of merchants allow their agents to use."""

from uuid import UUID

from consumers.ports import Aggregates
from domain.kernel import Clock, NotFound
from domain.subscription.aggregate import SUBSCRIPTION, Subscription, subscription_of
from domain.subscription.entitlement import entitlement
from domain.subscription.plans import Plans
from infra.adapters.postgres.model_budget import UNLIMITED, Allowance, Limit

MICRODOLLARS_OF_A_CENT = 10_000


class PlanAllowances:
    """Implements :class:`infra.adapters.postgres.model_budget.Allowances` from the plans that the platform sells."""

    def __init__(self, aggregates: Aggregates, plans: Plans, clock: Clock) -> None:
        self._aggregates, self._plans, self._clock = aggregates, plans, clock

    async def of(self, merchant_id: UUID) -> Allowance:
        subscription: Subscription | None
        try:
            subscription = await self._aggregates.get(SUBSCRIPTION, subscription_of(merchant_id))
        except NotFound:
            subscription = None
        budgets = entitlement(subscription, self._plans, now=self._clock.now()).plan.budgets

        def limit(period: str) -> Limit:
            def most(what: str) -> int:
                return budgets.get(f"{what}_per_{period}", UNLIMITED)

            cents = most("cents")
            return Limit(
                tokens=most("tokens"),
                cost=cents if cents == UNLIMITED else cents * MICRODOLLARS_OF_A_CENT,
                supplier_calls=most("supplier_calls"),
                image_seconds=most("image_seconds"),
            )

        return Allowance(limit("generation"), limit("month"))
