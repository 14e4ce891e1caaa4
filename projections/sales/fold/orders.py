"""How events change the rows of the sales read model."""

from datetime import UTC, date, datetime
from uuid import UUID

from domain.inbox.events import WebhookRejected
from domain.mail.events import MailRefused, MailSent
from domain.money import Money, within_range
from domain.order.after_sale.events import RefundFailed, RefundSucceeded
from domain.order.events import (
    OrderCancelled,
    OrderDelivered,
    OrderPaid,
    OrderPlaced,
    OrderStatus,
    PaymentFailed,
    PaymentSessionOpened,
    PaymentUnmatched,
)
from domain.order.status import order_status
from domain.product.events import StockShort
from domain.store.events import StoreRequested
from domain.store.taxes import OrderTax, TaxKind
from projections.engine.tables import Folds, as_json, of_tenant
from projections.engine.tally import add
from projections.sales.fold.given_back import state_duties
from projections.sales.fold.ledger import balances_of, post
from projections.sales.fold.periods import PeriodKey, count, period_of_order, periods_at, periods_of
from projections.sales.rows import SalesRows
from projections.sales.tables.orders import (
    KEPT,
    KEPT_TO_SHIP,
    WITHDRAWN,
    WITHDRAWN_TO_SHIP,
    OrderCountsRow,
    OrderLineRow,
    OrderMailRow,
    OrderRow,
    PaidDayRow,
    RejectedWebhookRow,
    ShortfallRow,
    StoreOwnerRow,
    UnmatchedPaymentRow,
)

FOLDS: Folds[SalesRows] = Folds()


def restate(rows: SalesRows, order: OrderRow, tenant: UUID, at: datetime) -> None:
    """Derive from an order's other columns its status, whether the shop sends it, and whether it owes a refund.

    The event touches the ``order_counts`` of its store.
    """
    before = (order.status, _label(order))
    order.status = order_status(
        paid_minor=order.paid_minor,
        refunded_minor=order.refunded_minor,
        cancelled=order.cancelled_at is not None,
        items=order.items - order.unsent_items,
        shipped_items=order.shipped_items,
    )
    if order.status is OrderStatus.FULFILLED and order.fulfilled_at is None:
        order.fulfilled_at = at
    state_duties(order)
    order.updated_at = at
    mark_attention(order)
    after = (order.status, _label(order))
    if after != before:
        _count(rows, tenant, (*before, -1), (*after, 1))


def mark_attention(order: OrderRow) -> None:
    """Derive from an order's other columns whether it waits for a decision of the merchant."""
    troubled = order.hold is not None or order.failed_supplier_orders > 0
    order.attention = order.returns_to_decide > 0 or (order.to_ship and troubled)


def _label(order: OrderRow) -> str:
    if order.withdrawn_at is None:
        return KEPT_TO_SHIP if order.to_ship else KEPT
    return WITHDRAWN_TO_SHIP if order.to_ship else WITHDRAWN


def _count(rows: SalesRows, tenant: UUID, *changes: tuple[str, str, int]) -> None:
    """Change the counts of a store by numbers of orders with a status and a label."""
    row = rows.order_counts.get(tenant)
    if row is None:
        row = rows.order_counts[tenant] = OrderCountsRow(store_id=tenant, counts={})
    for status, label, number in changes:
        add(row.counts, status, label, number)


def mark_withdrawn(rows: SalesRows, order: OrderRow, tenant: UUID, at: datetime) -> None:
    """Mark an order as one that a consumer withdrew from. The event touches the ``order_counts`` of its store."""
    before = (order.status, _label(order))
    order.withdrawn_at = order.updated_at = at
    _count(rows, tenant, (*before, -1), (order.status, _label(order), 1))


@FOLDS.on(StoreRequested)
def store_requested(rows: SalesRows, event: StoreRequested, _: UUID) -> None:
    rows.store_owners[event.originator_id] = StoreOwnerRow(event.originator_id, event.merchant_id)


def _placed_in(event: OrderPlaced, tenant: UUID) -> frozenset[PeriodKey]:
    return frozenset(periods_at(tenant, event.occurred_at, event.total.currency))


