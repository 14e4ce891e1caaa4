"""Reads all texts of a store like an editor and returns what it would send back.

It needs no writer and no server: tests and benches give it what any writer wrote, or what a store shows.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from domain.product.events import ProductCopyWritten
from domain.product.ports import CopyBrief, ProductCopy
from domain.product.texts import META_DESCRIPTION_MAX, META_TITLE_MAX
from domain.store.legal_text import PLACEHOLDER
from infra.writers.copykit.claims import Evidence, product_evidence, sentences, stem, unsupported
from infra.writers.copykit.grammar import agree, article, is_mass, is_small
from infra.writers.copykit.lexicon import is_dear, lexicon
from infra.writers.copykit.scoring import plain
from infra.writers.copykit.spelling import british_in
from infra.writers.copykit.title_words import NOISE, modifying_words, words_of

SHORTEST_DESCRIPTION = 60
MOST_TITLE_WORDS = 11
LONGEST_RUN = 6
"""Most words of a title in a row without a comma or a small word; a person would break it."""
MOST_EXCLAMATIONS = 1
"""In the texts of one product, or in one page."""
SHARE_OF_ONE_OPENING = 0.2
"""Most products whose descriptions may begin with the same words, and never fewer than three."""

_ARTICLE = re.compile(r"(?:(?<=[^\w-])|^)([Aa]n?) ([“\"']?[\w][\w-]*)")
_TWICE = re.compile(r"\b([a-z]+) \1\b", re.IGNORECASE)
_WRONG_PLURAL = re.compile(
    r"\b(?:\w*(?:mices|childs|childrens|womans|knifes|shelfs|leafs|scarfs|bonsais|feets|teeths|sheeps|fishs|furnitures|"
    r"jewelries|jewelrys|clothings|beddings|cutleries|luggages|equipments|decors|stationeries|glassess|boxs|brushs|dishs|\w+sss))\b(?!['’])",
    re.IGNORECASE,
)
_DISAGREES = re.compile(
    r"\bthis (?!one\b)[^,.:;?]{2,50}? (?:are|have|hold|weigh|measure|carry|come)\b|"
    r"\bthese [^,.:;?]{2,50}? (?:is|has|holds|weighs|measures|carries|comes)\b|\bit (?:are|have|hold|weigh|measure)\b|"
    r"\bthey (?:is|has|holds|weighs|measures)\b",
    re.IGNORECASE,
)
_OPEN_MARK = re.compile(
    r"\{\w*\}|\{\{|\}\}|\{%|\[[^\]\n]*/[^\]\n]*\](?!\()|\bNone\b|\bundefined\b|\bTODO\b|\blorem ipsum\b"
)
_SELLS = re.compile(r"(?:\bWe sell|\bsells|\bIn the shop you find) (?!you\b)([^.]+)\.")
_JOKES = re.compile(r"\b(?:jokes?|funny|humor|wink|smile|giggle|silly|cheeky|beige|temptation|oops)\b", re.IGNORECASE)
_GOODS_WORDS = frozenset(("good", "product", "more", "thing", "around"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductTexts:
    """All texts of one product, and what they may claim."""

    id: str
    title: str
    description: str
    features: Sequence[str]
    benefits: Sequence[str]
    call_to_action: str
    meta_title: str
    meta_description: str
    evidence: Evidence
    is_dear: bool = False

    @classmethod
    def of(cls, id: str, copy: ProductCopy | ProductCopyWritten, brief: CopyBrief) -> Self:
        """Return a product's copy beside the facts that it was written from."""
        return cls(
            id=id,
            title=copy.title,
            description=copy.description,
            features=copy.features,
            benefits=copy.benefits,
            call_to_action=copy.call_to_action,
            meta_title=copy.meta_title,
            meta_description=copy.meta_description,
            evidence=product_evidence(brief),
            is_dear=is_dear(brief.price),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTexts:
    """All texts of one store, and what they may claim."""

    name: str
    tagline: str
    story: str
    categories: Sequence[str]
    products: Sequence[ProductTexts]
    evidence: Evidence
    """What the pages may claim."""
    pages: Mapping[str, str] = field(default_factory=dict)
    """Markdown by address, without the legal pages, whose words the law asks for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in a text."""

    rule: str
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule} in {self.place}: {self.text}"


def lint(store: StoreTexts) -> list[Finding]:
    """Return the faults in a store's texts; empty if an editor would print them."""
    found = [finding for product in store.products for finding in _in_product(product)]
    voice = {"tagline": store.tagline, "story": store.story}
    for place, text in {**voice, **store.pages}.items():
        found += _in_prose(place, text, store.evidence)
        if not text.strip():
            found.append(Finding("emptiness", place, "no text"))
    return [*found, *_across(store)]


