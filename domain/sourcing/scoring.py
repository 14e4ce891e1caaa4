"""The winning score of a listing: how likely it is to sell, and what it leaves. Pure."""

import math
from collections.abc import Mapping

from domain.product.events import WinningScore
from domain.sourcing.fit import Fit
from domain.sourcing.landed import Destination
from domain.sourcing.listing import Listing
from domain.sourcing.pricing import Pricing

NEUTRAL = 0.5
"""A term's value if the supplier does not say."""

WEIGHTS: Mapping[str, float] = {
    "reviews": 0.25,
    "orders": 0.20,
    "margin": 0.20,
    "shipping": 0.15,
    "image_quality": 0.10,
    "price_point": 0.10,
}
"""Each term's weight: buyers' opinions and orders first, then margin and delivery."""

USUAL_STARS = 4.25
"""The rating that a listing without reviews is assumed to have."""
USUAL_REVIEWS = 10
"""Number of reviews that this assumption weighs as much as."""
STARS_DEVIATION = 0.96
"""Standard deviation of single reviews, in stars."""
CONFIDENCE = 1.645
"""Standard errors below the estimate, for a lower bound that holds in 95 of 100 cases."""
MANY_ORDERS = 10_000
"""Number of orders at the end of the scale."""
SWEET_SPOT = (15.0, 90.0)
"""Prices of impulse purchases that leave a margin, in major units."""
FAST_DAYS, SLOW_DAYS = 5, 30
GOOD_EDGE = 1_000
"""Pixels on the shorter side of a good picture."""
GOOD_IMAGES = 4
LOW_MARGIN, HIGH_MARGIN = 2_500, 7_000
"""Margins in basis points at which the scale begins and ends."""


def winning_score(
    listing: Listing, pricing: Pricing, *, fit: Fit | None = None, destination: Destination | None = None
) -> WinningScore:
    """Return a listing's score, every term from 0 to 1 (see :data:`WEIGHTS`), with its fit and landed cost beside it."""
    terms = {
        "reviews": review_score(listing.rating, listing.review_count),
        "orders": order_score(listing.order_count),
        "price_point": price_point_score(float(pricing.price.decimal)),
        "shipping": shipping_score(listing, pricing),
        "image_quality": image_score(listing),
        "margin": margin_score(listing, pricing),
    }
    total = sum(WEIGHTS[name] * value for name, value in terms.items())
    return WinningScore(
        total=round(total, 4),
        **{name: round(value, 4) for name, value in terms.items()},
        fit=None if fit is None else fit.value,
        fit_terms=[] if fit is None else list(fit.terms),
        destination=None if destination is None else destination.country,
        landed_cost=None if destination is None else pricing.landed,
        duty=pricing.duty,
    )


def review_score(rating: float | None, count: int) -> float:
    """Return the lower bound of the true rating (2.5 stars are 0, 5 are 1); about neutral without reviews.

    The estimate is shrunk towards the usual rating (a Bayesian mean), then lowered by its uncertainty. So a few perfect
    reviews count less than many very good ones.
    """
    known = 0 if rating is None else max(0, count)
    reviews = USUAL_REVIEWS + known
    estimate = (USUAL_REVIEWS * USUAL_STARS + known * (rating or 0.0)) / reviews
    return _clip((estimate - CONFIDENCE * STARS_DEVIATION / math.sqrt(reviews) - 2.5) / 2.5)


def order_score(count: int | None) -> float:
    """Return orders on a logarithmic scale: from 10 to 100 is the same step as from 100 to 1,000."""
    return NEUTRAL if count is None else _clip(math.log1p(max(0, count)) / math.log1p(MANY_ORDERS))


def price_point_score(price: float) -> float:
    """Return 1 within ``SWEET_SPOT``, less with every doubling below or above it."""
    low, high = SWEET_SPOT
    if price <= 0:
        return 0.0
    away = math.log2(low / price) / 2 if price < low else math.log2(price / high) / 4 if price > high else 0.0
    return _clip(1 - away)


def shipping_score(listing: Listing, pricing: Pricing | None = None) -> float:
    """Return 0.7 times the speed of delivery plus 0.3 times the smallness of freight and duty in the landed cost."""
    days = _clip((SLOW_DAYS - sum(listing.shipping_days) / 2) / (SLOW_DAYS - FAST_DAYS))
    on_top = listing.shipping_cost.minor + (0 if pricing is None or pricing.duty is None else pricing.duty.minor)
    landed = listing.cost.minor + on_top
    share = on_top / landed if landed > 0 else 0.0
    return 0.7 * days + 0.3 * _clip(1 - 2 * share)


def image_score(listing: Listing) -> float:
    """Return 0.6 times the size of the pictures plus 0.4 times their number."""
    count = _clip(len(listing.image_urls) / GOOD_IMAGES)
    if not listing.image_sizes:
        return 0.6 * NEUTRAL + 0.4 * count
    edges = [min(size) for size in listing.image_sizes]
    return 0.6 * _clip((edges[0] + max(edges)) / 2 / GOOD_EDGE) + 0.4 * count


def margin_score(listing: Listing, pricing: Pricing) -> float:
    """Return the margin at the market price; neutral if the supplier names no market price."""
    if listing.market_price is None or listing.market_price.minor <= 0:
        return NEUTRAL
    left = 10_000 * (listing.market_price.minor - pricing.landed.minor) / listing.market_price.minor
    return _clip((left - LOW_MARGIN) / (HIGH_MARGIN - LOW_MARGIN))


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))
