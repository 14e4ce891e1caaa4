"""Listings as suppliers send them: repaired where that is safe, rejected with a reason otherwise. Pure."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import unescape
from typing import Any

from domain.money import CURRENCIES
from domain.sourcing.listing import Listing
from domain.sourcing.pricing import DEAREST
from domain.sourcing.relevance import words
from domain.store.aggregate import PROMISE_DAYS
from domain.text import TITLE_MAX, clean_line

LONGEST_DESCRIPTION = 10_000
"""Characters of a description that are kept."""
LONGEST_CREDIBLE_DAYS = 365
POOR_RATING, POOR_RATING_REVIEWS = 3.5, 5
"""Listings below this many stars from at least this many reviews are rejected."""
PLACEHOLDER_LISTINGS = 4
"""A photo that this many listings with different titles share is a placeholder."""

_HIDDEN = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)|<!--.*?(-->|$)", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<(br|/p|/div|/li|/tr|/h\d)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(#\d+|#x[0-9a-f]+|[a-z]+\d*);", re.IGNORECASE)


class Rejection(StrEnum):
    """Why a listing was not imported."""

    LISTED_TWICE = "LISTED_TWICE"
    NO_TITLE = "NO_TITLE"
    NO_PHOTO = "NO_PHOTO"
    SHARED_PHOTO = "SHARED_PHOTO"
    NO_PRICE = "NO_PRICE"
    SENSELESS_PRICE = "SENSELESS_PRICE"
    NO_DELIVERY_TIME = "NO_DELIVERY_TIME"
    TOO_SLOW = "TOO_SLOW"
    SOLD_OUT = "SOLD_OUT"
    POOR_RATING = "POOR_RATING"
    NO_MARGIN = "NO_MARGIN"
    DOES_NOT_FIT = "DOES_NOT_FIT"
    SAME_THING = "SAME_THING"
    SURPLUS = "SURPLUS"


class Repair(StrEnum):
    """What was repaired in a listing."""

    HTML = "HTML"
    LONG_TEXT = "LONG_TEXT"
    RATING = "RATING"
    PHOTOS = "PHOTOS"
    VARIANTS = "VARIANTS"
    DELIVERY_TIME = "DELIVERY_TIME"


REASONS: Mapping[Rejection, str] = {
    Rejection.LISTED_TWICE: "{count} came twice",
    Rejection.NO_TITLE: "{count} had no title",
    Rejection.NO_PHOTO: "{count} had no photo",
    Rejection.SHARED_PHOTO: "{count} had only a photo that many listings share",
    Rejection.NO_PRICE: "{count} had no price",
    Rejection.SENSELESS_PRICE: "{count} had prices that make no sense",
    Rejection.NO_DELIVERY_TIME: "{count} had no credible delivery time",
    Rejection.TOO_SLOW: "{count} would arrive after the promised time",
    Rejection.SOLD_OUT: "{count} were sold out",
    Rejection.POOR_RATING: "{count} were poorly rated",
    Rejection.NO_MARGIN: "{count} left too little margin",
    Rejection.DOES_NOT_FIT: "{count} did not fit the niche",
    Rejection.SAME_THING: "{count} were the same thing as a better offer",
    Rejection.SURPLUS: "{count} more fit, but the store is full",
}
"""Each reason as a part of a sentence."""


@dataclass(frozen=True, slots=True)
class Screened:
    """A listing after the screening."""

    listing: Listing
    repairs: frozenset[Repair]
    rejection: Rejection | None
    """Why the listing cannot be sold, whatever it is; None if it can."""


def describe_rejections(rejected: Mapping[Rejection, int]) -> str:
    """Return the reasons as a sentence without its period; an empty text without rejections."""
    parts = [REASONS[reason].format(count=rejected[reason]) for reason in Rejection if rejected.get(reason)]
    return ", ".join(part.replace("1 were", "1 was") if part.startswith("1 were") else part for part in parts)


def screen(listings: Sequence[Listing], *, promise_days: int = PROMISE_DAYS) -> Sequence[Screened]:
    """Return every listing, repaired, with the reason if it cannot be sold.

    Args:
        listings: as the supplier sent them; their order does not matter.
        promise_days: the longest delivery time that the store promises.
    """
    repaired = [repair(listing) for listing in listings]
    placeholders = _placeholders([listing for listing, _ in repaired])
    found = []
    for listing, repairs in repaired:
        rejection = _rejection(listing, placeholders, promise_days)
        kept = [n for n, url in enumerate(listing.image_urls) if url not in placeholders]
        if rejection is None and len(kept) < len(listing.image_urls):
            listing = _with_photos(listing, kept)  # noqa: PLW2901 - the repaired listing replaces the other
            repairs = repairs | {Repair.PHOTOS}  # noqa: PLW2901
        found.append(Screened(listing, repairs, rejection))
    return found


def repair(listing: Listing) -> tuple[Listing, frozenset[Repair]]:
    """Return a listing with plain, short texts and credible numbers, and what was repaired."""
    repairs: set[Repair] = set()
    changed: dict[str, Any] = {}
    title = clean_line(plain_text(listing.title))
    description = plain_text(listing.description)
    if "<" in listing.title + listing.description and (
        title != clean_line(listing.title) or description != listing.description
    ):
        repairs.add(Repair.HTML)
    if len(title) > TITLE_MAX or len(description) > LONGEST_DESCRIPTION:
        repairs.add(Repair.LONG_TEXT)
    changed["title"] = _shortened(title, TITLE_MAX)
    changed["description"] = _shortened(description, LONGEST_DESCRIPTION)
    changed["category"] = _shortened(clean_line(plain_text(listing.category)), TITLE_MAX)
    if listing.rating is not None and not (math.isfinite(listing.rating) and 0 <= listing.rating <= 5):
        changed["rating"] = None
        repairs.add(Repair.RATING)
    if listing.review_count < 0 or (listing.order_count or 0) < 0:
        changed |= {"review_count": max(0, listing.review_count), "order_count": None}
        repairs.add(Repair.RATING)
    fewest, most = listing.shipping_days
    if most < fewest:
        changed["shipping_days"] = (most, fewest)
        repairs.add(Repair.DELIVERY_TIME)
    variants = [variant for variant in listing.variants if variant.cost.minor > 0 and variant.stock >= 0]
    if len(variants) < len(listing.variants):
        changed["variants"] = variants
        repairs.add(Repair.VARIANTS)
    listing = listing.model_copy(update=changed)
    usable = [n for n, url in enumerate(listing.image_urls) if url.startswith(("http://", "https://"))]
    usable = list({listing.image_urls[n]: n for n in reversed(usable)}.values())[::-1]
    if len(usable) < len(listing.image_urls) or any(min(size) <= 0 for size in listing.image_sizes):
        listing = _with_photos(listing, usable)
        repairs.add(Repair.PHOTOS)
    return listing, frozenset(repairs)


def plain_text(text: str) -> str:
    """Return a text without HTML: line breaks for paragraphs, characters for entities, no scripts and styles."""
    if "<" in text:
        text = _TAG.sub(" ", _BREAK.sub("\n", _HIDDEN.sub(" ", text)))
    return unescape(text) if _ENTITY.search(text) else text


def _rejection(listing: Listing, placeholders: frozenset[str], promise_days: int) -> Rejection | None:
    """Return the first reason that a listing cannot be sold."""
    cost, shipping = listing.cost, listing.shipping_cost
    amounts = [cost, shipping, *(variant.cost for variant in listing.variants)]
    amounts += [] if listing.market_price is None else [listing.market_price]
    fewest, most = listing.shipping_days
    disliked = (
        listing.rating is not None and listing.rating < POOR_RATING and listing.review_count >= POOR_RATING_REVIEWS
    )
    checks = (
        (not words(listing.title) and not listing.title.strip(), Rejection.NO_TITLE),
        (not listing.image_urls, Rejection.NO_PHOTO),
        (all(url in placeholders for url in listing.image_urls), Rejection.SHARED_PHOTO),
        (cost.minor <= 0 or not listing.variants, Rejection.NO_PRICE),
        (
            shipping.minor < 0
            or cost.currency not in CURRENCIES
            or any(amount.currency != cost.currency or amount.minor > DEAREST for amount in amounts),
            Rejection.SENSELESS_PRICE,
        ),
        (fewest < 0 or most <= 0 or most > LONGEST_CREDIBLE_DAYS, Rejection.NO_DELIVERY_TIME),
        (most > promise_days, Rejection.TOO_SLOW),
        (listing.stock <= 0, Rejection.SOLD_OUT),
        (disliked, Rejection.POOR_RATING),
    )
    return next((reason for failed, reason in checks if failed), None)


def _placeholders(listings: Sequence[Listing]) -> frozenset[str]:
    """Return the photos that listings of many different things share."""
    titles: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for listing in listings:
        for url in set(listing.image_urls):
            titles[url].add(tuple(sorted(words(listing.title))))
    return frozenset(
        url for url, named in titles.items() if len(named) >= PLACEHOLDER_LISTINGS and _are_different(named)
    )


def _are_different(titles: set[tuple[str, ...]]) -> bool:
    """Whether most titles have no word that most others have, as titles of one thing would."""
    common = Counter(word for title in titles for word in title)
    return not common or max(common.values()) <= len(titles) * 0.7


def _with_photos(listing: Listing, kept: Sequence[int]) -> Listing:
    sizes = listing.image_sizes
    are_known = len(sizes) == len(listing.image_urls) and all(min(sizes[n]) > 0 for n in kept)
    return listing.model_copy(
        update={
            "image_urls": [listing.image_urls[n] for n in kept],
            "image_sizes": [sizes[n] for n in kept] if are_known else [],
        }
    )


def _shortened(text: str, most: int) -> str:
    """Return a text cut at the end of a word."""
    if len(text) <= most:
        return text
    cut = text[:most]
    return (cut[: cut.rfind(" ")] if " " in cut[most // 2 :] else cut).rstrip(" ,;:-")