@FOLDS.on(OrderPlaced, order_counts=of_tenant, sales_periods=_placed_in)
def order_placed(rows: SalesRows, event: OrderPlaced, tenant: UUID) -> None:
    id = event.originator_id
    rows.orders[id] = OrderRow(
        id=id,
        store_id=event.store_id,
        number=event.number,
        status=OrderStatus.PENDING,
        currency=event.total.currency,
        subtotal_minor=event.subtotal.minor,
        shipping_minor=event.shipping.minor,
        tax_minor=event.tax.minor,
        taxes=None if event.taxes is None else as_json(event.taxes),
        total_minor=event.total.minor,
        items=sum(line.quantity for line in event.lines),
        shopper_id=event.shopper_id,
        shopper_name=as_json(event.shopper_name),
        shopper_email=as_json(event.shopper_email),
        shipping_address=as_json(event.shipping_address),
        provider=None,
        session_id=None,
        page_account_id=None,
        intent_id=None,
        paid_minor=None,
        platform_fee_minor=None,
        refunded_minor=0,
        refund_count=0,
        payment_failure=None,
        cancel_reason=None,
        carrier=None,
        tracking_number=None,
        shipped_items=0,
        unsent_items=0,
        parcel_count=0,
        dispute_count=0,
        return_count=0,
        returns_to_decide=0,
        hold=None,
        sourcing=None,
        substitute_count=0,
        supplier_order_count=0,
        failed_supplier_orders=0,
        attention=False,
        to_ship=False,
        refund_owed_since=None,
        given_back=None,
        return_days=event.return_days,
        store_name=event.store_name,
        arrival=None if event.arrival is None else as_json(event.arrival),
        pages=as_json(event.pages),
        shipping_zone=event.shipping_zone,
        discount=None if event.discount is None else as_json(event.discount),
        placed_at=event.occurred_at,
        paid_at=None,
        fulfilled_at=None,
        cancelled_at=None,
        delivered_on=None,
        withdrawn_at=None,
        updated_at=event.occurred_at,
    )
    _count(rows, tenant, (OrderStatus.PENDING, KEPT, 1))
    count(rows, _placed_in(event, tenant), {"placed": 1})
    for position, line in enumerate(event.lines):
        rows.order_lines[id, position] = OrderLineRow(
            order_id=id,
            position=position,
            product_id=line.product_id,
            variant_id=line.variant_id,
            title=line.title,
            variant_title=line.variant_title,
            quantity=line.quantity,
            unit_price_minor=line.unit_price.minor,
            currency=line.unit_price.currency,
        )


def _state_tax(order: OrderRow, tax: Money) -> None:
    """Write the tax that is known from the payment on."""
    taxes = OrderTax.model_validate_json(order.taxes or "{}")
    if taxes.kind is TaxKind.ADDED_AT_PAYMENT:
        order.tax_minor = within_range(tax.minor)
        order.total_minor = order.paid_minor or order.total_minor
    order.taxes = as_json(taxes.model_copy(update={"amount": Money(minor=tax.minor, currency=tax.currency)}))


