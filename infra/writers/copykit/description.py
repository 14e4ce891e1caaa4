"""The shape that all product descriptions have."""

from collections.abc import Sequence

from domain.product.ports import CopyBrief
from infra.writers.copykit.supplier_text import plain_text


def one_line(text: str) -> str:
    """Return an external text, at most 500 characters of it, without markup or line breaks."""
    return " ".join(plain_text(text[:500]).split())


def as_markdown(opening: str, features: Sequence[str], benefits: Sequence[str], call_to_action: str) -> str:
    """Return a product description in Markdown. Without benefits it has no heading for them."""
    listed_features = "\n".join(f"- {feature}" for feature in features)
    listed_benefits = "\n".join(f"- {benefit}" for benefit in benefits)
    why = f"## Why you'll like it\n\n{listed_benefits}\n\n" if benefits else ""
    return f"{opening}\n\n## Features\n\n{listed_features}\n\n{why}{call_to_action}"


def tag_keywords(brief: CopyBrief) -> list[str]:
    """Return the supplier's first tags, as keywords whose density is measured."""
    return [keyword for tag in brief.tags[:5] if (keyword := one_line(tag).casefold())]
