"""The rows of merchants' plans say what the aggregate says."""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from uuid import UUID

from domain.subscription.aggregate import SUBSCRIPTION, Contract, Subscription, end_grace, record_report, start_trial
from domain.subscription.entitlement import Usage, count_usage, give_back, use
from domain.subscription.errors import PlanLimitReached
from domain.subscription.events import SubscriptionEvent
from domain.subscription.plans import Limit
from projections.merchants import model as merchants
from projections.merchants.tables import MerchantsRows
from tests.unit.domain.test_subscription import (
    ACTIVE,
    AGAIN,
    AT,
    CANCELLED,
    CHANGED,
    ENDED,
    FAILED,
    MERCHANT,
    PAID,
    PLANS,
    RESUMED,
)
from tests.unit.projections.test_folds import as_read

REPORTS = (ACTIVE, FAILED, PAID, CANCELLED, RESUMED, CHANGED, ENDED, AGAIN)
SHOP = str(UUID(int=5))


class Life:
    """A merchant's plan from its first event."""

    def __init__(self) -> None:
        self.state: Subscription | None = None
        self.log: list[SubscriptionEvent] = []

    def add(self, events: Sequence[SubscriptionEvent]) -> None:
        self.log.extend(events)
        self.state = SUBSCRIPTION.fold(events, self.state)

    def play(self, chance: Random) -> Subscription:
        """Let reports and uses follow each other at random."""
        before = Usage(stores=chance.randrange(3), products={UUID(int=5): 2, UUID(int=6): 0})
        if chance.random() < 0.8:
            self.add(count_usage(self.state, MERCHANT, before, at=AT))
            self.add(start_trial(self.state, MERCHANT, PLANS, at=AT))
        for each in chance.sample(REPORTS, 6):
            self.add(record_report(self.state, MERCHANT, each, PLANS, at=AT))
            assert self.state is not None
            self.add(end_grace(self.state, at=AT + timedelta(days=50)))
            for limit, scope in ((Limit.STORES, ""), (Limit.PRODUCTS, SHOP), (Limit.GENERATIONS, "2026-11")):
                count = chance.randrange(1, 4)
                try:
                    self.add(use(self.state, MERCHANT, limit, PLANS, scope=scope, count=count, at=AT))
                except PlanLimitReached:
                    self.add(give_back(self.state, limit, scope=scope, count=2, at=AT))
        assert self.state is not None
        return self.state


def test_rows_of_plans_agree_with_the_aggregate() -> None:
    chance = Random(1)
    for _ in range(200):
        life = Life()
        state = life.play(chance)
        read = [(each[0], MERCHANT) for each in as_read(life.log)]
        _agree(state, merchants.MODEL.fold(merchants.MODEL.empty(), read))


def _agree(state: Subscription, rows: MerchantsRows) -> None:
    fields = [each.name for each in dataclasses.fields(Contract)]
    assert {id: [getattr(row, name) for name in fields] for id, row in rows.plan_contracts.items()} == {
        id: [getattr(contract, name) for name in fields] for id, contract in state.contracts.items()
    }
    assert {row.key: row.used for row in rows.plan_usage.values()} == dict(state.used)
    account = rows.plan_accounts.get(MERCHANT)
    assert (account is not None and account.counted, account and account.trial_ends_at) == (
        state.counted,
        account and state.trial_ends_at,
    )
