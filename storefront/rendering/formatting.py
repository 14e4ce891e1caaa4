"""Money, dates, countries, pictures and product cards as pages show them."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Protocol
from urllib.parse import quote
from uuid import UUID

from babel.dates import format_date, format_datetime
from babel.numbers import get_currency_symbol
from markupsafe import Markup, escape

from domain.money import Money
from domain.order.delivery import ArrivalWindow
from domain.product.events import ProductStatus
from infra.web.locale import LOCALE
from projections.catalog.views import ImageView, ProductView, RenditionView
from storefront.shelves.grouping import category_name

money = str
"""Writes an amount, as everywhere in the platform."""
DAY, MOMENT = "d MMMM y", "d MMMM y, HH:mm 'UTC'"
"""Date patterns. Stores sell to many countries: the day stands first and the month is a word, so no date is ambiguous."""
_ORDER_NUMBER = re.compile(r"\bZY-\w+")
FEW_LEFT = 5
"""Up to this number a page says how many are left."""

MediaUrl = Callable[[str], str]
"""From a media store key to the address a browser loads."""


def price(amount: Money, compare_at: Money | None = None, *, varies: bool = False) -> Markup:
    """Return a price with the former one.

    Args:
        amount: the price.
        compare_at: the former price; None if there is none to show.
        varies: whether some variant costs more.
    """
    least = '<span class="price-from">from</span> ' if varies else ""
    words = "lowest price of the 30 days before: "
    former = (
        f' <s class="price-was"><span class="sr-only">{words}</span>{escape(money(compare_at))}</s>'
        if compare_at
        else ""
    )
    now = f'<span class="price-now">{escape(money(amount))}</span>'
    return Markup(f'<span class="price">{least}{now}{former}</span>')  # noqa: S704 - escaped


def whole_numbers(text: str) -> Markup:
    """Return a text whose order numbers stay on one line. A browser would break them at their hyphen."""
    # As a plain text: `sub` would escape its replacement in markup.
    escaped = str(escape(text))
    return Markup(_ORDER_NUMBER.sub(r'<span class="whole">\g<0></span>', escaped))  # noqa: S704 - escaped


def without_currency(text: str, currency: str) -> str:
    """Return a typed price without its currency's code or symbol, or any other currency sign, around it."""
    for mark in (currency, get_currency_symbol(currency, LOCALE)):
        text = text.strip().removeprefix(mark).removesuffix(mark)
    text = text.strip()
    return text[1:].lstrip() if text and unicodedata.category(text[0]) == "Sc" else text


@dataclass(frozen=True, slots=True)
class Picture:
    """An image in the sizes that the studio made."""

    src: str
    srcset: str
    large: str
    thumbnail: str
    social: str
    """The path of its JPEG at any store's host."""
    width: int
    height: int
    alt: str

    @property
    def files(self) -> Markup:
        """The attributes that name its files."""
        return Markup(f'src="{escape(self.src)}" srcset="{escape(self.srcset)}"')  # noqa: S704 - escaped

    @property
    def shape(self) -> Markup:
        """The attributes of its class and size."""
        kind = "photo photo-square" if abs(self.width / self.height - 1) < 0.04 else "photo"
        return Markup(f'class="{kind}" width="{self.width}" height="{self.height}"')  # noqa: S704 - our own characters


LOGO_MOST = 4_000
"""Characters of a logo that stands in every page. A larger one is a file, which browsers keep."""


@lru_cache(maxsize=256)
def drawn(svg: str) -> str | None:
    """Return the address of a drawing that needs no request. None for a large drawing.

    On a phone's network, a request for the logo takes longer than the logo, from the page's largest photo.
    """
    return None if len(svg) > LOGO_MOST else "data:image/svg+xml," + quote(svg, safe="='/:;,()!*@$+?")


class HasRenditions(Protocol):
    """An image with the sizes that the studio made."""

    @property
    def renditions(self) -> Mapping[str, RenditionView]: ...

    @property
    def alt_text(self) -> str: ...


def picture(image: HasRenditions, title: str, link: MediaUrl) -> Picture | None:
    """Return an image as a page shows it; None if the studio has not finished it."""
    sizes = sorted(image.renditions.values(), key=lambda rendition: rendition.width)
    if not sizes:
        return None
    middle = image.renditions.get("medium", sizes[-1])
    links = [link(size.key) for size in sizes]
    return Picture(
        src=links[sizes.index(middle)],
        srcset=", ".join([f"{address} {size.width}w" for address, size in zip(links, sizes, strict=True)]),
        large=links[-1],
        thumbnail=links[0],
        social=f"/social/{sizes[-1].key.removesuffix('.webp')}.jpg",
        width=middle.width,
        height=middle.height,
        alt=image.alt_text or title,
    )


def pictures(images: Sequence[ImageView], title: str, link: MediaUrl) -> list[Picture]:
    """Return the finished images of a product, in their order."""
    return list(_finished(images, title, link))


def _finished(images: Sequence[ImageView], title: str, link: MediaUrl) -> Iterator[Picture]:
    shown = (picture(image, title, link) for image in images)
    return (one for one in shown if one is not None)


