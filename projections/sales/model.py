"""The sales read model: orders, their lines and shortfalls, unmatched payments, discount codes, stock notices and webhooks.

Shoppers' names and addresses stay sealed in it.
"""

from projections.engine.tables import ReadModel
from projections.sales.fold.discounts import DISCOUNT_FOLDS
from projections.sales.fold.money import MONEY_FOLDS
from projections.sales.fold.orders import FOLDS
from projections.sales.fold.parcels import PARCEL_FOLDS
from projections.sales.fold.refunds import REFUND_FOLDS
from projections.sales.fold.returns import RETURN_FOLDS
from projections.sales.fold.sourcing import SOURCING_FOLDS
from projections.sales.fold.stock_notices import STOCK_NOTICE_FOLDS
from projections.sales.rows import TABLES, SalesRows

_FOLDS = (
    FOLDS,
    REFUND_FOLDS,
    DISCOUNT_FOLDS,
    PARCEL_FOLDS,
    MONEY_FOLDS,
    RETURN_FOLDS,
    SOURCING_FOLDS,
    STOCK_NOTICE_FOLDS,
)

MODEL = ReadModel("sales", 21, SalesRows, TABLES, _FOLDS)
"""The read model."""
