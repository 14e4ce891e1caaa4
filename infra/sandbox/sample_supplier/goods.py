"""What the sample supplier can have in its catalogue: things cut out of photos, and goods with a photo printed on them.

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
    """The first is the usual title; the others are how duplicates call it."""
    tags: list[str]
    cost: Cents
    """US cents a piece, about."""
    market: Cents
    """US cents it is usually sold for, about."""
    fee: Cents
    """US cents of shipping, about."""
    days: tuple[int, int]
    """Fewest and most days to the door, about."""
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
    """Categories that stand together, and the departments a search goes on to."""

    related: list[str]
    categories: list[str]


class Taxonomy(Value):
    """How the supplier's own search finds its way from a word to neighbouring goods."""

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
    """Return everything the catalogue is made from, things before prints."""
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
