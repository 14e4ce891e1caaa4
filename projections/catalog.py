"""The catalogue read model: stores, pages, products, variants and media assets.

What it tells is in ``catalog_views``, how to ask in ``catalog_queries``, its rows in ``catalog_tables``.
"""

from projections.catalog_products import PRODUCT_FOLDS
from projections.catalog_stores import STORE_FOLDS
from projections.catalog_tables import TABLES, CatalogRows
from projections.tables import ReadModel

MODEL = ReadModel("catalog", 3, CatalogRows, TABLES, (STORE_FOLDS, PRODUCT_FOLDS))
"""The read model."""
