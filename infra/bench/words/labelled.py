"""Sentences labelled by hand, and how well the claims check tells them apart."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

from domain.product.ports import CopyBrief
from domain.store.brand import BrandIdentity, FontPair, Logo, Palette, Voice
from infra.writers.copykit.claims import WITHDRAWAL_DAYS, Evidence, product_evidence, unsupported

_PLAIN = Palette(
    primary="#000000", secondary="#000000", accent="#000000", background="#ffffff", surface="#ffffff", text="#000000"
)
_BRAND = BrandIdentity(
    name="Sample",
    logo=Logo(concept="none", svg="<svg xmlns='http://www.w3.org/2000/svg'/>"),
    palette=_PLAIN,
    fonts=FontPair(heading="Lora", body="Lora"),
    voice=Voice(tone=["plain"], tagline="A shop.", story="A shop."),
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sentence, what it is held against, and whether it may stand."""

    about: str
    text: str
    evidence: Evidence
    reason: str
    """Why it may not stand; empty if it may."""
    is_supported: bool
    held_out: bool = False
    """Whether no rule was changed after the check had read it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the check did on the set. The positive class is the unsupported sentence."""

    sentences: int
    precision: float
    """Share of the flagged sentences that are unsupported."""
    recall: float
    """Share of the unsupported sentences that are flagged."""
    wrong: tuple[Labelled, ...]


def labelled_sentences() -> Iterator[Labelled]:
    """Yield the whole set."""
    data = tomllib.loads(resources.files(__package__).joinpath("claims.toml").read_text(encoding="utf-8"))
    for row in data["facts"]:
        evidence, held_out = _evidence(row), bool(row.get("held_out"))
        for text in row["yes"]:
            yield Labelled(row["name"], text, evidence, "", is_supported=True, held_out=held_out)
        for text, reason in row["no"]:
            yield Labelled(row["name"], text, evidence, reason, is_supported=False, held_out=held_out)


def read_all(*, held_out: bool | None = None) -> Reading:
    """Return precision and recall of the claims check.

    Args:
        held_out: whether only the sentences that no rule was changed for, or only the others, are read.
    """
    every = [one for one in labelled_sentences() if held_out is None or one.held_out is held_out]
    flagged = [one for one in every if unsupported(one.text, one.evidence)]
    right = [one for one in flagged if not one.is_supported]
    bad = [one for one in every if not one.is_supported]
    wrong = [one for one in every if (one in flagged) is one.is_supported]
    return Reading(len(every), len(right) / len(flagged), len(right) / len(bad), tuple(wrong))


def _evidence(row: dict[str, Any]) -> Evidence:
    if row.get("store"):
        return Evidence.of([row["title"], row["category"], row["description"], f"{WITHDRAWAL_DAYS} days"])
    return product_evidence(
        CopyBrief(
            original_title=row["title"],
            original_description=row["description"],
            category=row["category"],
            tags=(),
            options=row["options"],
            niche="",
            brand=_BRAND,
            seed="",
            attributes=row["attributes"],
        )
    )
