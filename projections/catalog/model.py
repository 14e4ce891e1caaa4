"""The catalog read model: stores, pages, products, variants, images and media assets."""

from projections.catalog.fold.domains import DOMAIN_FOLDS
from projections.catalog.fold.media import MEDIA_FOLDS
from projections.catalog.fold.presentation import PRESENTATION_FOLDS
from projections.catalog.fold.products import PRODUCT_FOLDS
from projections.catalog.fold.stores import STORE_FOLDS
from projections.catalog.rows import TABLES, CatalogRows
from projections.engine.tables import ReadModel

MODEL = ReadModel(
    "catalog", 17, CatalogRows, TABLES, (STORE_FOLDS, DOMAIN_FOLDS, PRESENTATION_FOLDS, PRODUCT_FOLDS, MEDIA_FOLDS)
)
"""The read model."""
