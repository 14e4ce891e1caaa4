"""Writes the texts of category pages from sentences that stay true when products change."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from domain.store.ports import CategoryDraft, StoreFacts
from infra.writers.copykit.grammar import is_plural, running, upper_first
from infra.writers.copykit.pages import line
from infra.writers.rules.copy.pages import WRITTEN_BY, as_goods
from infra.writers.rules.copy.rotation import Rotation

REST = "More"
"""How the name of a shelf with leftovers begins; no sentence fits what is on it."""
_NAME = re.compile(r"(?!(?i:our|my|your|the|this|these)\b)[^\W\d_]+(?:[ ,&/'’.-]{1,3}[^\W\d_]+)*")


class RuleCategoryWriter:
    """Implements :class:`domain.store.ports.CategoryWriter` offline. The same facts and seed give the same texts."""

    async def describe(self, names: Mapping[str, str], facts: StoreFacts, *, seed: str) -> list[CategoryDraft]:
        """Return a text for each category whose name is a kind of goods: words without numbers and signs."""
        rotation = Rotation(seed)
        return [
            CategoryDraft(
                category=slug,
                title=line(name, 80),
                text=_text(running(line(name, 80)), facts, rotation),
                written_by=WRITTEN_BY,
            )
            for slug, name in names.items()
            if _NAME.fullmatch(line(name, 80)) and name.split()[0] != REST
        ]


def _text(goods: str, facts: StoreFacts, rotation: Rotation) -> str:
    goods = as_goods(goods)
    is_many = is_plural(goods.rsplit(maxsplit=1)[-1])
    niche = running(line(facts.niche, 80))
    openings = list(_sentences()["opening" if is_many else "mass_opening"])
    if is_many and niche and niche.casefold() != goods.casefold() and is_plural(niche.split()[-1]):
        openings += _sentences()["niche_opening"]
    words = {"goods": goods, "Goods": upper_first(goods), "name": line(facts.name, 80) or "this shop", "niche": niche}
    opening = rotation.pick("category opening", openings)
    closing = rotation.pick("category closing", _sentences()["closing"])
    return f"{opening} {closing}".format(**words)


@cache
def _sentences() -> Mapping[str, Sequence[str]]:
    return tomllib.loads(Path(__file__).with_name("categories.toml").read_text())
