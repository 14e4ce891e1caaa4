"""Everything that the sample supplier can list: things from photos, things from renders, and goods with a print.

The texts and prices are our own invention, kept as data beside this module; nothing is taken from a real supplier.
Each file in ``fields/`` holds one field of goods.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from domain.kernel import Value
from infra.sandbox.sample_supplier.printing import Print

HERE = Path(__file__).parent

Cents = Annotated[int, Field(gt=0)]
Crop = tuple[float, float, float, float]

LETTER_GRAMS = 2_000
"""Up to this weight freight is dear by the gram; heavier parcels travel by sea and road."""


class Goods(Value):
    """One thing that can be listed, before any seller's title, price and numbers.

    Its picture is a photo or a render.
    """

    id: str
    photo: str | None = None
    crop: Crop = (0.0, 0.0, 1.0, 1.0)
    printed_on: Print | None = None
    render: str | None = None
    color: str | None = None
    """The color that the render is shown in; None for its own."""
    pieces: Annotated[int, Field(ge=1, le=3)] = 1
    """How many of the render the picture shows."""
    look: int = 0
    """Number among the goods with the same render, which are shown in other scenes, turned or mirrored."""
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
    attributes: Annotated[dict[str, str], Field(min_length=1)]
    """What the supplier states, for example ``{"Material": "Stoneware", "Weight": "780 g"}``."""
    options: dict[str, list[str]] = Field(default_factory=dict)
    facts: list[str]

    @model_validator(mode="after")
    def _has_one_picture(self) -> Self:
        if (self.photo is None) == (self.render is None):
            raise ValueError(f"goods {self.id}: give a photo or a render")
        return self


class _Kind(Value):
    category: str
    nouns: list[str]
    tags: list[str]
    cost: Cents
    market: Cents
    fee: Cents
    days: tuple[int, int]
    attributes: dict[str, str]
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


class _Category(Value):
    """A category and what its goods have in common."""

    name: str
    tags: list[str] = Field(default_factory=list)
    days: tuple[int, int] = (7, 13)
    goods: list[dict[str, Any]] = Field(default_factory=list)


class _Field(Value):
    department: str
    related: list[str]
    category: list[_Category]


class Department(Value):
    """Related categories, and the departments that a search continues with."""

    related: list[str]
    categories: list[str]


@cache
def all_goods() -> tuple[Goods, ...]:
    """Return all goods, things before prints."""
    things = [goods for field in _fields() for category in field.category for goods in _goods_of(category)]
    designs = _Designs.model_validate_json((HERE / "designs.json").read_text("utf-8"))
    prints = [_printed(design, kind, designs.kinds[kind]) for design in designs.designs for kind in design.on]
    return (*_with_looks(things), *prints)


@cache
def departments() -> dict[str, Department]:
    """Return the departments by name."""
    return {
        field.department: Department(related=field.related, categories=[category.name for category in field.category])
        for field in _fields()
    }


@cache
def department_of(category: str) -> str:
    """Return the department a category is in.

    Raises:
        KeyError: the data files do not fit together.
    """
    for name, department in departments().items():
        if category in department.categories:
            return name
    raise KeyError(category)


@cache
def synonyms() -> tuple[tuple[str, ...], ...]:
    """Return groups of words and phrases that mean the same."""
    groups = tomllib.loads((HERE / "synonyms.toml").read_text("utf-8"))["synonyms"]
    return tuple(tuple(group) for group in groups)


@cache
def _fields() -> tuple[_Field, ...]:
    paths = sorted((HERE / "fields").glob("*.toml"))
    return tuple(_Field.model_validate(tomllib.loads(path.read_text("utf-8"))) for path in paths)


def _goods_of(category: _Category) -> Iterator[Goods]:
    for row in category.goods:
        tags = list(dict.fromkeys((*row.get("tags", ()), *category.tags)))
        fee = row.get("fee") or _freight(row["attributes"]["Weight"])
        yield Goods.model_validate(
            {"days": category.days} | row | {"category": category.name, "tags": tags, "fee": fee}
        )


def _freight(weight: str) -> int:
    """Return the usual freight in US cents for a weight such as ``780 g``."""
    match = re.match(r"([\d.]+) (k?)g", weight)
    if match is None:
        raise ValueError(f"weight {weight!r}: write grams or kilograms, such as '780 g'")
    grams = float(match[1]) * (1000 if match[2] else 1)
    return round(90 + 0.5 * min(grams, LETTER_GRAMS) + 0.2 * max(0.0, grams - LETTER_GRAMS))


def _with_looks(things: list[Goods]) -> Iterator[Goods]:
    seen: Counter[str | None] = Counter()
    for goods in things:
        yield goods if goods.render is None else goods.model_copy(update={"look": seen[goods.render]})
        seen[goods.render] += 1


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
        attributes=kind.attributes,
        options=kind.options,
        facts=kind.facts,
    )
