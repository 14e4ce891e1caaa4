"""Disputes of a store, how many of its payments are disputed, and a merchant's payouts."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus, EvidenceStatus
from domain.payout.aggregate import PayoutStatus
from domain.privacy import Sealed
from projections.reading.paging import Conditions, Reader
from projections.reading.scope import Scope, restrict
from projections.sales.scoped import of_store, within
from projections.sales.views import DisputeView, PayoutView

DISPUTE_LINE_BASIS_POINTS = 75
"""Card networks watch a merchant above .75 percent of disputed payments."""


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
    where = within(scope, where, "d.store_id", shoppers=False)
    most = "" if limit is None else f" limit {int(limit)}"
    records = await db.fetch(
        "select d.dispute_id, d.order_id, d.intent_id, d.amount_minor, d.currency, d.reason, d.status, d.evidence_due, "
        "d.opened_at, d.closed_at, d.evidence_status, d.evidence_edition, d.evidence_edits, d.evidence, d.evidence_at, "
        f"d.evidence_refusal from disputes d where {where.sql} order by d.opened_at desc, d.dispute_id{most}",
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
            evidence_status=EvidenceStatus(record["evidence_status"]),
            evidence_edition=record["evidence_edition"],
            evidence_edits=_sealed(record["evidence_edits"]),
            evidence=_sealed(record["evidence"]),
            evidence_at=record["evidence_at"],
            evidence_refusal=record["evidence_refusal"],
        )
        for record in records
    )


def _sealed(text: str | None) -> Sealed | None:
    return None if text is None else Sealed.model_validate_json(text)


async def disputes_near_deadline(
    db: Reader, *, after: datetime, before: datetime, opened_before: datetime, scope: Scope, limit: int = 100
) -> tuple[tuple[UUID, str], ...]:
    """Return open disputes without evidence and reminder, as order and dispute, the nearest deadline first.

    Args:
        db: the database.
        after: deadlines before it are over.
        before: deadlines after it are not near.
        opened_before: later disputes are left out, because their first mail has just gone out.
        scope: whose rows may be returned.
        limit: the most disputes.
    """
    where = (
        Conditions()
        .add("d.status in ('INQUIRY', 'NEEDS_RESPONSE') and d.evidence_status in ('NOT_SUBMITTED', 'REFUSED')")
        .add("d.reminded_at is null and d.evidence_due > {}", after)
        .add("d.evidence_due <= {}", before)
        .add("d.opened_at <= {}", opened_before)
    )
    where = within(scope, where, "d.store_id", shoppers=False)
    records = await db.fetch(
        f"select d.order_id, d.dispute_id from disputes d where {where.sql} "
        f"order by d.evidence_due, d.order_id, d.dispute_id limit {int(limit)}",
        *where.arguments,
    )
    return tuple((record["order_id"], record["dispute_id"]) for record in records)


async def dispute_rate(db: Reader, store_id: UUID, since: date, *, scope: Scope) -> DisputeRate:
    """Return how many of a store's payments since the beginning of a day, in UTC, are disputed."""
    paid = of_store(scope, "y.store_id", store_id, shoppers=False).add("y.day >= {}", since)
    payments = await db.fetchval(
        f"select coalesce(sum(y.orders), 0)::bigint from paid_days y where {paid.sql}", *paid.arguments
    )
    begin = datetime.combine(since, time(), UTC)
    where = of_store(scope, "d.store_id", store_id, shoppers=False).add("d.paid_at >= {}", begin)
    disputed = await db.fetchval(
        f"select count(distinct d.order_id) from disputes d where {where.sql} "
        "and d.status not in ('INQUIRY', 'INQUIRY_UNDER_REVIEW', 'CLOSED')",
        *where.arguments,
    )
    return DisputeRate(payments=payments, disputed=disputed)


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
