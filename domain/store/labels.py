"""Host labels that no store gets."""

import tomllib
from functools import cache
from itertools import chain
from pathlib import Path


@cache
def reserved_labels() -> frozenset[str]:
    """Return the labels below the platform's domain that are kept for the platform itself."""
    groups = tomllib.loads((Path(__file__).parent / "reserved_labels.toml").read_text())
    return frozenset(chain.from_iterable(groups.values()))


def is_reserved(label: str) -> bool:
    """Whether no store may have a label.

    A label with two hyphens in third and fourth place is reserved in DNS (RFC 5891, section 4.2.3.1).
    """
    return label in reserved_labels() or label[2:4] == "--"