def _in_product(product: ProductTexts) -> Iterator[Finding]:
    whole = f"{product.title}.\n{product.description}\n{product.meta_description}"
    yield from _in_prose(product.id, whole, product.evidence)
    yield from _in_title(product)
    if missing := _without_goods(product):
        yield Finding("title without its goods", product.id, missing)
    yield from _in_meta(product)
    for place, text in (("call to action", product.call_to_action), *(("benefit", text) for text in product.benefits)):
        if not re.match(r"^[“\"]?[A-Z0-9].*[.!?]$", text) or len(text.split()) < 3:
            yield Finding("fragment", product.id, f"{place}: {text}")
    for text in product.features:
        if not re.match(r"^[“\"]?[A-Z0-9.-].*[.!?]$", text):
            yield Finding("fragment", product.id, f"feature: {text}")
    if len(product.description) < SHORTEST_DESCRIPTION or not product.features or not product.call_to_action:
        yield Finding("emptiness", product.id, product.description[:60])
    if product.is_dear:
        yield from (Finding("joke on dear goods", product.id, text) for text in _light_lines(product.description))


def _in_prose(place: str, markdown: str, evidence: Evidence) -> Iterator[Finding]:
    text = plain(markdown)
    for sentence in sentences(text):
        yield from (
            Finding("unsupported claim", place, f"{claim} in {sentence!r}") for claim in unsupported(sentence, evidence)
        )
        for rule, faults in _GRAMMAR.items():
            yield from (Finding(rule, place, f"{fault!r} in {sentence!r}") for fault in faults(sentence))
    for mark in _OPEN_MARK.findall(PLACEHOLDER.sub("", markdown)):
        yield Finding("unexpanded placeholder", place, mark)
    if text.count("!") > MOST_EXCLAMATIONS:
        yield Finding("exclamation marks", place, f"{text.count('!')} of them")


def _wrong_articles(text: str) -> list[str]:
    wrong = []
    for found in _ARTICLE.finditer(text):
        given, word = found[1].casefold(), found[2]
        # "USB A Charging Cable", "vitamin A is": a capital inside a sentence is a name.
        if found[1] in ("A", "An") and found.start() > 0:
            continue
        if article(word) != given or (is_mass(word) and re.match(r"[.,;:?!)]|$", text[found.end() :])):
            wrong.append(found.group())
    return wrong


_GRAMMAR: Mapping[str, Callable[[str], Sequence[str]]] = {
    "a or an": _wrong_articles,
    "plural": lambda text: [*_WRONG_PLURAL.findall(text), *(found.group() for found in _DISAGREES.finditer(text))],
    "doubled word": lambda text: [found.group() for found in _TWICE.finditer(text)],
    "spelling": british_in,
}


def _in_title(product: ProductTexts) -> Iterator[Finding]:
    words = product.title.split()
    runs = [len(run.split()) for run in re.split(r",|\b(?:with|in|for|of|and|from|to)\b", product.title)]
    parts = [[stem(word) for word in part.split() if len(word) > 3] for part in product.title.split(",")]
    twice = [word for part in parts for word, count in Counter(part).items() if count > 1]
    if len(words) > MOST_TITLE_WORDS or max(runs) > LONGEST_RUN or twice or NOISE.search(product.title):
        yield Finding("keyword string", product.id, product.title)
    yield from (Finding("title ends in a modifier", product.id, phrase) for phrase in _stranded(product.title))
    lower = [
        word
        for at, word in enumerate(words)
        if word[0].islower() and at and not is_small(word) and not _after_number(words, at)
    ]
    if lower or not (words and (words[0][0].isupper() or not words[0][0].isalpha() or not words[0].isascii())):
        lower = [word for word in lower if word not in ("iPhone", "iPad", "x", "e", "yo-yo")]
        if lower or (words and words[0][0].islower() and words[0] not in ("iPhone", "iPad")):
            yield Finding("title case", product.id, product.title)


def _stranded(title: str) -> list[str]:
    """Return the phrases of a title that end in a modifier: ``with Label Airtight``."""
    words = modifying_words() - words_of("materials")
    phrases = re.findall(r"\b(?:with|for) [^,]+", title)
    # "for Sun Cream": the last word of a name is no color.
    return [phrase for phrase in phrases if phrase.split()[-1].casefold() in words and not _is_compound(phrase.split())]


