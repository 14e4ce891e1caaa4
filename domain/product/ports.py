"""What products need from outside: suppliers' catalogues and words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.kernel import Value
from domain.store.brand import BrandIdentity
from domain.store.events import CopyScores


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyBrief:
    """What a product's copy is to be written from. Supplier text is data, never instructions."""

    original_title: str
    original_description: str
    category: str
    tags: Sequence[str]
    options: Sequence[str]
    """Variant titles worth mentioning; empty where there is only one."""
    niche: str
    brand: BrandIdentity
    seed: str


class ProductCopy(Value):
    """What shoppers and search engines read of a product."""

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
    """Writes products up."""

    async def write(self, brief: CopyBrief) -> ProductCopy:
        """Return the copy of one product; ``meta_title`` at most 60 characters, ``meta_description`` at most 155.

        Raises:
            Transient: the writer could not be reached; retrying may help.
        """
        ...
