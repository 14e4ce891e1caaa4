"""The margin rule: what a listing sells for. Pure, and in whole minor units throughout."""

from dataclasses import dataclass

from domain.money import CURRENCIES, Money, exponent
from domain.sourcing.listing import Listing

MINIMUM_MARGIN = 2_500
"""Basis points of the price that must be left after cost and shipping; a listing that cannot keep it is left alone."""

MARKUP: tuple[tuple[int | None, int], ...] = (
    (10, 28_000),
    (40, 22_000),
    (120, 17_500),
    (None, 14_500),
)
"""Marginal tiers: up to how many major units of landed cost, and the price in basis points of that part.

Marginal as income tax is, so that a dearer thing never sells for less than a cheaper one.
"""

UNDERCUT = 9_200
"""Basis points of the market's price that are asked at most, where that leaves the minimum margin."""

DEAREST = 1_000_000_000
"""Minor units beyond which a supplier's amount is taken for a slip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What a listing will sell for."""

    price: Money
    landed: Money
    """What one piece costs us, shipping included."""

    @property
    def margin(self) -> int:
        """What is left of the price, in basis points of it."""
        return 10_000 * (self.price.minor - self.landed.minor) // self.price.minor


def price_listing(listing: Listing) -> Pricing | None:
    """Return what a listing sells for, or None where no price leaves the minimum margin or an amount makes no sense.

    The price is for ``listing.cost``, which is the cheapest variant's; dearer variants are marked up alike. Amounts in
    several currencies cannot be priced: there is no exchange rate here.
    """
    cost, shipping, market = listing.cost, listing.shipping_cost, listing.market_price
    if cost.minor <= 0 or shipping.minor < 0 or cost.currency not in CURRENCIES:
        return None
    amounts = [cost, shipping, *(variant.cost for variant in listing.variants), *([] if market is None else [market])]
    if any(amount.currency != cost.currency or amount.minor > DEAREST for amount in amounts):
        return None
    landed = cost + shipping
    least = -(-landed.minor * 10_000 // (10_000 - MINIMUM_MARGIN))
    most = None if market is None else market.minor
    if most is not None and most < least:
        return None
    target = _mark_up(landed)
    if most is not None:
        target = min(target, most * UNDERCUT // 10_000)
    price = Money(
        minor=charming(max(target, least), least=least, most=most, major=_major(cost.currency)), currency=cost.currency
    )
    return Pricing(price=price, landed=landed)


def price_variant(listing: Listing, price: Money, cost: Money) -> Money:
    """Return what a variant sells for: marked up like the listing and rounded like its price.

    What costs us more never sells for less.

    Args:
        listing: whose variant it is.
        price: what the listing sells for.
        cost: what the variant costs us, before shipping.
    """
    difference = cost - listing.cost
    if difference.minor == 0 or listing.cost.minor <= 0:
        return price + difference
    target = price + difference.basis_points(price.minor * 10_000 // listing.cost.minor)
    landed = cost + listing.shipping_cost
    least = -(-landed.minor * 10_000 // (10_000 - MINIMUM_MARGIN))
    most = None
    if difference.minor > 0:
        least = max(least, price.minor)
    else:
        most = price.minor
        least = min(least, most)
    minor = charming(max(target.minor, least), least=least, most=most, major=_major(price.currency))
    return Money(minor=minor, currency=price.currency)


def charming(target: int, *, least: int, most: int | None, major: int = 100) -> int:
    """Return the amount nearest to ``target`` that looks like a price, within bounds; ``target`` where none fits.

    Below 20 prices end in .99, below 100 in .95, above in whole amounts that end in 9.

    Args:
        target: minor units, within the bounds.
        least: the lowest price allowed.
        most: the highest price allowed; None: no limit.
        major: minor units in one major unit.
    """
    near = range(target // major - 11, target // major + 13)
    endings = (
        *(whole * major - major // 100 for whole in near if whole <= 20),
        *(whole * major - major // 20 for whole in near if 20 < whole <= 100),
        *(whole * major for whole in near if whole > 100 and whole % 10 == 9),
    )
    allowed = [ending for ending in endings if ending >= max(1, least) and (most is None or ending <= most)]
    return min(allowed, key=lambda ending: (abs(ending - target), ending), default=target)


def _mark_up(landed: Money) -> int:
    major = _major(landed.currency)
    points, below = 0, 0
    for top, markup in MARKUP:
        end = landed.minor if top is None else min(landed.minor, top * major)
        points += max(0, end - below) * markup
        below = max(below, end)
    return points // 10_000


def _major(currency: str) -> int:
    """Return how many minor units the tiers and endings count as one; a hundred yen stand for a dollar."""
    return int(10 ** (exponent(currency) or 2))
