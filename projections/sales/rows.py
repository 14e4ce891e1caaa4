"""All rows and tables of the sales read model."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from domain.ledger.postings import Account
from projections.sales.tables.after_sale import (
    PARCELS,
    RETURNS,
    SUBSTITUTES,
    SUPPLIER_ORDERS,
    WITHDRAWALS,
    ParcelRow,
    ReturnRow,
    SubstituteRow,
    SupplierOrderRow,
    WithdrawalRow,
)
from projections.sales.tables.money import (
    DISPUTES,
    LEDGER_BALANCES,
    LEDGER_POSTINGS,
    PAYOUTS,
    REFUNDED_PAYMENTS,
    REFUNDS,
    DisputeRow,
    LedgerBalanceRow,
    LedgerPostingRow,
    PayoutRow,
    RefundedPaymentRow,
    RefundRow,
)
from projections.sales.tables.offers import DISCOUNTS, STOCK_NOTICES, DiscountRow, StockNoticeRow
from projections.sales.tables.orders import (
    ORDER_COUNTS,
    ORDER_LINES,
    ORDER_MAILS,
    ORDERS,
    PAID_DAYS,
    REJECTED_WEBHOOKS,
    SALES_PERIODS,
    SHORTFALLS,
    STORE_OWNERS,
    UNMATCHED_PAYMENTS,
    OrderCountsRow,
    OrderLineRow,
    OrderMailRow,
    OrderRow,
    PaidDayRow,
    RejectedWebhookRow,
    SalesPeriodRow,
    ShortfallRow,
    StoreOwnerRow,
    UnmatchedPaymentRow,
)


@dataclass(slots=True)
class SalesRows:
    """The rows that a batch touches, by table and key."""

    orders: dict[UUID, OrderRow] = field(default_factory=dict)
    order_counts: dict[UUID, OrderCountsRow] = field(default_factory=dict)
    paid_days: dict[tuple[UUID, date], PaidDayRow] = field(default_factory=dict)
    sales_periods: dict[tuple[UUID, int, datetime, str], SalesPeriodRow] = field(default_factory=dict)
    order_lines: dict[tuple[UUID, int], OrderLineRow] = field(default_factory=dict)
    unmatched_payments: dict[tuple[UUID, str], UnmatchedPaymentRow] = field(default_factory=dict)
    refunded_payments: dict[tuple[UUID, str], RefundedPaymentRow] = field(default_factory=dict)
    refunds: dict[tuple[UUID, UUID], RefundRow] = field(default_factory=dict)
    parcels: dict[tuple[UUID, int], ParcelRow] = field(default_factory=dict)
    disputes: dict[tuple[UUID, str], DisputeRow] = field(default_factory=dict)
    payouts: dict[UUID, PayoutRow] = field(default_factory=dict)
    ledger_postings: dict[tuple[UUID, int, int], LedgerPostingRow] = field(default_factory=dict)
    ledger_balances: dict[tuple[UUID, Account, str], LedgerBalanceRow] = field(default_factory=dict)
    withdrawals: dict[tuple[UUID, int], WithdrawalRow] = field(default_factory=dict)
    returns: dict[tuple[UUID, int], ReturnRow] = field(default_factory=dict)
    substitutes: dict[tuple[UUID, int], SubstituteRow] = field(default_factory=dict)
    supplier_orders: dict[tuple[UUID, str], SupplierOrderRow] = field(default_factory=dict)
    order_mails: dict[UUID, OrderMailRow] = field(default_factory=dict)
    rejected_webhooks: dict[UUID, RejectedWebhookRow] = field(default_factory=dict)
    shortfalls: dict[tuple[UUID, UUID], ShortfallRow] = field(default_factory=dict)
    discounts: dict[UUID, DiscountRow] = field(default_factory=dict)
    stock_notices: dict[UUID, StockNoticeRow] = field(default_factory=dict)
    store_owners: dict[UUID, StoreOwnerRow] = field(default_factory=dict)


TABLES = (
    ORDERS,
    ORDER_COUNTS,
    PAID_DAYS,
    SALES_PERIODS,
    ORDER_LINES,
    UNMATCHED_PAYMENTS,
    REFUNDED_PAYMENTS,
    REFUNDS,
    PARCELS,
    DISPUTES,
    PAYOUTS,
    LEDGER_POSTINGS,
    LEDGER_BALANCES,
    WITHDRAWALS,
    RETURNS,
    SUBSTITUTES,
    SUPPLIER_ORDERS,
    ORDER_MAILS,
    REJECTED_WEBHOOKS,
    SHORTFALLS,
    DISCOUNTS,
    STOCK_NOTICES,
    STORE_OWNERS,
)
