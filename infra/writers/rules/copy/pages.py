"""Writes a store's pages from templates and the store's facts."""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from domain.kernel import InvalidInput
from domain.money import Money
from domain.store.events import PageType
from domain.store.legal_text import NOT_ADVICE
from domain.store.ports import PageDraft, StoreFacts
from infra.writers.copykit.grammar import (
    is_activity,
    is_mass,
    is_plural,
    listed,
    pluralize,
    running,
    sentence,
    upper_first,
)
from infra.writers.copykit.lexicon import lexicon
from infra.writers.copykit.pages import PAGES, line
from infra.writers.copykit.scoring import measure
from infra.writers.copykit.spelling import american
from infra.writers.rules.copy.rotation import Rotation

WRITTEN_BY = "house"
MOST_NAMED = 5
"""Most kinds of goods that a sentence names."""
LEGAL = frozenset({PageType.PRIVACY_POLICY, PageType.TERMS_OF_SERVICE, PageType.REFUND_POLICY})


class RulePageWriter:
    """Implements ``domain.store.ports.PageWriter`` offline. The same facts and seed give the same page.

    Legal pages have placeholders for what the merchant may change later; see ``domain.store.legal_text``.

    Args:
        withdrawal_path: path of the storefront's page for withdrawing from a contract (Directive (EU) 2023/2673).
    """

    def __init__(self, *, withdrawal_path: str = "/withdraw") -> None:
        self._withdrawal_path = withdrawal_path

    async def write(self, type: PageType, facts: StoreFacts, *, seed: str) -> PageDraft:
        """Return one page.

        Raises:
            InvalidInput: ``type`` is a custom page, which only the merchant writes.
        """
        return await asyncio.to_thread(self.compose, type, facts, seed)

    def compose(self, type: PageType, facts: StoreFacts, seed: str) -> PageDraft:
        """Return one page, synchronously."""
        page = PAGES.get(type)
        if page is None:
            raise InvalidInput("type", f"A {type} page has no template; the merchant writes it.")
        name = line(facts.name) or "This Shop"
        text = _environment().get_template(page.template).render(self._context(facts, name, Rotation(seed)))
        content = re.sub(r"\n{3,}", "\n\n", re.sub(r"\n(?=#{2} )", "\n\n", text)).strip() + "\n"
        return PageDraft(
            type=type,
            title=page.title.format(name=name),
            slug=page.slug,
            content=content,
            scores=measure(content, [name, line(facts.niche).casefold()]),
            written_by=WRITTEN_BY,
        )

    def _context(self, facts: StoreFacts, name: str, rotation: Rotation) -> dict[str, object]:
        products = _kinds_of_goods(facts.products)
        goods = _goods(line(facts.niche))
        voice = facts.brand.voice
        return {
            "name": name,
            "host": _address(facts.host),
            "email": _address(facts.contact_email or ""),
            "niche": running(line(facts.niche)),
            "niche_goods": goods,
            "products": products,
            "first_products": [upper_first(product) for product in products[:8]],
            "some_products": _some(products),
            "some_products_first": upper_first(_some(products)),
            "counted": _counted(facts.product_count, len(facts.products)),
            "currency": facts.price_range[0].currency if facts.price_range else "",
            "price_range": _range(facts.price_range),
            "shipping": _days(facts.shipping_days),
            "effective": _date(facts.effective_on),
            "tagline": american(line(voice.tagline)),
            "story": sentence(american(line(voice.story))) or f"{name} is a small shop for {goods}.",
            "closing": lexicon().register_of(voice.tone).closing,
            "withdrawal_url": self._withdrawal_path,
            "not_advice": NOT_ADVICE,
            "pick": lambda bank, choices: _picked(rotation, bank, choices),
        }


def _picked(rotation: Rotation, bank: str, choices: Sequence[str]) -> str:
    return rotation.pick(bank, choices)


def _address(text: str) -> str:
    """Return a host or e-mail address without characters that could end a Markdown link."""
    return re.sub(r"[^\w.@:+-]", "", text)


def _kinds_of_goods(categories: Sequence[str]) -> list[str]:
    """Return categories for use inside a sentence: ``desk mats``. Numbers, which some suppliers use, are left out."""
    named = [
        as_goods(running(american(text)))
        for category in categories
        if re.search(r"[^\W\d_]{3}", text := line(category, 60))
    ]
    return list(dict.fromkeys(named))


def as_goods(category: str) -> str:
    """Return a category as goods that a shop can sell: ``Baby`` is ``baby goods``, ``Bonsai`` and ``Desk Mat`` are plain."""
    last = category.rsplit(maxsplit=1)[-1]
    if is_activity(last):
        return f"{category} goods"
    if is_plural(last) or is_mass(category):
        return category
    return pluralize(category) if lexicon().kind_in(last) is not None else f"{category} goods"


def _some(products: Sequence[str]) -> str:
    """Return the most frequent goods as a list, and say that there are more."""
    if len(products) > MOST_NAMED:
        return f"{', '.join(products[:MOST_NAMED])} and more"
    return listed(list(products)) if products else ""


def _counted(products: int, categories: int) -> str:
    """Return how much there is, as a sentence; empty for a single product."""
    if products < 2:
        return ""
    return f"There are {products} products{f' in {categories} categories' if categories > 1 else ''}."


def _goods(niche: str) -> str:
    """Return the goods of a niche, to follow "we sell"."""
    text = running(niche)
    last = text.split()[-1] if text else ""
    if not last:
        return "the products shown here"
    return text if is_plural(last) or is_mass(last) else f"products around {text}"


def _range(prices: tuple[Money, Money] | None) -> str:
    if prices is None:
        return ""
    low, high = prices
    return f"{low} to {high}" if low != high else f"{low}"


def _days(days: tuple[int, int] | None) -> str:
    if days is None:
        return ""
    fewest, most = days
    return f"{fewest} to {most} days" if fewest != most else f"{most} day{'' if most == 1 else 's'}"


def _date(at: datetime) -> str:
    months = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    return f"{at.day} {months[at.month - 1]} {at.year}"


@cache
def _environment() -> Environment:
    # The templates make Markdown, not HTML. The storefront escapes it, and values are cleaned above.
    return Environment(
        loader=PackageLoader("infra.writers.rules.copy", "templates"),
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
