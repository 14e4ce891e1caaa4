"""The plain line that says what a store sells: kinds of goods, lowest price, delivery. Facts only."""

from collections.abc import Mapping, Sequence

from domain.money import Money
from projections.catalog.views import CategoryCount
from storefront.rendering.delivery import INCLUDED
from storefront.rendering.formatting import days_words, money
from storefront.shelves.grouping import category_name

_KINDS = 3


def offer_line(
    categories: Sequence[CategoryCount],
    lowest: Money | None,
    delivery: tuple[int, int] | None,
    fits: Mapping[str, float] | None = None,
    *,
    shipping: str = INCLUDED,
) -> str | None:
    """Return a line such as ``Mugs, teapots and tea tins, from $12. Delivery included; most parcels take 6–12 days.``, or None.

    Args:
        categories: of the store's products, with their counts.
        lowest: the lowest price; None if nothing is on sale.
        delivery: fewest and most days of most parcels; None if no supplier states them.
        fits: how well the best product of a category fits the niche, 0 to 1; categories that fit best are named.
        shipping: what a delivery costs, in words.

    Returns:
        None if nothing is on sale.
    """
    if lowest is None:
        return None
    fits = fits or {}
    by_count = sorted(categories, key=lambda one: (-round(fits.get(one.category, 0.0), 1), -one.products, one.category))
    names = list(dict.fromkeys(category_name(one.category) for one in by_count if one.category.strip()))
    goods = _listed(names[:_KINDS], more=len(names) > _KINDS) if names else "Everything"
    days = days_words(delivery)
    return f"{goods}, from {_round(lowest)}. {shipping}{f'; most parcels take {days}' if days else ''}."


def _listed(names: Sequence[str], *, more: bool) -> str:
    """Return ``Mugs, teapots and tea tins``; the first name keeps its capital."""
    spoken = [names[0], *(_uncapitalized(name) for name in names[1:])]
    if more:
        return f"{', '.join(spoken)} and more"
    return " and ".join(filter(None, (", ".join(spoken[:-1]), spoken[-1])))


def _uncapitalized(name: str) -> str:
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _round(price: Money) -> str:
    """Return a price without its decimal places if they are all zero: ``$12``."""
    shown = money(price)
    return shown.removesuffix(".00")
