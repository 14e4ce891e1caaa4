"""Holds texts against facts: a sentence may claim only what a listing or a store states.

``claims.toml`` has the rules. A sentence without a claim passes, since opinions and scenes need no proof.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from domain.product.ports import CopyBrief
from domain.sourcing.untrusted import find_contact, find_order
from domain.store.ports import StoreFacts
from infra.writers.copykit.description import one_line
from infra.writers.copykit.grammar import is_plural
from infra.writers.copykit.lexicon import lexicon
from infra.writers.copykit.likeness import without_likeness
from infra.writers.copykit.quantities import Quantities, quantities
from infra.writers.copykit.spelling import american
from infra.writers.copykit.supplier_text import is_foreign, plain_text

WITHDRAWAL_DAYS = 14
"""Days in which every buyer may send things back; the only number that no facts have to state."""
_SENTENCE = re.compile(r"(?<=[.!?])[\"”’)]*\s+(?=[\"“(]?[A-Z0-9])|\n+")
_NOT_BEFORE = re.compile(
    r"(?:\b(?:not|no|never|without|neither|nor|cannot|non)\b|n['’]t\b)(?:\W+\w+){0,3}\W*$", re.IGNORECASE
)
_NOT_AFTER = re.compile(r"^\W*(?:is |are |safe |suitable )?not\b", re.IGNORECASE)
_BESIDE = re.compile(
    r"\b(?:next to|beside|against|between|alongside|goes with|your|on (?:a|the)|like|than|kinder than|of your)(?: \w+){0,2} $"
    r"|\b(?:next to|beside)\b[^.]{0,40}$",
    re.IGNORECASE,
)
"""Before a material that the goods only stand beside."""
_FALSE_LEATHER = r"(?:faux|vegan|pu|imitation|artificial|synthetic|eco|fake)[ -]"
_TAIL = re.compile(
    r"\b(?:for|to|that|which|so|on|in|at|of|with|from|inside|and so|when|where|if|by|as)\b.*$", re.IGNORECASE
)
_LIST = re.compile(r",|;|\band\b|&|\+|\bor\b|\bplus\b|×", re.IGNORECASE)
_SAYS_NOTHING = frozenset(
    {"it", "them", "everything", "something", "this", "that", "nothing", "these", "you", "care", "love"}
)

_VERBS = frozenset(
    (
        "it",
        "they",
        "is",
        "are",
        "has",
        "have",
        "holds",
        "hold",
        "weighs",
        "weigh",
        "measures",
        "measure",
        "carries",
        "carry",
    )
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim without proof."""

    rule: str
    words: str
    """The words of the sentence that make the claim."""
    why: str

    def __str__(self) -> str:
        return f"{self.words!r} ({self.rule}: {self.why})"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What may be claimed: statements in lower case, American spelling, and their quantities."""

    text: str
    words: frozenset[str]
    """Stems of all words."""
    quantities: Quantities
    squeezed: str
    """The text without spaces and hyphens, to compare ``water-proof`` with ``waterproof``."""
    roots: frozenset[str] = frozenset()
    """Roots of all words."""
    is_complete: bool = False
    """Whether the statements are all that may be said, as with a listing. A store also has a voice."""
    names: Sequence[str] = ()
    """Names that claim nothing: a shop called Copper Frame sells no copper."""

    @classmethod
    def of(
        cls,
        statements: Iterable[str],
        counts: Iterable[tuple[int, str]] = (),
        *,
        names: Sequence[str] = (),
        is_complete: bool = False,
    ) -> "Evidence":
        """Return the evidence in these statements.

        Args:
            statements: texts of others, each complete in itself.
            counts: further countable facts: three colors.
            names: names that claim nothing.
            is_complete: whether the statements are all that may be said.
        """
        text = american("\n".join(statements)).casefold()
        found = re.findall(r"\w+", text)
        words, roots = frozenset(map(stem, found)), frozenset(map(_root, re.findall(r"[^\W\d_]+", text)))
        return cls(
            text, words, quantities(text, counts), _squeezed(text), roots, is_complete, tuple(filter(None, names))
        )


def product_evidence(brief: CopyBrief) -> Evidence:
    """Return what a supplier states about a product: title, description, attributes and options."""
    texts = [
        brief.original_title[:2000],
        *plain_text(brief.original_description).splitlines(),
        *(f"{name[:100]}: {value[:500]}" for name, value in brief.attributes.items()),
        *(option[:100] for option in brief.options),
        brief.category[:200],
    ]
    statements = [text for text in map(plain_text, texts) if not is_foreign(text)]
    columns: dict[int, set[str]] = {}
    for option in brief.options:
        for at, value in enumerate(option.split(" / ")):
            columns.setdefault(at, set()).add(value.strip().casefold())
    counts = {len(values) for values in columns.values()} | {len(brief.options)}
    chosen = ("color", "size", "version", "variant", "option", "finish", "design", "pattern", "motif")
    return Evidence.of(
        statements,
        [(count, noun) for count in counts for noun in chosen],
        names=[one_line(brief.brand.name)],
        is_complete=True,
    )


def store_evidence(facts: StoreFacts, more: Sequence[str] = ()) -> Evidence:
    """Return what a store's facts state.

    Args:
        facts: the store's facts.
        more: further statements, such as the number of its products.
    """
    prices = [] if facts.price_range is None else [str(money) for money in facts.price_range]
    days = [] if facts.shipping_days is None else [f"{day} days" for day in facts.shipping_days]
    statements = [facts.name, facts.host, facts.niche, *facts.products, *prices, *days, *more]
    counted = [f"{WITHDRAWAL_DAYS} days", f"{len(facts.products)} categories", f"{facts.product_count} products"]
    # The address first: it may hold the name, and its digits count nothing.
    return Evidence.of([*statements, *counted], names=[facts.contact_email or "", one_line(facts.name)])


def sentences(text: str) -> list[str]:
    """Return the sentences of a text or of Markdown."""
    return [part for line in text.splitlines() for part in map(str.strip, _SENTENCE.split(line)) if part.strip("#->* ")]


def unsupported(text: str, evidence: Evidence) -> list[Claim]:
    """Return the claims in a text that the evidence does not support."""
    for name in evidence.names:
        text = text.replace(name, "·")
    return [claim for sentence in sentences(text) for claim in _claims_of(american(sentence), evidence)]


def is_supported(text: str, evidence: Evidence) -> bool:
    """Whether a text makes no unsupported claim."""
    return not unsupported(text, evidence)


def supported_part(text: str, evidence: Evidence) -> str:
    """Return the text without the sentences that make an unsupported claim. Line breaks stay."""
    lines = []
    for line in text.split("\n"):
        kept = [part for part in _SENTENCE.split(line) if is_supported(part, evidence)]
        lines.append(" ".join(part for part in kept if part))
    return "\n".join(lines)


def stem(word: str) -> str:
    """Return a word without its plural ending."""
    low = word.casefold()
    if low.endswith("ies") and len(low) > 4:
        return low[:-3] + "y"
    if low.endswith("ves") and len(low) > 4:
        return low[:-3] + "f"
    if low.endswith(("ches", "shes", "xes", "sses")):
        return low[:-2]
    return low[:-1] if is_plural(low) and low.endswith("s") else low


def _claims_of(sentence: str, evidence: Evidence) -> Iterator[Claim]:
    yield from _foreign_words(sentence, evidence)
    yield from _never_claims(sentence, evidence)
    yield from _unstated_claims(sentence, evidence)
    for rule in _rules().part:
        for found in rule.claim.finditer(sentence):
            yield from _parts_without_proof(rule, found, evidence)
    yield from _materials_without_proof(sentence, evidence)
    for words in quantities(sentence.casefold()).not_in(evidence.quantities):
        yield Claim("number", words, "the facts do not state this number")
    if evidence.is_complete:
        yield from _ungrounded(sentence, evidence)


def _foreign_words(sentence: str, evidence: Evidence) -> Iterator[Claim]:
    """Yield orders to a model, and contacts that are not the shop's own: a model that copies them would publish them."""
    order = find_order(sentence, any_order=evidence.is_complete)
    if order is not None and _squeezed(order) not in evidence.squeezed:
        yield Claim("order", order, "a text speaks to shoppers")
    contact = find_contact(sentence)
    if contact is not None and _squeezed(contact) not in evidence.squeezed:
        yield Claim("contact", contact, "it is not the shop's own")


