"""What a supplier states about a product, as sentences: attributes first, then the points of the description."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from domain.product.ports import CopyBrief
from infra.writers.copykit.claims import Evidence, is_supported
from infra.writers.copykit.grammar import lower_first, sentence, spaced_measures
from infra.writers.copykit.lexicon import lexicon
from infra.writers.copykit.likeness import is_large, likeness
from infra.writers.copykit.spelling import american
from infra.writers.copykit.supplier_text import SupplierFacts, read, spec_value

_SEVERAL_OR_FALSE = re.compile(
    r"\b(?:and|or|with|blend|mix|faux|imitation|artificial|synthetic|fake|look)\b|(?<!\d)(?!100)\d+ ?%", re.IGNORECASE
)
_SPEC = re.compile(r"^([A-Z][A-Za-z /&'-]{1,28}): (.+)\.$")


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement of the supplier."""

    name: str
    """What it is about: ``material``; the attribute's own name if no rule knows it; empty for a point of the text."""
    feature: str
    """A line of the list: ``Holds 350 ml.``"""
    value: str = ""
    clause: str = ""
    """A predicate, ``[holds/hold] 350 ml``; empty if the value suits none."""
    benefits: tuple[str, ...] = ()
    """Sentences on why it helps to know it."""


@dataclass(frozen=True, slots=True)
class Openings:
    """Ways to begin a description, by what is known."""

    two: tuple[str, ...]
    one: tuple[str, ...]
    fact: tuple[str, ...]
    none: tuple[str, ...]
    below: tuple[str, ...]
    more: tuple[str, ...]
    choice: tuple[str, ...]


def facts_of(brief: CopyBrief, evidence: Evidence) -> list[Fact]:
    """Return the supplier's facts, each once. Praise and claims that no listing proves are left out."""
    titled = _words(american(brief.original_title))
    stated = (fact for fact in _all(brief) if is_supported(fact.feature, evidence))
    # Many descriptions begin with the title again.
    return _without_repeats(fact for fact in stated if fact.name or not _words(fact.feature) <= titled)


def wearer_of(title: str, said: str) -> Fact | None:
    """Return the people that goods are for; None if a supplier's title names none or several, or the texts say so already.

    Args:
        title: the supplier's.
        said: what the shop's texts say of it.
    """
    # A pillow for a “Kids Room” is not for kids.
    texts = (re.sub(r"(?i)\b\w+(?='?s? rooms?\b)", "", text).casefold().replace("'", "") for text in (title, said))
    words, told = (set(re.findall(r"[a-z]+", text)) for text in texts)
    named = {wearer: set(names) for wearer, names in _data()["wearers"].items() if words & set(names)}
    if len(named) != 1 or "unisex" in words:
        return None
    ((wearer, names),) = named.items()
    return None if told & names else Fact("for", f"For {wearer}.", wearer, f"[is/are] for {wearer}")


def only_material(facts: Iterable[Fact]) -> str:
    """Return what the whole product is made of; empty if that is several materials, a part's or an imitation."""
    stated = next((fact.value for fact in facts if fact.name == "material" and fact.clause), "")
    return "" if _SEVERAL_OR_FALSE.search(stated) else stated


def text_of(brief: CopyBrief) -> SupplierFacts:
    """Return the points of a supplier's description in American spelling."""
    return read(american(brief.original_description))


@cache
def openings() -> Openings:
    """Return the openings, read from the TOML beside this module."""
    return Openings(**{name: tuple(lines) for name, lines in _data()["openings"].items()})


def _all(brief: CopyBrief) -> Iterator[Fact]:
    for key, value in list(brief.attributes.items())[:24]:
        yield from _attribute(key, value, brief.original_title)
    for point in text_of(brief).points:
        spec = _SPEC.match(point)
        if spec is None:
            yield Fact("", spaced_measures(point))
        else:
            yield from _attribute(spec[1], spec[2], brief.original_title)


def _attribute(key: str, value: str, title: str) -> Iterator[Fact]:
    name, stated = spec_value(american(key), american(value))
    if not stated:
        return
    stated = spaced_measures(stated)
    rule = _rules().get(name.casefold())
    low = lower_first(stated)
    if rule is None:
        yield Fact(name.casefold(), sentence(f"{name}: {low}"), low)
        return
    if (rule.fits and not re.search(rule.fits, low, re.IGNORECASE)) or (rule.name == "material" and _is_part(low)):
        yield Fact(rule.name, sentence(f"{name}: {low}"), low)
        return
    feature = rule.feature.replace("{v}", low).replace("{V}", stated)
    like = likeness(rule.name, low, but=title)
    benefits = ((like,) if like else ()) + tuple(line.replace("{v}", low) for line in rule.large if is_large(low))
    yield Fact(rule.name, sentence(feature), low, rule.clause.replace("{v}", low), benefits)


def _is_part(material: str) -> bool:
    """Whether a material is a part made of it: ``terracotta pot``, of a plant."""
    last = material.rsplit(maxsplit=1)[-1]
    named = lexicon().words["materials"]
    return last not in named and (lexicon().noun_at([last], 0) is not None or last in lexicon().words["parts"])


def _without_repeats(facts: Iterable[Fact]) -> list[Fact]:
    """Return facts that say something that those before did not; the fuller of two statements stays."""
    kept: list[Fact] = []
    for fact in facts:
        words = _words(fact.feature)
        if (fact.name and any(fact.name == other.name for other in kept)) or any(
            words <= _words(other.feature) for other in kept
        ):
            continue
        at = next((at for at, other in enumerate(kept) if _words(other.feature) <= words), None)
        if at is None:
            kept.append(fact)
        else:
            kept[at] = replace(kept[at], feature=fact.feature)
    return kept


def _words(text: str) -> set[str]:
    return set(re.findall(r"\d[\d.,]*\d|\w+", spaced_measures(text).casefold())) - _EMPTY


_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a an the of and with in is are it made holds for up to x high long wide across measures weighs material capacity",
    )
)


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    keys: Sequence[str]
    feature: str
    clause: str = ""
    fits: str = ""
    large: Sequence[str] = ()


@cache
def _rules() -> Mapping[str, _Rule]:
    return {key: rule for row in _data()["fact"] for rule in [_Rule(**row)] for key in rule.keys}


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("facts.toml").read_text(encoding="utf-8"))
