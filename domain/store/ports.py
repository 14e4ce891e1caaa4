"""What the store needs from outside: words and names. Adapters translate vendor errors; none crosses a port."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.kernel import Value
from domain.money import Money
from domain.store.brand import Availability, BrandIdentity, BrandProposal
from domain.store.events import CopyScores, PageType, Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandBrief:
    """What a brand is to be invented for."""

    niche: str
    preferences: Preferences
    seed: str
    """The same seed gives the same brand (a model may ignore it; the house writer does not)."""
    former_name: str | None = None
    """The name the store has and its merchant wants another for; a name they asked for themselves stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """What is true of a store, for its texts: pages may state nothing else."""

    name: str
    host: str
    niche: str
    brand: BrandIdentity
    contact_email: str | None
    """Where shoppers write to; None: the merchant has not said."""
    products: Sequence[str]
    """What kinds of thing it sells, the most frequent first: ``Desk Mats``. Not titles: those are written at the same time."""
    price_range: tuple[Money, Money] | None
    shipping_days: tuple[int, int] | None
    """Fewest and most days from order to delivery."""
    effective_on: datetime


class PageDraft(Value):
    """A page's text before it is recorded."""

    type: PageType
    title: str
    slug: str
    content: str
    """Markdown."""
    scores: CopyScores = CopyScores()
    written_by: str


class DomainRegistry(Protocol):
    """Says whether domain names can still be registered (RDAP)."""

    async def availability(self, domains: Sequence[str]) -> Mapping[str, Availability]:
        """Return an answer for every name asked; trouble is ``UNKNOWN``, never an exception."""
        ...


class BrandWriter(Protocol):
    """Invents brands."""

    async def propose(self, brief: BrandBrief) -> BrandProposal:
        """Return a complete brand for the brief.

        Raises:
            Transient: the writer could not be reached; retrying may help.
        """
        ...


class TextMeasure(Protocol):
    """Measures how a text reads. Pure, but not quick with a long one."""

    def __call__(self, markdown: str) -> CopyScores: ...


class PageWriter(Protocol):
    """Writes a store's content pages."""

    async def write(self, type: PageType, facts: StoreFacts, *, seed: str) -> PageDraft:
        """Return one page.

        Raises:
            Transient: the writer could not be reached; retrying may help.
        """
        ...
