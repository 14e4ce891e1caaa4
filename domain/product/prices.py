"""A product's price history, which proves a former price."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.money import Money

FORMER_WITHIN = timedelta(days=30)
"""A former price is the lowest price in this time before a reduction. The product must have been on sale all that time
(Directive 98/6/EC, Article 6a)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePeriod:
    """A price and the time from which it applies."""

    since: datetime
    price: Money


def lowest_before(
    prices: Sequence[PricePeriod], price: Money, at: datetime, *, on_sale_since: datetime | None
) -> Money | None:
    """Return the lowest price of the 30 days before ``price`` began; None if it was not on sale all that time.

    ``price`` begins ``at`` unless it is the current price.
    """
    begun = prices[-1].since if prices and price == prices[-1].price else at
    if on_sale_since is None or begun - on_sale_since < FORMER_WITHIN:
        return None
    before = [period for period in prices if period.since < begun]
    return min((period.price for period in _within(before, begun)), key=lambda price: price.minor, default=None)


def with_price(prices: tuple[PricePeriod, ...], now: PricePeriod) -> tuple[PricePeriod, ...]:
    """Return the history with a new price, without the periods that can prove nothing any more."""
    if prices and prices[-1].price == now.price:
        return prices
    return (*_within(prices, now.since), now)


def _within(prices: Sequence[PricePeriod], end: datetime) -> Sequence[PricePeriod]:
    """Return the prices that applied at some time in the 30 days before ``end``; all of them began before it."""
    earlier = sum(period.since <= end - FORMER_WITHIN for period in prices)
    return prices[max(0, earlier - 1) :]
