"""Disputes of a store, how many of its payments are disputed, and a merchant's payouts."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeStatus, EvidenceStatus
from domain.payout.aggregate import PayoutStatus
from domain.privacy import Sealed
from projections.reading.columns import grouped, whole_rows
from projections.reading.conditions import Conditions
from projections.reading.cursors import Order
from projections.reading.paging import Reader, Slice, Window, paginate
from projections.reading.scope import Scope, restrict
from projections.sales.scoped import of_store, within
from projections.sales.tables.money import AMOUNT_KEY, EVIDENCE_DUE_KEY
from projections.sales.views import DisputeSort, DisputeView, EvidenceFileView, PayoutSort, PayoutView

_FILES = TypeAdapter(tuple[EvidenceFileView, ...])
DISPUTE_LINE_BASIS_POINTS = 75
"""Stripe calls more than .75 percent of disputed payments excessive, and card networks watch such merchants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeRate:
    """How many payments of a time are disputed."""

    payments: int
    disputed: int
    """Inquiries do not count."""

    @property
    def basis_points(self) -> int:
        """Disputed payments of 10,000; 0 without payments.

        Rounded up, so that it is above the line exactly if the rate is.
        """
        return -(-self.disputed * 10_000 // self.payments) if self.payments else 0

    @property
    def is_over_line(self) -> bool:
        """Whether the rate is above the line of the card networks."""
        return self.basis_points > DISPUTE_LINE_BASIS_POINTS


async def disputes_of_store(
    db: Reader,
    store_id: UUID,
    window: Window,
    *,
    scope: Scope,
    statuses: Collection[DisputeStatus] = (),
    sort: DisputeSort = DisputeSort.NEWEST,
) -> Slice[DisputeView]:
    """Return a page of a store's disputes; shoppers see none.

    Args:
        db: the database.
        store_id: the store.
        window: the page.
        scope: whose rows may be returned.
        statuses: only disputes in one of these; empty means any.
        sort: the order of the list.

    Raises:
        InvalidInput: the window or a cursor is invalid.
    """
    where = of_store(scope, "d.store_id", store_id, shoppers=False)
    if statuses:
        where.add("d.status = any({})", list(statuses))
    return await paginate(
        db,
        selection=_DISPUTES,
        table="disputes d",
        where=where,
        order=DISPUTE_ORDERS[sort],
        window=window,
        id="d.dispute_id",
    )


async def disputes_of_orders(
    db: Reader, order_ids: Collection[UUID], *, scope: Scope
) -> Mapping[UUID, tuple[DisputeView, ...]]:
    """Return orders' disputes, the newest first; shoppers see none. Each id is a key."""
    where = within(scope, Conditions().add("d.order_id = any({})", list(order_ids)), "d.store_id", shoppers=False)
    records = await db.fetch(
        f"select {_DISPUTES.sql} from disputes d where {where.sql} order by d.opened_at desc, d.dispute_id desc",
        *where.arguments,
    )
    return grouped(map(_dispute, records), order_ids, by=lambda dispute: dispute.order_id)


async def disputes_by_ids(db: Reader, ids: Collection[str], *, scope: Scope) -> dict[str, DisputeView]:
    """Return the disputes with these ids of the provider; unknown ids are left out; shoppers see none."""
    where = within(scope, Conditions().add("d.dispute_id = any({})", list(ids)), "d.store_id", shoppers=False)
    records = await db.fetch(f"select {_DISPUTES.sql} from disputes d where {where.sql}", *where.arguments)
    return {record["dispute_id"]: _dispute(record) for record in records}


async def payouts_by_ids(db: Reader, ids: Collection[str], *, scope: Scope) -> dict[str, PayoutView]:
    """Return the payouts with these ids of the provider; unknown ids are left out; shoppers see none."""
    where = restrict(
        Conditions().add("p.payout_id = any({})", list(ids)), scope, merchant="p.merchant_id = {}", store=None
    )
    records = await db.fetch(f"select {_PAYOUTS.sql} from payouts p where {where.sql}", *where.arguments)
    return {record["payout_id"]: _payout(record) for record in records}


def _dispute(record: Any) -> DisputeView:
    moved = record["money_currency"]
    return DisputeView(
        dispute_id=record["dispute_id"],
        order_id=record["order_id"],
        intent_id=record["intent_id"],
        amount=Money(minor=record["amount_minor"], currency=record["currency"]),
        reason=record["reason"],
        status=DisputeStatus(record["status"]),
        evidence_due=record["evidence_due"],
        opened_at=record["opened_at"],
        closed_at=record["closed_at"],
        taken=None if moved is None else Money(minor=record["taken_minor"], currency=moved),
        fee=None if moved is None else Money(minor=record["fee_minor"], currency=moved),
        evidence_status=EvidenceStatus(record["evidence_status"]),
        evidence_edition=record["evidence_edition"],
        evidence_edits=_sealed(record["evidence_edits"]),
        evidence=_sealed(record["evidence"]),
        evidence_at=record["evidence_at"],
        evidence_refusal=record["evidence_refusal"],
        evidence_files=_FILES.validate_json(record["evidence_files"]),
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
    db: Reader,
    merchant_id: UUID,
    window: Window,
    *,
    scope: Scope,
    statuses: Collection[PayoutStatus] = (),
    sort: PayoutSort = PayoutSort.NEWEST,
) -> Slice[PayoutView]:
    """Return a page of a merchant's payouts; shoppers see none.

    Args:
        db: the database.
        merchant_id: the merchant.
        window: the page.
        scope: whose rows may be returned.
        statuses: only payouts in one of these; empty means any.
        sort: the order of the list.

    Raises:
        InvalidInput: the window or a cursor is invalid.
    """
    where = restrict(
        Conditions().add("p.merchant_id = {}", merchant_id), scope, merchant="p.merchant_id = {}", store=None
    )
    if statuses:
        where.add("p.status = any({})", list(statuses))
    return await paginate(
        db,
        selection=_PAYOUTS,
        table="payouts p",
        where=where,
        order=PAYOUT_ORDERS[sort],
        window=window,
        id="p.id",
    )


def _payout(record: Any) -> PayoutView:
    return PayoutView(
        payout_id=record["payout_id"],
        amount=Money(minor=record["amount_minor"], currency=record["currency"]),
        status=PayoutStatus(record["status"]),
        arrival_on=record["arrival_on"],
        reason=record["reason"],
        at=record["at"],
    )


_DISPUTES = whole_rows(
    "d",
    (
        *("dispute_id", "order_id", "intent_id", "amount_minor", "currency", "reason", "status"),
        *(
            "evidence_due",
            "opened_at",
            "closed_at",
            "taken_minor",
            "fee_minor",
            "money_currency",
            "evidence_status",
            "evidence_edition",
        ),
        *("evidence_edits", "evidence", "evidence_at", "evidence_refusal", "evidence_files"),
    ),
    _dispute,
)
_PAYOUTS = whole_rows("p", ("payout_id", "amount_minor", "currency", "status", "arrival_on", "reason", "at"), _payout)
_NEWEST_DISPUTES = Order(name="disputes", key="d.opened_at", type="timestamptz", descending=True, id_type="text")
_NEWEST_PAYOUTS = Order(name="payouts", key="p.at", type="timestamptz", descending=True)
_SMALLEST_DISPUTES = Order(name="disputes-amount-low", key=AMOUNT_KEY, type="text", id_type="text")
_SMALLEST_PAYOUTS = Order(name="payouts-amount-low", key=AMOUNT_KEY, type="text")
DISPUTE_ORDERS = {
    DisputeSort.NEWEST: _NEWEST_DISPUTES,
    DisputeSort.OLDEST: _NEWEST_DISPUTES.reverse("disputes-oldest"),
    DisputeSort.DUE_FIRST: Order(name="disputes-due", key=EVIDENCE_DUE_KEY, type="timestamptz", id_type="text"),
    DisputeSort.AMOUNT_LOW: _SMALLEST_DISPUTES,
    DisputeSort.AMOUNT_HIGH: _SMALLEST_DISPUTES.reverse("disputes-amount-high"),
}
PAYOUT_ORDERS = {
    PayoutSort.NEWEST: _NEWEST_PAYOUTS,
    PayoutSort.OLDEST: _NEWEST_PAYOUTS.reverse("payouts-oldest"),
    PayoutSort.AMOUNT_LOW: _SMALLEST_PAYOUTS,
    PayoutSort.AMOUNT_HIGH: _SMALLEST_PAYOUTS.reverse("payouts-amount-high"),
}