def _never_claims(sentence: str, evidence: Evidence) -> Iterator[Claim]:
    for rule in _rules().never:
        if rule.goods and not evidence.is_complete:
            continue
        for found in rule.claim.finditer(sentence):
            if not _NOT_BEFORE.search(sentence[: found.start()]):
                yield Claim(rule.name, found.group(), rule.why)


def _unstated_claims(sentence: str, evidence: Evidence) -> Iterator[Claim]:
    for rule in _rules().stated:
        for found in rule.claim.finditer(sentence):
            if not _is_stated(rule, found.group(), evidence, negated=_is_negated(sentence, found)):
                yield Claim(rule.name, found.group(), "the facts do not state it")


def _ungrounded(sentence: str, evidence: Evidence) -> Iterator[Claim]:
    """Yield a claim if a sentence about the goods uses words that neither the facts nor neutral sentences have.

    The rules above name known claims; this one finds those that no rule foresees.
    """
    strange = [
        word
        for word in re.findall(r"[^\W\d_]{3,}", _rules().material.sub(" ", without_likeness(sentence)))
        if (root := _root(word)) not in _neutral() and root not in evidence.roots
    ]
    if strange:
        yield Claim("not in the facts", ", ".join(strange), "the facts do not speak of it")


_ENDINGS = ("ability", "able", "ible", "ingly", "edly", "ing", "ely", "ily", "ed", "ly", "er", "est", "en", "y", "e")


