"""Numbers of a store for its merchant: sales by day, and what waits for a decision."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

import strawberry

from domain.generation.events import JobStatus
from domain.kernel import InvalidInput
from domain.money import Money
from gateway.graphql.context import ReadContext
from gateway.graphql.types.money import MoneyType
from projections.catalog.queries.counts import CatalogTasks
from projections.catalog.views import StoreView
from projections.sales.statistics import SalesDay as SalesDayView
from projections.sales.statistics import SalesSpan, SalesTasks, summed

DAYS_MOST = 366


@strawberry.type(description="A store's sales on one day.")
class SalesDay:
    day: date = strawberry.field(description="In the store's time zone.")
    orders_placed: int
    orders_paid: int = strawberry.field(description="Payments of orders on this day.")
    revenue: Decimal = strawberry.field(description="What these payments brought, tax and delivery included.")
    revenue_money: MoneyType
    refunds: Decimal = strawberry.field(description="What went back to shoppers on this day.")
    refunds_money: MoneyType

    @classmethod
    def of(cls, view: SalesDayView, currency: str) -> Self:
        return cls(
            day=view.day,
            orders_placed=view.placed,
            orders_paid=view.paid,
            **_amounts(currency, revenue=view.revenue, refunds=view.refunds),
        )


@strawberry.type(description="A store's sales over some days of its time zone.")
class SalesReport:
    first_day: date
    last_day: date
    time_zone: str
    currency: str
    orders_placed: int
    orders_paid: int
    revenue: Decimal = strawberry.field(description="What payments brought, tax and delivery included.")
    revenue_money: MoneyType
    refunds: Decimal
    refunds_money: MoneyType
    platform_fees: Decimal = strawberry.field(description="What the platform kept, less what it gave back.")
    platform_fees_money: MoneyType
    conversion: float | None = strawberry.field(
        description="The share of the orders placed in this time that were paid, from 0 to 1. Null without orders."
    )
    visits: int = strawberry.field(
        description="Pages of the shop that a browser opened from outside it: from a link, a search, a bookmark. Robots "
        "and browsers that do not say where they come from are left out. Storefronts do not follow their visitors, so one "
        "person who comes twice is two visits."
    )
    visit_conversion: float | None = strawberry.field(
        description="Orders paid for each counted visit of this time, from 0 to 1. Orders of browsers whose visits are not "
        "counted are in it, so the true share is lower or equal. Null without visits, and if more orders were paid than visits "
        "were counted: then it is not a share."
    )
    days: list[SalesDay] = strawberry.field(description="Every day, the first day first.")

    @classmethod
    def of(cls, days: Sequence[SalesDayView], *, time_zone: str, currency: str) -> Self:
        sums = summed(days)
        return cls(
            first_day=days[0].day,
            last_day=days[-1].day,
            time_zone=time_zone,
            currency=currency,
            orders_placed=sums.placed,
            orders_paid=sums.paid,
            **_amounts(currency, revenue=sums.revenue, refunds=sums.refunds, platform_fees=sums.platform_fees),
            conversion=sums.placed_and_paid / sums.placed if sums.placed else None,
            visits=sums.visits,
            visit_conversion=sums.paid / sums.visits if sums.visits and sums.paid <= sums.visits else None,
            days=[SalesDay.of(day, currency) for day in days],
        )


def _amounts(currency: str, **minor: int) -> dict[str, Any]:
    """Return the fields of some amounts in minor units."""
    amounts = {name: Money(minor=each, currency=currency) for name, each in minor.items()}
    money = {f"{name}_money": MoneyType.of(amount) for name, amount in amounts.items()}
    return {name: amount.decimal for name, amount in amounts.items()} | money


async def sales_report(
    reading: ReadContext, store: StoreView, first: date | None, last: date | None, days: int
) -> SalesReport | None:
    """Return a store's sales over some days. None before the store has a currency.

    Args:
        reading: the read context.
        store: the store.
        first: the first day; None for ``days`` days.
        last: the last day; None for the day that is read.
        days: how many days, if no first day is given.

    Raises:
        InvalidInput: the days are in the wrong order, or too many.
    """
    if last is None:
        last = reading.now.astimezone(ZoneInfo(store.time_zone)).date()
    if first is None:
        if not 1 <= days <= DAYS_MOST:
            raise InvalidInput("days", f"Invalid number {days}. Use 1 to {DAYS_MOST} days.")
        first = last - timedelta(days=days - 1)
    if first > last:
        raise InvalidInput("firstDay", f"{first} is after the last day, {last}. Use an earlier day.")
    if (last - first).days >= DAYS_MOST or not 1970 <= first.year <= last.year < 9999:
        raise InvalidInput(
            "firstDay", f"{first} to {last} is too long. Use at most {DAYS_MOST} days between 1970 and 9998."
        )
    if store.currency is None:
        return None
    span = SalesSpan(store_id=store.id, first=first, last=last, time_zone=store.time_zone, currency=store.currency)
    return SalesReport.of(await reading.loaders.sales.load(span), time_zone=store.time_zone, currency=store.currency)


@strawberry.enum(
    description="What waits for a store's merchant. GENERATION: the newest generation failed or asks something. "
    "DISPUTES: open ones without evidence. ORDERS_TO_DECIDE: a return, a held order, a failed order at a supplier. "
    "REFUNDS_OWED: a withdrawal, a return or a cancellation whose money is not on its way back. "
    "REFUNDS_OVERDUE: the payment provider has not said for five days how a refund ended."
)
class TaskKind(StrEnum):
    GENERATION = "GENERATION"
    DISPUTES = "DISPUTES"
    ORDERS_TO_DECIDE = "ORDERS_TO_DECIDE"
    REFUNDS_OWED = "REFUNDS_OWED"
    REFUNDS_OVERDUE = "REFUNDS_OVERDUE"
    ORDERS_TO_SHIP = "ORDERS_TO_SHIP"
    IMAGES_TO_REVIEW = "IMAGES_TO_REVIEW"
    PRODUCTS_OUT_OF_STOCK = "PRODUCTS_OUT_OF_STOCK"
    APPROVAL = "APPROVAL"


SENTENCES = {
    TaskKind.GENERATION: ("The generation needs you.", "{n} generations need you."),
    TaskKind.DISPUTES: ("1 dispute needs evidence.", "{n} disputes need evidence."),
    TaskKind.ORDERS_TO_DECIDE: ("1 order waits for your decision.", "{n} orders wait for your decision."),
    TaskKind.REFUNDS_OWED: ("1 order waits to be refunded.", "{n} orders wait to be refunded."),
    TaskKind.REFUNDS_OVERDUE: (
        "1 order has a refund without an answer for five days.",
        "{n} orders have refunds without an answer for five days.",
    ),
    TaskKind.ORDERS_TO_SHIP: ("1 paid order waits to be shipped.", "{n} paid orders wait to be shipped."),
    TaskKind.IMAGES_TO_REVIEW: ("1 photo waits for your choice.", "{n} photos wait for your choice."),
    TaskKind.PRODUCTS_OUT_OF_STOCK: ("1 product is out of stock.", "{n} products are out of stock."),
    TaskKind.APPROVAL: ("The store waits for your review.", "{n} stores wait for your review."),
}
"""The sentence for one, and for several."""


@strawberry.type(description="Something in a store that waits for its merchant.")
class StoreTask:
    kind: TaskKind
    count: int
    message: str

    @classmethod
    def of(cls, kind: TaskKind, count: int) -> Self:
        one, several = SENTENCES[kind]
        return cls(kind=kind, count=count, message=one if count == 1 else several.format(n=f"{count:,}"))


def tasks_of(
    sales: SalesTasks, catalog: CatalogTasks, generation: JobStatus | None, *, to_approve: bool
) -> list[StoreTask]:
    """Return what waits in a store, the most urgent first."""
    counts = {
        TaskKind.GENERATION: int(generation in {JobStatus.FAILED, JobStatus.NEEDS_ATTENTION}),
        TaskKind.DISPUTES: sales.to_answer,
        TaskKind.ORDERS_TO_DECIDE: sales.to_decide,
        TaskKind.REFUNDS_OWED: sales.to_pay_back,
        TaskKind.REFUNDS_OVERDUE: sales.to_clear,
        TaskKind.ORDERS_TO_SHIP: sales.to_ship,
        TaskKind.IMAGES_TO_REVIEW: catalog.images_to_review,
        TaskKind.PRODUCTS_OUT_OF_STOCK: catalog.out_of_stock,
        TaskKind.APPROVAL: int(to_approve),
    }
    return [StoreTask.of(kind, count) for kind, count in counts.items() if count]
