"""Everything that the sample supplier can list: things cut out of photos, and goods with a photo printed on them.

The texts and prices are our own invention, kept as data beside this module; nothing is taken from a real supplier.
"""

import json
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from domain.kernel import Value
from infra.sandbox.sample_supplier.printing import Print

HERE = Path(__file__).parent

Cents = Annotated[int, Field(gt=0)]
Crop = tuple[float, float, float, float]


class Goods(Value):
    """One thing that can be listed, before any seller's title, price and numbers."""

    id: str
    photo: str
    crop: Crop
    printed_on: Print | None = None
    category: str
    names: Annotated[list[str], Field(min_length=2)]
    """The usual title first, then titles for duplicates."""
    tags: list[str]
    cost: Cents
    """Approximate price of one piece, in US cents."""
    market: Cents
    """Approximate retail price, in US cents."""
    fee: Cents
    """Approximate shipping cost, in US cents."""
    days: tuple[int, int]
    """Approximate fewest and most days until delivery."""
    options: dict[str, list[str]] = Field(default_factory=dict)
    facts: list[str]


class _Kind(Value):
    category: str
    nouns: list[str]
    tags: list[str]
    cost: Cents
    market: Cents
    fee: Cents
    days: tuple[int, int]
    options: dict[str, list[str]] = Field(default_factory=dict)
    facts: list[str]


class _Design(Value):
    id: str
    photo: str
    crop: Crop
    title: str
    tags: list[str]
    on: list[Print]


class _Designs(Value):
    kinds: dict[Print, _Kind]
    designs: list[_Design]


class Department(Value):
    """Related categories, and the departments that a search continues with."""

    related: list[str]
    categories: list[str]


class Taxonomy(Value):
    """The category tree and the synonyms that the supplier's search uses."""

    departments: dict[str, Department]
    synonyms: list[list[str]]

    def department_of(self, category: str) -> str:
        """Return the department a category is in.

        Raises:
            KeyError: the data files do not fit together.
        """
        for name, department in self.departments.items():
            if category in department.categories:
                return name
        raise KeyError(category)


@cache
def all_goods() -> tuple[Goods, ...]:
    """Return all goods, things before prints."""
    things = TypeAdapter(list[Goods]).validate_python(json.loads((HERE / "things.json").read_text("utf-8")))
    designs = _Designs.model_validate_json((HERE / "designs.json").read_text("utf-8"))
    prints = [_printed(design, kind, designs.kinds[kind]) for design in designs.designs for kind in design.on]
    return (*things, *prints)


@cache
def taxonomy() -> Taxonomy:
    """Return the category tree and the synonyms."""
    return Taxonomy.model_validate_json((HERE / "taxonomy.json").read_text("utf-8"))


def _printed(design: _Design, on: Print, kind: _Kind) -> Goods:
    return Goods(
        id=f"{design.id}-{on}",
        photo=design.photo,
        crop=design.crop,
        printed_on=on,
        category=kind.category,
        names=[f"{design.title} {noun}" for noun in kind.nouns],
        tags=[*design.tags, *kind.tags],
        cost=kind.cost,
        market=kind.market,
        fee=kind.fee,
        days=kind.days,
        options=kind.options,
        facts=kind.facts,
    )
