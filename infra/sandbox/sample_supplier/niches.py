"""Niches that the sample supplier serves well, for wizards and demos."""

import tomllib
from functools import cache
from pathlib import Path


@cache
def niche_suggestions() -> tuple[str, ...]:
    """Return the niches, the best for a first look first."""
    rows = tomllib.loads(Path(__file__).with_name("niches.toml").read_text("utf-8"))["suggestions"]
    return tuple(rows)
