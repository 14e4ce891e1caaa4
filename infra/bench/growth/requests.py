"""One request of the bench of growth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

SAMPLE = 40
"""Different arguments of each read, in turn."""
PART_UNIT = 100
"""Products of a part of the sitemap that count as one read: a small store has no full part."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: a path of the storefront, or a query of a merchant."""

    path: str | None = None
    query: str = ""
    variables: Mapping[str, Any] | None = None
    merchant_id: UUID | None = None
    units: float = 1
    """How many reads it counts as."""
