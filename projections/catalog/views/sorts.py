"""The sort orders of lists."""

from enum import StrEnum


class StoreSort(StrEnum):
    """The sort orders of lists of stores."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    NAME = "NAME"


class MediaSort(StrEnum):
    """The sort orders of lists of media files."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"


class ProductSort(StrEnum):
    """The sort orders of product lists; equal products are sorted by id."""

    NEWEST = "NEWEST"
    PRICE_LOW = "PRICE_LOW"
    PRICE_HIGH = "PRICE_HIGH"
    TITLE = "TITLE"
    SCORE = "SCORE"
    """The best winning score first, products without a score last."""
    RELEVANCE = "RELEVANCE"
    """The best match of a search first; without a search, by score."""
