"""Disputes of a store, how many of its payments are disputed, and a merchant's payouts."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus
from domain.payout.aggregate import PayoutStatus
from projections.reading.paging import Conditions, Reader
from projections.reading.scope import Scope, restrict
from projections.sales.views import DisputeView, PayoutView

DISPUTE_LINE_BASIS_POINTS = 75
"""Card networks watch a merchant above .75 percent of disputed payments."""
_OWNED = "d.store_id in (select w.store_id from store_owners w where w.merchant_id = {})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeRate:
    """How many payments of a time are disputed."""

    payments: int
    disputed: int
    """Inquiries do not count."""

    @property
    def basis_points(self) -> int:
        """Disputed payments of 10,000, rounded down; 0 without payments."""
        return self.disputed * 10_000 // self.payments if self.payments else 0

    @property
    def is_over_line(self) -> bool:
        """Whether the rate is above the line of the card networks."""
        return self.disputed * 10_000 > DISPUTE_LINE_BASIS_POINTS * self.payments


async def disputes_of_store(db: Reader, store_id: UUID, *, scope: Scope, limit: int = 200) -> tuple[DisputeView, ...]:
    """Return a store's disputes, the newest first; shoppers see none."""
    where = Conditions().add("d.store_id = {}", store_id)
    return await _disputes(db, where, scope=scope, limit=limit)


async def disputes_of_orders(
    db: Reader, order_ids: Collection[UUID], *, scope: Scope
) -> Mapping[UUID, tuple[DisputeView, ...]]:
    """Return orders' disputes, the newest first; shoppers see none."""
    where = Conditions().add("d.order_id = any({})", list(order_ids))
    found: dict[UUID, tuple[DisputeView, ...]] = {}
    for view in await _disputes(db, where, scope=scope, limit=None):
        found[view.order_id] = (*found.get(view.order_id, ()), view)
    return found


async def _disputes(db: Reader, where: Conditions, *, scope: Scope, limit: int | None) -> tuple[DisputeView, ...]:
    where = restrict(where, scope, merchant=_OWNED, store=None)
    most = "" if limit is None else f" limit {int(limit)}"
    records = await db.fetch(
        "select d.dispute_id, d.order_id, d.intent_id, d.amount_minor, d.currency, d.reason, d.status, d.evidence_due, "
        f"d.opened_at, d.closed_at from disputes d where {where.sql} order by d.opened_at desc, d.dispute_id{most}",
        *where.arguments,
    )
    return tuple(
        DisputeView(
            dispute_id=record["dispute_id"],
            order_id=record["order_id"],
            intent_id=record["intent_id"],
            amount=Money(minor=record["amount_minor"], currency=record["currency"]),
            reason=record["reason"],
            status=DisputeStatus(record["status"]),
            evidence_due=record["evidence_due"],
            opened_at=record["opened_at"],
            closed_at=record["closed_at"],
        )
        for record in records
    )


async def dispute_rate(db: Reader, store_id: UUID, since: datetime, *, scope: Scope) -> DisputeRate:
    """Return how many of a store's payments since a time are disputed."""
    where = Conditions().add("o.store_id = {}", store_id).add("o.paid_at >= {}", since)
    where = restrict(where, scope, merchant=_OWNED.replace("d.store_id", "o.store_id"), store=None)
    (record,) = await db.fetch(
        "select count(*) as payments, count(*) filter (where o.dispute_count > 0 and exists (select from disputes d "
        "where d.order_id = o.id and d.status not in ('INQUIRY', 'INQUIRY_UNDER_REVIEW', 'CLOSED'))) as disputed "
        f"from orders o where {where.sql}",
        *where.arguments,
    )
    return DisputeRate(payments=record["payments"], disputed=record["disputed"])


async def payouts_of_merchant(
    db: Reader, merchant_id: UUID, *, scope: Scope, limit: int = 100
) -> tuple[PayoutView, ...]:
    """Return a merchant's payouts, the newest first; shoppers see none."""
    where = restrict(
        Conditions().add("p.merchant_id = {}", merchant_id), scope, merchant="p.merchant_id = {}", store=None
    )
    records = await db.fetch(
        "select p.payout_id, p.amount_minor, p.currency, p.status, p.arrival_on, p.reason, p.at from payouts p "
        f"where {where.sql} order by p.at desc, p.id desc limit {int(limit)}",
        *where.arguments,
    )
    return tuple(
        PayoutView(
            payout_id=record["payout_id"],
            amount=Money(minor=record["amount_minor"], currency=record["currency"]),
            status=PayoutStatus(record["status"]),
            arrival_on=record["arrival_on"],
            reason=record["reason"],
            at=record["at"],
        )
        for record in records
    )
