"""Ports of brand writers, page writers, text measurement and domain registries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.kernel import Value
from domain.money import Money
from domain.store.brand import Availability, BrandIdentity, BrandProposal, FontPair, Logo, Palette
from domain.store.events import CopyScores, PageType, Preferences
from domain.store.niche import NicheReading


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandBrief:
    """The facts for a new brand."""

    niche: str
    preferences: Preferences
    seed: str
    """The same seed gives the same brand; a model may ignore it, the rules do not."""
    former_name: str | None = None
    """The store's current name, which the new brand must not repeat unless the merchant asked for that name."""
    neighbors: Sequence[BrandIdentity] = ()
    """Brands of the merchant's other stores, the newest first; the new one should look unlike them."""
    reading: NicheReading | None = None
    """What the niche was understood to mean; None for a generation of before readings were recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """The facts for a store's pages, which state no other facts."""

    name: str
    host: str
    niche: str
    brand: BrandIdentity
    contact_email: str | None
    """The address that shoppers write to; None if the merchant gave none."""
    products: Sequence[str]
    """The kinds of product, the most frequent first: ``Desk Mats``. Titles are written at the same time as pages."""
    price_range: tuple[Money, Money] | None
    shipping_days: tuple[int, int] | None
    """Fewest and most calendar days from the order to the door, of the middle product."""
    effective_on: datetime
    product_count: int = 0
    """How many products are in the shop; 0 if it is not known."""


class PageDraft(Value):
    """A page's text that is not recorded yet."""

    type: PageType
    title: str
    slug: str
    content: str
    """Markdown."""
    scores: CopyScores = CopyScores()
    written_by: str


class DomainRegistry(Protocol):
    """Look-up of free domain names (RDAP)."""

    async def availability(self, domains: Sequence[str]) -> Mapping[str, Availability]:
        """Return an answer for every name; ``UNKNOWN`` instead of an exception if a look-up fails."""
        ...


class CategoryDraft(Value):
    """The text of a category's page that is not recorded yet."""

    category: str
    """The category's own slug."""
    title: str
    text: str
    """Markdown."""
    written_by: str


class CategoryWriter(Protocol):
    """Writer of the texts of category pages."""

    async def describe(self, names: Mapping[str, str], facts: StoreFacts, *, seed: str) -> list[CategoryDraft]:
        """Return a text for each category that a text says something about.

        Args:
            names: the categories by their own slugs, as shoppers read them, such as ``Desk mats``.
            facts: of the store; texts state no others.
            seed: the same seed gives the same texts; a model may ignore it, the rules do not.

        Raises:
            Transient: the writer cannot be reached; retrying may help.
        """
        ...


class NameServersFailed(Exception):
    """A domain's own name servers give no usable answer. Retrying helps once its owner has repaired them."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The name servers of {name} give no usable answer.")


class TxtRecords(Protocol):
    """Look-up of TXT records in the domain name system."""

    async def of(self, name: str) -> Sequence[str]:
        """Return the texts of a name's TXT records, in any order; empty if the name or the records do not exist.

        Aliases (CNAME) are followed. The strings of one record are joined.

        Raises:
            NameServersFailed: the domain's name servers give no usable answer.
            Transient: the resolver cannot be reached; retrying may help.
        """
        ...


class MerchantBrands(Protocol):
    """Look-up of the brands that a merchant has already."""

    async def newest(self, merchant_id: UUID, *, other_than: UUID, limit: int) -> Sequence[BrandIdentity]:
        """Return the brands of a merchant's stores without the store ``other_than``, the newest first.

        A store that was made a moment ago may be missing.
        """
        ...


class BrandWriter(Protocol):
    """Writer of brands."""

    async def propose(self, brief: BrandBrief) -> BrandProposal:
        """Return a complete brand for the brief.

        Raises:
            Transient: the writer cannot be reached; retrying may help.
        """
        ...


class BrandKit(Protocol):
    """What a brand can be made of: readable colors, the fonts that storefronts serve, and drawn marks."""

    @property
    def headings(self) -> Sequence[str]:
        """The heading fonts that storefronts serve."""
        ...

    @property
    def symbols(self) -> Sequence[str]:
        """The symbols that a logo can show."""
        ...

    def palette(self, *, primary: str, secondary: str, accent: str, dark: bool) -> Palette:
        """Return a palette near three colors in ``#rrggbb``, moved until all text is readable."""
        ...

    def is_dark(self, palette: Palette) -> bool:
        """Whether text stands on a dark ground."""
        ...

    def fonts(self, heading: str) -> FontPair | None:
        """Return the pair of a heading font, whatever its case; None if storefronts do not serve it."""
        ...

    def logo(self, symbol: str, palette: Palette, *, name: str) -> Logo | None:
        """Return a drawn mark in the palette's colors; None if there is no such symbol."""
        ...


class NicheReader(Protocol):
    """Reader of niches."""

    async def read(self, niche: str, *, preferences: Preferences) -> NicheReading:
        """Return what the niche means. Words that are not understood are ``unknown``, never guessed.

        Raises:
            Transient: the reader cannot be reached; retrying may help.
        """
        ...


class TextMeasure(Protocol):
    """Measurement of a text. Pure, but slow for long texts."""

    def __call__(self, markdown: str) -> CopyScores: ...


class PageWriter(Protocol):
    """Writer of a store's content pages."""

    async def write(self, type: PageType, facts: StoreFacts, *, seed: str) -> PageDraft:
        """Return one page.

        Raises:
            Transient: the writer cannot be reached; retrying may help.
        """
        ...
