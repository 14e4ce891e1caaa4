"""The margin rule: a listing's selling price. Pure, in integer minor units.

The landed cost is price, freight and customs duty. Price and freight are marked up; the duty is passed on as it is. The
minimum margin is what stays after all three.
"""

from dataclasses import dataclass

from domain.money import CURRENCIES, Money, exponent
from domain.sourcing.landed import Destination, customs_duty
from domain.sourcing.listing import Listing

MINIMUM_MARGIN = 2_500
"""Minimum margin after cost and shipping, in basis points of the price. Listings below it are not sold."""

MARKUP: tuple[tuple[int | None, int], ...] = (
    (10, 28_000),
    (40, 22_000),
    (120, 17_500),
    (None, 14_500),
)
"""Marginal tiers: the upper end of landed cost in major units, and the price in basis points of the part below it.

The tiers are marginal, as in income tax, so that a thing with higher cost never sells for less.
"""

UNDERCUT = 9_200
"""Highest price in basis points of the market price, if that leaves the minimum margin."""

DEAREST = 1_000_000_000
"""Largest credible amount of a supplier, in minor units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """A listing's selling price and cost."""

    price: Money
    landed: Money
    """The cost of one piece at the shopper's door: price, freight and duty."""
    duty: Money | None
    """The customs duty in ``landed``; None if it is unknown for the destination, and ``landed`` then has none."""

    @property
    def margin(self) -> int:
        """The margin in basis points of the price."""
        return 10_000 * (self.price.minor - self.landed.minor) // self.price.minor


def price_listing(listing: Listing, destination: Destination | None = None) -> Pricing | None:
    """Return a listing's price; None if no price leaves the minimum margin or an amount makes no sense.

    The price belongs to ``listing.cost``, the cheapest variant's; other variants have the same markup. Amounts in several
    currencies cannot be priced, because there is no exchange rate. Without a destination there is no duty.
    """
    cost, shipping, market = listing.cost, listing.shipping_cost, listing.market_price
    if cost.minor <= 0 or shipping.minor < 0 or cost.currency not in CURRENCIES:
        return None
    amounts = [cost, shipping, *(variant.cost for variant in listing.variants), *([] if market is None else [market])]
    if any(amount.currency != cost.currency or amount.minor > DEAREST for amount in amounts):
        return None
    known_duty = None if destination is None else customs_duty(cost, destination)
    duty = known_duty or Money.zero(cost.currency)
    landed = cost + shipping + duty
    least = -(-landed.minor * 10_000 // (10_000 - MINIMUM_MARGIN))
    most = None if market is None else market.minor
    if most is not None and most < least:
        return None
    target = _mark_up(cost + shipping) + duty.minor
    if most is not None:
        target = min(target, most * UNDERCUT // 10_000)
    price = Money(
        minor=charming(max(target, least), least=least, most=most, major=_major(cost.currency)), currency=cost.currency
    )
    return Pricing(price=price, landed=landed, duty=known_duty)


def price_variant(listing: Listing, price: Money, cost: Money, *, duty: Money | None = None) -> Money:
    """Return a variant's price, with the listing's markup and rounding. A higher cost never gives a lower price.

    Args:
        listing: the variant's listing.
        price: the listing's price.
        cost: the variant's cost before shipping.
        duty: the customs duty on one piece; None if there is none.
    """
    difference = cost - listing.cost
    if difference.minor == 0 or listing.cost.minor <= 0:
        return price + difference
    target = price + difference.basis_points(price.minor * 10_000 // listing.cost.minor)
    landed = cost + listing.shipping_cost
    if duty is not None:
        landed += duty
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
    """Return the charm price nearest to ``target`` within the bounds.

    Charm prices end in .99 up to 20 and in .95 up to 100; above, they are whole amounts that end in 9. If no charm price is
    within the bounds, the result is a price that ends in 9, or ``target`` if no such price is within them either.

    Args:
        target: minor units, within the bounds.
        least: the lowest price allowed.
        most: the highest price allowed; None if unlimited.
        major: minor units in one major unit.
    """
    near = range(target // major - 11, target // major + 13)
    endings = (
        *(whole * major - major // 100 for whole in near if whole <= 20),
        *(whole * major - major // 20 for whole in near if 20 < whole <= 100),
        *(whole * major for whole in near if whole > 100 and whole % 10 == 9),
    )
    plainer = (
        ending + major // 10 - major // 100
        for ending in range(target - target % (major // 10) - major // 10, target + major // 5, major // 10)
    )
    for candidates in (endings, plainer):
        allowed = [ending for ending in candidates if ending >= max(1, least) and (most is None or ending <= most)]
        if allowed:
            return min(allowed, key=lambda ending: (abs(ending - target), ending))
    return target


def _mark_up(landed: Money) -> int:
    major = _major(landed.currency)
    points, below = 0, 0
    for top, markup in MARKUP:
        end = landed.minor if top is None else min(landed.minor, top * major)
        points += max(0, end - below) * markup
        below = max(below, end)
    return points // 10_000


def _major(currency: str) -> int:
    """Return the minor units in one unit of tiers and price endings; without decimals it is 100, as 100 yen."""
    return int(10 ** (exponent(currency) or 2))
