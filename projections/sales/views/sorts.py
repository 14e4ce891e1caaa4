"""The sort orders of lists."""

from enum import StrEnum


class OrderSort(StrEnum):
    """The sort orders of lists of orders."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    TOTAL_HIGH = "TOTAL_HIGH"
    """One currency after the other, the highest total of each first."""
    TOTAL_LOW = "TOTAL_LOW"
    """One currency after the other, the lowest total of each first."""


class DiscountSort(StrEnum):
    """The sort orders of lists of discount codes."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    CODE = "CODE"
    MOST_USED = "MOST_USED"
    """By the orders that used it."""


class DisputeSort(StrEnum):
    """The sort orders of lists of disputes."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    DUE_FIRST = "DUE_FIRST"
    """The nearest deadline for evidence first, disputes without one last."""
    AMOUNT_HIGH = "AMOUNT_HIGH"
    """One currency after the other, the largest amount of each first."""
    AMOUNT_LOW = "AMOUNT_LOW"
    """One currency after the other, the smallest amount of each first."""


class PayoutSort(StrEnum):
    """The sort orders of lists of payouts."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    AMOUNT_HIGH = "AMOUNT_HIGH"
    """One currency after the other, the largest amount of each first."""
    AMOUNT_LOW = "AMOUNT_LOW"
    """One currency after the other, the smallest amount of each first."""


class RejectedWebhookSort(StrEnum):
    """The sort orders of lists of rejected webhooks."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
