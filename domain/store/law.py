"""What the law of a merchant's country asks of a store, and what taxes are called."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


def in_union(country: str) -> bool:
    """Whether a country is a member of the European Union; ``country`` is an ISO 3166-1 alpha-2 code."""
    return country in _law()["union"]["members"]


def imprint_title(country: str) -> str | None:
    """Return the name of the page with the trader's details; None if the country asks for no such page."""
    imprint = _law()["imprint"]
    named: str | None = imprint["named"].get(country)
    return named or (imprint["title"] if country in imprint["countries"] else None)


def tax_name(country: str | None) -> str:
    """Return what the tax on a sale is called in a country that goods are delivered to; ``tax`` if the country is unknown."""
    taxes = _law()["taxes"]
    if country is None:
        return "tax"
    named: str | None = taxes["named"].get(country)
    return named or ("VAT" if in_union(country) or country in taxes["vat"] else "tax")


@cache
def _law() -> Mapping[str, Any]:
    return tomllib.loads((Path(__file__).parent / "law.toml").read_text())
