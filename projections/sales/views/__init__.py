"""What queries of the sales read model return, by subject. All frozen, times in UTC. Import the views from here."""

from projections.sales.views.after_sale import (
    ParcelView,
    RefundView,
    ReturnView,
    SubstituteView,
    SupplierOrderView,
    WithdrawalView,
)
from projections.sales.views.disputes import DisputeView, EvidenceFileView
from projections.sales.views.orders import OrderLineView, OrderMailView, OrderView, UnmatchedPaymentView
from projections.sales.views.sorts import DiscountSort, DisputeSort, OrderSort, PayoutSort, RejectedWebhookSort
from projections.sales.views.trade import DiscountView, PayoutView, RejectedWebhookView, StockNoticeView

__all__ = [
    "DiscountSort",
    "DiscountView",
    "DisputeSort",
    "DisputeView",
    "EvidenceFileView",
    "OrderLineView",
    "OrderMailView",
    "OrderSort",
    "OrderView",
    "ParcelView",
    "PayoutSort",
    "PayoutView",
    "RefundView",
    "RejectedWebhookSort",
    "RejectedWebhookView",
    "ReturnView",
    "StockNoticeView",
    "SubstituteView",
    "SupplierOrderView",
    "UnmatchedPaymentView",
    "WithdrawalView",
]