def _without_goods(product: ProductTexts) -> str:
    """Return the words where a title should name its goods and does not; empty if it does.

    The name ends before a comma or a preposition. Desk names goods, but not if the listing sells a desk bell.
    """
    name = re.split(r",|(?<!\bAll) (?:with|in|for|from)\b", product.title, maxsplit=1)[0]
    words = re.sub(r"(?i)(?: (?:set|pack|box))? of \d+$", "", name).split()
    known, last = lexicon(), words[-1].casefold() if words else ""
    modifiers = known.words["modifiers"]
    ends = known.words["accessories"] | known.words["parts"] | known.words["likenesses"]
    if not _ends_with_goods(words) and last not in ends:
        # "Toy Elephant": what stands behind a modifier is the goods.
        return "" if len(words) > 1 and words[-2].casefold() in modifiers else name
    others = modifiers | known.words["stuffing"] | known.words["materials"] | known.words["accessories"]
    alone = last in modifiers and not _ends_with_goods(words[:-1]) and not _is_compound(words)
    for found in re.finditer(rf"\b{re.escape(last)} ([a-z]+)", product.evidence.text if alone else ""):
        if found[1] not in others and (known.noun_at([found[1]], 0) or _is_compound(found.group().split())):
            return f"{name}, not {found.group()}"
    return ""


def _ends_with_goods(words: Sequence[str], least: int = 1) -> bool:
    known = lexicon()
    starts = range(len(words) - least + 1)
    return any((hit := known.noun_at(words, at)) and at + hit[0] == len(words) for at in starts)


def _is_compound(words: Sequence[str]) -> bool:
    """Whether words end with a noun of several words: ``Dog Toy``."""
    return _ends_with_goods(words, least=2)


def _after_number(words: Sequence[str], at: int) -> bool:
    return words[at - 1][-1:].isdigit() or words[at] == "x" or words[at - 1].casefold() in {"x", "cm", "mm", "ml", "g"}


def _in_meta(product: ProductTexts) -> Iterator[Finding]:
    own = product.meta_title.split(" | ")[0]
    if not product.meta_title or len(product.meta_title) > META_TITLE_MAX:
        yield Finding("meta title length", product.id, product.meta_title)
    if product.title.startswith(own) and own != product.title:
        rest = product.title[len(own) :]
        if not re.match(r",| (?:with|in|for|from)\b", rest):
            yield Finding("meta title cut", product.id, product.meta_title)
    if own and is_small(own.split()[-1]):
        yield Finding("meta title cut", product.id, product.meta_title)
    meta = product.meta_description
    if not meta or len(meta) > META_DESCRIPTION_MAX:
        yield Finding("meta description length", product.id, meta)
    if meta and meta[-1] not in ".!?":
        yield Finding("meta description cut", product.id, meta)


def _light_lines(description: str) -> Iterator[str]:
    scenes = _scenes()
    for sentence in sentences(description):
        if sentence in scenes or _JOKES.search(sentence):
            yield sentence


def _scenes() -> frozenset[str]:
    return frozenset(agree(line, plural=False) for kind in lexicon().kinds.values() for line in kind.scene)


def _across(store: StoreTexts) -> Iterator[Finding]:
    """Yield what only shows when the texts of the store lie side by side."""
    for name, values in (
        ("repeated benefit", [(product.id, text) for product in store.products for text in product.benefits]),
        ("repeated title", [(product.id, product.title) for product in store.products]),
        ("repeated meta title", [(product.id, product.meta_title) for product in store.products]),
        ("repeated meta description", [(product.id, product.meta_description) for product in store.products]),
        (
            "repeated opening",
            [
                (product.id, sentences(product.description)[0])
                for product in store.products
                if product.description.strip()
            ],
        ),
    ):
        yield from _repeats(name, values)
    begins: defaultdict[str, list[str]] = defaultdict(list)
    for product in store.products:
        begins[_beginning(product)].append(product.id)
    most = max(3, math.ceil(SHARE_OF_ONE_OPENING * len(store.products)))
    for words, ids in begins.items():
        if len(ids) > most:
            yield Finding("repeated opening", ", ".join(ids), f"{words} … {len(ids)} times")
    yield from _goods_not_sold(store)


def _repeats(rule: str, values: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for place, text in values:
        places[text.casefold()].append(place)
    for text, ids in places.items():
        if len(ids) > 1:
            yield Finding(rule, ", ".join(ids), text)


def _beginning(product: ProductTexts) -> str:
    words = re.findall(r"[\w'’]+", product.description.split("\n", 1)[0])[:3]
    named = set(re.findall(r"\w+", product.title.casefold()))
    return " ".join("…" if word.casefold() in named else word.casefold() for word in words)


def _goods_not_sold(store: StoreTexts) -> Iterator[Finding]:
    """Yield goods that a page says are sold, and that no category and no title has."""
    known = {
        stem(word)
        for text in (*store.categories, *(product.title for product in store.products))
        for word in re.findall(r"[^\W\d_]+", text)
    }
    for place, page in store.pages.items():
        for found in _SELLS.finditer(page):
            for item in re.split(r", | and |, and ", re.sub(r"\s*Everything.*|\[.*", "", found[1])):
                words = [stem(word) for word in re.findall(r"[^\W\d_]+", item)]
                if words and words[-1] not in known and not set(words) & _GOODS_WORDS:
                    yield Finding("goods that are not in the shop", place, item)
