"""Groups a store's categories into shelves: broad enough to be worth a page, named as a shopper would name them."""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, lru_cache
from itertools import chain, count
from pathlib import Path

from domain.plurals import singular
from domain.store.slugs import slugify
from domain.text import fold
from projections.catalog.views import CategoryCount, CategoryTextView

FEWEST = 2
"""A shelf with fewer products is not a shelf."""
ENOUGH_SHARE = 12
"""In a large store, a shelf has at least one product in this many."""
MOST = 8
"""A home page has room for this many shelves."""
REST = "More"
"""The shelf of the products that no other shelf takes."""
_SEPARATORS = re.compile(r">|»|›|\||::|/|\\")
_ACRONYMS = frozenset(
    {"LED", "USB", "PC", "TV", "DIY", "3D", "RGB", "GPS", "LCD", "UV", "DJ", "BBQ", "HDMI", "SSD", "RAM"}
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A group of categories with a page of its own."""

    name: str
    slug: str
    products: int
    categories: frozenset[str]
    """The supplier's categories in it, as products have them."""
    key: str = ""
    """The slug that its name makes; empty if that is ``slug``."""
    text: str = ""
    """Markdown above its products; empty for none."""
    updated_at: datetime | None = None
    """When the text was written."""

    @property
    def own_slug(self) -> str:
        """The slug that its name makes, whatever its address is."""
        return self.key or self.slug

    def described(self, text: CategoryTextView | None) -> "Shelf":
        """Return it with its own title, text and address, as far as it has them."""
        if text is None:
            return self
        return replace(
            self,
            name=text.title or self.name,
            slug=text.slug,
            key=self.slug,
            text=text.text or "",
            updated_at=text.updated_at,
        )


@dataclass(slots=True)
class _Group:
    """Categories of one name, or the small ones of one department."""

    name: str
    department: str | None
    products: int = 0
    categories: set[str] = field(default_factory=set)

    def take(self, other: "_Group") -> None:
        self.categories |= other.categories
        self.products += other.products


def shelves_of(counts: Iterable[CategoryCount]) -> tuple[Shelf, ...]:
    """Return the shelves of a store, the fullest first, and last those with what is left of a department or of all.

    A category with enough products has a shelf of its own. Small ones share the shelf of their department, and what is
    still alone goes to ``More``. A single product that is left over is on no shelf.
    """
    groups = sorted(_by_name(counts), key=lambda one: (-one.products, one.name))
    total = sum(group.products for group in groups)
    enough = max(FEWEST, -(-total // ENOUGH_SHARE))
    # Room is left for the shelves of departments and for “More”.
    own = [group for group in groups if group.products >= enough] or [
        group for group in groups if group.products >= FEWEST
    ]
    own = own[: MOST - 2]
    small = [group for group in groups if group not in own]
    shared, alone = _by_department(small, known={group.department for group in own})
    free = MOST - 1 - len(own)
    shelves = sorted([*own, *shared[:free]], key=lambda one: (one.name.startswith(REST), -one.products, one.name))
    rest = _Group(REST, None)
    for group in (*shared[free:], *alone):
        rest.take(group)
    if rest.products >= FEWEST and shelves:
        shelves.append(rest)
    return tuple(_unique(shelves))


def shelf_names(counts: Mapping[str, int]) -> Mapping[str, str]:
    """Return the names of a store's shelves by slug, for how many products each category has."""
    views = [CategoryCount(category=category, products=products) for category, products in counts.items()]
    return {shelf.slug: shelf.name for shelf in shelves_of(views)}


@lru_cache(maxsize=4_096)
def category_name(category: str) -> str:
    """Return a supplier's category in a shopper's words: ``Home > Kitchen > MUGS`` is ``Mugs``."""
    words = _levels(category)[-1].replace("_", " ").replace(" & ", " and ").split()
    if not words:
        return REST
    shouted = all(word.isupper() for word in words)
    spoken = [_cased(word, shouted=shouted) for word in words]
    return " ".join([spoken[0][:1].upper() + spoken[0][1:], *spoken[1:]])


def find_shelf(shelves: Sequence[Shelf], slug: str) -> Shelf | None:
    """Return the shelf with this slug, or the one that has a category with it; None if there is none."""
    for shelf in shelves:
        if shelf.slug == slug:
            return shelf
    for shelf in shelves:
        if shelf.own_slug == slug:
            return shelf
    return next(
        (shelf for shelf in shelves if any(slugify(category_name(one)) == slug for one in shelf.categories)), None
    )


def shelf_of(shelves: Sequence[Shelf], category: str | None) -> Shelf | None:
    """Return the shelf of a product's category; None if it is on none."""
    return next((shelf for shelf in shelves if category in shelf.categories), None)


def _levels(category: str) -> list[str]:
    levels = [" ".join(part.split()) for part in _SEPARATORS.split(category)]
    return [level for level in levels if level] or [""]


def _cased(word: str, *, shouted: bool) -> str:
    if word.upper() in _ACRONYMS:
        return word.upper()
    return word.lower() if shouted or word[1:].islower() or len(word) == 1 else word


def _by_name(counts: Iterable[CategoryCount]) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for one in counts:
        if not one.category.strip():
            continue
        name = category_name(one.category)
        group = groups.setdefault(fold(name), _Group(name, _department_of(one.category)))
        group.take(_Group(name, None, one.products, {one.category}))
    return list(groups.values())


def _by_department(groups: Iterable[_Group], *, known: Collection[str | None]) -> tuple[list[_Group], list[_Group]]:
    """Return the groups merged by department, the fullest first, and those that nothing shares a department with.

    Args:
        groups: small groups.
        known: departments that have a shelf already.
    """
    merged: dict[str, _Group] = {}
    alone: list[_Group] = []
    for group in groups:
        if group.department is None:
            alone.append(group)
            continue
        more = _departments().more.get(group.department, f"More in {group.department.lower()}")
        name = more if group.department in known else group.department
        merged.setdefault(group.department, _Group(name, group.department)).take(group)
    shared = [group for group in merged.values() if group.products >= FEWEST]
    alone += [group for group in merged.values() if group.products < FEWEST]
    return sorted(shared, key=lambda one: (-one.products, one.name)), alone


def _unique(groups: Iterable[_Group]) -> Iterable[Shelf]:
    taken: set[str] = set()
    for group in groups:
        base = slugify(group.name, fallback="goods")
        slug = next(one for one in chain([base], (f"{base}-{n}" for n in count(2))) if one not in taken)
        taken.add(slug)
        yield Shelf(group.name, slug, group.products, frozenset(group.categories))


@dataclass(frozen=True, slots=True)
class _Departments:
    by_word: Mapping[str, str]
    """From a singular word or phrase to the name of a department."""
    more: Mapping[str, str]
    """From a department to the name of a shelf with what is left of it."""


@cache
def _departments() -> _Departments:
    entries = tomllib.loads(Path(__file__).with_name("departments.toml").read_text("utf-8"))["department"]
    by_word: dict[str, str] = {}
    for entry in entries:
        for word in entry["words"]:
            by_word.setdefault(word, entry["name"])
    return _Departments(by_word, {entry["name"]: entry["more"] for entry in entries})


@lru_cache(maxsize=4_096)
def _department_of(category: str) -> str | None:
    """Return the department of a category: by its own last words, else by those of the levels above it."""
    for level in reversed(_levels(category)):
        words = [singular(word) for word in re.findall(r"[a-z0-9-]+", fold(level))]
        for phrase in (" ".join(words[-2:]), *reversed(words)):
            department = _departments().by_word.get(phrase)
            if department is not None:
                return department
    return None