@lru_cache(maxsize=20_000)
def _root(word: str) -> str:
    """Return a word without the endings of grammar: ``charging``, ``charged`` and ``charges`` are one."""
    low = stem(american(word).casefold())
    for ending in _ENDINGS:
        if low.endswith(ending) and len(low) - len(ending) >= 3:
            low = low[: -len(ending)]
            break
    return low[:-1] if len(low) > 3 and low[-1] == low[-2] else low


@cache
def _neutral() -> frozenset[str]:
    """Return the roots of all words in sentences that claim nothing."""
    here = resources.files(__package__)
    known = lexicon()
    lines = [line for kind in known.kinds.values() for line in (*kind.scene, *kind.likes, *kind.cta)]
    lines += [line for register in known.registers for line in (*register.aside, *register.cta, register.closing)]
    for file in ("neutral.toml", "facts.toml"):
        lines.append(here.joinpath(file).read_text(encoding="utf-8"))
    return frozenset(_root(word) for line in lines for word in re.findall(r"[^\W\d_]{3,}", line))


def _is_negated(text: str, found: re.Match[str]) -> bool:
    start = max(text.rfind(mark, 0, found.start()) for mark in ".,;:\n") + 1
    return bool(_NOT_BEFORE.search(text[start : found.start()]) or _NOT_AFTER.search(text[found.end() :]))


def _is_stated(rule: "_Rule", words: str, evidence: Evidence, *, negated: bool) -> bool:
    if rule.same:
        last = re.findall(r"\w+", words)[-1].casefold()
        return _squeezed(words) in evidence.squeezed or (rule.cased and f"origin: {last}" in evidence.text)
    proof = rule.proof or rule.claim
    return any(_is_negated(evidence.text, found) == negated for found in proof.finditer(evidence.text))


def _parts_without_proof(rule: "_Rule", found: re.Match[str], evidence: Evidence) -> Iterator[Claim]:
    phrase = found["what"]
    for part in _LIST.split(phrase):
        words = re.findall(r"[^\W\d_]+", _TAIL.sub("", part))
        if words and words[0].casefold() in _VERBS:
            return  # "made of steel and is 9 cm high": another statement begins
        if not words or words[-1].casefold() in _SAYS_NOTHING:
            continue
        head = stem(words[-1])
        if head not in evidence.words:
            yield Claim(rule.name, found.group().strip(), f"the facts have no {words[-1]}")
        elif rule.name != "made of" and re.search(
            rf"\b{re.escape(head)}\w*\W+(?:\w+\W+){{0,2}}not included", evidence.text
        ):
            yield Claim(rule.name, found.group().strip(), "the facts say that it is not included")


def _materials_without_proof(sentence: str, evidence: Evidence) -> Iterator[Claim]:
    rules = _rules()
    for found in rules.material.finditer(sentence):
        word = found.group().casefold()
        if _BESIDE.search(sentence[: found.start()]):
            continue
        before = sentence[: found.start()].casefold()
        if word == "leather" and re.search(rf"\b{_FALSE_LEATHER}$", before) and "leather" in evidence.words:
            continue  # it is called what it is: no leather
        if not any(_has_material(kind, evidence) for kind in (word, *rules.materials[word])):
            yield Claim("material", found.group(), "the facts do not name this material")


def _has_material(word: str, evidence: Evidence) -> bool:
    pattern = rf"\b{re.escape(word)}"
    if word == "leather":
        return any(
            not re.search(rf"{_FALSE_LEATHER}$", evidence.text[: found.start()])
            for found in re.finditer(pattern, evidence.text)
        )
    return re.search(rf"{pattern}\b", evidence.text) is not None


def _squeezed(text: str) -> str:
    return re.sub(r"[\s-]+", "", american(text).casefold())


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    claim: re.Pattern[str]
    why: str = ""
    proof: re.Pattern[str] | None = None
    same: bool = False
    """Whether the facts must have the very words of the claim."""
    cased: bool = False
    goods: bool = False
    """Whether it is a claim only about goods; a shop may say it of its subject."""


@dataclass(frozen=True, slots=True)
class _Rules:
    never: tuple[_Rule, ...]
    stated: tuple[_Rule, ...]
    part: tuple[_Rule, ...]
    material: re.Pattern[str]
    materials: dict[str, list[str]]


@cache
def _rules() -> _Rules:
    data = tomllib.loads(resources.files(__package__).joinpath("claims.toml").read_text(encoding="utf-8"))
    words = "|".join(re.escape(name) for name in sorted(data["materials"], key=len, reverse=True))
    return _Rules(
        tuple(map(_rule, data["never"])),
        tuple(map(_rule, data["stated"])),
        tuple(map(_rule, data["part"])),
        re.compile(rf"\b(?:{words})\b", re.IGNORECASE),
        data["materials"],
    )


def _rule(row: dict[str, Any]) -> _Rule:
    cased = bool(row.get("cased"))
    flags = 0 if cased else re.IGNORECASE
    proof = re.compile(row["proof"], re.IGNORECASE) if "proof" in row else None
    return _Rule(
        row["rule"],
        re.compile(row["claim"], flags),
        row.get("why", ""),
        proof,
        same=bool(row.get("same")),
        cased=cased,
        goods=bool(row.get("goods")),
    )
