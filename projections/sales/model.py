"""The sales read model: orders, their lines and shortfalls, unmatched payments and rejected webhooks.

Shoppers' names and addresses stay sealed in it.
"""

from projections.engine.tables import ReadModel
from projections.sales.fold import FOLDS
from projections.sales.tables import TABLES, SalesRows

MODEL = ReadModel("sales", 5, SalesRows, TABLES, (FOLDS,))
"""The read model."""
