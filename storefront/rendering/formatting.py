"""How things look to a shopper: money, dates, pictures and product cards."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from domain.money import Money, exponent
from domain.product.events import ProductStatus
from projections.catalog.views import ImageView, ProductView, VariantView

SYMBOLS = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "CAD": "CA$",
    "AUD": "A$",
    "NZD": "NZ$",
    "INR": "₹",
    "KRW": "₩",
}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
FEW_LEFT = 5
"""From here downwards shoppers are told how many are left."""

MediaUrl = Callable[[str], str]
"""From a media store key to the address a browser loads."""


def money(amount: Money) -> str:
    """Return ``$1,249.00``; currencies without a sign of their own follow the number: ``49.00 CHF``."""
    number = f"{abs(amount.decimal):,.{exponent(amount.currency)}f}"
    symbol = SYMBOLS.get(amount.currency)
    shown = f"{number} {amount.currency}" if symbol is None else f"{symbol}{number}"
    return f"−{shown}" if amount.minor < 0 else shown


@dataclass(frozen=True, slots=True)
class Picture:
    """An image in the sizes the studio made."""

    src: str
    srcset: str
    large: str
    thumbnail: str
    width: int
    height: int
    alt: str

    @property
    def is_square(self) -> bool:
        return abs(self.width / self.height - 1) < 0.04


def picture(image: ImageView, title: str, link: MediaUrl) -> Picture | None:
    """Return an image as a page shows it, or None if the studio has not finished it."""
    sizes = sorted(image.renditions.values(), key=lambda rendition: rendition.width)
    if not sizes:
        return None
    middle = image.renditions.get("medium", sizes[-1])
    return Picture(
        src=link(middle.key),
        srcset=", ".join(f"{link(size.key)} {size.width}w" for size in sizes),
        large=link(sizes[-1].key),
        thumbnail=link(sizes[0].key),
        width=middle.width,
        height=middle.height,
        alt=image.alt_text or title,
    )


def pictures(images: Sequence[ImageView], title: str, link: MediaUrl) -> list[Picture]:
    """Return the finished images of a product, in their order."""
    shown = (picture(image, title, link) for image in images)
    return [one for one in shown if one is not None]


@dataclass(frozen=True, slots=True)
class Card:
    """A product in a list."""

    title: str
    url: str
    category: str | None
    price: Money
    varies: bool
    """Whether some variant costs more: the price is then a ``from`` price."""
    compare_at: Money | None
    """The former price, if there was one that is worth telling."""
    picture: Picture | None
    second: Picture | None
    sold_out: bool

    @property
    def saving(self) -> int | None:
        """Per cent below the compare-at price, if there is one worth telling."""
        return saving(self.price, self.compare_at)


def saving(price: Money, compare_at: Money | None) -> int | None:
    """Return how many per cent ``price`` is below ``compare_at``; None below five."""
    if compare_at is None or compare_at.currency != price.currency or compare_at.minor <= price.minor:
        return None
    percent = round(100 * (compare_at.minor - price.minor) / compare_at.minor)
    return percent if percent >= 5 else None


def card(product: ProductView, images: Sequence[ImageView], variants: Sequence[VariantView], link: MediaUrl) -> Card:
    """Return a product as a list shows it."""
    shown = pictures(images, product.title, link)
    prices = [(variant.price, variant.compare_at) for variant in variants] or [(product.price, product.compare_at)]
    lowest, former = min(prices, key=lambda one: one[0].minor)
    return Card(
        title=product.title,
        url=f"/products/{product.slug}",
        category=product.category,
        price=lowest,
        varies=any(price.minor != lowest.minor for price, _ in prices),
        compare_at=former if saving(lowest, former) else None,
        picture=shown[0] if shown else None,
        second=shown[1] if len(shown) > 1 else None,
        sold_out=product.status is ProductStatus.OUT_OF_STOCK,
    )


def cards(
    products: Sequence[ProductView],
    images: Mapping[UUID, Sequence[ImageView]],
    variants: Mapping[UUID, Sequence[VariantView]],
    link: MediaUrl,
) -> list[Card]:
    """Return products as lists show them."""
    return [card(one, images.get(one.id, ()), variants.get(one.id, ()), link) for one in products]


def stock_words(available: int) -> str:
    """Return what a shopper is told about stock; never the whole number."""
    if available <= 0:
        return "Sold out"
    return f"Only {available} left" if available <= FEW_LEFT else "In stock"


def days_words(days: tuple[int, int] | None) -> str | None:
    """Return ``5–9 days``."""
    if days is None:
        return None
    fewest, most = days
    return f"{fewest}–{most} days" if fewest != most else f"{most} days" if most != 1 else "1 day"


def day_words(at: datetime) -> str:
    """Return ``28 November 2026``."""
    return f"{at.astimezone(UTC).day} {MONTHS[at.astimezone(UTC).month - 1]} {at.astimezone(UTC).year}"


def moment_words(at: datetime) -> str:
    """Return ``28 November 2026, 13:05 UTC``."""
    return f"{day_words(at)}, {at.astimezone(UTC):%H:%M} UTC"


def summary(text: str, most: int) -> str:
    """Return the first words of a text without Markdown's marks, at most ``most`` characters."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
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
