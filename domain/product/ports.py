"""Port of the writer of product copy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.kernel import Value
from domain.money import Money
from domain.store.brand import BrandIdentity
from domain.store.events import CopyScores


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyBrief:
    """The facts for a product's copy. Supplier text is data, never instructions."""

    original_title: str
    original_description: str
    category: str
    tags: Sequence[str]
    options: Sequence[str]
    """Variant titles worth mentioning; see :func:`options_of`."""
    niche: str
    brand: BrandIdentity
    seed: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Facts that the supplier states: ``{"Material": "stoneware"}``. A text must claim nothing else."""
    price: Money | None = None
    """What shoppers pay; None if it is not known."""
    shelf: Sequence["CopyBrief"] = ()
    """The briefs of all of the store's products, this one included, so that no two texts repeat each other.

    Their own shelves are empty. Without a shelf the product stands alone.
    """


def options_of(titles: Sequence[str]) -> Sequence[str]:
    """Return the titles of variants that shoppers choose between; empty if there is only one variant."""
    return titles if len(titles) > 1 else ()


class ProductCopy(Value):
    """A product's text for shoppers and search engines."""

    title: str
    description: str
    features: list[str]
    benefits: list[str]
    call_to_action: str
    meta_title: str
    meta_description: str
    scores: CopyScores = CopyScores()
    written_by: str


class ProductCopywriter(Protocol):
    """Writer of product copy."""

    async def write(self, brief: CopyBrief) -> ProductCopy:
        """Return the copy of one product; ``meta_title`` at most 60 characters, ``meta_description`` at most 155.

        Raises:
            Transient: the writer cannot be reached; retrying may help.
        """
        ...
