"""What queries of the catalog return, by subject. Import the views from here.

All frozen. Times are in UTC; money is in the product's currency; a missing value is None, never an empty string.
"""

from projections.catalog.views.media import (
    FINISHED,
    ImageReview,
    ImageState,
    ImageView,
    MediaAssetView,
    RenditionView,
    StudioNotes,
    largest,
)
from projections.catalog.views.products import (
    ON_SALE,
    CategoryCount,
    CopyNotes,
    ProductFilter,
    ProductView,
    Source,
    VariantView,
)
from projections.catalog.views.sorts import MediaSort, ProductSort, StoreSort
from projections.catalog.views.stores import (
    BrandResult,
    CategoryTextView,
    CollectionView,
    DomainView,
    PageVersionView,
    PageView,
    ScoutingResult,
    StoreView,
)

__all__ = [
    "FINISHED",
    "ON_SALE",
    "BrandResult",
    "CategoryCount",
    "CategoryTextView",
    "CollectionView",
    "CopyNotes",
    "DomainView",
    "ImageReview",
    "ImageState",
    "ImageView",
    "MediaAssetView",
    "MediaSort",
    "PageVersionView",
    "PageView",
    "ProductFilter",
    "ProductSort",
    "ProductView",
    "RenditionView",
    "ScoutingResult",
    "Source",
    "StoreSort",
    "StoreView",
    "StudioNotes",
    "VariantView",
    "largest",
]