@FOLDS.on(PaymentSessionOpened, orders="originator_id")
def payment_session_opened(rows: SalesRows, event: PaymentSessionOpened, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.provider, order.session_id, order.updated_at = event.provider, event.session_id, event.occurred_at
    order.page_account_id = event.account_id


def payment_key(event: OrderPaid | RefundSucceeded | RefundFailed, _: UUID) -> tuple[UUID, str]:
    """Return the key of the payment that an event is about."""
    return event.originator_id, event.intent_id


def _paid_day(event: OrderPaid, tenant: UUID) -> tuple[UUID, date]:
    return tenant, event.occurred_at.astimezone(UTC).date()


@FOLDS.on(
    OrderPaid,
    through={"sales_periods": period_of_order},
    orders="originator_id",
    order_counts=of_tenant,
    paid_days=_paid_day,
    refunded_payments=payment_key,
    ledger_balances=balances_of(OrderPaid),
    sales_periods=periods_of(OrderPaid),
)
def order_paid(rows: SalesRows, event: OrderPaid, tenant: UUID) -> None:
    post(rows, OrderPaid, event, tenant)
    order, at = rows.orders[event.originator_id], event.occurred_at
    order.intent_id, order.payment_failure = event.intent_id, None
    order.paid_minor = within_range(event.amount.minor)
    order.platform_fee_minor = within_range(event.platform_fee.minor)
    if event.tax is not None and order.taxes is not None:
        _state_tax(order, event.tax)
    earlier = rows.refunded_payments.get((event.originator_id, event.intent_id))
    order.refunded_minor = 0 if earlier is None else earlier.refunded_minor
    if order.paid_at is None:
        count(rows, periods_at(tenant, order.placed_at, order.currency), {"placed_and_paid": 1})
    order.paid_at = at
    key = _paid_day(event, tenant)
    if key not in rows.paid_days:
        rows.paid_days[key] = PaidDayRow(*key, orders=0)
    rows.paid_days[key].orders += 1
    restate(rows, order, tenant, at)


@FOLDS.on(PaymentFailed, orders="originator_id")
def payment_failed(rows: SalesRows, event: PaymentFailed, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.payment_failure, order.updated_at = event.reason, event.occurred_at


@FOLDS.on(
    PaymentUnmatched,
    orders="originator_id",
    ledger_balances=balances_of(PaymentUnmatched),
    sales_periods=periods_of(PaymentUnmatched),
)
def payment_unmatched(rows: SalesRows, event: PaymentUnmatched, tenant: UUID) -> None:
    post(rows, PaymentUnmatched, event, tenant)
    rows.orders[event.originator_id].updated_at = event.occurred_at
    rows.unmatched_payments[event.originator_id, event.intent_id] = UnmatchedPaymentRow(
        order_id=event.originator_id,
        intent_id=event.intent_id,
        amount_minor=within_range(event.amount.minor),
        currency=event.amount.currency,
        reason=event.reason,
        at=event.occurred_at,
    )


@FOLDS.on(StockShort)
def stock_short(rows: SalesRows, event: StockShort, _: UUID) -> None:
    if event.order_id is not None:
        rows.shortfalls[event.order_id, event.variant_id] = ShortfallRow(
            order_id=event.order_id,
            variant_id=event.variant_id,
            product_id=event.originator_id,
            missing=event.missing,
            at=event.occurred_at,
        )


@FOLDS.on(OrderCancelled, orders="originator_id", order_counts=of_tenant)
def order_cancelled(rows: SalesRows, event: OrderCancelled, tenant: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.cancel_reason, order.cancelled_at = event.reason, event.occurred_at
    restate(rows, order, tenant, event.occurred_at)


@FOLDS.on(OrderDelivered, orders="originator_id")
def order_delivered(rows: SalesRows, event: OrderDelivered, _: UUID) -> None:
    order = rows.orders[event.originator_id]
    order.delivered_on, order.updated_at = event.delivered_on, event.occurred_at


@FOLDS.on(MailSent)
def mail_sent(rows: SalesRows, event: MailSent, _: UUID) -> None:
    _add_mail(rows, event, refusal=None)


@FOLDS.on(MailRefused)
def mail_refused(rows: SalesRows, event: MailRefused, _: UUID) -> None:
    _add_mail(rows, event, refusal=event.reason)


def _add_mail(rows: SalesRows, event: MailSent | MailRefused, *, refusal: str | None) -> None:
    if event.order_id is not None:
        rows.order_mails[event.originator_id] = OrderMailRow(
            id=event.originator_id, order_id=event.order_id, kind=event.kind, refusal=refusal, at=event.occurred_at
        )


@FOLDS.on(WebhookRejected)
def webhook_rejected(rows: SalesRows, event: WebhookRejected, _: UUID) -> None:
    rows.rejected_webhooks[event.originator_id] = RejectedWebhookRow(
        id=event.originator_id,
        store_id=event.store_id,
        source=event.source,
        external_id=event.external_id,
        type=event.type,
        order_id=event.order_id,
        reason=event.reason,
        at=event.occurred_at,
    )