SHOWN_OF_PRODUCT = frozenset({"title", "slug", "category", "price", "price_range", "compare_at", "status"})
"""The attributes of a product that a card shows."""
SHOWN_OF_IMAGE = frozenset({"product_id", "renditions", "alt_text"})
"""The attributes of an image that a picture shows."""


@dataclass(frozen=True, slots=True)
class Card:
    """A product in a list."""

    title: str
    url: str
    category: str | None
    price: Money
    varies: bool
    """Whether some variant costs more; the page then writes ``from`` before the price."""
    compare_at: Money | None
    """The former price; None if there was none or the saving is too small to show."""
    picture: Picture | None
    second: Picture | None
    sold_out: bool

    @property
    def saving(self) -> int | None:
        """Percent below the former price; see :func:`saving`."""
        return saving(self.price, self.compare_at)


def saving(price: Money, compare_at: Money | None) -> int | None:
    """Return how many percent ``price`` is below ``compare_at``; None below five."""
    if compare_at is None or compare_at.currency != price.currency or compare_at.minor <= price.minor:
        return None
    percent = round(100 * (compare_at.minor - price.minor) / compare_at.minor)
    return percent if percent >= 5 else None


def card(product: ProductView, images: Sequence[ImageView], link: MediaUrl) -> Card:
    """Return a product as a list shows it."""
    shown = list(islice(_finished(images, product.title, link), 2))
    lowest, highest = product.price_range
    former = product.compare_at
    if former is not None:
        # A variant's former price is as far from the product's former price as its price is from the product's.
        former = Money(minor=former.minor + lowest.minor - product.price.minor, currency=former.currency)
    return Card(
        title=product.title,
        url=f"/products/{product.slug}",
        category=category_name(product.category) if product.category else None,
        price=lowest,
        varies=highest != lowest,
        compare_at=former if saving(lowest, former) else None,
        picture=shown[0] if shown else None,
        second=shown[1] if len(shown) > 1 else None,
        sold_out=product.status is ProductStatus.OUT_OF_STOCK,
    )


def cards(
    products: Sequence[ProductView],
    images: Mapping[UUID, Sequence[ImageView]],
    link: MediaUrl,
) -> list[Card]:
    """Return products as lists show them."""
    return [card(one, images.get(one.id, ()), link) for one in products]


def stock_words(available: int) -> str:
    """Return what a page says about stock; never a large number, which competitors would read."""
    if available <= 0:
        return "Sold out"
    return f"Only {available} left" if available <= FEW_LEFT else "In stock"


def days_words(days: tuple[int, int] | None) -> str | None:
    """Return ``5–9 days``."""
    if days is None:
        return None
    fewest, most = days
    return f"{fewest}–{most} days" if fewest != most else f"{most} days" if most != 1 else "1 day"


def span_words(span: timedelta) -> str:
    """Return ``30 days``, ``1 day`` or ``1 minute``, for a whole number of them."""
    number, unit = (span.days, "day") if span.days else (span.seconds // 60, "minute")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def arrival_words(window: ArrivalWindow) -> str:
    """Return ``5 to 10 December``: the year only where the two days are in different years."""
    first, last = window.earliest, window.latest
    if first.year != last.year:
        return f"{_date(first, DAY)} to {_date(last, DAY)}"
    if first == last:
        return _date(last, "d MMMM")
    return f"{_date(first, 'd' if first.month == last.month else 'd MMMM')} to {_date(last, 'd MMMM')}"


def _date(day: date, pattern: str) -> str:
    words: str = format_date(day, pattern, locale=LOCALE)
    return words


def day_words(at: datetime) -> str:
    """Return ``28 November 2026``, the day in UTC."""
    return format_date(at.astimezone(UTC), DAY, locale=LOCALE)


def date_words(day: date) -> str:
    """Return ``28 November 2026``."""
    return _date(day, DAY)


def moment_words(at: datetime) -> str:
    """Return ``28 November 2026, 13:05 UTC``."""
    return format_datetime(at, MOMENT, tzinfo=UTC, locale=LOCALE)


def summary(text: str, most: int) -> str:
    """Return the first words of a text without Markdown, at most ``most`` characters."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    # Marks of emphasis stand beside letters; those of headings, quotes and tables stand between words.
    plain = re.sub(r"(?<=\S)[*`]+|[*`]+(?=\S)|(?<!\w)_+|_+(?!\w)", "", plain)
    plain = " ".join(re.sub(r"[#*_`>|]+", " ", plain).split())
    if len(plain) <= most:
        return plain
    return plain[: most - 1].rsplit(" ", 1)[0].rstrip(",;:–-. ") + "…"


def first_sentences(text: str, most: int) -> str:
    """Return as many whole sentences as fit into ``most`` characters; at least a shortened first one."""
    result = ""
    for sentence in re.split(r"(?<=[.!?])\s+", " ".join(text.split())):
        longer = f"{result} {sentence}".strip()
        if len(longer) > most:
            break
        result = longer
    return result or summary(text, most)
